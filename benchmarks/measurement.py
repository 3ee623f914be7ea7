"""One measurement in its own process: `python -m benchmarks.measurement MODE CANDIDATE ADDRESS IN_FLIGHT AMOUNT`.

`rate` keeps IN_FLIGHT calls in flight for AMOUNT seconds. `at once` starts AMOUNT calls as tasks, `queue` starts them
as tasks behind a semaphore, and `feed` shares them among IN_FLIGHT workers. The result is one line of JSON.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import sys
import time
from typing import Any

from benchmarks.candidates import CANDIDATES, Call

WARM_UP = 0.4
MAX_WARM_UP = 10
"""Seconds."""


async def measure_rate(call: Call, in_flight: int, seconds: float) -> dict[str, float]:
    """Return calls a second, CPU time and latency."""
    latencies: list[float] = []

    async def work() -> None:
        while True:
            started = time.perf_counter()
            await call()
            latencies.append(time.perf_counter() - started)

    tasks = [asyncio.create_task(work()) for _ in range(in_flight)]
    await asyncio.sleep(WARM_UP)
    for _ in range(MAX_WARM_UP):
        if len(latencies) >= in_flight:  # Every connection is open, and every pool full.
            break
        await asyncio.sleep(1)
    latencies.clear()
    started, cpu = time.perf_counter(), time.process_time()
    await asyncio.sleep(seconds)
    while not latencies:  # noqa: ASYNC110 (a slow candidate must finish at least one call)
        await asyncio.sleep(0.05)
    elapsed, cpu, done = time.perf_counter() - started, time.process_time() - cpu, len(latencies)
    for task in tasks:
        if task.done():
            task.result()
        task.cancel()
    await asyncio.wait(tasks, timeout=2)  # One of the candidates swallows cancellations.
    ordered = sorted(latencies[:done])
    return {
        "per_second": done / elapsed,
        "cpu_us": cpu / done * 1e6,
        "p50_ms": ordered[done // 2] * 1000,
        "p99_ms": ordered[done * 99 // 100] * 1000,
    }


async def run_at_once(call: Call, in_flight: int, amount: float) -> dict[str, float]:
    """Start all calls as tasks."""
    del in_flight
    started = time.perf_counter()
    await asyncio.gather(*(asyncio.ensure_future(call()) for _ in range(int(amount))))
    return {"seconds": time.perf_counter() - started}


async def run_queue(call: Call, in_flight: int, amount: float) -> dict[str, float]:
    """Start all calls as tasks behind a semaphore."""
    semaphore = asyncio.Semaphore(in_flight)

    async def work() -> None:
        async with semaphore:
            await call()

    return await run_at_once(work, in_flight, amount)


async def run_feed(call: Call, in_flight: int, amount: float) -> dict[str, float]:
    """Let workers take the calls from one iterator."""
    pending = iter(range(int(amount)))

    async def work() -> None:
        for _ in pending:
            await call()

    started = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(in_flight)))
    return {"seconds": time.perf_counter() - started}


async def main(mode: str, name: str, url: str, in_flight: str, amount: str) -> dict[str, Any]:
    """Measure, and return the result."""
    measure = {"rate": measure_rate, "at once": run_at_once, "queue": run_queue, "feed": run_feed}[mode]
    async with CANDIDATES[name](url, int(in_flight)) as call:
        await call()
        result = await measure(call, int(in_flight), float(amount))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {**result, "peak_mib": peak / (1024 if sys.platform != "darwin" else 1024**2)}


if __name__ == "__main__":
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    print(json.dumps(asyncio.run(main(*sys.argv[1:]))), flush=True)  # noqa: T201
    # Closing a library's open connections is not part of the measurement.
    os._exit(0)
