from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from .crashes import NEW_EACH_ROUND

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.mark.skipif(not hasattr(os, "fork"), reason="starts its processes by fork, which this system does not have")
@pytest.mark.once
@pytest.mark.parametrize("rounds", [20, pytest.param(200, marks=pytest.mark.long)])
def test_killed_at_any_moment_every_event_is_handled_and_none_is_completed_twice(tmp_path: Path, rounds: int) -> None:
    command = [sys.executable, "-W", "error", "-m", "tests.webhooks.crashes", str(tmp_path), str(rounds), "seed"]
    subprocess.run(command, cwd=ROOT, check=True, timeout=300)
    lines = (tmp_path / "log").read_text("ascii").splitlines()
    count = Counter(lines)
    events = range(rounds * NEW_EACH_ROUND)
    assert all(count[f"end {event}"] >= 1 for event in events)
    assert all(count[f"acknowledged {event}"] >= 1 for event in events)
    assert all(count[f"completed {event}"] <= 1 for event in events)
    # It was put to the test: processes died, and died within handlers, whose events were then handled by others.
    within = sum(count[f"start {event}"] - count[f"end {event}"] for event in events)
    assert count["killed"] >= rounds
    assert within >= rounds
