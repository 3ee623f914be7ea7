"""Everything in a Swagger file is in the tree that is generated from it.

What a file has is counted here from the file, as the documented facts correct it, and what a tree has from its code
alone, without any other code of the generator's.
"""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from codegen.__main__ import main
from codegen.documented_facts import apply_facts
from codegen.spec.document import Json
from tests.codegen.large_file import build_large_swagger
from tests.codegen.samples import NAMES, ROOT, swagger

LARGE = "large"
"""A file like the large one, in a tenth of its size."""

STREAMS = {"inline_bodies": {"GET /v1/shops/{}/orders:watch", "definition rpcStatus", "definition protobufAny"}}
"""Operations that a generated function cannot express, by file, and the definitions that only they need."""


class Found(NamedTuple):
    """What a file, or a tree, has.

    Attributes:
        operations: The arguments of each operation on the wire, by `POST /v1/things/{}`.
        objects: The names on the wire of each object's fields.
        enums: The values of each enum.
    """

    operations: dict[str, Counter[str]]
    objects: Counter[frozenset[str]]
    enums: Counter[frozenset[object]]


def read_file(document: Json, left_out: set[str]) -> Found:
    """Count what a file has, without what is left out and what that defines in place."""
    found = Found({}, Counter(), Counter())
    for name, schema in document.get("definitions", {}).items():
        if f"definition {name}" not in left_out:
            count_schema(schema, document, found)
    for path, item in document["paths"].items():
        for method in item.keys() - {"parameters", "$ref"}:
            operation = item[method]
            name = f"{method.upper()} {document.get('basePath', '').rstrip('/')}{re.sub(r'{.*?}', '{}', path)}"
            if name in left_out:
                continue
            entries = {
                (entry["in"], entry["name"]): entry
                for entry in map(resolve(document), [*item.get("parameters", []), *operation.get("parameters", [])])
            }
            found.operations[name] = Counter(
                place if place in {"body", "path"} else f"{place} {wire}" for place, wire in entries
            )
            for entry in entries.values():
                count_schema(entry.get("schema", entry), document, found)
            for response in map(resolve(document), operation["responses"].values()):
                count_schema(response.get("schema", {}), document, found)
    return found


def resolve(document: Json) -> Any:
    """Return a function that follows a reference."""

    def follow(part: Json) -> Json:
        target: Any = document
        for key in part["$ref"].split("/")[1:] if "$ref" in part else ():
            target = target[key]
        return follow(target) if "$ref" in part else part

    return follow


def count_schema(schema: Json, document: Json, found: Found) -> None:
    """Count the objects and enums that are defined in a schema, not those that it refers to."""
    if "$ref" in schema:
        return
    fields = collect_fields(schema, document)
    # A reference with a description of its own is an `allOf` of one part.
    if fields and ("properties" in schema or len(schema["allOf"]) > 1):
        found.objects[frozenset(fields)] += 1
    if values := [value for value in schema.get("enum", []) if not str(value).lower().endswith("unspecified")]:
        found.enums[frozenset(values)] += 1
    for part in schema.get("properties", {}).values():
        count_schema(part, document, found)
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            count_schema(schema[key], document, found)


def collect_fields(schema: Json, document: Json) -> dict[str, Json]:
    """Return the fields of a schema and of what it includes."""
    fields: dict[str, Json] = {}
    for part in schema.get("allOf", []):
        fields |= collect_fields(resolve(document)(part), document)
    own: dict[str, Json] = schema.get("properties", {})
    return fields | own


def read_tree(folder: Path) -> Found:
    found = Found({}, Counter(), Counter())
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Attribute(value=ast.Name("_protocol"), attr="Request")):
                    name, arguments = read_request(node)
                    assert name not in found.operations
                    found.operations[name] = arguments
                case ast.ClassDef():
                    found.objects[frozenset(read_fields(node))] += 1
                case ast.Subscript(value=ast.Attribute(value=ast.Name("_typing"), attr="Literal")):
                    found.enums[frozenset(ast.literal_eval(f"[{ast.unparse(node.slice).strip('()')}]"))] += 1
                case _:
                    pass
    return found


