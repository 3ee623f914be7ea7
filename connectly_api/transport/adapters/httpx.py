"""The default adapter: the connections below httpx, without its client and its pool.

The client's redirects, cookies, environment proxies and log lines are what this package must not have, and a pool's
time for each request grows with its connections. So requests go to httpcore, which httpx itself stands on, and each
connection is used by one request at a time.

**What proves that a request never left.** httpcore writes to a `_Stream` of ours, which holds the bytes back until the
answer is read, and then writes the head and the body in one piece. `Progress.may_have_left` becomes true right before
that write and at no other place. Whatever fails earlier (settings, names, sockets, TLS, a proxy's tunnel) sent nothing.

**What proves that an answer belongs to its request.** Whatever can be read before the request is written answers
something else: a second answer to the previous request, or the word of a server that gives up an idle connection.
So a connection with unread bytes is not used:

- in the parser: looked at once the answer is complete, as nothing else can put bytes there;
- in the socket, in anyio's queue and in the TLS layer: looked at right before the request is written, with no turn of
  the event loop in between.

A stray answer that is still on its way at that moment cannot be told from an early answer to the request.
"""

from __future__ import annotations

import errno
import logging
import math
import select
import ssl
import time
from collections import deque
from collections.abc import AsyncIterable, Callable, Mapping, Sequence
from contextvars import ContextVar
from functools import partial
from typing import Any, Final, cast

import anyio
import anyio.abc
import anyio.streams.tls
import certifi
import httpcore
import httpx

from connectly_api.errors import InvalidInputError
from connectly_api.setting_rules import check_kind
from connectly_api.tracebacks import cut_init_traceback
from connectly_api.transport.endpoint import check_hop
from connectly_api.transport.protocol import (
    BrokenExchangeError,
    ClosedError,
    LateError,
    Progress,
    Response,
    Timeouts,
    WireRequest,
)
from connectly_api.transport.tls import Tls, check_adapter, check_proxy, check_tls, decompressed

__all__ = ["HttpxTransport"]

# httpcore's log lines repeat what servers send, which may repeat what they were sent.
_CHATTY: Final = ("httpcore.connection", "httpcore.http11", "httpcore.http2", "httpcore.proxy", "httpcore.socks")

# What a request to a proxy begins with: for a tunnel, or in SOCKS 5 (RFC 1928) and its password step (RFC 1929).
_FOR_THE_PROXY: Final = (b"CONNECT ", b"\x05", b"\x01")

_BROKEN: Final = (httpcore.ProtocolError, OSError)
_GONE: Final = (anyio.BrokenResourceError, anyio.ClosedResourceError)

# What a process may have again a moment later.
_EXHAUSTED: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOBUFS, errno.EAGAIN})

_LARGEST_CHUNK: Final = 2**18
"""Bytes: as much as asyncio reads at once, so that anyio has nothing to keep back."""


