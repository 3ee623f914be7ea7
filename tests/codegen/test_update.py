"""The command `update`, on checkouts under version control of their own."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from codegen import trial
from codegen import update as updating
from codegen.__main__ import main
from codegen.generate import PUBLISHED, read_tree, write_changes
from codegen.spec.document import Json
from codegen.spec.traverse import leave_out, operations
from codegen.trial import copy_tracked
from codegen.trial import run as run_in
from tests.codegen.samples import ROOT, VENDORED, freeze, small, swagger
from tests.codegen.styles import STYLES

TREE = "connectly_api/lowlevel"
DOCUMENTED = "tests/test_documented_requests.py"
QUICK = ("pytest", "-q", "--tb=no", "-p", "no:cacheprovider", "tests/test_registrations.py", DOCUMENTED)
WALK = """
import importlib, pkgutil
import connectly_api.lowlevel as tree
for module in pkgutil.walk_packages(tree.__path__, "connectly_api.lowlevel."):
    importlib.import_module(module.name)
"""


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a checkout of the frozen file, committed."""
    root = tmp_path_factory.mktemp("original")
    copy_tracked(ROOT, root)
    freeze(root)
    run_in(root, sys.executable, "-m", "tools.api_snapshot", "--announce", "connectly_api.lowlevel")
    (root / "CHANGELOG.md").write_text("# Changelog\n\n## [1.0.0] - 2026-01-01\n\n### Added\n\n- All.\n", "utf-8")
    for command in ("init --quiet", "add --all", "commit --quiet --message Start"):
        run(f"git {command}", root)
    return root


