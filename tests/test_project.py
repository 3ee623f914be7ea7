"""The project's own files agree with each other."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

import connectly_api

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))


def test_the_changelog_has_an_entry_for_this_version_or_the_next() -> None:
    headings = re.findall(r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert headings[0] in {"Unreleased", connectly_api.__version__}


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_a_lock_has_versions_and_hashes_and_no_address(lock: Path) -> None:
    text = lock.read_text("utf-8")
    requirements = re.findall(r"^[a-z0-9].*$", text, re.MULTILINE)
    assert len(requirements) > 10
    assert all("==" in requirement for requirement in requirements)
    assert text.count("--hash=sha256:") >= len(requirements)
    assert "://" not in text
    assert "--index-url" not in text


def test_every_runtime_dependency_has_a_reason() -> None:
    reasons = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    extras = PROJECT["project"]["optional-dependencies"].values()
    for requirement in [*PROJECT["project"]["dependencies"], *(entry for extra in extras for entry in extra)]:
        name = re.split(r"[<>=~\[]", requirement)[0]
        assert re.search(rf"^\|.*\b{name}\b", reasons, re.MULTILINE), name


def test_make_without_a_target_lists_every_target() -> None:
    command = ["make", "--no-print-directory"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    targets = re.findall(r"^([a-z-]+):.*##", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert [line.split()[0] for line in listed.splitlines()] == targets
    assert {"demo", "test", "check", "generate", "drift"} <= set(targets)


def test_every_test_that_the_makefile_names_is_there() -> None:
    named = re.findall(r"tests/[\w/.]+", (ROOT / "Makefile").read_text("utf-8"))
    assert [path for path in named if not (ROOT / path).exists()] == []


@pytest.mark.parametrize(
    ("installed", "expected"),
    [
        ({"3.11": True, "3.12": True, "3.13": True}, ["3.11", "3.13"]),
        ({"3.12": True}, ["3.12"]),
        ({"3.11": False, "3.13": True, "3.14": True, "3.20": True, "3.21": False}, ["3.13", "3.20"]),
        ({"3.9": True, "3.12": False}, []),
    ],
)
def test_the_oldest_and_the_newest_python_are_found_without_an_upper_limit(
    tmp_path: Path, installed: dict[str, bool], expected: list[str]
) -> None:
    for version, is_usable in installed.items():
        program = tmp_path / f"python{version}"
        program.write_text(f"#!/bin/sh\nexit {0 if is_usable else 1}\n", "utf-8")
        program.chmod(0o755)
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "sort").symlink_to(shutil.which("sort") or "")
    environment = {"PATH": f"{tmp_path}:{tools}", "HOME": str(tmp_path)}
    command = [shutil.which("sh") or "sh", "tools/interpreters"]

    found = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True).stdout

    assert found.split() == [str(tmp_path / f"python{version}") for version in expected]


def test_ci_runs_the_commands_of_the_readme() -> None:
    script = (ROOT / ".ci" / "run").read_text("utf-8")
    assert {"make demo", "make test"} <= set(script.splitlines())
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o111
