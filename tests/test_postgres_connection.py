"""Connections to PostgreSQL that wait for a server only so long."""

from __future__ import annotations

import os
import signal

import psycopg
import pytest

from connectly_api import postgres_connection
from connectly_api.postgres_connection import build_settings, connect

pytestmark = [pytest.mark.slow, pytest.mark.once]


def test_a_statement_that_takes_too_long_is_cancelled_and_the_connection_stays(postgres_url: str) -> None:
    with connect(build_settings(postgres_url, 5) or {}, patience=0.1) as connection:
        with pytest.raises(psycopg.errors.QueryCanceled):
            connection.execute("SELECT pg_sleep(600)")
        connection.patience = 60
        assert connection.execute("SELECT 1").fetchall() == [(1,)]


def test_a_server_that_does_not_react_to_that_is_given_up(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres_connection, "_REACTION", 0.1)
    connection = connect(build_settings(postgres_url, 5) or {})
    process = connection.info.backend_pid
    connection.patience = 0.1
    os.kill(process, signal.SIGSTOP)
    try:
        with pytest.raises(psycopg.OperationalError, match="does not react"):
            connection.execute("SELECT 1")
    finally:
        os.kill(process, signal.SIGCONT)
    assert connection.closed
