"""Real servers for tests: PostgreSQL and Redis on free ports of 127.0.0.1, with data in temporary folders.

`postgres_url` and `redis_url` belong to one test: a new database, an empty one of Redis's. Their servers are shared by
all workers of a run. The first that needs one starts a keeper: a process that waits for the end of the run, however
it ends, and takes the server with it. A server whose own keeper is killed dies, too (`setpriv --pdeathsig`).
`own_postgres` and `own_redis` are servers of one test alone, which it may kill and start again.
"""

from __future__ import annotations

import os
import secrets
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

import pytest

if sys.platform == "linux":
    import fcntl
    import pwd

_READY_SECONDS: Final = 60.0
_RELAUNCH_SECONDS: Final = 10.0


def find_program(*names: str) -> str:
    """Return the path of the first program that is installed, of Debian's newest PostgreSQL or on the path, or skip."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: float(folder.parent.name))
    path = os.pathsep.join([*map(str, reversed(folders)), os.environ.get("PATH", ""), "/usr/sbin"])
    for name in names:
        if found := shutil.which(name, path=path):
            return found
    pytest.skip(f"{names[0]} is not installed; `sh tools/programs` installs it on Debian")


def _build_prefix(death_signal: str) -> list[str]:
    """Return what a server's command starts with: it dies with its parent, and never runs as root."""
    prefix = [find_program("setpriv"), "--pdeathsig", death_signal]
    if os.geteuid() == 0:
        user = _find_user()
        prefix += [f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
    return prefix


def _find_user() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return pwd.getpwnam("nobody")


def _find_free_port() -> int:
    # Below those that the system gives to outgoing connections, so that it stays free until the server starts again. So
    # is the one 10,000 above it, by which the nodes of a Redis cluster talk.
    while True:
        port = 10_000 + secrets.randbelow(12_000)
        try:
            with socket.create_server(("127.0.0.1", port)):
                return port
        except OSError:
            continue


class DatabaseServer:
    """A server that is started, stopped, killed and started again on the same port, with the same data."""

    def __init__(self, name: str, *options: str, is_durable: bool = True) -> None:
        """Choose a port and a folder.

        Args:
            name: `postgres` or `redis`.
            *options: What the program is started with besides.
            is_durable: Whether what was committed outlives a crash of the machine; without, PostgreSQL is faster.
        """
        self.folder = Path(tempfile.mkdtemp(prefix=f"connectly-{name}-"))
        self.port = _find_free_port()
        self._name = name
        self._log = self.folder / "log"
        self._data = self.folder / "data"
        self._data.mkdir(mode=0o700)
        self._log.touch()
        if os.geteuid() == 0:
            user = _find_user()
            for path in (self.folder, self._data, self._log):
                os.chown(path, user.pw_uid, user.pw_gid)
        if name == "postgres":
            self.url = f"postgresql://postgres@127.0.0.1:{self.port}/postgres"
            self._program = [
                *_build_prefix("QUIT"),
                *(find_program("postgres"), "-D", str(self._data), "-p", str(self.port)),
                *("-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "max_connections=200"),
                *(() if is_durable else ("-c", "fsync=off", "-c", "full_page_writes=off")),
            ]
            initialize = [find_program("initdb"), "-D", str(self._data), "-U", "postgres", "-A", "trust", "-E", "UTF8"]
            self._run([*_build_prefix("KILL"), *initialize, "--locale=C", "--no-sync"])
        else:
            self.url = f"redis://127.0.0.1:{self.port}/0"
            self._program = [
                *_build_prefix("TERM"),
                *(find_program("redis-server", "valkey-server"), "--bind", "127.0.0.1", "--port", str(self.port)),
                *("--dir", str(self._data), "--databases", "100", "--save", ""),
                *(("--appendonly", "yes", "--appendfsync", "always") if is_durable else ()),
            ]
        self._program += options
        self._process: subprocess.Popen[bytes] | None = None

    def _run(self, command: list[str]) -> None:
        result = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stderr

    def start(self) -> None:
        """Start it and wait until it answers."""
        assert self._process is None
        give_up_at = time.monotonic() + _READY_SECONDS
        self._process = self._launch()
        while not self._is_ready():
            if time.monotonic() > give_up_at:
                raise AssertionError(f"{self._name} did not start: {self._log.read_text()[-2000:]}")
            if self._process.poll() is not None:
                # What is left of a killed PostgreSQL is still ending.
                give_up_at = min(give_up_at, time.monotonic() + _RELAUNCH_SECONDS)
                self._process = self._launch()
            time.sleep(0.02)

    def _launch(self) -> subprocess.Popen[bytes]:
        with self._log.open("ab") as log:
            return subprocess.Popen(
                self._program, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )

    def _is_ready(self) -> bool:
        # An answer of its own protocol: the port is open before the server can be used.
        question, answer = (
            (b"PING\r\n", b"+PONG")
            if self._name == "redis"
            # A startup message: its length, version 3.0, the user, the database.
            else (b"\0\0\0\x29\0\3\0\0user\0postgres\0database\0postgres\0\0", b"R")
        )
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=_READY_SECONDS) as connection:
                connection.sendall(question)
                return connection.recv(len(answer)) == answer
        except OSError:
            return False

    def stop(self) -> None:
        """End it in an orderly way."""
        self._end(signal.SIGINT if self._name == "postgres" else signal.SIGTERM)

    def kill(self) -> None:
        """End it as a crash does: PostgreSQL's processes for connections, too, which would live a moment longer."""
        process = self._process
        assert process is not None
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text("ascii").split()
        self._end(signal.SIGKILL)
        for child in map(int, children):
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)

    def _end(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait()
            self._process = None

    def remove(self) -> None:
        """Kill it if it runs, and delete its data."""
        self._end(signal.SIGQUIT if self._name == "postgres" else signal.SIGKILL)
        shutil.rmtree(self.folder, ignore_errors=True)


def _keep(name: str, run: int) -> None:
    """Start a server, print its URL, and remove it at the end of the run."""
    watch = os.pidfd_open(run)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    server = DatabaseServer(name, is_durable=False)
    try:
        server.start()
        sys.stdout.write(f"{server.url}\n")
        sys.stdout.flush()
        select.select([watch], [], [])
    finally:
        server.remove()


def _find_shared(name: str, config: pytest.Config, factory: pytest.TempPathFactory) -> str:
    """Return the URL of this run's server, which is started if there is none."""
    # Not by the environment, which the runs that tests start inherit.
    is_worker = hasattr(config, "workerinput")
    folder = factory.getbasetemp().parent if is_worker else factory.getbasetemp()
    place = folder / f"{name}.url"
    with (folder / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not place.exists():
            run = os.getppid() if is_worker else os.getpid()
            with (folder / f"{name}.log").open("w") as log:
                keeper = subprocess.Popen(
                    [sys.executable, "-m", "tests.database_servers", name, str(run)],
                    cwd=Path(__file__).parent.parent,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    text=True,
                    start_new_session=True,
                )
            # It ends after this process, whose end would otherwise warn of it.
            keeper.returncode = 0
            assert keeper.stdout is not None
            with keeper.stdout as answer:
                url = answer.readline().strip()
            if not url:
                pytest.fail(f"{name} did not start: {(folder / f'{name}.log').read_text()[-2000:]}")
            place.write_text(url)
    return place.read_text()


def _check_platform() -> None:
    if sys.platform != "linux":
        pytest.skip("database servers are started on Linux only")


@pytest.fixture(scope="session")
def _shared_postgres(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> str:
    _check_platform()
    find_program("postgres")
    return _find_shared("postgres", pytestconfig, tmp_path_factory)


@pytest.fixture(scope="session")
def _shared_redis(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> str:
    _check_platform()
    find_program("redis-server", "valkey-server")
    return _find_shared("redis", pytestconfig, tmp_path_factory)


@pytest.fixture(scope="session")
def _new_database(_shared_postgres: str) -> Iterator[Callable[[], str]]:
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    server = _shared_postgres.removesuffix("/postgres")
    psycopg = pytest.importorskip("psycopg")
    with psycopg.connect(_shared_postgres, autocommit=True) as connection:
        made = 0

        def create() -> str:
            nonlocal made
            made += 1
            connection.execute(f"CREATE DATABASE {worker}_{made}")
            return f"{server}/{worker}_{made}"

        yield create


@pytest.fixture
def postgres_url(_new_database: Callable[[], str]) -> str:
    """Return the URL of a new, empty database of PostgreSQL."""
    return _new_database()


@pytest.fixture
def redis_url(_shared_redis: str) -> str:
    """Return the URL of an empty database of Redis; each worker has one of its own."""
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    url = f"{_shared_redis.removesuffix('/0')}/{number}"
    redis = pytest.importorskip("redis")
    with redis.Redis.from_url(url) as client:
        client.flushdb()
    return url


def _own(name: str, *programs: str) -> Iterator[DatabaseServer]:
    _check_platform()
    find_program(*programs)
    # What PostgreSQL has written outlives its own crash in any case.
    server = DatabaseServer(name, is_durable=name == "redis")
    try:
        server.start()
        yield server
    finally:
        server.remove()


@pytest.fixture
def own_postgres() -> Iterator[DatabaseServer]:
    """Start a PostgreSQL for one test, which may kill it and start it again."""
    yield from _own("postgres", "postgres")


@pytest.fixture
def own_redis() -> Iterator[DatabaseServer]:
    """Start a Redis for one test, which may kill it and start it again."""
    yield from _own("redis", "redis-server", "valkey-server")


if __name__ == "__main__":
    _keep(sys.argv[1], int(sys.argv[2]))
