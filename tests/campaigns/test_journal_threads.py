"""Calls of a journal from an event loop: one at a time, also where asyncio has given one up."""

from __future__ import annotations

import asyncio
from threading import Event
from typing import Any

import pytest

from connectly_api.campaigns.journal_thread import JournalThread


async def test_a_call_waits_for_one_that_was_cancelled_and_still_runs() -> None:
    journal: Any = object()
    thread, has_begun, may_end = JournalThread(journal), Event(), Event()
    order: list[str] = []

    def work_long() -> None:
        has_begun.set()
        may_end.wait()
        order.append("first")

    first = asyncio.create_task(thread.call(work_long))
    await asyncio.to_thread(has_begun.wait)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    second = asyncio.create_task(thread.call(order.append, "second"))
    done, _ = await asyncio.wait([second], timeout=0.05)
    assert not done
    may_end.set()
    await second
    assert order == ["first", "second"]
