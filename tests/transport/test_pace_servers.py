"""Paces in real servers: the arithmetic, what arrives in the busiest second, crashes, and what is kept."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import anyio
import attrs
import psycopg
import pytest
import redis
from hypothesis import given
from hypothesis import strategies as st

import connectly_api.sync
from connectly_api import Connectly, Pace, PostgresPace, Rate, RedisPace, Response, Text
from connectly_api.campaigns import pace_booking
from connectly_api.campaigns.pace_booking import PaceState
from connectly_api.transport import MockTransport, WireRequest, postgres_pace, redis_pace
from connectly_api.transport.shared_pace import SharedPace, SharedTokens
from tests.database_servers import DatabaseServer
from tests.thoroughness import up_to

pytestmark = [pytest.mark.slow, pytest.mark.once]

Kind = Callable[[str], SharedPace]
NAMES = ["redis", "postgres"]
FAST = Pace(endpoint=Rate(180.0, 6), number=None, customer=None)


@pytest.fixture(params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


@pytest.fixture
def url(name: str, request: pytest.FixtureRequest) -> str:
    found: str = request.getfixturevalue(f"{name}_url")
    return found


@pytest.fixture
def own_server(name: str, request: pytest.FixtureRequest) -> DatabaseServer:
    found: DatabaseServer = request.getfixturevalue(f"own_{name}")
    return found


def open_pace(name: str, url: str, pace: Pace | None = None) -> SharedPace:
    return RedisPace(url, pace) if name == "redis" else PostgresPace(url, pace)


def list_keys(name: str, url: str) -> list[str]:
    if name == "redis":
        with redis.Redis.from_url(url, decode_responses=True) as client:
            return sorted(key.removeprefix("connectly:pace:") for key in client.scan_iter())
    with psycopg.connect(url) as connection:
        return [key for (key,) in connection.execute('SELECT key FROM connectly_pace ORDER BY key COLLATE "C"')]


def count_worst_second(arrivals: list[float]) -> int:
    return max(sum(start <= arrival <= start + 1 for arrival in arrivals) for start in arrivals)


class Service:
    """Counts what arrives."""

    def __init__(self) -> None:
        self.is_busy = anyio.Event()
        self.arrivals: list[float] = []
        self.texts: list[str] = []

    def __call__(self, request: WireRequest) -> Response:
        self.arrivals.append(time.monotonic())
        if len(self.arrivals) == 100:
            self.is_busy.set()
        self.texts.append(json.loads(request.content or b"{}")["message"]["text"])
        return Response(200, (), b'{"id":"1"}')


async def send_share(pace: SharedPace, service: Service, texts: range, workers: int = 20) -> None:
    waiting = iter(texts)
    client = Connectly(api_key="k", business_id="b", transport=MockTransport(service), pace=pace)

    async def work() -> None:
        for text in waiting:
            await client.send("+16044441111", Text(str(text)))

    async with client, anyio.create_task_group() as tasks:
        for _ in range(workers):
            tasks.start_soon(work)


def test_four_clients_together_keep_to_the_rate(name: str, url: str) -> None:
    service = Service()

    async def main() -> None:
        async with anyio.create_task_group() as tasks:
            for client in range(4):
                texts = range(75 * client, 75 * (client + 1))
                tasks.start_soon(send_share, open_pace(name, url, FAST), service, texts)

    anyio.run(main, backend="trio" if name == "redis" else "asyncio")
    assert sorted(map(int, service.texts)) == list(range(300))
    assert count_worst_second(service.arrivals) <= 200


async def test_nothing_floods_and_nothing_is_lost_when_the_server_crashes(
    name: str, own_server: DatabaseServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    service, is_away = Service(), anyio.Event()
    monkeypatch.setattr(SharedTokens, "_report_outage", lambda *_: is_away.set())
    async with anyio.create_task_group() as tasks:
        for client in range(4):
            texts = range(75 * client, 75 * (client + 1))
            tasks.start_soon(send_share, open_pace(name, own_server.url, FAST), service, texts)
        await service.is_busy.wait()
        own_server.kill()
        await is_away.wait()
        sent = len(service.arrivals)
        await anyio.to_thread.run_sync(own_server.start)
    assert sent < 300
    assert sorted(map(int, service.texts)) == list(range(300))
    assert count_worst_second(service.arrivals) <= 200


async def test_429_slows_every_client(name: str, url: str) -> None:
    mock = MockTransport(lambda _: Response(429, (("Retry-After", "30"),)))
    with closing(open_pace(name, url)) as other:
        assert other.pace.endpoint is not None
        async with Connectly(api_key="k", business_id="b", transport=mock, pace=open_pace(name, url)) as connectly:
            with pytest.raises(connectly_api.RateLimitError):
                await connectly.send_text("+16044441111", "hello")
        granted, wait = other.book("b/send_message", other.pace.endpoint, 5)
        assert granted == 0
        assert 1 < wait < 31
        assert other.book("c/send_message", other.pace.endpoint, 1)[0] == 1


async def test_keys_are_those_of_campaigns_and_hold_no_customer(name: str, url: str) -> None:
    mock = MockTransport(Service())
    pace = open_pace(name, url)
    async with Connectly(api_key="k", business_id="b", sender="+14151111234", transport=mock, pace=pace) as connectly:
        for _ in range(2):
            await connectly.send_text("+16044441111", "hello")
    number, customer, endpoint = list_keys(name, url)
    assert (number, endpoint) == ("b/+14151111234", "b/send_message")
    assert customer.startswith("b/customer/")
    assert "1604" not in customer


def test_code_without_async_shares_the_pace(name: str, url: str) -> None:
    service = Service()
    settings = {"api_key": "k", "business_id": "b", "transport": MockTransport(service), "pace": open_pace(name, url)}
    with connectly_api.sync.Connectly(**settings) as connectly:  # type: ignore[arg-type]
        connectly.send_text("+16044441111", "hello")
    assert len(list_keys(name, url)) == 3


def test_keys_of_redis_expire(redis_url: str) -> None:
    pace = RedisPace(redis_url)
    pace.book("b/customer/1", Rate(1 / 6, 45), 1)
    pace.book("b/send_message", Rate(180, 6), 1)
    with redis.Redis.from_url(redis_url) as client:
        assert 1 <= client.ttl("connectly:pace:b/customer/1") <= 8
        assert client.ttl("connectly:pace:b/send_message") > 1000
    pace.close()


def test_client_of_the_users_own_is_used_and_left_open(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url, decode_responses=True) as client:
        pace = RedisPace(client)
        assert pace.book("b/customer/1", Rate(1 / 6, 45), 3) == (3, 12.0)
        pace.close()
        assert client.ping()


@pytest.fixture
def cluster() -> Iterator[DatabaseServer]:
    server = DatabaseServer("redis", "--cluster-enabled", "yes", is_durable=False)
    try:
        server.start()
        yield server
    finally:
        server.remove()


def test_cluster_of_redis_keeps_a_pace(cluster: DatabaseServer, redis_url: str) -> None:
    assert redis_url  # Skipped where there is no Redis.
    with redis.Redis.from_url(cluster.url) as node:
        node.execute_command("CLUSTER", "ADDSLOTSRANGE", "0", "16383")
        while b"cluster_state:ok" not in node.execute_command("CLUSTER", "INFO"):
            time.sleep(0.01)
    with closing(redis.RedisCluster.from_url(cluster.url)) as client:
        pace = RedisPace(client)
        for number in range(20):
            assert pace.book(f"b/customer/{number}", Rate(1.0, 1), 2)[0] == 1
            assert pace.book(f"b/customer/{number}", Rate(1.0, 1), 2)[0] == 0


def test_table_of_postgresql_forgets_customers(postgres_url: str) -> None:
    with closing(PostgresPace(postgres_url)) as pace, psycopg.connect(postgres_url, autocommit=True) as connection:
        for key in ("b/customer/1", "b/customer/2", "b/send_message"):
            pace.book(key, Rate(1.0), 1)
        connection.execute("UPDATE connectly_pace SET even = even - 3600 WHERE key <> 'b/customer/2'")
        with closing(PostgresPace(postgres_url)) as other:
            other.book("b/send_message", Rate(1000.0), 1)
        rows = connection.execute("SELECT key FROM connectly_pace ORDER BY key").fetchall()
    assert rows == [("b/customer/2",), ("b/send_message",)]


def test_table_of_postgresql_is_created_by_many_at_once(postgres_url: str) -> None:
    paces = [PostgresPace(postgres_url) for _ in range(8)]
    with ThreadPoolExecutor(len(paces)) as threads:
        booked = list(threads.map(lambda pace: pace.book("b/1", Rate(1.0, 3), 1)[0], paces))
    assert sum(booked) == 3
    for pace in paces:
        pace.close()


def test_table_of_postgresql_that_is_locked_for_too_long_counts_as_away(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_pace, "_TIMEOUT", 0.2)
    with closing(PostgresPace(postgres_url)) as pace, psycopg.connect(postgres_url) as other:
        other.execute(postgres_pace.CREATE_TABLE)
        other.execute("LOCK TABLE connectly_pace")
        with pytest.raises(pace.errors):
            pace.book("b/1", Rate(1.0), 1)


def test_connection_that_was_ended_while_idle_is_replaced(postgres_url: str) -> None:
    with closing(PostgresPace(postgres_url)) as pace, psycopg.connect(postgres_url, autocommit=True) as other:
        assert pace.book("b/1", Rate(1.0, 2), 1)[0] == 1
        (idle,) = vars(pace)["_idle"]
        other.execute("SELECT pg_terminate_backend(%s, 10000)", [idle.info.backend_pid])
        assert pace.book("b/1", Rate(1.0, 2), 1)[0] == 1


def test_forked_child_connects_anew(postgres_url: str) -> None:
    with closing(PostgresPace(postgres_url)) as pace:
        pace.book("b/1", Rate(1.0), 1)
        (inherited,) = vars(pace)["_idle"]
        vars(pace)["_process"] = 1
        pace.book("b/1", Rate(1.0), 1)
        (own,) = vars(pace)["_idle"]
        assert own is not inherited
        assert not inherited.closed
        inherited.close()


@attrs.frozen
class Step:
    """Time passes, perhaps backwards; then messages are booked, or the rate is slowed down."""

    passed: int
    count: int
    pause: float | None


steps = st.lists(
    st.builds(
        Step,
        passed=st.one_of(st.integers(0, 50), st.integers(0, 40_000), st.integers(-10_000, 0)),
        count=st.integers(0, 6),
        pause=st.one_of(st.none(), st.none(), st.sampled_from([0.0, 1.5, 100.0])),
    ),
    min_size=1,
    max_size=12,
)


def check_like_pace_booking(
    rate: Rate, path: list[Step], run: Callable[[float, Rate, int, float | None], tuple[int, float]]
) -> None:
    """Compare a server's arithmetic with that of `pace_booking`; the millisecond is the unit of time."""
    state, now = PaceState(), 1_000_000.0
    for step in path:
        now += step.passed / 1000
        if step.pause is not None:
            state = pace_booking.slow_down(state, rate, now, step.pause)
            run(now, rate, 0, step.pause)
        state, granted, wait = pace_booking.book(state, rate, now, step.count)
        booked, waited = run(now, rate, step.count, None)
        assert booked == granted
        if step.count and not granted:
            assert waited == pytest.approx(wait, abs=1e-4)


