"""Times of `python -m codegen` for a large Swagger file: `python -m benchmarks.codegen_speed [--against CHECKOUT]`.

Each command runs in a fresh process, in this checkout and in another one, such as a worktree of an older commit. Rounds
are interleaved, so that a busy machine slows both alike. Compare the ratios of the medians.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from tests.codegen.large_file import build_large_swagger

ROOT = Path(__file__).resolve().parent.parent
CHANGES_FOUND = {0, 1, 3}
"""The exit statuses of `diff` if it has compared the files."""


def write_files(folder: Path, megabytes: float) -> Mapping[str, list[str]]:
    """Write a large file and a successor of it, and return the arguments of each command."""
    document = build_large_swagger(megabytes)
    old, new = folder / "old.json", folder / "new.json"
    old.write_text(json.dumps(document, indent=2), encoding="utf-8")
    for n, schema in enumerate(document["definitions"].values()):
        if n % 10 == 0:
            schema["properties"][f"added{n}"] = {"type": "string"}
    new.write_text(json.dumps(document, indent=2), encoding="utf-8")
    return {
        "diff": ["diff", str(old), str(new)],
        "generate": ["generate", "--swagger", str(old), "--out", str(folder / "tree")],
    }


def time_command(checkout: Path, arguments: list[str]) -> float:
    """Return how many seconds a command takes in a checkout, with its startup."""
    start = time.perf_counter()
    done = subprocess.run(  # noqa: S603 (arguments of our own)
        [sys.executable, "-m", "codegen", *arguments], cwd=checkout, capture_output=True, text=True, check=False
    )
    if done.returncode not in (CHANGES_FOUND if arguments[0] == "diff" else {0}):
        raise SystemExit(f"{arguments[0]} failed in {checkout}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return time.perf_counter() - start


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.codegen_speed", description=__doc__)
    parser.add_argument("--against", type=Path, metavar="CHECKOUT", help="another checkout, to compare with")
    parser.add_argument("--rounds", type=int, default=3, help="how often each command runs; by default, 3")
    parser.add_argument("--megabytes", type=float, default=2.4, help="the size of the file; by default, 2.4")
    given = parser.parse_args()
    checkouts = {"here": ROOT, **({"there": given.against.resolve()} if given.against else {})}
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        commands = write_files(Path(folder), given.megabytes)
        times: dict[str, dict[str, list[float]]] = {name: {place: [] for place in checkouts} for name in commands}
        for _ in range(given.rounds):
            for name, arguments in commands.items():
                for place, checkout in checkouts.items():
                    times[name][place].append(time_command(checkout, arguments))
    print(  # noqa: T201
        f"{given.megabytes} MB, {given.rounds} rounds, {time.perf_counter() - start:.0f} s, "
        f"Python {sys.version.split()[0]}"
    )
    for name, by_place in times.items():
        medians = {place: statistics.median(seconds) for place, seconds in by_place.items()}
        columns = "   ".join(f"{place} {median:7.2f} s" for place, median in medians.items())
        ratio = f"   {medians['there'] / medians['here']:5.1f} times as fast" if "there" in medians else ""
        print(f"{name:10} {columns}{ratio}")  # noqa: T201


if __name__ == "__main__":
    main()