@cut_init_traceback
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
        """Check the settings; nothing is opened yet.

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
        check_adapter(max_connections=max_connections, idle_seconds=idle_seconds, max_body_bytes=max_body_bytes)
        self._max_connections = max_connections
        self._idle_seconds = idle_seconds
        self._verify = verify
        self._tls = check_tls(tls)
        self._proxy = None if proxy is None else check_proxy(proxy, needs_socksio=True)
        self._httpx_proxy = None if proxy is None else _read_proxy(proxy)
        self._max_body_bytes = max_body_bytes
        self._is_silent = not log_wire
        self._is_closed = False
        self._connections: _Connections | None = None

    def check_base_url(self, base_url: str) -> None:
        """Refuse an address that would be reached in clear over a proxy elsewhere; see `Transport`.

        Raises:
            InvalidInputError: It is plain http, and the proxy is not on this machine.
        """
        check_hop(base_url, self._proxy)

    async def exchange(self, request: WireRequest, timeouts: Timeouts, progress: Progress) -> Response:
        """Send one request and read the whole answer; see `Transport.exchange`."""
        progress.may_have_left = False
        if self._proxy is not None:
            check_hop(request.url, self._proxy)
        exchange = _Exchange(progress, _finite(timeouts.connect), is_silent=self._is_silent)
        token = _EXCHANGE.set(exchange)
        try:
            connections = self._connections or self._open(progress)
            return await connections.exchange(_outgoing(request, timeouts), exchange, self._max_body_bytes)
        except httpcore.ProxyError as error:
            progress.may_pass, text = _read_refusal(str(error))
            raise BrokenExchangeError(text) from None
        except httpcore.RemoteProtocolError as error:
            # Its text may repeat what the server sent.
            hung_up = str(error).startswith("Server disconnected")
            raise BrokenExchangeError("no answer: the connection was closed" if hung_up else "no HTTP answer") from None
        finally:
            if self._is_closed:
                progress.may_pass = False
            _EXCHANGE.reset(token)

    async def aclose(self) -> None:
        """Close every connection, for good: later requests, and those that wait for a connection, are not sent."""
        self._is_closed = True
        if self._connections is not None:
            await self._connections.aclose()

    def _open(self, progress: Progress) -> _Connections:
        """Make what holds the connections: at the first use, as loading certificates takes tens of milliseconds."""
        if self._is_closed:
            raise ClosedError(progress)
        try:
            verify = self._verify or _tls_context(self._tls)
        except OSError as error:
            progress.may_pass = not isinstance(error, ssl.SSLError) and error.errno in _EXHAUSTED
            raise
        proxy = None if self._httpx_proxy is None else _httpcore_proxy(self._httpx_proxy, verify)
        for name in _CHATTY:
            logging.getLogger(name).addFilter(_is_to_be_logged)
        self._connections = _Connections(verify, proxy, self._max_connections, self._idle_seconds)
        return self._connections


class _Exchange:
    """One request under way, for those below httpcore whom no argument reaches."""

    __slots__ = ("carrier", "connect_timeout", "is_silent", "opened", "progress")

    def __init__(self, progress: Progress, connect_timeout: float | None, *, is_silent: bool) -> None:
        self.progress = progress
        self.connect_timeout = connect_timeout
        self.is_silent = is_silent
        self.opened: _Socket | None = None
        """The socket that was opened for it, if any."""
        self.carrier: _Stream | None = None
        """What the request was written to; None while it is still here."""


# Of other programs' requests, which the log's filter sees, too.
_NONE: Final = _Exchange(Progress(), None, is_silent=False)
_EXCHANGE: ContextVar[_Exchange] = ContextVar("connectly_api_exchange", default=_NONE)


def _is_to_be_logged(_record: logging.LogRecord) -> bool:
    return not _EXCHANGE.get().is_silent


class _StaleError(BrokenExchangeError):
    """The connection ended, or holds bytes that answer something else; the request was not written to it."""


class _Connections:
    """Connections, used by one request at a time: what a request costs does not grow with what is in flight.

    The one used last is used next, so that those which are no longer needed grow old and are closed.
    """

    def __init__(self, verify: ssl.SSLContext, proxy: httpcore.Proxy | None, limit: int, idle_seconds: float) -> None:
        self._opener = _Opener()
        # It makes connections of the right kind, and keeps none.
        self._pool = httpcore.AsyncConnectionPool(ssl_context=verify, proxy=proxy, network_backend=self._opener)
        self._idle_seconds = idle_seconds
        self._room = anyio.Semaphore(limit, fast_acquire=True)
        self._idle: deque[tuple[float, httpcore.AsyncConnectionInterface, _Stream]] = deque()

    async def exchange(self, outgoing: httpcore.Request, exchange: _Exchange, limit: int) -> Response:
        async with self._room:
            while True:
                connection, stream = await self._take(outgoing.url.origin)
                try:
                    answer = await _read(await connection.handle_async_request(outgoing), limit)
                    carrier = _carrier_of(exchange)
                    left_over = _left_over(connection)
                    _check_only_answer(answer, left_over)
                except BaseException as error:
                    # Whatever state it is in, the next request has nothing to do with it.
                    await _close(stream.socket if stream is not None else exchange.opened)
                    # While it was idle, its server gave it up: on to the next one, and at last to a new one.
                    if isinstance(error, _StaleError) and stream is not None and exchange.carrier is None:
                        continue
                    raise
                break
            if connection.is_idle() and carrier.is_sound and left_over == b"" and not self._opener.is_closed:
                self._idle.append((time.monotonic(), connection, carrier))
            else:
                await _close(carrier.socket)
        while self._idle and self._idle[0][0] + self._idle_seconds < time.monotonic():
            await _close(self._idle.popleft()[2].socket)
        return answer

    async def aclose(self) -> None:
        self._idle.clear()
        await self._opener.aclose()

    async def _take(self, origin: httpcore.Origin) -> tuple[httpcore.AsyncConnectionInterface, _Stream | None]:
        if self._opener.is_closed:
            raise ClosedError(_EXCHANGE.get().progress)
        while self._idle:
            since, connection, stream = self._idle.pop()
            if connection.can_handle_request(origin) and since + self._idle_seconds >= time.monotonic():
                return connection, stream
            await _close(stream.socket)
        return self._pool.create_connection(origin), None


def _carrier_of(exchange: _Exchange) -> _Stream:
    if exchange.carrier is None:
        raise _StaleError("an answer came before the request was sent")
    return exchange.carrier


async def _close(socket: _Socket | None) -> None:
    if socket is not None:
        with anyio.CancelScope(shield=True):
            await socket.aclose()


def _left_over(connection: object) -> bytes | None:
    """Return what the parser has read beyond the answer, which it would take for the next request's.

    None where that cannot be known, or where the connection has ended with the answer.
    """
    while (inner := getattr(connection, "_connection", None)) is not None:
        connection = inner
    # httpcore does not say; where a later version keeps its parser elsewhere, no connection is used twice.
    match getattr(getattr(connection, "_h11_state", None), "trailing_data", None):
        case (bytes() as left_over, bool() as has_ended):
            return None if has_ended and not left_over else left_over
        case _:
            return None


def _check_only_answer(answer: Response, left_over: bytes | None) -> None:
    """Refuse a refusal behind which another answer came: a 429 would be repeated, though the other may be a success.

    A success is taken at its word: the first answer is the request's own, whatever follows.

    Raises:
        BrokenExchangeError: Nothing tells which of the two answers is the request's own.
    """
    is_success = 200 <= answer.status < 300  # noqa: PLR2004 (2xx)
    if not is_success and (left_over or b"").lstrip().startswith(b"HTTP/"):
        raise BrokenExchangeError("two answers came to one request")


class _Opener(httpcore.AsyncNetworkBackend):
    """Opens connections, and closes all of them."""

    def __init__(self) -> None:
        self.is_closed = False
        self.sockets: set[_Socket] = set()
        self._opening: set[anyio.CancelScope] = set()

    async def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, *_arguments: object, **_settings: object
    ) -> httpcore.AsyncNetworkStream:
        if self.is_closed:
            raise ClosedError(_EXCHANGE.get().progress)
        with anyio.CancelScope() as scope:
            self._opening.add(scope)
            try:
                with anyio.fail_after(timeout):
                    socket = _Socket(self, await _connect(host, port))
            except TimeoutError:
                raise LateError("no connection in time") from None
            finally:
                self._opening.discard(scope)
            _EXCHANGE.get().opened = socket
            return _Stream(socket, socket)
        raise ClosedError(_EXCHANGE.get().progress)

    async def aclose(self) -> None:
        self.is_closed = True
        for scope in self._opening:
            scope.cancel()
        while self.sockets:
            await _close(next(iter(self.sockets)))


async def _connect(host: str, port: int) -> anyio.abc.SocketStream:
    try:
        return await anyio.connect_tcp(host, port)
    except OSError as error:
        # Where there was one address, anyio's own error hides which one it was.
        failure = error.__cause__ if isinstance(error.__cause__, OSError) else error
    # Out here, as the cause would else get what it caused as its context: a ring.
    raise failure


class _Socket:
    """A connection's bytes as they are on the wire; it can say whether there are any without waiting for them."""

    def __init__(self, opener: _Opener, stream: anyio.abc.SocketStream) -> None:
        self._opener = opener
        self._stream = stream
        self._poll = _poll_of(stream.extra(anyio.abc.SocketAttribute.raw_socket).fileno())  # noqa: S610 (not Django's)
        # anyio does not say what it has read ahead on asyncio; on trio it reads nothing ahead.
        self._queue: Sequence[bytes] | None = (
            () if hasattr(stream, "_trio_socket") else getattr(getattr(stream, "_protocol", None), "read_queue", None)
        )
        self.is_patient = True
        """Whether to wait for bytes; else `WouldBlock` is raised where there are none."""
        opener.sockets.add(self)

    @property
    def is_usable_again(self) -> bool:
        """Whether all that is unread can be seen."""
        return self._queue is not None

    def is_stale(self) -> bool:
        """Say whether there are unread bytes, or the connection has ended."""
        return self not in self._opener.sockets or bool(self._queue) or bool(self._poll())

    async def receive(self, max_bytes: int = _LARGEST_CHUNK) -> bytes:
        if not self.is_patient and not self.is_stale():
            raise anyio.WouldBlock
        return await self._stream.receive(max(max_bytes, _LARGEST_CHUNK))

    async def send(self, item: bytes) -> None:
        await self._stream.send(item)

    async def aclose(self) -> None:
        self._opener.sockets.discard(self)
        await self._stream.aclose()


