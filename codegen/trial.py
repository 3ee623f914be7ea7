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


def run_git(root: Path, *arguments: str) -> str:
    """Run git in a checkout and return what it prints; raise CodegenError if it fails."""
    return _run_to_end(root, "git", *arguments)


def run_python(folder: Path, module: str, *arguments: str) -> str:
    """Run a module of a copy and return what it prints; raise CodegenError if it fails."""
    return _run_to_end(folder, sys.executable, "-m", module, *arguments)


def _run_to_end(folder: Path, *command: str) -> str:
    done = _run(folder, command)
    if done.returncode:
        raise CodegenError(f"{' '.join(command)}: {done.stderr.strip()}")
    return done.stdout


def copy_tracked(root: Path, folder: Path) -> None:
    """Copy the files that git tracks, as they are now."""
    for path in filter(None, run_git(root, "ls-files", "-z").split("\0")):
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
    done = _run(folder, (sys.executable, "-m", *command))
    groups: dict[str, set[str]] = {}
    for match in pattern.finditer(done.stdout):
        groups.setdefault(match["group"], set()).add(match["place"] or "cannot be imported")
    if done.returncode and not groups:
        raise CodegenError(f"{command[0]} could not be run:\n{(done.stdout + done.stderr)[-_SHOWN:]}")
    return {group: sorted(places) for group, places in sorted(groups.items())}


def _run(folder: Path, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    # The settings of a hook of git, of a test that runs this, and of coverage are not meant for these programs.
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("GIT_", "PYTEST_", "COVERAGE_"))}
    environment = {**kept, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        return subprocess.run(  # noqa: S603  git, and our own interpreter, with arguments of our own
            command, cwd=folder, env=environment, capture_output=True, text=True, encoding="utf-8", check=False
        )
    except OSError as error:
        raise CodegenError(f"cannot run {command[0]}: {error.strerror}") from None
