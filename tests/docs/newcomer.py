"""Follow the quick start and tell when each goal is reached: `python -m tests.docs.newcomer`."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.docs.sandbox_reader import BLOCKS, Reader, open_reader

GOALS = ("first own message to the sandbox", "first webhook handled")


def follow(reader: Reader) -> Iterator[str]:
    """Follow the page to its end, and yield each goal when what the page shows for it has been seen."""
    goals = iter(GOALS)
    for block in BLOCKS:
        reader.follow(block)
        if block.language == "text":
            yield next(goals)


def main() -> None:
    """Print a line for each goal: seconds since the last one, a tab, the goal."""
    with (
        tempfile.TemporaryDirectory(prefix="connectly-api-quick-start-") as folder,
        open_reader(Path(folder)) as reader,
    ):
        before = time.monotonic()
        for goal in follow(reader):
            now = time.monotonic()
            sys.stdout.write(f"{now - before:.1f}\t{goal}\n")
            before = now


if __name__ == "__main__":
    main()
