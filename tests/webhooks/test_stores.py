"""What every store promises, on both event loops, with a clock that the tests turn."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectly_api import InvalidInputError
from connectly_api.webhooks import Claim, ClaimState, MemoryStore, SQLiteStore, Store, sqlite

LEASE, RETENTION = 60.0, 3600.0


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


Make = Callable[[], Store]
Run = Callable[[Callable[[], Awaitable[Any]]], Any]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["memory", "sqlite"])
def make(request: pytest.FixtureRequest, clock: Clock, tmp_path: Path) -> Make:
    """Return a maker of stores that share what they remember, as far as their kind does."""
    if request.param == "sqlite":
        return lambda: SQLiteStore(tmp_path / "events.db", lease=LEASE, retention=RETENTION, clock=clock)
    memory = MemoryStore(lease=LEASE, retention=RETENTION, clock=clock)
    return lambda: memory


@pytest.fixture(params=["asyncio", "trio"])
def run(request: pytest.FixtureRequest) -> Run:
    return lambda main: anyio.run(main, backend=request.param)


async def _close(*stores: Store) -> None:
    for store in stores:
        if isinstance(store, SQLiteStore):
            await store.aclose()


def _states(make: Make, clock: Clock, run: Run, script: str) -> list[object]:
    """Play a script: c(laim), d(one), r(elease) with the last claim; D, R with the first; numbers pass as seconds."""

    async def main() -> list[object]:
        store, claims = make(), [Claim("k", ClaimState.GRANTED, "nobody's")]
        said: list[object] = []
        for step in script.split():
            if step == "c":
                claim = await store.claim("k")
                said.append(claim.state.name)
                claims += [claim] * claim.granted
            elif step in {"d", "D"}:
                said.append(await store.complete(claims[1 if step == "D" else -1]))
            elif step in {"r", "R"}:
                said.append(await store.release(claims[1 if step == "R" else -1]))
            else:
                clock.now += float(step)
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
        # A lease runs out at its end, not before.
        ("c 59.9 c", ["GRANTED", "IN_PROGRESS"]),
        ("c 60 c", ["GRANTED", "GRANTED"]),
        # The one who lost the key can neither complete nor release it; the one who has it can.
        ("c 60 c D R d c", ["GRANTED", "GRANTED", False, False, True, "COMPLETED"]),
        ("c 60 c D r c", ["GRANTED", "GRANTED", False, True, "GRANTED"]),
        # A lease that ran out while nobody came changes nothing.
        ("c 600 d c", ["GRANTED", True, "COMPLETED"]),
        ("c 600 r c", ["GRANTED", True, "GRANTED"]),
        # A handled event is forgotten after the retention, counted from its completion.
        ("c 30 d 3599.9 c", ["GRANTED", True, "COMPLETED"]),
        ("c 30 d 3600 c", ["GRANTED", True, "GRANTED"]),
    ],
)
def test_a_key_is_free_claimed_or_completed(
    make: Make, clock: Clock, run: Run, script: str, said: list[object]
) -> None:
    assert _states(make, clock, run, script) == said


def test_one_of_many_at_the_same_instant_gets_the_key(make: Make, run: Run) -> None:
    async def main() -> list[Claim]:
        stores, claims = [make() for _ in range(4)], []

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


def test_keys_do_not_touch_each_other_and_a_claim_shows_no_token(make: Make, run: Run) -> None:
    async def main() -> tuple[Claim, Claim]:
        store = make()
        one, two = await store.claim("one"), await store.claim("two")
        assert await store.complete(two)
        assert (await store.claim("one")).state is ClaimState.IN_PROGRESS
        await _close(store)
        return one, two

    one, two = run(main)
    assert one.granted
    assert two.granted
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
                granted[key] += [claim] * claim.granted
                assert not (claim.granted and key in completed)
            elif granted[key]:
                claim = granted[key][seconds % len(granted[key])]
                if step == "r":
                    await store.release(claim)
                elif await store.complete(claim):
                    completed.append(key)
        assert len(completed) == len(set(completed))

    anyio.run(main)


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
        assert (await store.claim("k39")).granted
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
            clock.now += 2 * RETENTION
            for number in range(2 * sqlite._FORGET_EVERY):
                await store.claim(f"new{number}")
        with sqlite3.connect(tmp_path / "a.db") as connection:
            rows: int = connection.execute("SELECT count(*) FROM connectly_events WHERE key LIKE 'old%'").fetchone()[0]
        connection.close()
        return rows

    assert anyio.run(main) == 300 - 2 * 128


def test_sqlite_raises_what_sqlite_raises_and_recovers(tmp_path: Path) -> None:
    async def main() -> None:
        store = SQLiteStore(tmp_path / "missing" / "a.db")
        with pytest.raises(sqlite3.OperationalError, match="unable to open"):
            await store.claim("k")
        (tmp_path / "missing").mkdir()
        assert (await store.claim("k")).granted
        await store.aclose()

    anyio.run(main)


def test_sqlite_refuses_a_file_that_is_no_database_and_closes_it(tmp_path: Path) -> None:
    (tmp_path / "a.db").write_text("not a database, and longer than the header of one, which has a hundred bytes" * 9)

    async def main() -> None:
        with pytest.raises(sqlite3.DatabaseError, match="not a database"):
            await SQLiteStore(tmp_path / "a.db").claim("k")

    anyio.run(main)


def test_sqlite_waits_for_a_busy_file_and_gives_up_in_the_end(tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "a.db", isolation_level=None, check_same_thread=False)

    async def main() -> None:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            await SQLiteStore(tmp_path / "a.db", busy_timeout=0.05).claim("k")
        timer = threading.Timer(0.1, other.rollback)
        timer.start()
        async with SQLiteStore(tmp_path / "a.db") as store:
            assert (await store.claim("k")).granted
        timer.join()

    anyio.run(main)
    other.close()


def test_a_claim_released_between_the_two_questions_counts_as_in_progress(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> ClaimState:
        async with SQLiteStore(tmp_path / "a.db") as store:
            claim = await store.claim("k")
            looking = f"{sqlite._LOOK} AND 1 = 0"
            monkeypatch.setattr(sqlite, "_LOOK", looking)
            assert claim.granted
            return (await store.claim("k")).state

    assert anyio.run(main) is ClaimState.IN_PROGRESS


class Stubborn:
    """A connection that cannot switch its journal at once, though nothing keeps it busy."""

    def __init__(self, refusals: int) -> None:
        self.refusals = refusals

    def execute(self, statement: str) -> None:
        assert statement == "PRAGMA journal_mode = WAL"
        self.refusals -= 1
        if self.refusals >= 0:
            raise sqlite3.OperationalError("database is locked")


def test_sqlite_tries_again_to_switch_its_journal_until_the_deadline() -> None:
    patient: Any = Stubborn(3)
    sqlite._switch_to_wal(patient, float("inf"))
    assert patient.refusals == -1
    late: Any = Stubborn(3)
    with pytest.raises(sqlite3.OperationalError):
        sqlite._switch_to_wal(late, 0.0)
    assert late.refusals == 2
