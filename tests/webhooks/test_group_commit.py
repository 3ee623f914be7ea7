"""Calls that wait are executed together, each gets its own outcome, and nobody is left behind."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Awaitable, Callable, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import pytest
from anyio import CapacityLimiter, from_thread
from hypothesis import given
from hypothesis import strategies as st

from connectly_api.webhooks import Claim, ClaimState, SQLiteStore, WebhookStoreError
from connectly_api.webhooks.deferred_cancellation import DeferredCancellation
from connectly_api.webhooks.stores.group_commit import Call, CallQueue, GroupCommit

Run = Callable[[Callable[[], Awaitable[Any]]], Any]


class _StopError(BaseException):
    pass


class _Gate:
    """Executes batches of names; the first one is held until it is opened."""

    def __init__(self, *, bad: dict[str, BaseException] | None = None, can_divide: bool = True) -> None:
        self.batches: list[list[str]] = []
        self.bad = bad or {}
        self.is_held = anyio.Event()
        self.opened = threading.Event()
        limiter = CapacityLimiter(1)
        self.group = GroupCommit[str](self.execute, lambda _error: can_divide, lambda: limiter)

    def execute(self, names: Sequence[str]) -> list[str]:
        self.batches.append(list(names))
        if len(self.batches) == 1:
            from_thread.run_sync(self.is_held.set)
            self.opened.wait()
        for name in names:
            if name in self.bad:
                raise self.bad[name]
        return [name.upper() for name in names]

    async def call(self, name: str, outcomes: dict[str, object], key: str | None = None) -> None:
        with DeferredCancellation() as deferred:
            try:
                outcomes[name] = await self.group.call(name, deferred, key)
            except BaseException as error:  # noqa: BLE001  (it is looked at)
                outcomes[name] = error

    async def run(self, names: str, outcomes: dict[str, object], keys: str = "") -> None:
        """Call the first name, and the others while it is being executed."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self.call, names[0], outcomes)
            await self.is_held.wait()
            for name, key in zip(names[1:], keys or names[1:], strict=True):
                tasks.start_soon(self.call, name, outcomes, key)
                await anyio.wait_all_tasks_blocked()
            self.opened.set()


@pytest.fixture(params=["asyncio", "trio"])
def run(request: pytest.FixtureRequest) -> Run:
    return lambda main: anyio.run(main, backend=request.param)


def test_calls_that_wait_are_executed_together(run: Run) -> None:
    async def main() -> None:
        gate, outcomes = _Gate(), dict[str, object]()
        await gate.run("abcd", outcomes)
        assert outcomes == {"a": "A", "b": "B", "c": "C", "d": "D"}
        assert gate.batches == [["a"], ["b", "c", "d"]]
        await gate.call("e", outcomes)
        assert gate.batches[2:] == [["e"]]

    run(main)


def test_two_calls_with_one_key_are_never_in_one_batch(run: Run) -> None:
    async def main() -> None:
        gate, outcomes = _Gate(), dict[str, object]()
        await gate.run("abcde", outcomes, "1212")
        assert gate.batches == [["a"], ["b", "c"], ["d", "e"]]
        assert len(outcomes) == 5

    run(main)


def test_one_call_that_fails_fails_alone(run: Run) -> None:
    async def main() -> None:
        error = ValueError("c")
        gate, outcomes = _Gate(bad={"c": error}), dict[str, object]()
        await gate.run("abcd", outcomes)
        assert outcomes == {"a": "A", "b": "B", "c": error, "d": "D"}
        assert gate.batches == [["a"], ["b", "c", "d"], ["b"], ["c"], ["d"]]

    run(main)


def test_a_batch_that_fails_as_a_whole_fails_each_of_its_calls(run: Run) -> None:
    async def main() -> None:
        error = OSError("full")
        gate, outcomes = _Gate(bad={"c": error}, can_divide=False), dict[str, object]()
        await gate.run("abcd", outcomes)
        assert outcomes == {"a": "A", "b": error, "c": error, "d": error}
        assert gate.batches == [["a"], ["b", "c", "d"]]

    run(main)


