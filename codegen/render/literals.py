"""Embeds foreign text in Python source safely: as a literal, as prose in a docstring, as a path. Pure."""

from __future__ import annotations

import functools
import re
import textwrap
import unicodedata
from collections.abc import Mapping
from urllib.parse import quote

_WIDTH = 104
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


def literal(value: object) -> str:
    """Return a value as an ASCII literal, because printable characters depend on the interpreter's Unicode version."""
    return ascii(value)


def prose(text: str, *, indent: str = "") -> list[str]:
    """Wrap text into lines of printable characters.

    Args:
        text: The vendor's text; line breaks are kept, and several empty lines become one.
        indent: The indentation of all lines but the first.
    """
    printable = "".join(character if _is_printable(character) else " " for character in text)
    wrapper = textwrap.TextWrapper(_WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
    lines: list[str] = []
    for line in printable.strip().split("\n"):
        wrapped = wrapper.wrap(line)
        wrapper.initial_indent = indent
        if wrapped or (lines and lines[-1]):
            lines += wrapped or [""]
    return lines


@functools.cache
def _is_printable(character: str) -> bool:
    # Not unassigned characters, Cn, which depend on the interpreter.
    return character == "\n" or unicodedata.category(character) not in {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}


def docstring(lines: list[str]) -> str:
    """Return any lines as a docstring without indentation."""
    text = "\n".join(lines)
    inner = text.rstrip('"').replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    # A quote right before the closing quotes would end the docstring early.
    inner += '\\"' * (len(text) - len(text.rstrip('"')))
    return f'"""{inner}\n"""' if len(lines) > 1 else f'"""{inner}"""'


def path_expression(path: str, segments: Mapping[str, str]) -> str:
    """Return an f-string that builds a path.

    Args:
        path: The template, `/v1/businesses/{businessId}/webhooks`.
        segments: The expression for each placeholder.
    """
    parts = _PLACEHOLDER.split(path)
    # The encoded text has no quote, backslash or brace, so it is inert in an f-string.
    parts[::2] = [quote(part, safe="/:@!$&()*+,;=~%", errors="surrogatepass") for part in parts[::2]]
    parts[1::2] = [f"{{{segments[name]}}}" for name in parts[1::2]]
    return f'{"f" if segments else ""}"{"".join(parts)}"'
