"""The default adapter: the connections below httpx, without its client and its pool.

httpx's client follows redirects, keeps cookies, reads proxies from the environment and writes log lines, none of which
this package may do, and the pool's cost per request grows with its connections. So requests go to httpcore, which
httpx is built on, and each connection is used by one request at a time. `httpx_connections` keeps the connections,
`httpx_stream` is what httpcore writes to and reads from.

**What proves that a request never left.** httpcore writes to a `Stream` of ours, which holds the bytes back until the
response is read, and then writes the head and the body in one piece. `Progress.may_have_left` becomes true right before
that write and nowhere else. Whatever fails earlier (settings, names, sockets, TLS, a proxy's tunnel) sent nothing.

**What proves that a response belongs to its request.** Bytes that can be read before the request is written belong to
something else: a second response to the previous request, or the last bytes of a server that closes an idle
connection. So a connection with unread bytes is not used:

- in the parser: checked once the response is complete, as nothing else can put bytes there;
- in the socket, in anyio's queue and in the TLS layer: checked right before the request is written, with no turn of the
  event loop in between.

A stray response that is still on its way at that moment looks the same as an early response to the request.
"""

from __future__ import annotations

import errno
import logging
import ssl
from typing import Final

import certifi
import httpcore
import httpx

from connectly_api.errors import InvalidInputError
from connectly_api.setting_rules import check_kind
from connectly_api.tracebacks import cut_init_traceback
from connectly_api.transport.adapters.httpx_connections import Connections, build_request, to_finite
from connectly_api.transport.adapters.httpx_stream import EXCHANGE, Exchange
from connectly_api.transport.adapters.network import ConnectionSettings, NetworkTransport
from connectly_api.transport.endpoint import check_socksio
from connectly_api.transport.protocol import (
    BrokenExchangeError,
    ClosedError,
    Progress,
    Response,
    Timeouts,
    WireRequest,
)
from connectly_api.transport.tls import Tls

# httpcore's log lines repeat what servers send, which may repeat what they were sent.
_LOGGERS: Final = ("httpcore.connection", "httpcore.http11", "httpcore.http2", "httpcore.proxy", "httpcore.socks")

# Resources that a process may have again a moment later.
_EXHAUSTED: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOBUFS, errno.EAGAIN})


@cut_init_traceback
class HttpxTransport(NetworkTransport):
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
            max_connections: Connections at most; further requests wait for one in order, within their timeouts.
            idle_seconds: How long to keep an unused connection. Short, because if the server closes one just as it is
                used, nobody knows whether the message was accepted.
            verify: A TLS context of your own instead of `tls`.
            tls: Further certificate authorities to trust.
            proxy: The `http://`, `https://` or `socks5://` URL of a proxy (the last needs httpx's `socks` extra).
            max_body_bytes: How much of a response is read, before and after decompression; the rest is left unread.
            log_wire: Whether httpcore may log these requests at DEBUG: its lines repeat the heads of responses, and a
                server may repeat parts of a request in them.

        Raises:
            InvalidInputError: A setting is invalid.
        """
        check_kind("verify", verify, ssl.SSLContext, "an ssl.SSLContext")
        check_kind("log_wire", log_wire, bool, "True or False")
        super().__init__(ConnectionSettings(max_connections, max_body_bytes, idle_seconds, tls, proxy))
        check_socksio(proxy)
        self._verify = verify
        self._proxy = None if proxy is None else _parse_proxy(proxy)
        self._is_silent = not log_wire
        self._connections: Connections | None = None

    async def exchange(self, request: WireRequest, timeouts: Timeouts, progress: Progress) -> Response:
        """Send one request and read the whole response; see `Transport.exchange`."""
        progress.may_have_left = False
        self.check_base_url(request.url)
        exchange = Exchange(progress, to_finite(timeouts.connect), is_silent=self._is_silent)
        token = EXCHANGE.set(exchange)
        try:
            connections = self._connections or self._open(progress)
            return await connections.exchange(build_request(request, timeouts), exchange, self._settings.max_body_bytes)
        except httpcore.ProxyError as error:
            progress.is_transient, text = _explain_proxy_error(str(error))
            raise BrokenExchangeError(text) from None
        except httpcore.RemoteProtocolError as error:
            # Its text may repeat what the server sent.
            hung_up = str(error).startswith("Server disconnected")
            raise BrokenExchangeError(
                "connection closed without a response" if hung_up else "no HTTP response"
            ) from None
        finally:
            if self._is_closed:
                progress.is_transient = False
            EXCHANGE.reset(token)

    async def aclose(self) -> None:
        """Close every connection, for good: later requests, and those that wait for a connection, are not sent."""
        self._is_closed = True
        if self._connections is not None:
            await self._connections.aclose()

    def _open(self, progress: Progress) -> Connections:
        # At the first use, as loading certificates takes tens of milliseconds.
        if self._is_closed:
            raise ClosedError(progress)
        try:
            verify = self._verify or _create_tls_context(self._settings.tls)
        except OSError as error:
            progress.is_transient = not isinstance(error, ssl.SSLError) and error.errno in _EXHAUSTED
            raise
        proxy = None if self._proxy is None else _to_httpcore(self._proxy, verify)
        for name in _LOGGERS:
            logging.getLogger(name).addFilter(_is_loggable)
        self._connections = Connections(verify, proxy, self._settings.max_connections, self._settings.idle_seconds)
        return self._connections


def _is_loggable(_record: logging.LogRecord) -> bool:
    return not EXCHANGE.get().is_silent


def _create_tls_context(tls: Tls | None) -> ssl.SSLContext:
    # Not ssl.create_default_context, which reads SSLKEYLOGFILE.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(certifi.where())
    for certificate in tls.certificates() if tls is not None else ():
        context.load_verify_locations(cadata=certificate.decode("ascii"))
    return context


def _parse_proxy(address: str) -> httpx.Proxy:
    try:
        return httpx.Proxy(address)
    except (httpx.InvalidURL, ValueError):
        raise InvalidInputError("proxy: is not a URL", field="proxy", size=len(address)) from None


def _to_httpcore(proxy: httpx.Proxy, verify: ssl.SSLContext) -> httpcore.Proxy:
    # A proxy's certificate has its host name, as a server's does.
    return httpcore.Proxy(
        str(proxy.url), auth=proxy.raw_auth, ssl_context=verify if proxy.url.scheme == "https" else None
    )


def _explain_proxy_error(text: str) -> tuple[bool, str]:
    """Return whether a failed tunnel may work later, and the reason: the proxy's status, but not its text."""
    status = text[:3]
    if status.isdecimal():
        return status[0] == "5" or status in {"408", "429"}, f"the proxy returned {status}"
    # A SOCKS proxy sends no text: this one is httpcore's.
    return text.startswith("Proxy Server could not connect"), "the SOCKS proxy opened no connection"
