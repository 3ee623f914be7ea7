"""Which proxies are accepted, where one may be used, and the one that the environment names."""

from __future__ import annotations

import os
from importlib.util import find_spec
from typing import Final
from urllib.parse import urlsplit

from connectly_api.errors import InvalidInputError
from connectly_api.tracebacks import cut_traceback
from connectly_api.transport.endpoint import SPACE_OR_CONTROL, find_address_problem, is_loopback
from connectly_api.web_address import is_host

_SCHEMES: Final = frozenset({"http", "https", "socks5", "socks5h"})


@cut_traceback
def check_proxy(value: str, *, field: str = "proxy", needs_socksio: bool = False) -> str:
    """Return a proxy's address, if it is one.

    Args:
        value: `http://`, `https://` or `socks5://`, a host, and perhaps a port, a user and a password.
        field: What an error calls it: the setting, or the environment's variable.
        needs_socksio: Whether httpx will use it, which speaks SOCKS only where socksio is installed.

    Raises:
        InvalidInputError: It is not such an address. The error does not show it, as it may hold a password.
    """
    given: object = value
    problem = "must be http://, https:// or socks5:// and a host"
    if not isinstance(given, str):
        raise InvalidInputError(f"{field}: {problem}", field=field)
    try:
        parts = urlsplit(given)
        is_address = parts.scheme in _SCHEMES and bool(parts.hostname) and parts.port != 0
    except ValueError:
        parts, is_address = urlsplit(""), False
    # The first that holds is reported. HTTP libraries read some of these differently from urlsplit, and would connect
    # to another host than the one checked here.
    problems = {
        "holds white space or control characters": bool(SPACE_OR_CONTROL.search(given)),
        r"holds a \, # or ?; in a user or a password, percent-encode it": bool(set("\\#?") & set(given)),
        problem: not is_address,
        "must end after the host and its port; in a user or a password, percent-encode a /": parts.path
        not in {"", "/"},
        "holds more than one @; in a user or a password, percent-encode it": parts.netloc.count("@") > 1,
        "names a host that cannot be one": not is_host(parts.netloc),
    }
    if found := [text for text, holds in problems.items() if holds]:
        raise InvalidInputError(f"{field}: {found[0]}", field=field, size=len(given))
    if needs_socksio and given.startswith("socks") and find_spec("socksio") is None:
        raise InvalidInputError(f"{field}: SOCKS through httpx needs pip install 'httpx[socks]'", field=field)
    return given


def check_proxy_route(url: str, proxy: str | None) -> None:
    """Refuse a proxy that would carry a request unencrypted.

    Plain http is for loopback only. A proxy on another machine could read the key and the message, even if the
    connection to it is encrypted, and would look for the loopback address on its own machine.

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


def read_proxy_from_environment(base_url: str) -> tuple[str, str] | None:
    """Return the proxy that the environment (`HTTPS_PROXY`, `ALL_PROXY`, `NO_PROXY`) names, and its variable.

    Args:
        base_url: Where requests will go. One that `check_base_url` refuses has no proxy.

    Raises:
        InvalidInputError: The variable, which the error names, does not hold a proxy's address.
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
