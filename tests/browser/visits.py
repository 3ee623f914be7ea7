"""One visit of the sandbox's page, what must never happen during it, and what one does there."""

from __future__ import annotations

from importlib.resources import files
from typing import Any, Final

import attrs
from playwright.async_api import ConsoleMessage, Locator, Page, Request

ANN: Final = "+16044441111"
BOB: Final = "+16044442222"
_AXE: Final = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")


@attrs.define(slots=False)  # Playwright keeps an attribute on who listens.
class Visit:
    """A page in Chromium.

    Attributes:
        page: Playwright's page, at the sandbox's address.
        address: The sandbox's address.
        problems: Errors in the console, exceptions, and requests to other servers; a test ends with none.
        expected: Parts of what the console may say, as a test provokes it. Chromium itself logs each failed request.
    """

    page: Page
    address: str
    problems: list[str] = attrs.field(factory=list[str])
    expected: tuple[str, ...] = ()

    def watch(self) -> None:
        """Collect the problems from now on."""
        self.page.on("console", self._note_message)
        self.page.on("pageerror", lambda error: self.problems.append(f"throws {error}"))
        self.page.on("request", self._note_request)

    def _note_message(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not any(part in message.text for part in self.expected):
            self.problems.append(f"logs {message.text}")

    def _note_request(self, request: Request) -> None:
        if not request.url.startswith((f"{self.address}/", "data:", "blob:")):
            self.problems.append(f"asks {request.url}")

    async def find_violations(self) -> list[str]:
        """Return what axe objects to, by WCAG 2.2 AA and its own best practices."""
        # The page's policy refuses scripts that it did not bring, so this one goes around the document.
        await self.page.evaluate(_AXE)
        found: dict[str, Any] = await self.page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
        return [f"{one['id']}: {[node['target'] for node in one['nodes']]}" for one in found["violations"]]


async def write(page: Page, text: str) -> None:
    """Write as the selected customer."""
    field = page.get_by_label("Write as")
    await field.fill(text)
    await field.press("Enter")


def line(page: Page, text: str) -> Locator:
    """Return the lines of the conversation that have a text."""
    return page.locator("#lines > li").filter(has_text=text)


async def choose(page: Page, name: str) -> None:
    """Do what the menu of the conversation offers."""
    await page.get_by_role("button", name="More about this customer").click()
    await page.get_by_role("dialog").get_by_role("button", name=name).click()
