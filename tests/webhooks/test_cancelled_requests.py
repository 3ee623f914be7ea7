"""No cancellation, whenever and however often it comes, lets an event be handled twice or stay locked."""

from __future__ import annotations

import asyncio
import random
import sqlite3
import threading
import time
from collections.abc import Awaitable
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from connectly_api.webhooks import Claim, ClaimState, Event, MemoryStore, SQLiteStore, Store, WebhookApp
from connectly_api.webhooks.backlog import Backlog, Job
from connectly_api.webhooks.deferred_cancellation import DeferredCancellation

from .asgi_request import SECRET, deliver
from .documented_bodies import BODIES, load_body

# Many wait on a real socket.
pytestmark = pytest.mark.slow

LONG_LEASE = 3600.0
"""Seconds. Whatever a cancellation leaves locked is still locked when the test looks."""


class OwnStore:
    """A store such as a user would write: each operation takes some turns of the event loop, before and after it."""

    def __init__(self) -> None:
        self.inner = MemoryStore(lease=LONG_LEASE)

    async def claim(self, key: str) -> Claim:
        await _turns(3)
        claim = await self.inner.claim(key)
        await _turns(3)
        return claim

    async def complete(self, claim: Claim) -> bool:
        await _turns(3)
        held = await self.inner.complete(claim)
        await _turns(3)
        return held

    async def release(self, claim: Claim) -> bool:
        await _turns(3)
        held = await self.inner.release(claim)
        await _turns(3)
        return held


async def _turns(number: int) -> None:
    for _ in range(number):
        await anyio.lowlevel.checkpoint()


def _store(kind: str, folder: Path) -> Store:
    if kind == "sqlite":
        return SQLiteStore(folder / "events.db", lease=LONG_LEASE)
    return MemoryStore(lease=LONG_LEASE) if kind == "memory" else OwnStore()


Handlers = dict[str, list[str]]


def _app(store: Store, how: str, **options: Any) -> tuple[WebhookApp, list[str]]:
    """Return an application whose handlers write down which message they have finished."""
    app, finished = WebhookApp(SECRET, store=store, **options), []

    async def in_turns(event: Event) -> None:
        await _turns(3)
        finished.append(event.message_id or "")

    def in_thread(event: Event) -> None:
        time.sleep(0.001)
        finished.append(event.message_id or "")

    app.on_any(in_turns if how == "coroutine" else in_thread)
    return app, finished


def _body(number: int) -> dict[str, Any]:
    return load_body("text", message={"id": f"m{number}", "text": "hello"})


async def _deliver_again(app: WebhookApp, number: int) -> int:
    """Deliver an event again as the service does; return the status."""
    status = await deliver(app, _body(number))
    await app.drain()
    return status


def _workers(app: WebhookApp) -> list[asyncio.Task[Any]]:
    backlog = app._dispatcher._backlog
    assert backlog is not None
    return [worker for worker in backlog._tasks if isinstance(worker, asyncio.Task)]


STORES = pytest.mark.parametrize("kind", ["memory", "own", "sqlite"])
HANDLERS = pytest.mark.parametrize("how", ["coroutine", "thread"])
ORDERS = pytest.mark.parametrize("acknowledge", ["last", "first"])


async def _cancel_at(app: WebhookApp, number: int, turns: int, *, times: int = 1) -> bool:
    """Deliver an event, and cancel that natively after so many turns of the loop; return whether it had ended."""
    task = asyncio.ensure_future(deliver(app, _body(number)))
    for _ in range(turns):
        await asyncio.sleep(0)
    ended = task.done()
    for _ in range(times):
        task.cancel()
        await asyncio.sleep(0)
    await asyncio.wait({task})
    return ended


@STORES
@HANDLERS
@ORDERS
@pytest.mark.parametrize("times", [1, 7])
async def test_a_request_that_is_cancelled_at_any_turn_of_the_loop_leaves_nothing_half_done(
    kind: str, how: str, acknowledge: Any, times: int, tmp_path: Path
) -> None:
    app, finished = _app(_store(kind, tmp_path), how, acknowledge=acknowledge)
    for turns in range(60):
        ended = await _cancel_at(app, turns, turns, times=times)
        await app.drain()
        handled = finished.count(f"m{turns}")
        assert handled <= 1
        assert await _deliver_again(app, turns) == 200
        assert finished.count(f"m{turns}") == 1, turns
        if ended and kind != "sqlite":
            break
    await app.aclose()


async def _cancel_at_random(app: WebhookApp, dice: random.Random, number: int) -> None:
    task = asyncio.ensure_future(deliver(app, _body(number)))
    await asyncio.sleep(dice.uniform(0, 0.02))
    for _ in range(dice.randint(1, 3)):
        task.cancel()
        await asyncio.sleep(dice.uniform(0, 0.003))
    await asyncio.wait({task})


