"""What mypy and the tests say is read from their output; whatever else they say is an error."""

from __future__ import annotations

from pathlib import Path

import pytest

from codegen import trial
from codegen.spec.document import CodegenError
from codegen.trial import check_types, copy_tracked, run, run_tests

TYPES = """\
connectly_api/a.py:3: error: "A" has no attribute "b"  [attr-defined]
connectly_api/a.py:12: note: a note
connectly_api/b.py:7:5: error: "A" has no attribute "b"  [attr-defined]
connectly_api/b.py:9: error: Other  [arg-type]
"""
TESTS = """\
..F [100%]
FAILED tests/test_b.py::test_one[x::y - z] - assert 1 == 2
FAILED tests/test_b.py::test_one[other] - assert 1 == 2
FAILED tests/test_b.py::TestIt::test_two
ERROR tests/a/test_a.py::test_three - ValueError
ERROR tests/a/test_c.py
3 failed
"""


def put_program(folder: Path, text: str, status: int) -> tuple[str, ...]:
    """Write a module that prints a text and exits; return how to run it."""
    (folder / "program.py").write_text(f"import sys\nprint({text!r})\nsys.exit({status})\n", "utf-8")
    return ("program",)


def test_types_are_grouped_by_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial, "TYPES", put_program(tmp_path, TYPES, 1))
    assert check_types(tmp_path) == {
        '"A" has no attribute "b"  [attr-defined]': ["connectly_api/a.py:3", "connectly_api/b.py:7"],
        "Other  [arg-type]": ["connectly_api/b.py:9"],
    }


def test_tests_are_grouped_by_file_without_their_parameters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial, "TESTS", put_program(tmp_path, TESTS, 1))
    assert run_tests(tmp_path) == {
        "tests/a/test_a.py": ["test_three"],
        "tests/a/test_c.py": ["cannot be imported"],
        "tests/test_b.py": ["TestIt::test_two", "test_one"],
    }


def test_where_all_is_well_nothing_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial, "TESTS", put_program(tmp_path, "3 passed", 0))
    assert run_tests(tmp_path) == {}


def test_a_program_that_fails_without_a_place_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial, "TESTS", put_program(tmp_path, "ImportError while loading conftest", 4))
    with pytest.raises(CodegenError, match=r"(?s)program could not be run:.*ImportError while loading conftest"):
        run_tests(tmp_path)


def test_every_test_that_is_run_is_there() -> None:
    root = Path(__file__).resolve().parent.parent.parent
    assert [path for path in trial.TESTS if path.startswith("tests/") and not (root / path).exists()] == []


def test_without_git_there_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CodegenError, match="cannot run git: No such file"):
        run(tmp_path, "git", "status")


def test_a_program_that_fails_is_told_with_its_words(tmp_path: Path) -> None:
    with pytest.raises(CodegenError, match=r"git rev-parse: .*not a git repository"):
        run(tmp_path, "git", "rev-parse")


def test_of_the_tracked_files_those_that_are_there_are_copied_as_they_are(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "a").mkdir(parents=True)
    for name in ("a/ü b.txt", "gone.txt", "changed.txt"):
        (root / name).write_text("old", "utf-8")
    run(root, "git", "init", "--quiet")
    run(root, "git", "add", "--all")
    (root / "gone.txt").unlink()
    (root / "changed.txt").write_text("new", "utf-8")
    (root / "untracked.txt").write_text("new", "utf-8")
    copy_tracked(root, tmp_path / "copy")
    found = {
        path.relative_to(tmp_path / "copy").as_posix(): path.read_text("utf-8")
        for path in (tmp_path / "copy").rglob("*.txt")
    }
    assert found == {"a/ü b.txt": "old", "changed.txt": "new"}
