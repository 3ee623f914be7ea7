"""A store in a PostgreSQL database, which any number of machines share; needs the extra `fleet`."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, ClassVar, Final

from connectly_api.errors import InvalidInputError, WebhookStoreError
from connectly_api.tracebacks import cut_traceback
from connectly_api.webhooks.stores.grouped_store import Step, StepKind, StepResult
from connectly_api.webhooks.stores.server_store import MAX_SECONDS, ServerStore
from connectly_api.webhooks.stores.store import ClaimState

try:
    import psycopg
    import psycopg.errors

    from connectly_api.postgres_connection import PostgresConnection, build_settings, connect, explain_failure
except ModuleNotFoundError as error:
    message = f"PostgresStore needs {error.name}: pip install 'connectly-api[fleet]'"
    raise ModuleNotFoundError(message, name=error.name) from error

# As in a SQLite file: a row without a token is a completed key, one with a token is a claim, and a claim that begins
# more than a lease from now was made before the server's clock was set back.
_SCHEMA: Final = """\
CREATE TABLE IF NOT EXISTS connectly_events (
    key text PRIMARY KEY,
    token text,
    expires double precision NOT NULL,
    since double precision NOT NULL
);
CREATE INDEX IF NOT EXISTS connectly_events_expires ON connectly_events (expires);
"""
# One statement, so one transaction and one round trip. Its parts see the table as it was before. A claim waits for
# another machine's on the same key; the keys are in order, so that two machines do not wait for each other.
_TAKE: Final = b"""
WITH clock AS MATERIALIZED (SELECT extract(epoch FROM statement_timestamp())::double precision AS now),
claimed AS (
    INSERT INTO connectly_events AS e (key, token, expires, since)
    SELECT key, token, now + %(lease)s, now
    FROM unnest(%(claim_keys)s::text[], %(claim_tokens)s::text[]) AS step (key, token), clock
    ORDER BY key
    ON CONFLICT (key) DO UPDATE SET token = excluded.token, expires = excluded.expires, since = excluded.since
    WHERE e.expires <= excluded.since OR e.token = excluded.token
        OR (e.token IS NOT NULL AND e.since - excluded.since > e.expires - e.since)
    RETURNING key
), completed AS (
    UPDATE connectly_events AS e SET token = NULL, expires = now + %(retention)s, since = now
    FROM unnest(%(complete_keys)s::text[], %(complete_tokens)s::text[]) AS step (key, token), clock
    WHERE e.key = step.key AND e.token = step.token
    RETURNING e.key
), released AS (
    DELETE FROM connectly_events AS e
    USING unnest(%(release_keys)s::text[], %(release_tokens)s::text[]) AS step (key, token)
    WHERE e.key = step.key AND e.token = step.token
    RETURNING e.key
)
SELECT key, true FROM claimed UNION ALL SELECT key, true FROM completed UNION ALL SELECT key, true FROM released
UNION ALL
SELECT key, false FROM connectly_events, clock WHERE key = ANY(%(claim_keys)s) AND token IS NULL AND expires > now
"""
_FORGET: Final = b"""
DELETE FROM connectly_events WHERE key IN (
    SELECT key FROM connectly_events, (SELECT extract(epoch FROM statement_timestamp()) AS now) AS clock
    WHERE expires <= now AND (token IS NULL OR expires <= now - %(retention)s)
    ORDER BY expires LIMIT %(limit)s FOR UPDATE OF connectly_events SKIP LOCKED
)
"""
# Twice as many expired rows as may be added until the next time: the table stays bounded.
_FORGET_EVERY: Final = 256
_FORGET_AT_ONCE: Final = 512
_LOCK: Final = "SELECT pg_advisory_xact_lock(hashtext('connectly_events'))"
_FIND: Final = "SELECT to_regclass('connectly_events') IS NULL"

# By SQLSTATE.
_PERMANENT: Final = {
    "42501": "the user may not create or use the table connectly_events",
    "42703": "its table connectly_events does not have the store's columns",
    "42P10": "its table connectly_events does not have the store's primary key",
}


class PostgresStore(ServerStore[PostgresConnection]):
    """A `Store` in a PostgreSQL database, which any number of machines share. It needs the extra `fleet`.

    Leases are measured by the server's clock. If a process or a machine dies, its claims are free when their lease
    ends. The table `connectly_events` is created at the first use, unless it is there; `SCHEMA` is the SQL.

    `claim`, `complete` and `release` raise `WebhookStoreError`, whose `retry_safe` says whether the cause may pass.
    """

    SCHEMA: ClassVar[str] = _SCHEMA
    """Creates the table, for a user with more rights than the program's."""

    @cut_traceback
    def __init__(
        self, url: str, *, lease: float = 60.0, retention: float = 7 * 24 * 3600.0, timeout: float = 5.0
    ) -> None:
        """Create a store; nothing is opened yet.

        Args:
            url: The database, as libpq takes it: `postgresql://user:password@host/database`, or `key=value` pairs.
            lease: Seconds for which a claim holds its key: longer than handlers take.
            retention: Seconds for which a handled event is remembered: longer than the service retries.
            timeout: Seconds that each statement may take, and after which a server that says nothing counts as lost.

        Raises:
            InvalidInputError: The URL cannot be read, a number is not above 0, or the lease or the timeout is infinite.
        """
        super().__init__(lease=lease, retention=retention, timeout=timeout)
        settings = build_settings(url, min(timeout, 86_400))
        if settings is None:
            raise InvalidInputError("url: must be the URL of a PostgreSQL database", field="url")
        self._settings: Final = settings
        self._place: Final = f"{settings.get('host', 'localhost')}/{settings.get('dbname', '')}"
        self._patience: Final = timeout
        self._seconds: Final = min(retention, MAX_SECONDS)
        self._changes = 0

    def _open(self) -> PostgresConnection:
        connection = connect(self._settings, self._patience)
        try:
            self._create_table(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _create_table(self, connection: PostgresConnection) -> None:
        # Without the question, the user would need the right to create tables even if it is there.
        if connection.execute(_FIND).fetchone() == (True,):
            with connection.transaction():
                connection.execute(_LOCK)  # Many processes start at once.
                connection.execute(_SCHEMA)

    def _try_out(self, connection: PostgresConnection) -> None:
        trial = "a trial"
        with connection.transaction(force_rollback=True):
            for kind in StepKind:
                self._take_at_once(connection, [Step(kind, trial, trial, 0)])

    def _take_steps(self, connection: PostgresConnection, steps: Sequence[Step]) -> Sequence[StepResult]:
        self._forget_some(connection, len(steps))
        while True:
            try:
                return self._take_at_once(connection, steps)
            # One machine claims what the other ends, and the other way round; or the database isolates more strictly.
            except (psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure):
                if time.monotonic() > steps[0].deadline:
                    raise

    def _take_at_once(self, connection: PostgresConnection, steps: Sequence[Step]) -> Sequence[StepResult]:
        values: dict[str, Any] = {"lease": min(self._lease, MAX_SECONDS), "retention": self._seconds}
        for kind in StepKind:
            chosen = [step for step in steps if step.kind is kind]
            values[f"{kind.value}_keys"] = [step.key for step in chosen]
            values[f"{kind.value}_tokens"] = [step.token for step in chosen]
        found: dict[str, bool] = dict(connection.execute(_TAKE, values).fetchall())
        return [_to_result(step.kind, found.get(step.key)) for step in steps]

    def _forget_some(self, connection: PostgresConnection, changes: int) -> None:
        earlier = self._changes
        self._changes += changes
        if -(earlier // -_FORGET_EVERY) != -(self._changes // -_FORGET_EVERY):
            connection.execute(_FORGET, {"retention": self._seconds, "limit": _FORGET_AT_ONCE})

    def _explain(self, error: Exception) -> WebhookStoreError | None:
        if not isinstance(error, psycopg.Error):
            return None
        reason, may_pass = explain_failure(error, _PERMANENT)
        return WebhookStoreError(f"webhook store {self._place!r}: {reason}", retry_safe=may_pass)

    def _is_lost(self, connection: PostgresConnection, error: Exception) -> bool:
        # A server that accepts no writes was the primary before a failover, and one without the table is another.
        is_other = isinstance(error, (psycopg.errors.ReadOnlySqlTransaction, psycopg.errors.UndefinedTable))
        return connection.closed or is_other


def _to_result(kind: StepKind, found: bool | None) -> StepResult:  # noqa: FBT001  (what the statement says)
    if kind is not StepKind.CLAIM:
        return found is not None
    if found is None:
        return ClaimState.IN_PROGRESS
    return ClaimState.GRANTED if found else ClaimState.COMPLETED
