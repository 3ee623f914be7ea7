"""The fast adapter: pyreqwest, Rust's reqwest for asyncio (extra `fast`), loaded when the first request is sent."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TYPE_CHECKING

from connectly_api.errors import UsageError
from connectly_api.tracebacks import cut_init_traceback
from connectly_api.transport.adapters.pyreqwest_loading import load
from connectly_api.transport.endpoint import check_hop
from connectly_api.transport.protocol import ClosedError, Progress, Response, Timeouts, WireRequest
from connectly_api.transport.tls import Tls, check_adapter, check_proxy, check_tls

if TYPE_CHECKING:
    from connectly_api.transport.adapters.pyreqwest_exchange import Exchange

__all__ = ["PyreqwestTransport"]


@cut_init_traceback
class PyreqwestTransport:
    """Sends requests through pyreqwest, on asyncio.

    Some things differ from the httpx adapter. A deadline of the whole call that strikes while a connection is still
    being opened leaves the outcome unknown, as nothing proves that it was: keep `Timeouts.connect` below `total`.
    So does `aclose` at that moment. Bytes that a server sends behind an answer cannot be seen: a 429 with another
    answer behind it is taken for a 429. A proxy's reason to open no tunnel is unknown, so such a request is not
    repeated.
    Trusted authorities are the operating system's rather than certifi's, and the environment variables
    `SSL_CERT_FILE` and `SSL_CERT_DIR` replace them. And a process that was forked after its parent sent something
    cannot use it.
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
        """Note the settings; nothing is loaded or opened yet.

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
        check_adapter(max_connections=max_connections, idle_seconds=idle_seconds, max_body_bytes=max_body_bytes)
        self._max_connections = max_connections
        self._idle_seconds = idle_seconds
        self._tls = check_tls(tls)
        self._proxy = None if proxy is None else check_proxy(proxy)
        self._max_body_bytes = max_body_bytes
        self._exchange: Exchange | None = None
        self._is_closed = False

    def check_base_url(self, base_url: str) -> None:
        """Refuse an address that would be reached in clear over a proxy elsewhere; see `Transport`.

        Raises:
            InvalidInputError: It is plain http, and the proxy is not on this machine.
        """
        check_hop(base_url, self._proxy)

    def exchange(self, request: WireRequest, timeouts: Timeouts, progress: Progress) -> Awaitable[Response]:
        """Send one request and read the whole answer; see `Transport.exchange`.

        Raises:
            UsageError: The event loop is not asyncio's, or pyreqwest was used before this process was forked.
        """
        progress.may_have_left = False
        if self._is_closed:
            raise ClosedError(progress)
        if self._proxy is not None:
            check_hop(request.url, self._proxy)
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
