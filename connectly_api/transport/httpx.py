"""The default adapter: the connections below httpx, without its client and its pool.

The client's redirects, cookies, environment proxies and log lines are what this package must not have, and a pool's
time for each request grows with its connections. So requests go to httpcore, which httpx itself stands on, and each
connection is a pool of one. Whether a request left is watched through httpcore's `trace` extension, never read from an
exception's name.
"""

from __future__ import annotations

import contextlib
import logging
import math
import ssl
import time
from collections import deque
from collections.abc import AsyncIterable, Mapping
from contextvars import ContextVar
from typing import Any, Final, cast

import anyio
import httpcore
import httpx

from connectly_api.setting_rules import check_kind
from connectly_api.transport.protocol import Progress, Response, Timeouts, WireRequest
from connectly_api.transport.settings import Tls, check_adapter, check_proxy, decompressed

__all__ = ["HttpxTransport"]

# While one of these is the last event, there is no connection that could have carried the request. Any other event,
# known or not, means that the request may have left: a renamed event errs on the safe side.
_NO_CONNECTION_YET: Final = frozenset({
    "connection.connect_tcp.started",
    "connection.connect_tcp.failed",
    "connection.start_tls.started",
    "connection.start_tls.failed",
    "connection.retry.started",
    "connection.retry.complete",
})  # fmt: skip

# httpcore's log lines repeat what servers send, which may repeat what they were sent.
_CHATTY: Final = ("httpcore.connection", "httpcore.http11", "httpcore.http2", "httpcore.proxy", "httpcore.socks")
_IS_SILENT: ContextVar[bool] = ContextVar("connectly_api_is_silent", default=False)

_BROKEN: Final = (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException, OSError)


def _is_to_be_logged(_record: logging.LogRecord) -> bool:
    return not _IS_SILENT.get()


class HttpxTransport:
    """Sends requests through httpx's own HTTP layer, on asyncio or trio."""

    def __init__(
        self,
        *,
        max_connections: int = 500,
        idle_seconds: float = 5.0,
        verify: ssl.SSLContext | None = None,
        tls: Tls | None = None,
        proxy: str | None = None,
        max_body_bytes: int = 8 * 2**20,
        log_wire: bool = False,
    ) -> None:
        """Note the settings; nothing is opened yet.

        Args:
            max_connections: Connections at most; further requests wait for one, within their time-outs, in order.
            idle_seconds: How long an unused connection is kept. Short, as one that the server closes in the same
                moment as it is used leaves the fate of a message unknown.
            verify: A TLS context of your own instead of `tls`.
            tls: Further certificate authorities to trust.
            proxy: `http://`, `https://` or `socks5://` address of a proxy (the last needs httpx's `socks` extra).
            max_body_bytes: What is read of an answer, before and after decompression; the rest is left unread.
            log_wire: Whether httpcore may log these requests at DEBUG: its lines repeat the heads of answers, and so
                whatever of a request a server repeats in them.

        Raises:
            InvalidInputError: A setting cannot be used.
        """
        check_kind("verify", verify, ssl.SSLContext, "an ssl.SSLContext")
        check_kind("log_wire", log_wire, bool, "True or False")
        check_adapter(
            max_connections=max_connections, idle_seconds=idle_seconds, max_body_bytes=max_body_bytes, tls=tls
        )
        self._max_connections = max_connections
        self._idle_seconds = idle_seconds
        self._verify = verify
        self._tls = tls
        self._proxy = None if proxy is None else check_proxy(proxy)
        self._max_body_bytes = max_body_bytes
        self._is_silent = not log_wire
        self._connections: _Connections | None = None

    async def exchange(self, request: WireRequest, timeouts: Timeouts, progress: Progress) -> Response:
        """Send one request and read the whole answer; see `Transport.exchange`."""
        # Made at the first use, as loading certificate authorities takes tens of milliseconds.
        if self._connections is None:
            self._connections = _Connections(self._pool(), self._max_connections, self._idle_seconds)
            for name in _CHATTY:
                logging.getLogger(name).addFilter(_is_to_be_logged)

        # Waiting for a connection of the pool emits no event, and is no connection yet.
        progress.may_have_left = False
        outgoing = _outgoing(request, timeouts, progress)
        silence = _IS_SILENT.set(self._is_silent)
        try:
            return await self._connections.exchange(outgoing, self._max_body_bytes)
        except httpcore.TimeoutException as error:
            raise TimeoutError(type(error).__name__) from error
        finally:
            _IS_SILENT.reset(silence)

    async def aclose(self) -> None:
        """Close every connection."""
        connections, self._connections = self._connections, None
        if connections is not None:
            await connections.aclose()

    def _pool(self) -> httpcore.AsyncConnectionPool:
        verify = self._verify
        if verify is None:
            verify = httpx.create_ssl_context(trust_env=False)
            if self._tls is not None:
                verify.load_verify_locations(cadata=self._tls.authorities.decode("ascii"))
        proxy = None
        if self._proxy is not None:
            settings = httpx.Proxy(self._proxy)
            # A proxy's name stands in its certificate just as a server's does.
            proxy = httpcore.Proxy(
                str(settings.url),
                auth=settings.raw_auth,
                ssl_context=verify if settings.url.scheme == "https" else None,
            )
        return httpcore.AsyncConnectionPool(
            ssl_context=verify, proxy=proxy, keepalive_expiry=self._idle_seconds, network_backend=_Joining()
        )


