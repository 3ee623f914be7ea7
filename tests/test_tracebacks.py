"""No frame that an error passes through holds a key, a number, a text or a request."""

from __future__ import annotations

import asyncio
import inspect
import traceback
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, Final
from unittest.mock import AsyncMock, MagicMock, create_autospec

import anyio
import pytest

from connectly_api import (
    Bsuid,
    Button,
    Connectly,
    ConnectlyError,
    NotSentError,
    OutcomeUnknownError,
    Pace,
    Phone,
    Rate,
    Recipient,
    ReplyButtons,
    RequestRejectedError,
    Retry,
    Template,
    Text,
    Timeouts,
    Tls,
    Webengage,
)
from connectly_api.lowlevel import Message, Participant, SendMessageRequest, send_message
from connectly_api.sandbox import Sandbox, Settings
from connectly_api.tracebacks import cut_traceback, hide_frames
from connectly_api.transport import MockTransport, Pipeline, Response, WireRequest
from connectly_api.transport.adapters.auto import AutoTransport
from connectly_api.transport.adapters.httpx import HttpxTransport
from connectly_api.transport.adapters.pyreqwest import PyreqwestTransport
from connectly_api.transport.endpoint import check_proxy
from connectly_api.webhooks import WebhookApp, parse, receive, sign, verify
from tests.echoes import drawn, frames_below
from tests.rough_server import free_port, hang_after_reading, rough_server

KEY: Final = "kestrel-key-5f3a9c"
PHONE: Final = "+16044440042"
TEXT: Final = "kestrel text"

Call = Callable[[Connectly], Awaitable[object]]


def refuse(_: WireRequest) -> Response:
    return Response(400, (("X-Echo", KEY),), TEXT.encode())


def break_down(request: WireRequest) -> Response:
    held = request.headers, request.content
    raise LookupError(len(held))


def client(answer: Callable[[WireRequest], Response]) -> Connectly:
    return Connectly(api_key=KEY, business_id="b", transport=MockTransport(answer))


def own_frames(error: BaseException) -> list[str]:
    """Return the names of the frames that are no test's."""
    return [name for name, _ in frames_below(error, __file__)]


LOW_LEVEL: Final = SendMessageRequest(
    recipient=Participant(id=PHONE, channel_type="whatsapp"), message=Message(text=TEXT)
)
CALLS: Final[dict[str, Call]] = {
    "send": lambda c: c.send(PHONE, Text(TEXT), callback_data={"kestrel": KEY}),
    "text": lambda c: c.send_text(PHONE, TEXT),
    "image": lambda c: c.send_image(PHONE, "https://kestrel.example/a.jpg", caption=TEXT),
    "video": lambda c: c.send_video(PHONE, "https://kestrel.example/a.mp4"),
    "audio": lambda c: c.send_audio(PHONE, "https://kestrel.example/a.ogg"),
    "document": lambda c: c.send_document(PHONE, "https://kestrel.example/a.pdf", filename="kestrel.pdf"),
    "location": lambda c: c.send_location(PHONE, 1, 2, name=TEXT),
    "buttons": lambda c: c.send_reply_buttons(PHONE, TEXT, [Button("kestrel", "kestrel")]),
    "product": lambda c: c.send_product(PHONE, "kestrel", "kestrel"),
    "template": lambda c: c.send_template(PHONE, "kestrel", "en", body=[TEXT]),
    "view": lambda c: c.with_sender(PHONE).send_text(PHONE, TEXT),
    "low level": lambda c: send_message(c.transport, "b", body=LOW_LEVEL),
    "create": lambda c: c.webhooks.create("messages", "https://kestrel.example"),
    "list": lambda c: c.webhooks.list(),
    "update": lambda c: c.webhooks.update("kestrel", address="https://kestrel.example"),
    "delete": lambda c: c.webhooks.delete("kestrel"),
}


@pytest.mark.parametrize("answer", [refuse, break_down])
@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
async def test_a_failed_call_leaves_no_frame_but_the_callers(
    call: Call, answer: Callable[[WireRequest], Response]
) -> None:
    with pytest.raises(ConnectlyError) as caught:
        await call(client(answer))

    assert own_frames(caught.value) == []
    assert caught.value.__context__ is None or caught.value.__context__.__traceback__ is None


@pytest.mark.parametrize(
    "call",
    [
        lambda c: c.send_text("kestrel", TEXT),
        lambda c: c.send_text(PHONE, TEXT * 1000),
        lambda c: c.send_text(PHONE, TEXT, sender="kestrel"),
        lambda c: c.send_text(PHONE, TEXT, callback_data={"kestrel": KEY * 100}),
        lambda c: c.send_text(PHONE, TEXT, callback_data={"kestrel": object()}),
        lambda c: c.send_text(PHONE, TEXT, timeout="kestrel"),
        lambda c: c.send_template(PHONE, "kestrel", "en", parameters=[TEXT]),
        lambda c: c.webhooks.create("messages", "kestrel"),
        lambda c: send_message(
            c.transport, "b", body=SendMessageRequest(message=LOW_LEVEL.message, callback_data={TEXT: float("nan")})
        ),
    ],
)
async def test_a_refusal_leaves_no_frame_but_the_callers(call: Call) -> None:
    with pytest.raises(ConnectlyError) as caught:
        await call(client(refuse))

    assert own_frames(caught.value) == []


