"""Which addresses and keys are accepted, and how an address becomes a request's URL. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from ipaddress import ip_address
from typing import Final
from urllib.parse import quote, urlencode, urlsplit

from connectly_api.errors import InvalidInputError
from connectly_api.transport.protocol import Request, Transport
from connectly_api.web_address import is_host

PRODUCTION: Final = "https://api.connectly.ai"
"""The service. Source: https://docs.connectly.ai."""

SPACE_OR_CONTROL: Final = re.compile(r"[\s\x00-\x20\x7f-\xa0]")

# What a header may carry without ambiguity: visible ASCII.
_KEY: Final = re.compile(r"[\x21-\x7e]+")


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
        what = "white space or control characters" if SPACE_OR_CONTROL.search(given) else "characters outside ASCII"
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
    problem = find_address_problem(given)
    if problem is None and not given.isascii():
        problem = "must be ASCII: a host in its xn-- form, a prefix percent-encoded"
    if problem is not None:
        raise InvalidInputError(f"base_url: {problem}", field="base_url", size=len(given))
    return given.rstrip("/")


def check_transport_accepts(transport: Transport, base_url: str) -> None:
    """Let an adapter refuse an address, if it has the optional method `check_base_url`; see `Transport`."""
    check: Callable[[str], None] | None = getattr(transport, "check_base_url", None)
    if check is not None:
        check(base_url)


def find_address_problem(text: str, *, with_query: bool = False) -> str | None:
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
    # The first that holds is reported. Some look at the text itself, as urlsplit silently drops some controls.
    problems = {
        "holds white space or control characters": bool(SPACE_OR_CONTROL.search(text)),
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


def build_url(base_url: str, request: Request[object]) -> str:
    """Return the absolute URL of a request, query included.

    Args:
        base_url: As `check_base_url` returned it.
        request: Its path is percent-encoded already, its query is not.
    """
    url = base_url + request.path
    return f"{url}?{urlencode(request.query, quote_via=quote)}" if request.query else url
