"""Each example runs its demo on a sandbox with one command, exits with 0, and prints what happened."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent

LINES = {
    "order_service": ["Did your order 12345 arrive? [Yes, thank you] [Not yet]", "read -> 200", "Enjoy it!"],
    "support_bot": [
        "How can we help? [Where is my order?] [Opening hours] [Talk to a person]",
        "A colleague will write to you here.",
        "refuses: ERROR_CODE_MESSAGE_OUTSIDE_OF_ELIGIBILITY_WINDOW",
        "template support_answer(Ann)",
        "(asked to reply)",
        "business  We have sent you another one.",
    ],
    "webhook_consumer": [
        "delivered -> 502",
        "starts again, with the same file",
        ": read",
        ": delivery_failed ERROR_CODE_UNSPECIFIED",
        "{'delivery_status': 5, 'message': 1}",
    ],
    "campaign": [
        "plan      300 rows, 3 rejected: ",
        "progress  spring: running: ",
        "sent      spring: finished: ",
        "webhooks  spring: finished: 298 of 300 accepted, 2 unknown, ",
        "report    line 304: rejected: duplicate of line 2",
        ": unknown: ERROR_CODE_UNSPECIFIED",
        "report    29",
    ],
}


@pytest.mark.slow
@pytest.mark.parametrize("name", LINES)
def test_a_demo_runs_without_a_key_and_leaves_nothing_behind(name: str, tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CONNECTLY_")}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", f"examples.{name}"],
        env={**environment, "PYTHONPATH": os.pathsep.join([str(ROOT), environment.get("PYTHONPATH", "")])},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
    places = [done.stdout.find(line) for line in LINES[name]]
    assert -1 not in places
    assert places == sorted(places)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not (ROOT / "README.md").exists(), reason="the README is not beside the tests")
@pytest.mark.parametrize("page", ["README.md", "docs/examples.md"])
def test_the_documentation_names_each_command(page: str) -> None:
    text = (ROOT / page).read_text("utf-8")

    assert set(re.findall(r"python -m examples\.(\w+)$", text, re.MULTILINE)) == set(LINES)
