"""Stores in PostgreSQL and in Redis, on real servers that restart, refuse, and are given wrong keys."""

from __future__ import annotations

import asyncio
import importlib
import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import psycopg
import pytest
import redis

from connectly_api import InvalidInputError, sync
from connectly_api.webhooks import (
    Claim,
    ClaimState,
    Event,
    PostgresStore,
    RedisStore,
    WebhookApp,
    WebhookStoreError,
)
from connectly_api.webhooks.stores import postgres
from tests.database_servers import DatabaseServer
from tests.webhooks.documented_bodies import load_body, read

ServerStore = PostgresStore | RedisStore
PASSWORD = "canary-pa55"  # noqa: S105 (of these tests)
SLOW = pytest.mark.slow


@pytest.fixture(
    params=[
        pytest.param(("postgres_url", PostgresStore), marks=SLOW, id="postgres"),
        pytest.param(("redis_url", RedisStore), marks=SLOW, id="redis"),
    ]
)
def make(request: pytest.FixtureRequest) -> Callable[..., ServerStore]:
    fixture, kind = request.param
    return partial(kind, request.getfixturevalue(fixture))


@pytest.fixture(
    params=[
        pytest.param(("own_postgres", PostgresStore), marks=[SLOW, pytest.mark.once], id="postgres"),
        pytest.param(("own_redis", RedisStore), marks=[SLOW, pytest.mark.once], id="redis"),
    ]
)
def own(request: pytest.FixtureRequest) -> tuple[DatabaseServer, type[ServerStore]]:
    fixture, kind = request.param
    return request.getfixturevalue(fixture), kind


async def _catch(step: Callable[[], Any]) -> WebhookStoreError:
    with pytest.raises(WebhookStoreError) as caught:
        await step()
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    return caught.value


# Servers that go away.


def test_a_server_that_is_restarted_forgets_nothing_and_no_step_fails(
    own: tuple[DatabaseServer, type[ServerStore]],
) -> None:
    server, kind = own

    async def main() -> None:
        async with kind(server.url) as store:
            done, held = await store.claim("done"), await store.claim("held")
            assert await store.complete(done)
            server.kill()
            server.start()
            assert await store.complete(held)
            assert (await store.claim("done")).state is ClaimState.COMPLETED
            server.stop()
            server.start()
            assert (await store.claim("new")).is_granted

    anyio.run(main)


def test_a_server_that_is_away_fails_each_step_until_it_is_back(own: tuple[DatabaseServer, type[ServerStore]]) -> None:
    server, kind = own
    url = server.url.replace("postgres@", f"postgres:{PASSWORD}@").replace("redis://", f"redis://:{PASSWORD}@")

    async def main() -> None:
        store = kind(server.url)
        claim = await store.claim("k")
        server.kill()
        away = kind(url)
        for step in (partial(store.complete, claim), partial(away.claim, "k"), away.check):
            error = await _catch(step)
            assert error.retry_safe
            assert "127.0.0.1" in str(error)
            assert "no connection" in str(error)
            assert PASSWORD not in f"{error} {error!r} {away!r}"
        server.start()
        assert await store.complete(claim)
        await store.check()
        await store.aclose()
        await away.aclose()

    anyio.run(main)


def test_an_event_that_was_handled_while_the_server_was_away_is_completed_once_it_is_back(
    own: tuple[DatabaseServer, type[ServerStore]], monkeypatch: pytest.MonkeyPatch
) -> None:
    server, kind = own
    event = read(load_body("text"))
    explain, failures = kind._explain, list[Exception]()

    def start_later(store: Any, error: Exception) -> Any:
        failures.append(error)
        if len(failures) == 3:
            server.start()
        return explain(store, error)

    monkeypatch.setattr(kind, "_explain", start_later)

    async def main() -> None:
        async with kind(server.url) as store:
            app = WebhookApp("secret", store=store)

            @app.on_any
            async def handle(_event: Event) -> None:
                server.kill()

            assert await app.handle(event)
            assert len(failures) >= 3
            assert (await store.claim(event.key)).state is ClaimState.COMPLETED

    anyio.run(main)


