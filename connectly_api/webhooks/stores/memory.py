"""A store in memory: for one process, and gone when it ends."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock
from typing import Final
from uuid import uuid4

from connectly_api.webhooks.stores.store import Claim, ClaimState, check_above_zero, check_clock, check_seconds


class MemoryStore:
    """A `Store` in memory, shared by the tasks and threads of one process; other processes do not see it.

    It is bounded: completed keys are forgotten after `retention`, and the oldest of them earlier if there are more than
    `limit`; a key takes about 250 bytes.
    """

    def __init__(
        self,
        *,
        lease: float = 60.0,
        retention: float = 24 * 3600.0,
        limit: int = 100_000,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Create an empty store.

        Args:
            lease: Seconds for which a claim holds its key: longer than handlers take.
            retention: Seconds for which a handled event is remembered: longer than the service retries.
            limit: The maximum number of remembered events.
            clock: Returns the time in seconds, and never goes back.

        Raises:
            InvalidInputError: A number is not above 0, a lease is infinite, or the clock is not a function.
        """
        self._lease: Final = check_seconds("lease", lease)
        self._retention: Final = check_above_zero("retention", retention)
        self._limit: Final = check_above_zero("limit", limit)
        check_clock(clock)
        self._clock: Final = clock
        self._lock: Final = Lock()
        # Both are in the order of expiry, because all claims have one lease and all completions one retention.
        self._claimed: Final[dict[str, tuple[float, str]]] = {}
        self._completed: Final[dict[str, float]] = {}

    async def claim(self, key: str) -> Claim:
        """Claim a key."""
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
        """Complete a claim."""
        with self._lock:
            if not self._drop_claim(claim):
                return False
            self._completed[claim.key] = self._clock() + self._retention
            return True

    async def release(self, claim: Claim) -> bool:
        """Release a claim."""
        with self._lock:
            return self._drop_claim(claim)

    def _drop_claim(self, claim: Claim) -> bool:
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
        # A claim can still be completed after its lease, so it is kept for the retention.
        while self._claimed:
            key, (expires, _token) = next(iter(self._claimed.items()))
            if expires + self._retention > now:
                break
            del self._claimed[key]
