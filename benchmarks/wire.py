"""Sending, side by side: `python -m benchmarks.wire [--rounds N] [--seconds S] [--write]`.

Each figure comes from a process of its own, on one core; the server runs on another. Rounds are interleaved, so that a
busy machine slows all candidates alike, and medians are taken over the rounds: the ratios are what counts. With
`--write` the result goes to docs/benchmarks.md and docs/benchmarks.svg.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from benchmarks.report import Results, chart, tables

ROOT: Final = Path(__file__).resolve().parent.parent
IN_FLIGHT: Final = (1, 10, 100, 500)
DELAYS_MS: Final = (0, 50)
CANDIDATES: Final = (
    "connectly-api, fast",
    "connectly-api",
    "httpx",
    "httpx2",
    "aiohttp",
    "pyreqwest",
    "Twilio SDK",
    "pywa",
    "openapi-python-client",
    "floor",
)
# The others either do what one of these does, or would take an hour.
QUEUED: Final = ("connectly-api, fast", "connectly-api", "aiohttp", "pyreqwest")
MESSAGES: Final = 100_000
LONGEST: Final = 300
"""Seconds for one measurement."""


@contextmanager
def server(delay_ms: int) -> Generator[str, None, None]:
    """Run the loopback server on the last core, and yield its address."""
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    command = [sys.executable, "-m", "benchmarks.server", str(delay_ms), *map(str, cores[-1:])]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 (our own words)
        assert process.stdout is not None  # noqa: S101 (for the type checker)
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.terminate()


def measured(mode: str, candidate: str, url: str, in_flight: int, amount: float) -> dict[str, float] | None:
    """Run one measurement in a fresh process; None where the candidate is not installed or fails."""
    command = [sys.executable, "-m", "benchmarks.load", mode, candidate, url, str(in_flight), str(amount)]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=LONGEST)  # noqa: S603 (our own words)
    except subprocess.TimeoutExpired:
        print(f"{candidate}, {in_flight} in flight: not done in {LONGEST} s", file=sys.stderr)  # noqa: T201
        return None
    try:
        found: dict[str, float] = json.loads(done.stdout)
    except ValueError:
        last = (done.stderr.strip().splitlines() or ["no output"])[-1]
        print(f"{candidate}, {in_flight} in flight: {last}", file=sys.stderr)  # noqa: T201
        return None
    return found


def rates(rounds: int, seconds: float) -> Results:
    """Measure every candidate at every number in flight, against both servers, and return medians."""
    found: dict[tuple[int, int, str], list[dict[str, float]]] = {}
    for number in range(rounds):
        for delay in DELAYS_MS:
            with server(delay) as url:
                for in_flight in IN_FLIGHT:
                    for candidate in CANDIDATES:
                        result = measured("rate", candidate, url, in_flight, seconds)
                        if result is not None:
                            found.setdefault((delay, in_flight, candidate), []).append(result)
            print(f"round {number + 1} of {rounds}, server of {delay} ms: done", file=sys.stderr, flush=True)  # noqa: T201
    return {
        key: {name: statistics.median(result[name] for result in results) for name in results[0]}
        for key, results in found.items()
    }


def memory() -> dict[tuple[str, str], float]:
    """Return the peak memory in MiB of 100,000 sends: tasks all at once, tasks before a semaphore, a feed."""
    found: dict[tuple[str, str], float] = {}
    with server(0) as url:
        for mode in ("at once", "queue", "feed"):
            for candidate in QUEUED:
                result = measured(mode, candidate, url, 200, MESSAGES)
                if result is not None:
                    found[mode, candidate] = result["peak_mib"]
    return found


def machine() -> str:
    """Say on what and when."""
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        lines = info.read_text("utf-8").splitlines()
        model = next((line.partition(":")[2].strip() for line in lines if "model name" in line), model)
    now = datetime.now(UTC)
    return f"{now:%Y-%m-%d}, {model}, {os.cpu_count()} cores, Python {platform.python_version()}, {platform.system()}"


def main() -> None:
    """Measure, print, and write where asked."""
    parser = argparse.ArgumentParser(description="Measure sending, side by side.")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=0.7)
    parser.add_argument("--write", action="store_true", help="write docs/benchmarks.md and docs/benchmarks.svg")
    options = parser.parse_args()
    found = rates(options.rounds, options.seconds)
    text = tables(found, memory(), f"{machine()}; medians of {options.rounds} rounds of {options.seconds:g} s")
    print(text)  # noqa: T201
    if options.write:
        (ROOT / "docs" / "benchmarks.md").write_text(text, "utf-8")
        (ROOT / "docs" / "benchmarks.svg").write_text(chart(found), "utf-8")


if __name__ == "__main__":
    main()
