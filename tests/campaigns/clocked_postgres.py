"""A journal in PostgreSQL whose clock a test sets."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing

import psycopg

from connectly_api.campaigns.postgres_journal import PostgresJournal
from connectly_api.postgres_connection import PostgresConnection

_CLOCK = """
    CREATE TABLE test_clock (now float8 NOT NULL);
    INSERT INTO test_clock VALUES (0);
    CREATE OR REPLACE FUNCTION connectly_now() RETURNS float8 LANGUAGE sql VOLATILE AS $$ SELECT now FROM test_clock $$
"""


def prepare_postgres(url: str) -> str:
    """Create a journal's tables, put a clock that can be set in the place of the server's, and return the URL."""
    with closing(PostgresJournal(url)) as journal:
        journal.create_schema()
    with psycopg.connect(url) as connection:
        connection.execute(_CLOCK)
    return url


class ClockedJournal(PostgresJournal):
    """Sets the database's clock before each call."""

    def __init__(self, url: str, clock: Callable[[], float]) -> None:
        super().__init__(url)
        self._clock = clock

    def _connect(self) -> PostgresConnection:
        connection = super()._connect()
        now = self._clock()
        connection.execute("UPDATE test_clock SET now = %s WHERE now <> %s", [now, now])
        return connection
