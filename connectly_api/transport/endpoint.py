"""Where requests go: which addresses and keys are accepted, and how one becomes a request's URL. Pure."""

from __future__ import annotations

import os
import re
from ipaddress import ip_address
from urllib.parse import quote, urlencode, urlsplit

from connectly_api.errors import InvalidInputError
from connectly_api.transport.protocol import Request
from connectly_api.transport.tls import check_proxy
from connectly_api.web_address import is_host

__all__ = [
    "PRODUCTION",
    "address_problem",
    "check_api_key",
    "check_base_url",
    "check_hop",
    "is_loopback",
    "proxy_from_environment",
    "url_of",
]

PRODUCTION = "https://api.connectly.ai"
"""The service. Source: https://docs.connectly.ai."""

# What a header may carry without ambiguity: visible ASCII.
_KEY = re.compile(r"[\x21-\x7e]+")
_SPACE_OR_CONTROL = re.compile(r"[\s\x00-\x20\x7f-\xa0]")


def check_api_key(value: str) -> str:
    """Return the key, if a header can carry it as it is.

    Raises:
        InvalidInputError: It is no string, empty, or holds white space, control or non-ASCII characters. The error does
            not show it.
    """
    given: object = value
    if not isinstance(given, str):
        raise InvalidInputError(f"api_key: must be a string, not {type(given).__name__}", field="api_key")
    if not given:
        raise InvalidInputError("api_key: is empty", field="api_key", size=0)
    if not _KEY.fullmatch(given):
        what = "white space or control characters" if _SPACE_OR_CONTROL.search(given) else "characters outside ASCII"
        raise InvalidInputError(
            f"api_key: {len(given)} characters, with {what} among them", field="api_key", size=len(given)
        )
    return given


def is_loopback(host: str) -> bool:
    """Say whether a host is this machine: `localhost`, 127.0.0.0/8, or ::1."""
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def check_base_url(value: str) -> str:
    """Return the address without a trailing slash, if requests with the key may go there.

    Args:
        value: `https://host[:port][/prefix]`; `http://` is accepted for loopback only.

    Raises:
        InvalidInputError: It is not such an address, not ASCII, or has a user, a query or a fragment.
    """
    given: object = value
    if not isinstance(given, str):
        raise InvalidInputError(f"base_url: must be a string, not {type(given).__name__}", field="base_url")
    problem = address_problem(given)
    if problem is None and not given.isascii():
        problem = "must be ASCII: a host in its xn-- form, a prefix percent-encoded"
    if problem is not None:
        raise InvalidInputError(f"base_url: {problem}", field="base_url", size=len(given))
    return given.rstrip("/")


def address_problem(text: str, *, with_query: bool = False) -> str | None:
    """Return what is wrong with an address of an HTTP server, or None.

    Args:
        text: `https://host[:port][/path]`; `http://` is accepted for loopback only.
        with_query: Whether a query may follow.
    """
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "is not an address"
    # The first that holds is the problem; urlsplit drops some controls in silence, so the text itself is looked at.
    problems = {
        "holds white space or control characters": bool(_SPACE_OR_CONTROL.search(text)),
        "must be https://host[:port][/prefix]": parts.scheme not in {"https", "http"} or not host or port == 0,
        "must not hold a user or a password": "@" in parts.netloc,
        "must not hold a query": "?" in text and not with_query,
        "must not hold a fragment or a backslash": "#" in text or "\\" in text,
        "names a host that cannot be one": not is_host(parts.netloc),
        "plain http can be read by anyone on the way; only loopback may use it": (
            parts.scheme == "http" and not is_loopback(host)
        ),
    }
    return next((problem for problem, holds in problems.items() if holds), None)


def check_hop(url: str, proxy: str | None) -> None:
    """Refuse a proxy over which a request would travel in clear.

    Plain http is for loopback alone. A proxy elsewhere would read the key and the message, whatever protocol the way to
    it has, and would look for that loopback address on its own machine.

    Args:
        url: Where requests go.
        proxy: The proxy's address, as `check_proxy` returned it, if any.

    Raises:
        InvalidInputError: The address is plain http, and the proxy is not on this machine.
    """
    if proxy is not None and urlsplit(url).scheme == "http" and not is_loopback(urlsplit(proxy).hostname or ""):
        raise InvalidInputError(
            "proxy: plain http can be read by the proxy and on the way to it; use an https:// base_url, or no proxy",
            field="proxy",
        )


def url_of(base_url: str, request: Request[object]) -> str:
    """Return the absolute URL of a request, query included.

    Args:
        base_url: As `check_base_url` returned it.
        request: Its path is percent-encoded already, its query is not.
    """
    url = base_url + request.path
    return f"{url}?{urlencode(request.query, quote_via=quote)}" if request.query else url


def proxy_from_environment(base_url: str) -> tuple[str, str] | None:
    """Return the proxy that the environment (`HTTPS_PROXY`, `ALL_PROXY`, `NO_PROXY`) asks for, and its variable.

    Args:
        base_url: Where requests will go. For one that `check_base_url` refuses there is no proxy.

    Raises:
        InvalidInputError: The variable, which the error names, holds no proxy's address.
    """
    given: object = base_url
    if not isinstance(given, str) or address_problem(given) is not None:
        return None
    # Imported here, as it takes longer than the rest of this package.
    from urllib.request import getproxies, proxy_bypass  # noqa: PLC0415

    parts = urlsplit(given)
    host = parts.hostname or ""
    if is_loopback(host) or proxy_bypass(host):
        return None
    proxies = getproxies()
    kind = parts.scheme if proxies.get(parts.scheme) else "all"
    proxy = proxies.get(kind)
    if not proxy:
        return None
    # As urllib does: the name in small letters wins. The operating system's settings have no variable.
    name = f"{kind}_proxy"
    variable = name if os.environ.get(name) or not os.environ.get(name.upper()) else name.upper()
    # `proxy.example:3128` is how many write it; a proxy speaks plain HTTP where nothing else is said.
    return check_proxy(proxy if "://" in proxy else f"http://{proxy}", field=variable), variable
