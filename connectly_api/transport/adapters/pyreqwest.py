"""The fast adapter: pyreqwest, Rust's reqwest for asyncio (extra `fast`), loaded when the first request is sent."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TYPE_CHECKING, cast

from connectly_api.errors import UsageError
from connectly_api.tracebacks import cut_init_traceback
from connectly_api.transport.adapters.network import ConnectionSettings, NetworkTransport
from connectly_api.transport.adapters.pyreqwest_loading import load
from connectly_api.transport.deadline import get_asyncio_loop
from connectly_api.transport.protocol import ClosedError, Progress, Response, Timeouts, WireRequest
from connectly_api.transport.tls import Tls

if TYPE_CHECKING:
    from connectly_api.transport.adapters.pyreqwest_exchange import Exchange


@cut_init_traceback
class PyreqwestTransport(NetworkTransport):
    """Sends requests through pyreqwest, on asyncio.

    It differs from the httpx adapter in a few ways:

    - If the deadline of the whole call, or `aclose`, ends a request while a connection is being opened, the outcome is
      unknown, as nothing proves that the request did not leave. Keep `Timeouts.connect` below `total`.
    - It cannot detect bytes that a server sends after a response: a 429 counts as a 429, even if another response
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
        """Keep the settings, the same as for `HttpxTransport`; nothing is loaded or opened yet.

        Raises:
            InvalidInputError: A setting is invalid.
        """
        super().__init__(ConnectionSettings(max_connections, max_body_bytes, idle_seconds, tls, proxy))
        self._exchange: Exchange | None = None

    def exchange(self, request: WireRequest, timeouts: Timeouts, progress: Progress) -> Awaitable[Response]:
        """Send one request and read the whole response; see `Transport.exchange`."""
        progress.may_have_left = False
        if self._is_closed:
            raise ClosedError(progress)
        self.check_base_url(request.url)
        if self._exchange is None:
            if get_asyncio_loop() is None:
                raise UsageError("the pyreqwest adapter only runs on asyncio; use httpx on trio")
            self._exchange = cast("Exchange", load().Exchange(self._settings))
        return self._exchange(request, timeouts, progress)

    async def aclose(self) -> None:
        """Close every connection."""
        self._is_closed = True
        if self._exchange is not None:
            await self._exchange.aclose()
