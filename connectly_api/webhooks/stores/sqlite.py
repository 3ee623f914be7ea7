"""Remembered keys in a SQLite file: for every process of one machine, and past their crashes."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from contextlib import suppress
from os import PathLike, fsdecode
from threading import Lock
from types import TracebackType
from typing import Any, Final, Self, TypeVar
from uuid import uuid4

from anyio import CapacityLimiter
from anyio.lowlevel import RunVar

from connectly_api.errors import InvalidInputError
from connectly_api.webhooks.cancellation import DeferredCancellation
from connectly_api.webhooks.stores.sqlite_file import (
    CLAIM,
    COMPLETE,
    FORGET,
    LOOK,
    RELEASE,
    EventFile,
    is_full,
    may_pass,
)
from connectly_api.webhooks.stores.store import Claim, ClaimState, above_zero, check_clock

__all__ = ["SQLiteStore"]

T = TypeVar("T")

# The first claim of each process and every 64th after it take at most twice as many rows away as may come until the
# next: the file stays bounded, however often processes start anew, and no call waits for a great clean-up.
_FORGET_EVERY: Final = 64
_FORGET_AT_ONCE: Final = 128
# Few rows at a time need little room in the log.
_FORGET_ON_FULL_DISK: Final = 8


class SQLiteStore:
    """A `Store` in a SQLite file, which the processes of one machine share. It needs SQLite 3.24 or later.

    A process that dies, even by `kill -9`, leaves its claims behind: they become free when their lease has run out, and
    the events are handled by their next delivery. Only a failing disk or power supply may lose the last completions;
    their events would then be handled again. The file must not lie on a network drive, where SQLite's locks do not
    hold. The machine's clock measures leases: a leap forward ends them early, and so does one back by more than their
    length.

    The file is opened at the first use, in a thread, and one thread at a time works on it. A process that forks should
    do so before that. The file may hold your own tables beside the store's, whose names begin with `connectly_`. One
    that an earlier version wrote is brought up to date when it is opened.
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
        """Take note of where the file is or will be; nothing is opened yet.

        Args:
            path: The file. SQLite keeps two more beside it, and the store one of 256 KiB, a reserve for when the disk
                is full.
            lease: Seconds for which a claim is safe from others: longer than handlers take.
            retention: Seconds for which a handled event is known again: longer than the service keeps trying.
            busy_timeout: Seconds that each call waits at most, for another process that is writing and for calls
                before it.
            clock: Tells the time in seconds, the same for all processes.

        Raises:
            InvalidInputError: A path that no file can have, or `":memory:"`, which is no file; a number that is not
                above 0, or a time to wait that is infinite; a clock that cannot be called.
        """
        self._path: Final = _file_name(path)
        self._lease: Final = above_zero("lease", lease, finite=True)
        self._retention: Final = above_zero("retention", retention)
        self._busy_timeout: Final = above_zero("busy_timeout", busy_timeout, finite=True)
        check_clock(clock)
        self._clock: Final = clock
        self._file: EventFile | None = None
        self._claims = 0
        self._lock: Final = Lock()
        # The lock would do; the limiter keeps those who wait for it from holding threads. It belongs to an event loop.
        self._limiter: Final = RunVar[CapacityLimiter]("connectly_webhooks_sqlite")

    @property
    def lease(self) -> float:
        """Seconds for which a claim is safe from others. `WebhookApp` tries as long to record that it has ended."""
        return self._lease

    async def check(self) -> None:
        """Open the file, and see whether it can be used: for the start of a program.

        A file that another process keeps busy, or a full disk, is no reason not to start, and passes.

        Raises:
            WebhookStoreError: The file cannot be used as it is; the text says why.
        """
        with DeferredCancellation() as deferred, suppress(sqlite3.Error):
            await self._in_thread(deferred, lambda _file: None)

    async def claim(self, key: str) -> Claim:
        """Take a key if it is free, or if its lease or its memory has run out.

        Raises:
            WebhookStoreError: The file cannot be used as it is.
            sqlite3.Error: The file cannot be written now, or another process kept it for too long.
        """
        with DeferredCancellation() as deferred:
            claim = await self._in_thread(deferred, lambda file: self._claim(file, key))
            if deferred.is_pending and claim.granted:
                await self._in_thread(deferred, lambda file: self._release(file, claim))
            return claim

    async def complete(self, claim: Claim) -> bool:
        """Remember that the event was handled; return whether the claim still held the key.

        Raises:
            WebhookStoreError: The file cannot be used as it is.
            sqlite3.Error: The file cannot be written now, or another process kept it for too long.
        """
        with DeferredCancellation() as deferred:
            return await self._in_thread(deferred, lambda file: self._complete(file, claim))

    async def release(self, claim: Claim) -> bool:
        """Give the key back; return whether the claim still held it.

        Raises:
            WebhookStoreError: The file cannot be used as it is.
            sqlite3.Error: The file cannot be written now, or another process kept it for too long.
        """
        with DeferredCancellation() as deferred:
            return await self._in_thread(deferred, lambda file: self._release(file, claim))

    async def aclose(self) -> None:
        """Close the file. Calling it twice is fine; a later use opens it again."""
        with DeferredCancellation() as deferred:
            await deferred.finish_in_thread(self._close, limiter=self._one_at_a_time())

    async def __aenter__(self) -> Self:
        """Return the store."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close the file."""
        await self.aclose()

    def _one_at_a_time(self) -> CapacityLimiter:
        try:
            return self._limiter.get()
        except LookupError:
            limiter = CapacityLimiter(1)
            self._limiter.set(limiter)
            return limiter

    async def _in_thread(self, deferred: DeferredCancellation, work: Callable[[EventFile], T]) -> T:
        # Counted from here, so that many calls that wait in line for a busy file give up together, not in turn.
        deadline = time.monotonic() + self._busy_timeout
        return await deferred.finish_in_thread(lambda: self._locked(work, deadline), limiter=self._one_at_a_time())

    def _locked(self, work: Callable[[EventFile], T], deadline: float) -> T:
        with self._lock:
            if self._file is None:
                self._file, self._claims = EventFile(self._path, deadline), 0
            file = self._file
            file.deadline = deadline
            try:
                return self._with_room(work, file)
            except sqlite3.Error as error:
                # What was opened may not be what is there now: the next use opens it and looks at it anew.
                if not may_pass(error):
                    self._close_file()
                raise

    def _with_room(self, work: Callable[[EventFile], T], file: EventFile) -> T:
        try:
            return work(file)
        except sqlite3.OperationalError as error:
            if not is_full(error):
                raise
            with file.room_made():
                while self._forget(file, self._clock(), _FORGET_ON_FULL_DISK) and time.monotonic() < file.deadline:
                    file.checkpoint()
                if file.has_free_pages():
                    return work(file)
        # Nothing has run out; but the log has given its room back, and that may be enough. The reserve is back, too.
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
        # No row: its claim was released between the two statements, so somebody else has just failed to handle it.
        return Claim(key, ClaimState.COMPLETED if row is not None and row[0] else ClaimState.IN_PROGRESS)

    def _complete(self, file: EventFile, claim: Claim) -> bool:
        now = self._clock()
        expires = now + self._retention
        return file.execute(COMPLETE, key=claim.key, token=claim.token, expires=expires, now=now).rowcount > 0

    def _release(self, file: EventFile, claim: Claim) -> bool:
        return file.execute(RELEASE, key=claim.key, token=claim.token).rowcount > 0

    def _forget(self, file: EventFile, now: float, limit: int) -> bool:
        """Take some rows away that have run out; return whether there were any."""
        return file.execute(FORGET, now=now, before=now - self._retention, limit=limit).rowcount > 0

    def _close(self) -> None:
        with self._lock:
            self._close_file()

    def _close_file(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            file.close()


def _file_name(path: object) -> str:
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
