"""Remembered keys in memory: for one process, gone with it."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock
from typing import Final
from uuid import uuid4

from connectly_api.webhooks.stores.store import Claim, ClaimState, above_zero, check_clock

__all__ = ["MemoryStore"]


class MemoryStore:
    """A `Store` in memory, safe among the tasks and threads of one process; another process does not see it.

    It is bounded: completed keys are forgotten after `retention`, and the oldest of them earlier where there are more
    than `limit`; a key takes about 250 bytes.
    """

    def __init__(
        self,
        *,
        lease: float = 60.0,
        retention: float = 24 * 3600.0,
        limit: int = 100_000,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start with nothing remembered.

        Args:
            lease: Seconds for which a claim is safe from others: longer than handlers take.
            retention: Seconds for which a handled event is known again: longer than the service keeps trying.
            limit: How many handled events are remembered at most.
            clock: Tells the time in seconds, and never goes back.

        Raises:
            InvalidInputError: A number is not above 0, a lease is infinite, or the clock cannot be called.
        """
        self._lease: Final = above_zero("lease", lease, finite=True)
        self._retention: Final = above_zero("retention", retention)
        self._limit: Final = above_zero("limit", limit)
        check_clock(clock)
        self._clock: Final = clock
        self._lock: Final = Lock()
        # Both are in the order of expiry, because all claims have one lease and all completions one retention.
        self._claimed: Final[dict[str, tuple[float, str]]] = {}
        self._completed: Final[dict[str, float]] = {}

    async def claim(self, key: str) -> Claim:
        """Take a key if it is free, or if its lease or its memory has run out."""
        with self._lock:
            now = self._clock()
            self._forget(now)
            if key in self._completed:
                return Claim(key, ClaimState.COMPLETED)
            if key in self._claimed and self._claimed[key][0] > now:
                return Claim(key, ClaimState.IN_PROGRESS)
            token = uuid4().hex
            self._claimed.pop(key, None)
            self._claimed[key] = (now + self._lease, token)
            return Claim(key, ClaimState.GRANTED, token)

    async def complete(self, claim: Claim) -> bool:
        """Remember that the event was handled; return whether the claim still held the key."""
        with self._lock:
            if not self._give_up(claim):
                return False
            self._completed[claim.key] = self._clock() + self._retention
            return True

    async def release(self, claim: Claim) -> bool:
        """Give the key back; return whether the claim still held it."""
        with self._lock:
            return self._give_up(claim)

    def _give_up(self, claim: Claim) -> bool:
        held = self._claimed.get(claim.key)
        if held is None or held[1] != claim.token:
            return False
        del self._claimed[claim.key]
        return True

    def _forget(self, now: float) -> None:
        while self._completed:
            key, expires = next(iter(self._completed.items()))
            if expires > now and len(self._completed) <= self._limit:
                break
            del self._completed[key]
        # A claim whose lease ran out can still be completed, so it is kept long after that; but not for ever.
        while self._claimed:
            key, (expires, _token) = next(iter(self._claimed.items()))
            if expires + self._retention > now:
                break
            del self._claimed[key]
