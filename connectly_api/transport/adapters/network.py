"""What the adapters that open connections share: their settings, and the rule for proxies."""

from __future__ import annotations

from connectly_api.errors import InvalidInputError
from connectly_api.number_checks import check_count, is_number
from connectly_api.setting_rules import check_kind
from connectly_api.transport.proxy import check_proxy, check_proxy_route
from connectly_api.transport.tls import Tls


class NetworkTransport:
    """The base of the adapters that open connections."""

    def __init__(self, *, proxy: str | None, tls: Tls | None, needs_socksio: bool = False) -> None:
        """Check and keep what all of them take.

        Raises:
            InvalidInputError: A setting cannot be used.
        """
        check_kind("tls", tls, Tls, "a Tls value, Tls(authorities=…)")
        self._tls = tls
        self._proxy = None if proxy is None else check_proxy(proxy, needs_socksio=needs_socksio)
        self._is_closed = False

    def check_base_url(self, base_url: str) -> None:
        """Refuse an address that the proxy would be sent unencrypted; see `Transport`.

        Raises:
            InvalidInputError: It is plain http, and the proxy is not on this machine.
        """
        check_proxy_route(base_url, self._proxy)


def check_limits(*, max_connections: int, idle_seconds: float, max_body_bytes: int) -> None:
    """Check the limits of an adapter's connections.

    Raises:
        InvalidInputError: A number is none, or too small.
    """
    check_count("max_connections", max_connections)
    check_count("max_body_bytes", max_body_bytes)
    if not is_number(idle_seconds, 0):
        raise InvalidInputError("idle_seconds: must be a number of seconds, 0 or more", field="idle_seconds")
