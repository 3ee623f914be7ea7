"""What every store promises, on both event loops, with a clock that the tests turn."""

from __future__ import annotations

import errno
import sqlite3
import threading
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import uuid4

import anyio
import attrs
import psycopg
import pytest
import redis
from hypothesis import given
from hypothesis import strategies as st

from connectly_api import InvalidInputError
from connectly_api.webhooks import (
    Claim,
    ClaimState,
    MemoryStore,
    PostgresStore,
    RedisStore,
    SQLiteStore,
    Store,
    WebhookStoreError,
)
from connectly_api.webhooks.stores import file_access
from connectly_api.webhooks.stores.sqlite_file import EventFile

LEASE, RETENTION = 60.0, 3600.0


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


class _NoPath:
    def __fspath__(self) -> int:
        return 7


Run = Callable[[Callable[[], Awaitable[Any]]], Any]


@attrs.frozen
class Kind:
    """Makes stores of one kind that share what they remember, and lets their time pass."""

    make: Callable[[], Store]
    pass_time: Callable[[float], object]


@pytest.fixture
def clock() -> Clock:
    return Clock()


def _build_memory(clock: Clock, _request: pytest.FixtureRequest) -> Kind:
    memory = MemoryStore(lease=LEASE, retention=RETENTION, clock=clock)
    return Kind(lambda: memory, clock.advance)


def _build_sqlite(clock: Clock, request: pytest.FixtureRequest) -> Kind:
    path = request.getfixturevalue("tmp_path") / "events.db"
    return Kind(lambda: SQLiteStore(path, lease=LEASE, retention=RETENTION, clock=clock), clock.advance)


def _build_postgres(_clock: Clock, request: pytest.FixtureRequest) -> Kind:
    url = request.getfixturevalue("postgres_url")

    def pass_time(seconds: float) -> None:
        with psycopg.connect(url) as connection:
            connection.execute(
                "UPDATE connectly_events SET expires = expires - %(seconds)s, since = since - %(seconds)s",
                {"seconds": seconds},
            )

    return Kind(lambda: PostgresStore(url, lease=LEASE, retention=RETENTION), pass_time)


def _build_redis(_clock: Clock, request: pytest.FixtureRequest) -> Kind:
    url = request.getfixturevalue("redis_url")

    def pass_time(seconds: float) -> None:
        with redis.Redis.from_url(url, decode_responses=True) as client:
            for key in client.scan_iter():
                left = client.pttl(key) - round(seconds * 1000)
                value, *times = client.get(key).split()
                moved = " ".join([value, *(str(int(one) - round(seconds * 1000)) for one in times)])
                client.delete(key) if left <= 0 else client.set(key, moved, px=left)

    return Kind(lambda: RedisStore(url, lease=LEASE, retention=RETENTION), pass_time)


BUILDERS = {"memory": _build_memory, "sqlite": _build_sqlite, "postgres": _build_postgres, "redis": _build_redis}
ON_SERVERS = [pytest.param("postgres", marks=pytest.mark.slow), pytest.param("redis", marks=pytest.mark.slow)]


@pytest.fixture(params=["memory", "sqlite", *ON_SERVERS])
def kind(request: pytest.FixtureRequest, clock: Clock) -> Kind:
    return BUILDERS[request.param](clock, request)


@pytest.fixture(params=["asyncio", "trio"])
def run(request: pytest.FixtureRequest) -> Run:
    return lambda main: anyio.run(main, backend=request.param)


async def _close(*stores: Store) -> None:
    for store in stores:
        if not isinstance(store, MemoryStore):
            await store.aclose()  # type: ignore[attr-defined]


