"""Foreign text on a terminal or in a log: nothing in it is acted on, and nothing is hidden. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Final

__all__ = ["one_line", "printable"]

_BREAKS: Final[Mapping[str, str]] = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})


def one_line(text: str) -> str:
    """Return text in one line, with an escape for everything that a terminal would act on, or not show."""
    return "".join(map(_escaped, text))


def _escaped(character: str) -> str:
    if unicodedata.category(character) not in _UNSEEN:
        return character
    return _BREAKS.get(character) or f"\\u{{{ord(character):x}}}"


def printable(text: str, encoding: str | None) -> str:
    """Return text of several lines, which an output of an encoding can take.

    Args:
        text: Whatever it is.
        encoding: The output's, or None where it has none.
    """
    name = encoding or "ascii"
    return "\n".join(map(one_line, text.split("\n"))).encode(name, "backslashreplace").decode(name)
