"""What a journal in PostgreSQL does about the failures of a database, and what it asks of one."""

from __future__ import annotations

import json
import os
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.conninfo import make_conninfo

from connectly_api.campaigns import JournalError, RowState
from connectly_api.campaigns.journal_protocol import CampaignRecord, Observation, PlannedRow
from connectly_api.campaigns.pace_booking import PaceState, book, slow_down
from connectly_api.campaigns.postgres_journal import PostgresJournal
from connectly_api.campaigns.postgres_schema import VERSION
from connectly_api.campaigns.row_states import Outcome
from connectly_api.transport.postgres_pace import CREATE_TABLE
from connectly_api.transport.rates import Rate
from tests.campaigns.clocked_postgres import prepare_postgres
from tests.database_servers import DatabaseServer

pytestmark = [pytest.mark.slow, pytest.mark.once]


@pytest.fixture
def url(postgres_url: str) -> str:
    with closing(PostgresJournal(postgres_url)) as journal:
        journal.create_schema()
    return postgres_url


@pytest.fixture
def journal(url: str) -> Iterator[PostgresJournal]:
    with closing(PostgresJournal(url)) as journal:
        journal.open()
        yield journal


@pytest.fixture
def admin(url: str) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection


def plan(journal: PostgresJournal, count: int = 4, name: str = "spring") -> CampaignRecord:
    rows = [PlannedRow(number, f"+1604444{number:04d}", f"+1604444{number:04d}", "{}") for number in range(count)]
    return journal.plan(name, "{}", 3600.0, iter([rows]), lambda: "digest")[0]


def end_connections(admin: psycopg.Connection[tuple[Any, ...]]) -> None:
    admin.execute(
        "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )


def count_states(journal: PostgresJournal, campaign: CampaignRecord) -> dict[RowState, int]:
    return {state: number for state, number in journal.summary(campaign.id).states.items() if number}


# Schema


def test_the_schema_is_created_once_however_many_do_it_at_once(postgres_url: str) -> None:
    def create(_: int) -> None:
        with closing(PostgresJournal(postgres_url)) as journal:
            journal.create_schema()

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(create, range(4)))

    with closing(PostgresJournal(postgres_url)) as journal:
        journal.open()
        campaign = plan(journal)
        journal.create_schema()
        assert journal.list_campaigns() == [campaign]


def test_the_schema_waits_for_a_pace_that_creates_its_table(postgres_url: str) -> None:
    waiting = "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    with (
        closing(PostgresJournal(postgres_url)) as journal,
        psycopg.connect(postgres_url, autocommit=True) as admin,
        ThreadPoolExecutor(1) as threads,
        psycopg.connect(postgres_url) as pace,
    ):
        pace.execute(CREATE_TABLE)
        created = threads.submit(journal.create_schema)
        while not admin.execute(waiting).fetchall():
            assert not created.done()
        pace.commit()
        created.result()
        journal.open()


def test_a_database_without_the_tables_is_refused_with_the_command_that_creates_them(postgres_url: str) -> None:
    with closing(PostgresJournal(postgres_url)) as journal:
        with pytest.raises(JournalError, match="`connectly campaign schema`") as caught:
            journal.open()
        assert not caught.value.retry_safe
        # Somebody may have begun by hand.
        with psycopg.connect(postgres_url) as connection:
            connection.execute("CREATE TABLE connectly_journal (version integer)")
        with pytest.raises(JournalError, match="`connectly campaign schema`"):
            journal.open()


def test_the_tables_of_a_later_version_are_left_alone(
    journal: PostgresJournal, admin: psycopg.Connection[tuple[Any, ...]]
) -> None:
    admin.execute("UPDATE connectly_journal SET version = %s", [VERSION + 1])

    for call in (journal.open, journal.create_schema):
        with pytest.raises(JournalError, match="later version"):
            call()
    assert admin.execute("SELECT version FROM connectly_journal").fetchall() == [(VERSION + 1,)]


