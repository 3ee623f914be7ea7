"""Shared by the adapters that open connections: their settings, and the rule for proxies."""

from __future__ import annotations

from typing import Any

import attrs

from connectly_api.errors import InvalidInputError
from connectly_api.number_checks import is_number, validate_count
from connectly_api.setting_rules import check_kind
from connectly_api.transport.endpoint import check_proxy, check_proxy_route
from connectly_api.transport.tls import Tls


def _validate_seconds(_instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if not is_number(value, 0):
        raise InvalidInputError(f"{attribute.name}: must be a number of seconds, 0 or more", field=attribute.name)


def _validate_tls(_instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    check_kind(attribute.name, value, Tls, "a Tls value, Tls(authorities=…)")


def _validate_proxy(_instance: object, _attribute: attrs.Attribute[Any], value: str | None) -> None:
    if value is not None:
        check_proxy(value)


@attrs.frozen
class ConnectionSettings:
    """The settings of an adapter's connections."""

    max_connections: int = attrs.field(default=500, validator=validate_count)
    max_body_bytes: int = attrs.field(default=8 * 2**20, validator=validate_count)
    idle_seconds: float = attrs.field(default=5.0, validator=_validate_seconds)
    tls: Tls | None = attrs.field(default=None, validator=_validate_tls)
    proxy: str | None = attrs.field(default=None, validator=_validate_proxy, repr=False)


class NetworkTransport:
    """The base of the adapters that open connections."""

    def __init__(self, settings: ConnectionSettings) -> None:
        self._settings = settings
        self._is_closed = False

    def check_base_url(self, base_url: str) -> None:
        """Refuse a URL whose requests would reach the proxy unencrypted; see `Transport` and `check_proxy_route`."""
        check_proxy_route(base_url, self._settings.proxy)
