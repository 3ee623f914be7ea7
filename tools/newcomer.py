"""A newcomer's path, timed: clone, `make demo`, the quick start's first message and first webhook.

`python -m tools.newcomer` clones what is committed into an empty folder and follows the README and the quick start
there, as they stand, with nothing that this checkout has installed.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def timed(*command: str | Path, cwd: Path, out: int | None = None) -> tuple[float, str]:
    """Run a command, or end with its status; return its seconds and what it printed, where that was asked for."""
    before = time.monotonic()
    # What `make` hands to programs that it starts is not a newcomer's.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    done = subprocess.run(  # noqa: S603 (our own words)
        [str(part) for part in command], cwd=cwd, env=environment, stdout=out, text=True, check=False
    )
    if done.returncode:
        sys.exit(done.returncode)
    return time.monotonic() - before, done.stdout or ""


def main() -> None:
    """Walk the path and print how long each step took."""
    with tempfile.TemporaryDirectory(prefix="connectly-api-newcomer-") as name:
        folder = Path(name)
        clone = folder / "connectly-api"
        steps = [("clone", timed("git", "clone", "--quiet", ROOT, clone, cwd=folder)[0])]
        steps.append(("make demo", timed("make", "demo", cwd=clone, out=subprocess.DEVNULL)[0]))
        _, goals = timed(clone / ".venv/bin/python", "-m", "tests.docs.newcomer", cwd=clone, out=subprocess.PIPE)
        steps += [(goal, float(took)) for took, goal in (line.split("\t") for line in goals.splitlines())]
    width = max(len(step) for step, _ in steps)
    sys.stdout.write("A newcomer's path, in seconds\n")
    for step, took in [*steps, ("in all", sum(took for _, took in steps))]:
        sys.stdout.write(f"  {step:{width}} {took:7.1f}\n")


if __name__ == "__main__":
    main()
