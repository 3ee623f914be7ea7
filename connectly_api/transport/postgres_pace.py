"""A pace in PostgreSQL, which many processes and machines keep together (extra `fleet`)."""

from __future__ import annotations

import os
from collections import deque
from typing import TYPE_CHECKING, Any, Final

from connectly_api.errors import InvalidInputError
from connectly_api.setting_rules import check_string
from connectly_api.tracebacks import cut_traceback
from connectly_api.transport.rates import LONGEST_PAUSE, RECOVERY, SLOWEST, Pace, Rate
from connectly_api.transport.shared_pace import CUSTOMER, SharedPace

if TYPE_CHECKING:
    import psycopg

_TIMEOUT: Final = 2.0
"""Seconds for connecting, and for each reply."""
_FORGET_EVERY: Final = 1000
"""The number of bookings after which customers that have recovered are forgotten, as with the first."""

CREATE_TABLE: Final = """
SELECT pg_advisory_xact_lock(hashtext('connectly_pace'));
CREATE TABLE IF NOT EXISTS connectly_pace (
    key text PRIMARY KEY,
    even float8 NOT NULL DEFAULT 0,
    factor float8 NOT NULL DEFAULT 1,
    slowed_at float8 NOT NULL DEFAULT 0
) WITH (fillfactor = 50);
"""
"""A journal has it, too: campaigns and other messages share the rates. All who create it wait for each other."""
_INSERT: Final = b"INSERT INTO connectly_pace (key) VALUES (%s) ON CONFLICT DO NOTHING"
# The arithmetic of `rates.Bucket`, with the care for a clock that was set back of `pace_booking`; a test compares them.
_LOCK: Final = f"""
WITH locked AS MATERIALIZED (
    SELECT key, even, factor, slowed_at FROM connectly_pace WHERE key = %(key)s FOR UPDATE
), clock AS MATERIALIZED (
    SELECT key, even AS kept, factor, slowed_at AS kept_slowed_at, extract(epoch FROM clock_timestamp())::float8 AS now,
        %(rate)s::float8 AS rate, %(burst)s::int AS burst
    FROM locked
), state AS (
    SELECT clock.*, slowed_at, least(1, factor + (now - slowed_at) / {RECOVERY}) AS share,
        least(kept, greatest(now, slowed_at + {LONGEST_PAUSE}) + burst / (rate * factor)) AS even
    FROM clock, LATERAL (SELECT least(kept_slowed_at, now)) AS was (slowed_at)
)"""  # noqa: S608 (constants of this package)
# One statement is one transaction, and no other client waits for this one's disk or network. A server that crashes may
# lose what was booked in its last second, in which nothing is sent after it.
_BOOK: Final = f"""{_LOCK}, booked AS (
    SELECT *, 1 / (rate * share) AS gap, greatest(0, least(
        %(count)s::int, burst - ceil(greatest(0, even - now) * rate * share - 1e-6)
    ))::int AS granted
    FROM state
), ahead AS MATERIALIZED (
    SELECT *, CASE WHEN granted > 0 THEN greatest(even, now) + granted * gap ELSE even END AS next FROM booked
), written AS (
    UPDATE connectly_pace AS p SET even = ahead.next, slowed_at = ahead.slowed_at
    FROM ahead WHERE p.key = ahead.key AND (ahead.next, ahead.slowed_at) <> (ahead.kept, ahead.kept_slowed_at)
)
SELECT granted, greatest(0, next - now - (burst - 1) * gap) + (least(%(count)s::int, (burst + 1) / 2) - 1) * gap,
    set_config('synchronous_commit', 'off', true)
FROM ahead
""".encode()  # noqa: S608 (as above)
_SLOW_DOWN: Final = f"""{_LOCK}, slowed AS (
    SELECT state.*, slower, 1 / (rate * slower) AS gap
    FROM state, LATERAL (SELECT greatest(share / 2, {SLOWEST})) AS half (slower)
)
UPDATE connectly_pace AS p SET factor = slower, slowed_at = now,
    even = greatest(slowed.even, now + greatest(%(pause)s::float8, gap) + (burst - 1) * gap)
FROM slowed WHERE p.key = slowed.key
""".encode()  # noqa: S608 (as above)
_FORGET: Final = f"""
DELETE FROM connectly_pace WHERE key IN (
    SELECT key FROM connectly_pace
    WHERE key LIKE '%%{CUSTOMER}%%' AND even < extract(epoch FROM clock_timestamp()) - 60
    LIMIT %s FOR UPDATE SKIP LOCKED
)
""".encode()  # noqa: S608 (as above)


