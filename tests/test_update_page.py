"""The commands of docs/update.md, run in their order in a copy of the repository, with a new file of the vendor.

The copy is a repository of its own. `make` finds the environments of this checkout in it, as links that it may replace.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.codegen.styles import STYLES
from tests.docs.pages import blocks_of
from tests.docs.shell import read_input

ROOT = Path(__file__).resolve().parent.parent
BLOCKS = [block for block in blocks_of(ROOT / "docs" / "update.md") if block.language in {"sh", "console"}]
COMMANDS = [command for block in BLOCKS for command in read_input(block).splitlines()]
OPTIONAL = frozenset({"maxItems", "maxLength", "minItems", "minLength", "pattern"})
"""What protoc-gen-openapiv2 writes only where a service is annotated with it."""


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Return a copy of the repository as it is now, under version control of its own."""
    root = tmp_path / "copy"
    for path in run("git ls-files --cached --others --exclude-standard", ROOT).splitlines():
        if (ROOT / path).is_file():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / path, root / path)
    for lock in (root / "requirements").iterdir():  # Older than the environments, so that `make` keeps these.
        os.utime(lock, (0, 0))
    for environment in ROOT.glob(".venv*"):
        (root / environment.name).mkdir()
        for part in environment.iterdir():
            (root / environment.name / part.name).symlink_to(part.resolve())
    for command in ("git init --quiet", "git add --all", "git commit --quiet --message Start"):
        run(command, root)
    return root


def run(command: str, root: Path) -> str:
    words = [sys.executable if word == "python" else word for word in shlex.split(command)]
    names = {f"GIT_{role}_{key}": "a@example.com" for role in ("AUTHOR", "COMMITTER") for key in ("NAME", "EMAIL")}
    foreign = ("COVERAGE_", "GIT_", "MAKE", "MFLAGS", "PYTEST_", "PYTHONPATH")
    without = {key: value for key, value in os.environ.items() if not key.startswith(foreign)}
    # Two targets at a time, and without the tests that are the same in this checkout.
    without |= {"MAKEFLAGS": "--jobs=2 --output-sync=target", "REHEARSAL": "1"}
    done = subprocess.run(
        words,
        cwd=root,
        env={**without, **names},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}"
    return done.stdout


def write_new_file(path: Path) -> None:
    """Write the vendored file as protoc-gen-openapiv2 writes such a service, with one field more.

    Names have a package, everything is optional, an error is gRPC's status, and nothing is said of keys or of 201.
    """
    document = STYLES["rpcStatus"](STYLES["packaged names"](json.loads((ROOT / "service.swagger.json").read_bytes())))
    document["info"] = {"title": "connectly/api/v1/service.proto", "version": "version not set"}
    for key in ("host", "security", "securityDefinitions"):
        document.pop(key, None)
    for operation in find_operations(document):
        responses = operation["responses"]
        operation["responses"] = {status: responses[status] for status in responses if status in {"200", "default"}}
    document["definitions"] = drop_annotations(document["definitions"], is_schema=False)
    for fields in find_attachments(document):
        fields["mimeType"] = {"type": "string"}
    path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


def find_attachments(value: Any) -> Iterator[Any]:
    """Yield the fields of each attachment, wherever and in how many parts it is written."""
    parts = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    if isinstance(value, dict) and "caption" in (fields := value.get("properties", {})):
        yield fields
    for part in parts:
        yield from find_attachments(part)


def drop_annotations(value: Any, *, is_schema: bool) -> Any:
    if isinstance(value, list):
        return [drop_annotations(part, is_schema=True) for part in value]
    if not isinstance(value, dict):
        return value
    dropped = {*OPTIONAL, "required"} if is_schema else set[str]()
    return {
        key: drop_annotations(part, is_schema=not (is_schema and key == "properties"))
        for key, part in value.items()
        if key not in dropped
    }


def check_output(text: str, command: str, printed: str) -> None:
    """Compare what a command prints with what the page shows below it; `…` stands for anything."""
    below = text.partition(f"$ {command}\n")[2].partition("\n$ ")[0]
    pattern = ".*?".join(map(re.escape, below.split("…")))
    assert re.search(rf"\A{pattern}", printed, re.DOTALL), f"{command}\n{printed}"


@pytest.mark.once
@pytest.mark.rehearsal
def test_the_commands_of_the_page_lead_from_a_new_file_to_a_wheel(copy: Path, tmp_path: Path) -> None:
    new = tmp_path / "new.swagger.json"
    write_new_file(new)
    for block in BLOCKS:
        for command in read_input(block).splitlines():
            printed = run(command.replace("new.swagger.json", str(new)), copy)
            check_output(block.text if block.language == "console" else "", command, printed)
            if command.startswith("git commit --message"):
                run(f"git clone --quiet {copy} fresh", tmp_path)
    assert run("git status --porcelain", copy) == ""
    [wheel] = (copy / "dist").glob("connectly_api-0.2.0-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        assert b"mime_type" in archive.read("connectly_api/lowlevel/models/attachment.py")
    assert list((copy / "dist").glob("connectly_api-0.2.0.tar.gz")) != []
    run("python -m codegen check", tmp_path / "fresh")
    run("python -m pytest -q -p no:cacheprovider tests/contract tests/test_lowlevel.py", tmp_path / "fresh")


def test_the_page_has_all_the_steps_in_their_order() -> None:
    assert COMMANDS == [
        "python -m codegen update new.swagger.json --dry-run",
        "python -m codegen update new.swagger.json",
        "git diff --stat",
        "make check",
        "git add connectly_api/lowlevel codegen/names.json tests/api CHANGELOG.md service.swagger.json",
        "git commit --message 'Follow a new service.swagger.json'",
        "python -m tools.release set 0.2.0",
        "git commit --all --message 'Release 0.2.0'",
        "make build",
    ]


def test_the_new_file_is_one_of_the_generators_own_style(tmp_path: Path) -> None:
    write_new_file(tmp_path / "new.json")
    text = (tmp_path / "new.json").read_text("utf-8")
    document = json.loads(text)
    assert "securityDefinitions" not in document
    assert '"minLength"' not in text
    assert all("mimeType" in fields for fields in find_attachments(document))
    assert any(find_attachments(document))
    assert all(operation["responses"].keys() <= {"200", "default"} for operation in find_operations(document))


def find_operations(document: Any) -> list[Any]:
    paths = document["paths"].values()
    return [operation for item in paths for method, operation in item.items() if method != "parameters"]


@pytest.mark.parametrize(
    ("printed", "is_shown"), [("a\nmiddle\nz\nmore", True), ("a\nz\n", True), ("b\nz\n", False), ("a\n", False)]
)
def test_what_is_printed_is_compared_with_the_page(printed: str, is_shown: bool) -> None:
    text = "$ first\nother\n$ second\na\n…z\n"
    try:
        check_output(text, "second", printed)
    except AssertionError:
        assert not is_shown
    else:
        assert is_shown
