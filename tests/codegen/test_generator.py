from __future__ import annotations

from pathlib import Path

import pytest

from codegen.render.generator import UNUSED, render
from codegen.spec.document import CodegenError, Json
from tests.codegen.samples import model, prepared, small


def test_the_tree_holds_what_the_templates_make_and_nothing_else(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    render(prepared(model({"name": {"type": "string"}})), tmp_path / "tree")
    found = sorted(path.relative_to(tmp_path / "tree").as_posix() for path in (tmp_path / "tree").rglob("*.py"))
    assert found == [
        "__init__.py",
        "api/__init__.py",
        "api/thing_service/__init__.py",
        "api/thing_service/get_thing.py",
        "models/__init__.py",
        "models/get_thing_response.py",
        "models/thing.py",
    ]
    assert not any((tmp_path / "tree" / name).exists() for name in UNUSED)
    assert capsys.readouterr().out == ""


def test_every_file_says_that_it_is_generated(tmp_path: Path) -> None:
    render(prepared(model({"name": {"type": "string"}, "kind": {"type": "string", "enum": ["a"]}})), tmp_path / "tree")
    for path in (tmp_path / "tree").rglob("*.py"):
        assert path.read_text(encoding="utf-8").startswith("# Generated from service.swagger.json by "), path


def test_a_document_that_the_generator_cannot_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        CodegenError, match="the generator left something out:\nERROR: Failed to parse OpenAPI document"
    ):
        render({"openapi": "3.0.3"}, tmp_path / "tree")


@pytest.mark.parametrize(
    ("properties", "problem"),
    [
        ({"mixed": {"type": "string", "enum": ["a", 1]}}, "Unable to process schema /components/schemas/Thing"),
        ({"flag": {"type": "number", "enum": [1.5]}}, "Unable to process schema /components/schemas/Thing"),
        ({"ref": {"$ref": "#/components/schemas/Gone"}}, "Could not find reference"),
    ],
)
def test_a_warning_of_the_generator_is_a_failure(properties: Json, problem: str, tmp_path: Path) -> None:
    document = prepared(small())
    document["components"]["schemas"]["Thing"] = {"type": "object", "properties": properties}
    with pytest.raises(CodegenError, match=f"(?s)the generator left something out:.*{problem}"):
        render(document, tmp_path / "tree")


def test_an_operation_that_the_generator_drops_is_a_failure(tmp_path: Path) -> None:
    document = prepared(small())
    response = document["paths"]["/v1/things"]["get"]["responses"]["200"]
    response["content"] = {"image/png": {"schema": {"type": "string"}}}
    with pytest.raises(CodegenError, match=r"(?s)WARNING parsing GET /v1/things.*Unsupported content_type image/png"):
        render(document, tmp_path / "tree")


def test_a_place_that_is_taken_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CodegenError, match="Directory already exists"):
        render(prepared(small()), tmp_path)


def test_what_no_template_knows_is_refused(tmp_path: Path) -> None:
    document = prepared(small())
    union = {"oneOf": [{"type": "string"}, {"type": "integer"}]}
    document["components"]["schemas"]["Thing"] = {
        "type": "object",
        "properties": {"either": union},
        "x-wire": {"either": "either"},
    }
    with pytest.raises(CodegenError, match=r"no template knows a UnionProperty \(either\)"):
        render(document, tmp_path / "tree")
