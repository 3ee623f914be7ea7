"""Embeds foreign text in Python source safely: as a literal, as prose in a docstring, as a path. Pure."""

from __future__ import annotations

import re
import textwrap
import unicodedata
from collections.abc import Mapping
from urllib.parse import quote

from codegen.spec.document import CodegenError

_WIDTH = 104
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
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
    lines: list[str] = []
    for line in printable.strip().split("\n"):
        before = indent if lines else ""
        wrapped = textwrap.wrap(
            line,
            _WIDTH,
            break_long_words=False,
            break_on_hyphens=False,
            initial_indent=before,
            subsequent_indent=indent,
        )
        if wrapped or (lines and lines[-1]):
            lines += wrapped or [""]
    return lines


def _is_printable(character: str) -> bool:
    # Not unassigned characters, Cn, which depend on the interpreter.
    return character == "\n" or unicodedata.category(character) not in {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}


def entry(name: str, text: str) -> list[str]:
    """Return one entry of a docstring's section, with its other lines indented."""
    return prose(f"{name}: {text}", indent="    ")


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

    Raises:
        CodegenError: A placeholder has no expression, or the path has characters that cannot be printed.
    """
    if _UNPRINTABLE.search(path):
        raise CodegenError(f"the path {path!r} has characters that cannot be printed")
    parts: list[str] = []
    for n, part in enumerate(_PLACEHOLDER.split(path)):
        if n % 2 == 0:
            # The encoded text has no quote, backslash or brace, so it is inert in an f-string.
            parts.append(quote(part, safe="/:@!$&()*+,;=~%"))
        elif part in segments:
            parts.append(f"{{{segments[part]}}}")
        else:
            raise CodegenError(f"the path {path!r} has a placeholder without a parameter")
    return f'f"{"".join(parts)}"' if segments else f'"{"".join(parts)}"'
