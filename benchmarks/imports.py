"""Import times in fresh processes, compared with httpx: `python -m benchmarks.imports`.

Rounds are interleaved, so that a busy machine slows all candidates alike. Compare the ratios of the medians.
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


def time_import(code: str) -> float:
    """Return how many seconds a fresh interpreter takes to run a line, without its startup."""
    program = f"import time; start = time.perf_counter(); {code}; print(time.perf_counter() - start)"
    process = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)  # noqa: S603 (fixed arguments)
    return float(process.stdout)


def main() -> None:
    """Measure and print a table."""
    for code in CANDIDATES.values():
        time_import(code)  # Compiles the bytecode.
    times: dict[str, list[float]] = {name: [] for name in CANDIDATES}
    start = time.perf_counter()
    for _ in range(ROUNDS):
        for name, code in CANDIDATES.items():
            times[name].append(time_import(code))
    medians = {name: statistics.median(seconds) for name, seconds in times.items()}
    reference = medians["import httpx"]
    print(f"{ROUNDS} fresh processes each, {time.perf_counter() - start:.0f} s, Python {sys.version.split()[0]}")  # noqa: T201
    for name, median in medians.items():
        print(f"{name:40} {median * 1000:7.1f} ms   {median / reference:5.2f} x httpx")  # noqa: T201


if __name__ == "__main__":
    main()
