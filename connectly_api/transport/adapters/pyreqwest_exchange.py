"""The part of the fast adapter that names pyreqwest; `pyreqwest_loading` imports it, in the right thread.

pyreqwest's exceptions' names say nothing: a request that the server has read and then dropped raises `ConnectError`,
and a silent server `ConnectTimeoutError`. What tells is the chain of causes, in which hyper's client says where it
failed: `client error (Connect)` before there was a connection, anything else, or nothing, when there may have been one.
Only the first is believed; a text that a later version words otherwise errs on the safe side.
"""

from __future__ import annotations

import asyncio
import errno
import math
from datetime import timedelta
from functools import lru_cache
from typing import Final

from pyreqwest.client import Client
from pyreqwest.exceptions import BuilderError, ConnectError, ConnectTimeoutError, PyreqwestError
from pyreqwest.http import Url
from pyreqwest.proxy import ProxyBuilder
from pyreqwest.request import StreamRequest
from pyreqwest.response import Response as Incoming

from connectly_api.errors import Headers
from connectly_api.transport.adapters.pyreqwest_exit import come_to_rest, faithful, on_the_thread
from connectly_api.transport.protocol import (
    ClosedError,
    Progress,
    Response,
    Timeouts,
    WireRequest,
)
from connectly_api.transport.tls import Tls, decompressed

__all__ = ["Exchange", "start"]

_IDENTITY: Final = (("Accept-Encoding", "identity"),)

_HOPELESS: Final = (
    "invalid dns name",
    "tunnel error: unsuccessful",
    "invalid peer certificate",
    "peer is incompatible",
    "received corrupt message",
    "received fatal alert",
    "proxy authorization required",
    "credentials not accepted",
    "server does not support user/pass",
)
"""In the causes of a connection that was never made: what the same request meets again."""


def start() -> None:
    """Start pyreqwest's thread, so that whatever prevents it is known before anything is sent."""
    come_to_rest()


class Exchange:
    """The connections of one adapter."""

    def __init__(
        self, *, max_connections: int, idle_seconds: float, tls: Tls | None, proxy: str | None, max_body_bytes: int
    ) -> None:
        """Note the settings; see `PyreqwestTransport`."""
        self._idle_seconds = idle_seconds
        self._tls = tls
        self._proxy = proxy
        self._max_body_bytes = max_body_bytes
        self._room = asyncio.Semaphore(max_connections)
        # Its time-outs for connecting and reading are a client's, not a request's.
        self._clients: dict[tuple[float, float], Client] = {}
        self._is_closed = False

    async def __call__(self, request: WireRequest, timeouts: Timeouts, progress: Progress) -> Response:
        """Send one request and read the whole answer; see `Transport.exchange`."""
        await self._room.acquire()
        try:
            if self._is_closed:
                raise ClosedError(progress)
            client = self._clients.get((timeouts.connect, timeouts.read)) or self._client(timeouts)
            outgoing = _built(client, request, timeouts.total)
            progress.may_have_left = True
            incoming = await faithful(outgoing.__aenter__())
            try:
                body, complete = await _read(incoming, self._max_body_bytes)
            finally:
                await faithful(outgoing.__aexit__(None, None, None))
        except BuilderError as error:
            progress.may_have_left, progress.may_pass = False, _lacks_descriptors(error)
            raise
        except (ConnectError, ConnectTimeoutError) as error:
            if _never_connected(error):
                progress.may_have_left = False
                progress.may_pass = not _is_hopeless(error)
            raise
        finally:
            self._room.release()
        headers = _headers(incoming)
        encoding = ",".join(value for name, value in headers if name.lower() == "content-encoding")
        if encoding:
            body, decoded = decompressed(body, encoding, self._max_body_bytes)
            complete = complete and decoded
        return Response(incoming.status, headers, body, complete)

    async def aclose(self) -> None:
        """Close every connection."""
        self._is_closed = True
        clients, self._clients = self._clients, {}
        for client in clients.values():
            await client.close()
        if clients:
            come_to_rest()

    def _client(self, timeouts: Timeouts) -> Client:
        builder = on_the_thread().no_proxy().follow_redirects(enable=False).referer(enable=False)
        builder = builder.gzip(enable=False).deflate(enable=False).brotli(enable=False).zstd(enable=False)
        # An odd header is no reason to lose an answer.
        builder = builder.http1_allow_obsolete_multiline_headers_in_responses(value=True)
        builder = builder.http1_ignore_invalid_headers_in_responses(value=True)
        builder = builder.http1_allow_spaces_after_header_name_in_responses(value=True)
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


def _built(client: Client, request: WireRequest, seconds: float) -> StreamRequest:
    building = client.request(request.method, _parsed(request.url)).headers(request.headers + _IDENTITY)
    if request.content is not None:
        building = building.body_bytes(request.content)
    if seconds < math.inf:
        # A request that is cancelled goes on in pyreqwest's thread. Nobody waits for it, so it ends a little later.
        building = building.timeout(_delta(seconds + 1))
    # Read ahead at all, and a body that falls silent or breaks off would take the status with it.
    return building.streamed_read_buffer_limit(0).build_streamed()


async def _read(incoming: Incoming, limit: int) -> tuple[bytes, bool]:
    """Return the body, up to the limit, and whether that is all of it: the status is known either way."""
    reader = incoming.body_reader
    # Known to be whole, a body need not be asked for more: one turn to the other thread less.
    announced = next(iter(_values(incoming, "Content-Length")), None)
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


def _is_hopeless(error: ConnectError | ConnectTimeoutError) -> bool:
    return any(sign in cause["message"] for cause in (error.details["causes"] or ())[2:] for sign in _HOPELESS)


def _lacks_descriptors(error: BuilderError) -> bool:
    return any(f"(os error {number})" in str(error) for number in (errno.EMFILE, errno.ENFILE))


def _delta(seconds: float) -> timedelta:
    return timedelta(seconds=min(seconds, timedelta.max.total_seconds() // 1000))