def test_a_database_of_another_encoding_is_refused(postgres_url: str) -> None:
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        name = f"{connection.info.dbname}_latin"
        connection.execute(f"CREATE DATABASE {name} ENCODING 'LATIN1' TEMPLATE template0")
    other = make_conninfo(postgres_url, dbname=name)
    with closing(PostgresJournal(other)) as journal:
        journal.create_schema()
        with pytest.raises(JournalError, match="UTF8"):
            journal.open()


# Connections


def test_a_connection_that_was_ended_is_replaced(
    journal: PostgresJournal, admin: psycopg.Connection[tuple[Any, ...]]
) -> None:
    campaign = plan(journal)
    for call in (
        lambda: journal.find("spring"),
        lambda: journal.mark(campaign.id, "ready"),
        lambda: journal.release(campaign.id, "a", []),
        lambda: journal.observe([Observation(campaign.token, 4)]),
        lambda: journal.forget(campaign.id),
    ):
        end_connections(admin)
        call()


def test_a_turn_whose_connection_is_lost_is_not_repeated(
    journal: PostgresJournal, admin: psycopg.Connection[tuple[Any, ...]]
) -> None:
    campaign = plan(journal)
    (row,) = journal.turn(campaign.id, "a", [], 1, []).rows
    end_connections(admin)

    with pytest.raises(JournalError, match="ended the") as caught:
        journal.turn(campaign.id, "a", [Outcome(row.n, row.attempt, RowState.ACCEPTED)], 1, [])

    assert caught.value.retry_safe
    assert journal.release(campaign.id, "a", [(row.n, row.attempt)]) == 0
    turn = journal.turn(campaign.id, "a", [Outcome(row.n, row.attempt, RowState.ACCEPTED)], 1, [])
    assert [row.n for row in turn.rows] == [2]
    assert count_states(journal, campaign) == {RowState.ACCEPTED: 1, RowState.SENDING: 1, RowState.PENDING: 2}


def test_a_plan_whose_connection_is_lost_leaves_nothing(
    journal: PostgresJournal, admin: psycopg.Connection[tuple[Any, ...]]
) -> None:
    def batches() -> Iterator[Sequence[PlannedRow]]:
        yield [PlannedRow(1, "a", "+16044441111", "{}")]
        end_connections(admin)

    with pytest.raises(JournalError):
        journal.plan("spring", "{}", 3600.0, batches(), lambda: "digest")

    assert journal.list_campaigns() == []
    assert plan(journal).total == 4


def test_a_release_waits_for_a_turn_of_its_owner_that_is_still_under_way(
    url: str, journal: PostgresJournal, admin: psycopg.Connection[tuple[Any, ...]]
) -> None:
    campaign = plan(journal)
    rates = [("endpoint", Rate(100.0, 50))]

    def turn() -> int:
        with closing(PostgresJournal(url)) as lost:
            return len(lost.turn(campaign.id, "a", [], 3, rates).rows)

    def wait_for(event: str) -> None:
        while not admin.execute("SELECT FROM pg_stat_activity WHERE wait_event = %s", [event]).fetchall():
            pass

    journal.turn(campaign.id, "b", [], 1, rates)
    with ThreadPoolExecutor(2) as threads, psycopg.connect(url) as other:
        other.execute("SELECT FROM connectly_pace FOR UPDATE")
        taken = threads.submit(turn)
        wait_for("transactionid")
        released = threads.submit(journal.release, campaign.id, "a", [])
        wait_for("advisory")
        other.rollback()

        assert taken.result(60) == released.result(60) == 3


FLEET_RATES = [("fleet", Rate(2000.0, 50))]


