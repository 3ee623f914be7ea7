"""What the sandbox's page stands: requests that make no sense, customers that become one, a sandbox that is gone."""

from __future__ import annotations

import json
from typing import Final

import httpx
import pytest
from playwright.async_api import expect

from tests.browser.bots import Stage
from tests.browser.conftest import OpenPage
from tests.browser.visits import ANN, line, write

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.slow, pytest.mark.once]

BSUID: Final = "US.13491208655302741918"
CONTENTS: Final = [
    {"constructor": {"a": 1}},
    {"__proto__": {"text": "x"}},
    {"toString": {}, "text": None},
    {"pollMessage": {"question": "Which?"}},
    {"location": "nowhere"},
    {"attachments": [{"type": {"a": 1}, "url": ["x"]}, None]},
    {"replyButtonMessage": {"buttons": [5, None, {"id": {}, "text": []}], "header": 5, "footer": "x"}},
    {"listMessage": {"sections": [None, {"rows": [5, None]}], "button": 5}},
    "text",
    5,
    None,
    [],
]
BODIES: Final = [
    *(json.dumps({"recipient": {"id": ANN, "channelType": "whatsapp"}, "message": one}) for one in CONTENTS),
    json.dumps(
        {"number": ANN, "templateName": {"a": 1}, "parameters": [None, 5, {"name": "header_image", "value": {}}]}
    ),
    '{"message":{"text":"a"},"message":{"text":"b"}}',
    "[" * 5000,
    '{"message":' * 300 + "1" + "}" * 300,
    "\u202e{",
    "",
]


async def test_whatever_the_bot_sends_the_page_goes_on(stage: Stage, open_page: OpenPage) -> None:
    ann = stage.sandbox.customer(ANN, name="Ann")
    await ann.says("Hi")
    page = (await open_page(stage.address)).page
    settings = stage.sandbox.settings
    async with httpx.AsyncClient(base_url=stage.address, headers={"X-API-Key": settings.api_key}) as client:
        for kind in ("messages", "whatsapp_templated_messages"):
            for body in BODIES:
                await client.post(f"/v1/businesses/{settings.business_id}/send/{kind}", content=body.encode())
    await stage.sandbox.send_event("messages", {"message": "x", "statusUpdate": 5, "buttonResponse": [], "id": {}})
    await ann.says("Still there?")
    await expect(line(page, "You said Still there?")).to_have_count(1)
    await expect(line(page, "Poll message")).to_contain_text("refused: 400")
    log = page.get_by_role("listbox", name="Log")
    await log.focus()
    for _ in stage.sandbox.timeline:
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("region", name="Details")).to_be_visible()
        await page.keyboard.press("Escape")
        await page.keyboard.press("ArrowUp")


async def test_two_customers_who_turn_out_to_be_one_stay_selected_with_what_was_typed(
    stage: Stage, open_page: OpenPage
) -> None:
    await stage.sandbox.customer(ANN, name="Ann").says("by phone")
    await stage.sandbox.customer(bsuid=BSUID, name="Beta").says("by BSUID")
    page = (await open_page(stage.address)).page
    await page.locator("#people button", has_text="Beta").click()
    await page.get_by_label("Write as").fill("half typed")
    stage.sandbox.customer(ANN, bsuid=BSUID)
    await expect(page.locator("#people [aria-current=true]")).to_have_count(1)
    await expect(page.locator("#people li")).to_have_count(1)
    await expect(line(page, "by phone").first).to_be_visible()
    await expect(page.get_by_label("Write as")).to_have_value("half typed")


async def test_texts_that_could_not_be_sent_stand_in_the_field_again_in_order(
    stage: Stage, open_page: OpenPage
) -> None:
    await stage.sandbox.customer(ANN, name="Ann").says("Hi")
    visit = await open_page(stage.address)
    visit.expected = ("Failed to load resource",)
    page = visit.page
    field = page.get_by_label("Write as")
    await expect(line(page, "You said Hi")).to_have_count(1)
    await page.evaluate("() => { globalThis.ask = fetch; fetch = () => new Promise((_, fail) => { end = fail; }); }")
    for text in ("one", "two"):
        await write(page, text)
    await page.keyboard.type("three")
    await page.evaluate("() => { fetch = ask; end(new TypeError('gone')); }")
    await expect(field).to_have_value("one\ntwo\nthree")
    await expect(page.get_by_role("alert").first).to_contain_text("The sandbox cannot be reached")
    await field.press("Enter")
    await expect(line(page, "You said one")).to_have_count(1)


async def test_on_a_phone_the_log_follows_the_newest_entry(stage: Stage, open_page: OpenPage) -> None:
    ann = stage.sandbox.customer(ANN, name="Ann")
    for number in range(12):
        await ann.says(f"line {number}")
    page = (await open_page(stage.address, width=390)).page
    await expect(line(page, "line 11").first).to_be_visible()
    await page.locator("#tabs button").filter(has_text="Inspector").click()
    await expect(page.get_by_role("option").last).to_be_in_viewport()
    await expect(page.get_by_role("button", name="Newest")).to_be_hidden()
    await ann.says("And now")
    await expect(page.get_by_role("option").filter(has_text="And now").first).to_be_in_viewport()


async def test_a_quote_leads_to_a_message_far_above_what_is_drawn(stage: Stage, open_page: OpenPage) -> None:
    ann = stage.sandbox.customer(ANN, name="Ann")
    await ann.says("The very first")
    for number in range(60):
        await ann.says(f"line {number}")
    await ann.says("Remember?", reply_to=stage.sandbox.messages[0].id)
    page = (await open_page(stage.address)).page
    await line(page, "Remember?").get_by_role("button", name="Quoted: You said The very first").click()
    await expect(page.locator("#lines > li.found")).to_contain_text("You said The very first")
