"""What else one does on the sandbox's page: replies, reactions, files, the clock, several customers, and its limits."""

from __future__ import annotations

import base64
import re
from typing import Final

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from tests.browser.bots import Stage, serve_bot
from tests.browser.conftest import OpenPage
from tests.browser.visits import ANN, BOB, choose, line, write

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.slow, pytest.mark.once]

PIXEL: Final = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
KEEP_STREAMS: Final = """
    const Source = EventSource;
    globalThis.streams = [];
    EventSource = class extends Source { constructor(...all) { super(...all); streams.push(this); } };
"""


async def set_hidden(page: Page, *, hidden: bool) -> None:
    """Make the page believe that its tab is in the background, or in front again."""
    await page.evaluate(
        "(hidden) => { Object.defineProperty(document, 'hidden', {value: hidden, configurable: true});"
        " document.dispatchEvent(new Event('visibilitychange')); }",
        hidden,
    )


async def act_on(found: Locator, name: str) -> None:
    """Choose one of the actions beside a bubble."""
    await found.get_by_role("button", name="Actions for this message").click()
    await found.get_by_role("button", name=name).click()


async def attach_file(page: Page, name: str, mime: str, content: bytes) -> None:
    await page.get_by_role("button", name="Attach").click()
    dialog = page.get_by_role("dialog")
    await dialog.locator("input[type=file]").set_input_files({"name": name, "mimeType": mime, "buffer": content})
    await dialog.get_by_role("button", name="Send").click()
    await expect(dialog).to_have_count(0)


async def test_a_reply_leads_to_the_message_that_it_quotes(stage: Stage, open_page: OpenPage) -> None:
    ann = stage.sandbox.customer(ANN, name="Ann")
    for number in range(12):
        await ann.says(f"line {number}")
    page = (await open_page(stage.address)).page
    await act_on(line(page, "You said line 0"), "Reply")
    await expect(page.locator("#composer .about")).to_contain_text("Reply to “You said line 0”")
    await write(page, "About that")
    quote = line(page, "About that").get_by_role("button", name="Quoted: You said line 0")
    await expect(quote).to_be_in_viewport()
    await expect(line(page, "You said line 0").first).not_to_be_in_viewport()
    await quote.click()
    await expect(page.locator("#lines > li.found")).to_contain_text("You said line 0")
    await expect(page.locator("#lines > li.found")).to_be_in_viewport()


async def test_a_reaction_is_shown_and_taken_back(stage: Stage, open_page: OpenPage) -> None:
    await stage.sandbox.customer(ANN, name="Ann").says("Hi")
    page = (await open_page(stage.address)).page
    answer = line(page, "You said Hi")
    await act_on(answer, "React with 👍")
    await expect(answer.locator(".reaction")).to_contain_text("👍")
    await act_on(answer, "Remove reaction")
    await expect(answer.locator(".reaction")).to_have_count(0)


async def test_the_business_number_is_named_where_it_changes(stage: Stage, open_page: OpenPage) -> None:
    await stage.sandbox.customer(ANN, name="Ann").says("Hi")
    page = (await open_page(stage.address)).page
    await expect(line(page, "You said Hi")).to_have_count(1)
    first, second = stage.sandbox.settings.senders[:2]
    await page.get_by_label("Business number to write to").select_option(second)
    await write(page, "Hello")
    await expect(line(page, "You said Hello")).to_have_count(1)
    await expect(line(page, "Hello").first).to_contain_text(f"To {second}")
    await expect(line(page, second)).to_have_count(1)
    await expect(line(page, first)).to_have_count(0)
    assert [one.sender for one in stage.sandbox.messages] == [first, second]


async def test_an_edit_is_marked_and_reaches_the_bot(stage: Stage, open_page: OpenPage) -> None:
    await stage.sandbox.customer(ANN, name="Ann").says("Helo")
    page = (await open_page(stage.address)).page
    await act_on(line(page, "Helo").first, "Edit")
    await write(page, "Hello")
    await expect(line(page, "Hello").filter(has_text="edited")).to_contain_text("bot 200")


async def test_after_a_change_of_phone_the_customer_is_the_same(stage: Stage, open_page: OpenPage) -> None:
    await stage.sandbox.customer(ANN, name="Ann").says("Hi")
    page = (await open_page(stage.address)).page
    await choose(page, "Change phone …")
    await page.get_by_label("New phone").fill("+16044443333")
    await page.get_by_role("button", name="Change", exact=True).click()
    await expect(page.locator("#head")).to_contain_text("+16044443333")
    await expect(page.locator("#people li")).to_have_count(1)
    await expect(line(page, "Changed phone: now +16044443333")).to_have_count(1)
    await write(page, "Still me")
    await expect(line(page, "You said Still me")).to_have_count(1)


async def test_a_picture_of_the_sandbox_is_shown_and_one_from_elsewhere_never_loaded(
    stage: Stage, open_page: OpenPage
) -> None:
    ann = stage.sandbox.customer(ANN, name="Ann")
    await ann.says("picture")
    await ann.sends_image("https://elsewhere.example/cat.png")
    page = (await open_page(stage.address)).page
    await expect(line(page, "elsewhere.example, not loaded")).to_have_count(1)
    await expect(line(page, "cdn.example.com, not loaded")).to_have_count(1)
    await attach_file(page, "dot.png", "image/png", PIXEL)
    shown = page.locator("#lines img")
    await expect(shown).to_have_attribute("alt", "dot.png")
    await page.wait_for_function("() => document.querySelector('#lines img').naturalWidth === 1")


