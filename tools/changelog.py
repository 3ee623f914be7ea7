"""Parse a changelog in the format of https://keepachangelog.com/en/1.1.0/. Pure."""

from __future__ import annotations

import re
from typing import Final

import attrs

UNRELEASED: Final = "Unreleased"

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
