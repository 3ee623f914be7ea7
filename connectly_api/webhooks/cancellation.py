"""Work that a cancellation must not tear in two.

A shielded `CancelScope` holds off anyio's and Trio's cancellation, but asyncio's own goes right through it:
`task.cancel()` is what servers call when they have waited long enough, and what `asyncio.run` calls for every task at
its end. So the work runs in a task of its own, and the task that waits for it takes note of each cancellation and waits
on. The cancellation is raised when the block ends, so it is late and never lost.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from types import TracebackType
from typing import Any, Final, Self, TypeVar

from anyio import CancelScope, CapacityLimiter, to_thread
from sniffio import current_async_library

__all__ = ["DeferredCancellation", "is_trio"]

T = TypeVar("T")

_ATTEMPTS: Final = 5


class DeferredCancellation:
    """A block in which work is finished first, and a cancellation is raised afterwards.

    with DeferredCancellation() as deferred:
        claim = await deferred.finish(lambda: store.claim(key))
        if deferred.is_pending:
            await deferred.finish(lambda: store.release(claim))
    """

    def __init__(self) -> None:
        """Start with no cancellation."""
        self._cancelled: asyncio.CancelledError | None = None

    @property
    def is_pending(self) -> bool:
        """Whether asyncio's cancellation came while work was being finished. Other cancellations wait by themselves."""
        return self._cancelled is not None

    def __enter__(self) -> Self:
        """Return the block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Raise the cancellation that came.

        Raises:
            asyncio.CancelledError: One came.
        """
        if self._cancelled is not None:
            raise self._cancelled

    async def finish(self, work: Callable[[], Awaitable[T]], *, again: bool = False) -> T:
        """Return what the work returns, or raise what it raises, once it has ended.

        Args:
            work: What to do, in a task of its own.
            again: Whether to start over where the event loop, which is closing, cancels the work's own task.

        Raises:
            asyncio.CancelledError: The work's own task was cancelled.
        """
        if is_trio():
            with CancelScope(shield=True):
                result = await work()
            return result  # noqa: RET504  (to mypy, a scope may swallow what is raised within it)
        for _ in range(_ATTEMPTS if again else 1):
            task = asyncio.get_running_loop().create_task(_run(work))
            await self._wait(task)
            if not task.cancelled():
                break
        return task.result()

    async def finish_in_thread(self, work: Callable[[], T], *, limiter: CapacityLimiter | None = None) -> T:
        """Return what a function returns, or raise what it raises, once its thread has ended it."""
        if is_trio():
            with CancelScope(shield=True):
                result = await to_thread.run_sync(work, limiter=limiter)
            return result  # noqa: RET504  (to mypy, a scope may swallow what is raised within it)
        task = _Unstoppable(to_thread.run_sync(work, limiter=limiter), loop=asyncio.get_running_loop())
        await self._wait(task)
        return task.result()

    async def wait_for(self, result: Awaitable[object]) -> None:
        """Wait for something that may be cancelled, and is where a cancellation is pending.

        Raises:
            asyncio.CancelledError: It was cancelled.
        """
        if self._cancelled is not None:
            if isinstance(result, Coroutine):
                result.close()
            raise self._cancelled
        await result

    async def _wait(self, task: asyncio.Task[Any]) -> None:
        # The shield holds off anyio, which otherwise cancels a task again and again for as long as it goes on.
        with CancelScope(shield=True):
            while not task.done():
                try:
                    await asyncio.wait({task})
                except asyncio.CancelledError as error:
                    self._cancelled = error


def is_trio() -> bool:
    """Say whether the running event loop is Trio's."""
    return current_async_library() == "trio"


async def _run(work: Callable[[], Awaitable[T]]) -> T:
    return await work()


class _Unstoppable(asyncio.Task[T]):
    """A task that waits for a thread. A thread cannot be cancelled, and a closing loop waits for this task to end."""

    def cancel(self, msg: object = None) -> bool:  # noqa: ARG002  (asyncio's own name)
        return False
