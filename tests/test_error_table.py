"""The error table: what a caller gets for each way in which a call can end, and how many requests the server saw.

Over real sockets, through the whole facade: no send may put a second request on the wire after the first may have been
accepted.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from email.utils import formatdate
from typing import Any

import pytest
import trustme

from connectly_api import (
    AuthenticationError,
    Connectly,
    ConnectlyError,
    NotSentError,
    OutcomeUnknownError,
    OutsideWindowError,
    RateLimitError,
    RequestRejectedError,
    Retry,
    ServerError,
    Timeouts,
    UnexpectedResponseError,
)
from tests.rough_server import (
    Behaviour,
    RoughServer,
    answer,
    answering,
    breaking_off,
    close_after_reading,
    free_port,
    full_backlog,
    hang_after_reading,
    reset_after_reading,
    reset_at_once,
    rough_server,
    sent,
)

# Each waits for a deadline on a real socket.
pytestmark = pytest.mark.slow

# A test that waits for no time-out must not meet one, however busy the machine is.
PATIENT = Timeouts(total=60, connect=20, read=20)
IMPATIENT = Timeouts(total=60, connect=20, read=0.3)

HTML = b"<html><body><h1>502 Bad Gateway</h1></body></html>"
WINDOW = (
    b'{"message":"Failed to send","type":"ERROR_TYPE_DEADLINE_EXCEEDED",'
    b'"code":"ERROR_CODE_MESSAGE_OUTSIDE_OF_ELIGIBILITY_WINDOW","cntTraceId":"11824978358485860716","details":{}}'
)


DEFAULTS: dict[str, Any] = {"retry": Retry(base=0.001), "timeouts": PATIENT}


@pytest.fixture(params=["httpx", "pyreqwest"], autouse=True)
def every_adapter(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(DEFAULTS, "transport", request.param)


@asynccontextmanager
async def connected(base_url: str, **settings: Any) -> AsyncIterator[Connectly]:
    async with Connectly(api_key="k", business_id="b", base_url=base_url, **{**DEFAULTS, **settings}) as connectly:
        yield connectly


async def send_to(base_url: str, **settings: Any) -> str | ConnectlyError:
    async with connected(base_url, **settings) as connectly:
        try:
            return (await connectly.send_text("+16044441111", "hello")).id
        except ConnectlyError as error:
            return error


async def list_from(base_url: str, **settings: Any) -> int | ConnectlyError:
    async with connected(base_url, **settings) as connectly:
        try:
            return len(await connectly.webhooks.list())
        except ConnectlyError as error:
            return error


async def test_connection_refused() -> None:
    error = await send_to(f"http://127.0.0.1:{free_port()}")
    assert isinstance(error, NotSentError)
    assert error.retry_safe
    assert "(3 attempts)" in str(error)


async def test_name_not_found() -> None:
    error = await send_to("https://api.example.invalid")
    assert isinstance(error, NotSentError)
    assert "(3 attempts)" in str(error)


@pytest.mark.parametrize("certificate_for", ["127.0.0.1", "other.example"], ids=["unknown authority", "wrong name"])
async def test_tls_refused(certificate_for: str) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert(certificate_for).configure_cert(context)
    async with rough_server(answering(sent()), tls=context) as server:
        error = await send_to(server.base_url)
    assert isinstance(error, NotSentError)
    assert server.requests == []


async def test_connect_time_out() -> None:
    with full_backlog() as port:
        error = await send_to(f"http://127.0.0.1:{port}", timeouts=Timeouts(total=60, connect=0.1))
    assert isinstance(error, NotSentError)
    assert error.timed_out


@pytest.mark.parametrize(
    ("behaviour", "timed_out"),
    [
        (hang_after_reading, True),
        (reset_after_reading, False),
        (close_after_reading, False),
        (breaking_off(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{"), False),
        (breaking_off(b"HTTP/1.1 200 O"), False),
        (breaking_off(b"\x00\x01garbage\r\n\r\n"), False),
    ],
    ids=["read time-out", "reset", "closed", "broke off in the body", "broke off in the head", "no HTTP"],
)
async def test_no_answer_after_the_request_was_read(behaviour: Behaviour, timed_out: bool) -> None:
    async with rough_server(behaviour) as server:
        error = await send_to(server.base_url, timeouts=IMPATIENT if timed_out else PATIENT)
    assert isinstance(error, OutcomeUnknownError)
    assert error.timed_out is timed_out
    assert not error.retry_safe
    assert (len(server.requests), server.connections) == (1, 1)


async def test_reset_before_the_request_was_read() -> None:
    async with rough_server(reset_at_once) as server:
        error = await send_to(server.base_url)
    # The reset may come while the connection is still being opened, which proves that nothing was sent on it.
    assert isinstance(error, OutcomeUnknownError | NotSentError)
    assert server.requests == []


async def test_the_whole_call_takes_too_long() -> None:
    async with rough_server(hang_after_reading) as server:
        error = await send_to(server.base_url, timeouts=Timeouts(total=2, connect=20))
    assert isinstance(error, OutcomeUnknownError)
    assert error.timed_out
    assert len(server.requests) == 1


async def test_a_slow_drip_is_ended_by_the_whole_calls_deadline() -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, server: RoughServer) -> None:
        await server.read(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while not writer.is_closing():
            writer.write(b" ")
            await asyncio.sleep(0.02)

    async with rough_server(drip) as server:
        error = await send_to(server.base_url, timeouts=Timeouts(total=2, connect=20))
    assert isinstance(error, OutcomeUnknownError)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "value", ["0", "0.01", formatdate(0, usegmt=True), "Thu, 01 Jan 1970 00:00:00 GMT", "soon", "-1", "", None]
)
async def test_429_is_tried_again(value: str | None) -> None:
    headers = [] if value is None else [("Retry-After", value)]
    async with rough_server(answering(answer(429, b"{}", headers), answer(429, HTML), sent("01A"))) as server:
        assert await send_to(server.base_url) == "01A"
    assert len(server.requests) == 3
    assert len({request.partition(b"\r\n\r\n")[2] for request in server.requests}) == 1


async def test_429_for_good() -> None:
    async with rough_server(answering(answer(429, b"null", [("Retry-After", "0")]))) as server:
        error = await send_to(server.base_url)
    assert isinstance(error, RateLimitError)
    assert error.retry_after == 0
    assert error.retry_safe
    assert len(server.requests) == 3


async def test_429_that_asks_for_an_hour() -> None:
    async with rough_server(answering(answer(429, b"", [("Retry-After", "3600")]))) as server:
        error = await send_to(server.base_url)
    assert isinstance(error, RateLimitError)
    assert error.retry_after == 3600
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (500, b'{"message":"boom","code":"ERROR_CODE_UNSPECIFIED"}', ServerError),
        (502, HTML, ServerError),
        (503, b"", ServerError),
        (504, WINDOW, OutsideWindowError),
        (520, HTML, ServerError),
        (400, WINDOW, OutsideWindowError),
        (400, b'{"code":3,"message":"bad","details":[]}', RequestRejectedError),
        (401, b"", AuthenticationError),
        (422, b"\xff\xfe", RequestRejectedError),
        (302, b"", ConnectlyError),
        (499, b"null", ConnectlyError),
    ],
)
async def test_a_refusal_is_not_repeated(status: int, body: bytes, kind: type[ConnectlyError]) -> None:
    async with rough_server(answering(answer(status, body))) as server:
        error = await send_to(server.base_url)
    assert isinstance(error, kind)
    assert not error.retry_safe
    assert str(error).startswith(str(status))
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (204, b""),
        (200, b""),
        (200, b"null"),
        (200, b"{}"),
        (200, b'{"id":'),
        (200, b'{"id":null}'),
        (200, b'{"id":["1"]}'),
        (200, b'{"id":""}'),
        (201, b'["01A"]'),
        (200, HTML),
    ],
)
async def test_an_acceptance_that_cannot_be_read_is_not_repeated(status: int, body: bytes) -> None:
    async with rough_server(answering(answer(status, body))) as server:
        error = await send_to(server.base_url)
    assert isinstance(error, UnexpectedResponseError)
    assert (error.status, error.body) == (status, body)
    assert not error.retry_safe
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("body", "identifier"),
    [(b'{"id":"01A","new":{"x":[1]}}', "01A"), (b'{"id":123}', "123"), (b'\n {"id":"01A"} \n', "01A")],
)
async def test_an_answer_that_is_new_or_odd_is_read_all_the_same(body: bytes, identifier: str) -> None:
    async with rough_server(answering(answer(201, body))) as server:
        assert await send_to(server.base_url) == identifier


@pytest.mark.parametrize(
    "first",
    [
        answer(500),
        answer(502, HTML),
        answer(503),
        answer(520),
        answer(429),
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{",
    ],
)
async def test_a_read_is_repeated(first: bytes) -> None:
    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, server: RoughServer) -> None:
        await server.read(reader)
        writer.write(first if len(server.requests) == 1 else answer(200, b'{"entity":{"webhooks":[{"id":"1"}]}}'))
        await writer.drain()

    async with rough_server(behave) as server:
        assert await list_from(server.base_url) == 1
    assert len(server.requests) == 2


@pytest.mark.parametrize("behaviour", [hang_after_reading, reset_after_reading, close_after_reading])
async def test_a_read_without_an_answer_is_repeated_and_then_raised(behaviour: Behaviour) -> None:
    async with rough_server(behaviour) as server:
        error = await list_from(server.base_url, timeouts=IMPATIENT if behaviour is hang_after_reading else PATIENT)
    assert isinstance(error, OutcomeUnknownError)
    assert len(server.requests) == 3


@pytest.mark.parametrize(
    "change",
    [
        lambda c: c.webhooks.create("messages", "https://example.com/"),
        lambda c: c.webhooks.update("wh_1", echo=True),
        lambda c: c.webhooks.delete("wh_1"),
    ],
    ids=["create", "update", "delete"],
)
async def test_a_change_of_a_registration_is_not_repeated(change: Callable[[Connectly], Any]) -> None:
    async with rough_server(reset_after_reading) as server, connected(server.base_url) as connectly:
        with pytest.raises(OutcomeUnknownError):
            await change(connectly)
    assert len(server.requests) == 1


async def test_the_client_works_again_after_each_failure() -> None:
    failures: list[Behaviour] = [
        close_after_reading,
        reset_after_reading,
        breaking_off(b"HTTP/1.1 2"),
    ]
    replies = [*failures, answering(sent("01A"))]

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, server: RoughServer) -> None:
        await replies[min(server.connections, len(replies)) - 1](reader, writer, server)

    async with rough_server(behave) as server, connected(server.base_url) as connectly:
        for _ in failures:
            with pytest.raises(OutcomeUnknownError):
                await connectly.send_text("+16044441111", "hello")
        assert (await connectly.send_text("+16044441111", "hello")).id == "01A"