@pytest.fixture
def checkout(original: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a clean checkout of the frozen file, of which few tests are run."""
    monkeypatch.setattr(trial, "TESTS", QUICK)
    return Path(shutil.copytree(original, tmp_path / "checkout"))


@pytest.fixture
def untried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `update` run neither mypy nor tests."""

    def find_nothing(_: Path) -> Mapping[str, list[str]]:
        return {}

    for name in ("check_types", "run_tests"):
        monkeypatch.setattr(updating, name, find_nothing)


def run(command: str, root: Path) -> str:
    names = {f"GIT_{role}_{key}": "a@example.com" for role in ("AUTHOR", "COMMITTER") for key in ("NAME", "EMAIL")}
    without = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    words = [sys.executable if word == "python" else word for word in shlex.split(command)]
    done = subprocess.run(
        words, cwd=root, env={**without, **names, "PYTHONPATH": str(root)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def update(root: Path, document: Json | bytes, *options: str) -> int:
    path = root.parent / "new.swagger.json"
    path.write_bytes(document if isinstance(document, bytes) else json.dumps(document).encode())
    return main(["update", "--root", str(root), str(path), *options])


def vendored() -> Json:
    return swagger(VENDORED)


def with_additions() -> Json:
    """Return the frozen file in another style, with a new field and a new operation with a model of its own."""
    document = STYLES["packaged names"](vendored())
    document["definitions"]["connectlyV1Attachment"]["properties"]["mimeType"] = {"type": "string"}
    document["definitions"]["v1Widget"] = {"type": "object", "properties": {"name": {"type": "string"}}}
    document["paths"]["/v1/widgets"] = {
        "get": {
            "operationId": "BuildService_List",
            "tags": ["build"],
            "responses": {"200": {"description": "", "schema": {"$ref": "#/definitions/v1Widget"}}},
        }
    }
    return document


def with_removals() -> Json:
    """Return the frozen file without a field that `Connectly` sends, without a model, and with an odd operation."""
    document = vendored()
    del document["definitions"]["v1Participant"]["properties"]["userId"]
    del document["definitions"]["v1Message"]["properties"]["referral"]
    del document["definitions"]["v1Referral"]
    return document


def section(report: str, title: str) -> list[str]:
    """Return the lines below a title of a report."""
    lines = report.splitlines()
    rest = lines[lines.index(title) + 1 :]
    return [line.removeprefix("  ") for line in rest[: rest.index("")]]


@pytest.mark.slow
def test_a_file_with_additions_changes_nothing_for_users_and_a_clone_of_the_commit_works(
    checkout: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (checkout / "notes.txt").write_text("untracked, and none of the files that are written", "utf-8")
    assert update(checkout, with_additions()) == 0
    report = capsys.readouterr().out
    assert report.splitlines()[:2] == ["Nothing changes for users of Connectly.", "Version to raise: minor."]
    renewed = [TREE, PUBLISHED.as_posix(), "tests/api/connectly_api.lowlevel.txt", "service.swagger.json"]
    assert section(report, "Renewed:") == renewed
    assert section(report, "Left to do by hand:") == ["nothing"]
    assert "new optional field, string" in report.partition("What the new file changes:")[2]
    assert main(["check", "--root", str(checkout)]) == 0

    commands = section(report, "Next:")
    assert commands == [
        "git diff --stat",
        "make check",
        f"git add {' '.join(renewed)}",
        "git commit --message 'Follow a new service.swagger.json'",
    ]
    for command in commands:
        if command != "make check":  # tests/test_update_page.py runs it.
            run(command, checkout)
    assert run("git status --porcelain", checkout) == "?? notes.txt\n"
    run(f"git clone --quiet {checkout} clone", tmp_path)
    (tmp_path / "clone" / "walk.py").write_text(WALK, "utf-8")
    run("python walk.py", tmp_path / "clone")
    assert (tmp_path / "clone" / TREE / "api" / "build" / "list_.py").is_file()
    run("python -m pytest -q -p no:cacheprovider tests/test_registrations.py", tmp_path / "clone")


@pytest.mark.slow
def test_what_no_longer_fits_is_left_to_do_and_what_breaks_is_announced(
    checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert update(checkout, with_removals(), "--dry-run") == 0
    dry = capsys.readouterr().out
    assert dry.startswith("Dry run: nothing is written.\n\nSomething may change")
    assert run("git status --porcelain", checkout) == ""
    assert update(checkout, with_removals()) == 0
    report = capsys.readouterr().out
    assert dry.endswith(report)
    assert re.fullmatch(
        r"Something may change for users of Connectly: \d+ tests fail, and [12] lines have a wrong type\.\n"
        r"Version to raise: major\.",
        "\n".join(report.splitlines()[:2]),
    )
    to_do = section(report, "Left to do by hand:")
    assert to_do[0] == '"Participant" has no attribute "user_id"  [attr-defined]'
    assert to_do[1].startswith("  connectly_api/send_request.py:")
    assert to_do[to_do.index(DOCUMENTED) + 1].startswith("  test_")
    entry, _, rest = (checkout / "CHANGELOG.md").read_text("utf-8").partition("\n## [1.0.0]")
    assert entry.startswith("# Changelog\n\n## [Unreleased]\n\n### Changed\n\n- `connectly_api.lowlevel` follows a ")
    assert "`Participant.user_id`, `Referral`" in " ".join(entry.partition("### Removed")[2].split())
    assert rest.endswith("- All.\n")
    assert not (checkout / TREE / "models" / "referral.py").exists()
    run(section(report, "Next:")[2], checkout)
    assert f"D  {TREE}/models/referral.py" in run("git status --porcelain", checkout).splitlines()


@pytest.mark.usefixtures("untried")
@pytest.mark.slow
def test_an_api_that_moved_and_was_renamed_keeps_its_names(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = json.loads(json.dumps(STYLES["packaged names"](vendored())).replace('"/v1/', '"/gateway/v1/'))
    before = read_tree(checkout / TREE)
    assert update(checkout, document) == 0
    after = read_tree(checkout / TREE)
    assert after.keys() == before.keys()
    assert "Version to raise: major." in capsys.readouterr().out
    assert run("git diff --stat -- tests/api CHANGELOG.md", checkout) == ""


@pytest.mark.usefixtures("untried")
@pytest.mark.slow
def test_what_is_left_out_is_listed_and_what_connectly_uses_cannot_be(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("codegen.generate.apply", leave_out_each("/v1/widgets"))
    assert update(checkout, with_additions()) == 0
    assert section(capsys.readouterr().out, f"Left out of {TREE}:") == ["GET /v1/widgets: it is odd"]
    monkeypatch.setattr("codegen.generate.apply", leave_out_each("/v1/businesses/{businessId}/webhooks"))
    run("git add --all", checkout)
    run("git commit --quiet --message Updated", checkout)
    assert update(checkout, vendored()) == 2
    assert (
        "GET /v1/businesses/{}/webhooks, which connectly_api/registrations.py uses, is left out: it is odd"
        in capsys.readouterr().err
    )
    assert run("git status --porcelain", checkout) == ""


def leave_out_each(path: str) -> Callable[[Json], Json]:
    """Return the overlay with a step that leaves out the operations at a path."""
    from codegen.overlay import apply  # noqa: PLC0415  before it is replaced

    def apply_and_leave_out(document: Json) -> Json:
        result = apply(document)
        for operation in [one for one in operations(result) if one.path == path]:
            leave_out(result, operation, "it is odd")
        return result

    return apply_and_leave_out


def without_listing() -> Json:
    """Return the frozen file without an operation that `Connectly` uses."""
    document = vendored()
    del document["paths"]["/v1/businesses/{businessId}/webhooks"]
    return document


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        (
            without_listing(),
            "GET /v1/businesses/{}/webhooks, which connectly_api/registrations.py uses, is not in the file",
        ),
        (small(), "which connectly_api/campaigns/runner.py uses, is not in the file"),
        (b'{"swagger": "2.0", "info": {"ti', "new.swagger.json: "),
    ],
)
def test_a_file_that_cannot_be_used_changes_nothing(
    document: Json | bytes, problem: str, checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert update(checkout, document) == 2
    printed = capsys.readouterr()
    assert printed.err.startswith(f"codegen: {checkout.parent / 'new.swagger.json'}: ")
    assert problem in printed.err
    assert (printed.err.count("\n"), printed.out) == (1, "")
    assert run("git status --porcelain", checkout) == ""


def test_the_file_that_is_there_is_nothing_to_do(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert update(checkout, (checkout / "service.swagger.json").read_bytes()) == 0
    assert capsys.readouterr().out.endswith("is identical to service.swagger.json: nothing to do.\n")


@pytest.mark.parametrize("path", ["service.swagger.json", "CHANGELOG.md", f"{TREE}/models/new.py"])
def test_a_checkout_with_changes_in_what_is_written_is_refused(
    path: str, checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with (checkout / path).open("a", encoding="utf-8") as file:
        file.write("\n")
    assert update(checkout, with_additions()) == 2
    told = capsys.readouterr().err
    assert "commit or undo" in told
    assert told.rstrip().endswith(path)


def test_a_folder_without_version_control_is_refused(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.rmtree(checkout / ".git")
    assert update(checkout, with_additions()) == 2
    assert "not a git repository" in capsys.readouterr().err


@pytest.mark.usefixtures("untried")
@pytest.mark.slow
@pytest.mark.parametrize("failure", [KeyboardInterrupt(), OSError("the disk is full")])
def test_what_cannot_be_written_to_the_end_is_undone(
    failure: BaseException, checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def write_some(changes: Mapping[str, bytes | None], folder: Path) -> None:
        write_changes(changes, folder)
        if folder == checkout:
            (folder / TREE / "models" / "participant.py").unlink()
            raise failure

    monkeypatch.setattr(updating, "write_changes", write_some)
    assert update(checkout, with_additions()) == 2
    assert f"not updated, and undone with git restore {TREE} " in capsys.readouterr().err
    assert run("git status --porcelain", checkout) == ""


@pytest.mark.slow
def test_an_interruption_before_that_changes_nothing(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(_: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(updating, "check_types", interrupt)
    assert update(checkout, with_additions()) == 130
    assert capsys.readouterr().err == "codegen: interrupted\n"
    assert run("git status --porcelain", checkout) == ""
