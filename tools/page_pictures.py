"""Draw the sandbox's page for the documentation: `python -m tools.page_pictures` writes pictures into docs/assets/page.

Each state is drawn in both schemes, at the width of a desktop and of a phone. Time, ids and the port are fixed, so that
only what you changed changes a picture. Run it again after you change the page.
"""

from __future__ import annotations

import asyncio
import base64
import os
import shutil
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from playwright.async_api import Browser, Page, async_playwright, expect

from connectly_api import (
    Button,
    Connectly,
    Image,
    ListMessage,
    OutsideWindowError,
    ReplyButtons,
    Row,
    Section,
    Text,
)
from connectly_api.sandbox import Sandbox
from connectly_api.transport import AsgiTransport
from connectly_api.webhooks import ButtonReply, InboundMessage, WebhookApp

PICTURES: Final = Path(__file__).resolve().parent.parent / "docs" / "assets" / "page"
SCHEMES: Final = ("light", "dark")
WIDTHS: Final = (1280, 390)

_PORT: Final = 8750
_HEIGHT: Final = 760
_FLAGS: Final = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-lcd-text",  # Whether text has coloured edges would depend on when a layer is drawn.
)
_BOT: Final = "http://127.0.0.1:8000/webhooks"
_ANN, _BOB, _MIA = "+16045550111", "+16045550122", "+16045550133"
# Chromium compresses its own screenshot: a WebP has a fifth of a PNG's size, and no library is needed for it. Threads
# smooth edges a little differently each time, so a picture that only differs by that stays as it was.
_TO_WEBP: Final = """async ([png, old]) => {
    const load = async (type, data) => {
        const picture = await createImageBitmap(await (await fetch(`data:image/${type};base64,${data}`)).blob());
        const canvas = new OffscreenCanvas(picture.width, picture.height);
        canvas.getContext("2d").drawImage(picture, 0, 0);
        return canvas;
    };
    const read = (canvas) => canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
    const blob = await (await load("png", png)).convertToBlob({type: "image/webp", quality: 0.7});
    const webp = btoa(String.fromCharCode(...new Uint8Array(await blob.arrayBuffer())));
    if (!old) return webp;
    const [before, after] = [read(await load("webp", old)), read(await load("webp", webp))];
    const changes = after.map((value, index) => Math.abs(value - before[index]));
    const isSame = before.length === after.length && changes.every((change) => change < 64)
        && changes.filter((change) => change > 8).length < changes.length / 20;
    return isSame ? old : webp;
}"""