class PostgresPace(SharedPace):
    """A pace that all clients of a PostgreSQL database, and of a business, keep together.

        Connectly.from_env(pace=PostgresPace("postgresql://db.example/app"))

    It is in the table `connectly_pace`, which is created if it is missing. A campaign's journal in the same database
    keeps its rates there, too: campaigns and other messages together do not exceed them.
    """

    @cut_traceback
    def __init__(self, server: str, pace: Pace | None = None) -> None:
        """Take the server and the rates; nothing is connected yet.

        Args:
            server: The URL, `postgresql://…`, or another connection string of libpq's.
            pace: The rates, by default a little below the documented ones: 180 a second for an endpoint, in bursts of
                6, 70 for a number, in bursts of 4. Campaigns have the same defaults.

        Raises:
            InvalidInputError: The extra is not installed, or the server or the pace is neither of these.
        """
        super().__init__(pace)
        try:
            import psycopg  # noqa: PLC0415 (an extra)

            from connectly_api.postgres_connection import build_settings, connect  # noqa: PLC0415 (likewise)
        except ImportError:
            raise InvalidInputError("pace: needs pip install 'connectly-api[fleet]'", field="pace") from None
        check_string("server", server)
        settings = build_settings(server, _TIMEOUT)
        if settings is None:
            raise InvalidInputError("server: must be a postgresql:// URL", field="server")
        self._settings = settings
        self.errors = (psycopg.Error,)
        self._missing = psycopg.errors.UndefinedTable
        self._connect = connect
        self._idle: deque[psycopg.Connection[Any]] = deque()
        self._process = os.getpid()
        self._inherited: object = None
        self._until_forget = 1

    def book(self, key: str, rate: Rate, count: int) -> tuple[int, float]:
        """Book messages."""
        row = self._run(_BOOK, key, rate, {"count": count})
        return row[0], row[1]

    def slow_down(self, key: str, rate: Rate, seconds: float | None) -> None:
        """Slow a rate down."""
        self._run(_SLOW_DOWN, key, rate, {"pause": min(seconds or 0.0, LONGEST_PAUSE)})

    def close(self) -> None:
        """Close idle connections."""
        while connection := self._take_idle():
            connection.close()

    def _run(self, statement: bytes, key: str, rate: Rate, values: dict[str, float]) -> Any:  # noqa: ANN401 (a row)
        """Run a statement on a connection that no other thread has; create what is missing."""
        everything = {"key": key, "rate": rate.per_second, "burst": rate.burst, **values}
        idle = self._take_idle()
        connection = idle or self._connect(self._settings, _TIMEOUT)
        try:
            try:
                cursor = connection.execute(statement, everything)
            except self._missing:
                connection.execute(CREATE_TABLE)
                cursor = None
            if cursor is None or not cursor.rowcount:
                connection.execute(_INSERT, [key])
                cursor = connection.execute(statement, everything)
            self._until_forget -= 1
            if self._until_forget <= 0:
                self._until_forget = _FORGET_EVERY
                connection.execute(_FORGET, [2 * _FORGET_EVERY])
            row = cursor.fetchone() if cursor.description else None
        except BaseException:
            # If the server is gone, so are the others. An idle one may have been ended long ago.
            is_stale = idle is not None and connection.closed
            connection.close()
            self.close()
            if not is_stale:
                raise
        else:
            self._idle.append(connection)
            return row
        return self._run(statement, key, rate, values)

    def _take_idle(self) -> psycopg.Connection[Any] | None:
        if self._process != os.getpid():
            # They are the parent's, whose sessions must not be ended.
            self._inherited, self._idle, self._process = self._idle, deque(), os.getpid()
        try:
            return self._idle.pop()
        except IndexError:
            return None
