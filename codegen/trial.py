"""Tries a new tree out on a copy of a checkout: what mypy and the tests of the facade say about it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from codegen.spec.document import CodegenError

Findings = Mapping[str, list[str]]
"""Places by what they have in common: a message of mypy, or a file of tests."""

TYPES: Final = ("mypy", "--no-pretty", "--no-error-summary", "--hide-error-context", "connectly_api", "examples")
TESTS: Final = (
    *("pytest", "-q", "-n", "auto", "--tb=no", "--continue-on-collection-errors", "-p", "no:cacheprovider"),
    *("-m", "not slow and not once and not long", "--ignore-glob=*/test_hostile.py"),
    *("tests/contract", "tests/sandbox", "tests/cli", "tests/test_client.py", "tests/test_content.py"),
    *("tests/test_documented_requests.py", "tests/test_interactive.py", "tests/test_lowlevel.py"),
    *("tests/test_products.py", "tests/test_registrations.py", "tests/test_template.py"),
)
"""What a user of `Connectly`, of its command line or of the sandbox would notice, within a minute."""

_TYPE_ERROR: Final = re.compile(r"^(?P<place>\S+?:\d+)(?::\d+)?: error: (?P<group>.+)$", re.MULTILINE)
_FAILED_TEST: Final = re.compile(r"^(?:FAILED|ERROR) (?P<group>[^\s:\[]+)(?:::(?P<place>[^\s\[]+))?", re.MULTILINE)
_SHOWN: Final = 2000


def run(folder: Path, *command: str, may_fail: bool = False) -> subprocess.CompletedProcess[str]:
    """Run a program in a checkout; raise CodegenError if it fails, unless it may."""
    # The settings of a hook of git, of a test that runs this, and of coverage are not meant for these programs.
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("GIT_", "PYTEST_", "COVERAGE_"))}
    environment = {**kept, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(  # noqa: S603  git, and our own interpreter, with arguments of our own
            command, cwd=folder, env=environment, capture_output=True, text=True, encoding="utf-8", check=False
        )
    except OSError as error:
        raise CodegenError(f"cannot run {command[0]}: {error.strerror}") from None
    if done.returncode and not may_fail:
        raise CodegenError(f"{' '.join(command)}: {done.stderr.strip()}")
    return done


def copy_tracked(root: Path, folder: Path) -> None:
    """Copy the files that git tracks, as they are now."""
    for path in filter(None, run(root, "git", "ls-files", "-z").stdout.split("\0")):
        if (root / path).is_file():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(root / path, folder / path)


def check_types(folder: Path) -> Findings:
    """Return where handwritten code no longer fits, by mypy's messages."""
    return _find(folder, TYPES, _TYPE_ERROR)


def run_tests(folder: Path) -> Findings:
    """Return the tests that fail, whatever their parameters, by file."""
    return _find(folder, TESTS, _FAILED_TEST)


def _find(folder: Path, command: Sequence[str], pattern: re.Pattern[str]) -> Findings:
    done = run(folder, sys.executable, "-m", *command, may_fail=True)
    groups: dict[str, set[str]] = {}
    for match in pattern.finditer(done.stdout):
        groups.setdefault(match["group"], set()).add(match["place"] or "cannot be imported")
    if done.returncode and not groups:
        raise CodegenError(f"{command[0]} could not be run:\n{(done.stdout + done.stderr)[-_SHOWN:]}")
    return {group: sorted(places) for group, places in sorted(groups.items())}
