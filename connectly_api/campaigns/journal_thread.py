"""Calls a journal, which is synchronous, from event loops: that of a run, and that of webhooks, may be two."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from threading import Lock
from typing import Generic, ParamSpec, TypeVar
from weakref import WeakKeyDictionary

from anyio import CapacityLimiter, to_thread
from anyio.lowlevel import current_token

from connectly_api.campaigns.journal_protocol import Journal

P = ParamSpec("P")
T = TypeVar("T")


class LoopLocal(Generic[T]):
    """A value for each event loop: what tasks wait for must not be set from another loop, or they wait for ever."""

    def __init__(self, create: Callable[[], T]) -> None:
        self._create = create
        self._values: WeakKeyDictionary[object, T] = WeakKeyDictionary()

    def get(self) -> T:
        """Return the value of the running event loop."""
        loop = current_token().native_token
        if (value := self._values.get(loop)) is None:
            value = self._values[loop] = self._create()
        return value


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
