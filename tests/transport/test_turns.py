"""Hundreds of calls share the event loop with others: so many steps in a turn, and the rest in order."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import anyio
import pytest

from connectly_api import Connectly, ConnectlyError
from connectly_api.transport import MockTransport, Response, WireRequest
from connectly_api.transport.turns import Turns


async def turns_of(count: int, *, cancelled: int | None = None) -> list[int]:
    """Return in which turn of the loop each of so many steps happened."""
    turns, loop, now, happened = Turns(), asyncio.get_running_loop(), 0, dict[int, int]()

    def tick() -> None:
        nonlocal now
        now += 1
        loop.call_soon(tick)

    async def step(number: int) -> None:
        await turns.take()
        happened[number] = now

    tasks = [asyncio.create_task(step(number)) for number in range(count)]
    loop.call_soon(tick)
    if cancelled is not None:
        await asyncio.sleep(0)
        tasks[cancelled].cancel()
    await asyncio.wait(tasks)
    now = -(10**9)
    assert list(happened) == sorted(happened)
    return list(happened.values())


async def test_no_turn_has_more_than_16_steps_and_all_are_soon_done() -> None:
    happened = await turns_of(500)

    assert len(happened) == 500
    assert max(map(happened.count, happened)) == 16
    assert happened[-1] - happened[0] <= 500 // 16 + 2


async def test_few_steps_happen_at_once() -> None:
    assert len(set(await turns_of(16))) == 1


async def test_one_who_is_cancelled_holds_nobody_up() -> None:
    assert len(await turns_of(200, cancelled=150)) == 199


def test_nobody_waits_on_trio() -> None:
    async def main() -> None:
        turns = Turns()
        for _ in range(100):
            await turns.take()

    anyio.run(main, backend="trio")


def test_nobody_waits_for_another_event_loop() -> None:
    turns = Turns()

    async def take(times: int) -> None:
        for _ in range(times):
            await turns.take()

    async def fill() -> None:
        waiting = [asyncio.create_task(turns.take()) for _ in range(64)]
        await asyncio.sleep(0)
        for task in waiting:
            task.cancel()

    asyncio.run(fill())
    asyncio.run(asyncio.wait_for(take(40), 5))


@pytest.mark.parametrize("status", [200, 400])
async def test_other_tasks_run_while_hundreds_of_sends_begin_and_fail(status: int) -> None:
    progress: list[int] = []
    done = 0

    def answer(_: WireRequest) -> Response:
        nonlocal done
        done += 1
        return Response(status, (), b'{"id":"1"}')

    async def watch() -> None:
        while True:
            progress.append(done)
            await asyncio.sleep(0)

    connectly = Connectly(api_key="key", business_id="b", transport=MockTransport(answer))
    watching = asyncio.create_task(watch())
    results = await asyncio.gather(
        *(connectly.send_text("+16044441111", "Hello!") for _ in range(500)), return_exceptions=True
    )
    watching.cancel()

    assert sum(isinstance(result, ConnectlyError) for result in results) == (500 if status == 400 else 0)
    assert max(after - before for before, after in pairwise(progress)) <= 64
