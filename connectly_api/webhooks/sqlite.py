"""Remembered keys in a SQLite file: for every process of one machine, and past their crashes."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from os import PathLike
from threading import Lock
from types import TracebackType
from typing import Final, Self, TypeVar
from uuid import uuid4

from anyio import CapacityLimiter, to_thread
from anyio.lowlevel import RunVar

from connectly_api.webhooks.store import Claim, ClaimState, above_zero

__all__ = ["SQLiteStore"]

T = TypeVar("T")

_SCHEMA: Final = (
    """
    CREATE TABLE IF NOT EXISTS connectly_events
    (key TEXT PRIMARY KEY, token TEXT, expires REAL NOT NULL) WITHOUT ROWID
    """,
    "CREATE INDEX IF NOT EXISTS connectly_events_expires ON connectly_events (expires)",
)
# One statement, hence atomic among all processes: a row is free when its lease or its memory has run out.
_CLAIM: Final = """
    INSERT INTO connectly_events (key, token, expires) VALUES (:key, :token, :expires)
    ON CONFLICT (key) DO UPDATE SET token = excluded.token, expires = excluded.expires WHERE expires <= :now
"""
_LOOK: Final = "SELECT token IS NULL FROM connectly_events WHERE key = :key"
_COMPLETE: Final = "UPDATE connectly_events SET token = NULL, expires = :expires WHERE key = :key AND token = :token"
_RELEASE: Final = "DELETE FROM connectly_events WHERE key = :key AND token = :token"
# A claim whose lease ran out can still be completed, so it is kept long after that. Now and then at most twice as many
# rows go as may have come: the file stays bounded, and no call waits for a great clean-up.
_FORGET_EVERY: Final = 64
_FORGET: Final = """
    DELETE FROM connectly_events WHERE key IN
    (SELECT key FROM connectly_events WHERE expires <= :before ORDER BY expires LIMIT 128)
"""


class SQLiteStore:
    """A `Store` in a SQLite file, which the processes of one machine share. It needs SQLite 3.24 or later.

    A process that dies, even by `kill -9`, leaves its claims behind: they become free when their lease has run out, and
    the events are handled by their next delivery. Only a failing disk or power supply may lose the last completions;
    their events would then be handled again. The file must not lie on a network drive, where SQLite's locks do not
    hold. The machine's clock measures leases: a leap forward ends them early.

    The file is opened at the first use, in a thread, and one thread at a time works on it. A process that forks should
    do so before that.
    """

    def __init__(
        self,
        path: str | PathLike[str],
        *,
        lease: float = 60.0,
        retention: float = 7 * 24 * 3600.0,
        busy_timeout: float = 5.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Take note of where the file is or will be; nothing is opened yet.

        Args:
            path: The file; SQLite keeps two more beside it.
            lease: Seconds for which a claim is safe from others: longer than handlers take.
            retention: Seconds for which a handled event is known again: longer than the service keeps trying.
            busy_timeout: Seconds to wait for another process that is writing.
            clock: Tells the time in seconds, the same for all processes.

        Raises:
            InvalidInputError: A number is not above 0.
        """
        self._path: Final = path
        self._lease: Final = above_zero("lease", lease)
        self._retention: Final = above_zero("retention", retention)
        self._busy_timeout: Final = above_zero("busy_timeout", busy_timeout)
        self._clock: Final = clock
        self._connection: sqlite3.Connection | None = None
        self._claims = 0
        self._lock: Final = Lock()
        # The lock would do; the limiter keeps those who wait for it from holding threads. It belongs to an event loop.
        self._limiter: Final = RunVar[CapacityLimiter]("connectly_webhooks_sqlite")

    async def claim(self, key: str) -> Claim:
        """Take a key if it is free, or if its lease or its memory has run out.

        Raises:
            sqlite3.Error: The file cannot be opened or written, or another process kept it for too long.
        """
        return await self._in_thread(lambda: self._claim(key))

    async def complete(self, claim: Claim) -> bool:
        """Remember that the event was handled; return whether the claim still held the key.

        Raises:
            sqlite3.Error: The file cannot be written, or another process kept it for too long.
        """
        return await self._in_thread(lambda: self._complete(claim))

    async def release(self, claim: Claim) -> bool:
        """Give the key back; return whether the claim still held it.

        Raises:
            sqlite3.Error: The file cannot be written, or another process kept it for too long.
        """
        return await self._in_thread(lambda: self._release(claim))

    async def aclose(self) -> None:
        """Close the file. Calling it twice is fine; a later use opens it again."""
        await self._in_thread(self._close)

    async def __aenter__(self) -> Self:
        """Return the store."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close the file."""
        await self.aclose()

    async def _in_thread(self, work: Callable[[], T]) -> T:
        try:
            limiter = self._limiter.get()
        except LookupError:
            limiter = CapacityLimiter(1)
            self._limiter.set(limiter)
        return await to_thread.run_sync(self._locked, work, limiter=limiter)

    def _locked(self, work: Callable[[], T]) -> T:
        with self._lock:
            return work()

    def _execute(self, statement: str, **values: str | float | None) -> sqlite3.Cursor:
        if self._connection is None:
            self._connection = _opened(self._path, self._busy_timeout)
        return self._connection.execute(statement, values)

    def _claim(self, key: str) -> Claim:
        now = self._clock()
        token = uuid4().hex
        self._claims += 1
        if self._claims % _FORGET_EVERY == 0:
            self._execute(_FORGET, before=now - self._retention)
        if self._execute(_CLAIM, key=key, token=token, expires=now + self._lease, now=now).rowcount:
            return Claim(key, ClaimState.GRANTED, token)
        row = self._execute(_LOOK, key=key).fetchone()
        # No row: its claim was released between the two statements, so somebody else has just failed to handle it.
        return Claim(key, ClaimState.COMPLETED if row is not None and row[0] else ClaimState.IN_PROGRESS)

    def _complete(self, claim: Claim) -> bool:
        expires = self._clock() + self._retention
        return self._execute(_COMPLETE, key=claim.key, token=claim.token, expires=expires).rowcount > 0

    def _release(self, claim: Claim) -> bool:
        return self._execute(_RELEASE, key=claim.key, token=claim.token).rowcount > 0

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _opened(path: str | PathLike[str], busy_timeout: float) -> sqlite3.Connection:
    # Without Python's implicit transactions: each statement is one of its own.
    connection = sqlite3.connect(path, timeout=busy_timeout, isolation_level=None, check_same_thread=False)
    try:
        _switch_to_wal(connection, time.monotonic() + busy_timeout)
        # Enough to outlive a process; what it gives up for a fivefold speed is the last moment before a power failure.
        connection.execute("PRAGMA synchronous = NORMAL")
        for statement in _SCHEMA:
            connection.execute(statement)
    except BaseException:
        connection.close()
        raise
    return connection


def _switch_to_wal(connection: sqlite3.Connection, deadline: float) -> None:
    # SQLite does not wait for this lock by itself, and processes like to start at the same time.
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError:
            if time.monotonic() >= deadline:
                raise
            time.sleep(_PAUSE)
        else:
            return


_PAUSE: Final = 0.01
