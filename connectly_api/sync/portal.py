"""Runs async functions for synchronous code, on one event loop in a thread of its own.

Theory of operation. A process has one loop thread, which all other threads share. It starts at the first call, waits in
a system call while there is nothing to do, and ends with the program.

**The way of a call.** The calling thread appends a `_Call` to a queue, wakes the loop, and waits for a lock that the
call holds. The loop takes every call that has arrived, starts a task for each, in the caller's context, and releases
the lock at the task's end. While a wake-up is on its way, further callers do not send another one: a wake-up is a write
to a pipe, at which the interpreter switches threads, and that costs more than all else here. The order matters: a
caller appends first and asks second whether a wake-up is on its way, and the loop clears that mark first and takes the
calls second, so no call is left behind.

**Interruption.** The lock is acquired for a second at a time, as the interpreter raises nothing in a thread that waits
for a lock, apart from Ctrl-C in the main thread, and on Windows not even that. Whatever is raised in the caller cancels
the call; the caller waits until the call has ended, and then the exception goes on. So nothing goes on behind a
caller's back. A second exception ends that wait.

**Forks.** A forked child has no other thread than its own. So `os.register_at_fork` forgets the parent's loop in the
child, and the child's first call starts another. What belongs to the parent is never closed there: its sockets are
registered with a selector that parent and child share.

**Exit.** Threads that are not daemons have ended when exit handlers run; see `exit_steps` for when ours does. It
refuses further calls, cancels those of daemon threads, which wait until the process is gone, closes what
`close_at_exit` has been given, and ends the thread.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections import deque
from collections.abc import Callable, Collection, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from contextvars import Context, copy_context
from functools import partial
from typing import Any, Final, ParamSpec, Protocol, TypeVar, cast

import sniffio

from connectly_api.errors import UsageError
from connectly_api.exit_steps import ExitStep, run_at_exit
from connectly_api.transport.attempt_outcome import fail_unsent
from connectly_api.transport.deadline import get_asyncio_loop

P = ParamSpec("P")
T = TypeVar("T")

_POLL: Final = 1.0
"""Seconds after which a waiting thread looks whether an exception is to be raised in it."""
_LONGEST_EXIT: Final = 5.0
"""Seconds for which the end of the program waits for what is closed."""
_ENDING: Final = "the program is ending: nothing is sent any more"
_NO_THREAD: Final = "no thread can be started: there are too many, or the program is ending"
_IN_LOOP: Final = (
    "a synchronous call within a running event loop would block it:"
    " use the async classes, such as connectly_api.Connectly, and await their methods"
)


class Closable(Protocol):
    """What is closed when the program ends."""

    async def aclose(self) -> None:
        """Close it."""
        ...


class _Call:
    """One call, from a thread to the loop and back."""

    __slots__ = ("args", "context", "error", "function", "kwargs", "lock", "result", "task")

    def __init__(self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.function = function
        self.args = args
        self.kwargs = kwargs
        self.context = copy_context()
        self.lock = threading.Lock()
        self.lock.acquire()
        self.result: Any = None
        self.error: BaseException | None = None
        self.task: asyncio.Task[None] | None = None


class _Executor(ThreadPoolExecutor):
    """Runs what the loop gives to threads, such as resolving a host's name.

    Python refuses work for executors once the main thread has ended, but the threads that still run may send.
    """

    def submit(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        try:
            return super().submit(function, *args, **kwargs)
        except RuntimeError:
            future = Future[T]()
            threading.Thread(target=_fulfil, args=(future, partial(function, *args, **kwargs)), daemon=True).start()
            return future


def _fulfil(future: Future[T], work: Callable[[], T]) -> None:
    if future.set_running_or_notify_cancel():
        try:
            future.set_result(work())
        except BaseException as error:  # noqa: BLE001 (it is raised where the future is awaited)
            future.set_exception(error)


class _Portal:
    """The loop and its thread."""

    def __init__(self) -> None:
        self._loop: Final = asyncio.new_event_loop()
        self._loop.set_default_executor(_Executor())
        self._ending: Final = self._loop.create_future()
        self._arrived: Final[deque[_Call]] = deque()
        self._is_woken = False
        # The event loop itself holds tasks by weak references only.
        self._tasks: Final[set[asyncio.Task[None]]] = set()
        self._thread: Final = threading.Thread(target=self._serve, name="connectly-api", daemon=True)
        try:
            self._thread.start()
        except RuntimeError:
            self._loop.close()
            raise UsageError(_NO_THREAD) from None

    def run(self, call: _Call) -> None:
        """Run a call and wait for its end."""
        try:
            self._arrived.append(call)
            if not self._is_woken:
                self._is_woken = True
                self._loop.call_soon_threadsafe(self._start_arrived)
            self._wait(call)
        except BaseException:
            self._loop.call_soon_threadsafe(self._cancel, call)
            self._wait(call)
            raise

    def close_soon(self, closable: Closable) -> None:
        """Close something, and let nobody wait for it."""
        with suppress(RuntimeError):  # The loop is closed.
            self._loop.call_soon_threadsafe(self._start, closable.aclose(), copy_context())

    def end(self) -> None:
        """Cancel all calls, close what is open, and end the thread."""
        self._loop.call_soon_threadsafe(self._ending.set_result, None)
        self._thread.join(_LONGEST_EXIT)

    def _wait(self, call: _Call) -> None:
        while not call.lock.acquire(timeout=_POLL):
            if call.task is None:  # An exception has come between the mark and the wake-up, in this thread or another.
                self._loop.call_soon_threadsafe(self._start_arrived)

    def _start_arrived(self) -> None:
        self._is_woken = False
        while self._arrived:
            call = self._arrived.popleft()
            call.task = self._start(self._run(call), call.context)

    def _start(self, work: Coroutine[Any, Any, None], context: Context) -> asyncio.Task[None]:
        task = self._loop.create_task(work, context=context)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _cancel(self, call: _Call) -> None:
        self._start_arrived()
        if call.task is not None:
            # Not at once: a task that is cancelled before its first step never runs, and would not release the lock.
            self._loop.call_soon(call.task.cancel)

    async def _run(self, call: _Call) -> None:
        # Every exception is the caller's: `sys.exit()` in a task would end the loop.
        try:
            call.result = await call.function(*call.args, **call.kwargs)
        except BaseException as error:  # noqa: BLE001 (it is raised in the caller's thread)
            if self._ending.done():
                return  # A daemon thread's: it waits until the process is gone.
            call.error = error
        call.lock.release()

    def _serve(self) -> None:
        try:
            self._loop.run_until_complete(self._serve_until_end())
        finally:
            self._loop.close()

    async def _serve_until_end(self) -> None:
        await self._ending
        await _cancel_all(self._tasks)
        for closable in _OPENED.values():
            with suppress(Exception):
                await closable.aclose()
        await _cancel_all(asyncio.all_tasks() - {asyncio.current_task()})
        await self._loop.shutdown_asyncgens()


async def _cancel_all(tasks: Collection[asyncio.Task[Any] | None]) -> None:
    pending = [task for task in tasks if task is not None]
    for task in pending:
        task.cancel()
    await asyncio.gather(*pending, return_exceptions=True)


_OPENED: Final[dict[int, Closable]] = {}


class _Process:
    """This process's portal."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._portal: _Portal | None = None
        self._is_ending = False
        self._inherited: list[object] = []
        os.register_at_fork(after_in_child=self._forget_parent)
        run_at_exit(ExitStep.END_LOOP, self._end)

    def get_portal(self) -> _Portal:
        if self._is_ending:
            raise UsageError(_ENDING)
        portal = self._portal
        if portal is None:
            with self._lock, fail_unsent():
                portal = self._portal = self._portal or _Portal()
        return portal

    def find_portal(self) -> _Portal | None:
        return self._portal

    def _forget_parent(self) -> None:
        # Another thread of the parent may have held the lock. What is kept here is never finalised.
        self._inherited.append((self._portal, dict(_OPENED)))
        _OPENED.clear()
        self._lock, self._portal, self._is_ending = threading.Lock(), None, False

    def _end(self) -> None:
        self._is_ending = True
        portal, self._portal = self._portal, None
        if portal is not None:
            portal.end()


_PROCESS: Final = _Process()


def run(function: Callable[P, Coroutine[Any, Any, T]], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Run an async function on the process's event loop, and return its result or raise its exception.

    Args:
        function: The function. It sees the context variables of the caller.
        args: Its arguments.
        kwargs: Its keyword arguments.

    Raises:
        UsageError: The calling thread runs an event loop, asyncio's or Trio's, or the program is ending.
    """
    if get_asyncio_loop() is not None or sniffio.thread_local.name is not None:
        raise UsageError(_IN_LOOP)
    call = _Call(function, args, kwargs)
    portal = _PROCESS.get_portal()
    portal.run(call)
    error, call.error = call.error, None
    if error is None:
        return cast("T", call.result)
    try:
        raise error
    finally:
        del error  # Its traceback has this frame, and that of the task, which has the call: no circle may remain.


def close_at_exit(closable: Closable) -> None:
    """Close something on the process's event loop when the program ends."""
    _OPENED[id(closable)] = closable


def close_soon(closable: Closable) -> None:
    """Close what `close_at_exit` has been given, now, without waiting; from any thread, or a finaliser."""
    portal = _PROCESS.find_portal()
    if _OPENED.pop(id(closable), None) is not None and portal is not None:
        portal.close_soon(closable)
