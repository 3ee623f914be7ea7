"""Who may use the control interface: programs, and the sandbox's own page, but no other website. Pure.

A browser lets any website send requests to this machine; and a website whose name its owner resolves to 127.0.0.1 reads
the answers as its own (DNS rebinding). So a request from another origin is refused, and so is one whose `Host` is a
name that the sandbox does not have. An IP address cannot be made to mean another machine. Programs send neither
`Origin` nor `Sec-Fetch-Site`, and the `Host` that they connect to.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

_PORTS: Final[Mapping[str, int]] = {"http": 80, "https": 443}
_MAX_PORT: Final = 65_535

_AUTHORITY: Final = re.compile(
    r"(?:\[(?P<v6>[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*)\]|(?P<name>[A-Za-z0-9._-]+))(?::([0-9]{0,5}))?"
)


def find_access_problem(
    headers: Iterable[tuple[str, str]], scheme: str, server: str | None, allow_hosts: Iterable[str]
) -> str | None:
    """Return why a request is refused, and what to do about it; None if it may pass.

    Args:
        headers: The names, in lower case, with their values.
        scheme: The scheme of the request's URL.
        server: The address or name of the server, as the server knows it.
        allow_hosts: The setting.
    """
    given: dict[str, list[str]] = {"host": [], "origin": [], "sec-fetch-site": []}
    for name, value in headers:
        if name in given:
            given[name].append(value)
    allowed = set(map(_normalize_host, allow_hosts))
    hosts = given["host"]
    if len(hosts) > 1 or not all(_is_own(host, scheme, server, allowed) for host in hosts):
        return (
            "the Host is not a name of this sandbox: use 127.0.0.1 or localhost, or allow it (--allow-host NAME, or "
            "allow_hosts of Sandbox)"
        )
    if not all(hosts and _is_same_origin(origin, scheme, hosts[0], allowed) for origin in given["origin"]):
        return "the Origin is another website: use the sandbox's own page, or a program that sends no Origin"
    if not set(given["sec-fetch-site"]) <= {"same-origin", "none"}:
        return "another website sent this (Sec-Fetch-Site): type the sandbox's address into the browser yourself"
    return None


def _is_own(authority: str, scheme: str, server: str | None, allowed: set[str]) -> bool:
    host, _ = _parse_authority(authority, scheme) or ("", 0)
    own = _normalize_host(server or "")
    if not host or host in {own, "localhost", *allowed} or host.endswith(".localhost"):
        return bool(host)
    address, own_address = _parse_address(host), _parse_address(own)
    # Who connects to 0.0.0.0 reaches this machine.
    if address is None or address.is_loopback or address.is_unspecified:
        return address is not None
    # A server with an address in a network may have others, outside a container for example.
    return own_address is not None and not own_address.is_loopback


def _is_same_origin(origin: str, scheme: str, authority: str, allowed: set[str]) -> bool:
    own_scheme, _, rest = origin.partition("://")
    own = _parse_authority(rest, own_scheme)
    # Before a host that is allowed there may be a proxy for TLS.
    is_scheme = own_scheme == scheme or (own_scheme in _PORTS and own is not None and own[0] in allowed)
    return is_scheme and own is not None and own == _parse_authority(authority, own_scheme)


def _parse_authority(text: str, scheme: str) -> tuple[str, int] | None:
    """Return the host in its normal form, and the port."""
    found = _AUTHORITY.fullmatch(text)
    if found is None or (found["v6"] and _parse_address(found["v6"]) is None):
        return None
    port = int(found[3] or _PORTS.get(scheme, 0))
    return (_normalize_host(found["v6"] or found["name"]), port) if port <= _MAX_PORT else None


def _normalize_host(text: str) -> str:
    host = text.lower().strip("[]").removesuffix(".")
    return str(_parse_address(host) or host)


def _parse_address(text: str) -> IPv4Address | IPv6Address | None:
    with suppress(ValueError):
        address = ip_address(text)
        return getattr(address, "ipv4_mapped", None) or address
    return None
