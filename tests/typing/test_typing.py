"""Types are tested like behaviour: what must type-check does, and what must not is refused on exactly those lines."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
REFUSED = HERE / "refused.py"


def expected() -> set[int]:
    lines = REFUSED.read_text("utf-8").splitlines()
    return {number for number, line in enumerate(lines, 1) if line.endswith("# refused")}


def mypy(path: Path) -> tuple[set[int], str]:
    command = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--hide-error-context", str(path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    found = re.findall(rf"{path.name}:(\d+): error:", done.stdout)
    return {int(line) for line in found}, done.stdout + done.stderr


def pyright(path: Path) -> tuple[set[int], str]:
    command = [sys.executable, "-m", "pyright", "--outputjson", "--pythonpath", sys.executable, str(path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    diagnostics = json.loads(done.stdout)["generalDiagnostics"]
    found = {item["range"]["start"]["line"] + 1 for item in diagnostics if item["severity"] == "error"}
    return found, done.stdout


CHECKERS = {"mypy": mypy, "pyright": pyright}


@pytest.mark.parametrize("checker", CHECKERS)
def test_what_must_type_check_does(checker: str) -> None:
    lines, output = CHECKERS[checker](HERE / "accepted.py")
    assert lines == set(), output
    assert "error" not in output.replace("errorCount", ""), output


@pytest.mark.parametrize("checker", CHECKERS)
def test_what_must_not_type_check_is_refused_on_exactly_those_lines(checker: str) -> None:
    lines, output = CHECKERS[checker](REFUSED)
    assert len(expected()) > 30
    assert lines == expected(), output
