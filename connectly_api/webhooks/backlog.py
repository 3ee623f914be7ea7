"""Work that goes on after the answer: bounded, and waited for at the end."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, Final

import attrs
from anyio import Event

from connectly_api.errors import UsageError
from connectly_api.webhooks.cancellation import is_trio

__all__ = ["Backlog", "Job"]


@attrs.frozen
class Job:
    """Something to do, and what to do instead where it was never begun. Neither must raise an exception."""

    run: Callable[[], Coroutine[Any, Any, None]]
    give_back: Callable[[], Coroutine[Any, Any, None]]


class Backlog:
    """Jobs that run by themselves: so many of them at once, and so many more that wait for their turn.

    A job outlives the request that brought it, and an application mounted in another learns neither of the start nor of
    the end of the server, so no task group could hold the jobs. They are tasks of the event loop, and `drain` is their
    end. An event loop that ends before that cancels the jobs that are running; those that wait are then given back.
    All jobs that are held belong to one event loop; another one may take over when none is left.
    """

    def __init__(self, *, capacity: int, at_once: int) -> None:
        """Start empty.

        Args:
            capacity: Jobs that may be waiting and running together.
            at_once: Jobs that may be running.
        """
        self._capacity: Final = capacity
        self._at_once: Final = at_once
        self._waiting: Final[deque[Job]] = deque()
        self._held = 0
        self._running = 0
        self._idle: Event | None = None
        self._loop: object = None
        # An event loop does not keep its tasks alive.
        self._tasks: Final[set[object]] = set()

    def submit(self, job: Job) -> bool:
        """Take a job on, and return whether there was room for it.

        Raises:
            UsageError: It holds jobs of another event loop.
        """
        self._stay_in_loop()
        if self._held >= self._capacity:
            return False
        self._held += 1
        self._waiting.append(job)
        if self._running < self._at_once:
            self._running += 1
            self._spawn()
        return True

    async def drain(self) -> None:
        """Return when no job is left.

        Raises:
            UsageError: It holds jobs of another event loop.
        """
        self._stay_in_loop()
        while self._running:
            if self._idle is None:
                self._idle = Event()
            await self._idle.wait()

    async def _work(self, worker: _Worker | None = None) -> None:
        try:
            if worker is not None:
                worker.begin()
            while self._waiting:
                job = self._waiting.popleft()
                try:
                    await job.run()
                finally:
                    self._held -= 1
        except BaseException:
            while self._running == 1 and self._waiting:
                self._held -= 1
                with suppress(asyncio.CancelledError):  # Another one than the one that is on its way already.
                    await self._waiting.popleft().give_back()
            raise
        finally:
            self._running -= 1
            if self._running == 0 and self._idle is not None:
                self._idle.set()
                self._idle = None

    def _stay_in_loop(self) -> None:
        loop = _current_loop()
        if self._running and loop is not self._loop:
            raise UsageError(
                "webhooks: with acknowledge='first', one event loop at a time may serve this application;"
                " make a WebhookApp for each event loop"
            )
        self._loop = loop

    def _spawn(self) -> None:
        if is_trio():
            import trio  # noqa: PLC0415  (not installed where it is not used)

            trio.lowlevel.spawn_system_task(self._work)
        else:
            task = _Worker(self._work, asyncio.get_running_loop())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)


def _current_loop() -> object:
    if is_trio():
        import trio  # noqa: PLC0415  (not installed where it is not used)

        return trio.lowlevel.current_trio_token()
    return asyncio.get_running_loop()


class _Worker(asyncio.Task[None]):
    """A task that always comes to its first line: one that is cancelled before that would leave its jobs lying."""

    def __init__(self, work: Callable[[_Worker], Coroutine[Any, Any, None]], loop: asyncio.AbstractEventLoop) -> None:
        self._has_begun = False
        self._is_cancelled_early = False
        super().__init__(work(self), loop=loop)

    def begin(self) -> None:
        self._has_begun = True
        if self._is_cancelled_early:
            raise asyncio.CancelledError

    def cancel(self, msg: Any | None = None) -> bool:  # noqa: ANN401  (asyncio's own signature)
        if self._has_begun:
            return super().cancel(msg)
        self._is_cancelled_early = True
        return True
