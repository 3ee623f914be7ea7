"""Paths of a developer through the sandbox's page, in Chromium. No page logs an error or asks another server."""

from __future__ import annotations

import asyncio
import itertools
from typing import Final

import pytest
from playwright.async_api import expect

from tests.browser.bots import BOT, Stage, send_or_fall_back, serve_bot
from tests.browser.conftest import OpenPage
from tests.browser.visits import ANN, BOB, choose, line, write

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.slow, pytest.mark.once]

COUNT_FRAMES: Final = """
    const request = requestAnimationFrame;
    globalThis.drawTimes = [];
    requestAnimationFrame = (draw) => request((now) => { drawTimes.push(performance.now()); draw(now); });
"""
HOSTILE: Final = [
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(1)</script>",
    "{{constructor.constructor('alert(1)')()}}",
    "\u202egnp.exe\u202c",
    "a" * 4096,
    "مرحبا بالعالم",
    "\x00\x1b[31mred",
    "https://evil.example/?a=<b>",
]


async def test_the_first_message_is_written_by_the_customer_and_answered_by_the_bot(
    stage: Stage, open_page: OpenPage
) -> None:
    page = (await open_page(stage.address)).page
    await expect(page.get_by_role("heading", name="Be the customer")).to_be_visible()
    await expect(page.locator("pre")).to_contain_text(f"export CONNECTLY_BASE_URL={stage.address}")
    await page.get_by_role("button", name="New customer").click()
    await page.get_by_label("Phone").fill(ANN)
    await page.get_by_label("Name", exact=True).fill("Ann")
    await page.get_by_role("button", name="Add customer").click()
    await write(page, "Hi there")
    await expect(line(page, "Hi there").filter(has_text="bot 200")).to_have_count(1)
    await expect(line(page, "You said Hi there")).to_have_count(1)
    await expect(line(page, "You said Hi there").get_by_role("button", name="delivered")).to_be_visible()
    await page.get_by_role("button", name="Read all").click()
    await expect(line(page, "You said Hi there").get_by_role("button", name="read")).to_be_visible()
    assert stage.sandbox.assert_sent_once(ANN, text="You said Hi there").sender == stage.sandbox.settings.senders[0]


async def test_a_button_is_tapped_with_the_mouse_or_by_its_number(stage: Stage, open_page: OpenPage) -> None:
    await stage.sandbox.customer(ANN, name="Ann").says("buttons")
    page = (await open_page(stage.address)).page
    await page.get_by_role("button", name="Yes, please").click()
    await expect(line(page, "Noted: Yes, please")).to_have_count(1)
    await page.get_by_label("Messages").click()
    await page.keyboard.press("2")
    await expect(line(page, "Noted: Another day")).to_have_count(1)


async def test_a_row_is_picked_from_a_list_in_a_dialog(stage: Stage, open_page: OpenPage) -> None:
    await stage.sandbox.customer(ANN, name="Ann").says("list")
    page = (await open_page(stage.address)).page
    opener = page.get_by_role("button", name="Choose a size")
    await opener.click()
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text("36 to 38")
    await page.keyboard.press("Escape")
    await expect(dialog).to_have_count(0)
    await expect(opener).to_be_focused()
    await opener.click()
    await dialog.get_by_label("Medium").check()
    await dialog.get_by_role("button", name="Send").click()
    await expect(line(page, "Noted: Medium")).to_have_count(1)


async def test_a_template_is_shown_by_its_declared_text_and_else_by_its_parameters(
    stage: Stage, open_page: OpenPage
) -> None:
    await stage.connectly.send_template(ANN, "unknown", "en", body=["Ann", "12345"])
    stage.sandbox.template(
        "shipped", "en", header="Order {{1}}", text="Hello {{1}}, it has left.", footer="Parcels", buttons=["At home"]
    )
    await stage.connectly.send_template(ANN, "shipped", "en", body=["Ann"], header_text="12345")
    page = (await open_page(stage.address)).page
    await expect(line(page, "unknown").get_by_role("row")).to_have_text(["body_1Ann", "body_212345"])
    shown = line(page, "Hello Ann, it has left.")
    for part in ("Order 12345", "Parcels"):
        await expect(shown).to_contain_text(part)
    await page.get_by_role("button", name="At home").click()
    await expect(line(page, "Noted: At home")).to_have_count(1)


async def test_after_24_hours_the_window_is_closed_and_the_bot_falls_back_to_a_template(
    stage: Stage, open_page: OpenPage
) -> None:
    await stage.sandbox.customer(ANN, name="Ann").says("Hi")
    page = (await open_page(stage.address)).page
    await expect(page.locator("#head")).to_contain_text("window 24 h")
    await page.get_by_role("button", name="+24 h").click()
    await expect(line(page, "24 h went by")).to_have_count(1)
    await expect(page.locator("#head")).to_contain_text("window closed")
    await send_or_fall_back(stage, ANN, "Are you there?")
    await expect(line(page, "Are you there?").filter(has_text="refused: 400")).to_have_count(1)
    await expect(line(page, "come_back")).to_have_count(1)
    await write(page, "Yes")
    await expect(page.locator("#head")).to_contain_text("window 24 h")


