"""Defers a cancellation until work that must not be interrupted has finished.

A shielded `CancelScope` blocks the cancellation of anyio and Trio, but not asyncio's own: servers call `task.cancel()`
when a graceful shutdown takes too long, and `asyncio.run` calls it for every task at its end. So the work runs in a
task of its own, and the task that waits for it records each cancellation and keeps waiting. The cancellation is
raised when the block ends: late, but never lost.
"""

from __future__ import annotations

import asyncio
import math
from asyncio.tasks import _unregister_task  # pyright: ignore[reportPrivateUsage]  (documented, for extending asyncio)
from collections.abc import Awaitable, Callable, Coroutine
from types import TracebackType
from typing import Self, TypeVar

from anyio import CancelScope, CapacityLimiter, Event, current_effective_deadline, to_thread
from sniffio import current_async_library

T = TypeVar("T")


class DeferredCancellation:
    """A block in which work finishes first, and a cancellation is raised afterwards.

    with DeferredCancellation() as deferred:
        claim = await deferred.finish(lambda: store.claim(key))
        if deferred.is_pending:
            await deferred.finish(lambda: store.release(claim))
    """

    def __init__(self) -> None:
        self._cancelled: asyncio.CancelledError | None = None

    @property
    def is_pending(self) -> bool:
        """Whether asyncio cancelled the task during the work. Other cancellations are deferred anyway."""
        return self._cancelled is not None

    def __enter__(self) -> Self:
        """Return the block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Raise the deferred cancellation, if there was one."""
        self.check()

    async def finish(self, work: Callable[[], Awaitable[T]]) -> T:
        """Await work that nothing cancels, and return its result."""
        if is_trio():
            # For type checkers: a scope may suppress an exception, and then nothing would be returned.
            results: list[T] = []
            with CancelScope(shield=True):
                results.append(await work())
            return results[0]
        task = asyncio.get_running_loop().create_task(_run(work))
        # A closing event loop cancels all registered tasks. This one need not be registered: the task that waits for
        # it here is, and the loop waits for that. https://docs.python.org/3/library/asyncio-extending.html
        _unregister_task(task)
        # The shield blocks anyio, which otherwise cancels a task again and again while it runs.
        with CancelScope(shield=True):
            while not task.done():
                try:
                    await asyncio.wait({task})
                except asyncio.CancelledError as error:
                    self._cancelled = error
        return task.result()

    async def finish_in_thread(self, work: Callable[[], T], *, limiter: CapacityLimiter | None = None) -> T:
        """Run a function in a thread that nothing cancels, and return its result."""
        return await self.finish(lambda: to_thread.run_sync(work, limiter=limiter))

    async def wait_until(self, event: Event) -> None:
        """Wait for an event that will be set, whatever cancels the task meanwhile."""
        if not is_trio():
            # Nearly always this suffices, and a scope costs more than all else here.
            try:
                await event.wait()
            except asyncio.CancelledError as error:
                if current_effective_deadline() > -math.inf:  # Otherwise anyio cancels again, once it may.
                    self._cancelled = error
        if event.is_set():
            return
        with CancelScope(shield=True):
            while not event.is_set():
                try:
                    await event.wait()
                except asyncio.CancelledError as error:
                    self._cancelled = error

    def check(self) -> None:
        """Raise a pending cancellation now."""
        if self._cancelled is not None:
            raise self._cancelled

    async def wait_for(self, result: Awaitable[T]) -> T:
        """Await something that may be cancelled, and is not begun if a cancellation is pending."""
        if self.is_pending and isinstance(result, Coroutine):
            result.close()
        self.check()
        return await result


def is_trio() -> bool:
    """Return whether the running event loop is Trio's."""
    return current_async_library() == "trio"


async def _run(work: Callable[[], Awaitable[T]]) -> T:
    return await work()
