"""Types are tested like behaviour: what must type-check does, and what must not is refused on exactly those lines."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
ACCEPTED, REFUSED = HERE / "accepted.py", HERE / "refused.py"

Errors = Mapping[Path, Mapping[int, str]]


def expected() -> set[int]:
    lines = REFUSED.read_text("utf-8").splitlines()
    return {number for number, line in enumerate(lines, 1) if line.endswith("# refused")}


def mypy() -> Errors:
    command = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--hide-error-context"]
    done = subprocess.run([*command, ACCEPTED, REFUSED], cwd=ROOT, capture_output=True, text=True, check=False)
    errors: dict[Path, dict[int, str]] = {ACCEPTED: {}, REFUSED: {}}
    for line in (done.stdout + done.stderr).splitlines():
        found = re.fullmatch(r"(.+?):(\d+): (error|note): (.*)", line)
        assert found, line
        if found[3] == "error":
            errors[ROOT / found[1]][int(found[2])] = found[4]
    return errors


def pyright() -> Errors:
    command = [sys.executable, "-m", "pyright", "--outputjson", "--pythonpath", sys.executable]
    done = subprocess.run([*command, ACCEPTED, REFUSED], cwd=ROOT, capture_output=True, text=True, check=False)
    errors: dict[Path, dict[int, str]] = {ACCEPTED: {}, REFUSED: {}}
    for item in json.loads(done.stdout)["generalDiagnostics"]:
        if item["severity"] == "error":
            errors[Path(item["file"])][item["range"]["start"]["line"] + 1] = item["message"]
    return errors


CHECKERS: Mapping[str, Callable[[], Errors]] = {"mypy": mypy, "pyright": pyright}


@pytest.fixture(scope="module", params=CHECKERS)
def errors(request: pytest.FixtureRequest) -> Errors:
    """What a checker says of both files, of which it reads the whole package once."""
    return CHECKERS[request.param]()


@pytest.mark.slow
def test_what_must_type_check_does(errors: Errors) -> None:
    assert errors[ACCEPTED] == {}


@pytest.mark.slow
def test_what_must_not_type_check_is_refused_on_exactly_those_lines(errors: Errors) -> None:
    assert len(expected()) > 30
    assert errors[REFUSED].keys() == expected(), errors[REFUSED]