def test_what_interrupts_a_leader_leaves_nobody_waiting(run: Run) -> None:
    async def main() -> None:
        stop = _StopError()
        gate, outcomes = _Gate(bad={"b": stop}), dict[str, object]()
        await gate.run("abc", outcomes)
        assert outcomes["b"] is stop
        assert isinstance(outcomes["c"], WebhookStoreError)
        await gate.call("d", outcomes)
        assert outcomes["d"] == "D"

    run(main)


def test_a_cancelled_scope_waits_for_the_outcomes_of_its_calls(run: Run) -> None:
    async def main() -> None:
        gate, outcomes = _Gate(), dict[str, object]()
        with anyio.CancelScope() as scope:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(gate.call, "a", outcomes)
                await gate.is_held.wait()
                tasks.start_soon(gate.call, "b", outcomes)
                await anyio.wait_all_tasks_blocked()
                scope.cancel()
                gate.opened.set()
        assert outcomes == {"a": "A", "b": "B"}

    run(main)


def test_a_cancelled_leader_and_a_cancelled_follower_get_their_outcomes_and_then_the_cancellation() -> None:
    async def main() -> None:
        gate, outcomes = _Gate(), dict[str, object]()
        leader = asyncio.create_task(gate.call("a", outcomes))
        await gate.is_held.wait()
        followers = [asyncio.create_task(gate.call(name, outcomes)) for name in "bc"]
        await asyncio.sleep(0)
        for _ in range(2):
            leader.cancel()
            followers[0].cancel()
            await asyncio.sleep(0)
        gate.opened.set()
        results = await asyncio.gather(leader, *followers, return_exceptions=True)
        assert outcomes == {"a": "A", "b": "B", "c": "C"}
        assert [isinstance(result, asyncio.CancelledError) for result in results] == [True, True, False]

    asyncio.run(main())


@pytest.mark.parametrize(("has_begun", "batches"), [(False, [["b"]]), (True, [["a"], ["b"]])])
def test_a_leader_that_is_dropped_leaves_nobody_waiting(has_begun: bool, batches: list[list[str]]) -> None:
    async def main() -> None:
        gate, outcomes = _Gate(), dict[str, object]()
        gate.opened.set()
        dropped = gate.call("a", dict[str, object]())
        dropped.send(None)
        if has_begun:
            await gate.is_held.wait()
        waiting = asyncio.create_task(gate.call("b", outcomes))
        dropped.close()
        await waiting
        assert (outcomes, gate.batches) == ({"b": "B"}, batches)

    asyncio.run(main())


@pytest.mark.parametrize("is_promoted", [False, True])
def test_a_waiting_call_that_is_dropped_hands_on_the_lead(is_promoted: bool) -> None:
    async def main() -> None:
        gate, outcomes = _Gate(), dict[str, object]()
        first = asyncio.create_task(gate.call("a", outcomes))
        await gate.is_held.wait()
        dropped = gate.call("b", dict[str, object]())
        dropped.send(None)
        last = asyncio.create_task(gate.call("c", outcomes))
        await asyncio.sleep(0)
        if is_promoted:
            gate.opened.set()
            await first
        dropped.close()
        gate.opened.set()
        await asyncio.gather(first, last)
        assert (outcomes, gate.batches) == ({"a": "A", "c": "C"}, [["a"], ["c"]])

    asyncio.run(main())


@given(st.lists(st.tuples(st.sampled_from("jjjtsl"), st.integers(0, 5)), max_size=60))
def test_some_call_leads_as_long_as_calls_wait(steps: list[tuple[str, int]]) -> None:
    queue: CallQueue[int] = CallQueue()
    waiting: list[Call[int]] = []
    batch: list[Call[int]] = []
    woken: list[int] = []
    for number, (step, choice) in enumerate(steps):
        if step == "j":
            call = Call(number, str(choice), partial(woken.append, number))
            queue.join(call)
            waiting.append(call)
        elif step == "t" and not batch and waiting:
            (leader,) = [call for call in waiting if call.is_leader]
            batch = queue.take(leader)
            assert batch[0] is leader
            assert len({call.key for call in batch}) == len(batch)
            waiting = [call for call in waiting if call not in batch]
        elif step == "s" and batch:
            queue.settle(batch, [call.item for call in batch])
            assert all(call.is_settled and call.get_result() == call.item in woken for call in batch)
            batch = []
        elif step == "l" and waiting:
            call = waiting.pop(choice % len(waiting))
            queue.leave(call)
            assert queue.take(call) == []
        assert sum(call.is_leader for call in waiting) == (1 if waiting and not batch else 0)


