"""Links between the repository's own texts lead somewhere; those of the site are checked where it is built."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.pages import ROOT

TEXTS = sorted(ROOT.glob("*.md"))


def links(text: str) -> list[str]:
    """Return the addresses of a text's links, code left out."""
    prose = re.sub(r"^(`{3,}).*?^\1|`[^`\n]+`", "", text, flags=re.MULTILINE | re.DOTALL)
    return re.findall(r"\]\(([^)\s]+)\)", prose)


def anchors(text: str) -> set[str]:
    """Return the anchors that a forge makes of a text's headings."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def is_whole(link: str, text: Path) -> bool:
    """Return whether a link of a text leads somewhere; of an address elsewhere, the form alone is looked at."""
    if "://" in link:
        return re.fullmatch(r"https://[\w.-]+\.[a-z]+(/[^\s]*)?", link) is not None
    path, _, anchor = link.partition("#")
    target = (text.parent / path) if path else text
    return target.exists() and (not anchor or anchor in anchors(target.read_text("utf-8")))


@pytest.mark.parametrize("text", TEXTS, ids=lambda path: path.name)
def test_every_link_leads_somewhere(text: Path) -> None:
    assert [link for link in links(text.read_text("utf-8")) if not is_whole(link, text)] == []


def test_there_are_links_and_a_broken_one_is_found() -> None:
    readme = ROOT / "README.md"
    assert {"CONTRIBUTING.md", "docs/webhooks.md"} <= set(links(readme.read_text("utf-8")))
    assert links("`[a](b)` [c](d)\n```\n[e](f)\n```\n") == ["d"]
    assert is_whole("docs/webhooks.md#receive-events-with-webhookapp", readme)
    for broken in ("docs/gone.md", "#gone", "docs/webhooks.md#gone", "http://example.com", "https://example"):
        assert not is_whole(broken, readme)
