"""Sends, with this package and with others: `python -m benchmarks.send_rates [--rounds N] [--seconds S] [--write]`.

Each figure comes from its own process on one core; the server runs on another. Rounds are interleaved, so that a busy
machine slows all candidates alike, and the median over the rounds is taken. Compare the ratios. `--write` writes
docs/benchmarks.md and docs/benchmarks.svg.
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

from benchmarks.results_page import Results, build_chart, build_page

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
# The others behave like one of these, or would take an hour.
MEMORY_CANDIDATES: Final = ("connectly-api, fast", "connectly-api", "aiohttp", "pyreqwest")
MESSAGES: Final = 100_000
TIMEOUT: Final = 300
"""Seconds for one measurement."""


@contextmanager
def run_server(delay_ms: int) -> Generator[str, None, None]:
    """Run the loopback server on the last core until the block ends, and yield its URL."""
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    command = [sys.executable, "-m", "benchmarks.loopback_server", str(delay_ms), *map(str, cores[-1:])]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 (fixed arguments)
        assert process.stdout is not None  # noqa: S101 (for the type checker)
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.terminate()


def run_measurement(mode: str, candidate: str, url: str, in_flight: int, amount: float) -> dict[str, float] | None:
    """Run one measurement in a fresh process; return None if the candidate is not installed or fails."""
    command = [sys.executable, "-m", "benchmarks.measurement", mode, candidate, url, str(in_flight), str(amount)]
    try:
        process = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=TIMEOUT)  # noqa: S603 (fixed arguments)
    except subprocess.TimeoutExpired:
        print(f"{candidate}, {in_flight} in flight: not done in {TIMEOUT} s", file=sys.stderr)  # noqa: T201
        return None
    try:
        result: dict[str, float] = json.loads(process.stdout)
    except ValueError:
        last = (process.stderr.strip().splitlines() or ["no output"])[-1]
        print(f"{candidate}, {in_flight} in flight: {last}", file=sys.stderr)  # noqa: T201
        return None
    return result


def measure_rates(rounds: int, seconds: float) -> Results:
    """Measure every candidate at every number in flight, against both servers, and return medians."""
    found: dict[tuple[int, int, str], list[dict[str, float]]] = {}
    for number in range(rounds):
        for delay in DELAYS_MS:
            with run_server(delay) as url:
                for in_flight in IN_FLIGHT:
                    for candidate in CANDIDATES:
                        result = run_measurement("rate", candidate, url, in_flight, seconds)
                        if result is not None:
                            found.setdefault((delay, in_flight, candidate), []).append(result)
            print(f"round {number + 1} of {rounds}, server with {delay} ms: done", file=sys.stderr, flush=True)  # noqa: T201
    return {
        key: {name: statistics.median(result[name] for result in results) for name in results[0]}
        for key, results in found.items()
    }


def measure_memory() -> dict[tuple[str, str], float]:
    """Return the peak memory in MiB of 100,000 sends: tasks at once, tasks behind a semaphore, workers."""
    found: dict[tuple[str, str], float] = {}
    with run_server(0) as url:
        for mode in ("at once", "queue", "feed"):
            for candidate in MEMORY_CANDIDATES:
                result = run_measurement(mode, candidate, url, 200, MESSAGES)
                if result is not None:
                    found[mode, candidate] = result["peak_mib"]
    return found


def describe_machine() -> str:
    """Return the date, the machine and the Python version."""
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        lines = info.read_text("utf-8").splitlines()
        model = next((line.partition(":")[2].strip() for line in lines if "model name" in line), model)
    now = datetime.now(UTC)
    return f"{now:%Y-%m-%d}, {model}, {os.cpu_count()} cores, Python {platform.python_version()}, {platform.system()}"


def main() -> None:
    """Measure, print, and write the page if asked."""
    parser = argparse.ArgumentParser(description="Measure sends with this package and with others.")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=0.7)
    parser.add_argument("--write", action="store_true", help="write docs/benchmarks.md and docs/benchmarks.svg")
    options = parser.parse_args()
    results = measure_rates(options.rounds, options.seconds)
    text = build_page(
        results, measure_memory(), f"{describe_machine()}; medians of {options.rounds} rounds of {options.seconds:g} s"
    )
    print(text)  # noqa: T201
    if options.write:
        (ROOT / "docs" / "benchmarks.md").write_text(text, "utf-8")
        (ROOT / "docs" / "benchmarks.svg").write_text(build_chart(results), "utf-8")


if __name__ == "__main__":
    main()