def _states(kind: Kind, run: Run, script: str) -> list[object]:
    """Play a script: c(laim), d(one), r(elease) with the last claim; D, R with the first; numbers pass as seconds."""

    async def main() -> list[object]:
        store, claims = kind.make(), [Claim("k", ClaimState.GRANTED, "nobody's")]
        said: list[object] = []
        for step in script.split():
            if step == "c":
                claim = await store.claim("k")
                said.append(claim.state.name)
                claims += [claim] * claim.is_granted
            elif step in {"d", "D"}:
                said.append(await store.complete(claims[1 if step == "D" else -1]))
            elif step in {"r", "R"}:
                said.append(await store.release(claims[1 if step == "R" else -1]))
            else:
                kind.pass_time(float(step))
        await _close(store)
        return said

    said: list[object] = run(main)
    return said


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("c c d c", ["GRANTED", "IN_PROGRESS", True, "COMPLETED"]),
        ("c r c", ["GRANTED", True, "GRANTED"]),
        ("c d d r", ["GRANTED", True, False, False]),
        ("c r r d", ["GRANTED", True, False, False]),
        ("d r", [False, False]),
        # A lease runs out at its end, not before; a server's clock goes on meanwhile.
        ("c 40 c", ["GRANTED", "IN_PROGRESS"]),
        ("c 60 c", ["GRANTED", "GRANTED"]),
        # The one who lost the key can neither complete nor release it; the one who has it can.
        ("c 60 c D R d c", ["GRANTED", "GRANTED", False, False, True, "COMPLETED"]),
        ("c 60 c D r c", ["GRANTED", "GRANTED", False, True, "GRANTED"]),
        # A lease that ran out while nobody came changes nothing.
        ("c 600 d c", ["GRANTED", True, "COMPLETED"]),
        ("c 600 r c", ["GRANTED", True, "GRANTED"]),
        # A handled event is forgotten after the retention, counted from its completion.
        ("c 30 d 3580 c", ["GRANTED", True, "COMPLETED"]),
        ("c 30 d 3600 c", ["GRANTED", True, "GRANTED"]),
    ],
)
def test_a_key_is_free_claimed_or_completed(kind: Kind, run: Run, script: str, said: list[object]) -> None:
    assert _states(kind, run, script) == said


def test_one_of_many_at_the_same_instant_gets_the_key(kind: Kind, run: Run) -> None:
    async def main() -> list[Claim]:
        stores, claims = [kind.make() for _ in range(4)], []

        async def claim(store: Store) -> None:
            claims.append(await store.claim("k"))

        async with anyio.create_task_group() as tasks:
            for _ in range(10):
                for store in stores:
                    tasks.start_soon(claim, store)
        await _close(*stores)
        return claims

    states = [claim.state for claim in run(main)]
    assert len(states) == 40
    assert states.count(ClaimState.GRANTED) == 1
    assert states.count(ClaimState.IN_PROGRESS) == 39


def test_keys_do_not_touch_each_other_and_a_claim_shows_no_token(kind: Kind, run: Run) -> None:
    async def main() -> tuple[Claim, Claim]:
        store = kind.make()
        one, two = await store.claim("one"), await store.claim("two")
        assert await store.complete(two)
        assert (await store.claim("one")).state is ClaimState.IN_PROGRESS
        await _close(store)
        return one, two

    one, two = run(main)
    assert one.is_granted
    assert two.is_granted
    assert one.token not in repr(one)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("cdr"), st.integers(0, 90)), max_size=40))
def test_no_two_claims_are_ever_both_completed(steps: list[tuple[str, str, int]]) -> None:
    async def main() -> None:
        clock = Clock()
        store = MemoryStore(lease=LEASE, retention=1e9, clock=clock)
        granted: dict[str, list[Claim]] = {"a": [], "b": [], "c": []}
        completed = []
        for key, step, seconds in steps:
            clock.now += seconds
            if step == "c":
                claim = await store.claim(key)
                granted[key] += [claim] * claim.is_granted
                assert not (claim.is_granted and key in completed)
            elif granted[key]:
                claim = granted[key][seconds % len(granted[key])]
                if step == "r":
                    await store.release(claim)
                elif await store.complete(claim):
                    completed.append(key)
        assert len(completed) == len(set(completed))

    anyio.run(main)


