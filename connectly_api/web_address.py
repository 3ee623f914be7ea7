"""The one check of a file's public address, for media, headers and the sandbox alike. Pure.

Source for the form: RFC 3986 and, for hosts that are not ASCII, RFC 3987. An address that passes need not exist.
"""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Final
from urllib.parse import unquote, urlsplit

__all__ = ["file_name", "web_address_problem"]

# Also what cannot be seen: it is pasted along, and belongs to no address.
_UNSEEN: Final = re.compile("[\\s\\x00-\\x20\\x7f-\\xa0\\xad\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff]")
_LABEL: Final = re.compile(r"(?!-)[\w-]{1,63}(?<!-)")
_LONGEST_HOST: Final = 253

_EXTENSION: Final = re.compile(r"[^.].*\.(?=[0-9]*[a-z])(?P<extension>[a-z0-9]{1,8})", re.IGNORECASE)
# Programs that answer with a file: their name is not the file's.
_PROGRAMS: Final = frozenset({"action", "ashx", "asp", "aspx", "cfm", "cgi", "do", "jsp", "jspx", "php"})
_LONGEST_NAME: Final = 240


def web_address_problem(text: str, schemes: tuple[str, ...] = ("http", "https")) -> str | None:
    """Return what is wrong with the absolute address of something on the web, or None.

    Args:
        text: `https://host[:port][/path][?query]`.
        schemes: What it may begin with.
    """
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "is not an address"
    # The first that holds is the problem; urlsplit drops some controls in silence, so the text itself is looked at.
    problems = {
        "holds white space, or characters that cannot be seen": bool(_UNSEEN.search(text)),
        f"must be an absolute address that begins with {' or '.join(f'{scheme}://' for scheme in schemes)}": (
            parts.scheme not in schemes
        ),
        "holds a backslash": "\\" in text,
        "names no host": not host,
        "names a host that cannot be one": not _is_host(host, is_literal="[" in parts.netloc),
        "names a port that cannot be one": port == 0,
    }
    return next((problem for problem, holds in problems.items() if holds), None)


def file_name(address: str) -> str | None:
    """Return the name of the file that an address ends with, or None where it ends with none.

    A name has an extension with a letter in it, `bill.pdf`; a program's name, `download.php`, is not the file's.
    """
    try:
        name = unquote(urlsplit(address).path.rpartition("/")[2], errors="strict")
    except ValueError:
        return None
    found = _EXTENSION.fullmatch(name)
    if found is None or len(name) > _LONGEST_NAME or not name.isprintable() or {"/", "\\"} & set(name):
        return None
    return None if found["extension"].lower() in _PROGRAMS else name


def _is_host(host: str, *, is_literal: bool) -> bool:
    if is_literal:
        try:
            ip_address(host)
        except ValueError:
            return False
        return True
    labels = host.removesuffix(".").split(".")
    return len(host) <= _LONGEST_HOST and all(map(_LABEL.fullmatch, labels))
