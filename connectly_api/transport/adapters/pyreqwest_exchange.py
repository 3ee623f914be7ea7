"""The part of the fast adapter that names pyreqwest; `pyreqwest_loading` imports it, in the right thread.

What proves that a request never left? Not the names of pyreqwest's exceptions: a request that the server has read and
then dropped raises `ConnectError`, and a silent server `ConnectTimeoutError`. But in their chain of causes, hyper's
client says where it failed: `client error (Connect)` means that there was no connection yet. Anything else counts as
unknown, so a later version with other texts errs on the safe side.
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
from connectly_api.transport.adapters.network import ConnectionSettings
from connectly_api.transport.adapters.pyreqwest_exit import await_cancellably, create_client_builder, drain_thread
from connectly_api.transport.decompression import decompress
from connectly_api.transport.protocol import ClosedError, Progress, Response, Timeouts, WireRequest

_IDENTITY: Final = (("Accept-Encoding", "identity"),)

_PERMANENT: Final = (
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
"""Causes of a failed connection that will also stop a retry."""


def start() -> None:
    """Start pyreqwest's thread, so that whatever prevents it is known before anything is sent."""
    drain_thread()


class Exchange:
    """The connections of one adapter."""

    def __init__(self, settings: ConnectionSettings) -> None:
        self._settings = settings
        self._in_flight = asyncio.Semaphore(settings.max_connections)
        # pyreqwest's timeouts for connecting and reading belong to a client, not to a request.
        self._clients: dict[tuple[float, float], Client] = {}
        self._is_closed = False

    async def __call__(self, request: WireRequest, timeouts: Timeouts, progress: Progress) -> Response:
        """Send one request and read the whole response; see `Transport.exchange`."""
        await self._in_flight.acquire()
        try:
            if self._is_closed:
                raise ClosedError(progress)
            client = self._clients.get((timeouts.connect, timeouts.read)) or self._create_client(timeouts)
            outgoing = _build_request(client, request, timeouts.total)
            progress.may_have_left = True
            incoming = await await_cancellably(outgoing.__aenter__())
            try:
                body, complete = await _read_body(incoming, self._settings.max_body_bytes)
            finally:
                await await_cancellably(outgoing.__aexit__(None, None, None))
        except BuilderError as error:
            progress.may_have_left, progress.is_transient = False, _is_out_of_descriptors(error)
            raise
        except (ConnectError, ConnectTimeoutError) as error:
            if _is_unconnected(error):
                progress.may_have_left = False
                progress.is_transient = not _is_permanent(error)
            raise
        finally:
            self._in_flight.release()
        return decompress(
            Response(incoming.status, _read_headers(incoming), body, complete), self._settings.max_body_bytes
        )

    async def aclose(self) -> None:
        """Close every connection."""
        self._is_closed = True
        clients, self._clients = self._clients, {}
        for client in clients.values():
            await client.close()
        if clients:
            drain_thread()

    def _create_client(self, timeouts: Timeouts) -> Client:
        builder = create_client_builder().no_proxy().follow_redirects(enable=False).referer(enable=False)
        builder = builder.gzip(enable=False).deflate(enable=False).brotli(enable=False).zstd(enable=False)
        # An unusual header is no reason to lose a response.
        builder = builder.http1_allow_obsolete_multiline_headers_in_responses(value=True)
        builder = builder.http1_ignore_invalid_headers_in_responses(value=True)
        builder = builder.http1_allow_spaces_after_header_name_in_responses(value=True)
        builder = builder.pool_idle_timeout(timedelta(seconds=self._settings.idle_seconds))
        # pyreqwest's read timeout includes connecting, so the connection attempt must end first to be distinguished.
        connect = min(timeouts.connect, 0.9 * timeouts.read)
        if connect < math.inf:
            builder = builder.connect_timeout(_to_timedelta(connect))
        if timeouts.read < math.inf:
            builder = builder.read_timeout(_to_timedelta(timeouts.read))
        if self._settings.proxy is not None:
            builder = builder.proxy(ProxyBuilder.all(self._settings.proxy))
        for certificate in self._settings.tls.certificates() if self._settings.tls is not None else ():
            builder = builder.add_root_certificate_pem(certificate)
        client = self._clients[timeouts.connect, timeouts.read] = builder.build()
        return client


@lru_cache(maxsize=64)
def _parse_url(url: str) -> Url:
    """Cached: a program uses few URLs, and parsing one takes longer than the rest of a request."""
    return Url(url)


def _build_request(client: Client, request: WireRequest, seconds: float) -> StreamRequest:
    builder = client.request(request.method, _parse_url(request.url)).headers(request.headers + _IDENTITY)
    if request.content is not None:
        builder = builder.body_bytes(request.content)
    if seconds < math.inf:
        # A cancelled request continues in pyreqwest's thread, with nobody waiting for it: this ends it a little later.
        builder = builder.timeout(_to_timedelta(seconds + 1))
    # If the body were read ahead, one that stalls or breaks off would lose the status, too.
    return builder.streamed_read_buffer_limit(0).build_streamed()


async def _read_body(incoming: Incoming, limit: int) -> tuple[bytes, bool]:
    """Return the body, up to the limit, and whether that is all of it: the status is known either way."""
    reader = incoming.body_reader
    # Once the body is complete, another read would be a needless switch between threads.
    announced = next(iter(_read_values(incoming, "Content-Length")), None)
    body = b""
    try:
        while (chunk := await await_cancellably(reader.read_chunk())) is not None:
            body += bytes(chunk)
            if len(body) > limit:
                return body[:limit], False
            if announced == str(len(body)):
                break
    except PyreqwestError:
        return body, False
    return body, True


def _read_headers(incoming: Incoming) -> Headers:
    try:
        return tuple(incoming.headers.items())
    except ValueError:
        # pyreqwest raises for a header with bytes outside ASCII: leave that one out.
        return tuple((name, value) for name in incoming.headers.keys() for value in _read_values(incoming, name))  # noqa: SIM118


def _read_values(incoming: Incoming, name: str) -> list[str]:
    try:
        return incoming.get_header_all(name)
    except ValueError:
        return []


def _is_unconnected(error: ConnectError | ConnectTimeoutError) -> bool:
    """Return whether the causes prove that there was no connection to carry the request."""
    causes = [cause["message"] for cause in error.details["causes"] or ()]
    return causes[1:2] == ["client error (Connect)"] and causes[0].startswith("error sending request for url")


def _is_permanent(error: ConnectError | ConnectTimeoutError) -> bool:
    return any(sign in cause["message"] for cause in (error.details["causes"] or ())[2:] for sign in _PERMANENT)


def _is_out_of_descriptors(error: BuilderError) -> bool:
    return any(f"(os error {number})" in str(error) for number in (errno.EMFILE, errno.ENFILE))


def _to_timedelta(seconds: float) -> timedelta:
    return timedelta(seconds=min(seconds, timedelta.max.total_seconds() // 1000))
