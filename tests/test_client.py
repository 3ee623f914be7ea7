"""The client: settings, recipients and senders on the wire, views, results, and its end."""

from __future__ import annotations

import json
from typing import Any

import anyio
import pytest

from connectly_api import (
    Bsuid,
    CallbackDataTooLongError,
    Connectly,
    InvalidContentError,
    InvalidInputError,
    InvalidRecipientError,
    InvalidSenderError,
    LimitWarning,
    Phone,
    Product,
    ProductSection,
    Recipient,
    Response,
    Text,
    Timeouts,
    UnexpectedResponseError,
    UsageError,
)
from connectly_api.transport import MockTransport
from connectly_api.transport.adapters.auto import AutoTransport
from tests.contract.service_file import find_place

PHONE = "+16044441111"
BSUID = "US.13491208655302741918"
SETTINGS: dict[str, Any] = {"api_key": "k", "business_id": "biz_1"}


@pytest.fixture
def mock() -> MockTransport:
    return MockTransport(lambda _: Response(201, (("X-Trace", "1"),), b'{"id":"01A"}'))


@pytest.fixture
def connectly(mock: MockTransport) -> Connectly:
    return Connectly(**SETTINGS, transport=mock)


def body(mock: MockTransport) -> Any:
    return json.loads(mock.requests[-1].content or b"")


@pytest.mark.parametrize(
    ("recipient", "session", "number"),
    [
        (PHONE, {"id": PHONE}, PHONE),
        (Phone(PHONE), {"id": PHONE}, PHONE),
        (Phone.parse("+1 (604) 444-1111"), {"id": PHONE}, PHONE),
        (BSUID, {"userId": BSUID}, f"bsuid:{BSUID}"),
        (Bsuid(BSUID), {"userId": BSUID}, f"bsuid:{BSUID}"),
        (Recipient(PHONE, BSUID, "Ann"), {"id": PHONE, "userId": BSUID, "name": "Ann"}, PHONE),
        (Recipient(bsuid=BSUID), {"userId": BSUID}, f"bsuid:{BSUID}"),
    ],
)
async def test_a_recipient_is_written_as_each_endpoint_wants_it(
    connectly: Connectly, mock: MockTransport, recipient: Any, session: dict[str, str], number: str
) -> None:
    await connectly.send_text(recipient, "hello")
    assert body(mock) == {"recipient": {**session, "channelType": "whatsapp"}, "message": {"text": "hello"}}
    await connectly.send_template(recipient, "greeting", "en")
    assert body(mock) == {"number": number, "templateName": "greeting", "language": "en"}


@pytest.mark.parametrize("sender", ["+14151111234", Phone("+14151111234")])
async def test_a_sender_is_written_as_each_endpoint_wants_it(mock: MockTransport, sender: Any) -> None:
    connectly = Connectly(**SETTINGS, transport=mock, sender=sender)
    await connectly.send_text(PHONE, "hello")
    assert body(mock)["sender"] == {"id": "+14151111234", "channelType": "whatsapp"}
    await connectly.send_template(PHONE, "greeting", "en")
    assert body(mock)["sender"] == "+14151111234"


async def test_a_calls_sender_wins_over_the_clients(mock: MockTransport) -> None:
    connectly = Connectly(**SETTINGS, transport=mock, sender="+14151111234")
    await connectly.send_text(PHONE, "hello", sender="+14151119999")
    assert body(mock)["sender"]["id"] == "+14151119999"


async def test_a_view_sends_from_its_own_number_and_leaves_the_client_alone(mock: MockTransport) -> None:
    connectly = Connectly(**SETTINGS, transport=mock, sender="+14151111234")
    async with connectly.with_sender("+14151119999") as view:
        await view.send_text(PHONE, "hello")
    assert body(mock)["sender"]["id"] == "+14151119999"
    await connectly.with_sender(None).send_text(PHONE, "hello")
    assert "sender" not in body(mock)
    await connectly.send_text(PHONE, "hello")
    assert body(mock)["sender"]["id"] == "+14151111234"
    assert not mock.closed
    await connectly.aclose()
    with pytest.raises(UsageError):
        await view.send_text(PHONE, "hello")


async def test_options_are_written_where_they_are_given(connectly: Connectly, mock: MockTransport) -> None:
    await connectly.send_text(PHONE, "hi", channel_type="sms", campaign_name="spring", callback_data=[1, "é"])
    assert body(mock) == {
        "recipient": {"id": PHONE, "channelType": "sms"},
        "message": {"text": "hi"},
        "campaignName": "spring",
        "callbackData": [1, "é"],
    }
    assert '"callbackData":[1,"é"]'.encode() in (mock.requests[-1].content or b"")
    await connectly.send_template(PHONE, "greeting", "en", campaign_name="spring", callback_data=0)
    assert body(mock)["callbackData"] == 0


