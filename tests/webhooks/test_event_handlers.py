"""Handlers: which are refused, when they run, how their claims end, and what is logged."""

from __future__ import annotations

import asyncio
import functools
import logging
import sqlite3
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import closing
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import pytest

from connectly_api import InvalidInputError, UsageError
from connectly_api.webhooks import Claim, Event, MemoryStore, SQLiteStore, WebhookApp, WebhookStoreError, sign

from .asgi_request import SECRET, deliver
from .documented_bodies import BODIES, load_body

LONG_LEASE = 3600.0
CANARY = "canary5511"
Run = Callable[[Callable[[], Awaitable[Any]]], Any]


@pytest.fixture(params=["asyncio", "trio"])
def run(request: pytest.FixtureRequest) -> Run:
    return lambda main: anyio.run(main, backend=request.param)


class ShakyStore(MemoryStore):
    """A store that fails so many times to end a claim."""

    def __init__(self, failures: int, error: Exception | None = None) -> None:
        super().__init__(lease=LONG_LEASE)
        self.failures = failures
        self.error = OSError(CANARY) if error is None else error

    async def complete(self, claim: Claim) -> bool:
        self._fail()
        return await super().complete(claim)

    async def release(self, claim: Claim) -> bool:
        self._fail()
        return await super().release(claim)

    def _fail(self) -> None:
        if self.failures:
            self.failures -= 1
            raise self.error


class LeasingStore(ShakyStore):
    """One whose lease is known."""

    lease: object = LONG_LEASE


def _app(store: Any, **options: Any) -> tuple[WebhookApp, list[Event]]:
    app, events = WebhookApp(SECRET, store=store, **options), []

    @app.on_any
    async def collect(event: Event) -> None:
        events.append(event)

    return app, events


# Recording.


def test_a_file_that_is_busy_for_longer_than_calls_wait_does_not_let_an_event_be_handled_again(
    run: Run, tmp_path: Path
) -> None:
    async def main() -> list[int]:
        store = SQLiteStore(tmp_path / "a.db", lease=LONG_LEASE, busy_timeout=0.01)
        app, events = _app(store)
        await store.check()
        with closing(sqlite3.connect(tmp_path / "a.db", isolation_level=None, check_same_thread=False)) as other:

            @app.on_any
            async def hold(_event: Event) -> None:
                other.execute("BEGIN IMMEDIATE")
                timer.start()

            timer = threading.Timer(0.3, other.rollback)
            statuses = [await deliver(app, BODIES["text"])]
            timer.join()
        statuses.append(await deliver(app, BODIES["text"]))
        await app.aclose()
        assert len(events) == 1
        return statuses

    assert run(main) == [200, 200]