class Fleet:
    """Processes that run a campaign, as the runner does, and a service that accepts everything."""

    def __init__(self, url: str, campaign: CampaignRecord) -> None:
        self.url = url
        self.campaign = campaign
        self.received = Counter[int]()
        self.lost_replies = 0
        self.has_begun = threading.Event()
        self.give_up = threading.Event()

    def run(self, owner: str) -> None:
        outcomes: list[Outcome] = []
        is_in_doubt = False
        after = 0
        with closing(PostgresJournal(self.url)) as journal:
            while not self.give_up.is_set():
                try:
                    if is_in_doubt:
                        journal.release(self.campaign.id, owner, [(one.n, one.attempt) for one in outcomes])
                        is_in_doubt = False
                    turn = journal.turn(self.campaign.id, owner, outcomes, 5, FLEET_RATES, after=after)
                except JournalError as error:
                    if not error.retry_safe:
                        raise
                    is_in_doubt = True
                    self.lost_replies += 1
                    continue
                self.received.update(row.n for row in turn.rows)
                outcomes = [Outcome(row.n, row.attempt, RowState.ACCEPTED) for row in turn.rows]
                after = max([after, *(row.n for row in turn.rows)])
                self.has_begun.set()
                if turn.wait is None and not turn.rows:
                    return
                self.give_up.wait(turn.wait or 0.0)


def test_a_database_that_crashes_in_the_middle_costs_no_row(own_postgres: DatabaseServer) -> None:
    with closing(PostgresJournal(own_postgres.url)) as journal:
        journal.create_schema()
        campaign = plan(journal, 3000)
        fleet = Fleet(own_postgres.url, campaign)
        with ThreadPoolExecutor(3) as threads:
            running = [threads.submit(fleet.run, owner) for owner in "abc"]
            try:
                for end in (own_postgres.kill, own_postgres.stop):
                    fleet.has_begun.clear()
                    assert fleet.has_begun.wait(60)
                    end()
                    own_postgres.start()
                for one in running:
                    one.result(60)
            finally:
                fleet.give_up.set()

        assert fleet.lost_replies
        assert fleet.received == dict.fromkeys(range(1, 3001), 1)
        assert count_states(journal, campaign) == {RowState.ACCEPTED: 3000}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
def test_a_forked_child_connects_anew(journal: PostgresJournal) -> None:
    campaign = plan(journal)
    connection = journal._connect()
    child = os.fork()
    if not child:
        status = 1
        try:
            journal.mark(campaign.id, "paused", "by the child")
            journal.close()
            status = 0
        finally:
            os._exit(status)
    assert os.waitpid(child, 0)[1] == 0

    found = journal.find("spring")
    assert found is not None
    assert found.reason == "by the child"
    assert journal._connect() is connection


# Locks, isolation and durability


@pytest.mark.parametrize("isolation", ["repeatable read", "serializable"])
def test_under_a_stricter_isolation_nothing_is_taken_twice_either(
    url: str, admin: psycopg.Connection[tuple[Any, ...]], isolation: str
) -> None:
    admin.execute(f"ALTER DATABASE {admin.info.dbname} SET default_transaction_isolation = '{isolation}'")
    with closing(PostgresJournal(url)) as journal:
        campaign = plan(journal, 200)
        fleet = Fleet(url, campaign)
        with ThreadPoolExecutor(4) as threads:
            list(threads.map(fleet.run, "abcd"))

        assert fleet.received == dict.fromkeys(range(1, 201), 1)
        assert count_states(journal, campaign) == {RowState.ACCEPTED: 200}


def test_rows_that_another_has_locked_are_skipped_and_found_once_they_are_free(
    journal: PostgresJournal, url: str
) -> None:
    campaign = plan(journal)
    with psycopg.connect(url) as other:
        other.execute("SELECT FROM connectly_row WHERE n = 1 FOR UPDATE")
        turn = journal.turn(campaign.id, "a", [], 2, [])
        assert [row.n for row in turn.rows] == [2, 3]
        turn = journal.turn(campaign.id, "a", [], 2, [], after=3)
        assert [row.n for row in turn.rows] == [4]
        # The first one is still pending. Whoever asks for it does so a few times a second, not all the time.
        assert turn.wait == pytest.approx(0.05, abs=1e-3)

    assert [row.n for row in journal.turn(campaign.id, "a", [], 2, [], after=4).rows] == [1]


