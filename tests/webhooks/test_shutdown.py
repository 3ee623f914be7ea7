"""A real server that is stopped while the store's file is busy, and does not wait for its requests."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import anyio
import pytest

from connectly_api.webhooks import SQLiteStore

from .socket_events import is_listening, post_event

ROOT = Path(__file__).resolve().parent.parent.parent
EVENTS = 20


@contextmanager
def _server(folder: Path, *options: str) -> Generator[tuple[subprocess.Popen[bytes], int]]:
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    words = ["-m", "uvicorn", "tests.webhooks.busy_app:app", "--host", "127.0.0.1", "--port", str(port), *options]
    server = subprocess.Popen(
        [sys.executable, *words],
        cwd=ROOT,
        env=os.environ | {"FOLDER": str(folder)},
        stderr=subprocess.PIPE,
    )
    try:
        while server.poll() is None and not is_listening(port):
            time.sleep(0.02)
        yield server, port
    finally:
        server.terminate()
        server.communicate(timeout=60)


def _read_handled(folder: Path) -> list[str]:
    file = folder / "handled"
    return file.read_text().splitlines() if file.exists() else []


def _count_claims(folder: Path) -> int:
    with closing(sqlite3.connect(folder / "events.db")) as file:
        ((count,),) = file.execute("SELECT count(*) FROM connectly_events")
    return int(count)


@pytest.mark.long
@pytest.mark.parametrize("moment", ["claiming", "recording"])
def test_no_handler_runs_twice_when_a_server_stops_while_the_file_is_busy(tmp_path: Path, moment: str) -> None:
    # Without a lifespan, uvicorn ends by the signal itself at once: nobody could wait for anything.
    options = ("--timeout-graceful-shutdown", "1", "--lifespan", "on")
    with ThreadPoolExecutor(EVENTS) as pool, closing(_open(tmp_path)) as other:
        with _server(tmp_path, *options) as (server, port):
            if moment == "claiming":
                (tmp_path / "go").touch()
                other.execute("BEGIN IMMEDIATE")
            answers = [pool.submit(post_event, port, number) for number in range(EVENTS)]
            if moment == "recording":
                while _count_claims(tmp_path) < EVENTS:
                    time.sleep(0.01)
                other.execute("BEGIN IMMEDIATE")
                (tmp_path / "go").touch()
                while len(_read_handled(tmp_path)) < EVENTS:
                    time.sleep(0.01)
            time.sleep(0.3)
            server.send_signal(signal.SIGTERM)
            time.sleep(1.9)
            other.execute("ROLLBACK")
            server.communicate(timeout=60)
        assert 200 not in [answer.result() for answer in answers]
        assert len(_read_handled(tmp_path)) == (EVENTS if moment == "recording" else 0)
        with _server(tmp_path) as (_, port):
            assert [post_event(port, number) for number in range(EVENTS)] == [200] * EVENTS
    assert sorted(_read_handled(tmp_path)) == sorted(f"m{number}" for number in range(EVENTS))


def _open(folder: Path) -> sqlite3.Connection:
    store = SQLiteStore(folder / "events.db")

    async def prepare() -> None:
        async with store:
            await store.check()

    anyio.run(prepare)
    return sqlite3.connect(folder / "events.db", isolation_level=None)


@pytest.mark.long
def test_a_server_whose_store_cannot_be_used_does_not_start_and_says_why(tmp_path: Path) -> None:
    (tmp_path / "events.db").write_text("no database " * 100)
    with _server(tmp_path) as (server, _):
        _, said = server.communicate(timeout=60)
    assert server.returncode == 3
    assert b"events.db': it is not a SQLite database" in said
    assert b"Application startup failed" in said