async def test_the_next_message_fails_with_its_code_if_the_menu_says_so(stage: Stage, open_page: OpenPage) -> None:
    await stage.sandbox.customer(ANN, name="Ann").says("Hi")
    page = (await open_page(stage.address)).page
    await choose(page, "The next message fails")
    await expect(page.get_by_role("button", name="Faults: 1 set")).to_be_visible()
    await write(page, "Hello?")
    await expect(line(page, "You said Hello?")).to_contain_text("failed: UNSPECIFIED")
    await write(page, "Once more")
    await expect(line(page, "You said Once more").get_by_role("button", name="delivered")).to_be_visible()


async def test_a_refused_request_stands_in_the_conversation_and_opens_with_its_exact_body(
    stage: Stage, open_page: OpenPage
) -> None:
    await send_or_fall_back(stage, ANN, "too early")
    page = (await open_page(stage.address)).page
    refused = line(page, "too early").filter(has_text="CUSTOMER_NO_CONVERSATION_INITIATION")
    await refused.get_by_role("button", name="Inspect").click()
    inspector = page.get_by_label("Inspector")
    await expect(inspector).to_contain_text('"text": "too early"')
    await expect(inspector).to_contain_text("Answer 400")
    await inspector.get_by_role("button", name="Back to the log").click()
    await expect(inspector.get_by_role("option").filter(has_text="Refused")).to_have_count(1)


async def test_a_fault_is_switched_on_and_off(stage: Stage, open_page: OpenPage) -> None:
    await stage.sandbox.customer(ANN, name="Ann").says("Hi")
    page = (await open_page(stage.address)).page
    await page.get_by_role("button", name="Faults").click()
    switch = page.get_by_role("switch", name="Twice")
    await switch.click()
    await expect(switch).to_be_checked()
    await page.keyboard.press("Escape")
    await write(page, "Hello")
    await expect(line(page, "Hello").filter(has_text="2 deliveries")).to_have_count(1)
    await page.get_by_role("button", name="Faults").click()
    await page.get_by_label("How often").select_option("always")
    await switch.click()
    await expect(switch).to_be_checked()
    await switch.click()
    await expect(switch).not_to_be_checked()
    await page.keyboard.press("Escape")
    await write(page, "Again")
    await expect(line(page, "You said Again")).to_have_count(1)
    await expect(line(page, "Again").filter(has_text="2 deliveries")).to_have_count(0)


async def test_on_a_phone_there_is_one_pane_at_a_time_and_nothing_is_too_wide(
    stage: Stage, open_page: OpenPage
) -> None:
    customer = stage.sandbox.customer(ANN, name="Ann")
    for words in ("buttons", "list", "picture", "place", "a" * 600):
        await customer.says(words)
    page = (await open_page(stage.address, width=390, height=844, has_touch=True)).page
    tabs = page.get_by_role("navigation", name="Panes")
    for tab, shown, hidden in (
        ("Customers", "#customers", "#chat"),
        ("Inspector", "#inspector", "#customers"),
        ("Conversation", "#chat", "#inspector"),
    ):
        await tabs.get_by_role("button", name=tab).tap()
        await expect(page.locator(shown)).to_be_visible()
        await expect(page.locator(hidden)).not_to_be_visible()
        assert await page.evaluate("document.documentElement.scrollWidth") == 390
    await page.get_by_role("button", name="Another day").tap()
    await expect(line(page, "Noted: Another day")).to_have_count(1)


async def test_the_keyboard_alone_is_enough(stage: Stage, open_page: OpenPage) -> None:
    page = (await open_page(stage.address)).page
    await expect(page.get_by_role("button", name="New customer")).to_be_visible()
    for name, phone in (("Ann", ANN), ("Bob", BOB)):
        await page.get_by_role("button", name="New", exact=True).focus()
        await page.keyboard.press("Enter")
        await page.keyboard.type(phone)
        await page.keyboard.press("Tab")
        await page.keyboard.press("Tab")
        await page.keyboard.type(name)
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", name=name)).to_be_visible()
        await page.keyboard.type("buttons")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("button", name="Yes, please")).to_be_visible()
    await page.keyboard.press("Alt+Digit1")
    await expect(line(page, "Noted: Yes, please")).to_have_count(1)
    await page.keyboard.press("Alt+ArrowDown")
    await expect(page.get_by_role("heading", name="Ann")).to_be_visible()
    await page.keyboard.press("ArrowUp")
    await expect(page.get_by_label("Write as")).to_have_value("buttons")
    await page.keyboard.type(", please")
    await page.keyboard.press("Enter")
    await expect(line(page, "buttons, please").filter(has_text="edited")).to_have_count(1)
    await page.keyboard.press("Escape")
    await page.get_by_label("Messages").focus()
    await page.keyboard.press("/")
    await page.keyboard.type("Bob")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Bob")).to_be_visible()
    await page.get_by_label("Messages").focus()
    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)


