"""Every adapter on real sockets: what it sends, what it reads, and what it knows of a request that failed."""

from __future__ import annotations

import asyncio
import gzip
import math
import ssl
import zlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import anyio
import pytest
import trustme

from connectly_api.transport.adapters.httpx import HttpxTransport
from connectly_api.transport.adapters.pyreqwest import PyreqwestTransport
from connectly_api.transport.protocol import ClosedError, Progress, Response, Timeouts, Transport, WireRequest
from connectly_api.transport.tls import Tls
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

BODY = b'{"message":{"text":"hello"}}'


def post(base_url: str, content: bytes | None = BODY) -> WireRequest:
    named = (("Accept", "*/*"), ("User-Agent", "test"), ("X-API-Key", "k"), ("X-Two", "1"), ("X-Two", "2"))
    return WireRequest("POST", f"{base_url}/v1/x?topic=a%20b", named, content)


ADAPTERS = {"httpx": HttpxTransport, "pyreqwest": PyreqwestTransport}


@pytest.fixture(params=ADAPTERS)
async def make(request: pytest.FixtureRequest) -> AsyncIterator[Callable[..., Transport]]:
    made: list[Transport] = []

    def build(**settings: Any) -> Transport:
        made.append(ADAPTERS[request.param](**settings))
        return made[-1]

    yield build
    for transport in made:
        await transport.aclose()


@pytest.fixture
def transport(make: Callable[..., Transport]) -> Transport:
    return make()


async def exchange(
    transport: Transport, base_url: str, timeouts: Timeouts | None = None, progress: Progress | None = None
) -> tuple[Response | Exception, Progress]:
    progress = progress or Progress()
    try:
        outcome: Response | Exception = await transport.exchange(
            post(base_url), timeouts or Timeouts(connect=20, read=20), progress
        )
    except Exception as error:  # noqa: BLE001 (the tests look at it)
        outcome = error
    return outcome, progress


async def test_a_request_goes_out_byte_for_byte(transport: Transport) -> None:
    async with rough_server(answering(sent())) as server:
        response, _ = await exchange(transport, server.base_url)
    assert isinstance(response, Response)
    assert (response.status, response.complete) == (200, True)
    assert response.body == b'{"id": "01ARZ3NDEKTSV4RRFFQ69G5FAV"}'
    assert response.header("content-TYPE") == "application/json"
    [raw] = server.requests
    head, _, body = raw.partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    lines[1:] = [line.lower() for line in lines[1:]]
    assert lines[0] == b"POST /v1/x?topic=a%20b HTTP/1.1"
    assert body == BODY
    # All of it is the caller's, the size's and the compression's: nothing that a library adds of its own.
    host = server.base_url.removeprefix("http://").encode()
    assert sorted(lines[1:]) == [
        b"accept-encoding: identity",
        b"accept: */*",
        b"content-length: %d" % len(BODY),
        b"host: " + host,
        b"user-agent: test",
        b"x-api-key: k",
        b"x-two: 1",
        b"x-two: 2",
    ]


async def test_a_request_without_a_body_has_none(transport: Transport) -> None:
    async with rough_server(answering(answer(200, b"{}"))) as server:
        await transport.exchange(WireRequest("GET", f"{server.base_url}/a", (), None), Timeouts(), Progress())
    assert server.requests[0].startswith(b"GET /a HTTP/1.1\r\n")
    assert b"content-length" not in server.requests[0].lower()


async def test_connections_are_reused(transport: Transport) -> None:
    async with rough_server(answering(sent())) as server:
        for _ in range(5):
            await exchange(transport, server.base_url)
    assert (len(server.requests), server.connections) == (5, 1)


async def test_redirects_and_cookies_are_left_alone(transport: Transport) -> None:
    moved = answer(302, b"", [("Location", "/elsewhere"), ("Set-Cookie", "a=b")])
    async with rough_server(answering(moved)) as server:
        first, _ = await exchange(transport, server.base_url)
        await exchange(transport, server.base_url)
    assert isinstance(first, Response)
    assert first.status == 302
    assert len(server.requests) == 2
    assert b"Cookie" not in server.requests[1]


