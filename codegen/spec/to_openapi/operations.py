"""Converts operations from Swagger 2.0 to OpenAPI 3.0. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from codegen.spec.document import Json, check_object, elements, inside, members, refuse, select, strings
from codegen.spec.to_openapi.schemas import check_local, convert_header, convert_parameter, convert_schema
from codegen.spec.traverse import Operation

_TEXTS: Mapping[str, type] = {
    **dict.fromkeys(("summary", "description", "operationId"), str),
    "deprecated": bool,
    "security": list,
}
_OPERATION: Mapping[str, type] = {
    **dict.fromkeys((*_TEXTS, "tags", "externalDocs", "schemes", "consumes", "produces", "parameters"), object),
    "responses": dict,
}
_BODY: Mapping[str, type] = {"name": object, "in": str, "description": object, "required": object, "schema": dict}
_RESPONSE: Mapping[str, type] = {"description": object, "schema": dict, "headers": dict, "examples": object}
_STATUS = re.compile(r"[1-5][0-9][0-9]|default")
PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
# What protoc-gen-openapiv2 writes for streams, in all its versions, and for google.api.HttpBody.
_STREAM = re.compile(r"\(streaming (inputs|responses)\)|^Stream result of |^#/x-stream-definitions/", re.MULTILINE)
_RAW = re.compile(r"^#/definitions/(.*\.|.*api)?HttpBody$", re.MULTILINE)
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


class Service(NamedTuple):
    """A Swagger document, and the names of its definitions in the result."""

    root: Json
    names: Mapping[str, str]


Placed = dict[tuple[object, object], tuple[Json, str]]
"""Parameters and where each is defined, by `in` and `name`."""


def convert_operation(operation: Operation, item: Json, service: Service) -> Json:
    """Convert one operation of a path item; raise UnsupportedError if the generated code could not do it."""
    at = operation.at
    fields = check_object(item[operation.method], _OPERATION, at, required=("responses",))
    own = _parameters(fields, service, at)
    shared = _parameters(item, service, at.rpartition("/")[0])
    placed = {key: entry for key, entry in shared.items() if key not in own} | own
    plain = [convert_parameter(*entry) for (place, _), entry in placed.items() if place != "body"]
    bodies = [entry for (place, _), entry in placed.items() if place == "body"]
    _check_names(operation, plain)
    if len(bodies) > 1:
        refuse(at, "an operation can have at most one body")
    result = select(fields, _TEXTS)
    if "tags" in fields:
        result["tags"] = strings(fields["tags"], inside(at, "tags"))
    if plain:
        result["parameters"] = plain
    consumes, produces = (
        strings(fields.get(key, service.root.get(key, [])), inside(at, key)) for key in ("consumes", "produces")
    )
    for body, where in bodies:
        check_object(body, _BODY, where, required=("schema",))
        _check_value(body, where)
        required: Json = {"required": True} if body.get("required") is True else {}
        result["requestBody"] = {**_content(body, consumes or ["application/json"], service, where), **required}
    result["responses"] = _responses(fields["responses"], produces or ["*/*"], service, inside(at, "responses"))
    return result


def _parameters(owner: Json, service: Service, at: str) -> Placed:
    placed: Placed = {}
    for n, entry in enumerate(elements(owner.get("parameters", []), inside(at, "parameters"))):
        fields, where = _resolve(entry, service.root, "parameters", inside(inside(at, "parameters"), n))
        key = str(fields.get("in")), str(fields.get("name"))
        if key in placed:
            refuse(where, "the same parameter occurs twice")
        placed[key] = fields, where
    return placed


def _resolve(value: object, root: Json, kind: str, at: str) -> tuple[Json, str]:
    """Follow a reference to a shared parameter or response, and return it and where it is."""
    entry = members(value, at)
    if "$ref" not in entry:
        return entry, at
    target = check_local(entry["$ref"], inside(at, "$ref"))
    name = target.removeprefix(f"#/{kind}/")
    shared = root.get(kind, {})
    if name == target or name not in shared:
        refuse(inside(at, "$ref"), f"{target!r} is not under #/{kind}")
    at = inside(f"#/{kind}", name)
    return members(shared[name], at), at


def _check_names(operation: Operation, parameters: list[Json]) -> None:
    expected = sorted(PLACEHOLDER.findall(operation.path))
    if expected != sorted(entry["name"] for entry in parameters if entry["in"] == "path"):
        refuse(operation.at, "the path and its parameters have different names")
    if len(set(expected)) < len(expected) or re.search(r"[{}]", PLACEHOLDER.sub("", operation.path)):
        refuse(operation.at, "the path repeats a parameter, or has a brace without its pair")
    for entry in parameters:
        if entry["in"] == "header" and not _HEADER.fullmatch(entry["name"]):
            refuse(operation.at, f"{entry['name']!r} is not the name of a header")


def _responses(value: Json, produces: list[str], service: Service, at: str) -> Json:
    result: Json = {}
    for status, entry in value.items():
        if status.startswith("x-"):
            continue
        if not _STATUS.fullmatch(status):
            refuse(inside(at, status), "must be a status code, or 'default'")
        found, where = _resolve(entry, service.root, "responses", inside(at, status))
        fields = check_object(found, _RESPONSE, where)
        if status.startswith("2"):
            _check_value(fields, where)
        headers = {
            name: convert_header(header, inside(inside(where, "headers"), name))
            for name, header in fields.get("headers", {}).items()
        }
        content = _content(fields, produces, service, where)
        result[status] = {"description": "", **content, **({"headers": headers} if headers else {})}
    return result


def _check_value(fields: Json, at: str) -> None:
    """Refuse a body or a response that is not one JSON value."""
    schema: Json = fields.get("schema", {})
    signs = "\n".join(map(str, (fields.get("description"), schema.get("title"), schema.get("$ref"))))
    if _STREAM.search(signs):
        refuse(at, "a stream of values; a function sends one and returns one")
    if schema.get("type") == "file" or schema.get("format") == "binary" or _RAW.search(signs):
        refuse(at, "raw bytes or a file; a function sends and returns JSON")


def _content(fields: Json, media_types: list[str], service: Service, at: str) -> Json:
    result = select(fields, {"description": str})
    if "schema" in fields:
        schema = convert_schema(fields["schema"], service.names, inside(at, "schema"))
        result["content"] = {media: {"schema": schema} for media in media_types}
    return result
