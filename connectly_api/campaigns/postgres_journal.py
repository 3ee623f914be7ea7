"""A journal in a PostgreSQL database, which any number of machines share; needs the extra `fleet`.

Theory of operation. A method is one transaction, most are one statement. What can go wrong:

- **The connection is lost**: the server restarts, a firewall drops it, an administrator ends it. Whether a transaction
  that was being committed is in force, nobody knows. The next call connects anew. A call that may be repeated is
  repeated once by itself, if its connection was an old one; `turn` is not, because of the rows that it may have taken.
- **Locks and isolation**: all lock rows in one order. Where a deadlock or, at a stricter isolation level, a conflict
  comes up nevertheless, the server has rolled back, and the call is repeated.
- **Busy, full, in recovery, timed out**: `JournalError` with `retry_safe`. Anything else is for people to mend.

There is no state in the session; see `postgres_connection`.
"""

# ruff: noqa: S608  (statements are put together from this package's own names)

from __future__ import annotations

import json
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from secrets import token_urlsafe
from typing import Any, Final, Literal, TypeVar

import attrs
import psycopg

from connectly_api.campaigns.campaign_errors import CampaignExistsError, CampaignNotFoundError, JournalError
from connectly_api.campaigns.journal_protocol import (
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
from connectly_api.campaigns.postgres_schema import LATER_VERSION, VERSION, build_schema, is_source, owner_lock, quote
from connectly_api.campaigns.row_states import Outcome, RowState
from connectly_api.postgres_connection import PostgresConnection, build_settings, connect, explain_failure
from connectly_api.transport.rates import Rate
from connectly_api.webhooks.status_tracker import STATUS_ORDER

T = TypeVar("T")

_SECONDS: Final = 10
"""After so many, a server whose machine is gone counts as lost."""
_MOST_REPETITIONS: Final = 20
_SCHEMA_COMMAND: Final = "run `connectly campaign schema`"
# By SQLSTATE, or its first characters.
_ROLLED_BACK: Final = frozenset({"40001", "40P01"})
_READ_ONLY: Final = "25006"
_PERMANENT: Final = {
    LATER_VERSION: "a later version of connectly-api made its tables",
    "42501": "the user lacks a right; the rights that it needs stand in the documentation",
    "42P01": f"it has no tables of campaigns, or those of an earlier version: {_SCHEMA_COMMAND}",
}

_LARGEST_NUMBER: Final = 2**63 - 1
_Repeat = Literal["always", "rolled back", "never"]

_CAMPAIGN: Final = ", ".join(field.name for field in attrs.fields(CampaignRecord))
_STAGE: Final = b"""
    CREATE TEMPORARY TABLE connectly_staged (
        position bigint, line bigint, key text, recipient text, body text, callback text, field text, reason text
    ) ON COMMIT DROP
"""
_COPY: Final = b"COPY connectly_staged FROM STDIN"
_FIND_DUPLICATES: Final = b"""
    CREATE TEMPORARY TABLE connectly_duplicate ON COMMIT DROP AS
    SELECT position, line, first FROM (
        SELECT position, line, first_value(line) OVER same AS first, row_number() OVER same AS copy
        FROM connectly_staged WHERE key IS NOT NULL
        WINDOW same AS (PARTITION BY key COLLATE "C" ORDER BY position)
    ) AS numbered WHERE copy > 1
"""
_ADD_CAMPAIGN: Final = f"""
    INSERT INTO connectly_campaign (token, name, digest, settings, deadline, created, total, rejected)
    SELECT %(token)s, %(name)s, %(digest)s, %(settings)s, now + %(deadline)s, now, found.total, found.rejected
    FROM connectly_now() AS now, (
        SELECT count(key) - copies AS total, count(*) - count(key) + copies AS rejected
        FROM connectly_staged, (SELECT count(*) AS copies FROM connectly_duplicate) AS duplicate GROUP BY copies
    ) AS found
    ON CONFLICT (name) DO NOTHING RETURNING {_CAMPAIGN}
""".encode()
_ADD_ROWS: Final = b"""
    INSERT INTO connectly_row (campaign, n, line, key, recipient, body, callback)
    SELECT %(campaign)s, row_number() OVER (ORDER BY position), line, key, recipient, body, callback
    FROM connectly_staged AS staged
    WHERE key IS NOT NULL AND NOT EXISTS (SELECT FROM connectly_duplicate AS d WHERE d.position = staged.position)
    ORDER BY position
"""
_ADD_REJECTS: Final = b"""
    INSERT INTO connectly_reject (campaign, n, line, field, reason)
    SELECT %(campaign)s, row_number() OVER (ORDER BY line, position), line, field, reason FROM (
        SELECT position, line, field, reason FROM connectly_staged WHERE key IS NULL
        UNION ALL SELECT position, line, NULL, 'duplicate of line ' || first FROM connectly_duplicate
    ) AS reject
"""
_TURN: Final = b"SELECT * FROM connectly_turn(%s, %s, %s, %s, %s, %s)"
_LOCK_OWNER: Final = f"SELECT pg_advisory_xact_lock({owner_lock('%s')})".encode()
_RELEASE: Final = f"""
    UPDATE connectly_row SET state = 'pending', not_before = connectly_now()
    WHERE campaign = %(campaign)s AND {is_source("release")} AND n IN (
        SELECT n FROM connectly_row
        WHERE campaign = %(campaign)s AND {is_source("release")} AND owner = %(owner)s
            AND (n, attempt) NOT IN (SELECT * FROM unnest(%(numbers)s::bigint[], %(attempts)s::integer[]))
        ORDER BY n FOR UPDATE
    )
""".encode()
# A time that is further ahead than the lease comes from before the clock was set back.
_ABANDON: Final = f"""
    UPDATE connectly_row SET state = 'unknown', problem = '{LEASE_ENDED}'
    WHERE campaign = %(campaign)s AND {is_source("abandon")} AND n IN (
        SELECT n FROM connectly_row, connectly_now() AS now
        WHERE campaign = %(campaign)s AND {is_source("abandon")}
            AND (at <= now - %(lease)s OR at > now + %(lease)s)
        ORDER BY n FOR UPDATE OF connectly_row
    )
""".encode()


def _rank(status: str) -> str:
    return f"coalesce(array_position(ARRAY[{quote(STATUS_ORDER)}], {status}), 0)"


_OBSERVE: Final = f"""
    UPDATE connectly_row AS r SET
        state = 'accepted',
        owner = CASE WHEN r.state = 'accepted' THEN r.owner END,
        message_id = coalesce(r.message_id, seen.message_id),
        status = CASE WHEN {_rank("seen.status")} > {_rank("r.status")} THEN seen.status ELSE r.status END,
        problem = CASE WHEN r.state = 'accepted' THEN coalesce(r.problem, seen.problem) ELSE seen.problem END
    FROM (
        SELECT r.campaign, r.n, seen.message_id, seen.status, seen.problem
        FROM json_to_recordset(%s) AS seen (token text, n bigint, message_id text, status text, problem text)
        JOIN connectly_campaign AS c ON c.token = seen.token
        JOIN connectly_row AS r ON r.campaign = c.id AND r.n = seen.n
        WHERE r.{is_source("observe")} AND (
            r.state <> 'accepted' OR {_rank("seen.status")} > {_rank("r.status")}
            OR (r.message_id IS NULL AND seen.message_id IS NOT NULL)
            OR (r.problem IS NULL AND seen.problem IS NOT NULL)
        )
        ORDER BY r.campaign, r.n FOR UPDATE OF r
    ) AS seen
    WHERE r.campaign = seen.campaign AND r.n = seen.n
""".encode()
_MARK: Final = b"""
    UPDATE connectly_campaign SET state = %s, reason = %s, deadline = coalesce(connectly_now() + %s::float8, deadline)
    WHERE id = %s
"""
_DELETE_ROWS: Final = b"""
    WITH deleted AS (
        DELETE FROM connectly_row WHERE campaign = %s RETURNING attempt > 0 OR state <> 'pending' AS is_used
    )
    SELECT bool_or(is_used) FROM deleted
"""
_REPLACE_SETTINGS: Final = b"""
    UPDATE connectly_campaign SET settings = CASE WHEN settings = %s THEN %s ELSE settings END
    WHERE id = %s RETURNING settings
"""
_LINES: Final = b"""
    SELECT n, line, key, recipient, state, attempt, message_id, status, problem, at
    FROM connectly_row WHERE campaign = %s AND n > %s ORDER BY n LIMIT %s
"""
_REJECTS: Final = b"SELECT line, field, reason FROM connectly_reject WHERE campaign = %s AND n > %s ORDER BY n LIMIT %s"
_COUNT_REJECTS: Final = b"""
    SELECT min(n), field, CASE WHEN reason LIKE 'duplicate of line %%' THEN 'duplicate of line 0' ELSE reason END,
        count(*)
    FROM connectly_reject WHERE campaign = %s GROUP BY 2, 3 ORDER BY 1
"""
_COUNT: Final = b"""
    SELECT state, status, count(*), connectly_now() - min(at) FROM connectly_row WHERE campaign = %s GROUP BY 1, 2
"""
# Those that only an event made accepted have no owner.
_COUNT_BY_MINUTE: Final = b"""
    SELECT floor(at / 60) * 60, connectly_now() - floor(at / 60) * 60 - 60,
        count(*) FILTER (WHERE state = 'accepted'), count(status), count(*) FILTER (WHERE state = 'unknown')
    FROM connectly_row WHERE campaign = %s AND state IN ('accepted', 'unknown') AND owner IS NOT NULL
    GROUP BY 1 ORDER BY 1
"""
_RETRY: Final = f"""
    UPDATE connectly_row SET state = 'pending', problem = NULL, not_before = connectly_now()
    WHERE campaign = %(campaign)s AND {is_source("retry")} AND n IN (
        SELECT n FROM connectly_row
        WHERE campaign = %(campaign)s AND {is_source("retry")} AND state = %(state)s AND (
            %(spans)s::json IS NULL
            OR EXISTS (SELECT FROM json_array_elements(%(spans)s::json) AS span
                WHERE at >= (span ->> 0)::float8 AND at < (span ->> 1)::float8)
        )
        ORDER BY n FOR UPDATE
    )
""".encode()
_LIST: Final = f"SELECT {_CAMPAIGN} FROM connectly_campaign".encode()


class PostgresJournal:
    """A `Journal` in a PostgreSQL database, for any number of processes and machines.

    The times are the database's clock's. A turn is on the server's disk when it returns. A standby that takes over
    must have it, too: use synchronous replication, or what the standby missed is sent twice.
    """

    def __init__(self, url: str) -> None:
        """Create a journal; nothing is connected yet.

        Args:
            url: `postgresql://user@host/database?…`, with libpq's parameters. What it leaves out, such as the password,
                comes from libpq's environment variables and files.
        """
        self._url: Final = url
        self._opened: PostgresConnection | None = None
        self._inherited: PostgresConnection | None = None
        self._process = 0

    def open(self) -> None:
        """Connect, and check that the database has the tables that this version needs; `create_schema` makes them."""
        try:
            ((version, encoding),) = self._fetch(
                b"SELECT max(version), current_setting('server_encoding') FROM connectly_journal"
            )
            if encoding != "UTF8":
                raise _build_error("its encoding is not UTF8")
            if version != VERSION:
                raise _build_error(_PERMANENT[LATER_VERSION if version and version > VERSION else "42P01"])
        except JournalError:
            self.close()
            raise

    def create_schema(self) -> None:
        """Create the tables and functions, or upgrade them, in one transaction.

        The user must be allowed to create tables, and own those that are there.
        """

        def create(connection: PostgresConnection) -> None:
            with connection.transaction():
                connection.execute(build_schema().encode())

        self._call(create)

    def close(self) -> None:
        """Close the connection."""
        connection, self._opened = self._opened, None
        if connection is not None and self._process == os.getpid():
            connection.close()

    def plan(
        self,
        name: str,
        settings: str,
        deadline: float,
        batches: Iterator[Sequence[PlannedRow | Reject]],
        digest: Callable[[], str],
    ) -> tuple[CampaignRecord, bool]:
        """Store a new campaign; see `Journal`. Others wait only if they plan one of the same name."""
        found = self.find(name)
        if found is None:
            values = {"name": name, "settings": settings, "deadline": deadline, "token": token_urlsafe(9)}
            found, is_new = self._call(lambda connection: _add(connection, values, batches, digest), repeat="never")
            if is_new:
                return found, False
        else:
            for _ in batches:
                pass
        if found.digest != digest():
            raise CampaignExistsError(
                f"the journal has a campaign {name!r} with other rows, contents or settings; use another name"
            )
        return found, True

    def turn(
        self,
        campaign_id: int,
        owner: str,
        outcomes: Sequence[Outcome],
        want: int,
        rates: Sequence[tuple[str, Rate]],
        *,
        after: int = 0,
    ) -> Turn:
        """Settle outcomes, then take rows; see `Journal`."""
        settled = _to_json(attrs.asdict(outcome) for outcome in outcomes)
        kept = _to_json({"key": key} | attrs.asdict(rate) for key, rate in rates)
        values = campaign_id, owner, settled, want, kept, after
        *found, last = self._call(lambda connection: connection.execute(_TURN, values).fetchall(), repeat="rolled back")
        *_, wait, state, reason = last
        if state is None:
            raise _build_absence(campaign_id)
        return Turn([TakenRow(*row[:5]) for row in found], wait, state, reason)

    def release(self, campaign_id: int, owner: str, in_hand: Collection[tuple[int, int]]) -> int:
        """Make an owner's sending rows pending, except those in hand."""
        numbers, attempts = zip(*in_hand, strict=True) if in_hand else ((), ())
        values = {"campaign": campaign_id, "owner": owner, "numbers": list(numbers), "attempts": list(attempts)}

        def release(connection: PostgresConnection) -> int:
            with connection.transaction():
                connection.execute(_LOCK_OWNER, [owner])
                return connection.execute(_RELEASE, values).rowcount

        return self._call(release)

    def abandon(self, campaign_id: int, lease: float) -> int:
        """Make rows that have been sending for longer than the lease unknown."""
        return self._change(_ABANDON, {"campaign": campaign_id, "lease": lease})

    def observe(self, observations: Sequence[Observation]) -> int:
        """Make rows accepted, and move their status forward."""
        return self._change(_OBSERVE, [_to_json(map(attrs.asdict, _merge(observations)))])

    def mark(
        self, campaign_id: int, state: CampaignState, reason: str | None = None, *, deadline: float | None = None
    ) -> None:
        """Set the campaign's state, and, if given, its deadline, in seconds from now."""
        if not self._change(_MARK, [state, reason, deadline, campaign_id]):
            raise _build_absence(campaign_id)

    def replace_settings(self, campaign_id: int, before: str, after: str) -> str:
        """Replace the campaign's settings if they still are `before`."""
        ((settings,),) = self._fetch(_REPLACE_SETTINGS, [before, after, campaign_id])
        return str(settings)

    def lines(self, campaign_id: int, after: int, limit: int) -> Sequence[Line]:
        """Return the rows after a number."""
        return [Line(*row) for row in self._fetch(_LINES, [campaign_id, after, limit])]

    def rejects(self, campaign_id: int, after: int, limit: int) -> Sequence[Reject]:
        """Return the rejects after so many."""
        return [Reject(*row) for row in self._fetch(_REJECTS, [campaign_id, after, limit])]

    def count_rejects(self, campaign_id: int) -> Sequence[tuple[str | None, str, int]]:
        """Count the rejects by field and reason."""
        return [row[1:] for row in self._fetch(_COUNT_REJECTS, [campaign_id])]

    def summary(self, campaign_id: int) -> Counts:
        """Count the rows."""
        states = dict.fromkeys(RowState, 0)
        statuses: dict[str, int] = dict.fromkeys(STATUS_ORDER, 0)
        oldest: float | None = None
        for state, status, number, age in self._fetch(_COUNT, [campaign_id]):
            states[RowState(state)] += number
            if status is not None:
                statuses[status] += number
            if state == RowState.SENDING:
                oldest = max(0.0, age)
        return Counts(states, statuses, oldest)

    def evidence(self, campaign_id: int) -> Sequence[Evidence]:
        """Count the accepted and unknown rows by minute."""
        return [Evidence(*row) for row in self._fetch(_COUNT_BY_MINUTE, [campaign_id])]

    def retry(self, campaign_id: int, state: RowState, spans: Sequence[tuple[float, float]] | None = None) -> int:
        """Make refused or unknown rows pending."""
        values = {"campaign": campaign_id, "state": state, "spans": None if spans is None else json.dumps(spans)}
        # Not repeated: a row that was taken and became unknown in between would be sent once more.
        return self._call(lambda connection: connection.execute(_RETRY, values).rowcount, repeat="rolled back")

    def find(self, name: str) -> CampaignRecord | None:
        """Return a campaign by its name."""
        return next((CampaignRecord(*row) for row in self._fetch(_LIST + b" WHERE name = %s", [name])), None)

    def list_campaigns(self) -> Sequence[CampaignRecord]:
        """Return all campaigns in the order of their planning."""
        return [CampaignRecord(*row) for row in self._fetch(_LIST + b" ORDER BY id")]

    def forget(self, campaign_id: int) -> None:
        """Delete the campaign's rows and rejects; they are gone from the disk once the server vacuums the tables."""

        def delete(connection: PostgresConnection) -> None:
            with connection.transaction():
                if not connection.execute(_MARK, ["stopped", FORGOTTEN, None, campaign_id]).rowcount:
                    raise _build_absence(campaign_id)
                connection.execute(b"DELETE FROM connectly_reject WHERE campaign = %s", [campaign_id])
                if connection.execute(_DELETE_ROWS, [campaign_id]).fetchone() == (False,):
                    connection.execute(b"DELETE FROM connectly_campaign WHERE id = %s", [campaign_id])

        self._call(delete)

    def _fetch(self, query: bytes, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        return self._call(lambda connection: connection.execute(query, values).fetchall())

    def _change(self, query: bytes, values: Sequence[object] | Mapping[str, object]) -> int:
        return self._call(lambda connection: connection.execute(query, values).rowcount)

    def _call(self, work: Callable[[PostgresConnection], T], *, repeat: _Repeat = "always") -> T:
        """Do some work over the connection; see the module for what happens if it fails."""
        repetitions = 0
        while True:
            is_old = self._opened is not None and self._process == os.getpid()
            connection = self._connect()
            try:
                return work(connection)
            except psycopg.Error as error:
                code = error.sqlstate
                reason, may_pass = explain_failure(error, _PERMANENT)
                failure = _build_error(reason, retry_safe=may_pass)
            is_lost = connection.closed or code == _READ_ONLY
            if is_lost:
                self.close()
            can_repeat = is_old and repeat == "always" if is_lost else code in _ROLLED_BACK and repeat != "never"
            repetitions += 1
            if not can_repeat or repetitions > _MOST_REPETITIONS:
                # Outside of the handler, so that the database's own error is not attached.
                raise failure

    def _connect(self) -> PostgresConnection:
        if self._opened is None or self._process != os.getpid():
            # A forked child leaves its parent's connection alone, and open.
            self._inherited = self._opened
            opened, failure = None, _build_error("its URL cannot be read")
            try:
                if settings := build_settings(self._url, _SECONDS):
                    opened = connect(settings)
            except psycopg.OperationalError as error:
                failure = _build_error(explain_failure(error, _PERMANENT)[0], retry_safe=True)
            except psycopg.Error:
                pass
            if opened is None:
                raise failure
            self._opened, self._process = opened, os.getpid()
        return self._opened


def _add(
    connection: PostgresConnection,
    values: Mapping[str, object],
    batches: Iterator[Sequence[PlannedRow | Reject]],
    digest: Callable[[], str],
) -> tuple[CampaignRecord, bool]:
    """Copy the rows into a temporary table, and from there to their place, unless another process was faster."""
    with connection.transaction():
        connection.execute(_STAGE)
        with connection.cursor().copy(_COPY) as copy:
            for position, one in enumerate(chain.from_iterable(batches)):
                copy.write_row((position, *_to_staged(one)))
        connection.execute(_FIND_DUPLICATES)
        added = connection.execute(_ADD_CAMPAIGN, {**values, "digest": digest()}).fetchone()
        if added is None:
            # The insertion has waited for the other process.
            (found,) = connection.execute(_LIST + b" WHERE name = %(name)s", values).fetchall()
            return CampaignRecord(*found), False
        record = CampaignRecord(*added)
        for query in (_ADD_ROWS, _ADD_REJECTS):
            connection.execute(query, {"campaign": record.id})
        return record, True


def _to_staged(one: PlannedRow | Reject) -> tuple[object, ...]:
    if isinstance(one, Reject):
        return one.line, None, None, None, None, one.field, one.reason
    if _clean(one.key) != one.key:
        return one.line, None, None, None, None, None, "the key has a character that cannot be stored"
    return one.line, one.key, one.recipient, one.body, one.callback, None, None


def _merge(observations: Sequence[Observation]) -> Collection[Observation]:
    """Return one observation for each row, the sum of all: a statement changes a row only once."""
    merged: dict[tuple[str, int], Observation] = {}
    for new in observations:
        old = merged.get((new.token, new.n), new)
        ranks = {name: rank for rank, name in enumerate(STATUS_ORDER)}
        merged[new.token, new.n] = attrs.evolve(
            old,
            message_id=old.message_id or new.message_id,
            status=max(old.status, new.status, key=lambda status: ranks.get(status or "", -1)),
            problem=old.problem or new.problem,
        )
    return [one for one in merged.values() if 0 < one.n <= _LARGEST_NUMBER]


def _to_json(values: Iterable[Mapping[str, object]]) -> str:
    """Return a JSON array of objects, without the characters that PostgreSQL cannot store."""
    return json.dumps(
        [{name: _clean(value) if isinstance(value, str) else value for name, value in one.items()} for one in values]
    )


def _clean(text: str) -> str:
    return text.encode(errors="replace").decode().replace("\0", "?")


def _build_absence(campaign_id: int) -> CampaignNotFoundError:
    return CampaignNotFoundError(f"the journal has no campaign with the number {campaign_id}")


def _build_error(reason: str, *, retry_safe: bool = False) -> JournalError:
    return JournalError(f"the journal's database: {reason}", retry_safe=retry_safe)
