"""One measurement in a process of its own: `python -m benchmarks.load MODE CANDIDATE ADDRESS IN_FLIGHT AMOUNT`.

`rate` keeps so many calls in flight for AMOUNT seconds; `at once` starts AMOUNT calls as tasks; `queue` starts them as
tasks that wait before a semaphore; `feed` takes them from a bounded feed. The result is one line of JSON.
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
LONGEST_WARM_UP = 10
"""Seconds."""


async def rate(call: Call, in_flight: int, seconds: float) -> dict[str, float]:
    """Return calls a second, CPU and latency."""
    took: list[float] = []

    async def work() -> None:
        while True:
            started = time.perf_counter()
            await call()
            took.append(time.perf_counter() - started)

    tasks = [asyncio.create_task(work()) for _ in range(in_flight)]
    await asyncio.sleep(WARM_UP)
    for _ in range(LONGEST_WARM_UP):
        if len(took) >= in_flight:  # Each connection is open, and each pool as crowded as it gets.
            break
        await asyncio.sleep(1)
    took.clear()
    started, cpu = time.perf_counter(), time.process_time()
    await asyncio.sleep(seconds)
    while not took:  # noqa: ASYNC110 (a candidate that is slower than the measurement still has to answer once)
        await asyncio.sleep(0.05)
    elapsed, cpu, done = time.perf_counter() - started, time.process_time() - cpu, len(took)
    for task in tasks:
        if task.done():
            task.result()
        task.cancel()
    await asyncio.wait(tasks, timeout=2)  # One of the candidates loses cancellations.
    ordered = sorted(took[:done])
    return {
        "per_second": done / elapsed,
        "cpu_us": cpu / done * 1e6,
        "p50_ms": ordered[done // 2] * 1000,
        "p99_ms": ordered[done * 99 // 100] * 1000,
    }


async def at_once(call: Call, in_flight: int, amount: float) -> dict[str, float]:
    """Start all calls as tasks, and let them find their way."""
    del in_flight
    started = time.perf_counter()
    await asyncio.gather(*(asyncio.ensure_future(call()) for _ in range(int(amount))))
    return {"seconds": time.perf_counter() - started}


async def queue(call: Call, in_flight: int, amount: float) -> dict[str, float]:
    """Start all calls as tasks that queue before a semaphore."""
    room = asyncio.Semaphore(in_flight)

    async def work() -> None:
        async with room:
            await call()

    return await at_once(work, in_flight, amount)


async def feed(call: Call, in_flight: int, amount: float) -> dict[str, float]:
    """Take the calls from a feed, so many in flight."""
    pending = iter(range(int(amount)))

    async def work() -> None:
        for _ in pending:
            await call()

    started = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(in_flight)))
    return {"seconds": time.perf_counter() - started}


async def main(mode: str, name: str, url: str, in_flight: str, amount: str) -> dict[str, Any]:
    """Measure."""
    measure = {"rate": rate, "at once": at_once, "queue": queue, "feed": feed}[mode]
    async with CANDIDATES[name](url, int(in_flight)) as call:
        await call()
        found = await measure(call, int(in_flight), float(amount))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {**found, "peak_mib": peak / (1024 if sys.platform != "darwin" else 1024**2)}


if __name__ == "__main__":
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    print(json.dumps(asyncio.run(main(*sys.argv[1:]))), flush=True)  # noqa: T201
    # What a library has still open is not part of the measurement.
    os._exit(0)