@pytest.mark.long
@STORES
@HANDLERS
@ORDERS
async def test_of_hundreds_of_requests_that_are_cancelled_at_random_each_is_handled_once(
    kind: str, how: str, acknowledge: Any, tmp_path: Path
) -> None:
    app, finished = _app(_store(kind, tmp_path), how, acknowledge=acknowledge)
    dice = random.Random(f"{kind}{how}{acknowledge}")  # noqa: S311  (repeatable, not secret)
    await asyncio.gather(*(_cancel_at_random(app, dice, number) for number in range(400)))
    await app.drain()
    for number in range(400):
        assert await _deliver_again(app, number) == 200
    assert sorted(finished) == sorted(f"m{number}" for number in range(400))
    await app.aclose()


@HANDLERS
async def test_a_busy_file_keeps_neither_a_handled_event_from_being_recorded_nor_another_from_being_free(
    how: str, tmp_path: Path
) -> None:
    store = SQLiteStore(tmp_path / "events.db", lease=LONG_LEASE)
    app, finished = _app(store, how)
    await store.check()
    other = sqlite3.connect(tmp_path / "events.db", isolation_level=None)

    # One event is claimed and handled while the file is free; when it is to be recorded, the file is busy.
    held = asyncio.Event()

    @app.on_any
    async def last(event: Event) -> None:
        if event.message_id == "m0":
            other.execute("BEGIN IMMEDIATE")
            held.set()

    tasks = [asyncio.ensure_future(deliver(app, _body(0)))]
    await held.wait()
    tasks += [asyncio.ensure_future(deliver(app, _body(number))) for number in range(1, 6)]
    await asyncio.sleep(0.02)
    for task in tasks:
        task.cancel()
    await asyncio.sleep(0.02)
    assert not any(task.done() for task in tasks)
    other.execute("ROLLBACK")
    await asyncio.wait(tasks)
    assert all(task.cancelled() for task in tasks)
    assert finished == ["m0"]
    assert [await _deliver_again(app, number) for number in range(6)] == [200] * 6
    assert finished == [f"m{number}" for number in range(6)]
    await app.aclose()
    other.close()


@STORES
@HANDLERS
@ORDERS
@pytest.mark.parametrize("turns", [0, 1, 2, 5, 8, 13, 30])
def test_the_end_of_the_event_loop_leaves_nothing_half_done(
    kind: str, how: str, acknowledge: Any, turns: int, tmp_path: Path
) -> None:
    store = _store(kind, tmp_path)
    app, finished = _app(store, how, acknowledge=acknowledge, at_once=2)
    waiting = set[Any]()

    async def deliver_and_leave() -> None:
        for number in range(6):
            task = asyncio.ensure_future(deliver(app, _body(number)))
            waiting.add(task)
        for _ in range(turns):
            await asyncio.sleep(0)

    async def deliver_again() -> list[int]:
        statuses = [await _deliver_again(app, number) for number in range(6)]
        await app.aclose()
        return statuses

    asyncio.run(deliver_and_leave())
    assert len(finished) == len(set(finished))
    assert asyncio.run(deliver_again()) == [200] * 6
    assert sorted(finished) == [f"m{number}" for number in range(6)]


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
@HANDLERS
@pytest.mark.parametrize("kind", ["memory", "own", "sqlite"])
def test_a_scope_that_is_cancelled_leaves_nothing_half_done(backend: str, how: str, kind: str, tmp_path: Path) -> None:
    app, finished = _app(_store(kind, tmp_path), how)

    async def main() -> None:
        for turns in range(25):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(deliver, app, _body(turns))
                await _turns(turns)
                tasks.cancel_scope.cancel()
            assert await _deliver_again(app, turns) == 200
            assert finished.count(f"m{turns}") == 1, turns
        await app.aclose()

    anyio.run(main, backend=backend)


async def test_what_waits_on_the_backlog_when_the_loop_ends_is_free_again() -> None:
    app, finished = WebhookApp(SECRET, store=OwnStore(), acknowledge="first", at_once=2), []
    go = asyncio.Event()

    @app.on_any
    async def handle(event: Event) -> None:
        await go.wait()
        finished.append(event.message_id)

    assert [await deliver(app, _body(number)) for number in range(5)] == [200] * 5
    for worker in _workers(app):
        worker.cancel()
        worker.cancel()
    await app.drain()
    go.set()
    assert not finished
    assert [await _deliver_again(app, number) for number in range(5)] == [200] * 5
    assert finished == [f"m{number}" for number in range(5)]


async def test_a_worker_that_is_cancelled_before_its_first_line_gives_its_jobs_back() -> None:
    backlog, done = Backlog(capacity=10, at_once=1), []

    async def run() -> None:
        done.append("run")

    async def abandon() -> None:
        done.append("abandoned")

    assert backlog.submit(Job(run, abandon))
    assert backlog.submit(Job(run, abandon))
    (worker,) = backlog._tasks
    assert isinstance(worker, asyncio.Task)
    worker.cancel()
    await backlog.drain()
    assert done == ["abandoned", "abandoned"]
    assert backlog.submit(Job(run, abandon))
    await backlog.drain()
    assert done[2:] == ["run"]