def texts_that_fail() -> Iterator[str]:
    yield TEXT
    raise LookupError(0)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Connectly(api_key=f"{KEY} ", business_id="b"),
        lambda: Connectly(api_key=KEY, business_id="b", base_url="kestrel"),
        lambda: Connectly(api_key=KEY, business_id="b", sender="kestrel"),
        lambda: Connectly.from_env(api_key=f"{KEY} ", business_id="b"),
        lambda: Pipeline(MockTransport(refuse), api_key=f"{KEY} ", base_url="https://api.example"),
        lambda: client(refuse).with_sender("kestrel"),
        lambda: Phone("kestrel"),
        lambda: Phone.parse("kestrel"),
        lambda: Bsuid("kestrel"),
        lambda: Recipient(PHONE, "kestrel"),
        lambda: Template("kestrel", "en", body=texts_that_fail()),
        lambda: ReplyButtons(TEXT, (Button(text, text) for text in texts_that_fail())),
        lambda: WebhookApp([KEY, ""]),
        lambda: receive({"kestrel": KEY}, TEXT.encode(), KEY),
        lambda: verify(TEXT.encode(), KEY, KEY),
        lambda: verify(TEXT, KEY, KEY),  # type: ignore[arg-type]  # text, which is refused
        lambda: sign(TEXT.encode(), f"{KEY}\ud800"),
        lambda: parse(f'["{TEXT}"]'.encode()),
        lambda: Webengage(token=f"{KEY} ", webhook_url="https://kestrel.example"),
        lambda: Tls(authorities=KEY),
        lambda: HttpxTransport(proxy=f"http://{KEY} "),
        lambda: PyreqwestTransport(proxy=f"http://{KEY} "),
        lambda: AutoTransport(proxy=f"http://{KEY} "),
        lambda: check_proxy(f"http://{KEY} "),
        lambda: Timeouts(total=KEY),  # type: ignore[arg-type]
        lambda: Retry(attempts=KEY),  # type: ignore[arg-type]
        lambda: Rate(per_second=KEY),  # type: ignore[arg-type]
        lambda: Pace(fallback=KEY),  # type: ignore[call-arg]
        lambda: SendMessageRequest.from_dict(TEXT),
        lambda: Sandbox(api_key=f"{KEY} "),
        lambda: Settings(webhook_secret=f"{KEY}\ud800"),
        lambda: Sandbox().fault(KEY),  # type: ignore[arg-type]
        lambda: Sandbox().customer(TEXT),
        lambda: Sandbox().open_window(TEXT),
        lambda: Sandbox().template(TEXT, status=KEY),  # type: ignore[arg-type]
    ],
)
def test_what_is_refused_at_construction_leaves_no_frame_but_the_callers(make: Callable[[], object]) -> None:
    with pytest.raises((ConnectlyError, TypeError, LookupError, ValueError)) as caught:
        make()

    assert [name for name in own_frames(caught.value) if name != "texts_that_fail"] == []


@pytest.mark.parametrize("call", [CALLS["text"], CALLS["low level"], lambda c: c.send_text("kestrel", TEXT)])
async def test_rich_finds_nothing_to_draw(call: Call) -> None:
    with pytest.raises(ConnectlyError) as caught:
        await call(client(break_down))

    shown = drawn(caught.value)
    assert "test_rich_finds_nothing_to_draw" in shown
    assert [value for value in (KEY, PHONE, TEXT) if value in shown] == []


@pytest.mark.parametrize("transport", ["httpx", "pyreqwest"])
async def test_no_librarys_frame_is_left_either(transport: Any) -> None:
    nobody = f"http://127.0.0.1:{free_port()}"
    refused = Connectly(api_key=KEY, business_id="b", base_url=nobody, transport=transport, retry=Retry(base=0.01))
    async with refused:
        with pytest.raises(NotSentError) as not_sent:
            await refused.send_text(PHONE, TEXT)
    async with (
        rough_server(hang_after_reading) as server,
        Connectly(
            api_key=KEY, business_id="b", base_url=server.base_url, transport=transport, timeouts=Timeouts(read=0.5)
        ) as connectly,
    ):
        with pytest.raises(OutcomeUnknownError) as unknown:
            await connectly.send_text(PHONE, TEXT)
        task = asyncio.create_task(connectly.send_text(PHONE, TEXT))
        while len(server.requests) < 2:  # noqa: ASYNC110 (the server is a list of what it saw)
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError) as cancelled:
            await task
    for caught in (not_sent, unknown, cancelled):
        assert own_frames(caught.value) == []


