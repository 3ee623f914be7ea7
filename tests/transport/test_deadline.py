"""Time limits of many attempts, kept by one timer."""

from __future__ import annotations

import asyncio
import math

import pytest

from connectly_api.transport.deadline import Attempts
from connectly_api.transport.protocol import Progress

LONG = 600.0


async def limited(attempts: Attempts, seconds: float, body: float) -> str:
    reached: list[str] = []
    with attempts.begin(seconds, Progress()):
        await asyncio.sleep(body)
        reached.append("done")
    return reached[0] if reached else "ended"


async def test_each_body_ends_at_its_own_time_in_whatever_order_they_began() -> None:
    attempts = Attempts()
    cases = [(LONG, 0.0), (0.05, LONG), (LONG, 0.1), (0.0, LONG), (0.02, LONG), (math.inf, 0.01), (0.03, LONG)]
    found = await asyncio.gather(*(limited(attempts, seconds, body) for seconds, body in cases))
    assert found == ["done", "ended", "done", "ended", "ended", "done", "ended"]


async def test_a_later_limit_strikes_after_earlier_ones_have_gone_unused() -> None:
    attempts = Attempts()
    first = asyncio.create_task(limited(attempts, 0.05, 0.01))
    second = asyncio.create_task(limited(attempts, 0.1, LONG))
    assert await first == "done"
    assert await second == "ended"


async def test_no_timer_is_left_behind_when_nobody_is_limited() -> None:
    loop = asyncio.get_running_loop()
    attempts = Attempts()
    assert await asyncio.gather(*(limited(attempts, LONG, 0.0) for _ in range(10))) == ["done"] * 10
    waiting = getattr(loop, "_scheduled", [])
    assert [handle for handle in waiting if not handle.cancelled() and handle.when() > loop.time() + 60] == []


async def test_somebody_elses_cancellation_goes_on_even_where_the_time_is_up_as_well() -> None:
    attempts = Attempts()
    task = asyncio.create_task(limited(attempts, 0.0, LONG))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_only_what_has_not_left_is_ended_by_closing() -> None:
    attempts = Attempts()
    gone, here, settled = Progress(), Progress(), Progress()
    here.may_have_left = settled.may_have_left = False

    async def body(progress: Progress, seconds: float) -> str:
        reached: list[str] = []
        with attempts.begin(math.inf, progress):
            await asyncio.sleep(seconds)
            reached.append("done")
        return reached[0] if reached else "ended"

    cases = [(gone, 0.05), (here, LONG), (settled, 0.0)]
    tasks = [asyncio.create_task(body(progress, seconds)) for progress, seconds in cases]
    await asyncio.wait([tasks[2]])
    attempts.cancel_unsent()
    assert await asyncio.gather(*tasks) == ["done", "ended", "done"]


async def test_an_exception_of_the_body_goes_through() -> None:
    with pytest.raises(ValueError, match="mine"), Attempts().begin(LONG, Progress()):
        raise ValueError("mine")
