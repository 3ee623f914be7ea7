"""The pages of the documentation, and the fenced blocks on them: found by rule, not by list."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import attrs

ROOT = Path(__file__).resolve().parent.parent.parent

_FENCE = re.compile(r"^(?P<before>[ >]*)(?P<fence>`{3,}|~{3,})(?P<info>[^`]*)$")
_LANGUAGE = re.compile(r"\s*\{?\s*\.?([\w+-]+)")
_TITLE = re.compile(r"""\btitle=(["'])(.+?)\1""")
_REASON = re.compile(r"^<!-- not run: (\S.*?) -->$")


@attrs.frozen
class Block:
    """A fenced block.

    Attributes:
        page: The page's path from the root, with slashes.
        line: The number of the opening fence's line.
        language: The first word after the fence, or an empty string.
        title: The name of the file that it is, where it says one.
        text: What stands between the fences, without the page's own indentation.
        reason: Why it is not run, where the line above it says so.
    """

    page: str
    line: int
    language: str
    title: str | None
    text: str
    reason: str | None

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def pages(root: Path = ROOT) -> list[Path]:
    """Return the README and every page of the site."""
    return [root / "README.md", *sorted((root / "docs").rglob("*.md"))]


def blocks_of(page: Path, root: Path = ROOT) -> list[Block]:
    """Return a page's fenced blocks, in order."""
    return list(blocks(page.read_text("utf-8"), page.relative_to(root).as_posix()))


def blocks(text: str, page: str) -> Iterator[Block]:
    """Yield a page's fenced blocks; one that is never closed is an error."""
    lines = iter(enumerate(text.splitlines(), start=1))
    above = ""
    for number, line in lines:
        opening = _FENCE.match(line)
        if opening is None:
            above = line.strip() or above
            continue
        inside: list[str] = []
        for _, within in lines:
            closing = _FENCE.match(within)
            if closing and closing["fence"].startswith(opening["fence"]) and not closing["info"].strip():
                break
            inside.append(within.removeprefix(opening["before"]))
        else:
            raise ValueError(f"{page}:{number}: the block is never closed")
        language, title = _LANGUAGE.match(opening["info"]), _TITLE.search(opening["info"])
        reason = _REASON.match(above)
        yield Block(
            page=page,
            line=number,
            language=language[1] if language else "",
            title=title[2] if title else None,
            text="".join(f"{within}\n" for within in inside),
            reason=reason[1] if reason else None,
        )
        above = ""
