from __future__ import annotations

import json
import re
import runpy
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from codegen.__main__ import main
from codegen.generate import read_tree
from tests.codegen.samples import ROOT, VENDORED, freeze, swagger, swagger_path


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Return a copy of what `codegen` needs of the repository, with its generated tree."""
    freeze(tmp_path)
    return tmp_path


def run(root: Path, command: str, *more: str) -> int:
    return main([command, "--root", str(root), *more])


def test_a_fresh_tree_passes_the_check(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(checkout, "check") == 0
    assert "is up to date with service.swagger.json" in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.parametrize("change", ["edit", "extra", "missing", "stale", "no table"])
def test_a_tree_that_is_not_what_it_should_be_fails_the_check_and_is_mended_by_generating(
    change: str, checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tree = checkout / "connectly_api" / "lowlevel"
    shown = {
        "edit": ["models/participant.py"],
        "extra": ["models/extra.py"],
        "missing": ["models/participant.py"],
        "no table": ["codegen/names.json"],
        "stale": ["_source.py", "codegen/names.json", "models/participant.py", "service.swagger.json"],
    }
    if change == "edit":
        with (tree / "models" / "participant.py").open("a", encoding="utf-8") as file:
            file.write("# by hand\n")
    elif change == "extra":
        (tree / "models" / "extra.py").write_text("x = 1\n", encoding="utf-8")
    elif change == "missing":
        (tree / "models" / "participant.py").unlink()
    elif change == "no table":
        (checkout / "codegen" / "names.json").unlink()
    else:
        swagger = checkout / "service.swagger.json"
        old, new = (
            '"v1Participant": {\n      "type": "object",\n      "properties": {',
            '"nickname": {"type": "string"},',
        )
        text = swagger.read_text(encoding="utf-8")
        assert old in text
        swagger.write_text(text.replace(old, old + new), encoding="utf-8")
    assert run(checkout, "check") == 1
    printed = capsys.readouterr()
    assert printed.out.splitlines() == shown[change]
    assert "run make generate" in printed.err
    assert run(checkout, "generate") == 0
    assert re.search(r"lowlevel: \d+ files$", capsys.readouterr().out)
    assert run(checkout, "check") == 0


def test_a_tree_that_is_not_there_fails_the_check(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.rmtree(checkout / "connectly_api")
    assert run(checkout, "check") == 1
    assert capsys.readouterr().out.startswith("__init__.py\n_source.py\napi/__init__.py\n")


@pytest.mark.slow
def test_another_file_can_be_generated_to_another_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--swagger", str(swagger_path("maps")), "--out", str(tmp_path / "tree")]
    assert main(["generate", *arguments]) == 0
    assert capsys.readouterr().out == f"{tmp_path / 'tree'}: {len(read_tree(tmp_path / 'tree'))} files\n"
    assert main(["check", *arguments]) == 0


@pytest.mark.parametrize("command", ["generate", "check"])
def test_what_cannot_be_generated_is_said_in_a_sentence(
    command: str, checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (checkout / "service.swagger.json").write_text('{"swagger": "2.0", "surprise": 1}', encoding="utf-8")
    assert run(checkout, command) == 2
    printed = capsys.readouterr()
    assert printed.err.startswith(f"codegen: {checkout / 'service.swagger.json'}: #/surprise: unknown key")
    assert printed.out == ""


def test_the_package_can_be_run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["codegen", "check"])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(ROOT / "codegen" / "__main__.py"), run_name="__main__")
    assert ended.value.code == 0
    assert "is up to date with" in capsys.readouterr().out


def test_a_command_has_to_be_given(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([])
    assert ended.value.code == 2
    assert "generate" in capsys.readouterr().err


def test_the_difference_of_two_files_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    files = [str(swagger_path("maps")), str(swagger_path("int64"))]
    assert main(["diff", *files]) == 3
    assert "requires a major version" in capsys.readouterr().out
    assert main(["diff", files[0], files[0], "--format", "markdown"]) == 0
    assert capsys.readouterr().out == "No change.\n"


def test_a_difference_to_a_file_that_cannot_be_read_is_said_in_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "new.json").write_text('{"swagger": "2.0", "\\u001b[2K": 1}', encoding="utf-8")
    assert main(["diff", str(swagger_path("maps")), str(tmp_path / "new.json")]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith(f"codegen: {tmp_path / 'new.json'}: #/\\u{{1b}}[2K: unknown key;")


@pytest.mark.parametrize(
    ("footer", "status", "bump"),
    [
        ({"type": "object", "properties": {"text": {"type": "string", "description": "x"}}}, 0, "patch"),
        ({"type": "object", "properties": {"text": {"type": "string"}, "more": {"type": "string"}}}, 1, "minor"),
        ({"type": "object"}, 3, "major"),
    ],
)
def test_the_exit_status_says_what_a_difference_means_for_a_client(
    footer: Any, status: int, bump: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = swagger(VENDORED)
    document["definitions"]["v1Footer"] = footer
    (tmp_path / "new.json").write_text(json.dumps(document), encoding="utf-8")
    assert main(["diff", str(swagger_path(VENDORED)), str(tmp_path / "new.json"), "--format", "json"]) == status
    assert json.loads(capsys.readouterr().out)["bump"] == bump