@pytest.mark.parametrize(
    "wrong", ["", b"", ":memory:", b":memory:", Path(":memory:"), "a\0.db", None, 7, ["a.db"], Path, _NoPath()]
)
def test_a_path_that_is_no_file_is_refused(wrong: Any) -> None:
    with pytest.raises(InvalidInputError, match=r"^path: must be the path of a file") as caught:
        SQLiteStore(wrong)
    assert caught.value.field == "path"


@pytest.mark.parametrize("kind", [str, bytes, Path])
def test_a_path_may_be_text_bytes_or_a_path(kind: Callable[[Any], Any], tmp_path: Path) -> None:
    path = str(tmp_path / "a.db")

    async def main() -> None:
        async with SQLiteStore(kind(path.encode() if kind is bytes else path), busy_timeout=1e11) as store:
            assert (await store.claim("k")).is_granted

    anyio.run(main)
    assert Path(path).exists()


@pytest.mark.parametrize("endless", [float("inf"), 10**400])
@pytest.mark.parametrize("field", ["lease", "busy_timeout"])
def test_a_store_refuses_times_without_an_end(field: str, endless: float) -> None:
    with pytest.raises(InvalidInputError, match=rf"^{field}: .*finite"):
        SQLiteStore("x.db", **{field: endless})  # type: ignore[arg-type]
    with pytest.raises(InvalidInputError, match=r"^lease: .*finite"):
        MemoryStore(lease=endless)


@pytest.mark.parametrize("make_store", [MemoryStore, lambda clock: SQLiteStore("x.db", clock=clock)])
def test_a_clock_is_a_function(make_store: Any) -> None:
    with pytest.raises(InvalidInputError, match=r"^clock: "):
        make_store(clock=1.5)


@pytest.mark.parametrize("wrong", [0, -1, True, float("nan"), "60", None])
@pytest.mark.parametrize("field", ["lease", "retention"])
def test_a_store_refuses_times_that_are_not_above_zero(field: str, wrong: Any) -> None:
    with pytest.raises(InvalidInputError, match=field):
        MemoryStore(**{field: wrong})
    with pytest.raises(InvalidInputError, match=field):
        SQLiteStore("x.db", **{field: wrong})


# In memory.


def test_memory_is_bounded_by_retention_and_by_limit(clock: Clock) -> None:
    async def main() -> None:
        store = MemoryStore(lease=LEASE, retention=RETENTION, limit=10, clock=clock)
        for number in range(50):
            await store.complete(await store.claim(f"k{number}"))
        assert (await store.claim("k39")).is_granted
        assert (await store.claim("k40")).state is ClaimState.COMPLETED
        assert len(store._completed) == 10
        clock.now += RETENTION + LEASE
        await store.claim("k50")
        assert not store._completed
        assert len(store._claimed) == 1

    anyio.run(main)


def test_a_claim_that_nobody_ends_is_forgotten_long_after_its_lease(clock: Clock) -> None:
    async def main() -> None:
        store = MemoryStore(lease=LEASE, retention=RETENTION, clock=clock)
        abandoned = await store.claim("abandoned")
        clock.now += LEASE + RETENTION - 1
        await store.claim("other")
        assert await store.complete(abandoned)
        abandoned = await store.claim("again")
        clock.now += LEASE + RETENTION
        await store.claim("third")
        assert set(store._claimed) == {"third"}
        assert not await store.complete(abandoned)

    anyio.run(main)


# In SQLite.


def test_sqlite_remembers_past_closing_and_between_stores(tmp_path: Path) -> None:
    async def main() -> None:
        async with SQLiteStore(str(tmp_path / "a.db")) as first, SQLiteStore(tmp_path / "a.db") as second:
            claim = await first.claim("k")
            assert (await second.claim("k")).state is ClaimState.IN_PROGRESS
            await first.aclose()
            await first.aclose()
            assert await second.complete(claim)
        async with SQLiteStore(tmp_path / "a.db") as third:
            assert (await third.claim("k")).state is ClaimState.COMPLETED

    anyio.run(main)


