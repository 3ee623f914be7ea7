"""The servers that tests use are real, and belong to one test."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest
import redis

from tests.database_servers import DatabaseServer, find_program

pytestmark = [pytest.mark.slow, pytest.mark.once]


def test_what_is_missing_and_cannot_be_installed_is_said_loudly(tmp_path: Path) -> None:
    for name in ("id", "sed"):
        (tmp_path / name).symlink_to(shutil.which(name) or "")
    script = Path(__file__).parent.parent / "tools" / "programs"
    result = subprocess.run(
        ["/bin/sh", str(script)], env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0
    found = r"\*{3} NOT TESTED: .*redis-server and chromium not found and not installed\..*\*{3}\n"
    assert re.fullmatch(found, result.stderr)


@pytest.mark.parametrize("_run", range(2))
def test_database_of_postgresql_is_empty_in_every_test(_run: int, postgres_url: str) -> None:
    with psycopg.connect(postgres_url) as connection:
        connection.execute("CREATE TABLE seen (n int)")


@pytest.mark.parametrize("_run", range(2))
def test_database_of_redis_is_empty_in_every_test(_run: int, redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        assert client.keys() == []
        client.set("seen", 1)


def test_postgresql_that_is_killed_keeps_what_was_committed(own_postgres: DatabaseServer) -> None:
    with psycopg.connect(own_postgres.url) as connection:
        connection.execute("CREATE TABLE kept (n int)")
    own_postgres.kill()
    own_postgres.start()
    with psycopg.connect(own_postgres.url) as connection:
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (0,)


def test_redis_that_is_killed_keeps_what_was_written(own_redis: DatabaseServer) -> None:
    with redis.Redis.from_url(own_redis.url) as client:
        client.set("kept", 1)
    own_redis.kill()
    own_redis.start()
    with redis.Redis.from_url(own_redis.url) as client:
        assert client.get("kept") == b"1"


def test_shared_server_ends_with_a_run_that_is_killed() -> None:
    find_program("redis-server", "valkey-server")
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as run:
        keeper = subprocess.Popen(
            [sys.executable, "-m", "tests.database_servers", "redis", str(run.pid)],
            cwd=Path(__file__).parent.parent,
            stdout=subprocess.PIPE,
            text=True,
        )
        with keeper:
            assert keeper.stdout is not None
            url = keeper.stdout.readline().strip()
            with redis.Redis.from_url(url) as client:
                assert client.ping()
            run.kill()
            assert keeper.wait() == 0
    with redis.Redis.from_url(url) as client, pytest.raises(redis.ConnectionError):
        client.ping()


def test_server_dies_with_its_keeper() -> None:
    find_program("redis-server", "valkey-server")
    keeper = subprocess.Popen(
        [sys.executable, "-m", "tests.database_servers", "redis", str(os.getpid())],
        cwd=Path(__file__).parent.parent,
        stdout=subprocess.PIPE,
        text=True,
    )
    with keeper:
        assert keeper.stdout is not None
        url = keeper.stdout.readline().strip()
        with redis.Redis.from_url(url) as client:
            folder = Path(client.config_get("dir")["dir"]).parent
        keeper.send_signal(signal.SIGKILL)
    shutil.rmtree(folder)
    with redis.Redis.from_url(url) as client:
        give_up_at = time.monotonic() + 30
        while time.monotonic() < give_up_at:
            try:
                client.ping()
            except redis.ConnectionError:
                return
    raise AssertionError("the server still answers")
