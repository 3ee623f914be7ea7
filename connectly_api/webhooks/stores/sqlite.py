"""A store in a SQLite file, which all processes of one machine share and which survives their crashes."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from contextlib import suppress
from os import PathLike, fsdecode
from threading import RLock
from types import TracebackType
from typing import Any, Final, Self, TypeVar
from uuid import uuid4

from anyio import CapacityLimiter
from anyio.lowlevel import RunVar

from connectly_api.errors import InvalidInputError
from connectly_api.webhooks.deferred_cancellation import DeferredCancellation
from connectly_api.webhooks.stores.sqlite_file import (
    CLAIM,
    COMPLETE,
    FORGET,
    LOOK,
    RELEASE,
    EventFile,
    is_full,
    is_temporary,
)
from connectly_api.webhooks.stores.store import Claim, ClaimState, check_above_zero, check_clock, check_seconds

T = TypeVar("T")

# The first claim of each process and every 64th after it delete twice as many expired rows as may be added until the
# next: the file stays bounded, however often processes restart, and no call waits for a large clean-up.
_FORGET_EVERY: Final = 64
_FORGET_AT_ONCE: Final = 128
# Few rows at a time need little space in the log.
_FORGET_ON_FULL_DISK: Final = 8


class SQLiteStore:
    """A `Store` in a SQLite file, which the processes of one machine share. It needs SQLite 3.24 or later.

    If a process dies, even by `kill -9`, its claims are free when their lease ends, and the next deliveries of their
    events are handled. Only a failing disk or power supply may lose the last completions; their events would then be
    handled again. The file must not be on a network drive, where SQLite's locks do not work. Leases are measured by the
    machine's clock: they end early if it jumps forward, or back by more than their length.

    The file is opened at the first use, in a thread, and one thread at a time works on it. Fork before
    that. The file may contain your own tables beside the store's, whose names begin with `connectly_`. A file from an
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
        self._path: Final = _parse_path(path)
        self._lease: Final = check_seconds("lease", lease)
        self._retention: Final = check_above_zero("retention", retention)
        self._busy_timeout: Final = check_seconds("busy_timeout", busy_timeout)
        check_clock(clock)
        self._clock: Final = clock
        self._file: EventFile | None = None
        self._claims = 0
        self._lock: Final = RLock()
        # The lock would suffice; the limiter, one for each event loop, keeps waiting calls from occupying threads.
        self._limiter: Final = RunVar[CapacityLimiter]("connectly_webhooks_sqlite")

    @property
    def lease(self) -> float:
        """Seconds for which a claim holds its key, and for which `WebhookApp` retries to complete or release it."""
        return self._lease

    async def check(self) -> None:
        """Open the file and check that it can be used, at the start of a program.

        A busy file or a full disk passes, because it may recover.

        Raises:
            WebhookStoreError: The file cannot be used as it is; the text says why.
        """
        with DeferredCancellation() as deferred, suppress(sqlite3.Error):
            await self._run_in_thread(deferred, lambda _file: None)

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

    async def aclose(self) -> None:
        """Close the file. Calling it twice is fine; a later use opens it again."""
        with DeferredCancellation() as deferred:
            await deferred.finish_in_thread(self._close, limiter=self._get_limiter())

    async def __aenter__(self) -> Self:
        """Return the store."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close the file."""
        await self.aclose()

    def _get_limiter(self) -> CapacityLimiter:
        try:
            return self._limiter.get()
        except LookupError:
            limiter = CapacityLimiter(1)
            self._limiter.set(limiter)
            return limiter

    async def _run_in_thread(self, deferred: DeferredCancellation, work: Callable[[EventFile], T]) -> T:
        # Measured from here, so that many calls that wait for a busy file give up together, not one after the other.
        deadline = time.monotonic() + self._busy_timeout
        return await deferred.finish_in_thread(lambda: self._run(work, deadline), limiter=self._get_limiter())

    def _run(self, work: Callable[[EventFile], T], deadline: float) -> T:
        with self._lock:
            if self._file is None:
                self._file, self._claims = EventFile(self._path, deadline), 0
            file = self._file
            file.deadline = deadline
            try:
                return self._run_with_room(work, file)
            except sqlite3.Error as error:
                # The file may have been replaced: the next use opens it anew.
                if not is_temporary(error):
                    self._close()
                raise

    def _run_with_room(self, work: Callable[[EventFile], T], file: EventFile) -> T:
        try:
            return work(file)
        except sqlite3.OperationalError as error:
            if not is_full(error):
                raise
            with file.make_room():
                while self._forget(file, self._clock(), _FORGET_ON_FULL_DISK) and time.monotonic() < file.deadline:
                    file.checkpoint()
                if file.has_free_pages():
                    return work(file)
        # Nothing has expired, but the checkpoint has shrunk the log, which may be enough.
        return work(file)

    def _claim(self, file: EventFile, key: str) -> Claim:
        now = self._clock()
        token = uuid4().hex
        self._claims += 1
        if self._claims % _FORGET_EVERY == 1:
            self._forget(file, now, _FORGET_AT_ONCE)
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

    def _forget(self, file: EventFile, now: float, limit: int) -> bool:
        return file.execute(FORGET, now=now, before=now - self._retention, limit=limit).rowcount > 0

    def _close(self) -> None:
        with self._lock:
            file, self._file = self._file, None
            if file is not None:
                file.close()


def _parse_path(path: object) -> str:
    given: Any = path
    try:
        name = fsdecode(given)
    except (TypeError, ValueError):  # Neither text nor bytes, and its __fspath__, if any, returns neither.
        name = None
    if not name or "\0" in name:
        raise InvalidInputError("path: must be the path of a file, a string or a Path", field="path")
    if name == ":memory:":
        raise InvalidInputError("path: must be the path of a file; in memory, use MemoryStore()", field="path")
    return name