def test_events_and_turns_that_change_the_same_rows_at_once_do_not_block_each_other(url: str) -> None:
    with closing(PostgresJournal(url)) as journal:
        campaign = plan(journal, 400)
        fleet = Fleet(url, campaign)

        def observe(order: int) -> None:
            with closing(PostgresJournal(url)) as other:
                for status in ("sent", "delivered", "read"):
                    numbers = sorted(range(1, 401), reverse=bool(order))
                    other.observe([Observation(campaign.token, n, "wamid", status) for n in numbers])

        with ThreadPoolExecutor(4) as threads:
            running = [
                *(threads.submit(fleet.run, owner) for owner in "ab"),
                *map(threads.submit, [observe] * 2, [0, 1]),
            ]
            for one in running:
                one.result(60)

        assert max(fleet.received.values(), default=1) == 1
        assert journal.summary(campaign.id).statuses["read"] == 400


def test_a_turn_is_durable_where_the_server_is_set_to_confirm_early(
    journal: PostgresJournal, admin: psycopg.Connection[tuple[Any, ...]]
) -> None:
    campaign = plan(journal)
    turn = "SELECT FROM connectly_turn(%s, 'a', '[]', 1, '[]', 0)"

    for before, after in (("off", "on"), ("local", "local")):
        with admin.transaction():
            admin.execute(f"SET LOCAL synchronous_commit = {before}")
            admin.execute(turn, [campaign.id])
            assert admin.execute("SHOW synchronous_commit").fetchall() == [(after,)]


@pytest.mark.parametrize(
    ("setting", "lock", "text"),
    [
        ("statement_timeout = '100ms'", "ACCESS EXCLUSIVE", "ended the call"),
        ("lock_timeout = '100ms'", "ACCESS EXCLUSIVE", "locked its tables"),
        ("default_transaction_read_only = on", "ACCESS SHARE", "accepts no writes"),
    ],
)
def test_what_may_pass_is_told_apart_from_what_people_must_mend(
    url: str, admin: psycopg.Connection[tuple[Any, ...]], setting: str, lock: str, text: str
) -> None:
    with closing(PostgresJournal(url)) as journal:
        campaign = plan(journal)
        admin.execute(f"ALTER DATABASE {admin.info.dbname} SET {setting}")
        journal.close()
        with admin.transaction():
            admin.execute(f"LOCK TABLE connectly_campaign IN {lock} MODE")
            with pytest.raises(JournalError, match=text) as caught:
                journal.mark(campaign.id, "paused")
            assert caught.value.retry_safe
        admin.execute(f"ALTER DATABASE {admin.info.dbname} RESET ALL")
        journal.close()
        journal.mark(campaign.id, "paused")


# Texts


def test_characters_that_cannot_be_stored_harm_nothing(journal: PostgresJournal) -> None:
    rows = [
        PlannedRow(line, key, "+16044441111", '{"a":"\\u0000"}') for line, key in enumerate(["a\0b", "\ud800", "c"])
    ]
    campaign, _ = journal.plan("spring", "{}", 3600.0, iter([rows]), lambda: "digest")

    assert {(one.line, one.reason) for one in journal.rejects(campaign.id, 0, 9)} == {
        (0, "the key has a character that cannot be stored"),
        (1, "the key has a character that cannot be stored"),
    }
    (row,) = journal.turn(campaign.id, "a", [], 9, []).rows
    assert row.body == '{"a":"\\u0000"}'
    journal.turn(campaign.id, "a", [Outcome(row.n, row.attempt, RowState.UNKNOWN, problem="\0")], 0, [])
    observations = [Observation(campaign.token, row.n, "\ud800\0"), Observation("\0", 1), Observation("x", 10**40)]
    assert journal.observe(observations) == 1
    (line,) = journal.lines(campaign.id, 0, 9)
    assert line.message_id == "??"


