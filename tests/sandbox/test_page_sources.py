"""The page's files, where there is no browser: they load nothing from elsewhere, and nothing in them is inline."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from importlib.resources import files
from typing import Final

import pytest

_FOLDER: Final = files("connectly_api.sandbox").joinpath("page")
SOURCES: Final = {one.name: one.read_text("utf-8") for one in _FOLDER.iterdir() if one.is_file()}
# What is shown in fields and names of XML are no addresses that a browser would ask.
EXEMPT: Final = re.compile(r'placeholder: "[^"]*"|"http://www\.w3\.org/2000/svg"')
INERT: Final = re.compile(
    r"\b(innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval|Function|setHTMLUnsafe|createContextualFragment)\b"
)


class _Elements(HTMLParser):
    """Collects what in a document would be inline, and what it loads."""

    def __init__(self) -> None:
        super().__init__()
        self.inline: list[str] = []
        self.loaded: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "style" or (tag == "script" and "src" not in given):
            self.inline.append(tag)
        self.inline += [name for name in given if name == "style" or name.startswith("on")]
        self.loaded += [given[name] or "" for name in ("src", "href") if name in given]


def read_document() -> _Elements:
    elements = _Elements()
    elements.feed(SOURCES["index.html"])
    return elements


def test_the_document_has_nothing_inline_and_loads_the_files_beside_it_alone() -> None:
    elements = read_document()
    assert elements.inline == []
    assert {f"page/{name}" for name in SOURCES} >= set(elements.loaded)
    assert {"page/main.js", "page/page.css"} <= set(elements.loaded)


@pytest.mark.parametrize("name", sorted(SOURCES))
def test_a_file_names_no_other_server_and_makes_no_markup_of_text(name: str) -> None:
    text = EXEMPT.sub("", SOURCES[name])
    assert re.findall(r"\b(?:https?|wss?)://|\burl\((?!['\"]?data:)|@import\s+[\"']", text) == []
    assert INERT.findall(text) == []
    imported = re.findall(
        r"""(?:\bfrom|\bimport)\s*\(?\s*["']([^"']+)["']""", re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    )
    assert {one.removeprefix("./") for one in imported} <= set(SOURCES)
