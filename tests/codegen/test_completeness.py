"""Nothing of a file is lost: what it has is counted here without the converter, and looked for in the tree."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from codegen.generate import Layout, build
from codegen.spec.document import Json
from tests.codegen.samples import NAMES, ROOT, swagger, swagger_path

METHODS = frozenset({"get", "put", "post", "delete", "options", "head", "patch"})


def find_operations(document: Json) -> Iterator[Json]:
    for item in document["paths"].values():
        for method, operation in item.items():
            if method in METHODS:
                entries = [*item.get("parameters", []), *operation.get("parameters", [])]
                yield {**operation, "parameters": [resolve(document, entry) for entry in entries]}


def resolve(document: Json, value: Json) -> Json:
    """Follow a reference to a parameter or a definition."""
    for key in value.get("$ref", "#").split("/")[1:]:
        document = document[key]
    return document if "$ref" in value else value


def find_fields(document: Json, schema: Any, seen: set[int]) -> Iterator[str]:
    """Yield the name of each field of a schema and of all that it refers to, each schema once."""
    if not isinstance(schema, dict):
        return
    schema = resolve(document, schema)
    if id(schema) in seen:
        return
    seen.add(id(schema))
    for name, field in schema.get("properties", {}).items():
        yield name
        yield from find_fields(document, field, seen)
    for part in (schema.get("items"), schema.get("additionalProperties"), *schema.get("allOf", [])):
        yield from find_fields(document, part, seen)


def find_sent_and_returned(document: Json) -> Iterator[Any]:
    for operation in find_operations(document):
        yield from (entry.get("schema") for entry in operation["parameters"] if entry["in"] == "body")
        yield from (answer.get("schema") for status, answer in operation["responses"].items() if status[0] == "2")


def parse(files: Mapping[str, bytes], folder: str) -> list[ast.Module]:
    found = [path for path in files if path.startswith(f"{folder}/") and not path.endswith("__init__.py")]
    return [ast.parse(files[path]) for path in found]


def find_wires(modules: list[ast.Module]) -> set[str]:
    """Return the names on the wire that modules write."""
    return {
        value
        for module in modules
        for call in ast.walk(module)
        if isinstance(call, ast.Call)
        for argument in call.args
        if isinstance(argument, ast.Constant) and isinstance(value := argument.value, str)
    }


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_every_operation_parameter_and_field_of_a_file_is_in_its_tree(name: str) -> None:
    document = swagger(name)
    tree = build(Layout.of(ROOT, swagger_path(name)))
    assert tree.left_out == {}
    operations = parse(tree.files, "api")
    expected = list(find_operations(document))
    assert len(operations) == len(expected)
    arguments = [
        len(node.args.args) + len(node.args.kwonlyargs)
        for module in operations
        for node in module.body
        if isinstance(node, ast.FunctionDef) and node.name == "request"
    ]
    assert sorted(arguments) == sorted(len(operation["parameters"]) for operation in expected)
    seen: set[int] = set()
    fields = {field for schema in find_sent_and_returned(document) for field in find_fields(document, schema, seen)}
    assert fields - find_wires(parse(tree.files, "models")) == set()
