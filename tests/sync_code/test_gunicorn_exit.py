"""gunicorn's workers are stopped and killed in the middle of handlers."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.webhooks.socket_events import is_listening, post_event

pytestmark = [pytest.mark.slow, pytest.mark.once]

ROOT = Path(__file__).resolve().parent.parent.parent


@contextmanager
def _serve(folder: Path, acknowledge: str, *options: str, lease: float = 60.0) -> Generator[tuple[int, int]]:
    """Run gunicorn, and yield its process id and its port; end it and wait for its end."""
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    words = ["-m", "gunicorn", "-b", f"127.0.0.1:{port}", "-k", "gthread", "--threads", "4", *options]
    words += ["--graceful-timeout", "60", "--no-control-socket", "tests.sync_code.busy_wsgi_app:app"]
    settings = {"FOLDER": str(folder), "ACKNOWLEDGE": acknowledge, "LEASE": str(lease)}
    # In a session of its own, so that workers end even if the master was killed.
    server = subprocess.Popen(
        [sys.executable, *words], cwd=ROOT, env=os.environ | settings, stderr=subprocess.PIPE, start_new_session=True
    )
    try:
        while server.poll() is None and not is_listening(port):
            time.sleep(0.02)
        yield server.pid, port
    finally:
        (folder / "go").touch()
        server.terminate()
        _, said = server.communicate(timeout=60)
    assert b"Traceback" not in said


def _read_lines(file: Path) -> list[str]:
    return file.read_text().splitlines() if file.exists() else []


def _wait_for_lines(file: Path, count: int) -> list[str]:
    while len(lines := _read_lines(file)) < count:
        time.sleep(0.01)
    return lines


def _list_handled(folder: Path) -> list[str]:
    lines = [line.split()[0] for line in _read_lines(folder / "handled")]
    return sorted(line for line in lines if line != "exit")


@pytest.mark.parametrize("options", [("-w", "2"), ("-w", "2", "--preload")], ids=["own", "preload"])
def test_a_stopped_gunicorn_loses_no_event_that_it_has_acknowledged(tmp_path: Path, options: tuple[str, ...]) -> None:
    with _serve(tmp_path, "first", *options) as (server, port):
        assert [post_event(port, number) for number in range(12)] == [200] * 12
        _wait_for_lines(tmp_path / "started", 2)
        os.kill(server, signal.SIGTERM)
        while is_listening(port):
            time.sleep(0.01)
        assert not _list_handled(tmp_path)
    lines = [line.split() for line in _read_lines(tmp_path / "handled")]
    for process in {process for _, process in lines}:
        # Exit handlers, in which no thread can be started, find nothing left to do.
        assert [what for what, by in lines if by == process].index("exit") == sum(
            by == process for what, by in lines if what != "exit"
        )
    assert _list_handled(tmp_path) == sorted(f"m{number}" for number in range(12))


def test_a_stopped_gunicorn_answers_the_requests_whose_handlers_run(tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        with _serve(tmp_path, "last", "-w", "1") as (server, port):
            answers = [pool.submit(post_event, port, number) for number in range(4)]
            _wait_for_lines(tmp_path / "started", 4)
            os.kill(server, signal.SIGTERM)
        assert [answer.result() for answer in answers] == [200] * 4
    assert _list_handled(tmp_path) == [f"m{number}" for number in range(4)]


def test_an_event_of_a_killed_worker_is_handled_by_another_after_its_lease(tmp_path: Path) -> None:
    with ThreadPoolExecutor(1) as pool, _serve(tmp_path, "last", "-w", "1", lease=1.0) as (_, port):
        lost = pool.submit(post_event, port, 1)
        ((_, worker),) = (line.split() for line in _wait_for_lines(tmp_path / "started", 1))
        os.kill(int(worker), signal.SIGKILL)
        assert lost.result() is None
        (tmp_path / "go").touch()
        statuses = [post_event(port, 1)]
        while statuses[-1] != 200:
            time.sleep(0.05)
            statuses.append(post_event(port, 1))
        assert set(statuses) <= {None, 503, 200}
    assert _list_handled(tmp_path) == ["m1"]