@pytest.mark.parametrize(("make", "failures"), [(ShakyStore, 3), (LeasingStore, 3), (LeasingStore, 8)])
def test_the_end_of_a_claim_is_tried_again_for_as_long_as_the_lease_lasts(
    run: Run, make: type[ShakyStore], failures: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("connectly_api.webhooks.held_claims._PAUSES", (0.0, 0.0, 0.0, 0.0, 0.0))
    store = make(0)
    app, calls = WebhookApp(SECRET, store=store), []

    @app.on_any
    async def fails_at_first(event: Event) -> None:
        calls.append(event)
        store.failures = failures
        if len(calls) == 1:
            raise ValueError

    async def main() -> list[int]:
        return [await deliver(app, BODIES["text"]) for _ in range(3)]

    assert run(main) == [500, 200, 200]
    assert len(calls) == 2
    assert caplog.text.count("the store failed with OSError") == 2


@pytest.mark.parametrize(
    ("make", "left"),
    [
        (lambda: ShakyStore(100), 95),
        (lambda: LeasingStore(100, WebhookStoreError("unusable")), 99),
    ],
)
def test_a_store_that_does_not_recover_is_given_up(
    run: Run,
    make: Callable[[], ShakyStore],
    left: int,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr("connectly_api.webhooks.held_claims._PAUSES", (0.0, 0.0, 0.0, 0.0, 0.0))
    store = make()
    app, events = _app(store)
    assert run(lambda: deliver(app, BODIES["text"])) == 200
    assert len(events) == 1
    assert store.failures == left
    assert "was not completed" in caplog.text


@pytest.mark.parametrize("lease", [float("inf"), float("nan"), 10**400, -1, "60"])
def test_whatever_a_store_says_of_its_lease_trying_has_an_end(lease: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectly_api.webhooks.held_claims._PAUSES", (0.0,))
    monkeypatch.setattr("connectly_api.webhooks.held_claims._MAX_RETRY_SECONDS", 0.0)
    store = LeasingStore(100)
    store.lease = lease
    app, events = _app(store)
    assert anyio.run(deliver, app, BODIES["text"]) == 200
    assert len(events) == 1
    assert store.failures == 99


# Cancelled before a thread is free.


@pytest.mark.parametrize("how", ["natively", "by a scope", "on trio"])
def test_a_plain_function_that_waits_for_a_thread_is_not_begun_after_a_cancellation(how: str) -> None:
    calls: list[Event] = []
    app = WebhookApp(SECRET, store=MemoryStore(lease=LONG_LEASE))
    app.on_any(calls.append)

    async def main() -> None:
        limiter = anyio.to_thread.current_default_thread_limiter()
        limiter.total_tokens = 1
        await limiter.acquire_on_behalf_of(main)
        if how == "natively":
            task = asyncio.ensure_future(deliver(app, BODIES["text"]))
            await anyio.wait_all_tasks_blocked()
            task.cancel()
            await asyncio.wait({task})
            assert task.cancelled()
        else:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(deliver, app, BODIES["text"])
                await anyio.wait_all_tasks_blocked()
                tasks.cancel_scope.cancel()
        assert calls == []
        limiter.release_on_behalf_of(main)
        assert await deliver(app, BODIES["text"]) == 200
        assert len(calls) == 1

    anyio.run(main, backend="trio" if how == "on trio" else "asyncio")


# Handlers that cannot be.


def _generator(_event: Event) -> Generator[None]:
    yield


async def _async_generator(_event: Event) -> AsyncGenerator[None]:
    yield


class _Yielding:
    def __call__(self, event: Event) -> Generator[None]:
        yield from _generator(event)


@pytest.mark.parametrize(
    "handler", [None, "follow", _generator, _async_generator, _Yielding(), functools.partial(_generator)]
)
def test_what_cannot_be_run_is_refused_as_a_handler(handler: Any) -> None:
    app = WebhookApp(SECRET)
    for add in (app.on_any, app.on(Event)):
        with pytest.raises(InvalidInputError, match=r"^handler: ") as caught:
            add(handler)
        assert caught.value.field == "handler"


# What is logged.


def test_a_failing_store_is_one_line_with_the_name_of_its_error(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> int:
        store = SQLiteStore(tmp_path / "a.db", busy_timeout=0.01)
        await store.check()
        app, _ = _app(store)
        with closing(sqlite3.connect(tmp_path / "a.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            status = await deliver(app, BODIES["text"])
        await app.aclose()
        return status

    assert anyio.run(main) == 503
    (message,) = [record.getMessage() for record in caplog.records if record.name == "connectly_api.webhooks"]
    assert message.endswith(": the store failed with OperationalError (SQLITE_BUSY)")


@pytest.mark.parametrize("in_thread", [False, True])
def test_a_failing_handler_is_logged_with_the_places_outside_the_package(
    run: Run, caplog: pytest.LogCaptureFixture, in_thread: bool
) -> None:
    app = WebhookApp(SECRET)

    def fail(depth: int) -> None:
        if depth:
            fail(depth - 1)
        sign(b"", "")

    async def fail_later(_event: Event) -> None:
        fail(1)

    app.on_any((lambda _event: fail(1)) if in_thread else fail_later)
    assert run(lambda: deliver(app, BODIES["text"])) == 500
    (message,) = [record.getMessage() for record in caplog.records if record.name == "connectly_api.webhooks"]
    first, *places = message.splitlines()
    assert first.endswith(" failed with WebhookSignatureError")
    assert len(places) == 3
    assert all(place.startswith(f'  File "{__file__}", line ') for place in places)
    assert places[-1].endswith(", in fail")


def test_of_a_deep_failure_the_last_places_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    app = WebhookApp(SECRET)

    @app.on_any
    async def dive(event: Event) -> None:
        await dive(event)

    assert anyio.run(deliver, app, BODIES["text"]) == 500
    assert "RecursionError" in caplog.text
    assert caplog.text.count(", in dive") == 20


def test_nothing_is_put_into_words_that_nobody_logs(caplog: pytest.LogCaptureFixture) -> None:
    class LoudError(OSError):
        @property
        def sqlite_errorname(self) -> str:
            raise AssertionError

    store = ShakyStore(100, LoudError())
    app = WebhookApp(SECRET, store=store)

    @app.on_any
    def fail(_event: Event) -> None:
        raise ValueError

    with caplog.at_level(logging.CRITICAL, "connectly_api.webhooks"):
        assert anyio.run(deliver, app, BODIES["text"]) == 500
    assert not caplog.records


# Several event loops.


def test_acknowledging_first_in_two_event_loops_at_once_is_refused_and_loses_nothing(run: Run) -> None:
    store = MemoryStore(lease=LONG_LEASE)
    app, events = WebhookApp(SECRET, store=store, acknowledge="first"), []

    async def main() -> None:
        go = anyio.Event()

        @app.on_any
        async def wait(event: Event) -> None:
            await go.wait()
            events.append(event)

        assert await deliver(app, BODIES["text"]) == 200
        await anyio.wait_all_tasks_blocked()

        def elsewhere() -> None:
            with pytest.raises(UsageError, match="one event loop at a time"):
                anyio.run(deliver, app, load_body("text", message={"id": "other", "text": "x"}))
            with pytest.raises(UsageError, match="create a WebhookApp for each"):
                anyio.run(app.drain)

        await anyio.to_thread.run_sync(elsewhere)
        go.set()
        await app.drain()
        assert await deliver(app, load_body("text", message={"id": "other", "text": "x"})) == 200
        await app.drain()

    run(main)
    assert len(events) == 2


def test_acknowledging_first_serves_one_event_loop_after_another() -> None:
    app = WebhookApp(SECRET, acknowledge="first")
    anyio.run(app.drain, backend="asyncio")
    anyio.run(app.drain, backend="trio")
    anyio.run(app.drain, backend="asyncio")
