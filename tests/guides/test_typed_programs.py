"""The programs of the documentation and the examples have types as a user's project has: strict, on its own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.docs.pages import ROOT, blocks_of, pages

pytestmark = [pytest.mark.slow, pytest.mark.once]


def list_programs() -> Mapping[str, Mapping[str, str]]:
    """Return the files of each page that has a program, and of the examples, by folder and path."""
    programs = {
        page.relative_to(ROOT).with_suffix("").as_posix().replace("/", "-"): {
            block.title: block.text for block in blocks_of(page) if block.title and block.title.endswith(".py")
        }
        for page in pages()
    }
    examples = {f"examples/{path.name}": path.read_text("utf-8") for path in (ROOT / "examples").glob("*.py")}
    return {name: files for name, files in (programs | {"examples": examples}).items() if files}


PROGRAMS = list_programs()


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder outside the checkout, with a folder for each program."""
    project = tmp_path_factory.mktemp("project")
    for name, files in PROGRAMS.items():
        for title, text in files.items():
            path = project / name / title
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
    settings = {
        "typeCheckingMode": "strict",
        "pythonVersion": "3.11",
        "extraPaths": [str(ROOT)],
        "executionEnvironments": [{"root": name} for name in PROGRAMS],
    }
    (project / "pyrightconfig.json").write_text(json.dumps(settings), "utf-8")
    return project


@pytest.mark.parametrize("name", PROGRAMS)
def test_mypy_finds_nothing(name: str, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MYPYPATH", str(ROOT))
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file", "", "--cache-dir", "../.mypy_cache"]
    done = subprocess.run([*command, *PROGRAMS[name]], cwd=project / name, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_pyright_finds_nothing(project: Path) -> None:
    command = [sys.executable, "-m", "pyright", "--pythonpath", sys.executable]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 errors" in done.stdout
