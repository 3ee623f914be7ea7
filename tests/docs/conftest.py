"""A sandbox on a socket, in a thread of its own, so that what runs in the test may bring its own event loop."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal

from connectly_api.sandbox import Sandbox


@pytest.fixture(scope="session")
def portal() -> Iterator[BlockingPortal]:
    with start_blocking_portal("asyncio") as portal:
        yield portal


@pytest.fixture
def sandbox() -> Sandbox:
    return Sandbox(windows="open")


@pytest.fixture
def address(portal: BlockingPortal, sandbox: Sandbox) -> Iterator[str]:
    with portal.wrap_async_context_manager(sandbox.serve()) as address:
        yield address
