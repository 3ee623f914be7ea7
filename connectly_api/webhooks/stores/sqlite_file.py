"""The SQLite file of a store: opened, found to be usable, brought up to date, and kept usable when the disk is full.

The file may be shared with tables of others, so the schema's version stands in a table of the store's own and not in
`PRAGMA user_version`, of which a file has one.

A full disk needs care, as in WAL mode even taking rows away takes room: for the log, and for what a checkpoint moves
from it to the file. So a reserve lies beside the file, which is spent when there is no room, and put back afterwards.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from os import urandom
from pathlib import Path
from typing import Final

from connectly_api.errors import WebhookStoreError

__all__ = ["CLAIM", "COMPLETE", "FORGET", "LOOK", "RELEASE", "EventFile", "is_full", "may_pass"]

_VERSION: Final = 2
_TABLE, _VERSION_TABLE, _INDEX = "connectly_events", "connectly_events_schema", "connectly_events_expires"
_CREATE: Final = f"""
    CREATE TABLE {_TABLE}
    (key TEXT PRIMARY KEY, token TEXT, expires REAL NOT NULL, since REAL NOT NULL DEFAULT 0) WITHOUT ROWID
"""
_COLUMNS: Final = frozenset({"key", "token", "expires", "since"})
_COLUMNS_OF_1: Final = _COLUMNS - {"since"}
_FROM_1_TO_2: Final = f"ALTER TABLE {_TABLE} ADD COLUMN since REAL NOT NULL DEFAULT 0"
_CREATE_INDEX: Final = f"CREATE INDEX IF NOT EXISTS {_INDEX} ON {_TABLE} (expires)"
# One statement, hence atomic among all processes: a row is free when its lease or its memory has run out. A claim that
# began later than a lease from now was made before the clock was set back; nobody knows when it would run out.
CLAIM: Final = """
    INSERT INTO connectly_events (key, token, expires, since) VALUES (:key, :token, :expires, :now)
    ON CONFLICT (key) DO UPDATE SET token = excluded.token, expires = excluded.expires, since = excluded.since
    WHERE expires <= :now OR (token IS NOT NULL AND since - :now > expires - since)
"""
LOOK: Final = "SELECT token IS NULL FROM connectly_events WHERE key = :key"
COMPLETE: Final = """
    UPDATE connectly_events SET token = NULL, expires = :expires, since = :now WHERE key = :key AND token = :token
"""
RELEASE: Final = "DELETE FROM connectly_events WHERE key = :key AND token = :token"
# A claim whose lease ran out can still be completed, so it is kept long after that.
FORGET: Final = """
    DELETE FROM connectly_events WHERE key IN (
        SELECT key FROM connectly_events WHERE expires <= :now AND (token IS NULL OR expires <= :before)
        ORDER BY expires LIMIT :limit
    )