@pytest.mark.parametrize(
    "address",
    [
        "postgresql//postgres:hunter2@127.0.0.1/x",
        "postgresql://postgres:hunter2@127.0.0.1:1/x",
        "postgresql://postgres:hunter2@127.0.0.1/x?port=hunter2",
        "postgresql://postgres:hunter2@127.0.0.1:{port}/hunter2",
        "postgresql://postgres:hunter2\udcff@127.0.0.1/x",
        "postgresql://postgres:hunter2@127.0.0.1/x?connect_timeout=hunter2",
    ],
)
def test_no_error_shows_the_password(postgres_url: str, address: str) -> None:
    journal = PostgresJournal(address.format(port=psycopg.conninfo.conninfo_to_dict(postgres_url)["port"]))

    with pytest.raises(JournalError) as caught:
        journal.open()

    assert "hunter2" not in f"{caught.value!r} {caught.value} {journal!r}"
    assert caught.value.__context__ is None


def test_no_error_shows_a_row(journal: PostgresJournal, admin: psycopg.Connection[tuple[Any, ...]]) -> None:
    admin.execute("ALTER TABLE connectly_row ADD CONSTRAINT few CHECK (key <> '+16044440001')")

    with pytest.raises(JournalError, match="SQLSTATE 23514") as caught:
        plan(journal)

    assert "604" not in str(caught.value)
    assert caught.value.__context__ is None
    assert not caught.value.retry_safe


# Rates

RATES = st.builds(Rate, st.sampled_from([0.5, 1.0, 64.0, 180.0]), st.integers(1, 8))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    state=st.builds(
        PaceState,
        st.floats(-10, 200).map(lambda ahead: 1000 + ahead),
        st.sampled_from([1 / 32, 0.5, 1.0]),
        st.floats(-40, 80).map(lambda ahead: 1000 + ahead),
    ),
    rate=RATES,
    want=st.integers(0, 12),
    pause=st.one_of(st.none(), st.floats(0, 90)),
)
def test_the_databases_arithmetic_is_that_of_pace_booking(
    prepared: psycopg.Connection[tuple[Any, ...]], state: PaceState, rate: Rate, want: int, pause: float | None
) -> None:
    prepared.execute("DELETE FROM connectly_pace")
    prepared.execute("INSERT INTO connectly_pace VALUES ('a', %s, %s, %s)", state)
    rates = json.dumps([{"key": "a", "per_second": rate.per_second, "burst": rate.burst}])

    ((granted, wait),) = prepared.execute("SELECT granted, wait FROM connectly_lock_rates(%s, %s)", [rates, want])
    prepared.execute("SELECT connectly_slow_down(%s, %s)", [rates, pause])
    (slowed,) = prepared.execute("SELECT even, factor, slowed_at FROM connectly_pace")

    booking = book(state, rate, 1000.0, want)
    assert granted == booking.granted
    assert wait == pytest.approx(booking.wait, abs=1e-6)
    assert slowed == pytest.approx(slow_down(state, rate, 1000.0, pause), abs=1e-6)


@pytest.fixture
def prepared(postgres_url: str) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
    with psycopg.connect(prepare_postgres(postgres_url), autocommit=True) as connection:
        connection.execute("UPDATE test_clock SET now = 1000")
        yield connection


def test_workers_share_a_rate(url: str) -> None:
    with closing(PostgresJournal(url)) as first, closing(PostgresJournal(url)) as second:
        campaign = plan(first, 20)
        rates = [("endpoint", Rate(0.001, 5)), ("number", Rate(0.001, 4))]

        assert len(first.turn(campaign.id, "a", [], 3, rates).rows) == 3
        turn = second.turn(campaign.id, "b", [], 3, rates)
        assert len(turn.rows) == 1
        assert turn.wait is not None
        assert turn.wait > 100
        # Other rates are others.
        assert len(second.turn(campaign.id, "b", [], 3, [("x", Rate(0.001, 5))]).rows) == 3
