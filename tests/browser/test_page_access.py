"""The page for everybody: axe in both schemes and all widths, what is spoken, and less motion."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from tests.browser.bots import Stage, send_or_fall_back
from tests.browser.conftest import OpenPage
from tests.browser.visits import ANN, BOB, Visit

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.slow, pytest.mark.once]


async def fill_sandbox(stage: Stage) -> None:
    ann = stage.sandbox.customer(ANN, name="Ann")
    for words in ("buttons", "list", "picture", "place"):
        await ann.says(words)
    await ann.reacts("👍")
    stage.sandbox.fault("fail_delivery", next=1)
    await ann.says("fails")
    await stage.connectly.send_template(ANN, "unknown", "en", body=["Ann"])
    await send_or_fall_back(stage, BOB, "too early")
    await stage.sandbox.customer(ANN).says("Last")


async def show_chat(page: Page) -> None:
    tab = page.locator("#tabs button").filter(has_text="Conversation")
    if await tab.is_visible():
        await tab.click()


async def check(visit: Visit, state: str) -> None:
    assert (state, await visit.find_violations()) == (state, [])


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing_in_any_state_width_and_scheme(stage: Stage, open_page: OpenPage, scheme: str) -> None:
    visit = await open_page(stage.address, color_scheme=scheme, reduced_motion="reduce")
    page = visit.page
    await expect(page.get_by_role("heading", name="Be the customer")).to_be_visible()
    await check(visit, "empty")
    await fill_sandbox(stage)
    await page.get_by_role("button", name="Ann").first.click()
    for width in (1280, 800, 390):
        await page.set_viewport_size({"width": width, "height": 844})
        await show_chat(page)
        await expect(page.locator("#lines > li").first).to_be_visible()
        await check(visit, f"conversation at {width}")
        opener, name = {
            1280: ("Choose a size", "Choose a size"),
            800: ("Faults", "Faults"),
            390: ("More about this customer", "Ann"),
        }[width]
        await page.get_by_role("button", name=opener).first.click()
        await expect(page.get_by_role("dialog", name=name)).to_be_visible()
        await check(visit, f"{name} at {width}")
        await page.keyboard.press("Escape")
        if width != 800:
            await page.locator("#lines .meta").last.click()
            await expect(page.get_by_role("region", name="Details")).to_be_visible()
            await check(visit, f"detail at {width}")
    await show_chat(page)
    for opener, name in (("Help", "Help"), ("Attach", "Send an attachment")):
        await page.get_by_role("button", name=opener, exact=True).click()
        await expect(page.get_by_role("dialog", name=name)).to_be_visible()
        await check(visit, name)
        await page.keyboard.press("Escape")
    await page.locator("#tabs button").filter(has_text="Customers").click()
    await check(visit, "customers")


async def test_what_comes_and_what_becomes_of_it_is_spoken(stage: Stage, open_page: OpenPage) -> None:
    page = (await open_page(stage.address)).page
    ann = stage.sandbox.customer(ANN, name="Ann")
    await expect(page.get_by_role("heading", name="Ann")).to_be_visible()
    await ann.says("Hi")
    spoken = page.locator("#spoken")
    await expect(spoken).to_contain_text("delivered")
    await ann.reads()
    await expect(spoken).to_contain_text("read")
    stage.sandbox.fault("fail_delivery", next=1)
    await ann.says("Hello")
    await expect(spoken).to_contain_text("Failed: ")


async def test_who_wants_less_motion_gets_none(stage: Stage, open_page: OpenPage) -> None:
    await fill_sandbox(stage)
    page = (await open_page(stage.address, reduced_motion="reduce")).page
    await page.get_by_role("button", name="Ann").first.click()
    await expect(page.locator("#lines > li").first).to_be_visible()
    moving = "() => [...document.querySelectorAll('*')].filter((one) => ['animationName', 'transitionProperty']"
    moving += ".some((key) => !['none', 'all'].includes(getComputedStyle(one)[key]))).length"
    assert await page.evaluate(moving) == 0
    assert await page.evaluate("() => document.getAnimations().length") == 0