async def test_the_result_has_id_recipient_and_raw_answer(connectly: Connectly) -> None:
    sent = await connectly.send_text(PHONE, "hello")
    assert (sent.id, sent.recipient) == ("01A", Recipient(PHONE))
    assert (sent.response.status, sent.response.header("x-trace")) == (201, "1")
    assert sent.response.body == b'{"id":"01A"}'


async def test_products_are_written_as_the_swagger_has_them(connectly: Connectly, mock: MockTransport) -> None:
    await connectly.send_product(PHONE, "cat", "sku", footer="f")
    assert body(mock)["message"] == {
        "singleProductMessage": {
            "catalogId": "cat",
            "productItem": {"productRetailerId": "sku"},
            "footer": {"text": "f"},
        }
    }
    await connectly.send_product_list(PHONE, "t", "cat", [ProductSection("s", ["a", "b"])], header="h")
    assert body(mock)["message"] == {
        "text": "t",
        "multiProductMessage": {
            "header": {"text": "h"},
            "catalogId": "cat",
            "sections": [{"title": "s", "productItems": [{"productRetailerId": "a"}, {"productRetailerId": "b"}]}],
        },
    }


@pytest.mark.parametrize(
    ("call", "error", "field"),
    [
        (lambda c: c.send_text("16044441111", "x"), InvalidRecipientError, "recipient"),
        (lambda c: c.send_text(f"bsuid:{BSUID}", "x"), InvalidRecipientError, "recipient"),
        (lambda c: c.send_text(None, "x"), InvalidRecipientError, "recipient"),
        (lambda c: c.send_text(PHONE, "x", sender=BSUID), InvalidSenderError, "sender"),
        (lambda c: c.with_sender("x"), InvalidSenderError, "sender"),
        (lambda c: c.send_text(PHONE, ""), InvalidContentError, "text"),
        (lambda c: c.send(PHONE, "hello"), InvalidContentError, "content"),
        (lambda c: c.send(PHONE, None), InvalidContentError, "content"),
        (lambda c: c.send_text(PHONE, "x", callback_data="x" * 1023), CallbackDataTooLongError, "callback_data"),
        (lambda c: c.send_text(PHONE, "x", callback_data={1: 2}), InvalidInputError, "callback_data"),
        (lambda c: c.send_text(PHONE, "x", campaign_name=""), InvalidInputError, "campaign_name"),
        (lambda c: c.send_text(PHONE, "x", campaign_name=b"x"), InvalidInputError, "campaign_name"),
        (lambda c: c.send_text(PHONE, "x", channel_type="fax"), InvalidInputError, "channel_type"),
        (lambda c: c.send_text(PHONE, "x", timeout=0), InvalidInputError, "timeout"),
    ],
)
async def test_bad_input_is_refused_before_any_io(
    connectly: Connectly, mock: MockTransport, call: Any, error: type[InvalidInputError], field: str
) -> None:
    with pytest.raises(error) as caught:
        await call(connectly)
    assert caught.value.field == field
    assert isinstance(caught.value, ValueError)
    assert mock.requests == []


async def test_callback_data_of_1024_bytes_passes_and_of_1025_does_not(
    connectly: Connectly, mock: MockTransport
) -> None:
    await connectly.send_text(PHONE, "x", callback_data="x" * 1022)
    await connectly.send_text(PHONE, "x", callback_data="é" * 511)
    assert len(mock.requests) == 2
    with pytest.raises(CallbackDataTooLongError) as caught:
        await connectly.send_text(PHONE, "x", callback_data="é" * 511 + "x")
    assert (caught.value.size, caught.value.limit) == (1025, 1024)


async def test_limits_can_be_warnings_or_off(mock: MockTransport) -> None:
    text = "x" * 4097
    with pytest.raises(InvalidContentError):
        await Connectly(**SETTINGS, transport=mock).send_text(PHONE, text)
    with pytest.warns(LimitWarning, match="4097 characters; the limit is 4096") as warned:
        await Connectly(**SETTINGS, transport=mock, limits="warn").send_text(PHONE, text)
    assert [warning.filename for warning in warned] == [__file__]
    await Connectly(**SETTINGS, transport=mock, limits="off").send_text(PHONE, text)
    assert len(mock.requests) == 2


async def test_whatsapps_limits_are_not_those_of_sms(connectly: Connectly, mock: MockTransport) -> None:
    await connectly.send_text(PHONE, "x" * 5000, channel_type="sms")
    assert len(mock.requests) == 1


