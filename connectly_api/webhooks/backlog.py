"""Runs work after the response has been sent: bounded, and drained at shutdown."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from contextlib import suppress
from contextvars import Context
from typing import Any, Final

import attrs
from anyio import Event

from connectly_api.errors import UsageError
from connectly_api.webhooks.deferred_cancellation import is_trio


@attrs.frozen
class Job:
    """Work to run, and a function to call instead if it never begins. Neither may raise an exception."""

    run: Callable[[], Coroutine[Any, Any, None]]
    abandon: Callable[[], Coroutine[Any, Any, None]]


class Backlog:
    """Background jobs: some run at once, and the others wait.

    A job outlives its request, and a mounted application gets no startup or shutdown event, so no task group can own
    the jobs. They are tasks of the event loop, and `drain` waits for them. If the event loop ends before that, it
    cancels the running jobs, and the waiting ones are abandoned. All current jobs belong to one event loop; when
    none is left, another loop may use the backlog.
    """

    def __init__(self, *, capacity: int, at_once: int) -> None:
        """Hold up to `capacity` jobs, and run up to `at_once` of them at the same time."""
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
        """Accept a job, and return whether there was room for it.

        Raises:
            UsageError: It has jobs from another event loop.
        """
        self._check_loop()
        if self._held >= self._capacity:
            return False
        self._held += 1
        self._waiting.append(job)
        if self._running < self._at_once:
            self._running += 1
            self._spawn()
        return True

    async def drain(self) -> None:
        """Wait until no job is left."""
        self._check_loop()
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
                with suppress(asyncio.CancelledError):  # A second one, during the first.
                    await self._waiting.popleft().abandon()
            raise
        finally:
            self._running -= 1
            if self._running == 0 and self._idle is not None:
                self._idle.set()
                self._idle = None

    def _check_loop(self) -> None:
        loop = _get_current_loop()
        if self._running and loop is not self._loop:
            raise UsageError(
                "webhooks: with acknowledge='first', one event loop at a time may serve this application;"
                " create a WebhookApp for each event loop"
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


def _get_current_loop() -> object:
    if is_trio():
        import trio  # noqa: PLC0415  (not installed where it is not used)

        return trio.lowlevel.current_trio_token()
    return asyncio.get_running_loop()


class _Worker(asyncio.Task[None]):
    """A task that always reaches its first line: if it were cancelled before that, its jobs would be lost."""

    def __init__(self, work: Callable[[_Worker], Coroutine[Any, Any, None]], loop: asyncio.AbstractEventLoop) -> None:
        self._has_begun = False
        self._is_cancelled_early = False
        # Many requests' jobs run in this task: it must not see the context variables of the first one.
        super().__init__(work(self), loop=loop, context=Context())

    def begin(self) -> None:
        self._has_begun = True
        if self._is_cancelled_early:
            raise asyncio.CancelledError

    def cancel(self, msg: Any | None = None) -> bool:  # noqa: ANN401  (asyncio's own signature)
        if self._has_begun:
            return super().cancel(msg)
        self._is_cancelled_early = True
        return True
