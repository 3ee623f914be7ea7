"""Check URLs: of media, headers, webhooks, and in the sandbox.

Sources: RFC 3986 and, for hosts that are not ASCII, RFC 3987. A URL that passes need not exist.
"""

from __future__ import annotations

import re
import unicodedata
from ipaddress import IPv4Address, IPv6Address
from typing import Final
from urllib.parse import unquote, urlsplit

from connectly_api.setting_rules import UNSEEN

_SPACE: Final = re.compile("\\s")
_AUTHORITY: Final = re.compile(r"(?:.*@)?(?:\[(?P<literal>[^\[\]]*)\]|(?P<name>[^:\[\]@]*))(?::[0-9]*)?", re.DOTALL)
_JOINERS: Final = "\u200c\u200d"
_LONGEST_HOST: Final = 253
_LONGEST_LABEL: Final = 63

_EXTENSION: Final = re.compile(r"[^.].*\.(?=[0-9]*[a-z])(?P<extension>[a-z0-9]{1,8})", re.IGNORECASE)
# Extensions of programs that serve files: the name is not the file's.
_PROGRAMS: Final = frozenset({"action", "ashx", "asp", "aspx", "cfm", "cgi", "do", "jsp", "jspx", "php"})
_LONGEST_NAME: Final = 240


def find_web_address_problem(text: str, schemes: tuple[str, ...] = ("http", "https")) -> str | None:
    """Return what is wrong with an absolute URL, or None.

    Args:
        text: `https://host[:port][/path][?query]`.
        schemes: The schemes that are allowed.
    """
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "is not an address"
    # The first match is reported. urlsplit silently drops some control characters, so these look at the text itself.
    problems = {
        "holds white space, or characters that cannot be seen": bool(_SPACE.search(text) or UNSEEN.search(text)),
        f"must be an absolute address that begins with {' or '.join(f'{scheme}://' for scheme in schemes)}": (
            parts.scheme not in schemes
        ),
        "holds a backslash": "\\" in text,
        "names no host": not host,
        "names a host that cannot be one": not is_host(parts.netloc),
        "names a port that cannot be one": port == 0,
    }
    return next((problem for problem, holds in problems.items() if holds), None)


def find_file_name(address: str) -> str | None:
    """Return the file name at the end of a URL, or None.

    A file name has an extension with a letter in it (`bill.pdf`) and is not a program's (`download.php`).
    """
    try:
        name = unquote(urlsplit(address).path.rpartition("/")[2], errors="strict")
    except ValueError:
        return None
    found = _EXTENSION.fullmatch(name)
    if found is None or len(name) > _LONGEST_NAME or not name.isprintable() or {"/", "\\"} & set(name):
        return None
    return None if found["extension"].lower() in _PROGRAMS else name


def is_host(authority: str) -> bool:
    """Return whether a URL's host is well formed.

    A host is an IPv6 address in brackets, an IPv4 address, or labels of letters and digits of any script, `-` and `_`.
    Parsers disagree on anything else, so one of them may see another host.

    Args:
        authority: The part between `//` and the path: `[user[:password]@]host[:port]`.
    """
    found = _AUTHORITY.fullmatch(authority)
    if found is None:
        return False
    if found["literal"] is not None:
        return _is_read_by(IPv6Address, found["literal"])
    labels = found["name"].removesuffix(".").split(".")
    if len(found["name"]) > _LONGEST_HOST or not all(map(_is_label, labels)):
        return False
    # A host that ends with a number must be an IPv4 address, as in browsers.
    return not labels[-1].isdecimal() or _is_read_by(IPv4Address, ".".join(labels))


def _is_read_by(kind: type[IPv4Address | IPv6Address], text: str) -> bool:
    try:
        kind(text)
    except ValueError:
        return False
    return True


def _is_label(text: str) -> bool:
    # Indic scripts write vowels as marks, and need joiners.
    return (
        0 < len(text) <= _LONGEST_LABEL
        and not {text[0], text[-1]} & set(f"-{_JOINERS}")
        and all(
            character.isalnum() or character in f"-_{_JOINERS}" or unicodedata.category(character).startswith("M")
            for character in text
        )
    )
