"""The SQLite file of a store: opens it, checks that it can be used, upgrades it, and survives a full disk.

Theory of operation. Each change is one SQL statement, and so atomic among all processes. SQLite's error code
distinguishes what can go wrong:

- **Busy**: another process is writing. Every statement waits for it until the call's deadline, `busy_timeout` after the
  call began, and then raises `sqlite3.OperationalError`. SQLite waits by itself, except for the switch to WAL mode at
  opening, which is retried here. The caller responds with 503, and the connection stays open.
- **Full**: the disk has no room. In WAL mode even deleting rows takes room: for the log, and in the file for what a
  checkpoint copies from the log. So there is a reserve file of 256 KiB beside the database. On a full disk the store
  deletes it, checkpoints the log, deletes expired rows a few at a time with a checkpoint after each, retries the
  statement if the file has free pages for it, and writes the reserve again. If nothing has expired, the statement is
  retried once without the reserve's space, and then raises. So the store recovers by itself once rows expire or the
  disk has room, and no row is lost meanwhile. If the disk is full at opening, it is opened once more without the
  reserve.
- **Unusable**: not a database, damaged, read-only, from a later version, or with a table that is not the store's. It
  raises `WebhookStoreError` with the reason. To detect this, opening writes trial rows and rolls them back.
- Any other error while the file is open closes it, because it may have been replaced; the next call opens it anew.

Other applications may have tables in the file, so the schema's version is in a table of its own and not in
`PRAGMA user_version`, of which a file has only one.
"""

from __future__ import annotations

import sqlite3
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from os import urandom
from pathlib import Path
from typing import ClassVar, Final

import attrs

from connectly_api.errors import WebhookStoreError

Value = str | float | None

_BUSY: Final = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_MAY_BE_FULL: Final = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR})
_TEMPORARY: Final = _BUSY | {sqlite3.SQLITE_FULL, sqlite3.SQLITE_NOMEM}
_REASONS: Final[dict[int | None, str]] = {
    sqlite3.SQLITE_NOTADB: "it is not a SQLite database",
    sqlite3.SQLITE_CORRUPT: "it is damaged",
    sqlite3.SQLITE_READONLY: "it cannot be written",
    sqlite3.SQLITE_PERM: "access to it is denied",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened",
    sqlite3.SQLITE_BUSY: "another process kept it busy for too long",
    sqlite3.SQLITE_FULL: "the disk is full",
}
_RESERVE_BYTES: Final = 256 * 1024
_MIN_RESERVE_BYTES: Final = 32 * 1024
_FREE_PAGES: Final = 8
_PAUSE: Final = 0.01
_MAX_BUSY_TIMEOUT: Final = 2**31 - 1
"""Milliseconds: SQLite's maximum."""
# A log that is checkpointed early, and shrunk afterwards, fits on a small disk.
_LOG_PAGES: Final = 64
_LOG_BYTES: Final = 256 * 1024


@attrs.frozen
class Schema:
    """A table in the file.

    Attributes:
        table: Its name. Its index and the table with its version are named after it.
        version: The version of this schema.
        columns: The columns of this version.
        create: The statement that creates the table.
        index: The column by which rows are forgotten.
        upgrades: Statements from earlier versions to this one, by the columns that the table has.
    """

    table: str
    version: int
    columns: frozenset[str]
    create: str
    index: str
    upgrades: Mapping[frozenset[str], str] = attrs.field(factory=dict[frozenset[str], str])


class DatabaseFile(ABC):
    """An open file; one thread at a time may use it.

    Attributes:
        noun: The store's name in errors.
        schema: Its table.
    """

    noun: ClassVar[str]
    schema: ClassVar[Schema]

    def __init__(self, path: str, deadline: float) -> None:
        """Open the file, or create it; statements wait for other processes until `deadline`, a `time.monotonic()`."""
        self.deadline = deadline
        self.changes = 0
        self._busy_timeout: int = -1
        self._path: Final = Path(path)
        self._reserve: Final = self._path.with_name(f"{self._path.name}-reserve")
        try:
            self._open()
        except sqlite3.Error as error:
            if not may_be_full(error) or not self._delete_reserve():
                raise self._to_store_error(error) from error
            try:
                self._open()
            except sqlite3.Error as again:
                self._write_reserve()
                raise self._to_store_error(again) from again

    def execute(self, statement: str, values: Sequence[Value] = (), /, **named: Value) -> sqlite3.Cursor:
        """Execute a statement with values or with named ones, which waits for other processes until the deadline."""
        if not self._connection.in_transaction:  # Within one, no other process is writing.
            timeout = min(max(0, int((self.deadline - time.monotonic()) * 1000)), _MAX_BUSY_TIMEOUT)
            # Each statement gives the interpreter away, and a busy event loop gives it back late.
            if not timeout <= self._busy_timeout <= 1.1 * timeout:
                self._connection.execute(f"PRAGMA busy_timeout = {timeout}")
                self._busy_timeout = timeout
        return self._connection.execute(statement, named or values)

    @contextmanager
    def transaction(self) -> Generator[None]:
        """Commit what the block writes in one step, or nothing of it if it raises."""
        self.execute("BEGIN IMMEDIATE")
        try:
            yield
            self.execute("COMMIT")
        finally:
            if self._connection.in_transaction:
                self.execute("ROLLBACK")

    @contextmanager
    def make_room(self) -> Generator[None]:
        """Delete the reserve, so that rows can be deleted in the block; write it again afterwards."""
        self._delete_reserve()
        try:
            self.checkpoint()
            yield
            self.checkpoint()
        finally:
            self._write_reserve()

    def checkpoint(self) -> None:
        """Copy the log into the file, and shrink the log."""
        self.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def has_free_pages(self) -> bool:
        """Return whether the file has free pages to write on, so that it need not grow into the reserve."""
        ((count,),) = self.execute("PRAGMA freelist_count")
        return bool(count >= _FREE_PAGES)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _delete_reserve(self) -> bool:
        try:
            self._reserve.unlink()
        except OSError:
            return False
        return True

    def _write_reserve(self) -> None:
        """Reserve as much room as there is, with random bytes, as some file systems compress others."""
        size = _RESERVE_BYTES
        while size >= _MIN_RESERVE_BYTES and self._path.is_file() and not self._reserve.exists():
            try:
                self._reserve.write_bytes(urandom(size))
            except OSError:
                with suppress(OSError):
                    self._reserve.unlink(missing_ok=True)
            size //= 2

    def _open(self) -> None:
        # Without Python's implicit transactions: each statement is its own.
        self._connection = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
        self._busy_timeout = -1
        try:
            self._set_up()
        except BaseException:
            self.close()
            raise

    def _set_up(self) -> None:
        switch_to_wal(self.execute, self.deadline)
        # Survives a crash of the process. It is five times as fast, but a power failure may lose the last moment.
        self.execute("PRAGMA synchronous = NORMAL")
        self.execute(f"PRAGMA wal_autocheckpoint = {_LOG_PAGES}")
        self.execute(f"PRAGMA journal_size_limit = {_LOG_BYTES}")
        self.execute("BEGIN IMMEDIATE")
        self._migrate()
        self.execute("COMMIT")
        # A trial detects other problems with the table, such as keys that are not unique, or triggers.
        self.execute("BEGIN IMMEDIATE")
        if not self._passes_trial():
            raise self._build_error(f"its table {self.schema.table} does not store what is written to it")
        self.execute("ROLLBACK")
        self._write_reserve()

    def _migrate(self) -> None:
        table, version_table = self.schema.table, f"{self.schema.table}_schema"
        kinds = dict(self.execute("SELECT lower(name), type FROM sqlite_master"))
        for name in (table, version_table):
            if kinds.get(name, "table") != "table":
                article = "an" if kinds[name] == "index" else "a"
                raise self._build_error(
                    f"it has {article} {kinds[name]} named {name}, a name that the store uses for a table"
                )
        version = self._read_version(version_table) if version_table in kinds else None
        if version is not None and version > self.schema.version:
            raise self._build_error(
                f"a later version of connectly-api wrote it: its schema is {version}, not {self.schema.version}"
            )
        if table not in kinds:
            self.execute(self.schema.create)
        columns = frozenset(column.lower() for _, column, *_ in self.execute(f"PRAGMA table_info({table})"))
        if columns in self.schema.upgrades:
            self.execute(self.schema.upgrades[columns])
        elif not columns >= self.schema.columns:
            listed = ", ".join(sorted(columns))
            raise self._build_error(f"its table {table} does not have the store's columns, but these: {listed}")
        self.execute(f"CREATE INDEX IF NOT EXISTS {table}_{self.schema.index} ON {table} ({self.schema.index})")
        if version != self.schema.version:
            self.execute(f"DROP TABLE IF EXISTS {version_table}")
            self.execute(f"CREATE TABLE {version_table} (version INTEGER NOT NULL)")
            self.execute(f"INSERT INTO {version_table} VALUES ({self.schema.version})")  # noqa: S608  (of our own names)

    def _read_version(self, version_table: str) -> int:
        try:
            ((version,),) = self.execute(f"SELECT version FROM {version_table}")  # noqa: S608  (of our own names)
        except (ValueError, sqlite3.OperationalError):
            version = None
        if not isinstance(version, int):
            raise self._build_error(f"its table {version_table} contains no version")
        return version

    @abstractmethod
    def _passes_trial(self) -> bool:
        """Write and delete rows as the store will; return whether the table stores what is written."""

    def _to_store_error(self, error: sqlite3.Error) -> sqlite3.Error | WebhookStoreError:
        if is_temporary(error) or may_be_full(error):
            return error
        return self._build_error(explain_error(self._path, error))

    def _build_error(self, reason: str) -> WebhookStoreError:
        return WebhookStoreError(f"{self.noun} {str(self._path)!r}: {reason}")


def switch_to_wal(execute: Callable[[str], sqlite3.Cursor], deadline: float) -> None:
    """Switch a file to WAL mode; retry until the deadline while other processes do the same."""
    while True:
        try:
            execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if _get_code(error) not in _BUSY or time.monotonic() >= deadline:
                raise
            time.sleep(_PAUSE)
        else:
            return


def explain_error(path: Path, error: sqlite3.Error) -> str:
    """Return what is wrong with a file that cannot be used."""
    if path.is_dir():
        return "it is a folder"
    if not path.parent.is_dir():
        return "its folder does not exist"
    return _REASONS.get(_get_code(error), f"SQLite says: {error}")


def is_temporary(error: sqlite3.Error) -> bool:
    """Return whether the same statement may work later, on the same connection."""
    return _get_code(error) in _TEMPORARY


def is_full(error: sqlite3.Error) -> bool:
    """Return whether the disk is full."""
    return _get_code(error) == sqlite3.SQLITE_FULL


def may_be_full(error: sqlite3.Error) -> bool:
    """Return whether the disk may be full: an I/O error, too, such as when SQLite creates the log's index."""
    return _get_code(error) in _MAY_BE_FULL


def _get_code(error: sqlite3.Error) -> int | None:
    """Return SQLite's primary code, without the details of an extended one; None if the error is Python's own."""
    code: int | None = getattr(error, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF
