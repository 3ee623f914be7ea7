"""Time a newcomer's path from a clone to the first message and the first webhook: `python -m tools.onboarding`.

It clones the committed state into an empty folder, runs `make demo`, and follows the quick start there, without
anything that this checkout has installed.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def run_timed(*command: str | Path, cwd: Path, out: int | None = None) -> tuple[float, str]:
    """Run a command and return how many seconds it took and its output, or exit with its status if it fails."""
    before = time.monotonic()
    # Variables that `make` sets for its children would change the `make` of the clone.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    done = subprocess.run(  # noqa: S603 (the arguments are constants)
        [str(part) for part in command], cwd=cwd, env=environment, stdout=out, text=True, check=False
    )
    if done.returncode:
        sys.exit(done.returncode)
    return time.monotonic() - before, done.stdout or ""


def main() -> None:
    """Run each step and print how long it took."""
    with tempfile.TemporaryDirectory(prefix="connectly-api-onboarding-") as name:
        folder = Path(name)
        clone = folder / "connectly-api"
        steps = [("clone", run_timed("git", "clone", "--quiet", ROOT, clone, cwd=folder)[0])]
        steps.append(("make demo", run_timed("make", "demo", cwd=clone, out=subprocess.DEVNULL)[0]))
        _, goals = run_timed(clone / ".venv/bin/python", "-m", "tests.docs.newcomer", cwd=clone, out=subprocess.PIPE)
        steps += [(goal, float(took)) for took, goal in (line.split("\t") for line in goals.splitlines())]
    width = max(len(step) for step, _ in steps)
    sys.stdout.write("From a clone to the first webhook, in seconds\n")
    for step, took in [*steps, ("total", sum(took for _, took in steps))]:
        sys.stdout.write(f"  {step:{width}} {took:7.1f}\n")


if __name__ == "__main__":
    main()
