"""The event loop of synchronous code: results, exceptions, interruptions, and threads that must not call it."""

from __future__ import annotations

import asyncio
import ctypes
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextvars import ContextVar
from types import TracebackType
from typing import Self

import pytest
import trio

from connectly_api import NotSentError, UsageError
from connectly_api.sync import portal
from connectly_api.sync.portal import close_at_exit, close_soon, run

NAME: ContextVar[str] = ContextVar("NAME", default="nobody")


class InterruptError(Exception):
    pass


def in_thread(function: Callable[[], object]) -> object:
    results: list[object] = []
    thread = threading.Thread(target=lambda: results.append(function()))
    thread.start()
    thread.join()
    return results[0]


def interrupt(thread: threading.Thread, error: type[BaseException]) -> None:
    assert ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident or 0), ctypes.py_object(error)) == 1


async def identify_thread() -> int:
    return threading.get_ident()


def test_a_function_gets_its_arguments_and_returns_its_result() -> None:
    async def join(*words: str, end: str) -> str:
        await asyncio.sleep(0)
        return " ".join(words) + end

    assert run(join, "a", "b", end="!") == "a b!"


def test_all_threads_share_one_event_loop_in_a_thread_of_its_own() -> None:
    first = run(identify_thread)

    assert first != threading.get_ident()
    assert {in_thread(lambda: run(identify_thread)) for _ in range(3)} == {first}


