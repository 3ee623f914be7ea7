"""How two values differ, in a few lines, however long they are. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from difflib import SequenceMatcher, unified_diff
from itertools import zip_longest
from typing import Final

from connectly_api.sandbox.model.clipped_text import clip

_SHORT: Final = 60
_LONGEST_LINE: Final = 160
_MAX_LINES: Final = 12
_BEFORE: Final = 60
_COMPARED: Final = 2000
"""Characters before the first difference, and from there on, that are compared: it may take quadratic time."""


def show_value(value: object) -> str:
    """Return a value on one line, shortened."""
    return clip(repr(value), _LONGEST_LINE)


def describe_difference(name: str, wanted: object, found: object) -> tuple[str, list[str]]:
    """Return how a found value differs, and the lines of a comparison if either is long."""
    if found is None or max(len(repr(wanted)), len(repr(found))) <= _SHORT:
        return f"{name} is {show_value(found)}", []
    old, new = _cut(_to_text(wanted), _to_text(found))
    lines = list(_compare_lines(old, new) if "\n" in f"{old}{new}" else _compare_words(old, new))
    if len(lines) > _MAX_LINES:
        lines[_MAX_LINES:] = ["…"]
    return f"{name} differs (- expected, + sent)", lines


def _to_text(value: object) -> str:
    if isinstance(value, str):
        return value
    try:
        return json.dumps(value, indent=1, ensure_ascii=False, sort_keys=True, default=repr)
    except (TypeError, ValueError):  # What is expected may be any object.
        return repr(value)


def _cut(old: str, new: str) -> tuple[str, str]:
    """Return the part of two texts that begins a little before their first difference."""
    pairs = enumerate(zip_longest(old, new))
    first = next((index for index, (one, other) in pairs if one != other), 0)
    start = max(0, first - _BEFORE)
    return old[start : start + _COMPARED], new[start : start + _COMPARED]


def _compare_lines(old: str, new: str) -> Iterator[str]:
    """Yield the lines that differ, each group between one line before and one after."""
    lines = list(unified_diff(old.splitlines(keepends=True), new.splitlines(keepends=True), n=1))
    return (f"{line[0]} {_show_part(line[1:])}" for line in lines[2:] if not line.startswith("@@"))


def _compare_words(old: str, new: str) -> Iterator[str]:
    """Yield the words that differ, each group between three words before and three after."""
    before, after = (re.findall(r"\s*\S+|\s+", text) for text in (old, new))
    for group in SequenceMatcher(None, before, after, autojunk=False).get_grouped_opcodes(3):
        (_, first, _, start, _), (_, _, last, _, end) = group[0], group[-1]
        yield f"- {_show_part(''.join(before[first:last]))}"
        yield f"+ {_show_part(''.join(after[start:end]))}"


def _show_part(text: str) -> str:
    return repr(text[:_LONGEST_LINE]) + ("…" if len(text) > _LONGEST_LINE else "")
