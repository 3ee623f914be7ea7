"""Where requests go: checks base URLs, keys and proxies, and builds a request's URL."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from importlib.util import find_spec
from ipaddress import ip_address
from typing import Final
from urllib.parse import quote, urlencode, urlsplit

from connectly_api.errors import InvalidInputError
from connectly_api.tracebacks import cut_traceback
from connectly_api.transport.protocol import Request, Transport
from connectly_api.web_address import is_host

PRODUCTION: Final = "https://api.connectly.ai"
"""The service. Source: https://docs.connectly.ai."""

_SPACE_OR_CONTROL: Final = re.compile(r"[\s\x00-\x20\x7f-\xa0]")

# What a header may carry without ambiguity: visible ASCII.
_KEY: Final = re.compile(r"[\x21-\x7e]+")

_PROXY_SCHEMES: Final = frozenset({"http", "https", "socks5", "socks5h"})


def check_api_key(value: str) -> str:
    """Return the key if a header can carry it unchanged; the error does not show it."""
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
    """Return whether a host is this machine: `localhost`, 127.0.0.0/8, or ::1."""
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def check_base_url(value: str) -> str:
    """Return `https://host[:port][/prefix]`, or `http://` to loopback, without a trailing slash."""
    given: object = value
    if not isinstance(given, str):
        raise InvalidInputError(f"base_url: must be a string, not {type(given).__name__}", field="base_url")
    problem = find_address_problem(given)
    if problem is None and not given.isascii():
        problem = "must be ASCII: a host in its xn-- form, a prefix percent-encoded"
    if problem is not None:
        raise InvalidInputError(f"base_url: {problem}", field="base_url", size=len(given))
    return given.rstrip("/")


def check_transport_accepts(transport: Transport, base_url: str) -> None:
    """Let an adapter refuse a URL, if it has the optional method `check_base_url`; see `Transport`."""
    check: Callable[[str], None] | None = getattr(transport, "check_base_url", None)
    if check is not None:
        check(base_url)


def find_address_problem(text: str, *, with_query: bool = False) -> str | None:
    """Return what is wrong with `https://host[:port][/path]`, or `http://` to loopback; None if nothing is."""
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "is not a URL"
    # The first match is reported. Some look at the text itself, as urlsplit silently drops some controls.
    problems = {
        "contains white space or control characters": bool(_SPACE_OR_CONTROL.search(text)),
        "must be https://host[:port][/prefix]": parts.scheme not in {"https", "http"} or not host or port == 0,
        "must not contain a user or a password": "@" in parts.netloc,
        "must not contain a query": "?" in text and not with_query,
        "must not contain a fragment or a backslash": "#" in text or "\\" in text,
        "has an invalid host": not is_host(parts.netloc),
        "use https: anyone on the way can read plain http, which only loopback may use": (
            parts.scheme == "http" and not is_loopback(host)
        ),
    }
    return next((problem for problem, holds in problems.items() if holds), None)


def build_url(base_url: str, request: Request[object]) -> str:
    """Return the absolute URL of a request, query included."""
    url = base_url + request.path
    return f"{url}?{urlencode(request.query, quote_via=quote)}" if request.query else url


@cut_traceback
def check_proxy(value: str, *, field: str = "proxy") -> str:
    """Check a proxy's URL: `http://`, `https://` or `socks5://`, a host, and optionally a port, a user and a password.

    An error names the field but does not show the URL, which may contain a password.
    """
    given: object = value
    problem = "must be http://, https:// or socks5:// and a host"
    if not isinstance(given, str):
        raise InvalidInputError(f"{field}: {problem}", field=field)
    try:
        parts = urlsplit(given)
        is_address = parts.scheme in _PROXY_SCHEMES and bool(parts.hostname) and parts.port != 0
    except ValueError:
        parts, is_address = urlsplit(""), False
    # The first match is reported. HTTP libraries read some of these differently from urlsplit, and would connect
    # to another host than the one checked here.
    problems = {
        "contains white space or control characters": bool(_SPACE_OR_CONTROL.search(given)),
        r"holds a \, # or ?; in a user or a password, percent-encode it": bool(set("\\#?") & set(given)),
        problem: not is_address,
        "must end after the host and its port; in a user or a password, percent-encode a /": parts.path
        not in {"", "/"},
        "holds more than one @; in a user or a password, percent-encode it": parts.netloc.count("@") > 1,
        "has an invalid host": not is_host(parts.netloc),
    }
    if found := [text for text, holds in problems.items() if holds]:
        raise InvalidInputError(f"{field}: {found[0]}", field=field, size=len(given))
    return given


def check_socksio(proxy: str | None) -> None:
    """Refuse a SOCKS proxy for httpx, which speaks SOCKS only if socksio is installed."""
    if proxy is not None and proxy.startswith("socks") and find_spec("socksio") is None:
        raise InvalidInputError("proxy: SOCKS through httpx needs pip install 'httpx[socks]'", field="proxy")


def check_proxy_route(url: str, proxy: str | None) -> None:
    """Refuse a proxy that would carry a request unencrypted.

    Plain http is for loopback only. A proxy on another machine could read the key and the message, even if the
    connection to it is encrypted, and would look for loopback on its own machine.
    """
    if proxy is not None and urlsplit(url).scheme == "http" and not is_loopback(urlsplit(proxy).hostname or ""):
        raise InvalidInputError(
            "proxy: plain http can be read by the proxy and on the way to it; use an https:// base_url, or no proxy",
            field="proxy",
        )


def read_proxy_from_environment(base_url: str) -> tuple[str, str] | None:
    """Return the proxy from the environment (`HTTPS_PROXY`, `ALL_PROXY`, `NO_PROXY`), and its variable.

    An error names the variable. A URL that `check_base_url` refuses has no proxy.
    """
    given: object = base_url
    if not isinstance(given, str) or find_address_problem(given) is not None:
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
    # As in urllib, the lower-case name wins. The operating system's settings have no variable.
    name = f"{kind}_proxy"
    variable = name if os.environ.get(name) or not os.environ.get(name.upper()) else name.upper()
    # `proxy.example:3128` is a common way to write it; without a scheme, a proxy speaks plain HTTP.
    return check_proxy(proxy if "://" in proxy else f"http://{proxy}", field=variable), variable
