"""A sandbox, and a plain HTTP client that speaks to it in process."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from connectly_api.sandbox import Sandbox
from tests.sandbox.calls import client_of


@pytest.fixture
def sandbox() -> Sandbox:
    return Sandbox(windows="open")


@pytest.fixture
async def http(sandbox: Sandbox) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(sandbox) as client:
        yield client
