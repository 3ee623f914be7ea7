"""Makes foreign text safe for a terminal or a log: no control characters, and nothing hidden. Pure."""

from __future__ import annotations


def one_line(text: str) -> str:
    """Return text in one line, with escapes for characters that a terminal would interpret or not show."""
    return "".join(character if character.isprintable() else f"\\u{{{ord(character):x}}}" for character in text)


def printable(text: str, encoding: str | None) -> str:
    """Return text of several lines that an output of an encoding can print."""
    name = encoding or "ascii"
    return "\n".join(map(one_line, text.split("\n"))).encode(name, "backslashreplace").decode(name)