class _Connections:
    """Connections, used by one request at a time: what a request costs does not grow with what is in flight.

    The one used last is used next, so that those which are no longer needed grow old and are closed.
    """

    def __init__(self, pool: httpcore.AsyncConnectionPool, limit: int, idle_seconds: float) -> None:
        self._pool = pool
        self._idle_seconds = idle_seconds
        self._room = anyio.Semaphore(limit, fast_acquire=True)
        self._idle: deque[tuple[float, httpcore.AsyncConnectionInterface]] = deque()
        self._all: set[httpcore.AsyncConnectionInterface] = set()

    async def exchange(self, outgoing: httpcore.Request, limit: int) -> Response:
        async with self._room:
            connection = await self._take(outgoing.url.origin)
            try:
                answer = await _read(await connection.handle_async_request(outgoing), limit)
            except BaseException:
                # Whatever state it is in, the next request has nothing to do with it.
                await self._close(connection)
                raise
            if connection.is_idle() and connection in self._all:
                self._idle.append((time.monotonic(), connection))
            else:
                await self._close(connection)
        while self._idle and self._idle[0][0] + self._idle_seconds < time.monotonic():
            await self._close(self._idle.popleft()[1])
        return answer

    async def aclose(self) -> None:
        self._idle.clear()
        while self._all:
            await self._close(next(iter(self._all)))

    async def _take(self, origin: httpcore.Origin) -> httpcore.AsyncConnectionInterface:
        while self._idle:
            _, connection = self._idle.pop()
            if connection.can_handle_request(origin) and connection.is_available() and not connection.has_expired():
                return connection
            await self._close(connection)
        connection = self._pool.create_connection(origin)
        self._all.add(connection)
        return connection

    async def _close(self, connection: httpcore.AsyncConnectionInterface) -> None:
        self._all.discard(connection)
        with anyio.CancelScope(shield=True):
            await connection.aclose()


class _Joining(httpcore.AsyncNetworkBackend):
    """Opens connections that send the head and the body of a request together: one system call, one packet."""

    def __init__(self) -> None:
        self._sockets: Any = httpcore.AnyIOBackend()  # Any: httpcore names it differently where anyio is missing

    async def connect_tcp(self, *arguments: Any, **settings: Any) -> httpcore.AsyncNetworkStream:  # noqa: ANN401
        return _JoiningStream(await self._sockets.connect_tcp(*arguments, **settings))


class _JoiningStream(httpcore.AsyncNetworkStream):
    """Holds back what is written until the answer is read."""

    def __init__(self, stream: httpcore.AsyncNetworkStream) -> None:
        self._stream = stream
        self._held = b""
        self._timeout: float | None = None

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._held += buffer
        self._timeout = timeout

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        if self._held:
            held, self._held = self._held, b""
            # A server may have answered, and closed, before it read all.
            with contextlib.suppress(httpcore.WriteError):
                await self._stream.write(held, self._timeout)
        return await self._stream.read(max_bytes, timeout)

    async def start_tls(self, *arguments: Any, **settings: Any) -> httpcore.AsyncNetworkStream:  # noqa: ANN401
        return _JoiningStream(await self._stream.start_tls(*arguments, **settings))

    async def aclose(self) -> None:
        await self._stream.aclose()

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 (httpcore's)
        return self._stream.get_extra_info(info)


class _Watch:
    """Follows one request through httpcore's events and notes when it may have left."""

    __slots__ = ("_in_tunnel", "_progress")

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._in_tunnel = False

    async def __call__(self, event: str, info: Mapping[str, Any]) -> None:
        # A proxy is first asked for a tunnel, by a request of its own; its later events do not name it again.
        if "request" in info:
            self._in_tunnel = info["request"].method == b"CONNECT"
        is_of_tunnel = self._in_tunnel and not event.startswith("connection.")
        self._progress.may_have_left = not is_of_tunnel and event not in _NO_CONNECTION_YET


def _outgoing(request: WireRequest, timeouts: Timeouts, progress: Progress) -> httpcore.Request:
    url = httpcore.URL(request.url)
    default_port = {b"https": 443, b"http": 80}[url.scheme]
    host = url.host if url.port in {None, default_port} else b"%b:%d" % (url.host, url.port)
    headers = [(b"Host", host)]
    headers += ((name.encode("ascii"), value.encode("latin-1")) for name, value in request.headers)
    headers.append((b"Accept-Encoding", b"identity"))
    if request.content is not None:
        headers.append((b"Content-Length", b"%d" % len(request.content)))
    return httpcore.Request(
        request.method,
        url,
        headers=headers,
        content=request.content,
        extensions={"timeout": _httpcore_timeouts(timeouts), "trace": _Watch(progress)},
    )


async def _read(response: httpcore.Response, limit: int) -> Response:
    """Return the answer with its body up to the limit; the status is known even where the body breaks off."""
    body, complete = bytearray(), True
    try:
        async for chunk in cast("AsyncIterable[bytes]", response.stream):
            body += chunk
            if len(body) > limit:
                del body[limit:]
                complete = False
                break
    except _BROKEN:
        complete = False
    finally:
        await response.aclose()
    headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in response.headers)
    answer = Response(response.status, headers, bytes(body), complete)
    plain, decoded = decompressed(answer.body, answer.header("Content-Encoding"), limit)
    return answer if plain is answer.body else Response(answer.status, headers, plain, complete and decoded)


def _httpcore_timeouts(timeouts: Timeouts) -> dict[str, float | None]:
    connect, read = (None if value == math.inf else value for value in (timeouts.connect, timeouts.read))
    return {"connect": connect, "read": read, "write": read}
