"""Calls a journal, which is synchronous, from event loops: that of a run, and that of webhooks, may be two."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from threading import Lock
from typing import ParamSpec, TypeVar

from anyio import CapacityLimiter, to_thread

from connectly_api.campaigns.journal_protocol import Journal
from connectly_api.loop_local import LoopLocal

P = ParamSpec("P")
T = TypeVar("T")


class JournalThread:
    """A journal, and the one worker thread at a time that calls it.

    Attributes:
        journal: The journal; call its methods through `call`.
        is_open: Whether `open` has opened it.
    """

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self.is_open = False
        self._limiters = LoopLocal(lambda: CapacityLimiter(1))
        # A call that asyncio cancels leaves its thread behind, and other event loops have other threads.
        self._lock = Lock()

    async def open(self) -> None:
        """Open the journal, unless that was done."""
        if not self.is_open:
            await self.call(self._open)

    async def close(self) -> None:
        """Close the journal; calling it again does nothing."""
        if self.is_open:
            await self.call(self._close)

    async def call(self, method: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call a method of the journal when no other call is under way; one that has begun is not cancelled."""
        return await to_thread.run_sync(self._call, partial(method, *args, **kwargs), limiter=self._limiters.get())

    def _call(self, work: Callable[[], T]) -> T:
        with self._lock:
            return work()

    def _open(self) -> None:
        if not self.is_open:
            self.journal.open()
            self.is_open = True

    def _close(self) -> None:
        self.is_open = False
        self.journal.close()
