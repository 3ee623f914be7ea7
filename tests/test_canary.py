"""Keys and personal data are in no repr, no error's text and no log record, at any level."""

from __future__ import annotations

import io
import json
import logging
import pickle
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import attrs
import pytest

from connectly_api import (
    Bsuid,
    Button,
    Connectly,
    ConnectlyError,
    Document,
    Image,
    ListMessage,
    Location,
    Phone,
    Product,
    Recipient,
    ReplyButtons,
    Retry,
    Row,
    Section,
    Template,
    Text,
    Timeouts,
    Webengage,
)
from connectly_api.lowlevel import models
from connectly_api.transport import WireRequest
from connectly_api.transport.adapters.auto import TransportName
from connectly_api.webhooks import Customer, InboundMessage
from tests.rough_server import (
    Behaviour,
    RoughServer,
    answer,
    answering,
    breaking_off,
    hang_after_reading,
    reset_after_reading,
    rough_server,
    sent,
)

KEY = "kestrel-key-5f3a9c"
PHONE = "+16044440042"
SENDER = "+14151110042"
BSUID = "US.Kestrel13491208655302"
TEXT = "kestrel text of the message, that nobody else may read"
DATA = "kestrel-callback-7731"
CANARIES = (KEY, PHONE, PHONE[1:], SENDER, BSUID, TEXT, TEXT[:20], TEXT[-20:], DATA, "kestrel")


def leaked(shown: str) -> list[str]:
    return [kestrel for kestrel in CANARIES if kestrel.lower() in shown.lower()]


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Collect what every logger says, at every level, with its arguments and exceptions."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(1)
    yield stream
    root.removeHandler(handler)
    root.setLevel(level)


def echo(status: int) -> Behaviour:
    """Answer with everything that the request held: as message, title, details, code, trace id, and as headers."""

    async def behave(reader: Any, writer: Any, server: RoughServer) -> None:
        body = await server.read(reader)
        whole = (server.requests[-1] if body is not None else b"").decode()
        values = " and ".join(CANARIES[:-1])
        fields = dict.fromkeys(
            ("message", "code", "type", "userTitle", "userMessage", "cntTraceId"), f"{values} {whole}"
        )
        writer.write(answer(status, json.dumps({**fields, "details": {"x": whole}}).encode(), [("X-Echo", KEY)]))
        await writer.drain()

    return behave


@pytest.mark.parametrize(
    "behaviour",
    [
        answering(sent()),
        echo(200),
        *(echo(status) for status in (302, 400, 401, 403, 404, 409, 422, 429, 500, 520)),
        hang_after_reading,
        reset_after_reading,
        breaking_off(b"HTTP/1.1 200 OK\r\nX-" + KEY.encode() + b": \x00\r\n\r\n" + TEXT.encode()),
        breaking_off(TEXT.encode()),
    ],
)
@pytest.mark.parametrize("kind", ["text", "template"])
@pytest.mark.parametrize("transport", ["httpx", "pyreqwest"])
async def test_nothing_leaks_from_a_call(
    behaviour: Behaviour, kind: str, transport: TransportName, log: io.StringIO
) -> None:
    shown: list[object] = []
    async with (
        rough_server(behaviour) as server,
        Connectly(
            api_key=KEY,
            business_id="b",
            sender=SENDER,
            base_url=server.base_url,
            transport=transport,
            timeouts=Timeouts(total=60, connect=20, read=0.3 if behaviour is hang_after_reading else 20),
            retry=Retry(base=0),
        ) as connectly,
    ):
        recipient = Recipient(PHONE, BSUID, "kestrel name")
        content = (
            Text(TEXT)
            if kind == "text"
            else Template("greeting", "en", body=[TEXT], header_image="https://kestrel.example")
        )
        shown += [connectly, connectly.transport, connectly.webhooks, connectly.with_sender(SENDER), recipient, content]
        try:
            shown.append(await connectly.send(recipient, content, callback_data={DATA: [DATA]}))
        except ConnectlyError as error:
            again = pickle.loads(pickle.dumps(error))  # noqa: S301 (made one line above)
            shown += [error, again, str(error), repr(again), "".join(traceback.format_exception(error))]
    assert server.requests
    assert leaked("\n".join(f"{value!r} {value!s}" for value in shown)) == []
    assert leaked(log.getvalue()) == []


NAN = float("nan")


