"""Foreign text inside Python source, inert: as a literal, as prose in a docstring, as a path. Pure."""

from __future__ import annotations

import re
import textwrap
import unicodedata
from collections.abc import Mapping
from urllib.parse import quote

from codegen.document import CodegenError

__all__ = ["docstring", "entry", "literal", "path_expression", "prose"]

_WIDTH = 104
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


def literal(value: object) -> str:
    """Return a value as a Python literal of ASCII: what can be printed depends on the interpreter's Unicode."""
    return ascii(value)


def prose(text: str, *, indent: str = "") -> list[str]:
    """Return text as lines that wrap, with nothing but printable characters in them.

    Args:
        text: As the vendor wrote it; line breaks are kept, runs of empty lines become one.
        indent: What stands before every line but the first.
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
    # Not the unassigned ones, Cn, of which every interpreter knows others.
    return character == "\n" or unicodedata.category(character) not in {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}


def entry(name: str, text: str) -> list[str]:
    """Return one entry of a docstring's section, its further lines indented."""
    return prose(f"{name}: {text}", indent="    ")


def docstring(lines: list[str]) -> str:
    """Return a docstring that says these lines, whatever they hold.

    Args:
        lines: Without indentation, which is up to the template.
    """
    text = "\n".join(lines)
    inner = text.rstrip('"').replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    # A quote before the closing ones would be taken for one of them.
    inner += '\\"' * (len(text) - len(text.rstrip('"')))
    return f'"""{inner}\n"""' if len(lines) > 1 else f'"""{inner}"""'


def path_expression(path: str, segments: Mapping[str, str]) -> str:
    """Return an f-string that builds a path.

    Args:
        path: The template, `/v1/businesses/{businessId}/webhooks`.
        segments: Each placeholder to the expression that stands for it.

    Raises:
        CodegenError: A placeholder has no expression, or the path holds something that cannot be printed.
    """
    if _UNPRINTABLE.search(path):
        raise CodegenError(f"the path {path!r} holds characters that cannot be printed")
    parts: list[str] = []
    for n, part in enumerate(_PLACEHOLDER.split(path)):
        if n % 2 == 0:
            # Encoding leaves no quote, backslash or brace, so the text is inert within an f-string.
            parts.append(quote(part, safe="/:@!$&()*+,;=~%"))
        elif part in segments:
            parts.append(f"{{{segments[part]}}}")
        else:
            raise CodegenError(f"the path {path!r} has a placeholder without a parameter")
    return f'f"{"".join(parts)}"' if segments else f'"{"".join(parts)}"'
