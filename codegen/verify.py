"""Checks that every operation, schema and property of the Swagger file is in the generated tree. Pure."""

from __future__ import annotations

import ast
import re
from collections.abc import Container, Iterator, Mapping

import attrs

from codegen.naming import places
from codegen.spec.document import CodegenError, Json
from codegen.spec.traverse import METHODS, operations, read_left_out


@attrs.frozen
class Counts:
    """How many operations, schemas and properties the tree has."""

    operations: int
    schemas: int
    properties: int


@attrs.frozen
class _Found:
    """The contents of a tree.

    Attributes:
        functions: The number of arguments of each operation's request, by `tag/name`.
        classes: The fields of each model, by name on the wire and in Python; an alias has none.
    """

    functions: Mapping[str, int]
    classes: Mapping[str, frozenset[tuple[str, str]]]


def verify(swagger: Json, document: Json, tree: Mapping[str, str]) -> Counts:
    """Compare the Swagger file with the generated source.

    Args:
        swagger: The Swagger 2.0 document.
        document: The OpenAPI document that the tree was generated from; it contains the names.
        tree: The generated files, by their path within the tree.

    Returns:
        The number of operations, schemas and properties.

    Raises:
        CodegenError: Something is missing, or is not Python; the message lists everything.
    """
    parsed = {path: _parse(path, text) for path, text in tree.items() if path.endswith(".py")}
    found = _Found(dict(_functions(parsed)), dict(_classes(parsed)))
    left_out = {entry["operation"].removeprefix("definition ") for entry in read_left_out(document)}
    wanted = dict(_operations(swagger, left_out))
    definitions = {
        name: schema
        for name, schema in swagger.get("definitions", {}).items()
        if name not in left_out and re.fullmatch(r"[\w.-]+", name, re.ASCII)
    }
    properties = [(name, key) for name, schema in definitions.items() for key in _properties(schema)]
    missing = [*_find_missing_operations(wanted, document, found), *_find_missing_schemas(definitions, document, found)]
    if missing:
        raise CodegenError("not in the generated tree: " + ", ".join(missing))
    return Counts(len(wanted), len(definitions), len(properties))


def _operations(swagger: Json, left_out: Container[str]) -> Iterator[tuple[str, str]]:
    """Yield the place of each operation that is not left out, and the vendor's name for it."""
    base = swagger.get("basePath", "").rstrip("/")
    for path, item in swagger["paths"].items():
        for method in METHODS:
            if method in item and f"{method.upper()} {base}{path}" not in left_out:
                place = places.operation(method, f"{base}{path}")
                yield place, item[method].get("operationId") or place


def _properties(schema: Json) -> Iterator[str]:
    yield from schema.get("properties", {})
    for part in schema.get("allOf", []):
        yield from _properties(part)


def _find_missing_operations(wanted: Mapping[str, str], document: Json, found: _Found) -> Iterator[str]:
    given = {operation.fields["x-place"]: operation.fields for operation in operations(document)}
    for place, operation_id in wanted.items():
        fields = given.get(place)
        if fields is None:
            yield f"operation {operation_id}"
            continue
        arguments = len(fields.get("parameters", [])) + ("requestBody" in fields)
        if found.functions.get(f"{fields['tags'][0]}/{fields['operationId']}") != arguments:
            yield f"operation {operation_id} with {arguments} arguments"


def _find_missing_schemas(definitions: Json, document: Json, found: _Found) -> Iterator[str]:
    """Yield what is missing from each definition under any of its names; one without a name is inlined."""
    given: dict[str, list[tuple[str, Json]]] = {}
    for name, schema in document.get("components", {}).get("schemas", {}).items():
        for definition in schema.get("x-definitions", ()):
            given.setdefault(definition, []).append((name, schema))
    for definition, schema in definitions.items():
        named = given.get(definition, [])
        if _is_named(schema) and (not named or any(name not in found.classes for name, _ in named)):
            yield f"schema {definition}"
            continue
        for name, there in named:
            fields = dict(found.classes[name])
            python = {wire: python for python, wire in there.get("x-wire", {}).items()}
            yield from (
                f"property {definition}.{key}"
                for key in _properties(schema)
                if key not in python or fields.get(key) != python[key]
            )


def _is_named(schema: Json) -> bool:
    """Return whether a schema becomes a class or an alias; others, such as a plain string, are inlined."""
    return schema.get("type") == "object" or any(schema.get(key) for key in ("properties", "enum", "allOf"))


def _parse(path: str, text: str) -> ast.Module:
    try:
        compile(text, path, "exec", dont_inherit=True)
        return ast.parse(text, path)
    except (SyntaxError, ValueError) as error:
        raise CodegenError(f"the generated file {path} is not Python: {error}") from None


def _functions(parsed: Mapping[str, ast.Module]) -> Iterator[tuple[str, int]]:
    for path, module in parsed.items():
        name = path.removeprefix("api/").removesuffix(".py")
        defined = {node.name: node for node in module.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
        request, function = defined.get("request"), defined.get(name.rpartition("/")[2])
        if request is not None and isinstance(function, ast.AsyncFunctionDef):
            yield name, len(request.args.args) + len(request.args.kwonlyargs)


def _classes(parsed: Mapping[str, ast.Module]) -> Iterator[tuple[str, frozenset[tuple[str, str]]]]:
    for path, module in parsed.items():
        for node in module.body if path.startswith("models/") else ():
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                yield node.target.id, frozenset()
            elif isinstance(node, ast.ClassDef):
                yield node.name, frozenset(_fields(node))


def _fields(node: ast.ClassDef) -> Iterator[tuple[str, str]]:
    declared = {
        part.target.id for part in node.body if isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name)
    }
    for call in ast.walk(node):
        match call:
            case ast.Call(
                func=ast.Attribute(attr="put" | "put_enum" | "put_any"),
                args=[_, ast.Constant(value=str(wire)), ast.Attribute(attr=str(name))],
            ) if name in declared:
                yield wire, name
            case _:
                pass