rates = st.builds(Rate, st.sampled_from([0.5, 7.0, 190.0]), st.integers(1, 6))


def test_script_of_redis_counts_like_pace_booking(redis_url: str) -> None:
    script = redis_pace._SCRIPT.replace("redis.call('TIME')", "{ARGV[6], 0}")
    with redis.Redis.from_url(redis_url) as client:

        @up_to(200)
        @given(rate=rates, path=steps)
        def check(rate: Rate, path: list[Step]) -> None:
            client.delete("key")

            def run(now: float, rate: Rate, count: int, pause: float | None) -> tuple[int, float]:
                seconds = "" if pause is None else min(pause, 60)
                found: Any = client.eval(script, 1, "key", rate.per_second, rate.burst, count, 1, seconds, now)
                return found[0], float(found[1])

            check_like_pace_booking(rate, path, run)

        check()


def test_statements_of_postgresql_count_like_pace_booking(postgres_url: str) -> None:
    clock = b"extract(epoch FROM clock_timestamp())"
    book, slow_down = (
        statement.replace(clock, b"%(now)s") for statement in (postgres_pace._BOOK, postgres_pace._SLOW_DOWN)
    )
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(postgres_pace.CREATE_TABLE)

        @up_to(200)
        @given(rate=rates, path=steps)
        def check(rate: Rate, path: list[Step]) -> None:
            connection.execute("DELETE FROM connectly_pace")
            connection.execute(postgres_pace._INSERT, ["key"])

            def run(now: float, rate: Rate, count: int, pause: float | None) -> tuple[int, float]:
                values = {"key": "key", "now": now, "rate": rate.per_second, "burst": rate.burst}
                if pause is not None:
                    connection.execute(slow_down, {**values, "pause": min(pause, 60)})
                    return 0, 0.0
                row = connection.execute(book, {**values, "count": count}).fetchone()
                assert row is not None
                return row[0], row[1]

            check_like_pace_booking(rate, path, run)

        check()