def _poll_of(descriptor: int) -> Callable[[], Sequence[object]]:
    """Return a function that says, without waiting, whether a socket can be read, was closed, or broke."""
    if not hasattr(select, "poll"):
        return lambda: select.select([descriptor], [], [], 0)[0]
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return partial(poll.poll, 0)


class _Stream(httpcore.AsyncNetworkStream):
    """What httpcore reads from and writes to: holds back what is written until the answer is read.

    The head and the body of a request go out together: one system call, one packet, and one moment before which nothing
    has left.
    """

    def __init__(self, socket: _Socket, layer: _Socket | anyio.streams.tls.TLSStream) -> None:
        self.socket = socket
        self._layer = layer
        self._held = b""
        self._write_timeout: float | None = None
        self._is_broken = False

    @property
    def is_sound(self) -> bool:
        """Whether all was written, and all that is unread can be seen."""
        return not self._held and not self._is_broken and self.socket.is_usable_again

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._held += buffer
        self._write_timeout = timeout

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        exchange = _EXCHANGE.get()
        if self._held:
            await self._write_held(exchange)
        if exchange.carrier is None:
            timeout = exchange.connect_timeout  # A proxy's answer is part of connecting.
        try:
            with anyio.fail_after(timeout):
                return await self._layer.receive(max_bytes)
        except anyio.EndOfStream:
            if exchange.carrier is None:
                raise ConnectionResetError("the proxy closed the connection") from None
            return b""
        except TimeoutError:
            raise LateError("no answer in time") from None
        except _GONE as error:
            raise ConnectionResetError("the connection broke") from error

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.AsyncNetworkStream:
        try:
            with anyio.fail_after(timeout):
                layer = await anyio.streams.tls.TLSStream.wrap(
                    cast("anyio.abc.ByteStream", self._layer),
                    hostname=server_hostname,
                    ssl_context=ssl_context,
                    standard_compatible=False,
                    server_side=False,
                )
        except TimeoutError:
            raise LateError("no TLS in time") from None
        except (anyio.EndOfStream, *_GONE) as error:
            raise ConnectionResetError("the connection broke before TLS was ready") from error
        return _Stream(self.socket, layer)

    async def aclose(self) -> None:
        await _close(self.socket)

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401, ARG002 (httpcore's)
        return None  # Asked for HTTP/2, which is never offered.

    async def _write_held(self, exchange: _Exchange) -> None:
        if await self._is_stale():
            raise _StaleError("the connection ended, or the server wrote, before the request was sent")
        held, self._held = self._held, b""
        if not held.startswith(_FOR_THE_PROXY):
            exchange.progress.may_have_left = True
            exchange.carrier = self
        try:
            with anyio.fail_after(self._write_timeout):
                await self._layer.send(held)
        except _GONE:
            # A server may have answered, and closed, before it read all.
            self._is_broken = True

    async def _is_stale(self) -> bool:
        if self._layer is self.socket:
            return self.socket.is_stale()
        # TLS has records of its own, such as session tickets: only it can say whether what has come is an answer.
        self.socket.is_patient = False
        try:
            await self._layer.receive(1)
        except anyio.WouldBlock:
            return False
        except (anyio.EndOfStream, OSError, *_GONE):
            return True
        finally:
            self.socket.is_patient = True
        return True


def _tls_context(tls: Tls | None) -> ssl.SSLContext:
    # Not ssl.create_default_context, which reads SSLKEYLOGFILE.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(certifi.where())
    for certificate in tls.certificates() if tls is not None else ():
        context.load_verify_locations(cadata=certificate.decode("ascii"))
    return context


def _read_proxy(address: str) -> httpx.Proxy:
    try:
        return httpx.Proxy(address)
    except (httpx.InvalidURL, ValueError):
        raise InvalidInputError("proxy: is not an address", field="proxy", size=len(address)) from None


def _httpcore_proxy(settings: httpx.Proxy, verify: ssl.SSLContext) -> httpcore.Proxy:
    # A proxy's name stands in its certificate just as a server's does.
    return httpcore.Proxy(
        str(settings.url), auth=settings.raw_auth, ssl_context=verify if settings.url.scheme == "https" else None
    )


def _read_refusal(text: str) -> tuple[bool, str]:
    """Return whether a proxy that opened no tunnel may do so later, and what to say: its status, none of its words."""
    status = text[:3]
    if status.isdecimal():
        return status[0] == "5" or status in {"408", "429"}, f"the proxy answered {status}"
    # SOCKS has no words of its own: the text is httpcore's.
    return text.startswith("Proxy Server could not connect"), "the SOCKS proxy opened no connection"


def _outgoing(request: WireRequest, timeouts: Timeouts) -> httpcore.Request:
    url = httpcore.URL(request.url)
    default_port = {b"https": 443, b"http": 80}[url.scheme]
    extensions: dict[str, Any] = {"timeout": _httpcore_timeouts(timeouts)}
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


async def _write_brackets(bare: bytes, bracketed: bytes, event: str, info: Mapping[str, Any]) -> None:
    """Put an IPv6 address that a proxy is asked for into brackets, which httpcore does not."""
    if event == "http11.send_request_headers.started" and not info["request"].url.target.startswith(b"/"):
        request = info["request"]
        target = request.url.target
        request.url.target = target.replace(bare, bracketed, 1)
        request.headers = [(name, request.url.target if value == target else value) for name, value in request.headers]


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
    encoding = ",".join(value for name, value in headers if name.lower() == "content-encoding")
    plain, decoded = decompressed(answer.body, encoding, limit)
    return answer if plain is answer.body else Response(answer.status, headers, plain, complete and decoded)


def _httpcore_timeouts(timeouts: Timeouts) -> dict[str, float | None]:
    read = _finite(timeouts.read)
    return {"connect": _finite(timeouts.connect), "read": read, "write": read}


def _finite(seconds: float) -> float | None:
    return None if seconds == math.inf else seconds