async def test_a_worker_that_is_cancelled_again_while_it_gives_back_gives_all_back() -> None:
    app, finished = _app(OwnStore(), "coroutine", acknowledge="first", at_once=1)
    assert [await deliver(app, _body(number)) for number in range(5)] == [200] * 5
    (worker,) = _workers(app)
    while not worker.done():
        worker.cancel()
        await asyncio.sleep(0)
    assert [await _deliver_again(app, number) for number in range(5)] == [200] * 5
    assert sorted(finished) == [f"m{number}" for number in range(5)]


async def test_a_waiting_event_whose_worker_is_cancelled_while_it_renews_the_claim_is_free(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("connectly_api.webhooks.dispatch._SHORT_WAIT", -1.0)
    for turns in range(40):
        app, finished = _app(OwnStore(), "coroutine", acknowledge="first")
        assert await deliver(app, _body(0)) == 200
        (worker,) = _workers(app)
        for _ in range(turns):
            await asyncio.sleep(0)
        worker.cancel()
        await app.drain()
        assert await _deliver_again(app, 0) == 200
        assert finished == ["m0"], turns


# Handlers one after the other.


async def test_between_two_handlers_in_threads_a_cancellation_releases_the_event() -> None:
    app, calls = WebhookApp(SECRET, store=MemoryStore(lease=LONG_LEASE)), []
    go, started = threading.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    @app.on_any
    def first(_event: Event) -> None:
        loop.call_soon_threadsafe(started.set)
        go.wait(30)
        calls.append("first")

    @app.on_any
    def second(_event: Event) -> None:
        calls.append("second")

    task = asyncio.ensure_future(deliver(app, BODIES["text"]))
    await started.wait()
    task.cancel()
    await asyncio.sleep(0)
    assert not task.done()
    go.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert calls == ["first"]
    assert await deliver(app, BODIES["text"]) == 200
    assert calls == ["first", "second"]


@pytest.mark.parametrize("kind", ["coroutine", "future"])
async def test_what_a_plain_function_returned_is_not_begun_after_a_cancellation(kind: str) -> None:
    app, calls = WebhookApp(SECRET, store=MemoryStore(lease=LONG_LEASE)), []
    go, started = threading.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    future = loop.create_future()
    future.set_result(None)

    async def rest() -> None:
        calls.append("rest")

    @app.on_any
    def handle(_event: Event) -> Awaitable[None]:
        loop.call_soon_threadsafe(started.set)
        go.wait(30)
        return rest() if kind == "coroutine" else future

    task = asyncio.ensure_future(deliver(app, BODIES["text"]))
    await started.wait()
    task.cancel()
    go.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert calls == []
    assert await deliver(app, BODIES["text"]) == 200
    assert calls == ["rest"] * (kind == "coroutine")


# The store by itself.


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_claim_on_a_busy_file_that_is_cancelled_is_not_left_behind(backend: str, tmp_path: Path) -> None:
    async def main() -> ClaimState:
        store = SQLiteStore(tmp_path / "events.db", lease=LONG_LEASE)
        await store.check()
        other = sqlite3.connect(tmp_path / "events.db", isolation_level=None, check_same_thread=False)
        other.execute("BEGIN IMMEDIATE")
        timer = threading.Timer(0.1, other.rollback)
        timer.start()
        if backend == "asyncio":
            task = asyncio.ensure_future(store.claim("k"))
            await asyncio.sleep(0.02)
            task.cancel()
            await asyncio.wait({task})
            assert task.cancelled()
        else:
            with anyio.move_on_after(0.02):
                await store.release(await store.claim("k"))
        timer.join()
        state = (await store.claim("k")).state
        await store.aclose()
        other.close()
        return state

    assert anyio.run(main, backend=backend) is ClaimState.GRANTED


async def test_work_may_still_cancel_itself_and_its_time_outs_strike() -> None:
    async def itself() -> None:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        await asyncio.sleep(0)

    async def late() -> None:
        with anyio.fail_after(0.01):
            await anyio.sleep_forever()

    with DeferredCancellation() as deferred:
        with pytest.raises(asyncio.CancelledError):
            await deferred.finish(itself)
        with pytest.raises(TimeoutError):
            await deferred.finish(late)
        assert not deferred.is_pending


async def test_a_cancellation_is_raised_at_the_end_of_the_block_even_over_another_error() -> None:
    async def cancelled() -> None:
        with DeferredCancellation() as deferred:
            await deferred.finish(lambda: _turns(5))
            assert deferred.is_pending
            raise ValueError

    task = asyncio.ensure_future(cancelled())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_timeout_of_asyncio_is_not_mistaken_for_something_else() -> None:
    async def slow() -> None:
        with DeferredCancellation() as deferred:
            await deferred.finish(lambda: asyncio.sleep(0.05))

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await slow()
