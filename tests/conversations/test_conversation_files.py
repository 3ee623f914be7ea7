"""Conversations in a file: shared, forked, killed, damaged, full of what is old; a failing file fails nobody."""

from __future__ import annotations

import gc
import logging
import multiprocessing
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import anyio
import anyio.lowlevel
import pytest

from connectly_api import Phone, WebhookStoreError
from connectly_api.conversations import SQLiteConversations, sighting_file
from connectly_api.conversations.sighting_file import SightingFile
from connectly_api.webhooks import Business, Customer, InboundMessage, SQLiteStore

from .test_conversations import BSUID, DAY, HOUR, NOW, OTHER_PHONE, PHONE, SENDER, Clock, record, write


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "conversations.db"


def run_sql(path: Path, *statements: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        rows: list[tuple[object, ...]] = []
        for statement in statements:
            rows = connection.execute(statement).fetchall()
        connection.commit()
        return rows


def test_a_file_keeps_what_it_knows_and_is_shared_with_a_store_of_events(path: Path, clock: Clock) -> None:
    async def main() -> None:
        async with SQLiteStore(path) as events, SQLiteConversations(path, clock=clock) as first:
            await events.check()
            await first.check()
            claim = await events.claim("k")
            await first.record(write(PHONE, BSUID))
            async with SQLiteConversations(str(path), clock=clock) as second:
                assert await second.closes_at(BSUID, sender=SENDER) == NOW + DAY
            assert await events.complete(claim)
            await first.aclose()
            assert await first.is_open(PHONE)

    anyio.run(main)
    assert run_sql(path, "SELECT version FROM connectly_sightings_schema") == [(1,)]


def test_events_that_are_recorded_at_the_same_time_are_written_together(path: Path, clock: Clock) -> None:
    async def main() -> int:
        async with SQLiteConversations(path, clock=clock) as store:
            await store.check()
            limiter = store._get_limiter()
            async with anyio.create_task_group() as tasks, limiter:
                for number in range(150):
                    tasks.start_soon(store.record, write(f"+1604444{number:04}"))
                while not limiter.statistics().tasks_waiting:
                    await anyio.lowlevel.checkpoint()
                await anyio.wait_all_tasks_blocked()
                batches = limiter.statistics().tasks_waiting
            assert await store.is_open("+16044440149")
        return batches

    assert anyio.run(main) == 1
    assert run_sql(path, "SELECT count(*) FROM connectly_sightings") == [(150,)]


def test_customers_who_have_not_written_for_the_retention_are_forgotten_a_few_at_a_time(
    path: Path, clock: Clock
) -> None:
    async def main() -> None:
        async with SQLiteConversations(path, retention=DAY.total_seconds(), clock=clock) as store:
            for number in range(150):
                await store.record(write(f"+1604444{number:04}", at=NOW - HOUR))
            clock.now += DAY
            for _ in range(64):
                await store.record(write(OTHER_PHONE, at=None))
            assert await store.is_open(OTHER_PHONE)

    anyio.run(main)
    assert run_sql(path, "SELECT count(*) FROM connectly_sightings") == [(150 - 128 + 1,)]


def test_forget_overwrites_what_the_file_contained(path: Path, clock: Clock) -> None:
    async def main() -> None:
        async with SQLiteConversations(path, clock=clock) as store:
            await store.record(write(PHONE, BSUID, name="Vasilisa"))
            await store.record(write(OTHER_PHONE, name="Somebody else"))
            await store.forget(PHONE)
            contents = b"".join(file.read_bytes() for file in path.parent.iterdir())
            assert b"Somebody else" in contents
            assert not any(text.encode() in contents for text in (PHONE, BSUID, "Vasilisa"))

    anyio.run(main)


def test_look_ups_and_clean_ups_among_many_customers_go_by_index(path: Path) -> None:
    file = SightingFile(str(path), time.monotonic() + 5)
    ((*_, look_up),) = file.execute(f"EXPLAIN QUERY PLAN {sighting_file._LOAD}", id="x")
    assert "USING PRIMARY KEY" in str(look_up)
    plans = [str(plan) for *_, plan in file.execute(f"EXPLAIN QUERY PLAN {sighting_file._FORGET}", before=1, limit=8)]
    assert [plan for plan in plans if "SCAN" in plan and "connectly_sightings_seen_at" not in plan] == []
    assert any("connectly_sightings_seen_at" in plan for plan in plans)
    file.close()


# Processes.

WRITER = """
import sys
import anyio
from datetime import datetime, UTC
from connectly_api import Phone
from connectly_api.conversations import SQLiteConversations, sighting_file
from connectly_api.conversations.sighting_file import SightingFile
from connectly_api.webhooks import Business, Customer, InboundMessage

async def main(path, first, step, count):
    async with SQLiteConversations(path, busy_timeout=60, clock=lambda: 1e6) as store:
        for number in range(first, first + step * count, step):
            at = datetime.fromtimestamp(number, UTC)
            customer = Customer(phone=Phone(f"+1604444{number % 10:04}"))
            business = Business(phone=Phone("+14151111234"))
            await store.record(InboundMessage(customer=customer, business=business, timestamp=at))
            print(number, flush=True)

anyio.run(main, sys.argv[1], *map(int, sys.argv[2:]))
"""


def start_writer(path: Path, *numbers: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, str(path), *map(str, numbers)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def read_times(path: Path) -> list[tuple[object, ...]]:
    return run_sql(path, "SELECT id, seen_at FROM connectly_sightings ORDER BY id")


@pytest.mark.slow
def test_two_processes_at_once_keep_the_latest_of_both(path: Path) -> None:
    # One goes up and the other down, through the same customers.
    writers = [start_writer(path, 1, 1, 300), start_writer(path, 600, -1, 300)]
    for writer in writers:
        writer.communicate()
    assert [writer.returncode for writer in writers] == [0, 0]
    assert read_times(path) == [(f"+1604444{number:04}", 590.0 + (number or 10)) for number in range(10)]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_what_a_process_had_recorded_is_known_after_it_was_killed(path: Path) -> None:
    for first in range(1, 1000, 200):
        writer = start_writer(path, first, 1, 100_000)
        assert writer.stdout is not None
        last = [int(writer.stdout.readline()) for _ in range(40)][-1]
        os.kill(writer.pid, signal.SIGKILL)
        writer.communicate()
        times = [float(str(seen_at)) for _, seen_at in read_times(path)]
        # It writes the ten customers in turn.
        assert len(times) == 10
        assert min(times) > last - 10


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
@pytest.mark.parametrize("kind", [SQLiteConversations, SQLiteStore])
def test_a_forked_child_opens_the_file_again_and_leaves_its_parents_alone(
    path: Path, kind: type[SQLiteConversations | SQLiteStore]
) -> None:
    store = kind(path)
    anyio.run(use, store, "1")
    parents = store._get_opened()
    # As if another thread were at work at the moment of the fork.
    with parents.lock:
        child = multiprocessing.get_context("fork").Process(target=use_in_child, args=(store,))
        child.start()
    child.join()
    assert child.exitcode == 0
    assert store._get_opened() is parents
    anyio.run(use, store, "3")
    anyio.run(store.aclose)
    assert len(store._opened) == 1


def use_in_child(store: SQLiteConversations | SQLiteStore) -> None:
    anyio.run(use, store, "2")
    assert len(store._opened) == 2
    gc.collect()
    anyio.run(store.aclose)


async def use(store: SQLiteConversations | SQLiteStore, key: str) -> None:
    if isinstance(store, SQLiteStore):
        assert (await store.claim(key)).is_granted
    else:
        at = datetime.fromtimestamp(time.time(), UTC) - timedelta(seconds=1)
        sender = Business(phone=Phone(SENDER))
        await store.record(InboundMessage(customer=Customer(phone=Phone(PHONE)), business=sender, timestamp=at))
        assert await store.is_open(PHONE, sender=SENDER)


# Files that cannot be used.


def make_garbage(path: Path) -> None:
    path.write_text("not a database, and longer than the header of one, which has a hundred bytes" * 9)


def make_damaged(path: Path) -> None:
    run_sql(path, "CREATE TABLE a (b)")
    content = bytearray(path.read_bytes())
    content[100:4096] = b"\xff" * 3996
    path.write_bytes(bytes(content))


def make_strange(path: Path) -> None:
    run_sql(path, "CREATE TABLE connectly_sightings (id TEXT PRIMARY KEY, name TEXT)")


def make_later(path: Path) -> None:
    run_sql(
        path, "CREATE TABLE connectly_sightings_schema (version)", "INSERT INTO connectly_sightings_schema VALUES (9)"
    )


def make_deaf(path: Path) -> None:
    async def main() -> None:
        async with SQLiteConversations(path) as store:
            await store.check()

    anyio.run(main)
    run_sql(path, "CREATE TRIGGER t BEFORE INSERT ON connectly_sightings BEGIN SELECT RAISE(IGNORE); END")


UNUSABLE: list[tuple[Callable[[Path], object], str]] = [
    (make_garbage, "it is not a SQLite database"),
    (make_damaged, "it is damaged"),
    (Path.mkdir, "it is a folder"),
    (make_strange, "does not have the store's columns, but these: id, name"),
    (make_later, "a later version of connectly-api wrote it"),
    (make_deaf, "its table connectly_sightings does not store what is written to it"),
]


@pytest.mark.parametrize(("make_file", "reason"), UNUSABLE)
def test_a_file_that_cannot_be_used_fails_check_and_forget_but_no_event_and_no_look_up(
    make_file: Callable[[Path], object], reason: str, path: Path, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    make_file(path)

    async def main() -> None:
        store = SQLiteConversations(path, clock=clock)
        await record(store, write(PHONE, BSUID, name="Vasi"), write())
        assert await store.closes_at(PHONE) is None
        assert not await store.is_open(PHONE, sender=SENDER)
        assert await store.find_contact(BSUID) is None
        for work in (store.check, lambda: store.forget(PHONE)):
            with pytest.raises(WebhookStoreError, match=reason) as caught:
                await work()
            assert str(caught.value).startswith(f"conversations {str(path)!r}: ")
        await store.aclose()

    anyio.run(main)
    # Once, and not with each event.
    (logged,) = caplog.records
    assert (logged.name, logged.levelno) == ("connectly_api.conversations", logging.WARNING)
    assert reason in logged.message
    assert not any(text in caplog.text for text in (PHONE, BSUID, "Vasi"))


def test_what_a_busy_file_did_not_take_is_known_and_written_or_forgotten_later(path: Path, clock: Clock) -> None:
    async def main() -> None:
        async with SQLiteConversations(path, busy_timeout=0.01, clock=clock) as store:
            await store.record(write())
            clock.now += 2 * DAY
            with closing(sqlite3.connect(path, isolation_level=None)) as other:
                other.execute("BEGIN IMMEDIATE")
                assert not await store.is_open(PHONE)
                await record(store, write(at=clock.now), write(OTHER_PHONE, at=clock.now))
                assert await store.is_open(PHONE)
                assert await store.is_open(OTHER_PHONE)
            await store.forget(OTHER_PHONE)
            assert await store.closes_at(OTHER_PHONE) is None
        # Another process knows it, too.
        async with SQLiteConversations(path, clock=clock) as store:
            assert await store.is_open(PHONE)

    anyio.run(main)


def test_a_file_that_was_busy_or_gone_is_used_again_when_it_works(
    path: Path, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        async with SQLiteConversations(path, busy_timeout=0.01, clock=clock) as store:
            await store.record(write())
            with closing(sqlite3.connect(path, isolation_level=None)) as other:
                other.execute("BEGIN IMMEDIATE")
                await store.record(write(OTHER_PHONE))
                assert await store.is_open(PHONE)
            assert await store.is_open(PHONE)
            run_sql(path, "DROP TABLE connectly_sightings")
            assert await store.find_contact(PHONE) is None
            await store.record(write(OTHER_PHONE))
            assert await store.is_open(OTHER_PHONE)

    anyio.run(main)
    assert [record.message.partition(":")[0] for record in caplog.records] == [
        "windows and contacts are unknown",
        "windows and contacts are known again",
        "windows and contacts are unknown",
        "windows and contacts are known again",
    ]
    assert "OperationalError SQLITE_BUSY" in caplog.text


@pytest.mark.parametrize(
    "change", ["phone = 'garbage'", "seen_at = 9e300", "seen_at = 'garbage'", "sender = x'ff'", "partner = 7"]
)
def test_a_row_that_is_none_of_ours_fails_no_look_up(path: Path, clock: Clock, change: str) -> None:
    async def main() -> None:
        async with SQLiteConversations(path, clock=clock) as store:
            await store.record(write(PHONE, BSUID))
            run_sql(path, f"UPDATE connectly_sightings SET {change}")  # noqa: S608  (of this test)
            await store.closes_at(PHONE, sender=SENDER)
            await store.is_open(BSUID)
            await store.find_contact(PHONE)
            await store.record(write(PHONE, BSUID))

    anyio.run(main)


@pytest.mark.slow
def test_a_full_disk_costs_the_old_and_no_event(path: Path, clock: Clock) -> None:
    async def main() -> None:
        async with SQLiteConversations(path, retention=DAY.total_seconds(), clock=clock) as store:
            await store.check()
            file = store._get_opened().connection
            assert file is not None
            file.execute("PRAGMA max_page_count = 24")
            for number in range(1000):
                await store.record(write(f"+1604444{number:04}"))
            clock.now += 2 * DAY
            await store.record(write(PHONE, at=None))
            assert await store.is_open(PHONE)

    anyio.run(main)
