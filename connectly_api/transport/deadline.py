"""A time limit around one try. On asyncio it takes a fraction of a cancel scope's time; on trio it is one."""

from __future__ import annotations

import asyncio
import math
from contextlib import AbstractContextManager, nullcontext
from types import TracebackType
from typing import cast

import anyio
import anyio.lowlevel

__all__ = ["Deadlines", "current_loop"]


def current_loop() -> object:
    """Return what identifies the running event loop."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return anyio.lowlevel.current_token()


class Deadlines:
    """The time limits of one client's tries, with one timer of the event loop for all of them.

    A timer for each costs more than all else that the pipeline does: the loop keeps them in a heap that compares in
    Python, many times for each where hundreds of calls are in flight, though hardly any ever strikes.
    """

    __slots__ = ("_limits", "_timer")

    def __init__(self) -> None:
        """Start without any."""
        self._limits: dict[_Limit, None] = {}
        self._timer: asyncio.TimerHandle | None = None

    def move_on_after(self, seconds: float) -> AbstractContextManager[object, bool]:
        """Return a context whose body is cancelled after so many seconds; the program goes on behind it.

        Args:
            seconds: `math.inf` for no limit.
        """
        if seconds == math.inf:
            return cast("AbstractContextManager[object, bool]", nullcontext())
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return anyio.move_on_after(seconds)
        return _Limit(self, loop, seconds)

    def add(self, limit: _Limit) -> None:
        """Let a limit strike at its time."""
        self._limits[limit] = None
        if self._timer is None or limit.when < self._timer.when():
            self._wait_for(limit)

    def remove(self, limit: _Limit) -> None:
        """Let a limit strike no more."""
        self._limits.pop(limit, None)
        # Where others are left, the timer stays: at worst it looks at them once, too early for any to strike.
        if not self._limits and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _wait_for(self, limit: _Limit) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = limit.loop.call_at(limit.when, self._strike, limit.loop)

    def _strike(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer = None
        now = loop.time()
        for limit in [limit for limit in self._limits if limit.when <= now]:
            del self._limits[limit]
            limit.expire()
        if self._limits:
            self._wait_for(min(self._limits, key=lambda limit: limit.when))


class _Limit:
    """What `asyncio.timeout` does, but for its exception, its coroutines and its timer."""

    __slots__ = ("_cancelling", "_deadlines", "_expired", "_task", "loop", "when")

    def __init__(self, deadlines: Deadlines, loop: asyncio.AbstractEventLoop, seconds: float) -> None:
        self._deadlines = deadlines
        self._expired = False
        self.loop = loop
        self.when = loop.time() + seconds

    def __enter__(self) -> None:
        task = asyncio.current_task(self.loop)
        if task is None:  # pragma: no cover  (an asyncio coroutine runs in a task)
            raise RuntimeError("not in a task")
        self._task = task
        self._cancelling = task.cancelling()
        self._deadlines.add(self)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        self._deadlines.remove(self)
        # Somebody else's cancellation goes on, even where the time is up as well.
        is_ours = self._expired and self._task.uncancel() <= self._cancelling
        return is_ours and kind is asyncio.CancelledError

    def expire(self) -> None:
        """End the body."""
        self._expired = True
        self._task.cancel()
