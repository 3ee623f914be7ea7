"""Renders a difference as text, Markdown or JSON, with all text from the files escaped. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Final, Literal, get_args

import attrs

from codegen.difference.changes import BUMPS, Change, Difference, Impact
from codegen.terminal_text import one_line

Format = Literal["text", "markdown", "json"]

FORMATS: Final = get_args(Format)

_SAFE_IN_MARKDOWN: Final = re.compile(r"[^\w ,./;(){}'\"?%=·…-]|_")
_SHOWN: Final[Mapping[Impact, int]] = {"breaking": 50, "additive": 10, "cosmetic": 5}
"""How many changes for one reason the text shows."""


def render(difference: Difference, format: Format) -> str:  # noqa: A002  the option's own word
    """Render a difference, without a line break at the end; docs/vendor-file.md describes the JSON."""
    return _WRITERS[format](difference)


def line(change: Change) -> str:
    """Return a change in one line: class, first place, what changed."""
    return f"{change.impact}: {_tell(change)}"


def _tell(change: Change) -> str:
    return one_line(f"{change.places[0]}: {change.what}")


def _count(difference: Difference) -> dict[str, int]:
    return {impact: sum(change.impact == impact for change in difference.changes) for impact in BUMPS}


def _summarize(difference: Difference) -> str:
    counts = ", ".join(f"{count} {impact}" for impact, count in _count(difference).items())
    return f"{counts}: requires a {difference.bump} version." if difference.changes else "No change."


def _write_text(difference: Difference) -> str:
    """Group the changes by class and reason; each takes one line, and the least important ones are counted."""
    lines = [_summarize(difference)]
    groups: dict[tuple[Impact, str], list[Change]] = {}
    for change in difference.changes:
        groups.setdefault((change.impact, change.reason), []).append(change)
    for (impact, reason), changes in groups.items():
        heading = f"{impact} ({BUMPS[impact]})"
        lines += [] if heading in lines else ["", heading]
        lines.append(f"  {reason}")
        lines += [f"    {_tell(change)}{_count_more(change)}" for change in changes[: _SHOWN[impact]]]
        if len(changes) > _SHOWN[impact]:
            lines.append(f"    … and {len(changes) - _SHOWN[impact]} more changes, see --format json")
    return "\n".join(lines)


def _count_more(change: Change) -> str:
    more = len(change.places) - 1
    return f" (and at {more} more {'place' if more == 1 else 'places'})" if more else ""


def _write_markdown(difference: Difference) -> str:
    lines = [_summarize(difference)]
    if difference.changes:
        lines += ["", "| class | where | what | why | bump |", "| --- | --- | --- | --- | --- |"]
    for change in difference.changes:
        cells = (
            change.impact,
            f"{_code(str(change.places[0]))}{_count_more(change)}",
            _code(change.what),
            change.reason,
        )
        lines.append(f"| {' | '.join(cells)} | {BUMPS[change.impact]} |")
    return "\n".join(lines)


def _code(text: str) -> str:
    """Return text as inline code for a table's cell, which the text itself cannot end."""
    return f"<code>{_SAFE_IN_MARKDOWN.sub(lambda match: f'&#{ord(match[0])};', one_line(text))}</code>"


def _write_json(difference: Difference) -> str:
    changes = [
        {
            "kind": change.kind,
            "class": change.impact,
            "bump": BUMPS[change.impact],
            "what": change.what,
            "reason": change.reason,
            "places": [{"text": str(place), **attrs.asdict(place)} for place in change.places],
        }
        for change in difference.changes
    ]
    # The format grows when a key is removed or changes its meaning, not when one is added.
    head = {"format": 1, "class": difference.impact, "bump": difference.bump, "counts": _count(difference)}
    return json.dumps({**head, "changes": changes}, indent=2)


_WRITERS: Final = {"text": _write_text, "markdown": _write_markdown, "json": _write_json}