@pytest.mark.parametrize(
    ("behaviour", "may_have_left"),
    [(hang_after_reading, True), (reset_after_reading, True), (close_after_reading, True)],
)
async def test_a_request_that_may_have_been_read_is_known_to_have_left(
    transport: Transport, behaviour: Behaviour, *, may_have_left: bool
) -> None:
    async with rough_server(behaviour) as server:
        read = 0.2 if behaviour is hang_after_reading else 20
        outcome, progress = await exchange(transport, server.base_url, Timeouts(read=read))
    assert isinstance(outcome, Exception)
    assert isinstance(outcome, TimeoutError) == (behaviour is hang_after_reading)
    assert progress.may_have_left is may_have_left


async def test_a_second_request_on_a_connection_that_was_reset_is_known_to_have_left(transport: Transport) -> None:
    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, server: RoughServer) -> None:
        await server.read(reader)
        writer.write(sent())
        await writer.drain()
        await server.read(reader)

    async with rough_server(once) as server:
        first, _ = await exchange(transport, server.base_url)
        second, progress = await exchange(transport, server.base_url)
    assert isinstance(first, Response)
    assert isinstance(second, Exception)
    assert progress.may_have_left
    assert len(server.requests) == 2


async def test_a_refused_connection_is_known_not_to_have_carried_the_request(transport: Transport) -> None:
    outcome, progress = await exchange(transport, f"http://127.0.0.1:{free_port()}")
    assert isinstance(outcome, Exception)
    assert not progress.may_have_left


async def test_a_connection_that_is_not_answered_is_known_not_to_have_carried_the_request(
    transport: Transport,
) -> None:
    with full_backlog() as port:
        outcome, progress = await exchange(transport, f"http://127.0.0.1:{port}", Timeouts(connect=0.2))
    assert isinstance(outcome, TimeoutError)
    assert not progress.may_have_left


def server_tls(authority: trustme.CA, *names: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)
    return context


async def test_tls_works_with_the_callers_authority(make: Callable[..., Transport]) -> None:
    authority = trustme.CA()
    transport = make(tls=Tls(authority.cert_pem.bytes()))
    async with rough_server(answering(sent()), tls=server_tls(authority, "127.0.0.1")) as server:
        outcome, _ = await exchange(transport, server.base_url)
    assert isinstance(outcome, Response)


@pytest.mark.parametrize("trusted", [True, False])
async def test_a_certificate_that_does_not_fit_stops_the_request_before_it_leaves(
    make: Callable[..., Transport], *, trusted: bool
) -> None:
    authority = trustme.CA()
    transport = make(tls=Tls(authority.cert_pem.bytes()) if trusted else None)
    async with rough_server(answering(sent()), tls=server_tls(authority, "other.example")) as server:
        outcome, progress = await exchange(transport, server.base_url)
    assert isinstance(outcome, Exception)
    assert not progress.may_have_left
    assert server.requests == []


async def test_a_tls_handshake_that_hangs_stops_the_request_before_it_leaves(transport: Transport) -> None:
    async with rough_server(hang_after_reading) as server:
        outcome, progress = await exchange(transport, server.base_url.replace("http:", "https:"), Timeouts(connect=0.2))
    assert isinstance(outcome, TimeoutError)
    assert not progress.may_have_left


async def proxy_that(reply: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(reply)
    await writer.drain()


@pytest.mark.parametrize("reply", [b"HTTP/1.1 502 Bad Gateway\r\n\r\n", b""])
async def test_a_proxy_that_opens_no_tunnel_stops_the_request_before_it_leaves(
    make: Callable[..., Transport], reply: bytes
) -> None:
    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, _server: RoughServer) -> None:
        await proxy_that(reply, reader, writer)

    async with rough_server(behave) as proxy:
        transport = make(proxy=proxy.base_url)
        outcome, progress = await exchange(transport, "https://api.example.invalid")
    assert isinstance(outcome, Exception)
    assert not progress.may_have_left


