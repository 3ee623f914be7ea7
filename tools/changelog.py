"""Parse a changelog in the format of https://keepachangelog.com/en/1.1.0/. Pure."""

from __future__ import annotations

import re
import textwrap
from itertools import pairwise
from typing import Final

import attrs

UNRELEASED: Final = "Unreleased"

_WIDTH: Final = 120
_HEADING: Final = re.compile(r"^## \[(?P<version>[^\]]+)\](?: - (?P<date>.*\S))?[ \t]*$", re.MULTILINE)
_SECTION: Final = re.compile(r"^### (.+?)[ \t]*$", re.MULTILINE)


@attrs.frozen
class Entry:
    """The entry of one version.

    Attributes:
        version: `1.2.0`, or `Unreleased`.
        date: The date as written, or None if there is none.
        text: The text below the heading.
    """

    version: str
    date: str | None
    text: str

    def section(self, name: str) -> str:
        """Return the text of a section such as `Changed`, or an empty string if there is none."""
        parts = _SECTION.split(self.text)
        return "\n".join(text for title, text in zip(parts[1::2], parts[2::2], strict=True) if title == name)


def read_changelog(text: str) -> tuple[Entry, ...]:
    """Return the entries in their order in the file, newest first."""
    headings = list(_HEADING.finditer(text))
    ends = [*(heading.start() for heading in headings[1:]), len(text)]
    return tuple(
        Entry(heading["version"], heading["date"], text[heading.end() : end].strip())
        for heading, end in zip(headings, ends, strict=False)  # Without headings, only the end remains.
    )


def add_item(text: str, section: str, item: str) -> str:
    """Return a changelog with one more item at the end of a section, such as `Changed`, of what is unreleased."""
    headings = list(_HEADING.finditer(text))
    if not headings or headings[0]["version"] != UNRELEASED:
        start = headings[0].start() if headings else len(text)
        text = f"{text[:start]}## [{UNRELEASED}]\n\n{text[start:]}"
        headings = list(_HEADING.finditer(text))
    end = headings[1].start() if len(headings) > 1 else len(text)
    start, title = headings[0].end(), f"### {section}"
    sections = [*(start + found.start() for found in _SECTION.finditer(text[start:end])), end]
    place = next((after for at, after in pairwise(sections) if text.startswith(f"{title}\n", at)), None)
    new = textwrap.fill(f"- {item}", _WIDTH, subsequent_indent="  ", break_on_hyphens=False, break_long_words=False)
    before, after = text[: place or end].rstrip(), text[place or end :]
    between = "\n" if place else f"\n\n{title}\n\n"
    return "".join((before, between, new, "\n", "\n" if after else "", after))
