"""Chromium for tests of the sandbox's page. Each test fails if its page logs an error or asks another server."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack
from typing import Any, Final

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from tests.browser.bots import Stage, serve_bot
from tests.browser.visits import Visit

_FLAGS: Final = ("--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking")

OpenPage = Callable[..., Coroutine[Any, Any, Visit]]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """One browser for all tests of a worker; each test has a profile of its own."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("Chromium is not installed; `sh tools/programs` installs it on Debian")
    async with async_playwright() as playwright:
        is_root = os.name == "posix" and os.geteuid() == 0
        browser = await playwright.chromium.launch(executable_path=path, args=_FLAGS, chromium_sandbox=not is_root)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def stage() -> AsyncIterator[Stage]:
    """A sandbox with a bot."""
    async with serve_bot() as found:
        yield found


@pytest_asyncio.fixture(loop_scope="session")
async def silent() -> AsyncIterator[Stage]:
    """A sandbox whose bot is not told of messages."""
    async with serve_bot(is_registered=False) as found:
        yield found


@pytest_asyncio.fixture(loop_scope="session")
async def open_page(chromium: Browser) -> AsyncIterator[OpenPage]:
    """Open the page of a sandbox: `visit = await open_page(address, width=390, scheme="dark")`."""
    visits: list[Visit] = []
    async with AsyncExitStack() as stack:

        async def open_(
            address: str, *, width: int = 1280, height: int = 800, script: str = "", **options: Any
        ) -> Visit:
            context = await chromium.new_context(viewport={"width": width, "height": height}, **options)
            stack.push_async_callback(context.close)
            await context.add_init_script(script)
            visit = Visit(await context.new_page(), address)
            visit.page.set_default_timeout(15_000)
            visit.watch()
            visits.append(visit)
            await visit.page.goto(f"{address}/__sandbox__/")
            return visit

        yield open_
    assert [problem for visit in visits for problem in visit.problems] == []
