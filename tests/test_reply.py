"""Replies: to whom, from which number and through which channel; and to which events there is none."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectly_api import Connectly, InvalidInputError, InvalidRecipientError, Recipient, Response, Template, Text
from connectly_api.recipients import Bsuid, Phone
from connectly_api.reply_options import build_reply_options
from connectly_api.sandbox import Sandbox
from connectly_api.send_request import SendOptions
from connectly_api.transport import AsgiTransport, MockTransport
from connectly_api.webhooks import (
    Business,
    ButtonReply,
    Customer,
    DeliveryStatus,
    Echo,
    Event,
    InboundMessage,
    ListReply,
    Reaction,
    ReportReady,
    UnknownEvent,
    parse,
)
from tests.webhooks.documented_bodies import BODIES

PHONE = "+16044441111"
BSUID = "US.13491208655302741918"
FIRST, SECOND = "+14151111234", "+16501113333"
ANN = Customer(phone=Phone(PHONE), bsuid=Bsuid(BSUID), channel_type="whatsapp")
SHOP = Business(phone=Phone(SECOND), channel_type="whatsapp")
MESSAGE = InboundMessage(customer=ANN, business=SHOP)


@pytest.fixture
def mock() -> MockTransport:
    return MockTransport(lambda _: Response(201, (), b'{"id":"01A"}'))


@pytest.fixture
def connectly(mock: MockTransport) -> Connectly:
    return Connectly(api_key="k", business_id="b", sender=FIRST, transport=mock)


def body(mock: MockTransport) -> Any:
    return json.loads(mock.requests[-1].content or b"")


@pytest.mark.parametrize("kind", [InboundMessage, ButtonReply, ListReply, Reaction, DeliveryStatus, UnknownEvent])
async def test_a_reply_comes_from_the_number_that_the_customer_wrote_to(
    connectly: Connectly, mock: MockTransport, kind: type[Any]
) -> None:
    sent = await connectly.reply(kind(customer=ANN, business=SHOP), Text("Hello!"), callback_data={"a": 1})

    assert body(mock) == {
        "sender": {"id": SECOND, "channelType": "whatsapp"},
        "recipient": {"id": PHONE, "userId": BSUID, "channelType": "whatsapp"},
        "message": {"text": "Hello!"},
        "callbackData": {"a": 1},
    }
    assert (sent.recipient, sent.is_fallback) == (Recipient(PHONE, BSUID), False)


async def test_a_reply_can_be_any_content_and_have_a_template_otherwise(
    connectly: Connectly, mock: MockTransport
) -> None:
    await connectly.reply(MESSAGE, Template("greeting", "en"))
    assert body(mock) == {"sender": SECOND, "number": PHONE, "templateName": "greeting", "language": "en"}
    await connectly.reply(MESSAGE, Text("Hello!"), otherwise=Template("greeting", "en"))
    assert body(mock)["message"] == {"text": "Hello!"}


@pytest.mark.parametrize("given_options", [{}, {"sender": None, "channel_type": None}])
def test_what_the_event_does_not_say_is_left_to_the_client(given_options: SendOptions) -> None:
    event = InboundMessage(customer=Customer(bsuid=Bsuid(BSUID)))

    assert build_reply_options(event, given_options) == (Recipient(bsuid=BSUID), {"sender": None, "channel_type": None})


async def test_without_a_readable_number_a_reply_comes_from_the_clients(
    connectly: Connectly, mock: MockTransport
) -> None:
    await connectly.reply(InboundMessage(customer=ANN, business=Business(id="support")), Text("Hello!"))

    assert body(mock)["sender"]["id"] == FIRST


@pytest.mark.parametrize(
    ("sides", "channel_type"),
    [
        ((None, None), None),
        (("sms", "whatsapp"), "sms"),
        ((None, "sms"), "sms"),
        (("channel_type_unspecified", "sms"), "sms"),
        (("channel_type_unspecified", "CHANNEL_TYPE_UNSPECIFIED"), None),
    ],
)
def test_the_channel_is_the_events(sides: tuple[str | None, str | None], channel_type: str | None) -> None:
    customer, business = sides
    event = InboundMessage(
        customer=Customer(phone=Phone(PHONE), channel_type=customer), business=Business(channel_type=business)
    )

    assert build_reply_options(event, {})[1].get("channel_type") == channel_type


def test_a_channel_that_is_not_known_is_refused_unless_one_is_given() -> None:
    event = InboundMessage(customer=Customer(phone=Phone(PHONE), channel_type="kestrel"), business=SHOP)

    with pytest.raises(InvalidInputError, match=r"^channel_type: .*; pass channel_type=$") as caught:
        build_reply_options(event, {})
    assert caught.value.field == "channel_type"
    assert "kestrel" not in str(caught.value)
    assert build_reply_options(event, {"channel_type": "sms"})[1].get("channel_type") == "sms"


def test_options_of_the_call_win_and_are_not_changed() -> None:
    options: SendOptions = {"sender": FIRST, "channel_type": "sms", "campaign_name": "spring", "timeout": 5}

    assert build_reply_options(MESSAGE, options) == (Recipient(PHONE, BSUID), options)
    only: SendOptions = {"campaign_name": "spring"}
    build_reply_options(MESSAGE, only)
    assert only == {"campaign_name": "spring"}


UNFIT: Any = [
    (InboundMessage(), InvalidRecipientError, "names no customer"),
    (UnknownEvent(customer=Customer(id="kestrel")), InvalidRecipientError, "names no customer"),
    (ReportReady(customer=ANN), InvalidRecipientError, "is a report"),
    (Echo(customer=ANN, business=SHOP), InvalidInputError, "the business's own message"),
    (InboundMessage, InvalidInputError, "not the class InboundMessage"),
    ({"message": {"text": "kestrel"}}, InvalidInputError, "must be an event of a webhook, not dict"),
    (PHONE, InvalidInputError, "not str"),
    (None, InvalidInputError, "not NoneType"),
]


@pytest.mark.parametrize(("event", "error", "problem"), UNFIT)
async def test_what_cannot_be_replied_to_is_refused_before_any_io(
    connectly: Connectly, mock: MockTransport, event: Any, error: type[InvalidInputError], problem: str
) -> None:
    with pytest.raises(error, match=rf"^event: .*{problem}") as caught:
        await connectly.reply(event, Text("Hello!"))
    assert type(caught.value) is error
    assert caught.value.field == "event"
    assert "kestrel" not in str(caught.value)
    assert mock.requests == []


async def test_an_option_that_does_not_exist_is_refused_with_the_nearest(
    connectly: Connectly, mock: MockTransport
) -> None:
    options: Any = {"callbackData": "canary"}
    with pytest.raises(TypeError, match="did you mean 'callback_data'"):
        await connectly.reply(MESSAGE, Text("Hello!"), **options)
    assert mock.requests == []


async def test_a_customer_of_the_second_number_is_answered_within_the_window() -> None:
    sandbox = Sandbox(senders=[FIRST, SECOND])
    events: list[Event] = []

    async def bot(_scope: Any, receive: Any, send: Any) -> None:
        events.append(parse((await receive())["body"]))
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    sandbox.attach("https://bot.example/", bot)
    async with Connectly(
        api_key="sandbox-key",
        business_id="sandbox-business",
        sender=FIRST,
        transport=AsgiTransport(sandbox.app),
    ) as connectly:
        await connectly.webhooks.create("messages", "https://bot.example/")
        await sandbox.customer(PHONE).says("Hi", sender=SECOND)
        await connectly.reply(events[0], Text("Hello!"))

    sandbox.assert_sent_once(PHONE, text="Hello!", sender=SECOND)


def _list_paths(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, inner in value.items() if isinstance(value, dict) else ():
        yield (*path, name)
        yield from _list_paths(inner, (*path, name))


@st.composite
def build_bodies(draw: st.DrawFn) -> bytes:
    """Build a documented body in which any values may be null, zero, or of a channel that nobody knows."""
    changed = copy.deepcopy(json.loads(draw(st.sampled_from(sorted(BODIES.values())))))
    for path in draw(st.lists(st.sampled_from(list(_list_paths(changed))), max_size=5)):
        parent = changed
        for name in path[:-1]:
            parent = parent.get(name) if isinstance(parent, dict) else None
        if isinstance(parent, dict):
            parent[path[-1]] = draw(st.sampled_from([None, "", {}, "kestrel", "channel_type_unspecified"]))
    return json.dumps(changed).encode()


def find_refusal(event: Event) -> str | None:
    """Return the field that a refusal of a reply must name, if there must be one."""
    if isinstance(event, Echo | ReportReady) or event.customer.recipient is None:
        return "event"
    named = (event.customer.channel_type, event.business.channel_type)
    written = [one for one in named if one not in {None, "channel_type_unspecified"}]
    return "channel_type" if written[:1] == ["kestrel"] else None


@given(build_bodies())
def test_any_event_is_replied_to_as_it_says_or_refused(raw: bytes) -> None:
    event = parse(raw)
    if (field := find_refusal(event)) is not None:
        with pytest.raises(InvalidInputError) as caught:
            build_reply_options(event, {})
        assert caught.value.field == field
        assert "kestrel" not in str(caught.value)
        return
    recipient, options = build_reply_options(event, {})
    assert (recipient, options.get("sender")) == (event.customer.recipient, event.business.phone)
    assert options.get("channel_type") in {None, "whatsapp"}


@pytest.mark.slow
def test_a_program_that_only_sends_loads_no_webhooks() -> None:
    program = (
        "import sys; from connectly_api import Connectly; Connectly(api_key='k', business_id='b');"
        " print([name for name in sys.modules if name.startswith(('connectly_api.webhooks', 'connectly_api.conv'))])"
    )
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)

    assert done.stdout == "[]\n"
