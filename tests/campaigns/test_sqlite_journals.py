"""What holds for a journal in a SQLite file only: the file, its locks, and how it is read."""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from connectly_api.campaigns import CampaignExistsError, JournalError, RowState, sqlite_journal
from connectly_api.campaigns.journal_protocol import Observation, PlannedRow
from connectly_api.campaigns.row_states import Outcome
from connectly_api.campaigns.sqlite_journal import SQLiteJournal
from connectly_api.transport.rates import Rate
from tests.campaigns.test_journals import make_row, plan, read_states, take

RATES = [("endpoint", Rate(180.0, 6))]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "campaigns.db"


@pytest.fixture
def journal(path: Path) -> Iterator[SQLiteJournal]:
    with closing(SQLiteJournal(path, busy_timeout=0.05)) as journal:
        journal.open()
        yield journal


def test_only_the_owner_can_read_the_file_and_the_two_beside_it(journal: SQLiteJournal, path: Path) -> None:
    plan(journal)

    files = sorted(path.parent.iterdir())
    assert [file.name for file in files] == ["campaigns.db", "campaigns.db-shm", "campaigns.db-wal"]
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_what_is_written_is_on_the_disk(journal: SQLiteJournal) -> None:
    pragmas = [journal._connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")]

    assert pragmas == ["wal", 2]


def test_a_journal_is_opened_again_after_it_was_closed(journal: SQLiteJournal) -> None:
    campaign = plan(journal)
    journal.close()
    journal.close()

    with pytest.raises(JournalError, match="it is not open"):
        journal.find("spring")
    journal.open()
    assert journal.find("spring") == campaign


def test_a_path_that_means_something_to_sqlite_is_a_file_like_any_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with closing(SQLiteJournal(":memory:")) as journal:
        journal.open()

        assert (tmp_path / ":memory:").is_file()


@pytest.mark.parametrize("is_replaced", [False, True])
def test_a_file_that_is_deleted_or_replaced_hands_out_no_more_rows(
    journal: SQLiteJournal, path: Path, is_replaced: bool
) -> None:
    campaign = plan(journal)
    path.rename(path.with_name("moved.db"))
    if is_replaced:
        path.touch()

    with pytest.raises(JournalError, match=r"it was deleted, moved or replaced$") as caught:
        take(journal, campaign)
    assert not caught.value.retry_safe


def test_a_forked_process_does_not_use_its_parents_connection(
    journal: SQLiteJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "getpid", lambda: -1)

    with pytest.raises(JournalError, match="opened before this process was forked"):
        journal.find("spring")


def test_many_open_a_new_file_at_once(path: Path) -> None:
    gate = threading.Barrier(8)

    def open_one(_number: int) -> None:
        with closing(SQLiteJournal(path)) as journal:
            gate.wait(30)
            journal.open()
            assert journal.list_campaigns() == []

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(open_one, range(8)))


def write_text(path: Path) -> None:
    path.write_text("number;name\n" * 500)


def write_other_version(path: Path) -> None:
    with closing(SQLiteJournal(path)) as journal:
        journal.open()
        journal._connection.execute("UPDATE connectly_journal SET version = 2")