def test_sqlite_may_be_used_from_one_event_loop_after_another(tmp_path: Path) -> None:
    store = SQLiteStore(tmp_path / "a.db")

    async def claim() -> ClaimState:
        return (await store.claim("k")).state

    assert anyio.run(claim, backend="asyncio") is ClaimState.GRANTED
    assert anyio.run(claim, backend="trio") is ClaimState.IN_PROGRESS
    assert anyio.run(claim, backend="asyncio") is ClaimState.IN_PROGRESS
    anyio.run(store.aclose)


def test_sqlite_forgets_what_is_older_than_the_retention_a_few_rows_at_a_time(tmp_path: Path, clock: Clock) -> None:
    async def main() -> int:
        async with SQLiteStore(tmp_path / "a.db", lease=LEASE, retention=RETENTION, clock=clock) as store:
            for number in range(300):
                await store.complete(await store.claim(f"old{number}"))
            clock.now += RETENTION
            for number in range(2 * file_access._FORGET_EVERY):
                await store.claim(f"new{number}")
        with sqlite3.connect(tmp_path / "a.db") as connection:
            rows: int = connection.execute("SELECT count(*) FROM connectly_events WHERE key LIKE 'old%'").fetchone()[0]
        connection.close()
        return rows

    assert anyio.run(main) == 300 - 2 * 128


@pytest.mark.slow
def test_sqlite_stays_bounded_however_often_processes_start_anew(tmp_path: Path, clock: Clock) -> None:
    async def main() -> int:
        for _ in range(40):
            async with SQLiteStore(tmp_path / "a.db", lease=LEASE, retention=RETENTION, clock=clock) as store:
                for _ in range(60):
                    await store.complete(await store.claim(uuid4().hex))
                abandoned = await store.claim(uuid4().hex)
                assert abandoned.is_granted
            clock.now += 2 * RETENTION
        return _rows(tmp_path / "a.db")

    assert anyio.run(main) <= 2 * 128


