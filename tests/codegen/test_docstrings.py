from __future__ import annotations

import ast
from pathlib import Path

import pytest

from codegen.render.generator import render
from codegen.spec.document import Json
from tests.codegen.samples import model, prepared, small


def docstrings(document: Json, folder: Path) -> dict[str, str]:
    """Return the docstrings of a generated tree by class, function or alias."""
    render(prepared(document), folder / "tree")
    found: dict[str, str] = {}
    for path in sorted((folder / "tree").rglob("*.py")):
        body = ast.parse(path.read_text(encoding="utf-8")).body
        for node, after in zip(body, [*body[1:], None], strict=True):
            if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                found[node.name] = ast.get_docstring(node) or ""
            elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and isinstance(after, ast.Expr):
                found[node.target.id] = str(ast.literal_eval(after.value)).strip()
    return found


def test_a_model_says_what_it_is_and_what_its_fields_are_on_the_wire(tmp_path: Path) -> None:
    document = model(
        {
            "channelType": {"type": "string", "description": "Which channel", "example": "sms"},
            "size": {"type": "integer", "example": 3, "deprecated": True},
            "part": {"$ref": "#/definitions/v1Part"},
            "told": {"$ref": "#/definitions/v1Part", "description": "The other part."},
        },
        description="A thing",
        title="Things",
    )
    document["definitions"]["v1Part"] = {"type": "object", "description": "A part.", "properties": {"a": {}}}
    said = docstrings(document, tmp_path)
    assert said["Thing"].splitlines()[:12] == [
        "Things",
        "",
        "A thing.",
        "",
        "`v1Thing` of the service's Swagger file.",
        "",
        "Attributes:",
        "    channel_type: `channelType` on the wire. Which channel. For example `sms`.",
        "    size: `size` on the wire. Deprecated. For example `3`.",
        "    part: `part` on the wire.",
        "    told: `told` on the wire. The other part.",
        "    additional_properties: Received values without a field, or not of their field's type, by name on the",
    ]
    assert said["Part"].startswith("A part.\n\n`v1Part` of the service's Swagger file.\n")


def test_enums_and_mappings_are_told(tmp_path: Path) -> None:
    kinds = {"type": "string", "enum": ["kind_unspecified", "a"], "description": "Which kind."}
    document = model({"kind": kinds, "labels": {"type": "object"}})
    document["definitions"] |= {
        "v1Open": {"type": "string", "enum": ["OPEN_UNSPECIFIED"]},
        "v1Map": {"type": "object", "additionalProperties": {"type": "string"}, "description": "Names."},
    }
    said = docstrings(document, tmp_path)
    known = "The values that are known; the service may return others."
    assert said["ThingKind"] == f"Which kind.\n\nDefined in place by the Swagger file.\n\n{known}"
    assert said["Open"] == "`v1Open` of the service's Swagger file.\n\nNo value of it is known yet."
    assert said["Map"] == "Names.\n\n`v1Map` of the service's Swagger file."
    assert said["ThingLabels"] == "Defined in place by the Swagger file."


def test_an_operation_tells_its_arguments_and_what_it_raises(tmp_path: Path) -> None:
    fields: Json = {
        "summary": "Gets a thing",
        "description": "Or not.",
        "deprecated": True,
        "parameters": [
            {"name": "thingId", "in": "path", "required": True, "type": "string", "description": "Which one"},
            {"name": "viewMode", "in": "query", "type": "string"},
            {"name": "body", "in": "body", "schema": {"type": "object"}},
        ],
    }
    said = docstrings(small(operation=fields, path="/v1/{thingId}"), tmp_path)
    assert said["get_thing"].splitlines() == [
        "Gets a thing.",
        "",
        "Or not.",
        "",
        "Deprecated.",
        "",
        "`GET /v1/{thingId}`",
        "",
        "Args:",
        "    transport: The transport to use: `Connectly.transport`.",
        "    thing_id: `thingId` on the wire. Which one.",
        "    view_mode: `viewMode` on the wire.",
        "    body: The body, as JSON.",
        "    timeout: Seconds for the whole call, or None for the transport's own limit.",
        "",
        "Returns:",
        "    The response; fields that the service left out are unset.",
        "",
        "Raises:",
        "    InvalidInputError: An argument cannot be encoded in a path, a query, a header or JSON.",
        "    ConnectlyError: Any other error of the transport; see `connectly_api.errors`.",
    ]
    assert said["request"].splitlines()[0] == "Build the request of `get_thing`, without I/O."
    assert "Args:" in said["request"]


def test_an_operation_without_arguments_has_no_section_for_them(tmp_path: Path) -> None:
    said = docstrings(small(), tmp_path)
    assert "Args:" not in said["request"]
    assert said["get_thing"].startswith("`GET /v1/things`\n")


def test_a_package_lists_what_is_left_out_of_it(tmp_path: Path) -> None:
    document = prepared(small())
    render(document, tmp_path / "whole")
    whole = ast.get_docstring(ast.parse((tmp_path / "whole" / "__init__.py").read_text(encoding="utf-8"))) or ""
    assert "Left out" not in whole
    document["x-left-out"] = [
        {"operation": "POST /v1/media", "reason": "it takes multipart/form-data"},
        {"operation": "definition v1Media", "reason": "it " + "never ends " * 12},
    ]
    render(document, tmp_path / "rest")
    rest = ast.get_docstring(ast.parse((tmp_path / "rest" / "__init__.py").read_text(encoding="utf-8"))) or ""
    assert rest.startswith(f"{whole}\n\nLeft out:\n    POST /v1/media: it takes multipart/form-data\n")
    assert all(line.startswith("        ") for line in rest.splitlines()[-1:])


HOSTILE = '"""; import os; os.abort(); """ \\ \\" {{ 7 * 7 }} {% raise %} \u2028 \u202e \ud800\n\nimport sys\n"'


@pytest.mark.parametrize("ending", ["", '"', "\\", '\\"', '"""'])
def test_no_text_of_the_file_becomes_code(ending: str, tmp_path: Path) -> None:
    text = HOSTILE + ending
    properties = {
        "a": {"type": "string", "description": text, "title": text, "example": text},
        "b": {"type": "string", "enum": ["x", '"""; import os', "'''", "\\"], "description": text},
        "c": {"type": "object", "description": text},
        "d": {"type": "string", "default": text},
    }
    fields = {
        "summary": text,
        "description": text,
        "parameters": [{"name": "q", "in": "query", "type": "string", "description": text}],
        "responses": {"200": {"description": text, "schema": {"$ref": "#/definitions/v1Thing"}}},
    }
    document = small(
        operation=fields, definitions={"v1Thing": {"type": "object", "properties": properties, "title": text}}
    )
    document["info"] |= {"title": text, "description": text}
    document["tags"] = [{"name": "ThingService", "description": text}]
    ready = prepared(document)
    ready["x-left-out"] = [{"operation": f"GET /{text}", "reason": text}]
    render(ready, tmp_path / "tree")
    for path in (tmp_path / "tree").rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
        assert imported <= {"typing", "attrs", "importlib"}
        names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        assert not names & {"os", "sys"}