async def test_a_callers_own_time_out_does_not_show_them_as_its_cause() -> None:
    async def never(_: WireRequest) -> Response:
        await anyio.sleep_forever()
        raise AssertionError

    connectly = Connectly(api_key=KEY, business_id="b", transport=MockTransport(never))
    with pytest.raises(TimeoutError) as caught:
        async with asyncio.timeout(0.01):
            await connectly.send_text(PHONE, TEXT)

    assert {name for name in own_frames(caught.value) if name != "__aexit__"} == set()


async def test_what_the_caller_was_handling_stays_as_it_is() -> None:
    async def recover() -> None:
        try:
            break_down(WireRequest("GET", "https://api.example", (), None))
        except LookupError:
            await client(refuse).send_text(PHONE, TEXT)

    with pytest.raises(RequestRejectedError) as caught:
        await recover()

    context = caught.value.__context__
    assert isinstance(context, LookupError)
    assert "break_down" in [frame.f_code.co_name for frame, _ in traceback.walk_tb(context.__traceback__)]
    assert not hasattr(context, "__notes__")


async def test_an_error_that_is_none_of_ours_keeps_its_place_as_a_note() -> None:
    with pytest.raises(OutcomeUnknownError) as caught:
        await client(break_down).send_text(PHONE, TEXT)

    (note,) = getattr(caught.value.__context__, "__notes__", [])
    assert note.startswith("raised within connectly_api: ")
    assert note.endswith(" in break_down")


async def test_a_receiver_that_is_interrupted_shows_no_body_and_no_header() -> None:
    parts = iter([{"type": "http.request", "body": TEXT.encode(), "more_body": True}])

    async def receive() -> Any:
        for part in parts:
            return part
        raise KeyboardInterrupt

    scope = {"type": "http", "method": "POST", "headers": [(b"x-connectly-hmac-sha256", KEY.encode())]}
    with pytest.raises(KeyboardInterrupt) as caught:
        await WebhookApp(KEY)(scope, receive, AsyncMock())

    assert own_frames(caught.value) == ["__call__"]
    shown = [repr(frame.f_locals) for frame, _ in traceback.walk_tb(caught.tb) if frame.f_code.co_name == "__call__"]
    assert not any(secret in text for text in shown for secret in (TEXT, KEY, "headers"))


@pytest.mark.parametrize(
    "act",
    [
        lambda customer, _: customer.taps(TEXT),
        lambda customer, _: customer.sends(TEXT, TEXT),
        lambda customer, _: customer.changes_phone(TEXT),
        lambda _, sandbox: sandbox.run_verb("says", customer=PHONE, text=TEXT, kestrel=KEY),
    ],
)
async def test_a_sandboxs_refusal_leaves_no_frame_but_the_callers(act: Callable[..., Awaitable[object]]) -> None:
    sandbox = Sandbox(api_key=KEY)
    with pytest.raises(ConnectlyError) as caught:
        await act(sandbox.customer(PHONE), sandbox)

    assert own_frames(caught.value) == []


@cut_traceback
def outermost(work: Callable[[], object]) -> object:
    return inner(work)


@cut_traceback
def inner(work: Callable[[], object]) -> object:
    return work()


def fail_in_a_group() -> None:
    try:
        dict[int, int]()[0]
    except KeyError as error:
        raise ExceptionGroup("several", [error, ValueError(1)]) from error


def test_groups_and_causes_are_cut_and_noted_once() -> None:
    with pytest.raises(ExceptionGroup) as caught:
        outermost(fail_in_a_group)

    assert own_frames(caught.value) == []
    first = caught.value.exceptions[0]
    assert (first.__traceback__, len(getattr(first, "__notes__", []))) == (None, 1)
    assert not hasattr(caught.value.exceptions[1], "__notes__")
    assert len(getattr(caught.value, "__notes__", [])) == 1


def test_an_error_in_a_circle_is_cut_as_well() -> None:
    error = ValueError(1)
    error.__context__ = other = ValueError(2)
    other.__context__ = error

    hide_frames(error, None)

    assert (error.__traceback__, other.__traceback__) == (None, None)


def test_methods_stay_what_they_look_like() -> None:
    assert inspect.iscoroutinefunction(Connectly.send_text)
    assert list(inspect.signature(Connectly.send_text).parameters) == ["self", "recipient", "text", "options"]
    assert (Connectly.send_text.__doc__ or "").startswith("Send a text")
    assert list(inspect.signature(Phone).parameters) == ["e164"]
    assert list(inspect.signature(Connectly).parameters)[:2] == ["api_key", "business_id"]
    assert inspect.iscoroutinefunction(create_autospec(Connectly).send_text)
    assert isinstance(MagicMock(spec=Connectly).send_text, AsyncMock)
