"""`connectly campaign schema`: the tables of a journal in PostgreSQL."""

from __future__ import annotations

from contextlib import closing

import psycopg
import pytest

from connectly_api.campaigns.postgres_journal import PostgresJournal
from tests.cli.conftest import Shell

pytestmark = [pytest.mark.slow, pytest.mark.once]


def test_it_creates_the_tables_once(shell: Shell, postgres_url: str) -> None:
    for _ in range(2):
        ended = shell("campaign", "schema", "--journal", postgres_url)
        assert (ended.code, ended.out, ended.err) == (0, "The tables of campaigns are there, version 1.\n", "")

    assert shell("campaign", "schema", "--journal", postgres_url, "--json").json() == {"version": 1}
    assert shell("campaign", "status", "--journal", postgres_url).err == "connectly: there are no campaigns\n"


def test_what_it_prints_does_the_same(shell: Shell, postgres_url: str) -> None:
    with psycopg.connect(postgres_url) as connection:
        connection.execute(shell("campaign", "schema", "--print").out.encode())

    with closing(PostgresJournal(postgres_url)) as journal:
        journal.open()


def test_a_file_needs_none(shell: Shell) -> None:
    ended = shell("campaign", "schema")

    assert (ended.code, ended.err) == (2, "connectly: --journal: must be postgresql://…; a file needs no schema\n")


def test_a_database_without_tables_is_refused_with_this_command(shell: Shell, postgres_url: str) -> None:
    ended = shell("campaign", "status", "--journal", postgres_url)

    assert ended.code == 1
    assert "run `connectly campaign schema`" in ended.err
