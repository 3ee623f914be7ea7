"""Iterates over the operations and the schemas of an OpenAPI document, and leaves out those that cannot be used."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Mapping
from typing import NamedTuple
from urllib.parse import unquote

from codegen.spec.document import CodegenError, Json, inside, list_children, to_object

METHODS = ("get", "put", "post", "delete", "options", "head", "patch")
"""The methods that a path of Swagger 2.0 can have."""

REFERENCE = "#/components/schemas/"

PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
"""A parameter in a path, with its name."""

_LEFT_OUT = "x-left-out"
_STRUCTURE = frozenset({"additionalProperties", "enum", "items", "properties"})


class Operation(NamedTuple):
    """One operation and its place."""

    at: str
    path: str
    method: str
    fields: Json


class Site(NamedTuple):
    """One schema and its place."""

    at: str
    schema: Json


def operations(document: Json) -> Iterator[Operation]:
    """Yield every operation of a document, in order; each may be left out meanwhile."""
    for path, item in list(document["paths"].items()):
        for method in METHODS:
            if method in item:
                yield Operation(inside(inside("#/paths", path), method), path, method, item[method])


def leave_out(document: Json, operation: Operation, reason: str) -> None:
    """Remove an operation that cannot be used, if it is there, and record the reason."""
    item = document["paths"].get(operation.path, {})
    item.pop(operation.method, None)
    if not item:
        document["paths"].pop(operation.path, None)
    path = operation.fields.get("x-path", operation.path)  # The path of the file, once it has other names in Python.
    _record(document, f"{operation.method.upper()} {path}".strip(), reason)


def leave_out_definitions(document: Json, reasons: Mapping[str, str]) -> None:
    """Remove definitions, each for its reason, and all definitions and operations that need them, directly or not.

    An error response only loses its body, because operations do not return it.
    """
    references = {name: [*find_references(schema)] for name, schema in document["components"]["schemas"].items()}
    causes = new = {name: name for name in reasons}
    while new:
        waiting = [name for name in references if name not in causes]
        new = {name: causes[need] for name in waiting for need in references[name] if need in new}
        causes = causes | new
    needs = {name: f"needs {cause}: {reasons[cause]}" for name, cause in causes.items()}
    for name in causes:
        document["components"]["schemas"].pop(name, None)
        _record(document, f"definition {name}", reasons.get(name, needs[name]))
    for operation in operations(document):
        responses, errors = operation.fields["responses"], operation.fields.get("x-errors", {})
        for status, response in [*responses.items(), *errors.items()]:
            if not status.startswith("2") and not causes.keys().isdisjoint(find_references(response)):
                response.pop("content", None)
                errors.pop(status, None)
        if lost := [name for name in find_references(operation.fields) if name in causes]:
            leave_out(document, operation, needs[lost[0]])


def leave_out_unneeded(document: Json, needed: Iterable[str]) -> None:
    """Remove the definitions that operations referred to, before some were left out, and that none needs now."""
    schemas = document["components"]["schemas"]
    # What was not needed before, either, stays, with what it refers to.
    unused = schemas.keys() - reach(schemas, needed)
    kept = reach(schemas, [*find_references(document["paths"]), *unused])
    for name in [name for name in schemas if name not in kept]:
        del schemas[name]
        _record(document, f"definition {name}", "needed only by what is left out")


def reach(schemas: Json, names: Iterable[str], passed: Container[str] = ()) -> set[str]:
    """Return the names of definitions, and of all that these refer to, apart from what was passed before."""
    found, waiting = set[str](), [*names]
    while waiting:
        name = waiting.pop()
        if name in schemas and name not in found and name not in passed:
            found.add(name)
            waiting += find_references(schemas[name])
    return found


def _record(document: Json, what: str, reason: str) -> None:
    document.setdefault(_LEFT_OUT, []).append({"operation": what, "reason": reason})


def read_left_out(document: Json) -> list[dict[str, str]]:
    """Return what was left out: `{"operation": "POST /v1/media", "reason": "..."}`, or `"definition v1Media"`."""
    return list(document.get(_LEFT_OUT, []))


def check_operations(document: Json) -> None:
    """Raise CodegenError if no operation is left."""
    if not document["paths"]:
        reasons = "; ".join(f"{entry['operation']}: {entry['reason']}" for entry in read_left_out(document)[:3])
        raise CodegenError(f"no operation of it can be used: {reasons or 'it has none'}")


def find_references(value: object) -> Iterator[str]:
    """Yield the name of each definition that something in Swagger or OpenAPI refers to."""
    for key, part in list_children(value):
        if key == "$ref" and isinstance(part, str):
            yield read_reference(part)
        else:
            yield from find_references(part)


def read_reference(target: str) -> str:
    """Return the name of the definition that a `$ref` leads to, in Swagger or OpenAPI."""
    name = unquote(target.removeprefix("#/definitions/").removeprefix(REFERENCE))
    return name.replace("~1", "/").replace("~0", "~")


def reference(schema: Json) -> str | None:
    """Return the name of the definition that a schema is, possibly with a description of its own next to it."""
    parts = schema.get("allOf", [])
    if len(parts) == 1 and not _STRUCTURE.intersection(schema):
        schema = {**parts[0], **schema}
    return read_reference(schema["$ref"]) if "$ref" in schema else None


def sites(document: Json) -> Iterator[Site]:
    """Yield every schema of a document, outer ones first; each may be changed meanwhile."""
    for name in list(document.get("components", {}).get("schemas", {})):
        yield from definition_sites(document, name)
    for operation in operations(document):
        yield from operation_sites(operation)


def definition_sites(document: Json, name: str) -> Iterator[Site]:
    """Yield every schema of a definition."""
    return sites_within(Site(inside("#/components/schemas", name), document["components"]["schemas"][name]))


def operation_sites(operation: Operation) -> Iterator[Site]:
    """Yield every schema of an operation."""
    fields, at = operation.fields, operation.at
    holders = [(f"{at}/parameters/{n}", parameter) for n, parameter in enumerate(fields.get("parameters", []))]
    bodies = {inside(f"{at}/responses", status): response for status, response in fields["responses"].items()}
    for place, body in {f"{at}/requestBody": fields.get("requestBody", {}), **bodies}.items():
        for key in ("content", "headers"):
            holders += [(inside(f"{place}/{key}", name), part) for name, part in body.get(key, {}).items()]
    holders += [(inside(f"{at}/responses", status), error) for status, error in fields.get("x-errors", {}).items()]
    for place, holder in holders:
        yield from sites_within(Site(f"{place}/schema", holder["schema"]))


def sites_within(site: Site) -> Iterator[Site]:
    """Yield a schema and every schema within it."""
    yield site
    at, schema = site
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            yield from sites_within(Site(inside(at, key), schema[key]))
    for key in ("properties", "allOf"):
        for name, part in list_children(schema.get(key)):
            yield from sites_within(Site(inside(inside(at, key), name), to_object(part)))