@asynccontextmanager
async def launch_chromium() -> AsyncGenerator[Browser | None]:
    """Start this machine's Chromium; yield None if it has none."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        yield None
        return
    is_root = os.name == "posix" and os.geteuid() == 0
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=_FLAGS, chromium_sandbox=not is_root)
        yield browser
        await browser.close()


async def play(sandbox: Sandbox) -> None:
    """Let a bot and three customers do what the pictures show."""
    connectly = Connectly(
        api_key=sandbox.settings.api_key,
        business_id=sandbox.settings.business_id,
        transport=AsgiTransport(sandbox.app),
    )
    app = WebhookApp(sandbox.settings.webhook_secret)

    @app.on(InboundMessage)
    async def answer(event: InboundMessage) -> None:
        text = event.text or ""
        if "shirt" in text:
            rows = [Row("s", "Small", "36 to 38"), Row("m", "Medium", "39 to 40"), Row("l", "Large", "41 to 43")]
            await connectly.reply(event, ListMessage("Choose a size", [Section("Shirts", rows)], text="Which size?"))
        elif "parcel" in text:
            await connectly.reply(event, Image("https://cdn.example.com/parcel.jpg", caption="It is on its way"))
            buttons = [Button("yes", "Yes, please"), Button("no", "Another day")]
            await connectly.reply(event, ReplyButtons("Shall we deliver on Friday?", buttons))
        else:
            await connectly.reply(event, Text("Hello! How can we help?"))

    @app.on(ButtonReply)
    async def confirm(event: ButtonReply) -> None:
        await connectly.reply(event, Text("Friday it is. See you then!"))

    sandbox.attach(_BOT, app)
    await connectly.webhooks.ensure("messages", _BOT)
    await connectly.webhooks.ensure("delivery_status", _BOT)
    sandbox.template("come_back", "en", text="Hello {{1}}, your basket waits for you.", buttons=["Open the basket"])
    bob, ann = sandbox.customer(_BOB, name="Bob Castillo"), sandbox.customer(_ANN, name="Ann Okafor")
    await bob.says("Is the blue one in stock?")
    sandbox.fault("fail_delivery", next=1)
    await bob.says("Anybody there?")
    await sandbox.advance(hours=25)
    try:
        await connectly.send_text(_BOB, "Are you still interested?")
    except OutsideWindowError:
        await connectly.send_template(_BOB, "come_back", "en", body=["Bob"])
    await sandbox.settle()
    await sandbox.customer(_MIA, name="Mia Lindqvist").says("I would like a shirt")
    await ann.says("Where is my parcel?")
    await sandbox.advance(seconds=40)
    await ann.taps("Yes, please")
    await sandbox.advance(seconds=20)
    await ann.reads()
    await ann.reacts("❤")
    await sandbox.settle()


async def _show_customer(page: Page, name: str) -> None:
    person = page.locator("#people button", has_text=name)
    if not await person.is_visible():
        await page.locator("#tabs button", has_text="Customers").click()
    await person.click()
    await expect(page.get_by_role("heading", name=name)).to_be_visible()


async def _show_conversation(page: Page) -> None:
    await _show_customer(page, "Ann Okafor")


async def _show_list(page: Page) -> None:
    await _show_customer(page, "Mia Lindqvist")
    await page.get_by_role("button", name="Choose a size").click()
    await page.get_by_label("Medium").check()


async def _show_troubles(page: Page) -> None:
    await _show_customer(page, "Bob Castillo")


async def _show_detail(page: Page) -> None:
    await _show_customer(page, "Ann Okafor")
    await page.locator("#lines > li", has_text="Friday it is").locator(".meta").click()


async def _show_faults(page: Page) -> None:
    await _show_customer(page, "Ann Okafor")
    await page.get_by_role("button", name="Faults").click()


async def _show_help(page: Page) -> None:
    await _show_customer(page, "Ann Okafor")
    await page.get_by_role("button", name="Help").click()


STATES: Final[dict[str, Callable[[Page], Awaitable[None]]]] = {
    "conversation": _show_conversation,
    "list": _show_list,
    "troubles": _show_troubles,
    "detail": _show_detail,
    "faults": _show_faults,
    "help": _show_help,
}


async def draw_pictures(port: int = _PORT) -> AsyncGenerator[tuple[str, bytes]]:
    """Yield each picture's name and its content.

    Raises:
        FileNotFoundError: There is no Chromium.
    """
    sandbox = Sandbox(start=datetime(2026, 3, 3, 9, 0, tzinfo=UTC).timestamp(), seed=1, rate_limit=None)
    async with launch_chromium() as browser, sandbox.serve(port=port) as address:
        if browser is None:
            raise FileNotFoundError("Chromium is not installed")
        async for picture in _draw_state(
            browser, address, "empty", lambda page: expect(page.locator("#empty")).to_be_visible()
        ):
            yield picture
        await play(sandbox)
        for state, show in STATES.items():
            async for picture in _draw_state(browser, address, state, show):
                yield picture


async def _draw_state(
    browser: Browser, address: str, state: str, show: Callable[[Page], Awaitable[None]]
) -> AsyncGenerator[tuple[str, bytes]]:
    for scheme in SCHEMES:
        for width in WIDTHS:
            context = await browser.new_context(
                viewport={"width": width, "height": _HEIGHT}, color_scheme=scheme, reduced_motion="reduce",
                timezone_id="UTC", has_touch=width < min(WIDTHS) + 1,
            )  # fmt: skip
            page = await context.new_page()
            await page.goto(f"{address}/__sandbox__/")
            await expect(page.get_by_role("img", name="Connected", exact=True)).to_be_visible()
            await show(page)
            await page.evaluate("() => new Promise((end) => setTimeout(() => requestAnimationFrame(end), 250))")
            png = await page.screenshot(caret="hide")
            await page.goto("about:blank")
            name = f"{state}-{width}-{scheme}.webp"
            old = (PICTURES / name).read_bytes() if (PICTURES / name).exists() else b""
            webp: str = await page.evaluate(_TO_WEBP, [base64.b64encode(one).decode() for one in (png, old)])
            yield name, base64.b64decode(webp)
            await context.close()


async def _write() -> None:
    PICTURES.mkdir(exist_ok=True)
    names: set[str] = set()
    async for name, content in draw_pictures():
        (PICTURES / name).write_bytes(content)
        names.add(name)
    for other in PICTURES.iterdir():
        if other.name not in names:
            other.unlink()
    sys.stdout.write(f"{len(names)} pictures, {sum(one.stat().st_size for one in PICTURES.iterdir())} bytes\n")


if __name__ == "__main__":
    asyncio.run(_write())
