"""Converts paths and operations from Swagger 2.0 to OpenAPI 3.0. Pure."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping

from codegen.spec.document import Json, check_object, elements, extensions, inside, members, refuse, strings
from codegen.spec.to_openapi.schemas import convert_header, convert_parameter, convert_schema
from codegen.spec.to_openapi.service import convert_docs, convert_security, convert_servers

METHODS = ("get", "put", "post", "delete", "options", "head", "patch")
"""The methods that a path of Swagger 2.0 can have."""

_PATH: Mapping[str, type] = {**dict.fromkeys(METHODS, dict), "parameters": list}
_OPERATION: Mapping[str, type] = {
    "tags": list,
    "summary": str,
    "description": str,
    "externalDocs": dict,
    "operationId": str,
    "consumes": list,
    "produces": list,
    "parameters": list,
    "responses": dict,
    "schemes": list,
    "deprecated": bool,
    "security": list,
}
_BODY: Mapping[str, type] = {"name": str, "in": str, "description": str, "required": bool, "schema": dict}
_RESPONSE: Mapping[str, type] = {"description": str, "schema": dict, "headers": dict, "examples": dict}
_STATUS = re.compile(r"[1-5][0-9][0-9]|default")


def convert_path(path: str, value: object, root: Json) -> Json:
    """Convert the operations of one path; each gets a copy of the shared parameters.

    Args:
        path: The path's template.
        value: The path item.
        root: The whole document.

    Raises:
        CodegenError: It has something that is unknown here or that OpenAPI cannot express.
    """
    at = inside("#/paths", path)
    if path.startswith("x-"):
        return refuse(at, "an extension among the paths cannot be distinguished from a path")
    if not path.startswith("/"):
        refuse(at, "must begin with a slash")
    item = check_object(value, _PATH, at)
    shared = _parameters(item.get("parameters", []), root, inside(at, "parameters"))
    result = {
        method: _operation(item[method], shared, root, inside(at, method)) for method in METHODS if method in item
    }
    return {**result, **extensions(item)}


Placed = list[tuple[Json, str]]
"""Parameters, and where each is defined."""


def _parameters(value: object, root: Json, at: str) -> Placed:
    placed: Placed = []
    for n, entry in enumerate(elements(value, at)):
        fields, where = _resolve(entry, root, "parameters", inside(at, n))
        if any(_identity(fields) == _identity(other) for other, _ in placed):
            refuse(where, "the same parameter occurs twice")
        placed.append((fields, where))
    return placed


def _identity(fields: Json) -> tuple[str, str]:
    return str(fields.get("name")), str(fields.get("in"))


def _resolve(value: object, root: Json, kind: str, at: str) -> tuple[Json, str]:
    """Follow a reference to a shared parameter or response, and return it and where it is."""
    entry = members(value, at)
    if "$ref" not in entry:
        return entry, at
    target = str(entry["$ref"])
    name = target.removeprefix(f"#/{kind}/")
    shared = root.get(kind, {})
    if name == target or name not in shared or len(entry) > 1:
        refuse(inside(at, "$ref"), f"{target!r} is not under #/{kind}, or has siblings")
    at = inside(f"#/{kind}", name)
    return members(shared[name], at), at


def _operation(value: object, shared: Placed, root: Json, at: str) -> Json:
    fields = check_object(value, _OPERATION, at, required=("responses",))
    own = _parameters(fields.get("parameters", []), root, inside(at, "parameters"))
    names = {_identity(parameter) for parameter, _ in own}
    placed = [entry for entry in shared if _identity(entry[0]) not in names] + own
    result: Json = {}
    for key in ("summary", "description", "operationId", "deprecated"):
        if key in fields:
            result[key] = fields[key]
    if "tags" in fields:
        result["tags"] = strings(fields["tags"], inside(at, "tags"))
    if "externalDocs" in fields:
        result["externalDocs"] = convert_docs(fields["externalDocs"], at)
    if "security" in fields:
        result["security"] = convert_security(fields["security"], inside(at, "security"))
    if "schemes" in fields:
        result |= convert_servers(root, fields, at)
    plain = [convert_parameter(entry, where) for entry, where in placed if entry.get("in") != "body"]
    bodies = [(entry, where) for entry, where in placed if entry.get("in") == "body"]
    if plain:
        result["parameters"] = plain
    if len(bodies) > 1:
        refuse(at, "an operation can have at most one body")
    consumes = strings(fields.get("consumes", root.get("consumes", [])), inside(at, "consumes"))
    for body, where in bodies:
        result["requestBody"] = _body(body, consumes or ["application/json"], root, where)
    produces = strings(fields.get("produces", root.get("produces", [])), inside(at, "produces")) or ["*/*"]
    result["responses"] = _responses(fields["responses"], produces, root, inside(at, "responses"))
    return {**result, **extensions(fields)}


def _body(fields: Json, consumes: list[str], root: Json, at: str) -> Json:
    check_object(fields, _BODY, at, required=("name", "schema"))
    schema = convert_schema(fields["schema"], root.get("definitions", {}).keys(), inside(at, "schema"))
    result: Json = {"description": fields["description"]} if "description" in fields else {}
    result["content"] = {media: {"schema": copy.deepcopy(schema)} for media in consumes}
    return result | ({"required": True} if fields.get("required") else {}) | extensions(fields)


def _responses(value: Json, produces: list[str], root: Json, at: str) -> Json:
    result = extensions(value)
    for status, entry in value.items():
        if status.startswith("x-"):
            continue
        if not _STATUS.fullmatch(status):
            refuse(inside(at, status), "must be a status code, or 'default'")
        result[status] = _response(*_resolve(entry, root, "responses", inside(at, status)), produces, root)
    return result


def _response(entry: Json, at: str, produces: list[str], root: Json) -> Json:
    fields = check_object(entry, _RESPONSE, at, required=("description",))
    content: Json = {}
    if "schema" in fields:
        schema = convert_schema(fields["schema"], root.get("definitions", {}).keys(), inside(at, "schema"))
        content = {media: {"schema": copy.deepcopy(schema)} for media in produces}
    for media, example in fields.get("examples", {}).items():
        content.setdefault(media, {})["example"] = copy.deepcopy(example)
    headers = {
        name: convert_header(header, inside(inside(at, "headers"), name))
        for name, header in fields.get("headers", {}).items()
    }
    result: Json = {"description": fields["description"]}
    result |= {"headers": headers} if headers else {}
    result |= {"content": content} if content else {}
    return result | extensions(fields)
