"""The fast adapter: pyreqwest, Rust's reqwest for asyncio (extra `fast`).

Its exceptions' names say nothing: a request that the server has read and then dropped raises `ConnectError`, and a
silent server `ConnectTimeoutError`. What tells is the chain of causes, in which hyper's client says where it failed:
`client error (Connect)` before there was a connection, anything else, or nothing, when there may have been one. Only
the first is believed; a text that a later version words otherwise errs on the safe side.
"""

from __future__ import annotations

import asyncio
import math
from datetime import timedelta
from functools import lru_cache
from typing import Final

from pyreqwest.client import Client
from pyreqwest.exceptions import ConnectError, ConnectTimeoutError, PyreqwestError
from pyreqwest.http import Url
from pyreqwest.proxy import ProxyBuilder
from pyreqwest.request import StreamRequest
from pyreqwest.response import Response as Incoming

from connectly_api.errors import UsageError
from connectly_api.transport.protocol import Headers, Progress, Response, Timeouts, WireRequest
from connectly_api.transport.runtime import come_to_rest, faithful, on_the_thread
from connectly_api.transport.settings import Tls, check_adapter, check_proxy, decompressed

__all__ = ["PyreqwestTransport"]

_IDENTITY: Final = (("Accept-Encoding", "identity"),)


class PyreqwestTransport:
    """Sends requests through pyreqwest, on asyncio.

    Two things differ from the httpx adapter. A deadline of the whole call that strikes while a connection is still
    being opened leaves the outcome unknown, as nothing proves that it was: keep `Timeouts.connect` below `total`. And
    trusted authorities are the operating system's (`SSL_CERT_FILE` among them) rather than certifi's.
    """

    def __init__(
        self,
        *,
        max_connections: int = 500,
        idle_seconds: float = 5.0,
        tls: Tls | None = None,
        proxy: str | None = None,
        max_body_bytes: int = 8 * 2**20,
    ) -> None:
        """Note the settings; nothing is opened yet.

        Args:
            max_connections: Requests in flight at most; further ones wait, within their time-outs, in order.
            idle_seconds: How long an unused connection is kept. Short, as one that the server closes in the same
                moment as it is used leaves the fate of a message unknown.
            tls: Further certificate authorities to trust.
            proxy: `http://`, `https://` or `socks5://` address of a proxy.
            max_body_bytes: What is read of an answer, before and after decompression; the rest is left unread.

        Raises:
            InvalidInputError: A setting cannot be used.
        """
        check_adapter(
            max_connections=max_connections, idle_seconds=idle_seconds, max_body_bytes=max_body_bytes, tls=tls
        )
        self._max_connections = max_connections
        self._idle_seconds = idle_seconds
        self._tls = tls
        self._proxy = None if proxy is None else check_proxy(proxy)
        self._max_body_bytes = max_body_bytes
        self._room: asyncio.Semaphore | None = None
        # Its time-outs for connecting and reading are a client's, not a request's.
        self._clients: dict[tuple[float, float], Client] = {}

    async def exchange(self, request: WireRequest, timeouts: Timeouts, progress: Progress) -> Response:
        """Send one request and read the whole answer; see `Transport.exchange`.

        Raises:
            UsageError: The event loop is not asyncio's.
        """
        progress.may_have_left = False
        client = self._clients.get((timeouts.connect, timeouts.read)) or self._client(timeouts)
        if self._room is None:
            self._room = asyncio.Semaphore(self._max_connections)
        await self._room.acquire()
        try:
            outgoing = _built(client, request)
            progress.may_have_left = True
            incoming = await faithful(outgoing.__aenter__())
            try:
                body, complete = await _read(incoming, self._max_body_bytes)
            finally:
                await faithful(outgoing.__aexit__(None, None, None))
        except (ConnectError, ConnectTimeoutError) as error:
            progress.may_have_left = not _never_connected(error)
            raise
        finally:
            self._room.release()
        headers = _headers(incoming)
        encoding = incoming.get_header("Content-Encoding")
        if encoding is not None:
            body, decoded = decompressed(body, encoding, self._max_body_bytes)
            complete = complete and decoded
        return Response(incoming.status, headers, body, complete)

    async def aclose(self) -> None:
        """Close every connection."""
        clients, self._clients = self._clients, {}
        for client in clients.values():
            await client.close()
        if clients:
            come_to_rest()

    def _client(self, timeouts: Timeouts) -> Client:
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            raise UsageError("the pyreqwest adapter runs on asyncio alone; take httpx on trio") from None
        builder = on_the_thread().no_proxy().follow_redirects(enable=False).referer(enable=False)
        builder = builder.gzip(enable=False).deflate(enable=False).brotli(enable=False).zstd(enable=False)
        builder = builder.pool_idle_timeout(timedelta(seconds=self._idle_seconds))
        # Its silence counts from the start, connecting included: the attempt must end first, to be known as such.
        connect = min(timeouts.connect, 0.9 * timeouts.read)
        if connect < math.inf:
            builder = builder.connect_timeout(_delta(connect))
        if timeouts.read < math.inf:
            builder = builder.read_timeout(_delta(timeouts.read))
        if self._proxy is not None:
            builder = builder.proxy(ProxyBuilder.all(self._proxy))
        for certificate in self._tls.certificates() if self._tls is not None else ():
            builder = builder.add_root_certificate_pem(certificate)
        client = self._clients[timeouts.connect, timeouts.read] = builder.build()
        return client


@lru_cache(maxsize=64)
def _parsed(url: str) -> Url:
    """A program sends to few addresses, and parsing one takes longer than all else of a request."""
    return Url(url)


def _built(client: Client, request: WireRequest) -> StreamRequest:
    building = client.request(request.method, _parsed(request.url)).headers(request.headers + _IDENTITY)
    if request.content is not None:
        building = building.body_bytes(request.content)
    # Read ahead by more, and a body that breaks off would take the status with it.
    return building.streamed_read_buffer_limit(1).build_streamed()


async def _read(incoming: Incoming, limit: int) -> tuple[bytes, bool]:
    """Return the body, up to the limit, and whether that is all of it: the status is known either way."""
    reader = incoming.body_reader
    # Known to be whole, a body need not be asked for more: one turn to the other thread less.
    announced = incoming.get_header("Content-Length")
    body = b""
    try:
        while (chunk := await faithful(reader.read_chunk())) is not None:
            body += bytes(chunk)
            if len(body) > limit:
                return body[:limit], False
            if announced == str(len(body)):
                break
    except PyreqwestError:
        return body, False
    return body, True


def _headers(incoming: Incoming) -> Headers:
    try:
        return tuple(incoming.headers.items())
    except ValueError:
        # Bytes outside ASCII, which it does not hand out: the other headers are as good as ever.
        return tuple((name, value) for name in incoming.headers.keys() for value in _values(incoming, name))  # noqa: SIM118


def _values(incoming: Incoming, name: str) -> list[str]:
    try:
        return incoming.get_header_all(name)
    except ValueError:
        return []


def _never_connected(error: ConnectError | ConnectTimeoutError) -> bool:
    """Say whether the causes prove that no connection was there to carry the request."""
    causes = [cause["message"] for cause in error.details["causes"] or ()]
    return causes[1:2] == ["client error (Connect)"] and causes[0].startswith("error sending request for url")


def _delta(seconds: float) -> timedelta:
    return timedelta(seconds=min(seconds, timedelta.max.total_seconds() // 1000))
