"""The synchronous client beside the async one: `python -m benchmarks.sync_rates [--rounds N] [--seconds S]`.

16 threads of the synchronous client, and 16 tasks of the async one, send to the loopback server; one of each takes
turns within a round, each in its own process on one core, so that a busy machine slows both alike. The ratio
is the figure.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any, Final

from benchmarks.candidates import BUSINESS
from benchmarks.send_rates import ROOT, TIMEOUT, describe_machine, run_server

IN_FLIGHT: Final = (1, 16)
TRANSPORTS: Final = ("httpx", "pyreqwest")
WARM_UP: Final = 0.4
"""Seconds."""


def count_over(seconds: float, counts: list[int], sleep: Callable[[float], Any]) -> float:
    """Return how many calls a second are counted, after a warm-up."""
    sleep(WARM_UP)
    started, before = time.perf_counter(), sum(counts)
    sleep(seconds)
    return (sum(counts) - before) / (time.perf_counter() - started)


def measure_sync(transport: Any, url: str, in_flight: int, seconds: float) -> float:  # noqa: ANN401 (a transport's name)
    """Return the calls a second of a number of threads."""
    from connectly_api.sync import Connectly  # noqa: PLC0415 (each process imports only its own candidate)

    counts = [0] * in_flight
    connectly = Connectly(api_key="key", business_id=BUSINESS, base_url=url, transport=transport)

    def work(index: int) -> None:
        while True:
            connectly.send_text("+16044441111", "hello")
            counts[index] += 1

    for index in range(in_flight):
        threading.Thread(target=work, args=[index], daemon=True).start()
    return count_over(seconds, counts, time.sleep)


async def measure_async(transport: Any, url: str, in_flight: int, seconds: float) -> float:  # noqa: ANN401 (likewise)
    """Return the calls a second of a number of tasks."""
    from connectly_api import Connectly  # noqa: PLC0415 (each process imports only its own candidate)

    counts = [0] * in_flight
    connectly = Connectly(api_key="key", business_id=BUSINESS, base_url=url, transport=transport)

    async def work(index: int) -> None:
        while True:
            await connectly.send_text("+16044441111", "hello")
            counts[index] += 1

    tasks = [asyncio.create_task(work(index)) for index in range(in_flight)]
    rate = await asyncio.to_thread(count_over, seconds, counts, time.sleep)
    del tasks
    return rate


def run_measurement(kind: str, transport: str, url: str, in_flight: int, seconds: float) -> float:
    """Measure in a fresh process."""
    command = [sys.executable, "-m", "benchmarks.sync_rates", "--measure", kind, transport, url, str(in_flight)]
    done = subprocess.run(  # noqa: S603 (fixed arguments)
        [*command, "--seconds", str(seconds)], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True, timeout=TIMEOUT
    )
    return float(done.stdout)


def compare(rounds: int, seconds: float) -> None:
    """Print the medians of both clients, and the median of the ratios of the rounds."""
    print(f"{describe_machine()}; medians of {rounds} rounds of {seconds:g} s\n")  # noqa: T201
    print(f"{'transport':12}{'in flight':>10}{'async/s':>10}{'sync/s':>10}{'ratio':>8}")  # noqa: T201
    with run_server(0) as url:
        for transport in TRANSPORTS:
            for in_flight in IN_FLIGHT:
                pairs = [
                    [run_measurement(kind, transport, url, in_flight, seconds) for kind in ("async", "sync")]
                    for _ in range(rounds)
                ]
                rates = [statistics.median(column) for column in zip(*pairs, strict=True)]
                ratio = statistics.median(sync / base for base, sync in pairs)
                print(f"{transport:12}{in_flight:10}{rates[0]:10.0f}{rates[1]:10.0f}{ratio:8.2f}")  # noqa: T201


def main() -> None:
    """Compare, or measure one client."""
    parser = argparse.ArgumentParser(description="Compare the synchronous client with the async one.")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--measure", nargs=4, metavar=("KIND", "TRANSPORT", "URL", "IN_FLIGHT"), help="for itself")
    options = parser.parse_args()
    if options.measure is None:
        compare(options.rounds, options.seconds)
        return
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    kind, transport, url, in_flight = options.measure
    if kind == "sync":
        rate = measure_sync(transport, url, int(in_flight), options.seconds)
    else:
        rate = asyncio.run(measure_async(transport, url, int(in_flight), options.seconds))
    print(rate, flush=True)  # noqa: T201
    # Closing what is open is not part of the measurement.
    os._exit(0)


if __name__ == "__main__":
    main()