HEAD = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 100\r\n\r\n"


@pytest.mark.parametrize(
    "behaviour",
    [
        breaking_off(HEAD + b'{"code":'),
        breaking_off(b'HTTP/1.1 400 Bad Request\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n{"code":\r\nzz\r\n'),
    ],
)
async def test_an_answer_that_breaks_off_keeps_its_status(transport: Transport, behaviour: Behaviour) -> None:
    async with rough_server(behaviour) as server:
        outcome, _ = await exchange(transport, server.base_url)
    assert isinstance(outcome, Response)
    assert (outcome.status, outcome.body, outcome.complete) == (400, b'{"code":', False)


async def test_an_answer_that_falls_silent_keeps_its_status(transport: Transport) -> None:
    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, server: RoughServer) -> None:
        await server.read(reader)
        writer.write(HEAD + b"{")
        await writer.drain()
        await reader.read()

    async with rough_server(behave) as server:
        outcome, _ = await exchange(transport, server.base_url, Timeouts(read=0.2))
    assert isinstance(outcome, Response)
    assert (outcome.status, outcome.body, outcome.complete) == (400, b"{", False)


async def test_an_answer_larger_than_the_limit_is_cut_off(make: Callable[..., Transport]) -> None:
    transport = make(max_body_bytes=1000)
    async with rough_server(answering(answer(200, b"x" * 1001))) as server:
        outcome, _ = await exchange(transport, server.base_url)
    assert isinstance(outcome, Response)
    assert (outcome.body, outcome.complete) == (b"x" * 1000, False)


def raw_deflate(body: bytes) -> bytes:
    compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return compressor.compress(body) + compressor.flush()


@pytest.mark.parametrize(
    ("encoding", "compress"), [("gzip", gzip.compress), ("deflate", zlib.compress), (" GZIP ", gzip.compress)]
)
async def test_a_compressed_answer_is_read_although_none_was_asked_for(
    transport: Transport, encoding: str, compress: Callable[[bytes], bytes]
) -> None:
    reply = answer(200, compress(b'{"id":"1"}'), [("Content-Encoding", encoding)])
    async with rough_server(answering(reply)) as server:
        outcome, _ = await exchange(transport, server.base_url)
    assert isinstance(outcome, Response)
    assert (outcome.body, outcome.complete) == (b'{"id":"1"}', True)


@pytest.mark.parametrize(("encoding", "body"), [("gzip", b"not gzip"), ("br", b"\x0b\x02\x80")])
async def test_a_compression_that_cannot_be_read_leaves_the_body_as_it_came(
    transport: Transport, encoding: str, body: bytes
) -> None:
    async with rough_server(answering(answer(502, body, [("Content-Encoding", encoding)]))) as server:
        outcome, _ = await exchange(transport, server.base_url)
    assert isinstance(outcome, Response)
    assert (outcome.status, outcome.body) == (502, body)


async def test_a_compression_bomb_is_cut_off(make: Callable[..., Transport]) -> None:
    transport = make(max_body_bytes=100_000)
    reply = answer(200, gzip.compress(b"0" * 50_000_000), [("Content-Encoding", "gzip")])
    async with rough_server(answering(reply)) as server:
        outcome, _ = await exchange(transport, server.base_url)
    assert isinstance(outcome, Response)
    assert (len(outcome.body), outcome.complete) == (100_000, False)


async def test_closing_twice_is_fine_and_closes_the_connections(transport: Transport) -> None:
    async with rough_server(answering(sent())) as server:
        await exchange(transport, server.base_url)
        await transport.aclose()
        await transport.aclose()
        outcome, progress = await exchange(transport, server.base_url)
    assert isinstance(outcome, ClosedError)
    assert not progress.may_have_left
    assert server.connections == 1


