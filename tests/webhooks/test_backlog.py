from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from connectly_api.webhooks.backlog import Backlog, Job

Run = Callable[[Callable[[], Awaitable[Any]]], Any]


async def _nothing() -> None:
    await anyio.lowlevel.checkpoint()


def _job(run: Callable[[], Any]) -> Job:
    return Job(run, _nothing)


@pytest.fixture(params=["asyncio", "trio"])
def run(request: pytest.FixtureRequest) -> Run:
    return lambda main: anyio.run(main, backend=request.param)


@pytest.mark.parametrize(("capacity", "at_once"), [(1, 1), (5, 1), (5, 2), (5, 5), (5, 50), (2, 3)])
def test_it_runs_so_many_at_once_holds_so_many_and_refuses_the_rest(run: Run, capacity: int, at_once: int) -> None:
    async def main() -> None:
        backlog, go = Backlog(capacity=capacity, at_once=at_once), anyio.Event()
        running, done = [0], []

        async def job() -> None:
            running[0] += 1
            await go.wait()
            done.append(running[0])
            running[0] -= 1

        taken = [backlog.submit(_job(job)) for _ in range(capacity + 3)]
        assert taken == [True] * capacity + [False] * 3
        await anyio.wait_all_tasks_blocked()
        assert running == [min(capacity, at_once)]
        go.set()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(backlog.drain)
            tasks.start_soon(backlog.drain)
        assert len(done) == capacity
        assert max(done) <= at_once
        assert backlog.submit(_job(job))
        await backlog.drain()
        assert len(done) == capacity + 1

    run(main)


def test_drain_waits_for_jobs_that_come_while_it_waits(run: Run) -> None:
    async def main() -> list[int]:
        backlog, done = Backlog(capacity=10, at_once=1), []

        async def job(number: int) -> None:
            await anyio.lowlevel.checkpoint()
            done.append(number)
            if number < 5:
                assert backlog.submit(_job(lambda: job(number + 1)))

        backlog.submit(_job(lambda: job(0)))
        await backlog.drain()
        return done

    assert run(main) == [0, 1, 2, 3, 4, 5]


def test_the_end_of_the_event_loop_ends_its_jobs(run: Run) -> None:
    backlog, ended = Backlog(capacity=10, at_once=1), []

    async def job() -> None:
        try:
            await anyio.sleep_forever()
        finally:
            ended.append(1)

    async def main() -> None:
        backlog.submit(_job(job))
        await anyio.wait_all_tasks_blocked()

    run(main)
    assert ended == [1]