"""
# What a trial writes and takes back looks like what will be written, as a table may refuse the one and take the other.
_TRIAL_KEY: Final = f"delivery_status:{'a trial of':0<64}"
_TRIAL_TIME: Final = 1_700_000_000.25

_BUSY: Final = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_MAY_BE_FULL: Final = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR})
_MAY_PASS: Final = _BUSY | {sqlite3.SQLITE_FULL, sqlite3.SQLITE_NOMEM}
_REASONS: Final[dict[int | None, str]] = {
    sqlite3.SQLITE_NOTADB: "it is no SQLite database",
    sqlite3.SQLITE_CORRUPT: "it is damaged",
    sqlite3.SQLITE_READONLY: "it cannot be written",
    sqlite3.SQLITE_PERM: "access to it is denied",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened",
}
_RESERVE_BYTES: Final = 256 * 1024
_LEAST_RESERVE_BYTES: Final = 32 * 1024
_FREE_PAGES: Final = 8
_PAUSE: Final = 0.01
_LONGEST_PATIENCE: Final = 2**31 - 1
"""Milliseconds: what SQLite can count."""
# A log that is brought into the file early, and gives its room back, fits on a small disk.
_LOG_PAGES: Final = 64
_LOG_BYTES: Final = 256 * 1024


class EventFile:
    """An open file; one thread at a time may use it."""

    def __init__(self, path: str, deadline: float) -> None:
        """Open the file, or make it.

        Args:
            path: The file.
            deadline: Until when another process that is writing is waited for, in `time.monotonic()`'s seconds.

        Raises:
            WebhookStoreError: It cannot be used as it is.
            sqlite3.Error: It cannot be used at this moment, and may be later.
        """
        self.deadline = deadline
        self._path: Final = Path(path)
        try:
            self._open()
        except sqlite3.Error as error:
            # A full disk shows in several ways, as making the index of the log fails with an error of I/O.
            if _code(error) not in _MAY_BE_FULL or not self._spend_reserve():
                raise self._judged(error) from error
            try:
                self._open()
            except sqlite3.Error as again:
                self._lay_by()
                raise self._judged(again) from again

    def execute(self, statement: str, **values: str | float | None) -> sqlite3.Cursor:
        """Execute a statement, which waits for other processes until the deadline.

        Raises:
            sqlite3.Error: It failed.
        """
        patience = min(max(0, int((self.deadline - time.monotonic()) * 1000)), _LONGEST_PATIENCE)
        self._connection.execute(f"PRAGMA busy_timeout = {patience}")
        return self._connection.execute(statement, values)

    @contextmanager
    def room_made(self) -> Generator[None]:
        """Spend the reserve on a full disk, so that rows can be taken away in the block; put it back afterwards.

        Raises:
            sqlite3.Error: The reserve was not enough.
        """
        self._spend_reserve()
        try:
            self.checkpoint()
            yield
            self.checkpoint()
        finally:
            self._lay_by()

    def checkpoint(self) -> None:
        """Bring what is in the log into the file, and let the log give its room back.

        Raises:
            sqlite3.Error: There is no room in the file.
        """
        self.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def has_free_pages(self) -> bool:
        """Say whether there are pages in the file to write on, so that it need not grow into the reserve."""
        ((count,),) = self.execute("PRAGMA freelist_count")
        return bool(count >= _FREE_PAGES)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    @property
    def _reserve(self) -> Path:
        return self._path.with_name(f"{self._path.name}-reserve")

    def _spend_reserve(self) -> bool:
        """Take the reserve away; return whether there was one."""
        try:
            self._reserve.unlink()
        except OSError:
            return False
        return True

    def _lay_by(self) -> None:
        """Keep as much room as there is, of random bytes, as some file systems store others in less."""
        size = _RESERVE_BYTES
        while size >= _LEAST_RESERVE_BYTES and self._path.is_file() and not self._reserve.exists():
            try:
                self._reserve.write_bytes(urandom(size))
            except OSError:
                with suppress(OSError):
                    self._reserve.unlink(missing_ok=True)
            size //= 2

    def _open(self) -> None:
        # Without Python's implicit transactions: each statement is one of its own.
        self._connection = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
        try:
            self._set_up()
        except BaseException:
            self.close()
            raise

    def _judged(self, error: sqlite3.Error) -> sqlite3.Error | WebhookStoreError:
        """Return an error that may pass as it is, and another as what is wrong with the file."""
        return error if may_pass(error) or _code(error) in _MAY_BE_FULL else self._unusable(error)

    def _set_up(self) -> None:
        self._switch_to_wal()
        # Enough to outlive a process; what it gives up for a fivefold speed is the last moment before a power failure.
        self.execute("PRAGMA synchronous = NORMAL")
        self.execute(f"PRAGMA wal_autocheckpoint = {_LOG_PAGES}")
        self.execute(f"PRAGMA journal_size_limit = {_LOG_BYTES}")
        self.execute("BEGIN IMMEDIATE")
        self._bring_up_to_date()
        self.execute("COMMIT")
        # Whatever else is odd about the table (keys that are not unique, triggers) shows when it is written.
        self.execute("BEGIN IMMEDIATE")
        if not self._passes_trial():
            raise self._refused(f"its table {_TABLE} does not keep what is written to it")
        self.execute("ROLLBACK")
        self._lay_by()

    def _passes_trial(self) -> bool:
        """Play what happens to an event, with values like a real one's; return whether the table keeps them."""
        names, now, later = ("key", "token", "expires", "since"), _TRIAL_TIME, _TRIAL_TIME + 0.5
        claimed: dict[str, str | float | None] = {"key": _TRIAL_KEY, "token": 32 * "a", "expires": later, "now": now}
        completed = claimed | {"expires": later + 1, "now": later}
        look = f"SELECT {', '.join(names)} FROM {_TABLE} WHERE key = :key"  # noqa: S608  (of our own names)
        return (
            self.execute(CLAIM, **claimed).rowcount == 1
            and self.execute(LOOK, key=_TRIAL_KEY).fetchall() == [(0,)]
            and self.execute(look, key=_TRIAL_KEY).fetchall() == [(_TRIAL_KEY, 32 * "a", later, now)]
            and self.execute(COMPLETE, **completed).rowcount == 1
            and self.execute(look, key=_TRIAL_KEY).fetchall() == [(_TRIAL_KEY, None, later + 1, later)]
            and self.execute(CLAIM, **claimed | {"now": later + 1, "expires": later + 2}).rowcount == 1
            and self.execute(RELEASE, key=_TRIAL_KEY, token=32 * "a").rowcount == 1
            and self.execute(FORGET, now=now, before=now, limit=1).rowcount >= 0
        )

    def _switch_to_wal(self) -> None:
        # SQLite does not wait for this lock by itself, and processes like to start at the same time.
        while True:
            try:
                self.execute("PRAGMA journal_mode = WAL")
            except sqlite3.OperationalError as error:
                if _code(error) not in _BUSY or time.monotonic() >= self.deadline:
                    raise
                time.sleep(_PAUSE)
            else:
                return

    def _bring_up_to_date(self) -> None:
        kinds = dict(self.execute("SELECT lower(name), type FROM sqlite_master"))
        for name in (_TABLE, _VERSION_TABLE):
            if kinds.get(name, "table") != "table":
                article = "an" if kinds[name] == "index" else "a"
                raise self._refused(
                    f"it has {article} {kinds[name]} named {name}, where the store would have its table"
                )
        version = self._version() if _VERSION_TABLE in kinds else None
        if version is not None and version > _VERSION:
            raise self._refused(f"a later version of connectly-api wrote it: its schema is {version}, not {_VERSION}")
        if _TABLE not in kinds:
            self.execute(_CREATE)
        columns = frozenset(column.lower() for _, column, *_ in self.execute(f"PRAGMA table_info({_TABLE})"))
        if columns == _COLUMNS_OF_1:
            self.execute(_FROM_1_TO_2)
        elif not columns >= _COLUMNS:
            raise self._refused(f"its table {_TABLE} has other columns than the store's: {', '.join(sorted(columns))}")
        self.execute(_CREATE_INDEX)
        if version != _VERSION:
            self.execute(f"DROP TABLE IF EXISTS {_VERSION_TABLE}")
            self.execute(f"CREATE TABLE {_VERSION_TABLE} (version INTEGER NOT NULL)")
            self.execute(f"INSERT INTO {_VERSION_TABLE} VALUES ({_VERSION})")  # noqa: S608  (of our own names)

    def _version(self) -> int:
        try:
            ((version,),) = self.execute(f"SELECT version FROM {_VERSION_TABLE}")  # noqa: S608  (of our own names)
        except (ValueError, sqlite3.OperationalError):
            version = None
        if not isinstance(version, int):
            raise self._refused(f"its table {_VERSION_TABLE} names no version")
        return version

    def _unusable(self, error: sqlite3.Error) -> WebhookStoreError:
        if self._path.is_dir():
            return self._refused("it is a folder")
        if not self._path.parent.is_dir():
            return self._refused("its folder does not exist")
        return self._refused(_REASONS.get(_code(error), f"SQLite says: {error}"))

    def _refused(self, reason: str) -> WebhookStoreError:
        return WebhookStoreError(f"webhook store {str(self._path)!r}: {reason}")


def may_pass(error: sqlite3.Error) -> bool:
    """Say whether the same statement may work later, on the same connection."""
    return _code(error) in _MAY_PASS


def is_full(error: sqlite3.Error) -> bool:
    """Say whether the disk is full."""
    return _code(error) == sqlite3.SQLITE_FULL


def _code(error: sqlite3.Error) -> int | None:
    """Return SQLite's primary code, without the details of an extended one; None where Python itself complains."""
    code: int | None = getattr(error, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF
