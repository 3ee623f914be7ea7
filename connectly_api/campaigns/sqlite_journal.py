"""A journal in a SQLite file: the processes of one machine share it, and it survives crashes and power failures."""

# ruff: noqa: S608  (statements are put together from this package's own names)

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Collection, Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_urlsafe
from typing import Final, Literal

import attrs

from connectly_api.campaigns.campaign_errors import CampaignExistsError, CampaignNotFoundError, JournalError
from connectly_api.campaigns.journal_protocol import (
    DEADLINE_PASSED,
    FORGOTTEN,
    LEASE_ENDED,
    CampaignRecord,
    CampaignState,
    Counts,
    Evidence,
    Line,
    Observation,
    PlannedRow,
    Reject,
    TakenRow,
    Turn,
)
from connectly_api.campaigns.pace_booking import PaceState, book, slow_down
from connectly_api.campaigns.row_states import TRANSITIONS, Outcome, RowState
from connectly_api.transport.rates import LONGEST_PAUSE, Rate
from connectly_api.webhooks.status_tracker import STATUS_ORDER
from connectly_api.webhooks.stores.database_file import explain_error, is_temporary, may_be_full, switch_to_wal

_VERSION: Final = 1
_LOG_BYTES: Final = 8 * 1024 * 1024
# A row's state is in two small indexes only while it is pending or sending, so neither taking nor abandoning rows walks
# over the finished ones. Keys are unique because `plan`, which alone adds rows, checks it: an index would take a fifth
# of the file. Without rowids, a row of more than a kilobyte would take twice the time and room.
_SCHEMA: Final = """
    CREATE TABLE connectly_campaign (
        id INTEGER PRIMARY KEY AUTOINCREMENT, token TEXT NOT NULL UNIQUE, name TEXT NOT NULL UNIQUE,
        digest TEXT NOT NULL, settings TEXT NOT NULL, state TEXT NOT NULL, reason TEXT, deadline REAL NOT NULL,
        created REAL NOT NULL, total INTEGER NOT NULL, rejected INTEGER NOT NULL
    );
    CREATE TABLE connectly_row (
        campaign INTEGER NOT NULL, n INTEGER NOT NULL, line INTEGER NOT NULL, key TEXT NOT NULL,
        recipient TEXT NOT NULL, body TEXT NOT NULL, callback TEXT, state TEXT NOT NULL DEFAULT 'pending', owner TEXT,
        attempt INTEGER NOT NULL DEFAULT 0, not_before REAL, at REAL, message_id TEXT, status TEXT, problem TEXT,
        UNIQUE (campaign, n)
    );
    CREATE INDEX connectly_pending ON connectly_row (campaign, n) WHERE state = 'pending';
    CREATE INDEX connectly_sending ON connectly_row (campaign, n) WHERE state = 'sending';
    CREATE TABLE connectly_reject (
        campaign INTEGER NOT NULL, n INTEGER NOT NULL, line INTEGER NOT NULL, field TEXT, reason TEXT NOT NULL,
        PRIMARY KEY (campaign, n)
    ) WITHOUT ROWID;
    CREATE TABLE connectly_pace (
        key TEXT PRIMARY KEY, even REAL NOT NULL, factor REAL NOT NULL, slowed_at REAL NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE connectly_journal (version INTEGER NOT NULL);
"""
_UNSTAGE: Final = """
    DROP TABLE IF EXISTS temp.staged_row;
    DROP TABLE IF EXISTS temp.staged_reject;
    DROP TABLE IF EXISTS temp.duplicate;
"""
_STAGE: Final = """
    CREATE TABLE temp.staged_row (n INTEGER PRIMARY KEY, line, key, recipient, body, callback);
    CREATE TABLE temp.staged_reject (line, field, reason);
"""
_MOVE_DUPLICATES: Final = """
    CREATE INDEX temp.staged_key ON staged_row (key, n);
    CREATE TABLE temp.duplicate AS
    SELECT n, line, (SELECT line FROM staged_row AS other WHERE other.key = one.key ORDER BY n LIMIT 1) AS first_line
    FROM staged_row AS one
    WHERE EXISTS (SELECT 1 FROM staged_row AS other WHERE other.key = one.key AND other.n < one.n);
    DELETE FROM staged_row WHERE n IN (SELECT n FROM duplicate);
    INSERT INTO staged_reject SELECT line, NULL, 'duplicate of line ' || first_line FROM duplicate;
"""
_ADD_ROWS: Final = """
    INSERT INTO connectly_row (campaign, n, line, key, recipient, body, callback)
    SELECT ?, {}, line, key, recipient, body, callback FROM staged_row ORDER BY n
"""
_ADD_REJECTS: Final = """
    INSERT INTO connectly_reject
    SELECT ?, row_number() OVER (ORDER BY line), line, field, reason FROM staged_reject
"""
_ADD_CAMPAIGN: Final = """
    INSERT INTO connectly_campaign (token, name, digest, settings, state, deadline, created, total, rejected)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_LIST: Final = """
    SELECT id, token, name, digest, settings, state, reason, deadline, created, total, rejected FROM connectly_campaign
"""
_MARK: Final = """
    UPDATE connectly_campaign SET state = ?, reason = ?, deadline = coalesce(?, deadline) WHERE id = ?
"""


def _is_source(transition: str) -> str:
    """Return the condition that a row is in one of the states from which a transition starts."""
    # An index of one state needs an equation.
    return " OR ".join(map("state = '{}'".format, TRANSITIONS[transition].sources)).join("()")


def _rank(status: str) -> str:
    whens = " ".join(f"WHEN '{name}' THEN {rank}" for rank, name in enumerate(STATUS_ORDER, 1))
    return f"CASE {status} {whens} ELSE 0 END"


_TAKE: Final = f"""
    UPDATE connectly_row SET state = 'sending', owner = ?, attempt = attempt + 1, at = ?
    WHERE campaign = ? AND n = ? AND {_is_source("take")}
"""
# A `not_before` that is further ahead than a pause can be comes from before the clock was set back.
_FIND_PENDING: Final = f"""
    SELECT n, recipient, body, callback, attempt + 1 FROM connectly_row INDEXED BY connectly_pending
    WHERE campaign = :campaign AND {_is_source("take")}
        AND (not_before IS NULL OR not_before <= :now OR not_before > :now + {LONGEST_PAUSE})
    ORDER BY n LIMIT :limit
"""
_FIND_NEXT_TIME: Final = f"""
    SELECT min(not_before) FROM connectly_row INDEXED BY connectly_pending
    WHERE campaign = ? AND {_is_source("take")}
"""
_SETTLE: Final = f"""
    UPDATE connectly_row SET state = ?, message_id = ?, problem = ?, not_before = ?
    WHERE n = ? AND attempt = ? AND campaign = ? AND owner = ? AND {_is_source("settle")}
"""
_FIND_OWN: Final = f"""
    SELECT n, attempt FROM connectly_row INDEXED BY connectly_sending
    WHERE campaign = ? AND owner = ? AND {_is_source("release")}
"""
_RELEASE: Final = f"""
    UPDATE connectly_row SET state = 'pending' WHERE campaign = ? AND n = ? AND owner = ? AND {_is_source("release")}
"""
# A time that is further ahead than the lease comes from before the clock was set back.
_ABANDON: Final = f"""
    UPDATE connectly_row INDEXED BY connectly_sending SET state = 'unknown', problem = '{LEASE_ENDED}'
    WHERE campaign = :campaign AND {_is_source("abandon")} AND (at <= :now - :lease OR at > :now + :lease)
"""
_FIND_OLDEST: Final = """
    SELECT min(at) FROM connectly_row INDEXED BY connectly_sending WHERE campaign = ? AND state = 'sending'
"""
_OBSERVE: Final = f"""
    UPDATE connectly_row SET
        state = 'accepted',
        owner = CASE WHEN state = 'accepted' THEN owner END,
        message_id = coalesce(message_id, :message_id),
        status = CASE WHEN {_rank(":status")} > {_rank("status")} THEN :status ELSE status END,
        problem = CASE WHEN state = 'accepted' THEN coalesce(problem, :problem) ELSE :problem END
    WHERE campaign = (SELECT id FROM connectly_campaign WHERE token = :token) AND n = :n AND {_is_source("observe")}
    AND (
        state <> 'accepted' OR {_rank(":status")} > {_rank("status")}
        OR (message_id IS NULL AND :message_id IS NOT NULL) OR (problem IS NULL AND :problem IS NOT NULL)
    )
"""
_RETRY: Final = f"""
    UPDATE connectly_row SET state = 'pending', problem = NULL
    WHERE campaign = ? AND n = ? AND state = ? AND {_is_source("retry")}
"""
_COUNT_REJECTS: Final = """
    SELECT min(n), field, CASE WHEN reason LIKE 'duplicate of line %' THEN 'duplicate of line 0' ELSE reason END,
        count(*)
    FROM connectly_reject WHERE campaign = ? GROUP BY 2, 3 ORDER BY 1
"""
_COUNT: Final = f"""
    SELECT {", ".join(f"count(CASE WHEN state = '{state}' THEN 1 END)" for state in RowState)},
        {", ".join(f"count(CASE WHEN status = '{status}' THEN 1 END)" for status in STATUS_ORDER)}
    FROM connectly_row WHERE campaign = ?
"""
# Those that only an event made accepted have no owner.
_COUNT_BY_MINUTE: Final = """
    SELECT CAST(at / 60 AS INTEGER) * 60, ? - CAST(at / 60 AS INTEGER) * 60 - 60,
        count(CASE WHEN state = 'accepted' THEN 1 END), count(status), count(CASE WHEN state = 'unknown' THEN 1 END)
    FROM connectly_row WHERE campaign = ? AND state IN ('accepted', 'unknown') AND owner IS NOT NULL
    GROUP BY 1 ORDER BY 1
"""


class SQLiteJournal:
    """A `Journal` in a SQLite file, which the processes of one machine share. It needs SQLite 3.25 or later.

    What a method has written is on the disk when it returns: neither `kill -9` nor a power failure takes it away. Only
    the file's owner can read it. It must not be on a network drive, where SQLite's locks do not work, and no copy of it
    may take its place, because a copy does not know what was sent since.
    """

    def __init__(
        self, path: str | os.PathLike[str], *, busy_timeout: float = 30.0, clock: Callable[[], float] = time.time
    ) -> None:
        """Create a journal; nothing is opened yet.

        Args:
            path: The file. SQLite keeps two more beside it.
            busy_timeout: How many seconds each call waits for other processes.
            clock: Returns the time in seconds, the same for all processes.
        """
        self._path: Final = Path(path).absolute()
        self._busy_timeout: Final = busy_timeout
        self._clock: Final = clock
        self._opened: sqlite3.Connection | None = None
        self._file: os.stat_result | None = None
        self._process = 0

    def open(self) -> None:
        """Open the file; create it if there is none."""
        try:
            # SQLite gives its two other files the permissions of this one.
            os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600))
            self._file, self._process = self._path.stat(), os.getpid()
        except OSError as error:
            raise self._build_error(error.strerror or type(error).__name__) from error
        with self._translate_errors():
            # Without Python's implicit transactions; each call may come from another thread.
            self._opened = sqlite3.connect(
                self._path, timeout=self._busy_timeout, isolation_level=None, check_same_thread=False
            )
        try:
            self._set_up()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the file."""
        if self._opened is not None:
            self._opened.close()
            self._opened = None

    def plan(
        self,
        name: str,
        settings: str,
        deadline: float,
        batches: Iterator[Sequence[PlannedRow | Reject]],
        digest: Callable[[], str],
    ) -> tuple[CampaignRecord, bool]:
        """Store a new campaign; see `Journal`. Others wait while its rows are copied from a temporary file."""
        found, is_resumed = self.find(name), True
        if found is None:
            self._stage(batches)
            with self._transact():
                # Another process may have planned it meanwhile.
                found = self._find(name)
                if found is None:
                    found, is_resumed = self._add_campaign(name, settings, deadline, digest()), False
            with self._transact("DEFERRED"):
                self._execute_all(_UNSTAGE)
        else:
            for _ in batches:
                pass
        if found.digest != digest():
            raise CampaignExistsError(
                f"the journal has a campaign {name!r} with other rows, contents or settings; use another name"
            )
        return found, is_resumed

    def turn(
        self,
        campaign_id: int,
        owner: str,
        outcomes: Sequence[Outcome],
        want: int,
        rates: Sequence[tuple[str, Rate]],
        *,
        after: int = 0,  # noqa: ARG002  (the index of pending rows makes it needless)
    ) -> Turn:
        """Settle outcomes, then take rows; see `Journal`."""
        with self._transact():
            now = self._clock()
            campaign = self._read(campaign_id)
            whose = campaign_id, owner
            self._connection.executemany(
                _SETTLE,
                [
                    (one.state, one.message_id, one.problem, _delay(one, now), one.n, one.attempt, *whose)
                    for one in outcomes
                ],
            )
            if pauses := [one.retry_after or 0.0 for one in outcomes if one.is_rate_limited]:
                for key, rate in rates:
                    self._write_pace(key, slow_down(self._read_pace(key), rate, now, max(pauses)))
            if campaign.state == "ready" and now >= campaign.deadline:
                campaign = attrs.evolve(campaign, state="stopped", reason=DEADLINE_PASSED)
                self._mark(campaign_id, campaign.state, campaign.reason)
            if campaign.state != "ready":
                return Turn((), None, campaign.state, campaign.reason)
            rows, wait = self._take(campaign_id, owner, want, rates, now)
            return Turn(rows, wait, campaign.state, campaign.reason)

    def release(self, campaign_id: int, owner: str, in_hand: Collection[tuple[int, int]]) -> int:
        """Make an owner's sending rows pending, except those in hand."""
        with self._transact() as execute:
            found = [row for row in execute(_FIND_OWN, (campaign_id, owner)) if row not in in_hand]
            return self._connection.executemany(_RELEASE, [(campaign_id, n, owner) for n, _ in found]).rowcount

    def abandon(self, campaign_id: int, lease: float) -> int:
        """Make rows that have been sending for longer than the lease unknown."""
        with self._transact() as execute:
            return execute(_ABANDON, {"campaign": campaign_id, "now": self._clock(), "lease": lease}).rowcount

    def observe(self, observations: Sequence[Observation]) -> int:
        """Make rows accepted, and move their status forward."""
        with self._transact():
            return self._connection.executemany(_OBSERVE, map(attrs.asdict, observations)).rowcount

    def mark(
        self, campaign_id: int, state: CampaignState, reason: str | None = None, *, deadline: float | None = None
    ) -> None:
        """Set the campaign's state, and, if given, its deadline, in seconds from now."""
        with self._transact():
            self._mark(campaign_id, state, reason, None if deadline is None else self._clock() + deadline)

    def replace_settings(self, campaign_id: int, before: str, after: str) -> str:
        """Replace the campaign's settings if they still are `before`."""
        with self._transact() as execute:
            execute(
                "UPDATE connectly_campaign SET settings = ? WHERE id = ? AND settings = ?", (after, campaign_id, before)
            )
            ((settings,),) = execute("SELECT settings FROM connectly_campaign WHERE id = ?", (campaign_id,))
            return str(settings)

    def lines(self, campaign_id: int, after: int, limit: int) -> Sequence[Line]:
        """Return the rows after a number."""
        with self._transact("DEFERRED") as execute:
            found = execute(
                "SELECT n, line, key, recipient, state, attempt, message_id, status, problem, at FROM connectly_row"
                " WHERE campaign = ? AND n > ? ORDER BY n LIMIT ?",
                (campaign_id, after, limit),
            )
            return [Line(*row) for row in found]

    def rejects(self, campaign_id: int, after: int, limit: int) -> Sequence[Reject]:
        """Return the rejects after so many."""
        with self._transact("DEFERRED") as execute:
            found = execute(
                "SELECT line, field, reason FROM connectly_reject WHERE campaign = ? AND n > ? ORDER BY n LIMIT ?",
                (campaign_id, after, limit),
            )
            return [Reject(*row) for row in found]

    def count_rejects(self, campaign_id: int) -> Sequence[tuple[str | None, str, int]]:
        """Count the rejects by field and reason."""
        with self._transact("DEFERRED") as execute:
            return [row[1:] for row in execute(_COUNT_REJECTS, (campaign_id,))]

    def summary(self, campaign_id: int) -> Counts:
        """Count the rows."""
        with self._transact("DEFERRED") as execute:
            counts = execute(_COUNT, (campaign_id,)).fetchone()
            ((oldest,),) = execute(_FIND_OLDEST, (campaign_id,))
            states = dict(zip(RowState, counts, strict=False))
            statuses = dict[str, int](zip(STATUS_ORDER, counts[len(states) :], strict=True))
            return Counts(states, statuses, None if oldest is None else max(0.0, self._clock() - oldest))

    def evidence(self, campaign_id: int) -> Sequence[Evidence]:
        """Count the accepted and unknown rows by minute."""
        with self._transact("DEFERRED") as execute:
            return [Evidence(*row) for row in execute(_COUNT_BY_MINUTE, (self._clock(), campaign_id))]

    def retry(self, campaign_id: int, state: RowState, spans: Sequence[tuple[float, float]] | None = None) -> int:
        """Make refused or unknown rows pending."""
        with self._transact() as execute:
            found = execute("SELECT n, at FROM connectly_row WHERE campaign = ? AND state = ?", (campaign_id, state))
            changes = [
                (campaign_id, n, state)
                for n, at in found
                if spans is None or any(start <= at < end for start, end in spans)
            ]
            return self._connection.executemany(_RETRY, changes).rowcount

    def find(self, name: str) -> CampaignRecord | None:
        """Return a campaign by its name."""
        with self._transact("DEFERRED"):
            return self._find(name)

    def list_campaigns(self) -> Sequence[CampaignRecord]:
        """Return all campaigns in the order of their planning."""
        with self._transact("DEFERRED") as execute:
            return [CampaignRecord(*row) for row in execute(f"{_LIST} ORDER BY id")]

    def forget(self, campaign_id: int) -> None:
        """Delete the campaign's rows and rejects, and overwrite what they contained; see `Journal`."""
        with self._transact() as execute:
            ((is_used,),) = execute(
                "SELECT max(attempt > 0 OR state <> 'pending') FROM connectly_row WHERE campaign = ?", (campaign_id,)
            )
            for table in ("connectly_row", "connectly_reject"):
                execute(f"DELETE FROM {table} WHERE campaign = ?", (campaign_id,))
            self._mark(campaign_id, "stopped", FORGOTTEN)
        # They are still in the log.
        with self._translate_errors():
            ((is_busy, *_),) = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        if is_busy:
            raise self._build_error(
                "other processes are reading it, so what was deleted is still in its log", retry_safe=True
            )
        # The record goes last: without it, nobody could call again to clear the log.
        if is_used == 0:
            with self._transact() as execute:
                execute("DELETE FROM connectly_campaign WHERE id = ?", (campaign_id,))

    @property
    def _connection(self) -> sqlite3.Connection:
        if self._opened is None:
            raise self._build_error("it is not open")
        return self._opened

    def _set_up(self) -> None:
        execute = self._connection.execute
        with self._translate_errors():
            switch_to_wal(execute, time.monotonic() + self._busy_timeout)
            if execute("PRAGMA journal_mode").fetchone() != ("wal",):
                raise self._build_error("SQLite's write-ahead log does not work there")
            # NORMAL is faster, but a power failure may then forget that rows are being sent, and they are sent twice.
            execute("PRAGMA synchronous = FULL")
            execute("PRAGMA main.secure_delete = ON")
            execute("PRAGMA temp.secure_delete = OFF")
            execute("PRAGMA temp_store = FILE")
            # The log of a large plan is shrunk afterwards.
            execute(f"PRAGMA journal_size_limit = {_LOG_BYTES}")
            has_tables = self._has_tables()
        if not has_tables:
            with self._transact():
                if not self._has_tables():
                    self._execute_all(_SCHEMA)
                    execute("INSERT INTO connectly_journal VALUES (?)", (_VERSION,))
        with self._transact("DEFERRED"):
            versions = execute("SELECT version FROM connectly_journal").fetchall()
            if versions != [(_VERSION,)]:
                raise self._build_error("another version of connectly-api wrote it")

    def _has_tables(self) -> bool:
        return bool(self._connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'connectly_journal'").fetchone())

    def _stage(self, batches: Iterator[Sequence[PlannedRow | Reject]]) -> None:
        # Transactions that write to the temporary file only lock nobody out, and wait for no disk.
        with self._transact("DEFERRED"):
            self._execute_all(_UNSTAGE + _STAGE)
        for batch in batches:
            rows = [
                (one.line, one.key, one.recipient, one.body, one.callback)
                for one in batch
                if isinstance(one, PlannedRow)
            ]
            rejects = [(one.line, one.field, one.reason) for one in batch if isinstance(one, Reject)]
            with self._transact("DEFERRED"):
                self._connection.executemany("INSERT INTO staged_row VALUES (NULL, ?, ?, ?, ?, ?)", rows)
                self._connection.executemany("INSERT INTO staged_reject VALUES (?, ?, ?)", rejects)
        with self._transact("DEFERRED"):
            self._execute_all(_MOVE_DUPLICATES)

    def _add_campaign(self, name: str, settings: str, deadline: float, digest: str) -> CampaignRecord:
        execute, now = self._connection.execute, self._clock()
        ((total, last, rejected),) = execute(
            "SELECT count(*), max(n), (SELECT count(*) FROM staged_reject) FROM staged_row"
        )
        values = token_urlsafe(9), name, digest, settings, "ready", now + deadline, now, total, rejected
        added = execute(_ADD_CAMPAIGN, values).lastrowid
        # Numbering costs as much as copying, and is needed only if duplicates have left gaps.
        execute(_ADD_ROWS.format("n" if total == last else "row_number() OVER (ORDER BY n)"), (added,))
        execute(_ADD_REJECTS, (added,))
        return self._read(added)

    def _take(
        self, campaign_id: int, owner: str, want: int, rates: Sequence[tuple[str, Rate]], now: float
    ) -> tuple[Sequence[TakenRow], float | None]:
        paces = [(key, rate, self._read_pace(key)) for key, rate in rates]
        bookings = [book(pace, rate, now, want) for _, rate, pace in paces]
        granted = min((booking.granted for booking in bookings), default=want)
        limit = max(granted, 1)
        found = self._connection.execute(
            _FIND_PENDING, {"campaign": campaign_id, "now": now, "limit": limit}
        ).fetchall()
        rows = [TakenRow(*row) for row in found[:granted]]
        if rows:
            self._connection.executemany(_TAKE, [(owner, now, campaign_id, row.n) for row in rows])
        for key, rate, pace in paces:
            # Without rows, it differs only if the clock was set back.
            if (state := book(pace, rate, now, len(rows)).state) != pace:
                self._write_pace(key, state)
        if len(found) == limit:
            return rows, max((booking.wait for booking in bookings), default=0.0)
        ((next_time,),) = self._connection.execute(_FIND_NEXT_TIME, (campaign_id,))
        return rows, None if next_time is None else max(0.0, next_time - now)

    def _read_pace(self, key: str) -> PaceState:
        found = self._connection.execute("SELECT even, factor, slowed_at FROM connectly_pace WHERE key = ?", (key,))
        return PaceState(*(found.fetchone() or ()))

    def _write_pace(self, key: str, pace: PaceState) -> None:
        self._connection.execute("INSERT OR REPLACE INTO connectly_pace VALUES (?, ?, ?, ?)", (key, *pace))

    def _mark(self, campaign_id: int, state: CampaignState, reason: str | None, deadline: float | None = None) -> None:
        self._read(campaign_id)
        self._connection.execute(_MARK, (state, reason, deadline, campaign_id))

    def _read(self, campaign_id: int | None) -> CampaignRecord:
        found = self._connection.execute(f"{_LIST} WHERE id = ?", (campaign_id,)).fetchone()
        if found is None:
            raise CampaignNotFoundError(f"the journal has no campaign with the number {campaign_id}")
        return CampaignRecord(*found)

    def _find(self, name: str) -> CampaignRecord | None:
        found = self._connection.execute(f"{_LIST} WHERE name = ?", (name,)).fetchone()
        return None if found is None else CampaignRecord(*found)

    def _execute_all(self, statements: str) -> None:
        # `executescript` would commit first.
        for statement in filter(str.strip, statements.split(";")):
            self._connection.execute(statement)

    @contextmanager
    def _transact(
        self, kind: Literal["IMMEDIATE", "DEFERRED"] = "IMMEDIATE"
    ) -> Generator[Callable[..., sqlite3.Cursor]]:
        with self._translate_errors():
            connection = self._connection
            self._check_file()
            connection.execute(f"BEGIN {kind}")
            try:
                yield connection.execute
                connection.execute("COMMIT")
            finally:
                # After some errors, such as a full disk, SQLite has rolled back already.
                if connection.in_transaction:
                    connection.execute("ROLLBACK")

    def _check_file(self) -> None:
        if self._process != os.getpid():
            # SQLite's connections must not be carried over.
            raise self._build_error("it was opened before this process was forked; open it in each process")
        # SQLite would go on with a file that no other process, and no later one, can see.
        with suppress(OSError):
            if self._file is not None and os.path.samestat(self._path.stat(), self._file):
                return
        raise self._build_error("it was deleted, moved or replaced")

    @contextmanager
    def _translate_errors(self) -> Generator[None]:
        try:
            yield
        except sqlite3.Error as error:
            retry_safe = is_temporary(error) or may_be_full(error)
            raise self._build_error(explain_error(self._path, error), retry_safe=retry_safe) from error

    def _build_error(self, reason: str, *, retry_safe: bool = False) -> JournalError:
        return JournalError(f"journal {str(self._path)!r}: {reason}", retry_safe=retry_safe)


def _delay(outcome: Outcome, now: float) -> float | None:
    if outcome.state is not RowState.PENDING or not outcome.retry_after:
        return None
    return now + min(outcome.retry_after, LONGEST_PAUSE)
