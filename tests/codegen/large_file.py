"""A large Swagger file of the kind that a gateway of many services writes, for tests and benchmarks of speed."""

from __future__ import annotations

from codegen.spec.document import Json

_PACKAGES_PER_MEGABYTE = 25
_DEFINITIONS = 25
"""How many definitions each package has; most have the same short names as those of every other package."""

_KINDS = ("Order", "Item", "Address", "Money", "Page", "Customer", "Refund", "Parcel", "Label", "Note", "Status")
_VERBS = (("get", "Get"), ("put", "Update"), ("delete", "Delete"), ("post", "Create"), ("patch", "Change"))
_SEPARATORS = ("-", ".", "_")
_FIELDS = 3
_TEXT = "Set by the service when it first sees the {what}, and kept from then on; it is never reused."


def build_large_swagger(megabytes: float = 2.4) -> Json:
    """Return a Swagger document of about this size, if it is written with an indent of two.

    For each megabyte it has 125 operations and 625 definitions. Short names clash between packages, some names are one
    in Python, references lead deep and back again, and half of the bodies stand in place.
    """
    packages = round(_PACKAGES_PER_MEGABYTE * megabytes)
    paths: Json = {}
    definitions: Json = {"rpcStatus": _status()}
    for n in range(packages):
        definitions |= _definitions(n, packages)
        paths |= _paths(n)
    return {
        "swagger": "2.0",
        "info": {"title": "large.proto", "version": "version not set"},
        "consumes": ["application/json"],
        "produces": ["application/json"],
        "paths": paths,
        "definitions": definitions,
    }


def _paths(n: int) -> Json:
    found: Json = {}
    for m, (method, verb) in enumerate(_VERBS):
        parameters: list[Json] = [{"name": "shopId", "in": "path", "required": True, "type": "string"}]
        if method in {"get", "delete"}:
            parameters += [
                {"name": "pageSize", "in": "query", "required": False, "type": "integer", "format": "int32"},
                {"name": "page_size", "in": "query", "required": False, "type": "string", "description": _tell("page")},
            ]
        else:
            parameters.append({"name": "body", "in": "body", "required": True, "schema": _body(n, m)})
        found[f"/v1/shops/{{shopId}}/area{n}/orders{m}"] = {
            method: {
                "summary": _tell("order"),
                "operationId": f"Area{n}Service_{verb}Order",
                "responses": {
                    "200": {"description": "A successful response.", "schema": _reference(n, m)},
                    "default": {
                        "description": "An unexpected error response.",
                        "schema": {"$ref": "#/definitions/rpcStatus"},
                    },
                },
                "parameters": parameters,
                "tags": [f"Area{n}Service"],
            }
        }
    return found


def _body(n: int, m: int) -> Json:
    if m % 2:
        return _reference(n, m + 1)
    return {
        "type": "object",
        "properties": {
            "order": _reference(n, 0),
            "options": {"type": "object", "properties": {"reason": _string("reason"), "page": _reference(n, 4)}},
            "labels": {"type": "object", "additionalProperties": {"type": "string"}},
            "lines": {"type": "array", "items": {"type": "object", "properties": {"item": _reference(n, 1)}}},
        },
    }


def _definitions(n: int, packages: int) -> Json:
    found: Json = {}
    for m in range(_DEFINITIONS):
        properties: Json = {f"{_KINDS[k % len(_KINDS)].lower()}Text{k}": _string("text") for k in range(m, m + _FIELDS)}
        properties |= {
            "kind": _enum(),
            "next": _reference(n, m + 1),
            "elsewhere": {"type": "array", "items": _reference((n * 7 + m + 1) % packages, m * 3)},
            "byName": {"type": "object", "additionalProperties": _reference(n, m + 2)},
        }
        found[_name(n, m)] = {"type": "object", "properties": properties, "title": _tell("order")}
    return found


def _name(n: int, m: int) -> str:
    """Return the name of a definition; the last of each package have names that are one name in Python."""
    m %= _DEFINITIONS
    if m >= _DEFINITIONS - 2:
        separators = [_SEPARATORS[n // 3**k % 3] for k in range(5)]
        words = ("area", "Common", "Reply", "To", "Any" if m % 2 else "One", "Order")
        return "".join(word + mark for word, mark in zip(words, [*separators, "_" * (n // 243)], strict=True))
    return f"area{n}V1{_KINDS[m % len(_KINDS)]}{m // len(_KINDS) or ''}"


def _reference(n: int, m: int) -> Json:
    return {"$ref": f"#/definitions/{_name(n, m)}"}


def _string(what: str) -> Json:
    return {"type": "string", "description": _tell(what)}


def _enum() -> Json:
    return {"type": "string", "enum": ["KIND_UNSPECIFIED", "OPEN", "CLOSED"], "default": "KIND_UNSPECIFIED"}


def _tell(what: str) -> str:
    return _TEXT.format(what=what)


def _status() -> Json:
    return {
        "type": "object",
        "properties": {
            "code": {"type": "integer", "format": "int32"},
            "message": {"type": "string"},
            "details": {"type": "array", "items": {"type": "object"}},
        },
    }
