"""Makes foreign text safe for a terminal or a log: no control characters, and nothing hidden. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Final

_BREAKS: Final[Mapping[str, str]] = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})


def one_line(text: str) -> str:
    """Return text in one line, with escapes for characters that a terminal would interpret or not show."""
    return "".join(map(_escape, text))


def _escape(character: str) -> str:
    if unicodedata.category(character) not in _UNSEEN:
        return character
    return _BREAKS.get(character) or f"\\u{{{ord(character):x}}}"


def printable(text: str, encoding: str | None) -> str:
    """Return text of several lines that an output of an encoding can print."""
    name = encoding or "ascii"
    return "\n".join(map(one_line, text.split("\n"))).encode(name, "backslashreplace").decode(name)