@pytest.mark.parametrize(
    "call",
    [
        lambda c: c.send_text("kestrel", TEXT),
        lambda c: c.send_text(PHONE + "x", TEXT),
        lambda c: c.send_text(PHONE, TEXT * 100),
        lambda c: c.send_text(PHONE, "\ud800" + TEXT),
        lambda c: c.send_text(PHONE, TEXT, sender=BSUID),
        lambda c: c.send_text(PHONE, TEXT, callback_data={DATA: DATA * 100}),
        lambda c: c.send_text(PHONE, TEXT, callback_data={DATA: NAN}),
        lambda c: c.send_text(PHONE, TEXT, callback_data={DATA: {DATA: {1: DATA}}}),
        lambda c: c.send_text(PHONE, TEXT, campaign_name=5),
        lambda c: c.send_text(PHONE, TEXT, channel_type="kestrel"),
        lambda c: c.send_text(PHONE, TEXT, timeout="kestrel"),
        lambda c: c.send_image(PHONE, "kestrel"),
        lambda c: c.send_template(PHONE, "x", "en", body=[TEXT] * 16),
        lambda c: c.send_template(PHONE, "x", "en", parameters={TEXT: 5}),
        lambda c: c.send_reply_buttons(PHONE, TEXT, [Button("kestrel" * 50, TEXT)] * 4),
        lambda c: c.send(PHONE, TEXT),
        lambda c: c.send_text(PHONE, TEXT, otherwise=Template(f"{TEXT}\n", "en", body=[TEXT] * 16)),
        lambda c: c.send_text(PHONE, TEXT, otherwise=TEXT),
        lambda c: c.reply(InboundMessage(customer=Customer(id="kestrel", name=TEXT)), Text(TEXT)),
        lambda c: c.reply(TEXT, Text(TEXT)),
        lambda c: c.webhooks.create("kestrel", "https://kestrel.example"),
        lambda c: c.webhooks.ensure("messages", "kestrel"),
        lambda c: c.webhooks.create("messages", "kestrel"),
        lambda c: c.webhooks.delete("kestrel\n"),
    ],
)
async def test_nothing_leaks_from_a_refusal(call: Callable[[Connectly], Any], log: io.StringIO) -> None:
    async with Connectly(api_key=KEY, business_id="b") as connectly:
        with pytest.raises(ConnectlyError) as caught:
            await call(connectly)
    assert leaked(f"{caught.value!r} {caught.value!s}") == []
    assert leaked(log.getvalue()) == []


@pytest.mark.parametrize("key", [f"{KEY} ", f"{KEY}\n", f"{KEY}é"])
def test_nothing_leaks_from_a_refused_key(key: str) -> None:
    with pytest.raises(ConnectlyError) as caught:
        Connectly(api_key=key, business_id="b")
    assert leaked(f"{caught.value!r} {caught.value!s}") == []


@pytest.mark.parametrize(
    "value",
    [
        Phone(PHONE),
        Bsuid(BSUID),
        Recipient(PHONE, BSUID, TEXT),
        Text(TEXT),
        Image("https://kestrel.example", TEXT),
        Document("https://kestrel.example", "kestrel.pdf", TEXT),
        Location(1.0, 2.0, TEXT, TEXT),
        ListMessage(TEXT, [Section(TEXT, [Row("kestrel", TEXT, TEXT)])], TEXT, TEXT, TEXT),
        ReplyButtons(TEXT, [Button("kestrel", TEXT)], Image("https://kestrel.example"), TEXT),
        Product("kestrel", "kestrel", TEXT, TEXT),
        Template("greeting", "en", [TEXT], TEXT, TEXT, TEXT, TEXT, [TEXT], {"x": TEXT}),
        Webengage(KEY, "https://kestrel.example"),
        models.SendMessageRequest(
            recipient=models.Participant(id=PHONE, user_id=BSUID, name=TEXT),
            message=models.Message(text=TEXT),
            callback_data={DATA: DATA},
        ),
        models.SendMessageRequest.from_dict({"recipient": {"id": PHONE, "kestrel": TEXT}, "kestrel": 5}),
        WireRequest("POST", "https://kestrel.example", (("X-API-Key", KEY),), TEXT.encode()),
    ],
    ids=lambda value: type(value).__name__,
)
def test_nothing_leaks_from_a_values_repr(value: object) -> None:
    assert leaked(f"{value!r} {value!s} {[value]}") == []
    if attrs.has(type(value)):
        assert type(value).__name__ in repr(value)
