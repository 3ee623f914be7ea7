"""Keywords that nothing takes: refused by name before any I/O, with the name that was probably meant."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any, Unpack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectly_api import Connectly, Image, InvalidInputError, Response, SentMessage, Text
from connectly_api.keywords import check_keywords, find_nearest, list_keywords, suggest_keywords
from connectly_api.registrations import Registrations
from connectly_api.sandbox import Sandbox, replay
from connectly_api.sandbox.verbs.arguments import VerbArguments
from connectly_api.sandbox.verbs.declarations import DECLARATIONS
from connectly_api.send_request import Content, SendOptions, check_options
from connectly_api.transport import MockTransport
from tests.contract.cases import CASES

PHONE = "+16044441111"
URL = "https://example.com/a.jpg"
OPTIONS = tuple(SendOptions.__annotations__)
SETTINGS: dict[str, Any] = {"api_key": "k", "business_id": "biz_1"}

# What each method needs beside the recipient.
NEEDED: dict[str, tuple[Any, ...]] = {case.method: case.args[1:] for case in CASES if case.method.startswith("send")}


@pytest.fixture
def mock() -> MockTransport:
    return MockTransport(lambda _: Response(200, (), b'{"id":"01A"}'))


@pytest.fixture
def connectly(mock: MockTransport) -> Connectly:
    return Connectly(**SETTINGS, transport=mock)


def takes_options(method: Callable[..., object]) -> bool:
    kinds = [parameter.kind for parameter in inspect.signature(method).parameters.values()]
    return inspect.Parameter.VAR_KEYWORD in kinds


def test_every_method_that_takes_options_is_tried_here() -> None:
    public = {name: method for name, method in inspect.getmembers(Connectly, callable) if not name.startswith("_")}
    # Of replies, tests/test_reply.py tries one.
    found = {name for name, method in public.items() if takes_options(method) and not name.startswith("reply")}
    assert found == {*NEEDED, "from_env"}


@pytest.mark.parametrize("method", NEEDED)
@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("callbackData", "callback_data"),
        ("callbackdata", "callback_data"),
        ("callback", "callback_data"),
        ("metadata", "callback_data"),
        ("sendr", "sender"),
        ("from_", "sender"),
        ("from", "sender"),
        ("from_number", "sender"),
        ("senderId", "sender"),
        ("channel", "channel_type"),
        ("channelType", "channel_type"),
        ("timeouts", "timeout"),
        ("timeout_ms", "timeout"),
        ("campaign", "campaign_name"),
        ("campaignName", "campaign_name"),
        ("to", "recipient"),
    ],
)
async def test_an_option_that_no_message_takes_is_refused_with_the_nearest(
    connectly: Connectly, mock: MockTransport, method: str, name: str, meant: str
) -> None:
    with pytest.raises(TypeError, match=f"'{name}' .did you mean '{meant}'") as caught:
        await getattr(connectly, method)(PHONE, *NEEDED[method], **{name: "canary"})
    assert "canary" not in str(caught.value)
    assert mock.requests == []


@pytest.mark.parametrize(
    ("method", "name", "meant"),
    [
        ("send_template", "headers", "header_text"),
        ("send_template", "header", "header_text"),
        ("send_template", "headerImage", "header_image"),
        ("send_template", "image", "header_image"),
        ("send_template", "button_url", "button_urls"),
        ("send_template", "params", "parameters"),
        ("send_template", "param", "parameters"),
        ("send_template", "variables", "body"),
        ("send_image", "captions", "caption"),
        ("send_document", "file_name", "filename"),
        ("send_location", "adress", "address"),
        ("send_list", "footers", "footer"),
        ("send_list", "body", "text"),
        ("send_document", "name", "filename"),
        ("send_text", "phone_number_id", "sender"),
    ],
)
async def test_a_keyword_of_the_methods_own_is_suggested_too(
    connectly: Connectly, mock: MockTransport, method: str, name: str, meant: str
) -> None:
    with pytest.raises(TypeError, match=f"'{name}' .did you mean '{meant}'"):
        await getattr(connectly, method)(PHONE, *NEEDED[method], **{name: "x"})
    assert mock.requests == []


@pytest.mark.parametrize(
    "name", ["idempotency_key", "priority", "x", "_", "reply_to", "preview_url", "header", "message_id", "type"]
)
async def test_nothing_is_suggested_where_nothing_is_near(connectly: Connectly, name: str) -> None:
    options: Any = {name: 1}
    with pytest.raises(TypeError, match=f"unexpected keyword argument '{name}'$"):
        await connectly.send_text(PHONE, "hi", **options)


async def test_a_field_of_the_content_is_sent_to_the_content(connectly: Connectly) -> None:
    options: Any = {"caption": "x", "sendr": PHONE}
    with pytest.raises(TypeError, match=r"'caption': pass it to the content, Image\(…, caption=…\), 'sendr' \(did"):
        await connectly.send(PHONE, Image(URL), **options)


async def test_an_unknown_option_is_told_of_before_anything_else(connectly: Connectly) -> None:
    text: Any = "no content"
    options: Any = {"sendr": PHONE}
    with pytest.raises(TypeError, match="'sendr'"):
        await connectly.send("nobody", text, **options)


async def test_a_subclass_may_take_options_of_its_own(mock: MockTransport) -> None:
    class Tagging(Connectly):
        async def send(
            self, recipient: Any, content: Content, *, order: str = "", **options: Unpack[SendOptions]
        ) -> SentMessage:
            options["campaign_name"] = f"order-{order}"
            return await super().send(recipient, content, **options)

    client: Any = Tagging(**SETTINGS, transport=mock)
    await client.send_text(PHONE, "hi", order="7")
    assert b'"campaignName":"order-7"' in (mock.requests[0].content or b"")
    with pytest.raises(TypeError, match="'sendr'"):
        await client.send_text(PHONE, "hi", sendr=PHONE)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("apiKey", "api_key"),
        ("key", "api_key"),
        ("business", "business_id"),
        ("timeout", "timeouts"),
        ("url", "base_"),
        ("retries", "retry"),
        ("max_retries", "retry"),
        ("baseUrl", "base_url"),
    ],
)
def test_from_env_refuses_a_setting_that_does_not_exist(name: str, meant: str) -> None:
    with pytest.raises(TypeError, match=f"'{name}' .did you mean '{meant}"):
        Connectly.from_env(**{name: "x"})
    with pytest.raises(TypeError, match=f"'{name}' .did you mean '{meant}") as caught:
        Connectly(**{**SETTINGS, name: "canary"})
    assert "canary" not in str([entry.frame.f_locals for entry in caught.traceback[1:]])


@pytest.mark.filterwarnings("ignore::connectly_api.LimitWarning")
async def test_an_option_that_is_none_is_not_given(connectly: Connectly, mock: MockTransport) -> None:
    for method, needed in NEEDED.items():
        await getattr(connectly, method)(PHONE, *needed, **dict.fromkeys(OPTIONS))
    request = mock.requests[list(NEEDED).index("send_text")]
    assert b'"channelType":"whatsapp"' in (request.content or b"")


def test_from_env_passes_on_what_a_subclass_takes(mock: MockTransport) -> None:
    class Own(Connectly):
        def __init__(self, *, shop: str, **settings: Any) -> None:
            super().__init__(**settings)
            self.shop = shop

    class Fixed(Connectly):
        def __init__(self, *, api_key: str, shop: str) -> None:
            super().__init__(api_key=api_key, business_id=shop, transport=mock)

    assert Own.from_env(**SETTINGS, shop="s").shop == "s"
    with pytest.raises(TypeError, match="'sendr'"):
        Own.from_env(**SETTINGS, shop="s", sendr=PHONE)
    with pytest.raises(TypeError, match=r"'shops' .did you mean 'shop'"):
        Fixed.from_env(api_key="k", shops="s")


@pytest.mark.parametrize(
    ("call", "name", "meant"),
    [
        (lambda webhooks: webhooks.create("messages", URL, channelTypes="x"), "channelTypes", "channel_types"),
        (lambda webhooks: webhooks.create("messages", URL, channel="x"), "channel", "channel_types"),
        (lambda webhooks: webhooks.list(timeouts="x"), "timeouts", "timeout"),
        (lambda webhooks: webhooks.update("wh_1", url="x"), "url", "address"),
        (lambda webhooks: webhooks.update("wh_1", filter="x"), "filter", "filters"),
        (lambda webhooks: webhooks.delete("wh_1", time_out="x"), "time_out", "timeout"),
    ],
)
async def test_the_registrations_refuse_it_too(
    connectly: Connectly, mock: MockTransport, call: Any, name: str, meant: str
) -> None:
    with pytest.raises(TypeError, match=f"'{name}' .did you mean '{meant}'"):
        await call(connectly.webhooks)
    assert mock.requests == []


def public(kind: type) -> Iterator[Any]:
    return (method for name, method in vars(kind).items() if inspect.isfunction(method) and not name.startswith("_"))


def test_every_method_of_the_registrations_suggests_and_stays_a_coroutine_function() -> None:
    for method in public(Registrations):
        assert hasattr(method, "__wrapped__"), method
        assert inspect.iscoroutinefunction(method)


async def test_no_frame_that_suggests_holds_the_arguments() -> None:
    @suggest_keywords
    async def refuse(_self: object, secret: str) -> None:
        raise ValueError(len(secret))

    with pytest.raises(ValueError, match="6") as caught:
        await refuse(None, "canary")
    frames = [entry.frame.f_locals for entry in caught.traceback if entry.name == "check_first"]
    assert frames
    assert "canary" not in str(frames)


def test_the_sandbox_refuses_settings_that_do_not_exist() -> None:
    options: Any = {"apiKey": "k"}
    with pytest.raises(TypeError, match=r"'apiKey' .did you mean 'api_key'"):
        Sandbox(**options)


async def test_a_replay_refuses_settings_that_do_not_exist() -> None:
    options: Any = {"seeds": 1}
    with pytest.raises(TypeError, match=r"'seeds' .did you mean 'seed'"):
        await replay("nowhere.json", **options)


@pytest.mark.parametrize(
    ("name", "meant"), [("evry", "every"), ("retryAfter", "retry_after"), ("second", "seconds"), ("times", "next")]
)
@pytest.mark.parametrize("value", [1, None])
def test_a_fault_refuses_options_that_no_fault_takes(name: str, meant: str, value: object) -> None:
    options: Any = {name: value}
    with pytest.raises(TypeError, match=f"'{name}' .did you mean '{meant}'"):
        Sandbox().fault("reset", **options)


@pytest.mark.parametrize("value", [1, None])
async def test_a_verb_refuses_arguments_that_it_does_not_take(value: object) -> None:
    with pytest.raises(InvalidInputError, match=r"replyTo: is not .* verb; did you mean reply_to\?"):
        await Sandbox().run_verb("says", customer=PHONE, text="hi", replyTo=value)
    with pytest.raises(InvalidInputError, match=r"zzz: is not an argument of this verb$"):
        await Sandbox().run_verb("settle", zzz=value)


def test_a_lone_name_of_a_template_parameter_is_one() -> None:
    sandbox = Sandbox()
    sandbox.template("greeting", parameters="body_1")
    assert sandbox.timeline[0]["arguments"]["parameters"] == ["body_1"]


def test_an_argument_that_is_none_is_absent() -> None:
    arguments = VerbArguments(DECLARATIONS["customer"], {"name": None})
    assert arguments.get_optional_text("name") is None


def test_where_anything_may_come_nothing_is_refused() -> None:
    assert list_keywords(lambda **_rest: None) is None
    check_keywords({"anything": 1}, None)


def test_several_are_named_together() -> None:
    with pytest.raises(TypeError, match=r"^unexpected keyword arguments 'a', 'tim' \(did you mean 'timeout'\?\)$"):
        check_keywords(["a", "tim", "timeout"], OPTIONS)


@given(st.sampled_from(OPTIONS), st.data())
def test_a_slip_in_a_name_is_understood(name: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(1, len(name) - 2))
    slips = [name[:at] + name[at + 1 :], name[:at] + name[at] + name[at:], name.upper(), name.replace("_", "")]
    slips.append("".join(word if not index else word.title() for index, word in enumerate(name.split("_"))))
    assert find_nearest(data.draw(st.sampled_from(slips)), OPTIONS) == (name,)


@given(st.dictionaries(st.text(max_size=200), st.none(), min_size=1))
def test_no_name_is_lost_and_none_breaks_the_error(options: dict[str, None]) -> None:
    unknown = [name for name in options if name not in OPTIONS]
    try:
        check_options(options, Text("hi"))
    except TypeError as error:
        told = str(error)
        assert unknown
        assert all(repr(name) in told for name in unknown if name.isidentifier() and len(name) <= 64)
        assert told.isprintable()
        told.encode()
    else:
        assert not unknown


def test_what_every_message_takes_is_refused_nowhere() -> None:
    check_options(dict.fromkeys(OPTIONS), Text("hi"))
