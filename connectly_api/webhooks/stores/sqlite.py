"""A store in a SQLite file, which all processes of one machine share and which survives their crashes."""

from __future__ import annotations

import time
from collections.abc import Callable
from os import PathLike
from typing import Final
from uuid import uuid4

from connectly_api.webhooks.deferred_cancellation import DeferredCancellation
from connectly_api.webhooks.stores.file_access import FileAccess
from connectly_api.webhooks.stores.sqlite_file import CLAIM, COMPLETE, FORGET, LOOK, RELEASE, EventFile
from connectly_api.webhooks.stores.store import Claim, ClaimState, check_above_zero, check_seconds


class SQLiteStore(FileAccess[EventFile]):
    """A `Store` in a SQLite file, which the processes of one machine share. It needs SQLite 3.24 or later.

    If a process dies, even by `kill -9`, its claims are free when their lease ends, and the next deliveries of their
    events are handled. Only a failing disk or power supply may lose the last completions; their events would then be
    handled again. The file must not be on a network drive, where SQLite's locks do not work. Leases are measured by the
    machine's clock: they end early if it jumps forward, or back by more than their length.

    The file is opened at the first use, in a thread, and one thread at a time works on it; a forked child opens it
    again. The file may contain your own tables beside the store's, whose names begin with `connectly_`. A file from an
    earlier version is upgraded when it is opened. `claim`, `complete` and `release` raise `WebhookStoreError` if the
    file cannot be used as it is, and `sqlite3.Error` if it temporarily cannot be written, or was busy for too long.
    """

    def __init__(
        self,
        path: str | bytes | PathLike[str] | PathLike[bytes],
        *,
        lease: float = 60.0,
        retention: float = 7 * 24 * 3600.0,
        busy_timeout: float = 5.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Create a store; nothing is opened yet.

        Args:
            path: The file. SQLite keeps two more beside it, and the store a reserve of 256 KiB for a full disk.
            lease: Seconds for which a claim holds its key: longer than handlers take.
            retention: Seconds for which a handled event is remembered: longer than the service retries.
            busy_timeout: The maximum seconds that each call waits for other processes and for earlier calls.
            clock: Returns the time in seconds, the same for all processes.

        Raises:
            InvalidInputError: The path is not a file's, such as `":memory:"`; a number is not above 0; the lease or a
                timeout is infinite; or the clock is not a function.
        """
        super().__init__(path, EventFile, busy_timeout=busy_timeout, clock=clock)
        self._lease: Final = check_seconds("lease", lease)
        self._retention: Final = check_above_zero("retention", retention)

    @property
    def lease(self) -> float:
        """Seconds for which a claim holds its key, and for which `WebhookApp` retries to complete or release it."""
        return self._lease

    async def claim(self, key: str) -> Claim:
        """Claim a key."""
        with DeferredCancellation() as deferred:
            claim = await self._run_in_thread(deferred, lambda file: self._claim(file, key))
            if deferred.is_pending and claim.is_granted:
                await self._run_in_thread(deferred, lambda file: self._release(file, claim))
            return claim

    async def complete(self, claim: Claim) -> bool:
        """Complete a claim."""
        with DeferredCancellation() as deferred:
            return await self._run_in_thread(deferred, lambda file: self._complete(file, claim))

    async def release(self, claim: Claim) -> bool:
        """Release a claim."""
        with DeferredCancellation() as deferred:
            return await self._run_in_thread(deferred, lambda file: self._release(file, claim))

    def _claim(self, file: EventFile, key: str) -> Claim:
        now = self._clock()
        token = uuid4().hex
        self._forget_some(file)
        if file.execute(CLAIM, key=key, token=token, expires=now + self._lease, now=now).rowcount:
            return Claim(key, ClaimState.GRANTED, token)
        row = file.execute(LOOK, key=key).fetchone()
        # No row: the claim was released between the two statements, so another caller has just failed.
        return Claim(key, ClaimState.COMPLETED if row is not None and row[0] else ClaimState.IN_PROGRESS)

    def _complete(self, file: EventFile, claim: Claim) -> bool:
        now = self._clock()
        expires = now + self._retention
        return file.execute(COMPLETE, key=claim.key, token=claim.token, expires=expires, now=now).rowcount > 0

    def _release(self, file: EventFile, claim: Claim) -> bool:
        return file.execute(RELEASE, key=claim.key, token=claim.token).rowcount > 0

    def _forget(self, file: EventFile, limit: int) -> bool:
        now = self._clock()
        return file.execute(FORGET, now=now, before=now - self._retention, limit=limit).rowcount > 0
