"""The commands of docs/update.md, read from the page and run in their order on a copy of the repository.

Two of them are shortened, as they take minutes, set up environments and need a network the first time: in place of
`make check` its quick parts are run, and in place of `make build` what that verb calls.
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
from pathlib import Path

import pytest

from tests.codegen.styles import STYLES
from tests.left_out import search_path

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "update.md").read_text("utf-8")
COMMANDS = [
    line for block in re.findall(r"^```sh\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL) for line in block.splitlines()
]
SHORTENED = {
    "make check": (
        "python -m codegen check",
        "python -m ruff check --no-cache connectly_api codegen",
        "python -m pytest -q -p no:cacheprovider tests/test_imports.py tests/test_lowlevel.py",
    ),
    "make build": (
        "python -m tools.release check",
        "python -m build --no-isolation --outdir dist .",
        "python -m tools.release files dist",
    ),
}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Return a copy of the repository as it is now, under version control of its own."""
    root = tmp_path / "copy"
    for path in run("git ls-files --cached --others --exclude-standard", ROOT).splitlines():
        if (ROOT / path).is_file():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / path, root / path)
    for command in ("git init --quiet", "git add --all", "git commit --quiet --message Start"):
        run(command, root)
    return root


def run(command: str, root: Path) -> str:
    words = [sys.executable if word == "python" else word for word in shlex.split(command)]
    names = {f"GIT_{role}_{key}": "a@example.com" for role in ("AUTHOR", "COMMITTER") for key in ("NAME", "EMAIL")}
    settings = {"PYTHONPATH": search_path(root), "PYTHONDONTWRITEBYTECODE": "1", **names}
    without = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    done = subprocess.run(words, cwd=root, env=without | settings, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.mark.once
@pytest.mark.long
def test_the_commands_of_the_page_lead_from_a_new_file_to_a_wheel(copy: Path, tmp_path: Path) -> None:
    document = json.loads((ROOT / "service.swagger.json").read_bytes())
    new = STYLES["other operation ids and tags"](STYLES["packaged names"](document))
    new["definitions"]["connectlyV1Attachment"]["properties"]["mimeType"] = {"type": "string"}
    path = tmp_path / "new.swagger.json"
    path.write_text(json.dumps(new), encoding="utf-8")
    told = ""
    for command in COMMANDS:
        for part in SHORTENED.get(command, (command,)):
            told += run(part.replace("new.swagger.json", str(path)), copy)
    assert "Attachment.mimeType: new optional field" in told
    assert "requires a minor version" in told
    [wheel] = (copy / "dist").glob("connectly_api-0.2.0-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        assert b"mime_type" in archive.read("connectly_api/lowlevel/models/attachment.py")
    assert list((copy / "dist").glob("connectly_api-0.2.0.tar.gz")) != []
    assert run("git status --porcelain", copy) == ""


def test_the_page_has_all_the_steps_in_their_order() -> None:
    assert COMMANDS[:3] == [
        "python -m codegen update new.swagger.json --dry-run",
        "python -m codegen update new.swagger.json",
        "python -m codegen check",
    ]
    assert COMMANDS[3] == "make check"
    assert COMMANDS[-1] == "make build"