async def test_waiting_for_a_connection_of_the_pool_is_known_not_to_have_sent_the_request(
    make: Callable[..., Transport],
) -> None:
    transport = make(max_connections=1)
    async with rough_server(hang_after_reading) as server, anyio.create_task_group() as tasks:
        tasks.start_soon(exchange, transport, server.base_url)
        while not server.requests:  # noqa: ASYNC110 (the server is a list of what it saw)
            await anyio.sleep(0.01)
        progress = Progress()
        with anyio.move_on_after(0.1):
            await transport.exchange(post(server.base_url), Timeouts(), progress)
        assert not progress.may_have_left
        tasks.cancel_scope.cancel()
    assert len(server.requests) == 1


async def test_a_name_that_does_not_resolve_is_known_not_to_have_carried_the_request(transport: Transport) -> None:
    outcome, progress = await exchange(transport, "https://api.example.invalid")
    assert isinstance(outcome, Exception)
    assert not progress.may_have_left
    async with rough_server(answering(sent())) as server:
        again, _ = await exchange(transport, server.base_url)
    assert isinstance(again, Response)


async def test_endless_time_outs_are_endless(transport: Transport) -> None:
    async with rough_server(answering(sent())) as server:
        outcome, _ = await exchange(transport, server.base_url, Timeouts(math.inf, math.inf, math.inf))
    assert isinstance(outcome, Response)


async def test_a_header_that_is_not_ascii_costs_no_other_header(transport: Transport) -> None:
    reply = b"HTTP/1.1 200 OK\r\nX-Bytes: caf\xe9\r\nRetry-After: 7\r\nContent-Length: 2\r\n\r\n{}"
    async with rough_server(answering(reply)) as server:
        outcome, _ = await exchange(transport, server.base_url)
    assert isinstance(outcome, Response)
    assert (outcome.status, outcome.body, outcome.header("retry-after")) == (200, b"{}", "7")


async def test_a_cancel_scope_ends_a_request_at_any_moment(transport: Transport) -> None:
    scope = anyio.CancelScope()

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, server: RoughServer) -> None:
        await server.read(reader)
        if len(server.requests) > 1:
            writer.write(HEAD + b"{")
            await writer.drain()
        await asyncio.sleep(0.05)
        scope.cancel()
        await reader.read()

    async with rough_server(slow) as server:
        for _ in ("while it waits for the head", "while it reads the body"):
            progress = Progress()
            scope = anyio.CancelScope()
            with scope:
                await transport.exchange(post(server.base_url), Timeouts(), progress)
            assert scope.cancelled_caught
            assert progress.may_have_left


async def test_cancelling_a_task_cancels_its_request(transport: Transport) -> None:
    async with rough_server(hang_after_reading) as server:
        task = asyncio.ensure_future(transport.exchange(post(server.base_url), Timeouts(), Progress()))
        while not server.requests:  # noqa: ASYNC110 (the server is a list of what it saw)
            await asyncio.sleep(0.01)
        task.cancel("enough")
        with pytest.raises(asyncio.CancelledError, match="enough"):
            await task


async def test_a_reset_before_the_request_was_read_leaves_it_open_or_proves_that_nothing_left(
    transport: Transport,
) -> None:
    async with rough_server(reset_at_once) as server:
        for _ in range(30):
            outcome, _ = await exchange(transport, server.base_url)
            assert isinstance(outcome, Exception)
            assert not isinstance(outcome, TimeoutError)
    assert server.requests == []
    assert server.connections == 30


async def test_no_cancellation_is_lost_however_busy_the_wire_is(transport: Transport) -> None:
    async with rough_server(answering(sent())) as server:

        async def send_for_ever() -> None:
            while True:
                await transport.exchange(post(server.base_url), Timeouts(), Progress())

        for _ in range(3):
            tasks = [asyncio.create_task(send_for_ever()) for _ in range(100)]
            await asyncio.sleep(0.1)
            for task in tasks:
                task.cancel()
            _, pending = await asyncio.wait(tasks, timeout=20)
            assert not pending