async def test_hostile_texts_are_shown_as_they_are_and_do_nothing(stage: Stage, open_page: OpenPage) -> None:
    for number, text in enumerate(HOSTILE):
        customer = stage.sandbox.customer(
            f"+1604444{1111 + number}", name=text[:100].replace("\x00", "").replace("\x1b", "")
        )
        await customer.says(text)
    page = (await open_page(stage.address)).page
    page.on("dialog", lambda dialog: pytest.fail(f"a dialog opened: {dialog.message}"))
    people = page.locator("#people button")
    await expect(people).to_have_count(len(HOSTILE))
    for number, text in enumerate(reversed(HOSTILE)):
        await people.nth(number).click()
        shown = text.replace("\u202e", "‹U+202E›").replace("\u202c", "‹U+202C›").replace("\x00", "‹U+0000›")
        shown = shown.replace("\x1b", "‹U+001B›")
        await expect(page.locator("#lines .text").first).to_have_text(shown)
        assert await page.evaluate("document.documentElement.scrollWidth") == 1280
    assert await page.locator("#lines img, #lines script, #lines a").count() == 0


async def test_a_sandbox_that_is_started_again_is_read_anew(open_page: OpenPage) -> None:
    async with serve_bot() as first:
        await first.sandbox.customer(ANN, name="Ann").says("Hi")
        visit = await open_page(first.address)
        visit.expected = ("ERR_CONNECTION_REFUSED",)
        await expect(line(visit.page, "You said Hi")).to_have_count(1)
        port = int(first.address.rpartition(":")[2])
    await expect(visit.page.get_by_role("img", name="Not connected")).to_be_visible()
    async with serve_bot(port=port) as second:
        await second.sandbox.customer(BOB, name="Bob").says("Hello again")
        await expect(line(visit.page, "You said Hello again")).to_have_count(1)
        await expect(visit.page.get_by_role("button", name="Ann")).to_have_count(0)
        await expect(visit.page.get_by_role("img", name="Connected")).to_be_visible()
        # The server ends first: Chromium would log that the stream cannot be opened again.
        await visit.page.close()


async def test_without_a_registration_the_banner_makes_one_for_an_address(silent: Stage, open_page: OpenPage) -> None:
    await silent.sandbox.customer(ANN, name="Ann").says("Hi")
    visit = await open_page(silent.address)
    page = visit.page
    await expect(line(page, "Hi")).to_contain_text("bot not told")
    visit.expected = ("status of 400",)
    field = page.get_by_label("Address of your bot")
    await field.fill("nowhere")
    await field.press("Enter")
    await expect(page.locator("#banner [role=alert]")).to_contain_text("The address")
    await expect(field).to_be_focused()
    await field.fill(BOT)
    await page.get_by_role("button", name="Register").click()
    await expect(field).not_to_be_visible()
    await write(page, "Hello")
    await expect(line(page, "You said Hello")).to_have_count(1)
    assert {one.topic for one in silent.sandbox.registrations} == {"messages", "delivery_status"}


async def test_a_burst_of_a_thousand_messages_is_drawn_at_most_ten_times_a_second(
    silent: Stage, open_page: OpenPage
) -> None:
    page = (await open_page(silent.address, script=COUNT_FRAMES)).page
    ann = silent.sandbox.customer(ANN, name="Ann")
    await ann.says("Hi")
    await expect(line(page, "Hi")).to_have_count(1)
    for number in range(1000):
        await ann.says(f"burst {number}")
        if number % 50 == 0:  # A real customer writes from elsewhere, so that the stream is served meanwhile.
            await asyncio.sleep(0)
    await expect(line(page, "burst 999")).to_be_in_viewport()
    assert await page.locator("#lines > li").count() <= 210
    frames: list[float] = await page.evaluate("drawTimes")
    assert [later - earlier for earlier, later in itertools.pairwise(frames) if later - earlier < 95] == []


async def test_a_webhook_is_delivered_again_from_the_inspector(stage: Stage, open_page: OpenPage) -> None:
    await stage.sandbox.customer(ANN, name="Ann").says("Hi")
    page = (await open_page(stage.address)).page
    await line(page, "Hi").first.get_by_role("button", name="Inspect").click()
    inspector = page.get_by_label("Inspector")
    await inspector.locator("summary").filter(has_text="200").first.click()
    await inspector.get_by_role("button", name="Deliver again").first.click()
    await expect(inspector.get_by_text("Webhooks (2)")).to_be_visible()
