"""Fixtures for pytest: a sandbox in the test's process, and a client connected to it.

    async def test_the_bot_says_hello(connectly_sandbox, connectly):
        customer = connectly_sandbox.customer("+16044441111")
        await customer.says("Hi")
        await connectly.send_text("+16044441111", "Hello!")
        connectly_sandbox.assert_sent_once("+16044441111", text="Hello!")

They are plain fixtures, so they work in synchronous tests and with pytest-asyncio and anyio, on asyncio and trio. They
need the extra: `pip install 'connectly-api[sandbox]'`.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from connectly_api.client import Connectly
    from connectly_api.sandbox import Sandbox, SandboxServer
    from connectly_api.sync import Connectly as SyncConnectly

__all__ = ["connectly", "connectly_sandbox", "connectly_sandbox_options", "connectly_sandbox_server", "connectly_sync"]


@pytest.fixture
def connectly_sandbox_options() -> dict[str, Any]:
    """Keywords of `connectly_api.sandbox.Settings` for the sandbox; override this fixture to set some."""
    return {}


@pytest.fixture
def connectly_sandbox(request: pytest.FixtureRequest, connectly_sandbox_options: dict[str, Any]) -> Sandbox:
    """A sandbox in which nothing has happened yet; its clock stands still until the test advances it.

    Its seed follows from the test's id: it is the same in every run, and another in each test, so that a receiver which
    several tests share takes no event for one that it has handled.
    """
    # Imported on first use: a test run without these fixtures pays nothing, and needs no extra.
    from connectly_api.sandbox import Sandbox  # noqa: PLC0415

    seed = int.from_bytes(sha256(request.node.nodeid.encode()).digest()[:8])
    options: dict[str, Any] = {"seed": seed, **connectly_sandbox_options}
    return Sandbox(**options)


@pytest.fixture
def connectly(connectly_sandbox: Sandbox) -> Connectly:
    """A client of the sandbox, in process: there is no socket, and nothing to close."""
    from connectly_api.client import Connectly  # noqa: PLC0415  (as above)
    from connectly_api.transport.adapters.asgi import AsgiTransport  # noqa: PLC0415

    settings = connectly_sandbox.settings
    return Connectly(
        api_key=settings.api_key, business_id=settings.business_id, transport=AsgiTransport(connectly_sandbox.app)
    )


@pytest.fixture
def connectly_sync(connectly_sandbox: Sandbox) -> SyncConnectly:
    """A client for synchronous code of the sandbox, in process: there is no socket, and nothing to close."""
    from connectly_api.sync import Connectly as SyncConnectly  # noqa: PLC0415  (as above)
    from connectly_api.transport.adapters.asgi import AsgiTransport  # noqa: PLC0415

    settings = connectly_sandbox.settings
    return SyncConnectly(
        api_key=settings.api_key, business_id=settings.business_id, transport=AsgiTransport(connectly_sandbox.app)
    )


@pytest.fixture
def connectly_sandbox_server(connectly_sandbox: Sandbox) -> Iterator[SandboxServer]:
    """The sandbox on a socket of 127.0.0.1, for synchronous tests of a bot that runs elsewhere; it stops by itself."""
    from connectly_api.sandbox import SandboxServer  # noqa: PLC0415  (as above)

    with SandboxServer(connectly_sandbox) as server:
        yield server
