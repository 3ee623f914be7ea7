"""The pictures of a campaign's progress are what the terminal shows, and load nothing."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from tests.docs.pages import ROOT
from tools.campaign_pictures import draw_pictures, main

PICTURES = dict(draw_pictures())


@pytest.mark.parametrize("path", PICTURES, ids=lambda path: path.stem)
def test_a_picture_is_drawn_from_the_code(path: Path) -> None:
    assert path.read_text("utf-8") == PICTURES[path], "run python -m tools.campaign_pictures"


@pytest.mark.parametrize("path", PICTURES, ids=lambda path: path.stem)
def test_a_picture_loads_nothing_and_the_page_shows_it(path: Path) -> None:
    ET.fromstring(PICTURES[path])  # noqa: S314 (our own)
    assert "url(http" not in PICTURES[path].replace('url("', "url(")
    assert f"](assets/{path.name})" in (ROOT / "docs" / "campaigns.md").read_text("utf-8")


def test_drawing_them_again_changes_nothing() -> None:
    assert main() == 0
    assert {path: path.read_text("utf-8") for path in PICTURES} == PICTURES
