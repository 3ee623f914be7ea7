from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from codegen.diff import diff, read
from codegen.spec.document import CodegenError
from tests.codegen.samples import VENDORED, swagger, swagger_path

FILE = swagger_path(VENDORED)


def changed(folder: Path, **definitions: Any) -> str:
    """Write the vendored file with other definitions."""
    document = swagger(VENDORED)
    document["definitions"] |= definitions
    path = folder / "new.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return str(path)


def test_nothing_changed(tmp_path: Path) -> None:
    outcome = diff(str(FILE), changed(tmp_path), "text")
    assert (outcome.text, outcome.status, outcome.difference.bump) == ("No change.", 0, "none")


@pytest.mark.parametrize(
    ("footer", "status", "bump"),
    [
        ({"type": "object", "properties": {"text": {"type": "string", "description": "x"}}}, 0, "patch"),
        ({"type": "object", "properties": {"text": {"type": "string"}, "more": {"type": "string"}}}, 1, "minor"),
        ({"type": "object"}, 3, "major"),
    ],
)
def test_the_status_says_what_it_is_to_a_client(footer: Any, status: int, bump: str, tmp_path: Path) -> None:
    outcome = diff(str(FILE), changed(tmp_path, v1Footer=footer), "json")
    assert (outcome.status, outcome.difference.bump) == (status, bump)
    assert json.loads(outcome.text)["bump"] == bump


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "empty"),
        (
            b'{"swagger": "2.0", "surprise": 1}',
            "#/surprise: unknown key; decide first what it means for the generated code",
        ),
        (b'{"swagger": "2.0", "paths": 1}', "#/paths: must be an object"),
        (b'{"openapi": "3.0.3", "info": {"title": "", "version": ""}, "paths": {}}', "OpenAPI 3; only Swagger 2.0 is"),
    ],
)
def test_a_file_that_cannot_be_read_is_named_with_the_problem(content: bytes, problem: str, tmp_path: Path) -> None:
    path = tmp_path / "new.json"
    path.write_bytes(content)
    with pytest.raises(CodegenError) as caught:
        diff(str(FILE), str(path), "text")
    assert str(caught.value).startswith(f"{path}: ")
    assert problem in str(caught.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(CodegenError, match=r"cannot read .*gone\.json: No such file"):
        read(str(tmp_path / "gone.json"))


def test_what_is_valid_and_still_cannot_be_converted_is_named(tmp_path: Path) -> None:
    path = tmp_path / "new.json"
    document = swagger(VENDORED)
    document["paths"] = {"/a": {"get": {"parameters": [{"in": "formData", "name": "a", "type": "file"}]}}}
    document["paths"]["/a"]["get"] |= {"consumes": ["multipart/form-data"], "responses": {"200": {"description": ""}}}
    path.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(CodegenError, match=r"no operation of it can be used: GET /a: .*'formData' parameters are not"):
        read(str(path))
