"""Where plain functions run: in a thread of the pool, or in the thread of synchronous code that waits for them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Any, Final, TypeVar

from anyio import CapacityLimiter
from anyio.to_thread import current_default_thread_limiter

from connectly_api.webhooks.deferred_cancellation import DeferredCancellation

T = TypeVar("T")

WAITING_THREAD: Final[ContextVar[Callable[[Callable[[], Any]], Awaitable[Any]] | None]] = ContextVar(
    "connectly_waiting_thread", default=None
)
"""Runs a function in the thread that waits for this task; None if none waits, or none is to be used."""


async def run_plain(work: Callable[[], T], deferred: DeferredCancellation) -> T:
    """Run a plain function, whose end is awaited even while the task is being cancelled."""
    run: Callable[[Callable[[], T]], Awaitable[T]] | None = WAITING_THREAD.get()
    if run is not None:
        return await deferred.finish(lambda: run(work))
    # While waiting for a free thread nothing has begun, and a cancellation is fine.
    async with current_default_thread_limiter():
        return await deferred.finish_in_thread(work, limiter=CapacityLimiter(1))


async def call_plain(work: Callable[[], T]) -> T:
    """Run a plain function; a cancellation waits for its end."""
    with DeferredCancellation() as deferred:
        return await run_plain(work, deferred)
