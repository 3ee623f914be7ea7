"""The default adapter: httpx's connection pool, without its client.

The client's redirects, cookies, environment proxies and log lines are what this package must not have, so requests go
to `httpx.AsyncHTTPTransport` itself. Whether a request left is watched through httpcore's `trace` extension, never read
from an exception's name.
"""

from __future__ import annotations

import logging
import math
import ssl
import zlib
from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any, Final

import httpx

from connectly_api.transport.protocol import Progress, Response, Timeouts, WireRequest

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


def _is_to_be_logged(_record: logging.LogRecord) -> bool:
    return not _IS_SILENT.get()


class HttpxTransport:
    """Sends requests through httpx, on asyncio or trio."""

    def __init__(
        self,
        *,
        max_connections: int = 100,
        idle_seconds: float = 5.0,
        verify: ssl.SSLContext | None = None,
        proxy: str | None = None,
        max_body_bytes: int = 8 * 2**20,
        log_wire: bool = False,
    ) -> None:
        """Set up a pool; nothing is opened yet.

        Args:
            max_connections: Connections at most; further requests wait for one, within their time-outs.
            idle_seconds: How long an unused connection is kept. Short, as one that the server closes in the same
                moment as it is used leaves the fate of a message unknown.
            verify: The TLS context; httpx's own certificate authorities where None.
            proxy: `http://`, `https://` or `socks5://` address of a proxy (the last needs httpx's `socks` extra).
            max_body_bytes: What is read of an answer, before and after decompression; the rest is left unread.
            log_wire: Whether httpcore may log these requests at DEBUG: its lines repeat the heads of answers, and so
                whatever of a request a server repeats in them.
        """
        self._options: dict[str, Any] = {
            "limits": httpx.Limits(
                max_connections=max_connections,
                max_keepalive_connections=max_connections,
                keepalive_expiry=idle_seconds,
            ),
            "verify": True if verify is None else verify,
            "trust_env": False,
            "proxy": proxy,
        }
        self._max_body_bytes = max_body_bytes
        self._is_silent = not log_wire
        self._pool: httpx.AsyncHTTPTransport | None = None

    async def exchange(self, request: WireRequest, timeouts: Timeouts, progress: Progress) -> Response:
        """Send one request and read the whole answer; see `Transport.exchange`."""
        # Made at the first use, as loading certificate authorities takes tens of milliseconds.
        if self._pool is None:
            self._pool = httpx.AsyncHTTPTransport(**self._options)
            for name in _CHATTY:
                logging.getLogger(name).addFilter(_is_to_be_logged)

        outgoing = httpx.Request(
            request.method,
            request.url,
            headers=[*request.headers, ("Accept-Encoding", "identity")],
            content=request.content,
            extensions={"timeout": _httpx_timeouts(timeouts), "trace": _Watch(progress)},
        )
        silence = _IS_SILENT.set(self._is_silent)
        try:
            response = await self._pool.handle_async_request(outgoing)
            body, complete = await self._read(response)
        except httpx.TimeoutException as error:
            raise TimeoutError(type(error).__name__) from error
        finally:
            _IS_SILENT.reset(silence)
        headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in response.headers.raw)
        body, decoded = _decompressed(body, response.headers.get("Content-Encoding", ""), self._max_body_bytes)
        return Response(response.status_code, headers, body, complete and decoded)

    async def aclose(self) -> None:
        """Close every connection."""
        pool, self._pool = self._pool, None
        if pool is not None:
            await pool.aclose()

    async def _read(self, response: httpx.Response) -> tuple[bytes, bool]:
        """Return the raw body, up to the limit, and whether that is all of it: the status is known either way."""
        body = bytearray()
        try:
            async for chunk in response.aiter_raw():
                body += chunk
                if len(body) > self._max_body_bytes:
                    return bytes(body[: self._max_body_bytes]), False
        except (httpx.HTTPError, OSError):
            return bytes(body), False
        finally:
            await response.aclose()
        return bytes(body), True


class _Watch:
    """Follows one request through httpcore's events and notes when it may have left."""

    def __init__(self, progress: Progress) -> None:
        # Waiting for a connection of the pool emits no event, and is no connection yet.
        progress.may_have_left = False
        self._progress = progress
        self._in_tunnel = False

    async def __call__(self, event: str, info: Mapping[str, Any]) -> None:
        # A proxy is first asked for a tunnel, by a request of its own; its later events do not name it again.
        if "request" in info:
            self._in_tunnel = info["request"].method == b"CONNECT"
        is_of_tunnel = self._in_tunnel and not event.startswith("connection.")
        self._progress.may_have_left = not is_of_tunnel and event not in _NO_CONNECTION_YET


def _httpx_timeouts(timeouts: Timeouts) -> dict[str, float | None]:
    connect, read = (None if value == math.inf else value for value in (timeouts.connect, timeouts.read))
    # Waiting for the pool is bounded by the call's own deadline.
    return {"connect": connect, "read": read, "write": read, "pool": None}


def _decompressed(body: bytes, encoding: str, limit: int) -> tuple[bytes, bool]:
    """Return the body as the sender meant it, up to the limit, and whether that is all of it.

    `identity` is asked for; gzip and deflate are read all the same, as something in between may insist on them. What
    cannot be read stays as it came: parsing it fails then, with the status known.
    """
    if encoding.strip().lower() not in {"gzip", "x-gzip", "deflate"}:
        return body, True
    decompressor = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)
    try:
        plain = decompressor.decompress(body, limit)
    except zlib.error:
        return body, True
    return plain, not decompressor.unconsumed_tail
