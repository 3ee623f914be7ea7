"""Calls of a journal from event loops: one at a time, also where asyncio has given one up."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Event
from typing import Any

import anyio
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


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_event_loops_in_several_threads_share_it(backend: str) -> None:
    journal: Any = object()
    thread, may_end = JournalThread(journal), Event()
    numbers: list[int] = []

    async def call_many(first: int) -> None:
        async with anyio.create_task_group() as group:
            for number in range(first, first + 100):
                group.start_soon(thread.call, may_end.wait)
                group.start_soon(thread.call, partial(numbers.append, number))
            may_end.set()

    def run_loop(first: int) -> None:
        anyio.run(call_many, first, backend=backend)

    with ThreadPoolExecutor() as pool:
        list(pool.map(run_loop, range(0, 400, 100)))
    assert sorted(numbers) == list(range(400))
