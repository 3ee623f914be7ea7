"""Renders a difference as text, Markdown or JSON, with all text from the files escaped. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final, Literal, get_args

from codegen.difference.changes import BUMPS, Change, Difference
from codegen.terminal_text import one_line

Format = Literal["text", "markdown", "json"]

FORMATS: Final = get_args(Format)

JSON_FORMAT: Final = 1
"""The version of the JSON format: it grows when a key is removed or changes its meaning, not when one is added."""

_SAFE_IN_MARKDOWN: Final = re.compile(r"[^\w ,./;(){}'\"?%=·…-]|_")
_SHOWN: Final = 5


def render(difference: Difference, format: Format) -> str:  # noqa: A002  the option's own word
    """Render a difference, without a line break at the end.

    Args:
        difference: The result of `compare`.
        format: `text` for a terminal; `markdown` for a pull request; `json` for programs: an object with `format` (the
            number 1), `class` (the most severe, or null), `bump`, `counts` by class, and `changes`, each with `kind`,
            `class`, `bump`, `what`, `reason`, and `places`, a list of objects with `text`, `operation`, `part`, `path`.
    """
    return _WRITERS[format](difference)


def line(change: Change) -> str:
    """Return a change in one line: class, first place, what changed."""
    return one_line(f"{change.impact}: {change.place}: {change.what}")


def _summary(difference: Difference) -> str:
    if not difference.changes:
        return "No change."
    counts = ", ".join(f"{count} {impact}" for impact, count in _counts(difference).items())
    return f"{counts}: requires a {difference.bump} version."


def _counts(difference: Difference) -> dict[str, int]:
    return {impact: sum(change.impact == impact for change in difference.changes) for impact in BUMPS}


def _text(difference: Difference) -> str:
    lines = [_summary(difference)]
    for impact, bump in BUMPS.items():
        found = [change for change in difference.changes if change.impact == impact]
        lines += ["", f"{impact} ({bump})"] if found else []
        for change in found:
            lines += [f"  {one_line(str(change.place))}", f"      {one_line(change.what)}", f"      {change.reason}"]
            lines += [f"      also: {one_line(place)}" for place in _others(change)]
    return "\n".join(lines)


def _others(change: Change) -> Iterator[str]:
    yield from map(str, change.places[1 : _SHOWN + 1])
    if len(change.places) > _SHOWN + 1:
        yield f"{len(change.places) - _SHOWN - 1} more places"


def _markdown(difference: Difference) -> str:
    lines = [_summary(difference)]
    if difference.changes:
        lines += ["", "| class | where | what | why | bump |", "| --- | --- | --- | --- | --- |"]
    for change in difference.changes:
        places = "<br>".join(_code(place) for place in (str(change.place), *_others(change)))
        lines.append(f"| {change.impact} | {places} | {_code(change.what)} | {change.reason} | {change.bump} |")
    return "\n".join(lines)


def _code(text: str) -> str:
    """Return text as inline code for a table's cell, which the text itself cannot end."""
    return f"<code>{_SAFE_IN_MARKDOWN.sub(lambda match: f'&#{ord(match[0])};', one_line(text))}</code>"


def _json(difference: Difference) -> str:
    return json.dumps(
        {
            "format": JSON_FORMAT,
            "class": difference.impact,
            "bump": difference.bump,
            "counts": _counts(difference),
            "changes": [
                {
                    "kind": change.kind,
                    "class": change.impact,
                    "bump": change.bump,
                    "what": change.what,
                    "reason": change.reason,
                    "places": [
                        {"text": str(place), "operation": place.operation, "part": place.part, "path": list(place.path)}
                        for place in change.places
                    ],
                }
                for change in difference.changes
            ],
        },
        indent=2,
    )


_WRITERS: Final[Mapping[Format, Callable[[Difference], str]]] = {"text": _text, "markdown": _markdown, "json": _json}
