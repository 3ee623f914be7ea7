"""Work that a cancellation must not tear in two.

A shielded `CancelScope` holds off anyio's and Trio's cancellation, but asyncio's own goes right through it:
`task.cancel()` is what servers call when they have waited long enough, and what `asyncio.run` calls for every task at
its end. So the work runs in a task of its own, and the task that waits for it takes note of each cancellation and waits
on. The cancellation is raised when the block ends, so it is late and never lost.
"""

from __future__ import annotations

import asyncio
from asyncio.tasks import _unregister_task  # pyright: ignore[reportPrivateUsage]  (documented, for extending asyncio)
from collections.abc import Awaitable, Callable, Coroutine
from types import TracebackType
from typing import Self, TypeVar

from anyio import CancelScope, CapacityLimiter, to_thread
from sniffio import current_async_library

__all__ = ["DeferredCancellation", "is_trio"]

T = TypeVar("T")


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

    async def finish(self, work: Callable[[], Awaitable[T]]) -> T:
        """Return what the work returns, or raise what it raises, once it has ended; nothing cancels it."""
        if is_trio():
            # To the type checkers, a scope may swallow what is raised within it, so that nothing would be returned.
            results: list[T] = []
            with CancelScope(shield=True):
                results.append(await work())
            return results[0]
        task = asyncio.get_running_loop().create_task(_run(work))
        # An event loop that is closing cancels all tasks that it knows of. It need not know of this one: the task that
        # waits for it here is known, and is waited for. https://docs.python.org/3/library/asyncio-extending.html
        _unregister_task(task)
        # The shield holds off anyio, which otherwise cancels a task again and again for as long as it goes on.
        with CancelScope(shield=True):
            while not task.done():
                try:
                    await asyncio.wait({task})
                except asyncio.CancelledError as error:
                    self._cancelled = error
        return task.result()

    async def finish_in_thread(self, work: Callable[[], T], *, limiter: CapacityLimiter | None = None) -> T:
        """Return what a function returns, or raise what it raises, once its thread has ended it."""
        return await self.finish(lambda: to_thread.run_sync(work, limiter=limiter))

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


def is_trio() -> bool:
    """Say whether the running event loop is Trio's."""
    return current_async_library() == "trio"


async def _run(work: Callable[[], Awaitable[T]]) -> T:
    return await work()
