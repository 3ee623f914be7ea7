"""A task of the event loop, which another task than the one that started it may stop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import anyio
from sniffio import current_async_library


class BackgroundTask:
    """Runs a function until `stop`.

    A task group must be left by the task that entered it; pytest runs the two halves of a fixture in different tasks.
    """

    def __init__(self, work: Callable[[], Awaitable[None]]) -> None:
        """Start it in the running event loop."""
        self._work: Final = work
        self._scope: Final = anyio.CancelScope()
        self._end: Final = anyio.Event()
        self._error: Exception | None = None
        if current_async_library() == "trio":
            import trio  # noqa: PLC0415  (not installed where it is not used)

            trio.lowlevel.spawn_system_task(self._run)
        else:
            self._task: Final = asyncio.create_task(self._run())
            # Also set if the loop ends before the task has begun.
            self._task.add_done_callback(lambda _: self._end.set())

    @property
    def has_ended(self) -> bool:
        """Whether the function has returned or raised."""
        return self._end.is_set()

    async def stop(self) -> None:
        """Cancel it, and wait until it has ended; raise what it raised."""
        self._scope.cancel()
        with anyio.CancelScope(shield=True):
            await self._end.wait()
        if self._error is not None:
            raise self._error

    async def _run(self) -> None:
        try:
            with self._scope:
                await self._work()
        except Exception as error:  # noqa: BLE001  (raised by `stop`)
            self._error = error
        finally:
            self._end.set()
