"""The fast adapter: pyreqwest, Rust's reqwest for asyncio (extra `fast`), loaded when the first request is sent."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TYPE_CHECKING

from connectly_api.errors import UsageError
from connectly_api.tracebacks import cut_init_traceback
from connectly_api.transport.adapters.network import NetworkTransport, check_limits
from connectly_api.transport.adapters.pyreqwest_loading import load
from connectly_api.transport.protocol import ClosedError, Progress, Response, Timeouts, WireRequest
from connectly_api.transport.proxy import check_proxy_route
from connectly_api.transport.tls import Tls

if TYPE_CHECKING:
    from connectly_api.transport.adapters.pyreqwest_exchange import Exchange


@cut_init_traceback
class PyreqwestTransport(NetworkTransport):
    """Sends requests through pyreqwest, on asyncio.

    It differs from the httpx adapter in a few ways:

    - If the deadline of the whole call, or `aclose`, ends a request while a connection is being opened, the outcome is
      unknown, as nothing proves that the request did not leave. Keep `Timeouts.connect` below `total`.
    - It cannot see bytes that a server sends behind a response: a 429 is taken for a 429, even if another response
      follows it.
    - It does not know why a proxy opened no tunnel, so such a request is not repeated.
    - It trusts the operating system's authorities rather than certifi's, and the environment variables `SSL_CERT_FILE`
      and `SSL_CERT_DIR` replace them.
    - It cannot be used in a process that was forked after its parent sent something.
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
        """Keep the settings; nothing is loaded or opened yet.

        Args:
            max_connections: How many requests may be in flight; further ones wait in order, within their time-outs.
            idle_seconds: How long to keep an unused connection. Short, because if the server closes one just as it is
                used, nobody knows what became of the message.
            tls: Further certificate authorities to trust.
            proxy: `http://`, `https://` or `socks5://` address of a proxy.
            max_body_bytes: How much of a response is read, before and after decompression; the rest is left unread.

        Raises:
            InvalidInputError: A setting cannot be used.
        """
        check_limits(max_connections=max_connections, idle_seconds=idle_seconds, max_body_bytes=max_body_bytes)
        super().__init__(proxy=proxy, tls=tls)
        self._max_connections = max_connections
        self._idle_seconds = idle_seconds
        self._max_body_bytes = max_body_bytes
        self._exchange: Exchange | None = None

    def exchange(self, request: WireRequest, timeouts: Timeouts, progress: Progress) -> Awaitable[Response]:
        """Send one request and read the whole response; see `Transport.exchange`.

        Raises:
            UsageError: The event loop is not asyncio's, or pyreqwest was used before this process was forked.
        """
        progress.may_have_left = False
        if self._is_closed:
            raise ClosedError(progress)
        if self._proxy is not None:
            check_proxy_route(request.url, self._proxy)
        if self._exchange is None:
            self._exchange = self._start()
        return self._exchange(request, timeouts, progress)

    async def aclose(self) -> None:
        """Close every connection."""
        self._is_closed = True
        if self._exchange is not None:
            await self._exchange.aclose()

    def _start(self) -> Exchange:
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            raise UsageError("the pyreqwest adapter runs on asyncio alone; take httpx on trio") from None
        exchange: Exchange = load().Exchange(
            max_connections=self._max_connections,
            idle_seconds=self._idle_seconds,
            tls=self._tls,
            proxy=self._proxy,
            max_body_bytes=self._max_body_bytes,
        )
        return exchange
