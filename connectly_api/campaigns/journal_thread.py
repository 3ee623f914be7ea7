"""Calls a journal, which is synchronous, from an event loop."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from threading import Lock
from typing import ParamSpec, TypeVar

from anyio import CapacityLimiter, to_thread

from connectly_api.campaigns.journal_protocol import Journal

P = ParamSpec("P")
T = TypeVar("T")


class JournalThread:
    """A journal, and the one worker thread at a time that calls it.

    Attributes:
        journal: The journal; call its methods through `call`.
    """

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self._limiter = CapacityLimiter(1)
        # A call that asyncio cancels leaves its thread behind.
        self._lock = Lock()

    async def call(self, method: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call a method of the journal when no other call is under way; one that has begun is not cancelled."""
        return await to_thread.run_sync(self._call, partial(method, *args, **kwargs), limiter=self._limiter)

    def _call(self, work: Callable[[], T]) -> T:
        with self._lock:
            return work()