async def test_an_html_file_is_only_downloaded(stage: Stage, open_page: OpenPage) -> None:
    await stage.sandbox.customer(ANN, name="Ann").says("Hi")
    page = (await open_page(stage.address)).page
    await attach_file(page, "evil.html", "text/html", b"<script>alert(1)</script>")
    link = page.get_by_role("link", name="Download")
    url = f"{stage.address}{await link.get_attribute('href')}"
    headers = (await page.request.get(url)).headers
    assert headers["content-disposition"].startswith("attachment")
    assert headers["x-content-type-options"] == "nosniff"
    async with page.expect_download() as download:
        await link.click()
    assert (await download.value).suggested_filename == "evil.html"


async def test_the_clock_is_run_paused_moved_and_sped_up(stage: Stage, open_page: OpenPage) -> None:
    await stage.sandbox.customer(ANN, name="Ann").says("Hi")
    page = (await open_page(stage.address)).page
    clock = page.get_by_label("Clock", exact=True)
    await expect(clock).to_contain_text("00:00:00")
    await clock.get_by_role("button", name="+1 min").click()
    await expect(clock).to_contain_text("00:01:00")
    await clock.get_by_label("Speed of the clock").select_option("3600")
    await clock.get_by_role("button", name="Run").click()
    await expect(page.locator("#head")).to_contain_text(re.compile(r"window (1?\d|2[0-2]) h|window closed"))
    await clock.get_by_role("button", name="Pause").click()
    await expect(clock.get_by_role("button", name="Run")).to_be_visible()


async def test_each_customer_has_unread_messages_and_search_finds_them(stage: Stage, open_page: OpenPage) -> None:
    page = (await open_page(stage.address)).page
    ann, bob = stage.sandbox.customer(ANN, name="Ann"), stage.sandbox.customer(BOB, name="Bob")
    await ann.says("Hi")
    await page.locator("#people button", has_text="Ann").click()
    await expect(line(page, "You said Hi")).to_be_in_viewport()
    for text in ("one", "two"):
        await bob.says(text)
    row = page.locator("#people button", has_text="Bob")
    await expect(row).to_contain_text("2 unread")
    await expect(page).to_have_title("(2) Ann · Sandbox")
    await expect(page.locator("#people button", has_text="Ann")).not_to_contain_text("unread")
    await row.click()
    await expect(page).to_have_title("Bob · Sandbox")
    await page.get_by_label("Search customers").fill("said hi")
    await expect(page.locator("#people li")).to_have_count(1)
    await page.get_by_label("Search customers").press("Enter")
    await expect(page.get_by_role("heading", name="Ann")).to_be_visible()


async def test_a_hidden_tab_closes_its_stream_and_catches_up(stage: Stage, open_page: OpenPage) -> None:
    page = (await open_page(stage.address, script=KEEP_STREAMS)).page
    await expect(page.get_by_role("img", name="Connected", exact=True)).to_be_visible()
    await set_hidden(page, hidden=True)
    assert await page.evaluate("streams.every((one) => one.readyState === EventSource.CLOSED)")
    await stage.sandbox.customer(ANN, name="Ann").says("Meanwhile")
    await set_hidden(page, hidden=False)
    await expect(line(page, "You said Meanwhile")).to_have_count(1)


async def test_a_tab_that_slept_through_more_than_is_kept_reads_anew(open_page: OpenPage) -> None:
    async with serve_bot(is_registered=False, keep=5) as stage:
        visit = await open_page(stage.address)
        page = visit.page
        ann = stage.sandbox.customer(ANN, name="Ann")
        await ann.says("before")
        await expect(line(page, "before")).to_have_count(1)
        await set_hidden(page, hidden=True)
        for number in range(100):
            await ann.says(f"asleep {number}")
        await set_hidden(page, hidden=False)
        await expect(line(page, "asleep 99")).to_be_in_viewport()
        await expect(line(page, "before")).to_have_count(0)
        await page.close()


async def test_other_sites_cannot_frame_the_page_and_nobody_can_run_a_script_in_it(
    stage: Stage, open_page: OpenPage, chromium: Browser
) -> None:
    visit = await open_page(stage.address)
    visit.expected = ("Content Security Policy", "TrustedHTML", "TrustedScript")
    run = "() => { try { %s } catch (error) { return error.name } }"
    assert await visit.page.evaluate(run % "document.body.innerHTML = '<b>'") == "TypeError"
    assert await visit.page.evaluate(run % "setTimeout('window.isRun = true')") == "TypeError"
    add = "const one = document.createElement('script'); one.append('window.isRun = true'); document.body.append(one)"
    await visit.page.evaluate(run % add)
    assert await visit.page.evaluate("window.isRun") is None
    other = await chromium.new_page()
    await other.set_content(f"<iframe src='{stage.address}/__sandbox__/'></iframe>")
    frame = other.frames[1]
    await expect(frame.locator("body")).to_contain_text("another website sent this")
    assert await frame.locator("#panes").count() == 0
    await other.close()