@pytest.mark.parametrize("answer", [b"", b"{}", b'{"id":null}', b'{"id":""}'])
async def test_an_acceptance_without_an_id_is_an_error_with_the_raw_answer(answer: bytes) -> None:
    connectly = Connectly(**SETTINGS, transport=MockTransport(lambda _: Response(200, (), answer)))
    with pytest.raises(
        UnexpectedResponseError, match="send_message: accepted, but the response has no message id"
    ) as caught:
        await connectly.send_text(PHONE, "hello")
    assert caught.value.body == answer


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"api_key": ""}, "api_key"),
        ({"business_id": ""}, "business_id"),
        ({"business_id": ".."}, "business_id"),
        ({"business_id": "a\n"}, "business_id"),
        ({"business_id": None}, "business_id"),
        ({"sender": "x"}, "sender"),
        ({"base_url": "http://api.example"}, "base_url"),
        ({"limits": "lax"}, "limits"),
        ({"transport": "curl"}, "transport"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(settings: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        Connectly(**{**SETTINGS, **settings})
    assert caught.value.field == field


async def test_an_id_is_one_segment_of_the_path(mock: MockTransport) -> None:
    await Connectly(api_key="k", business_id="a/b ü?", transport=mock).send_text(PHONE, "x")
    path = find_place("send_message").fill("a%2Fb%20%C3%BC%3F")
    assert mock.requests[0].url == f"https://api.connectly.ai{path}"


async def test_the_client_closes_with_its_block_and_says_so_afterwards(mock: MockTransport) -> None:
    async with Connectly(**SETTINGS, transport=mock) as connectly:
        await connectly.send(PHONE, Text("hello"))
    await connectly.aclose()
    assert mock.closed
    with pytest.raises(UsageError, match="closed"):
        await connectly.send(PHONE, Product("cat", "sku"))


def test_it_runs_on_trio(connectly: Connectly) -> None:
    async def main() -> str:
        return (await connectly.send_text(PHONE, "hello")).id

    assert anyio.run(main, backend="trio") == "01A"


def test_the_adapter_is_chosen_at_the_first_call_and_time_outs_are_finite() -> None:
    connectly = Connectly(**SETTINGS)
    assert isinstance(vars(connectly.transport)["_transport"], AutoTransport)
    assert vars(connectly.transport)["_timeouts"] == Timeouts(total=30, connect=5, read=20)


def test_its_repr_names_business_and_address() -> None:
    connectly = Connectly(**SETTINGS, sender="+14151111234")
    assert repr(connectly) == (
        "Connectly(business_id='biz_1', sender=Phone('+1…34'), transport=Pipeline('https://api.connectly.ai'))"
    )


class TestFromEnv:
    @pytest.fixture(autouse=True)
    def clean(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("CONNECTLY_API_KEY", "CONNECTLY_BUSINESS_ID", "CONNECTLY_SENDER", "CONNECTLY_BASE_URL"):
            monkeypatch.delenv(name, raising=False)
        for name in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY"):
            monkeypatch.delenv(name, raising=False)
            monkeypatch.delenv(name.lower(), raising=False)

    async def test_reads_the_settings(self, monkeypatch: pytest.MonkeyPatch, mock: MockTransport) -> None:
        monkeypatch.setenv("CONNECTLY_API_KEY", "env-key")
        monkeypatch.setenv("CONNECTLY_BUSINESS_ID", "biz_2")
        monkeypatch.setenv("CONNECTLY_SENDER", "+14151111234")
        monkeypatch.setenv("CONNECTLY_BASE_URL", "http://127.0.0.1:1")
        await Connectly.from_env(transport=mock).send_text(PHONE, "x")
        assert mock.requests[0].url == f"http://127.0.0.1:1{find_place('send_message').fill('biz_2')}"
        assert dict(mock.requests[0].headers)["X-API-Key"] == "env-key"
        assert body(mock)["sender"]["id"] == "+14151111234"

    async def test_arguments_win(self, monkeypatch: pytest.MonkeyPatch, mock: MockTransport) -> None:
        monkeypatch.setenv("CONNECTLY_API_KEY", "env-key")
        await Connectly.from_env(business_id="biz_3", transport=mock).send_text(PHONE, "x")
        assert "/biz_3/" in mock.requests[0].url

    @pytest.mark.parametrize("value", [None, ""])
    def test_names_the_variable_that_is_missing(self, monkeypatch: pytest.MonkeyPatch, value: str | None) -> None:
        monkeypatch.setenv("CONNECTLY_API_KEY", "k")
        if value is not None:
            monkeypatch.setenv("CONNECTLY_BUSINESS_ID", value)
        with pytest.raises(InvalidInputError, match="CONNECTLY_BUSINESS_ID: is not set"):
            Connectly.from_env()

    def test_honours_the_proxy_variables(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
        adapter = vars(Connectly.from_env(**SETTINGS).transport)["_transport"]
        assert vars(adapter)["_settings"].proxy == "http://proxy.example:3128"
        direct = vars(Connectly(**SETTINGS).transport)["_transport"]
        assert vars(direct)["_settings"].proxy is None

    def test_names_the_proxy_variable_that_an_adapter_refuses(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("connectly_api.transport.endpoint.find_spec", lambda _name: None)
        monkeypatch.setenv("ALL_PROXY", "socks5://proxy.example")
        with pytest.raises(InvalidInputError, match=r"^ALL_PROXY: SOCKS ") as caught:
            Connectly.from_env(**SETTINGS, transport="httpx")
        assert caught.value.field == "ALL_PROXY"