def test_a_claim_that_is_granted_to_a_cancelled_call_of_a_batch_is_released(tmp_path: Path) -> None:
    async def main() -> list[bool]:
        async with SQLiteStore(tmp_path / "a.db") as store:
            await store.check()
            claims = [asyncio.create_task(store.claim(str(number))) for number in range(5)]
            await asyncio.sleep(0)
            claims[0].cancel()
            claims[3].cancel()
            results = await asyncio.gather(*claims, return_exceptions=True)
            assert [isinstance(result, asyncio.CancelledError) for result in results] == [
                True,
                False,
                False,
                True,
                False,
            ]
            again = [await store.claim(str(number)) for number in range(5)]
            return [claim.is_granted for claim in again]

    assert asyncio.run(main()) == [True, False, False, True, False]


def test_many_event_loops_share_one_store(tmp_path: Path) -> None:
    store = SQLiteStore(tmp_path / "a.db")
    granted: list[str] = []

    async def main() -> None:
        async def handle(key: str) -> None:
            claim = await store.claim(key)
            if claim.is_granted:
                granted.append(key)
                assert await store.complete(claim)

        async with anyio.create_task_group() as tasks:
            for number in range(40):
                tasks.start_soon(handle, str(number))

    threads = [
        threading.Thread(target=anyio.run, args=(main,), kwargs={"backend": backend})
        for backend in ("asyncio", "trio", "asyncio")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    anyio.run(store.aclose)
    assert sorted(granted) == sorted(map(str, range(40)))


def test_a_batch_in_which_a_key_is_not_free_gives_each_call_its_own_result(tmp_path: Path) -> None:
    async def main() -> None:
        async with SQLiteStore(tmp_path / "a.db") as store:
            done, held, lost = [await store.claim(key) for key in ("done", "held", "lost")]
            assert await store.complete(done)
            assert await store.release(lost)
            results: dict[str, object] = {}

            async def note(name: str, step: Callable[[], Awaitable[object]]) -> None:
                results[name] = await step()

            async with anyio.create_task_group() as tasks:
                tasks.start_soon(note, "a", lambda: store.claim("done"))
                tasks.start_soon(note, "b", lambda: store.claim("new"))
                tasks.start_soon(note, "c", lambda: store.complete(held))
                tasks.start_soon(note, "d", lambda: store.complete(lost))
            assert [getattr(results[name], "state", results[name]) for name in "abcd"] == [
                ClaimState.COMPLETED,
                ClaimState.GRANTED,
                True,
                False,
            ]

    anyio.run(main)


def test_a_key_that_sqlite_does_not_take_fails_alone_and_a_busy_file_fails_all(tmp_path: Path) -> None:
    async def main() -> None:
        async with SQLiteStore(tmp_path / "a.db", busy_timeout=0.05) as store:
            await store.check()
            keys = ["a", "lone \ud800", "b"]
            claims = await asyncio.gather(*map(store.claim, keys), return_exceptions=True)
            assert [isinstance(one, Claim) and one.is_granted for one in claims] == [True, False, True]
            with closing(sqlite3.connect(tmp_path / "a.db", isolation_level=None)) as other:
                other.execute("BEGIN IMMEDIATE")
                failures = await asyncio.gather(*map(store.claim, "cde"), return_exceptions=True)
            assert [isinstance(one, sqlite3.OperationalError) for one in failures] == [True, True, True]
            assert (await store.claim("c")).is_granted

    asyncio.run(main())
