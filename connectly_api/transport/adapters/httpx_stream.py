"""Below httpcore: sockets, and the stream that httpcore writes to; see the essay in `httpx`."""
# ruff: noqa: D102 (the methods are httpcore's and anyio's)

from __future__ import annotations

import select
import ssl
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from functools import partial
from typing import Any, Final, cast

import anyio
import anyio.abc
import anyio.streams.tls
import httpcore

from connectly_api.transport.protocol import BrokenExchangeError, ClosedError, LateError, Progress

# The first bytes of a request to a proxy: for a tunnel, or in SOCKS 5 (RFC 1928) and its password step (RFC 1929).
_FOR_THE_PROXY: Final = (b"CONNECT ", b"\x05", b"\x01")

_GONE: Final = (anyio.BrokenResourceError, anyio.ClosedResourceError)

_LARGEST_CHUNK: Final = 2**18
"""Bytes: as many as asyncio reads at once, so that anyio buffers nothing."""


class Exchange:
    """The current request, for the code below httpcore, to which no argument can be passed."""

    __slots__ = ("carrier", "connect_timeout", "is_silent", "opened", "progress")

    def __init__(self, progress: Progress, connect_timeout: float | None, *, is_silent: bool) -> None:
        self.progress = progress
        self.connect_timeout = connect_timeout
        self.is_silent = is_silent
        self.opened: Socket | None = None
        """The socket that was opened for it, if any."""
        self.carrier: Stream | None = None
        """The stream that the request was written to; None while it has not left."""


# The default, for requests of other code, whose log lines the filter sees, too.
_NONE: Final = Exchange(Progress(), None, is_silent=False)
EXCHANGE: Final[ContextVar[Exchange]] = ContextVar("connectly_api_exchange", default=_NONE)


class StaleError(BrokenExchangeError):
    """The connection ended, or has bytes that belong to another request; the request was not written to it."""


class Opener(httpcore.AsyncNetworkBackend):
    """Opens connections, and closes all of them."""

    def __init__(self) -> None:
        self.is_closed = False
        self.sockets: set[Socket] = set()
        self._opening: set[anyio.CancelScope] = set()

    async def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, *_arguments: object, **_settings: object
    ) -> httpcore.AsyncNetworkStream:
        if self.is_closed:
            raise ClosedError(EXCHANGE.get().progress)
        with anyio.CancelScope() as scope:
            self._opening.add(scope)
            try:
                with anyio.fail_after(timeout):
                    socket = Socket(self, await _connect(host, port))
            except TimeoutError:
                raise LateError("no connection in time") from None
            finally:
                self._opening.discard(scope)
            EXCHANGE.get().opened = socket
            return Stream(socket, socket)
        raise ClosedError(EXCHANGE.get().progress)

    async def aclose(self) -> None:
        self.is_closed = True
        for scope in self._opening:
            scope.cancel()
        while self.sockets:
            await close_socket(next(iter(self.sockets)))


async def _connect(host: str, port: int) -> anyio.abc.SocketStream:
    try:
        return await anyio.connect_tcp(host, port)
    except OSError as error:
        # With a single address, anyio's own error hides the cause.
        failure = error.__cause__ if isinstance(error.__cause__, OSError) else error
    # Raised out here: otherwise the cause would get this error as its context, which makes a cycle.
    raise failure


class Socket:
    """A connection's bytes as they are on the wire; it can tell without waiting whether any are unread."""

    def __init__(self, opener: Opener, stream: anyio.abc.SocketStream) -> None:
        self._opener = opener
        self._stream = stream
        self._poll = _create_poll(stream.extra(anyio.abc.SocketAttribute.raw_socket).fileno())  # noqa: S610 (not Django's)
        # anyio does not expose what it has read ahead on asyncio; on trio it reads nothing ahead.
        self._queue: Sequence[bytes] | None = (
            () if hasattr(stream, "_trio_socket") else getattr(getattr(stream, "_protocol", None), "read_queue", None)
        )
        self.is_patient = True
        """Whether to wait for bytes, rather than raise `WouldBlock` if there are none."""
        opener.sockets.add(self)

    @property
    def is_reusable(self) -> bool:
        """Whether all unread bytes can be detected."""
        return self._queue is not None

    def is_stale(self) -> bool:
        """Return whether there are unread bytes, or the connection has ended."""
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


def _create_poll(descriptor: int) -> Callable[[], Sequence[object]]:
    """Return a function that says, without waiting, whether a socket can be read, was closed, or broke."""
    if not hasattr(select, "poll"):
        return lambda: select.select([descriptor], [], [], 0)[0]
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return partial(poll.poll, 0)


async def close_socket(socket: Socket | None) -> None:
    """Close a connection, if there is one, even within a cancelled scope."""
    if socket is not None:
        with anyio.CancelScope(shield=True):
            await socket.aclose()


class Stream(httpcore.AsyncNetworkStream):
    """The stream that httpcore uses: it holds written bytes back until the response is read.

    The head and the body of a request go out together: one system call, one packet, and one moment before which nothing
    has left.
    """

    def __init__(self, socket: Socket, layer: Socket | anyio.streams.tls.TLSStream) -> None:
        self.socket = socket
        self._layer = layer
        self._held = b""
        self._write_timeout: float | None = None
        self._is_broken = False

    @property
    def is_reusable(self) -> bool:
        """Whether everything was written, and all unread bytes can be detected."""
        return not self._held and not self._is_broken and self.socket.is_reusable

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._held += buffer
        self._write_timeout = timeout

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        exchange = EXCHANGE.get()
        if self._held:
            await self._write_held(exchange)
        if exchange.carrier is None:
            timeout = exchange.connect_timeout  # A proxy's response is part of connecting.
        try:
            with anyio.fail_after(timeout):
                return await self._layer.receive(max_bytes)
        except anyio.EndOfStream:
            if exchange.carrier is None:
                raise ConnectionResetError("the proxy closed the connection") from None
            return b""
        except TimeoutError:
            raise LateError("no response in time") from None
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
        return Stream(self.socket, layer)

    async def aclose(self) -> None:
        await close_socket(self.socket)

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401, ARG002 (httpcore's)
        return None  # httpcore asks because of HTTP/2, which is never offered.

    async def _write_held(self, exchange: Exchange) -> None:
        if await self._is_stale():
            raise StaleError("the connection ended, or the server wrote, before the request was sent")
        held, self._held = self._held, b""
        if not held.startswith(_FOR_THE_PROXY):
            exchange.progress.may_have_left = True
            exchange.carrier = self
        try:
            with anyio.fail_after(self._write_timeout):
                await self._layer.send(held)
        except _GONE:
            # A server may have responded and closed before it read everything.
            self._is_broken = True

    async def _is_stale(self) -> bool:
        if self._layer is self.socket:
            return self.socket.is_stale()
        # TLS has records of its own, such as session tickets, so only the TLS layer can tell whether the bytes are a
        # response.
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
