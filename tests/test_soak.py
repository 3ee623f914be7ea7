"""A small soak: every call ends in exactly one way, and the server's own count agrees."""

from __future__ import annotations

import pytest

from benchmarks.send_soak import soak


@pytest.mark.slow
@pytest.mark.parametrize("transport", ["httpx", "pyreqwest"])
async def test_every_call_ends_in_exactly_one_way_and_the_server_agrees(transport: str) -> None:
    counted = await soak(1500, 100, transport, faults=0.05)
    assert sum(counted.values()) == 1500
    assert counted["accepted"] > 1300
    assert counted["unknown"] > 0
