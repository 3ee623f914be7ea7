"""The programs of the documentation and the examples have types as a user's project has: strict, on its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.docs.pages import ROOT, blocks_of, pages
from tests.guides.guide_programs import read_programs

pytestmark = [pytest.mark.slow, pytest.mark.once]

Files = Mapping[str, str]
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))


def list_programs() -> Mapping[str, Files]:
    """Return the files of each program of a page, and of the examples, by name and path."""
    programs = {"examples": {f"examples/{path.name}": path.read_text("utf-8") for path in EXAMPLES}}
    for page in pages():
        name = page.relative_to(ROOT).with_suffix("").as_posix().replace("/", "-")
        for number, files in enumerate(read_programs(blocks_of(page)), 1):
            programs[f"{name}-{number}"] = {title: text for title, text in files.items() if title.endswith(".py")}
    return {name: files for name, files in programs.items() if files}


PROGRAMS = list_programs()


def write_project(folder: Path, programs: Mapping[str, Files]) -> None:
    """Write a folder for each program, and the settings of the type checkers."""
    for name, files in programs.items():
        for title, text in files.items():
            path = folder / name / title
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
    settings = {
        "typeCheckingMode": "strict",
        "pythonVersion": "3.11",
        "extraPaths": [str(ROOT)],
        "executionEnvironments": [{"root": name} for name in programs],
    }
    (folder / "pyrightconfig.json").write_text(json.dumps(settings), "utf-8")


def run_mypy(folder: Path, files: Files, cache: Path) -> subprocess.CompletedProcess[str]:
    """Check a program as `mypy --strict .` does, with this checkout as the installed package."""
    options = ["--strict", "--config-file", "", "--explicit-package-bases", "--cache-dir", str(cache)]
    command = [sys.executable, "-m", "mypy", *options, *files]
    environment = {**os.environ, "MYPYPATH": f".{os.pathsep}{ROOT}"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def run_pyright(folder: Path) -> subprocess.CompletedProcess[str]:
    """Check all programs of a project in one run."""
    command = [sys.executable, "-m", "pyright", "--pythonpath", sys.executable]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder outside the checkout with all programs."""
    project = tmp_path_factory.mktemp("project")
    write_project(project, PROGRAMS)
    return project


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where mypy keeps what it knows of the packages."""
    return tmp_path_factory.mktemp("mypy")


@pytest.mark.parametrize("name", PROGRAMS)
def test_mypy_accepts_a_program(name: str, project: Path, cache: Path) -> None:
    done = run_mypy(project / name, PROGRAMS[name], cache)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"in {len(PROGRAMS[name])} source file" in done.stdout


def test_pyright_accepts_every_program(project: Path) -> None:
    done = run_pyright(project)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 errors" in done.stdout


def _forget_await(files: Files) -> Files:
    return {
        title: text.replace("    await connectly.reply_text(", "    connectly.reply_text(")
        for title, text in files.items()
    }


def _take_async_client(files: Files) -> Files:
    old, new = (
        "connectly_api.sync import Connectly, ",
        "connectly_api import Connectly\nfrom connectly_api.sync import ",
    )
    return {**files, "bot.py": files["bot.py"].replace(old, new)}


@pytest.mark.parametrize(
    ("name", "spoil", "count"),
    [("docs-guides-django-2", _forget_await, 2), ("docs-guides-flask-1", _take_async_client, 4)],
    ids=["forgotten", "async client"],
)
def test_both_find_a_coroutine_that_nothing_awaits(
    name: str, spoil: Callable[[Files], Files], count: int, tmp_path: Path, cache: Path
) -> None:
    files = spoil(PROGRAMS[name])
    write_project(tmp_path, {name: files})
    assert run_mypy(tmp_path / name, files, cache).stdout.count("[unused-coroutine]") == count
    assert run_pyright(tmp_path).stdout.count("(reportUnusedCoroutine)") == count
