"""Between the adapter and httpcore: requests, reused connections, and responses; see `httpx`."""

from __future__ import annotations

import math
import ssl
import time
from collections import deque
from collections.abc import AsyncIterable, Mapping
from functools import partial
from typing import Any, Final, cast

import anyio
import httpcore

from connectly_api.transport.adapters.httpx_stream import EXCHANGE, Exchange, Opener, StaleError, Stream, close_socket
from connectly_api.transport.decompression import decompress
from connectly_api.transport.protocol import (
    BrokenExchangeError,
    ClosedError,
    Response,
    Timeouts,
    WireRequest,
    is_success,
)

_BROKEN: Final = (httpcore.ProtocolError, OSError)


class Connections:
    """Connections, each used by one request at a time: the cost of a request does not depend on how many are in flight.

    The most recently used one is used next, so that unneeded ones expire and are closed.
    """

    def __init__(self, verify: ssl.SSLContext, proxy: httpcore.Proxy | None, limit: int, idle_seconds: float) -> None:
        self._opener = Opener()
        # httpcore's pool only creates connections of the right kind here; it keeps none.
        self._pool = httpcore.AsyncConnectionPool(ssl_context=verify, proxy=proxy, network_backend=self._opener)
        self._idle_seconds = idle_seconds
        self._in_flight = anyio.Semaphore(limit, fast_acquire=True)
        self._idle: deque[tuple[float, httpcore.AsyncConnectionInterface, Stream]] = deque()

    async def exchange(self, outgoing: httpcore.Request, exchange: Exchange, max_body_bytes: int) -> Response:
        """Send one request over an idle connection or a new one, and read the response."""
        async with self._in_flight:
            while True:
                connection, stream = await self._take(outgoing.url.origin)
                try:
                    response = await _read_response(await connection.handle_async_request(outgoing), max_body_bytes)
                    carrier = _get_carrier(exchange)
                    left_over = _get_left_over(connection)
                    _check_only_response(response, left_over)
                except BaseException as error:
                    # The connection may be in any state, so no other request may use it.
                    await close_socket(stream.socket if stream is not None else exchange.opened)
                    # The server closed it while it was idle: use the next one, and finally a new one.
                    if isinstance(error, StaleError) and stream is not None and exchange.carrier is None:
                        continue
                    raise
                break
            if connection.is_idle() and carrier.is_reusable and left_over == b"" and not self._opener.is_closed:
                self._idle.append((time.monotonic(), connection, carrier))
            else:
                await close_socket(carrier.socket)
        while self._idle and self._idle[0][0] + self._idle_seconds < time.monotonic():
            await close_socket(self._idle.popleft()[2].socket)
        return response

    async def aclose(self) -> None:
        """Close all of them."""
        self._idle.clear()
        await self._opener.aclose()

    async def _take(self, origin: httpcore.Origin) -> tuple[httpcore.AsyncConnectionInterface, Stream | None]:
        if self._opener.is_closed:
            raise ClosedError(EXCHANGE.get().progress)
        while self._idle:
            since, connection, stream = self._idle.pop()
            if connection.can_handle_request(origin) and since + self._idle_seconds >= time.monotonic():
                return connection, stream
            await close_socket(stream.socket)
        return self._pool.create_connection(origin), None


def build_request(request: WireRequest, timeouts: Timeouts) -> httpcore.Request:
    """Return httpcore's form of a request."""
    url = httpcore.URL(request.url)
    default_port = {b"https": 443, b"http": 80}[url.scheme]
    read = to_finite(timeouts.read)
    extensions: dict[str, Any] = {"timeout": {"connect": to_finite(timeouts.connect), "read": read, "write": read}}
    host = url.host
    if b":" in host:
        host = b"[%b]" % host
        extensions["trace"] = partial(_write_brackets, url.host, host)
    if url.port not in {None, default_port}:
        host = b"%b:%d" % (host, url.port)
    headers = [(b"Host", host)]
    headers += ((name.encode("ascii"), value.encode("latin-1")) for name, value in request.headers)
    headers.append((b"Accept-Encoding", b"identity"))
    if request.content is not None:
        headers.append((b"Content-Length", b"%d" % len(request.content)))
    return httpcore.Request(request.method, url, headers=headers, content=request.content, extensions=extensions)


def to_finite(seconds: float) -> float | None:
    """Return seconds in the form of httpcore and anyio, in which None means no limit."""
    return None if seconds == math.inf else seconds


async def _write_brackets(bare: bytes, bracketed: bytes, event: str, info: Mapping[str, Any]) -> None:
    """Put brackets around an IPv6 address in the request to a proxy, which httpcore does not."""
    if event == "http11.send_request_headers.started" and not info["request"].url.target.startswith(b"/"):
        request = info["request"]
        target = request.url.target
        request.url.target = target.replace(bare, bracketed, 1)
        request.headers = [(name, request.url.target if value == target else value) for name, value in request.headers]


async def _read_response(incoming: httpcore.Response, limit: int) -> Response:
    """Return the response with its body up to the limit; the status is known even if the body breaks off."""
    body, complete = bytearray(), True
    try:
        async for chunk in cast("AsyncIterable[bytes]", incoming.stream):
            body += chunk
            if len(body) > limit:
                del body[limit:]
                complete = False
                break
    except _BROKEN:
        complete = False
    finally:
        await incoming.aclose()
    headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in incoming.headers)
    return decompress(Response(incoming.status, headers, bytes(body), complete), limit)


def _get_carrier(exchange: Exchange) -> Stream:
    if exchange.carrier is None:
        raise StaleError("a response arrived before the request was sent")
    return exchange.carrier


def _get_left_over(connection: object) -> bytes | None:
    """Return the bytes that the parser has read beyond the response, and would take for the next one.

    None if they cannot be known, or if the connection has ended with the response.
    """
    while (inner := getattr(connection, "_connection", None)) is not None:
        connection = inner
    # Not httpcore's public API: if a later version keeps its parser elsewhere, no connection is used twice.
    match getattr(getattr(connection, "_h11_state", None), "trailing_data", None):
        case (bytes() as left_over, bool() as has_ended):
            return None if has_ended and not left_over else left_over
        case _:
            return None


def _check_only_response(response: Response, left_over: bytes | None) -> None:
    """Refuse an error response if another response follows: a 429 would be retried, but the other may be a success.

    A success is accepted: the first response belongs to the request, whatever follows.

    Raises:
        BrokenExchangeError: It is not clear which of the two responses belongs to the request.
    """
    if not is_success(response.status) and (left_over or b"").lstrip().startswith(b"HTTP/"):
        raise BrokenExchangeError("two responses arrived for one request")