def test_calls_of_many_threads_run_at_the_same_time() -> None:
    barrier: list[asyncio.Barrier] = []

    async def meet() -> int:
        if not barrier:
            barrier.append(asyncio.Barrier(16))
        return await barrier[0].wait()

    results: list[int] = []
    threads = [threading.Thread(target=lambda: results.append(run(meet))) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(results) == list(range(16))


def test_an_exception_is_raised_as_it_is() -> None:
    error = LookupError("mine")

    async def fail() -> None:
        raise error

    with pytest.raises(LookupError) as raised:
        run(fail)

    assert raised.value is error


@pytest.mark.parametrize("kind", [SystemExit, KeyboardInterrupt, asyncio.CancelledError])
def test_what_would_end_the_event_loop_ends_the_call_only(kind: type[BaseException]) -> None:
    async def end() -> None:
        raise kind

    with pytest.raises(kind):
        run(end)

    assert run(identify_thread)


def test_a_wrong_argument_is_the_callers_error() -> None:
    with pytest.raises(TypeError, match="unexpected keyword argument"):
        run(identify_thread, wrong=1)  # type: ignore[call-arg]  # the point of the test


def test_the_callers_context_variables_are_visible_and_changes_stay_within() -> None:
    async def rename() -> str:
        before = NAME.get()
        NAME.set("other")
        return before

    token = NAME.set("caller")
    try:
        assert run(rename) == "caller"
        assert NAME.get() == "caller"
    finally:
        NAME.reset(token)


async def test_within_asyncio_it_names_the_async_client() -> None:
    with pytest.raises(UsageError, match=r"connectly_api\.Connectly"):
        run(identify_thread)


def test_within_trio_it_names_the_async_client() -> None:
    async def main() -> None:
        with pytest.raises(UsageError, match=r"connectly_api\.Connectly"):
            run(identify_thread)
        await trio.to_thread.run_sync(lambda: run(identify_thread))

    trio.run(main)


def test_within_its_own_thread_it_names_the_async_client() -> None:
    async def nested() -> None:
        run(identify_thread)

    with pytest.raises(UsageError, match=r"connectly_api\.Connectly"):
        run(nested)


def test_an_exception_in_a_waiting_thread_cancels_the_call_and_goes_on() -> None:
    started, ended = threading.Event(), threading.Event()
    raised: list[type[BaseException]] = []

    async def wait() -> None:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            ended.set()

    def call() -> None:
        try:
            run(wait)
        except InterruptError as error:
            raised.append(type(error))
            assert ended.is_set()

    thread = threading.Thread(target=call)
    thread.start()
    started.wait()
    interrupt(thread, InterruptError)
    thread.join()

    assert raised == [InterruptError]


def test_a_second_exception_does_not_wait_for_the_end_of_the_call() -> None:
    started, cancelled, may_end, ended = (threading.Event() for _ in range(4))
    raised: list[BaseException] = []

    async def end_slowly() -> None:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()
            await asyncio.get_running_loop().run_in_executor(None, may_end.wait)
            ended.set()

    def call() -> None:
        try:
            run(end_slowly)
        except InterruptError as error:
            raised.append(error)
            assert not ended.is_set()

    thread = threading.Thread(target=call)
    thread.start()
    started.wait()
    interrupt(thread, InterruptError)
    cancelled.wait()
    interrupt(thread, InterruptError)
    thread.join()
    may_end.set()
    ended.wait()

    assert len(raised) == 1


def test_an_exception_between_the_mark_and_the_wake_up_leaves_no_call_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    run(identify_thread)
    monkeypatch.setattr(portal, "_POLL", 0.01)
    found = portal._PROCESS.find_portal()
    assert found is not None
    found._is_woken = True

    assert run(identify_thread)


def test_an_exception_before_the_call_has_begun_cancels_it(monkeypatch: pytest.MonkeyPatch) -> None:
    run(identify_thread)
    found = portal._PROCESS.find_portal()
    assert found is not None
    ran: list[None] = []

    async def note() -> None:
        await asyncio.sleep(0)
        ran.append(None)

    waits: list[object] = []
    wait = found._wait

    def fail_once(call: portal._Call) -> None:
        waits.append(call)
        if len(waits) == 1:
            raise InterruptError
        wait(call)

    monkeypatch.setattr(found, "_wait", fail_once)
    found._is_woken = True  # So that the call's start comes with its cancellation.
    with pytest.raises(InterruptError):
        run(note)

    assert ran == []


def test_no_call_is_left_in_memory_after_its_end() -> None:
    class Argument:
        pass

    async def fail(_argument: Argument) -> None:
        raise LookupError

    argument = Argument()
    before = sys.getrefcount(argument)
    with pytest.raises(LookupError):
        run(fail, argument)
    run(identify_thread)  # The task of the call before has ended.

    assert sys.getrefcount(argument) == before


def test_without_room_for_a_thread_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(portal, "_PROCESS", portal._Process())
        patch.setattr(threading.Thread, "start", refuse)
        with pytest.raises(UsageError, match="no thread"):
            run(identify_thread)


def test_without_descriptors_for_an_event_loop_nothing_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> asyncio.AbstractEventLoop:
        raise OSError(24, "Too many open files")

    with monkeypatch.context() as patch:
        patch.setattr(portal, "_PROCESS", portal._Process())
        patch.setattr(asyncio, "new_event_loop", refuse)
        with pytest.raises(NotSentError):
            run(identify_thread)


class Closing:
    """What notes that it is closed, or fails to close."""

    def __init__(self, error: Exception | None = None) -> None:
        self.closed = threading.Event()
        self._error = error

    async def aclose(self) -> None:
        self.closed.set()
        if self._error is not None:
            raise self._error


class Ending:
    """A process's portal, as at the end of the program."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.process = portal._Process()
        monkeypatch.setattr(portal, "_PROCESS", self.process)
        monkeypatch.setattr(portal, "_OPENED", {})

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process._end()


def test_the_end_closes_what_is_open_whatever_fails_and_refuses_further_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    failing, good, forgotten = Closing(LookupError()), Closing(), Closing()
    with Ending(monkeypatch):
        run(identify_thread)
        for one in (failing, good, forgotten):
            close_at_exit(one)
        close_soon(forgotten)
        forgotten.closed.wait()
        forgotten.closed.clear()

    assert failing.closed.is_set()
    assert good.closed.is_set()
    assert not forgotten.closed.is_set()
    close_soon(good)
    with pytest.raises(UsageError, match="ending"):
        run(identify_thread)


def test_the_end_cancels_what_still_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    started, cancelled, others = threading.Event(), threading.Event(), threading.Event()

    async def run_on(mark: threading.Event) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            mark.set()

    tasks: list[asyncio.Task[None]] = []

    async def wait() -> None:
        tasks.append(asyncio.create_task(run_on(others)))
        started.set()
        await run_on(cancelled)

    with Ending(monkeypatch):
        # Its caller waits for ever, as a daemon thread does at the end.
        threading.Thread(target=run, args=[wait], daemon=True).start()
        started.wait()
        run(asyncio.sleep, 0)

    assert cancelled.is_set()
    assert others.is_set()


def test_the_end_without_any_call_does_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    with Ending(monkeypatch) as ending:
        pass

    assert ending.process._portal is None


def test_closing_what_was_never_used_does_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    closing = Closing()
    with Ending(monkeypatch):
        close_at_exit(closing)
        close_soon(closing)

    assert not closing.closed.is_set()


def test_work_for_threads_is_done_after_python_has_shut_its_executors_down() -> None:
    executor = portal._Executor()
    executor.shutdown()

    assert executor.submit(int, "7").result() == 7
    with pytest.raises(ValueError, match="invalid literal"):
        executor.submit(int, "x").result()


def test_work_for_threads_that_is_cancelled_in_time_is_not_done() -> None:
    future = Future[int]()
    future.cancel()

    portal._fulfil(future, pytest.fail)

    assert future.cancelled()


def test_a_forked_process_starts_an_event_loop_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    with Ending(monkeypatch) as ending:
        of_parent = ending.process.get_portal()
        thread = run(identify_thread)

        ending.process._forget_parent()

        assert run(identify_thread) != thread
        of_parent.end()


def test_a_call_that_was_interrupted_before_it_arrived_is_not_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    with Ending(monkeypatch) as ending:
        call = portal._Call(identify_thread, (), {})

        ending.process.get_portal()._cancel(call)

        assert call.task is None
        run(identify_thread)
