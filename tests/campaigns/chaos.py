"""Kill processes that run campaigns, many times, and print what came of it: `python -m tests.campaigns.chaos`.

Two numbers as arguments are the kills and the rows of each of the three trials.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path

import anyio
import pytest

from connectly_api.campaigns.postgres_journal import PostgresJournal
from tests.database_servers import DatabaseServer

from .kill_loop import Result, Trial, build_table, try_kills


def _try_sqlite(processes: int, kills: int, rows: int, folder: Path) -> Result:
    trial = Trial(str(folder / f"{processes}.db"), rows=rows, kills=kills, processes=processes)
    return anyio.run(try_kills, trial, folder / "log")


def _try_postgres(kills: int, rows: int, folder: Path) -> Result:
    server = DatabaseServer("postgres")
    try:
        server.start()
        with closing(PostgresJournal(server.url)) as journal:
            journal.create_schema()
        trial = Trial(server.url, rows=rows, kills=kills, processes=3, is_supervised=True)
        return anyio.run(try_kills, trial, folder / "log")
    finally:
        server.remove()


def main(kills: int = 67, rows: int = 17_000) -> None:
    """Run all trials and print a table."""
    trials: list[tuple[str, Callable[[int, int, Path], Result]]] = [
        ("SQLite, one process", partial(_try_sqlite, 1)),
        ("SQLite, three processes", partial(_try_sqlite, 3)),
        ("PostgreSQL, three workers of procrastinate", _try_postgres),
    ]
    results: list[tuple[str, Result]] = []
    for name, run in trials:
        try:
            with tempfile.TemporaryDirectory(prefix="connectly-chaos-") as folder:
                results.append((name, run(kills, rows, Path(folder))))
        except pytest.skip.Exception as skipped:
            sys.stdout.write(f"{name}: left out: {skipped}\n")
            continue
        sys.stdout.write(f"{build_table(results[-1:])}\n")
        sys.stdout.flush()
    sys.stdout.write(f"\n{len(results) * rows:,} rows:\n{build_table(results)}\n")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
