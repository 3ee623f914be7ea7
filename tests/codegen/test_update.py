from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from codegen import update as updating
from codegen.__main__ import main
from codegen.generate import read_tree
from codegen.spec.document import Json
from tests.codegen.samples import ROOT, VENDORED, freeze, small, swagger
from tests.codegen.styles import STYLES

SEND = "/v1/businesses/{businessId}/send/messages"


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of what `update` reads and writes of a checkout."""
    root = tmp_path_factory.mktemp("checkout")
    ignored = shutil.ignore_patterns("__pycache__")
    for folder in ("connectly_api", "examples", "tests/data"):
        shutil.copytree(ROOT / folder, root / folder, ignore=ignored)
    freeze(root)
    return root


@pytest.fixture
def checkout(original: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(original, tmp_path / "checkout"))


def vendored() -> Json:
    return swagger(VENDORED)


def changed() -> Json:
    """Return the vendored file with a new field, a field less, a new value and a new operation, in another style."""
    document = vendored()
    definitions = document["definitions"]
    definitions["v1Attachment"]["properties"]["mimeType"] = {"type": "string"}
    definitions["v1ChannelType"]["enum"].append("rcs")
    del definitions["v1Participant"]["properties"]["userId"]
    document["paths"]["/v1/widgets"] = {
        "get": {
            "operationId": "WidgetService_List",
            "tags": ["WidgetService"],
            "responses": {"200": {"description": ""}},
        }
    }
    return STYLES["packaged names"](document)


def self_made() -> Json:
    """Return the vendored file with a definition that is a list of itself."""
    document = vendored()
    document["definitions"]["L"] = {"type": "array", "items": {"$ref": "#/definitions/L"}}
    return document


def put(folder: Path, document: Json | bytes) -> str:
    path = folder / "new.swagger.json"
    path.write_bytes(document if isinstance(document, bytes) else json.dumps(document).encode())
    return str(path)


def run(root: Path, *arguments: str) -> int:
    return main(["update", "--root", str(root), *arguments])


@pytest.mark.slow
def test_a_new_file_is_put_in_place_and_told(
    checkout: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    new = put(tmp_path, changed())
    before = read_tree(checkout)
    assert run(checkout, new, "--dry-run") == 0
    dry = capsys.readouterr().out
    assert read_tree(checkout) == before
    assert "Dry run, not updated: service.swagger.json" in dry
    assert run(checkout, new) == 0
    told = capsys.readouterr().out
    assert told.split("Updated: ")[0] == dry.split("Dry run, not updated: ")[0]
    assert (checkout / "service.swagger.json").read_bytes() == Path(new).read_bytes()
    assert b"mime_type" in (checkout / "connectly_api/lowlevel/models/attachment.py").read_bytes()
    assert (checkout / "connectly_api/lowlevel/api/widget_service/list_.py").is_file()
    for line in (
        "2 breaking, 5 additive, 0 cosmetic: requires a major version.",
        "  Attachment.mimeType: new optional field, string",
        "      facade: Connectly.send_audio, Connectly.send_document, Connectly.send_image, Connectly.send_video",
        "  Participant.userId: the field is removed",
        "      golden: tests/data/requests/session_text_bsuid.json",
        '  ChannelType: new enum value "rcs"',
        "      facade: Registrations.create, Registrations.update",
        "  make check",
    ):
        assert line in told.splitlines() or line.startswith("2 breaking")
    assert re.search(r"connectly_api/send_request\.py:\d+ _build_session_request$", told, re.MULTILINE)
    assert main(["check", "--root", str(checkout)]) == 0
    assert run(checkout, new) == 0
    assert "is identical to service.swagger.json: nothing to do." in capsys.readouterr().out


@pytest.mark.slow
def test_the_same_in_another_style_concerns_no_handwritten_place(
    checkout: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(checkout, put(tmp_path, STYLES["packaged names"](vendored())), "--dry-run") == 0
    assert "No handwritten code is affected." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        (small(), "describes another API: it has none of the operations of service.swagger.json"),
        (b'{"swagger": "2.0", "info": {"ti', "truncated"),
        ({**vendored(), "swagger": "2.0", "info": {}}, "#/info: 'title' is missing"),
        (self_made(), "definition L: the schema refers only to itself"),
    ],
)
def test_a_file_that_cannot_be_used_changes_nothing(
    document: Json | bytes, problem: str, checkout: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = read_tree(checkout)
    new = put(tmp_path, document)
    assert run(checkout, new) == 2
    printed = capsys.readouterr()
    assert printed.err.startswith(f"codegen: {new}: ")
    assert problem in printed.err
    assert printed.err.count("\n") == 1
    assert printed.out == ""
    assert read_tree(checkout) == before


@pytest.mark.slow
@pytest.mark.parametrize("failure", [KeyboardInterrupt(), OSError("the disk is full")])
@pytest.mark.parametrize("step", ["build", "find_affected", "begin", "swap"])
def test_a_step_that_fails_changes_nothing(  # noqa: PLR0917  cases and fixtures
    step: str,
    failure: BaseException,
    checkout: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = read_tree(checkout)

    def fail(*_: object, **__: object) -> None:
        raise failure

    if step == "swap":
        monkeypatch.setattr(Path, "unlink", fail)
    elif step == "begin":
        monkeypatch.setattr(updating, "swap", fail)
    else:
        monkeypatch.setattr(updating, step, fail)
    new = put(tmp_path, changed())
    assert run(checkout, new) == (130 if isinstance(failure, KeyboardInterrupt) else 2)
    monkeypatch.undo()
    assert read_tree(checkout) == before
    assert capsys.readouterr().err.startswith(
        "codegen: interrupted; nothing" if isinstance(failure, KeyboardInterrupt) else "codegen: "
    )


def test_what_cannot_be_imported_is_not_put_in_place(
    checkout: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (checkout / "connectly_api" / "wire" / "encoding.py").write_text("raise ImportError('broken')\n", encoding="utf-8")
    assert run(checkout, put(tmp_path, changed())) == 2
    assert "the code generated from it cannot be imported: ImportError: broken" in capsys.readouterr().err


@pytest.mark.slow
def test_a_checkout_without_a_table_of_names_gets_one(checkout: Path, tmp_path: Path) -> None:
    (checkout / "codegen" / "names.json").unlink()
    assert run(checkout, put(tmp_path, changed())) == 0
    assert (checkout / "codegen" / "names.json").is_file()


@pytest.mark.parametrize("content", [None, b"{"])
def test_a_vendored_file_that_cannot_be_read_is_named(
    content: bytes | None, checkout: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (checkout / "service.swagger.json").unlink()
    if content is not None:
        (checkout / "service.swagger.json").write_bytes(content)
    assert run(checkout, put(tmp_path, changed())) == 2
    assert "service.swagger.json" in capsys.readouterr().err