def _rows(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        ((rows,),) = connection.execute("SELECT count(*) FROM connectly_events")
    return int(rows)


def test_a_clock_that_is_set_back_holds_a_claim_for_no_longer_than_its_lease(tmp_path: Path, clock: Clock) -> None:
    async def main() -> list[str]:
        said = []
        async with SQLiteStore(tmp_path / "a.db", lease=LEASE, retention=RETENTION, clock=clock) as store:
            dead, done = await store.claim("dead"), await store.claim("done")
            await store.complete(done)
            clock.now -= LEASE
            said.append((await store.claim("dead")).state.name)
            clock.now -= 1
            said.append((await store.claim("dead")).state.name)
            # What was handled stays handled, and who was late for the claim has lost it.
            said.append((await store.claim("done")).state.name)
            said.append(str(await store.complete(dead)))
        return said

    assert anyio.run(main) == ["IN_PROGRESS", "GRANTED", "COMPLETED", "False"]


def test_a_claim_with_a_longer_lease_than_ones_own_is_left_alone(tmp_path: Path, clock: Clock) -> None:
    async def main() -> ClaimState:
        patient = SQLiteStore(tmp_path / "a.db", lease=100 * LEASE, clock=clock)
        hasty = SQLiteStore(tmp_path / "a.db", lease=1, clock=clock)
        await patient.claim("k")
        state = (await hasty.claim("k")).state
        await _close(patient, hasty)
        return state

    assert anyio.run(main) is ClaimState.IN_PROGRESS


# What is wrong with a file is known when it is opened.


def _sql(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


FIRST = "CREATE TABLE connectly_events (key TEXT PRIMARY KEY, token TEXT, expires REAL NOT NULL) WITHOUT ROWID"
SECOND = "CREATE TABLE connectly_events (key TEXT PRIMARY KEY, token TEXT, expires REAL NOT NULL, since REAL DEFAULT 0)"
VERSION = "CREATE TABLE connectly_events_schema (version)"


def _make_garbage(path: Path) -> None:
    path.write_text("not a database, and longer than the header of one, which has a hundred bytes" * 9)


def _make_damaged(path: Path) -> None:
    _sql(path, FIRST, "INSERT INTO connectly_events VALUES ('k', 't', 1)")
    content = bytearray(path.read_bytes())
    content[100:4096] = b"\xff" * 3996
    path.write_bytes(bytes(content))


UNUSABLE: list[tuple[Callable[[Path], object], str]] = [
    (_make_garbage, "it is not a SQLite database"),
    (_make_damaged, "it is damaged"),
    (Path.mkdir, "it is a folder"),
    (
        lambda path: _sql(path, "CREATE VIEW connectly_events AS SELECT 1 AS key"),
        "it has a view named connectly_events",
    ),
    (lambda path: _sql(path, "CREATE VIEW Connectly_Events AS SELECT 1"), "it has a view named connectly_events"),
    (
        lambda path: _sql(path, "CREATE TABLE x (a)", "CREATE INDEX connectly_events_schema ON x (a)"),
        "it has an index named connectly_events_schema",
    ),
    (
        lambda path: _sql(path, "CREATE TABLE connectly_events (key TEXT PRIMARY KEY)"),
        "does not have the store's columns, but these: key$",
    ),
    (
        lambda path: _sql(path, "CREATE TABLE connectly_events (id, seen)"),
        "does not have the store's columns, but these: id, seen$",
    ),
    (lambda path: _sql(path, SECOND.replace(" PRIMARY KEY", "")), "SQLite says: ON CONFLICT"),
    (lambda path: _sql(path, SECOND, VERSION, "INSERT INTO connectly_events_schema VALUES (3)"), "a later version of"),
    (lambda path: _sql(path, SECOND, VERSION), "contains no version"),
    (
        lambda path: _sql(path, SECOND, VERSION, "INSERT INTO connectly_events_schema VALUES ('x')"),
        "contains no version",
    ),
    (lambda path: _sql(path, SECOND, VERSION.replace("version)", "other)")), "contains no version"),
    (lambda path: _sql(path, "CREATE TABLE connectly_events_expires (a)"), "SQLite says: there is already a table"),
    (
        lambda path: _sql(
            path, SECOND, "CREATE TRIGGER t BEFORE INSERT ON connectly_events BEGIN SELECT RAISE(ABORT, 'no'); END"
        ),
        "SQLite says: no",
    ),
    (lambda path: _sql(path, SECOND.replace("token TEXT", "token TEXT NOT NULL")), "SQLite says: NOT NULL"),
    (lambda path: _sql(path, SECOND.replace("TEXT PRIMARY", "TEXT CHECK (length(key) < 40) PRIMARY")), "says: CHECK"),
    (lambda path: _sql(path, SECOND.replace("expires REAL", "expires INTEGER") + " STRICT"), "cannot store REAL"),
    (lambda path: _sql(path, SECOND.replace("DEFAULT 0)", "DEFAULT 0, mine NOT NULL)")), "SQLite says: NOT NULL"),
    *(
        (lambda path, moment=moment: _sql(path, SECOND, f"CREATE TRIGGER t {moment} END"), said)
        for moment, said in (
            ("BEFORE INSERT ON connectly_events BEGIN SELECT RAISE(IGNORE);", "does not store what is written"),
            ("BEFORE UPDATE ON connectly_events BEGIN SELECT RAISE(IGNORE);", "does not store what is written"),
            ("BEFORE DELETE ON connectly_events BEGIN SELECT RAISE(IGNORE);", "does not store what is written"),
            (
                "AFTER INSERT ON connectly_events BEGIN UPDATE connectly_events SET expires = 1;",
                "does not store what is written",
            ),
        )
    ),
]


@pytest.mark.parametrize(("make_file", "reason"), UNUSABLE)
def test_a_file_that_cannot_be_used_is_refused_when_it_is_opened(
    make_file: Callable[[Path], object], reason: str, run: Run, tmp_path: Path
) -> None:
    path = tmp_path / "events.db"
    make_file(path)

    async def main() -> None:
        store = SQLiteStore(path)
        with pytest.raises(WebhookStoreError, match=reason) as caught:
            await store.check()
        assert str(caught.value).startswith(f"webhook store {str(path)!r}: ")
        with pytest.raises(WebhookStoreError, match=reason):
            await store.claim("k")
        await store.aclose()

    run(main)


def test_a_file_that_cannot_be_written_is_refused_when_it_is_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect = sqlite3.connect

    def read_only(path: Path, **options: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = connect(path, **options)
        connection.execute("PRAGMA query_only = ON")
        return connection

    async def main() -> None:
        async with SQLiteStore(tmp_path / "a.db") as store:
            await store.check()
        monkeypatch.setattr(sqlite3, "connect", read_only)
        with pytest.raises(WebhookStoreError, match="it cannot be written"):
            await SQLiteStore(tmp_path / "a.db").check()

    anyio.run(main)


def test_a_folder_that_is_missing_is_named_and_the_store_works_once_it_is_there(tmp_path: Path) -> None:
    async def main() -> None:
        store = SQLiteStore(tmp_path / "missing" / "a.db")
        with pytest.raises(WebhookStoreError, match="its folder does not exist"):
            await store.check()
        (tmp_path / "missing").mkdir()
        await store.check()
        assert (await store.claim("k")).is_granted
        await store.aclose()

    anyio.run(main)


def test_a_file_that_cannot_be_opened_for_another_reason_is_refused_too(tmp_path: Path) -> None:
    (tmp_path / "a.db-wal").mkdir()
    (tmp_path / "b.db").symlink_to(tmp_path / "b.db")

    async def main() -> None:
        with pytest.raises(WebhookStoreError, match="it cannot be opened"):
            await SQLiteStore(tmp_path / "b.db").check()

    anyio.run(main)


@pytest.mark.parametrize("newer", [False, True])
def test_a_file_of_the_first_version_is_brought_up_to_date_and_keeps_what_it_knows(
    tmp_path: Path, clock: Clock, newer: bool
) -> None:
    path = tmp_path / "a.db"
    later = clock.now + 10
    statements = [FIRST, "CREATE TABLE mine (a)", "INSERT INTO mine VALUES (1)", "PRAGMA user_version = 7"]
    if newer:
        statements += [VERSION, "INSERT INTO connectly_events_schema VALUES (1)"]
    rows = f"INSERT INTO connectly_events VALUES ('done', NULL, {later}), ('held', 't', {later}), ('old', 't', 1)"  # noqa: S608  (of these tests)
    _sql(path, *statements, rows)

    async def main() -> list[str]:
        async with SQLiteStore(path, clock=clock) as store, SQLiteStore(path, clock=clock) as other:
            await store.check()
            await other.check()
            said = [(await store.claim(key)).state.name for key in ("done", "held", "old", "new")]
            said.append(str(await other.complete(Claim("held", ClaimState.GRANTED, "t"))))
        return said

    assert anyio.run(main) == ["COMPLETED", "IN_PROGRESS", "GRANTED", "GRANTED", "True"]
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT version FROM connectly_events_schema").fetchall() == [(2,)]
        assert connection.execute("SELECT a FROM mine").fetchall() == [(1,)]
        assert connection.execute("PRAGMA user_version").fetchone() == (7,)


def test_a_table_of_the_first_version_may_write_its_columns_in_any_case(tmp_path: Path) -> None:
    _sql(tmp_path / "a.db", "CREATE TABLE CONNECTLY_EVENTS (KEY TEXT PRIMARY KEY, TOKEN TEXT, EXPIRES REAL NOT NULL)")

    async def main() -> None:
        async with SQLiteStore(tmp_path / "a.db") as store:
            assert await store.complete(await store.claim("k"))

    anyio.run(main)


def test_a_trial_leaves_nothing_behind(tmp_path: Path) -> None:
    EventFile(str(tmp_path / "a.db"), time.monotonic() + 5).close()
    assert _rows(tmp_path / "a.db") == 0


def test_a_table_without_its_version_is_taken_for_what_its_columns_say(tmp_path: Path) -> None:
    _sql(tmp_path / "a.db", SECOND)

    async def main() -> None:
        async with SQLiteStore(tmp_path / "a.db") as store:
            await store.check()
            assert (await store.claim("k")).is_granted

    anyio.run(main)


def test_a_file_that_is_busy_or_was_broken_for_a_while_is_no_reason_not_to_start(tmp_path: Path) -> None:
    async def main() -> None:
        store = SQLiteStore(tmp_path / "a.db", busy_timeout=0.01)
        with closing(sqlite3.connect(tmp_path / "a.db", isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            await store.check()
        await store.check()
        # Somebody takes the table away while the file is open: the next use makes it anew.
        _sql(tmp_path / "a.db", "DROP TABLE connectly_events")
        with pytest.raises(sqlite3.OperationalError, match="no such table"):
            await store.claim("k")
        assert (await store.claim("k")).is_granted
        await store.aclose()

    anyio.run(main)


# A disk that is full.


async def _fill(store: SQLiteStore, handled: list[str]) -> None:
    while True:
        claim = await store.claim(uuid4().hex)
        await store.complete(claim)
        handled.append(claim.key)


@pytest.mark.slow
def test_a_store_whose_disk_was_full_works_again_when_its_rows_have_run_out(tmp_path: Path, clock: Clock) -> None:
    async def main() -> None:
        async with SQLiteStore(tmp_path / "a.db", lease=LEASE, retention=RETENTION, clock=clock) as store:
            await store.check()
            file = store._get_opened().connection
            assert file is not None
            file.execute("PRAGMA max_page_count = 24")
            for _ in range(3):
                handled: list[str] = []
                with pytest.raises(sqlite3.OperationalError, match="full"):
                    await _fill(store, handled)
                # Nothing has run out, so there is no room; and nothing that was handled is forgotten.
                assert len(handled) > 100
                assert (await store.claim(handled[0])).state is ClaimState.COMPLETED
                assert _rows(tmp_path / "a.db") >= len(handled)
                clock.now += 2 * RETENTION
                assert (tmp_path / "a.db-reserve").stat().st_size == 256 * 1024

    anyio.run(main)


def test_the_log_stays_small(tmp_path: Path) -> None:
    async def main() -> int:
        async with SQLiteStore(tmp_path / "a.db") as store:
            for _ in range(200):
                await store.complete(await store.claim(uuid4().hex))
            return (tmp_path / "a.db-wal").stat().st_size

    assert anyio.run(main) <= 512 * 1024


def test_work_is_tried_again_once_the_log_has_given_its_room_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusals = _refuse(monkeypatch, "UPDATE connectly_events", sqlite3.SQLITE_FULL)

    async def main() -> None:
        async with SQLiteStore(tmp_path / "a.db") as store:
            claim = await store.claim("k")
            refusals[0] = 1
            assert await store.complete(claim)
            claim = await store.claim("other")
            refusals[0] = 2
            with pytest.raises(sqlite3.OperationalError, match="refused"):
                await store.complete(claim)

    anyio.run(main)
    assert (tmp_path / "a.db-reserve").stat().st_size == 256 * 1024


@pytest.mark.parametrize("code", [sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR | (19 << 8)])
def test_a_full_disk_is_no_reason_not_to_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    refusals = _refuse(monkeypatch, "PRAGMA journal_mode = WAL", code)
    reserve = tmp_path / "a.db-reserve"

    async def main() -> None:
        store = SQLiteStore(tmp_path / "a.db")
        # Without a reserve it is tried once; the first time that the file is opened, there is none.
        refusals[0] = 1
        await store.check()
        assert not reserve.exists()
        await store.check()
        assert reserve.exists()
        await store.aclose()
        # With one, it is spent, and opening is tried again.
        refusals[0] = 1
        assert (await store.claim("k")).is_granted
        assert reserve.exists()
        await store.aclose()
        refusals[0] = 2
        await store.check()
        assert (refusals, reserve.exists()) == ([0], True)
        assert (await store.claim("k")).state is ClaimState.IN_PROGRESS
        await store.aclose()

    anyio.run(main)


def _refuse(monkeypatch: pytest.MonkeyPatch, refused: str, code: int) -> list[int]:
    """Let a statement fail as often as the number that is returned says."""
    execute, refusals = EventFile.execute, [0]

    def refuse(file: EventFile, statement: str, *values: Any, **named: Any) -> sqlite3.Cursor:
        if statement.strip().startswith(refused) and refusals[0]:
            refusals[0] -= 1
            error = sqlite3.OperationalError("refused")
            error.sqlite_errorcode = code
            raise error
        return execute(file, statement, *values, **named)

    monkeypatch.setattr(EventFile, "execute", refuse)
    return refusals


def test_the_reserve_is_spent_while_room_is_made_and_as_much_as_fits_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = EventFile(str(tmp_path / "a.db"), time.monotonic() + 5)
    reserve = tmp_path / "a.db-reserve"
    assert reserve.stat().st_size == 256 * 1024
    write = Path.write_bytes

    def scarce(path: Path, content: bytes) -> int:
        if len(content) > 64 * 1024:
            write(path, content[:100])
            raise OSError(errno.ENOSPC, "no room")
        return write(path, content)

    monkeypatch.setattr(Path, "write_bytes", scarce)
    with file.make_room():
        assert not reserve.exists()
    assert reserve.stat().st_size == 64 * 1024
    monkeypatch.setattr(Path, "unlink", lambda *_arguments, **_options: scarce(reserve, b"x" * 100_000))
    with file.make_room():
        pass
    file.close()


def test_many_calls_on_a_busy_file_give_up_together(tmp_path: Path) -> None:
    async def main() -> list[float]:
        store = SQLiteStore(tmp_path / "a.db", busy_timeout=0.2)
        await store.check()
        waits: list[float] = []
        patience = EventFile.execute

        def note(file: EventFile, statement: str, *values: Any, **named: Any) -> sqlite3.Cursor:
            waits.append(file.deadline - time.monotonic())
            return patience(file, statement, *values, **named)

        with closing(sqlite3.connect(tmp_path / "a.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")

            async def claim() -> None:
                with pytest.raises(sqlite3.OperationalError, match="locked"):
                    await store.claim("k")

            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(EventFile, "execute", note)
                async with anyio.create_task_group() as tasks:
                    for _ in range(20):
                        tasks.start_soon(claim)
        await store.aclose()
        return waits

    waits = anyio.run(main)
    # The first waits for the file; when it gives up, the time of those behind it is over, too.
    assert len(waits) == 20
    assert waits[0] > 0.1
    assert sum(max(0.0, wait) for wait in waits) < 2 * 0.2


def test_sqlite_waits_for_a_busy_file_and_gives_up_in_the_end(tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "a.db", isolation_level=None, check_same_thread=False)

    async def main() -> None:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            await SQLiteStore(tmp_path / "a.db", busy_timeout=0.05).claim("k")
        timer = threading.Timer(0.1, other.rollback)
        timer.start()
        async with SQLiteStore(tmp_path / "a.db") as store:
            assert (await store.claim("k")).is_granted
        timer.join()

    anyio.run(main)
    other.close()


def test_sqlite_tries_again_to_switch_its_journal_until_the_deadline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    execute, refusals = EventFile.execute, [3]

    def stubborn(file: EventFile, statement: str, *values: Any, **named: Any) -> sqlite3.Cursor:
        if statement == "PRAGMA journal_mode = WAL" and refusals[0]:
            refusals[0] -= 1
            error = sqlite3.OperationalError("database is locked")
            error.sqlite_errorcode = sqlite3.SQLITE_BUSY
            raise error
        return execute(file, statement, *values, **named)

    monkeypatch.setattr(EventFile, "execute", stubborn)
    EventFile(str(tmp_path / "a.db"), time.monotonic() + 5).close()
    assert refusals == [0]
    refusals[0] = 3
    with pytest.raises(sqlite3.OperationalError):
        EventFile(str(tmp_path / "a.db"), 0.0)
    assert refusals == [2]


def test_what_breaks_the_opening_of_a_file_closes_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(EventFile, "_set_up", lambda _file: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        EventFile(str(tmp_path / "a.db"), 0.0)
