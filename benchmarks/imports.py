"""How long imports take in fresh processes, side by side: `python -m benchmarks.imports`.

Rounds are interleaved, so that a busy machine slows all candidates alike; the ratio of medians is what counts.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

ROUNDS = 21
CANDIDATES = {
    "import httpx": "import httpx",
    "import connectly_api": "import connectly_api",
    "from connectly_api import Connectly": "from connectly_api import Connectly",
}


def seconds(code: str) -> float:
    """Return how long a fresh interpreter takes to run a line, its own start not counted."""
    program = f"import time; start = time.perf_counter(); {code}; print(time.perf_counter() - start)"
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)  # noqa: S603 (our own words)
    return float(done.stdout)


def main() -> None:
    """Measure and print a table."""
    for code in CANDIDATES.values():
        seconds(code)  # Bytecode is compiled once.
    times: dict[str, list[float]] = {name: [] for name in CANDIDATES}
    start = time.perf_counter()
    for _ in range(ROUNDS):
        for name, code in CANDIDATES.items():
            times[name].append(seconds(code))
    medians = {name: statistics.median(found) for name, found in times.items()}
    reference = medians["import httpx"]
    print(f"{ROUNDS} fresh processes each, {time.perf_counter() - start:.0f} s, Python {sys.version.split()[0]}")  # noqa: T201
    for name, median in medians.items():
        print(f"{name:40} {median * 1000:7.1f} ms   {median / reference:5.2f} x httpx")  # noqa: T201


if __name__ == "__main__":
    main()