# What is refused.


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        7,
        None,
        f"nonsense {PASSWORD}",
        f"postgresql://x:{PASSWORD}@h/?a=b",
        f"redis://:{PASSWORD}@h/?a=b",
        "http://x",
    ],
)
@pytest.mark.parametrize("kind", [PostgresStore, RedisStore])
def test_an_address_that_cannot_be_read_is_refused_and_not_shown(kind: Any, wrong: Any) -> None:
    if kind is PostgresStore and wrong == "":
        return  # libpq's defaults
    with pytest.raises(InvalidInputError, match=r"^url: ") as caught:
        kind(wrong)
    assert PASSWORD not in str(caught.value)
    assert caught.value.__context__ is None


@pytest.mark.parametrize("field", ["lease", "retention", "timeout"])
def test_a_store_on_a_server_refuses_times_that_are_not_above_zero(field: str) -> None:
    for build in (partial(PostgresStore, "postgresql://h/d"), partial(RedisStore, "redis://h")):
        with pytest.raises(InvalidInputError, match=rf"^{field}: "):
            build(**{field: 0})  # type: ignore[arg-type]
    with pytest.raises(InvalidInputError, match=r"^prefix: "):
        RedisStore("redis://h", prefix=None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("module", "library", "extra"), [("postgres", "psycopg", "fleet"), ("redis", "redis", "redis")]
)
def test_a_missing_library_is_named_with_its_extra(
    module: str, library: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"connectly_api.webhooks.stores.{module}"
    monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(ModuleNotFoundError, match=rf"needs {library}: pip install 'connectly-api\[{extra}\]'"):
        importlib.import_module(name)


def test_a_key_that_the_server_does_not_take_fails_alone(make: Callable[..., ServerStore]) -> None:
    async def main() -> None:
        async with make() as store:
            await store.check()
            keys = ["a", "lone \ud800", "b"]
            claims = await asyncio.gather(*map(store.claim, keys), return_exceptions=True)
            assert [isinstance(one, Claim) and one.is_granted for one in claims] == [True, False, True]
            assert (await store.claim("a")).state is ClaimState.IN_PROGRESS

    asyncio.run(main())


# Who shares one.


def test_an_infinite_retention_is_a_long_one(make: Callable[..., ServerStore]) -> None:
    async def main() -> None:
        async with make(retention=float("inf"), lease=1e12) as store:
            assert await store.complete(await store.claim("k"))
            assert (await store.claim("k")).state is ClaimState.COMPLETED

    anyio.run(main)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_a_forked_child_connects_by_itself(make: Callable[..., ServerStore]) -> None:
    store = make()

    async def claim(key: str) -> bool:
        return (await store.claim(key)).is_granted

    assert anyio.run(claim, "a")
    child = os.fork()
    if not child:
        status = 1
        try:
            status = 0 if anyio.run(claim, "b") and not anyio.run(claim, "a") else 1
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert not anyio.run(claim, "b")
    anyio.run(store.aclose)


def test_a_twin_shares_what_the_async_store_remembers(make: Callable[..., ServerStore]) -> None:
    store = make()
    (url,) = make.args  # type: ignore[attr-defined]
    with (sync.PostgresStore if isinstance(store, PostgresStore) else sync.RedisStore)(url, lease=5) as twin:
        twin.check()
        assert twin.lease == 5
        claim = twin.claim("k")
        assert twin.complete(claim)
        assert not twin.release(claim)

    async def main() -> ClaimState:
        async with store:
            return (await store.claim("k")).state

    assert anyio.run(main) is ClaimState.COMPLETED


# In PostgreSQL.


def test_the_documentation_has_the_sql_that_the_store_executes() -> None:
    page = Path(__file__).parent.parent.parent / "docs" / "webhooks.md"
    assert f"```sql\n{PostgresStore.SCHEMA}GRANT " in page.read_text("utf-8")


def _sql(url: str, *statements: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements[:-1]:
            connection.execute(statement.encode())
        cursor = connection.execute(statements[-1].encode())
        return cursor.fetchall() if cursor.description else []


@SLOW
def test_a_user_with_few_rights_uses_a_table_that_another_has_created(postgres_url: str) -> None:
    user = f"few_{os.getpid()}"
    few = postgres_url.replace("postgres@", f"{user}@")
    _sql(postgres_url, f"CREATE USER {user}")

    async def main() -> None:
        store = PostgresStore(few)
        error = await _catch(store.check)
        assert "the user may not create or use the table connectly_events" in str(error)
        assert not error.retry_safe
        _sql(postgres_url, PostgresStore.SCHEMA)
        assert "may not" in str(await _catch(partial(store.claim, "k")))
        _sql(postgres_url, f"GRANT SELECT, INSERT, UPDATE, DELETE ON connectly_events TO {user}")
        await store.check()
        assert await store.complete(await store.claim("k"))
        await store.aclose()

    anyio.run(main)
    assert _sql(postgres_url, "SELECT key FROM connectly_events") == [("k",)]
    _sql(postgres_url, f"DROP OWNED BY {user}", f"DROP USER {user}")


@SLOW
@pytest.mark.parametrize(
    ("table", "reason"),
    [
        ("key text PRIMARY KEY", "does not have the store's columns"),
        ("key text, token text, expires float8, since float8", "does not have the store's primary key"),
        ("key integer PRIMARY KEY, token text, expires float8, since float8", "SQLSTATE 42804"),
    ],
)
def test_another_table_of_that_name_is_refused(postgres_url: str, table: str, reason: str) -> None:
    _sql(postgres_url, f"CREATE TABLE connectly_events ({table})")

    async def main() -> None:
        async with PostgresStore(postgres_url) as store:
            assert reason in str(await _catch(store.check))
            assert reason in str(await _catch(partial(store.claim, "k")))

    anyio.run(main)


@SLOW
def test_a_table_that_is_locked_for_too_long_fails_the_step_and_leaves_no_statement_behind(postgres_url: str) -> None:
    _sql(postgres_url, PostgresStore.SCHEMA)
    waiting = "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"

    async def main() -> bool:
        async with PostgresStore(postgres_url, timeout=0.2) as store:
            with psycopg.connect(postgres_url) as other:
                other.execute("LOCK TABLE connectly_events")
                assert (await _catch(partial(store.claim, "k"))).retry_safe
                assert _sql(postgres_url, waiting) == []
        async with PostgresStore(postgres_url) as store:
            return (await store.claim("k")).is_granted

    assert anyio.run(main)


@SLOW
def test_a_table_that_is_dropped_is_created_again(postgres_url: str) -> None:
    async def main() -> None:
        async with PostgresStore(postgres_url) as store:
            await store.check()
            _sql(postgres_url, "DROP TABLE connectly_events")
            assert (await store.claim("k")).is_granted

    anyio.run(main)


@SLOW
def test_postgres_forgets_what_is_older_than_the_retention_some_rows_at_a_time(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "_FORGET_EVERY", 4)
    monkeypatch.setattr(postgres, "_FORGET_AT_ONCE", 3)

    async def main() -> None:
        async with PostgresStore(postgres_url, lease=60, retention=3600) as store:
            await store.claim("abandoned")
            for number in range(4):
                await store.complete(await store.claim(f"old {number}"))
            _sql(postgres_url, "UPDATE connectly_events SET expires = expires - 3600")
            for number in range(8):
                await store.claim(f"new {number}")

    anyio.run(main)
    rows = _sql(postgres_url, "SELECT key FROM connectly_events WHERE key NOT LIKE 'new %'")
    assert rows == [("abandoned",)]


@SLOW
def test_a_claim_from_before_the_servers_clock_was_set_back_is_free(postgres_url: str) -> None:
    async def main() -> list[str]:
        async with PostgresStore(postgres_url) as store:
            await store.claim("k")
            await store.complete(await store.claim("done"))
            _sql(postgres_url, "UPDATE connectly_events SET expires = expires + 1000, since = since + 1000")
            return [(await store.claim(key)).state.name for key in ("k", "done")]

    assert anyio.run(main) == ["GRANTED", "COMPLETED"]


@SLOW
def test_steps_that_other_transactions_were_in_the_way_of_are_taken_again_until_time_is_up(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    take = PostgresStore._take_at_once
    failures = [psycopg.errors.DeadlockDetected(), psycopg.errors.SerializationFailure()]

    def fail(store: PostgresStore, *arguments: Any) -> Any:
        if failures:
            raise failures.pop()
        return take(store, *arguments)

    monkeypatch.setattr(PostgresStore, "_take_at_once", fail)

    async def main() -> bool:
        async with PostgresStore(postgres_url) as store:
            assert (await store.claim("k")).is_granted
        async with PostgresStore(postgres_url, timeout=1e-9) as store:
            failures.append(psycopg.errors.DeadlockDetected())
            return (await _catch(partial(store.claim, "other"))).retry_safe

    assert anyio.run(main)


# In Redis.


@SLOW
def test_a_client_of_ones_own_is_used_and_left_open(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url, decode_responses=True) as client:

        async def main() -> None:
            async with RedisStore(client, prefix="mine:") as store:
                claim = await store.claim("k")
                assert claim.is_granted
                assert client.exists("mine:k")
                assert await store.release(claim)
                client.lpush("mine:list", "x")
                assert "ResponseError" in str(await _catch(partial(store.claim, "list")))

        anyio.run(main)
        assert client.keys() == ["mine:list"]


@SLOW
def test_what_redis_refuses_is_explained(redis_url: str) -> None:
    user = f"few{os.getpid()}"
    few = redis_url.replace("redis://", f"redis://{user}:{PASSWORD}@")

    async def main() -> None:
        async with RedisStore(few) as store:
            error = await _catch(store.check)
            assert "it refuses the user or the password" in str(error)
            assert not error.retry_safe
            with redis.Redis.from_url(redis_url) as client:
                client.acl_setuser(user, enabled=True, passwords=[f"+{PASSWORD}"], keys=["other:*"], commands=["+@all"])
                assert "keys that begin with 'connectly:'" in str(await _catch(store.check))
                assert "keys that begin with 'connectly:'" in str(await _catch(partial(store.claim, "k")))
                client.acl_deluser(user)

    anyio.run(main)


@SLOW
@pytest.mark.once
def test_a_redis_that_is_full_or_a_replica_or_evicts_keys_says_so(
    own_redis: DatabaseServer, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        with redis.Redis.from_url(own_redis.url) as client:
            async with RedisStore(own_redis.url) as store:
                await store.check()
                client.config_set("maxmemory", 10**9)
                await store.check()
                assert not caplog.messages
                client.config_set("maxmemory-policy", "volatile-lru")
                await store.check()
                assert "may forget events when its memory is full: maxmemory-policy is volatile-lru" in caplog.text
                client.config_set("maxmemory-policy", "noeviction")
                claim = await store.claim("k")
                client.config_set("maxmemory", 1)
                error = await _catch(partial(store.claim, "other"))
                assert ("its memory is full" in str(error), error.retry_safe) == (True, True)
                client.config_set("maxmemory", 0)
                client.replicaof("127.0.0.1", 1)
                error = await _catch(partial(store.complete, claim))
                assert ("it accepts no writes" in str(error), error.retry_safe) == (True, True)
                client.replicaof("NO", "ONE")
                assert await store.complete(claim)

    anyio.run(main)


@SLOW
def test_a_claim_in_redis_from_before_the_servers_clock_was_set_back_is_free(redis_url: str) -> None:
    async def main() -> ClaimState:
        async with RedisStore(redis_url) as store:
            await store.claim("k")
            with redis.Redis.from_url(redis_url, decode_responses=True) as client:
                token, *times = str(client.get("connectly:k")).split()
                client.set("connectly:k", " ".join([token, *(str(int(one) + 10**6) for one in times)]))
            return (await store.claim("k")).state

    assert anyio.run(main) is ClaimState.GRANTED
