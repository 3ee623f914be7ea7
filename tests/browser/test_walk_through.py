"""The walk-through of docs/sandbox-page.md: its commands and its bot as processes, and its clicks in Chromium."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.docs.pages import ROOT, blocks_of
from tests.docs.sandbox_reader import open_reader

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.slow, pytest.mark.once]

PAGE: Final = ROOT / "docs" / "sandbox-page.md"
STEP: Final = re.compile(
    r"`(?P<value>[^`]+)` into \*\*(?P<field>[^*]+)\*\*"
    r"|click \*\*(?P<button>[^*]+)\*\*"
    r"|press \*\*(?P<key>[^*]+)\*\*"
    r"|answers: `(?P<answer>[^`]+)`",
    re.IGNORECASE,
)


async def do(page: Page, step: re.Match[str]) -> None:
    if step["field"]:
        await page.get_by_label(step["field"], exact=True).fill(step["value"])
    elif step["button"]:
        await page.get_by_role("button", name=step["button"], exact=True).click()
    elif step["key"]:
        await page.keyboard.press(step["key"])
    else:
        await expect(page.locator("#lines > li", has_text=step["answer"])).to_be_visible()


async def test_whoever_follows_the_page_gets_an_answer(open_page: OpenPage, tmp_path: Path) -> None:
    with open_reader(tmp_path) as reader:
        for block in blocks_of(PAGE):
            reader.follow(block)
        assert [block.title for block in blocks_of(PAGE) if block.title] == ["bot.py"]
        assert len(reader.servers) == 2
        address = f"http://127.0.0.1:{reader.ports['8750']}"
        assert f"{address}/__sandbox__/" in reader.servers[0].read_text("utf-8").splitlines()[0]
        page = (await open_page(address)).page
        walk = re.sub(r"\s+", " ", PAGE.read_text("utf-8").partition("Then, on the page:")[2].partition("##")[0])
        for usual, port in reader.ports.items():
            walk = walk.replace(f"127.0.0.1:{usual}", f"127.0.0.1:{port}")
        steps = list(STEP.finditer(walk))
        assert {name for step in steps for name, found in step.groupdict().items() if found} == set(STEP.groupindex)
        for step in steps:
            await do(page, step)
        await page.close()