def read_request(call: ast.Call) -> tuple[str, Counter[str]]:
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    parts = given["path"].values if isinstance(given["path"], ast.JoinedStr) else [given["path"]]
    path = "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in parts)
    arguments = Counter({"path": path.count("{}"), "body": int("content" in given)})
    for node in ast.walk(call):
        match node:
            case ast.Call(
                func=ast.Attribute(attr="encode_query" | "encode_header" as function), args=[ast.Constant(wire), *_]
            ):
                arguments[f"{function.removeprefix('encode_')} {wire!s}"] += 1
            case _:
                pass
    method = ast.literal_eval(given["method"])
    return f"{method} {path}", +arguments


def read_fields(node: ast.ClassDef) -> Iterator[str]:
    """Yield the names on the wire that a class both reads and writes, each from and to a field that it declares."""
    declared = {
        part.target.id for part in node.body if isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name)
    }
    read: set[tuple[str, str]] = set()
    written: set[tuple[str, str]] = set()
    for part in ast.walk(node):
        match part:
            case ast.keyword(
                arg=str(name), value=ast.Call(func=ast.Attribute(attr="take" | "take_any"), args=[_, wire, *_])
            ):
                read.add((name, ast.literal_eval(wire)))
            case ast.Call(
                func=ast.Attribute(attr="put" | "put_any" | "put_enum"), args=[_, wire, ast.Attribute(attr=str(name))]
            ):
                written.add((name, ast.literal_eval(wire)))
            case _:
                pass
    assert read == written
    assert {name for name, _ in read} == declared - {"additional_properties"}
    yield from (wire for _, wire in read)


def file(name: str) -> Json:
    return build_large_swagger(0.25) if name == LARGE else swagger(name)


def generate(document: Json, folder: Path, name: str) -> Path:
    path = folder / f"{name}.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    assert main(["generate", "--swagger", str(path), "--out", str(folder / name)]) == 0
    return folder / name


def check(document: Json, folder: Path, left_out: set[str]) -> None:
    """Check that a tree has everything in a file except for these operations and definitions, which it lists."""
    found, tree = read_file(apply_facts(document), left_out), read_tree(folder)
    said = ast.get_docstring(ast.parse((folder / "__init__.py").read_text(encoding="utf-8"))) or ""
    listed = re.findall(r"^    ((?:[A-Z]+|definition) \S+): \S", said.partition("Left out:\n")[2], re.MULTILINE)
    assert {re.sub(r"{.*?}", "{}", name) for name in listed} == left_out
    assert len(listed) == len(left_out)
    assert found.operations
    assert tree.operations == found.operations
    # A schema that is written in place can have a class in each place.
    assert found.objects - tree.objects == Counter()
    assert found.enums - tree.enums == Counter()
    assert set(tree.objects) - {frozenset()} <= set(found.objects)
    assert set(tree.enums) == set(found.enums)


@pytest.mark.slow
@pytest.mark.parametrize("name", [*NAMES, LARGE])
def test_everything_in_a_file_is_in_its_tree(name: str, tmp_path: Path) -> None:
    document = file(name)
    check(document, generate(document, tmp_path, "tree"), STREAMS.get(name, set()))


@pytest.mark.slow
@pytest.mark.parametrize("name", [*NAMES, LARGE])
def test_everything_but_an_operation_that_is_left_out_is_in_its_tree(name: str, tmp_path: Path) -> None:
    document = file(name)
    odd: Json = {
        "operationId": "Odd",
        "parameters": [{"name": "X-Odd", "in": "header", "type": "array", "items": {"type": "string"}}],
        "responses": {"200": {"description": "Fine.", "schema": {"type": "string"}}},
    }
    document["paths"]["/v1/odd"] = {"get": odd}
    place = f"GET {document.get('basePath', '').rstrip('/')}/v1/odd"
    check(document, generate(document, tmp_path, "tree"), {place, *STREAMS.get(name, set())})


@pytest.mark.long
def test_all_trees_are_typed(tmp_path: Path) -> None:
    trees = [generate(file(name), tmp_path, f"tree_{n}") for n, name in enumerate([*NAMES, LARGE])]
    command = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", *map(str, trees)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.stdout + done.stderr, done.returncode) == ("", 0)