def write_without_version(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE connectly_journal (day TEXT)")


def write_other_tables(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE connectly_row (id INTEGER)")


@pytest.mark.parametrize(
    ("prepare", "reason"),
    [
        (Path.mkdir, "Is a directory"),
        (write_text, "it is not a SQLite database"),
        (write_other_version, "another version of connectly-api wrote it"),
        (write_without_version, "SQLite says: no such column: version"),
        (write_other_tables, "SQLite says: table connectly_row already exists"),
    ],
)
def test_a_file_that_is_no_journal_is_refused_and_left_as_it_is(
    path: Path, prepare: Callable[[Path], None], reason: str
) -> None:
    prepare(path)
    before = None if path.is_dir() else read_tables(path)
    journal = SQLiteJournal(path)

    with pytest.raises(JournalError, match=re.escape(f"journal {str(path)!r}: {reason}")) as caught:
        journal.open()

    assert not caught.value.retry_safe
    assert before == (None if path.is_dir() else read_tables(path))


def read_tables(path: Path) -> list[object] | bytes:
    try:
        with closing(sqlite3.connect(path)) as connection:
            return connection.execute("SELECT name, sql FROM sqlite_master ORDER BY name").fetchall()
    except sqlite3.DatabaseError:
        return path.read_bytes()


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="No such file or directory"):
        SQLiteJournal(tmp_path / "nowhere" / "campaigns.db").open()


def test_a_place_without_a_log_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On some network drives SQLite keeps its other mode, and says so in the result only."""
    monkeypatch.setattr(sqlite_journal, "switch_to_wal", lambda *_: None)

    with pytest.raises(JournalError, match="write-ahead log"):
        SQLiteJournal(path).open()


def test_a_damaged_file_is_refused_when_the_damage_is_met(journal: SQLiteJournal, path: Path) -> None:
    campaign = plan(journal, 300)
    journal.close()
    content = path.read_bytes()
    path.write_bytes(content[:4096] + b"\xa5" * (len(content) - 4096))

    def use() -> None:
        journal.open()
        take(journal, campaign)

    with pytest.raises(JournalError, match="it is damaged") as caught:
        use()
    assert not caught.value.retry_safe


def test_a_file_that_another_process_keeps_busy_fails_the_call_and_nothing_else(
    journal: SQLiteJournal, path: Path
) -> None:
    campaign = plan(journal, 3)
    rows = take(journal, campaign, 2)
    outcomes = [Outcome(row.n, row.attempt, RowState.ACCEPTED) for row in rows]
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(JournalError, match="another process kept it busy for too long") as caught:
            journal.turn(campaign.id, "a", outcomes, 5, RATES)
        # Reading goes on.
        assert journal.summary(campaign.id).states[RowState.SENDING] == 2
    assert caught.value.retry_safe

    assert [row.n for row in journal.turn(campaign.id, "a", outcomes, 5, RATES).rows] == [3]
    assert read_states(journal, campaign) == [RowState.ACCEPTED, RowState.ACCEPTED, RowState.SENDING]


def test_a_call_waits_for_a_file_that_is_busy(path: Path) -> None:
    with closing(SQLiteJournal(path)) as journal, closing(sqlite3.connect(path, isolation_level=None)) as other:
        journal.open()
        campaign = plan(journal)
        other.execute("BEGIN IMMEDIATE")
        with ThreadPoolExecutor(1) as threads:
            rows = threads.submit(take, journal, campaign)
            other.execute("COMMIT")
            assert len(rows.result(30)) == 4


# Dies by SIGKILL when SQLite is about to commit the first transaction that locks others out.
DYING = """
import os, signal, sys
from connectly_api.campaigns.sqlite_journal import SQLiteJournal
from tests.campaigns.test_journals import plan, take

def watch(statement):
    begun.append(statement)
    if statement == "COMMIT" and "BEGIN IMMEDIATE" in begun:
        os.kill(os.getpid(), signal.SIGKILL)

begun = []
journal = SQLiteJournal(sys.argv[1])
journal.open()
found = journal.find("spring")
journal._connection.set_trace_callback(watch)
plan(journal, 2000) if found is None else take(journal, found, 100)
"""


@pytest.mark.slow
def test_a_process_that_dies_right_before_a_commit_has_done_nothing(journal: SQLiteJournal, path: Path) -> None:
    def run() -> int:
        return subprocess.run([sys.executable, "-c", DYING, path], check=False).returncode

    assert run() == -signal.SIGKILL
    assert journal.list_campaigns() == []
    campaign = plan(journal, 200)
    assert run() == -signal.SIGKILL
    assert set(read_states(journal, campaign)) == {RowState.PENDING}
    assert len(take(journal, campaign, 500)) == 200


def fill_disk(journal: SQLiteJournal) -> None:
    ((pages,),) = journal._connection.execute("PRAGMA page_count")
    journal._connection.execute(f"PRAGMA max_page_count = {pages}")


def empty_disk(journal: SQLiteJournal) -> None:
    journal._connection.execute("PRAGMA max_page_count = 1000000")


def test_a_turn_on_a_full_disk_fails_as_a_whole_and_can_be_repeated(journal: SQLiteJournal) -> None:
    campaign = plan(journal, 300)
    rows = take(journal, campaign, 200)
    before = journal.lines(campaign.id, 0, 1000)
    outcomes = [Outcome(row.n, row.attempt, RowState.ACCEPTED, "wamid." + "x" * 200) for row in rows]
    fill_disk(journal)

    with pytest.raises(JournalError, match="the disk is full") as caught:
        journal.turn(campaign.id, "a", outcomes, 50, RATES)
    assert caught.value.retry_safe
    assert journal.lines(campaign.id, 0, 1000) == before

    empty_disk(journal)
    assert [row.n for row in journal.turn(campaign.id, "a", outcomes, 50, RATES).rows] == [201, 202, 203, 204, 205, 206]
    assert read_states(journal, campaign)[:201] == [RowState.ACCEPTED] * 200 + [RowState.SENDING]


def test_a_plan_on_a_full_disk_leaves_nothing_and_can_be_repeated(journal: SQLiteJournal) -> None:
    fill_disk(journal)
    with pytest.raises(JournalError, match="the disk is full"):
        plan(journal, 2000)
    assert journal.list_campaigns() == []
    empty_disk(journal)

    assert len(read_states(journal, plan(journal, 900))) == 900


def test_an_error_of_the_source_is_not_taken_for_one_of_the_journal(journal: SQLiteJournal) -> None:
    def read(number: int) -> list[PlannedRow]:
        raise sqlite3.OperationalError(f"no such table: customers{number}")

    with pytest.raises(sqlite3.OperationalError, match="customers"):
        journal.plan("spring", "{}", 60.0, map(read, range(2)), lambda: "d")


@pytest.mark.parametrize("name", ["_FIND_PENDING", "_FIND_NEXT_TIME", "_FIND_OWN", "_FIND_OLDEST", "_ABANDON"])
def test_finished_rows_are_not_walked_over(journal: SQLiteJournal, name: str) -> None:
    statement: str = getattr(sqlite_journal, name)
    values = dict.fromkeys(re.findall(r":(\w+)", statement), 1) or [1] * statement.count("?")
    steps = [row[3] for row in journal._connection.execute(f"EXPLAIN QUERY PLAN {statement}", values)]

    index = "connectly_pending" if "PENDING" in name or "NEXT" in name else "connectly_sending"
    assert steps == [f"SEARCH connectly_row USING INDEX {index} (campaign=?)"]


@pytest.mark.parametrize("name", ["_TAKE", "_SETTLE", "_RELEASE", "_OBSERVE", "_RETRY"])
def test_a_change_finds_its_row_by_its_number(journal: SQLiteJournal, name: str) -> None:
    statement: str = getattr(sqlite_journal, name)
    values = dict.fromkeys(re.findall(r":(\w+)", statement), 1) or [1] * statement.count("?")
    steps = [row[3] for row in journal._connection.execute(f"EXPLAIN QUERY PLAN {statement}", values)]

    assert steps[0] == "SEARCH connectly_row USING INDEX sqlite_autoindex_connectly_row_1 (campaign=? AND n=?)"


def read_files(path: Path) -> bytes:
    return b"".join(file.read_bytes() for file in path.parent.iterdir())


def test_no_trace_of_a_customer_is_left_when_a_campaign_is_forgotten(journal: SQLiteJournal, path: Path) -> None:
    other = plan(journal, 3, "other")
    rows = [make_row(number, f"kestrel-{number}") for number in range(50)]
    campaign, _ = journal.plan("spring", "{}", 60.0, iter([[*rows, rows[0]]]), lambda: "d")
    for _ in range(3):
        taken = take(journal, campaign, 20)
        states = [RowState.ACCEPTED, RowState.PENDING] * 10
        outcomes = [
            Outcome(row.n, row.attempt, state, f"wamid.kestrel{row.n}")
            for row, state in zip(taken, states, strict=True)
        ]
        journal.turn(campaign.id, "a", outcomes, 0, [])
    journal.observe([Observation(campaign.token, 1, "wamid.kestrel", "read")])
    assert b"kestrel-49" in read_files(path)

    journal.forget(campaign.id)

    assert b"kestrel" not in read_files(path)
    assert b"+16044440049" not in read_files(path)
    assert len(take(journal, other)) == 3


def test_what_is_still_in_the_log_is_said_and_goes_with_the_next_call(journal: SQLiteJournal, path: Path) -> None:
    campaign, _ = journal.plan("spring", "{}", 60.0, iter([[make_row(1, "kestrel")]]), lambda: "d")
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM connectly_row").fetchall()
        with pytest.raises(JournalError, match="log") as caught:
            journal.forget(campaign.id)
        assert caught.value.retry_safe
        assert b"kestrel" in read_files(path)

    journal.forget(campaign.id)

    assert b"kestrel" not in read_files(path)


def test_the_default_clock_is_the_machines(journal: SQLiteJournal) -> None:
    before = time.time()
    campaign = plan(journal)

    assert before <= campaign.created <= time.time()


def test_errors_name_no_row(journal: SQLiteJournal) -> None:
    plan(journal)

    with pytest.raises(CampaignExistsError) as caught:
        journal.plan("spring", "{}", 60.0, iter([[make_row(1)]]), lambda: "other")
    assert "+1604" not in str(caught.value)
    assert "+1604" not in repr(make_row(1)) + repr(take(journal, plan(journal, 1, "b"))) + repr(journal.lines(1, 0, 9))
