"""Chromium for tests of the sandbox's page. Each test fails if its page logs an error or asks another server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.browser.bots import Stage, serve_bot
from tests.browser.visits import Visit
from tools.page_pictures import launch_chromium

OpenPage = Callable[..., Coroutine[Any, Any, Visit]]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """One browser for all tests of a worker; each test has a profile of its own."""
    async with launch_chromium() as browser:
        if browser is None:
            pytest.skip("Chromium is not installed; `sh tools/programs` installs it on Debian")
        yield browser


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
