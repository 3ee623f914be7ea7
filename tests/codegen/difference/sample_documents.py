"""Documents of one operation, the frozen file with one of everything in it, and what changes between documents."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from codegen.difference import Change, compare, line
from codegen.spec.document import Json
from codegen.spec.to_openapi import convert
from tests.codegen.samples import VENDORED, swagger

__all__ = ["LIST", "MESSAGES", "TEMPLATES", "body", "changes", "document", "edit", "kinds", "lines", "rich", "swapped"]

MESSAGES = "/v1/businesses/{businessId}/send/messages"
TEMPLATES = "/v1/businesses/{businessId}/send/whatsapp_templated_messages"
LIST = "/v1/businesses/{businessId}/webhooks"


def document(operation: Json | None = None, *, path: str = "/things", method: str = "post", **root: Any) -> Json:
    """Return an OpenAPI document of one operation."""
    fields = {"responses": {"200": {"description": ""}}, **(operation or {})}
    return {"openapi": "3.0.3", "info": {"title": "", "version": "1"}, "paths": {path: {method: fields}}, **root}


def body(schema: Json, side: str, **schemas: Json) -> Json:
    """Return an OpenAPI document whose operation takes or returns a body."""
    content = {"content": {"application/json": {"schema": schema}}}
    if side == "request":
        return document({"requestBody": content}, components={"schemas": schemas})
    return document({"responses": {"200": {"description": "", **content}}}, components={"schemas": schemas})


def changes(old: Json, new: Json, side: str) -> list[Change]:
    """Return what changes between bodies of two schemas."""
    return list(compare(body(old, side), body(new, side)).changes)


def kinds(old: Json, new: Json, side: str) -> list[tuple[str, str]]:
    """Return the kind and the class of each change between bodies of two schemas."""
    return [(change.kind, change.impact) for change in changes(old, new, side)]


def lines(old: Json, new: Json) -> list[str]:
    """Return what changes between two documents, each change in a line."""
    return [line(change) for change in compare(old, new).changes]


def swapped(old: Json, new: Json) -> tuple[list[str], list[str]]:
    """Return what changes between two documents, there and back."""
    return lines(old, new), lines(new, old)


def rich() -> Json:
    """Return the frozen Swagger file with one of everything that Swagger has."""
    found = swagger(VENDORED)
    found |= {"host": "api.connectly.ai", "schemes": ["https"]}
    found["securityDefinitions"]["Login"] = {
        "type": "oauth2",
        "flow": "accessCode",
        "authorizationUrl": "https://login.example/a",
        "tokenUrl": "https://login.example/t",
        "scopes": {"send": "Send.", "read": "Read."},
    }
    found["securityDefinitions"]["Basic"] = {"type": "basic"}
    listing = found["paths"][LIST]["get"]
    listing["security"] = [{"ApiKeyAuth": []}, {"Login": ["send", "read"], "Basic": []}]
    listing["parameters"] += [
        {"name": "topics", "in": "query", "type": "array", "items": {"type": "string"}, "collectionFormat": "csv"},
        {"name": "pageSize", "in": "query", "type": "integer", "format": "int32", "maximum": 100},
        {"name": "X-Trace-Id", "in": "header", "required": False, "type": "string", "description": "For support."},
    ]
    listing["responses"]["200"]["headers"] = {"X-Total": {"type": "integer", "description": "All of them."}}
    listing["responses"]["200"]["examples"] = {"application/json": {"entity": None}}
    definitions = found["definitions"]
    definitions["v1Base"] = {
        "type": "object",
        "discriminator": "kind",
        "required": ["kind"],
        "properties": {"kind": {"type": "string"}, "id": {"type": "string", "readOnly": True}},
    }
    definitions["v1Odd"] = {
        "allOf": [{"$ref": "#/definitions/v1Base"}],
        "properties": {
            "count": {"type": "string", "format": "int64", "default": "1", "x-nullable": True},
            "ratio": {"type": "number", "format": "double", "minimum": 0, "maximum": 1, "exclusiveMaximum": True},
            "steps": {"type": "integer", "multipleOf": 2, "minimum": 0},
            "names": {"type": "array", "items": {"type": "string", "pattern": "^a", "minLength": 1, "maxLength": 9}},
            "tags": {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 3, "uniqueItems": True},
            "labels": {"type": "object", "additionalProperties": {"type": "string"}, "maxProperties": 5},
            "closed": {"type": "object", "additionalProperties": False, "properties": {"a": {"type": "string"}}},
            "old": {"type": "boolean", "deprecated": True, "title": "Old.", "description": "Do not use."},
        },
    }
    definitions["v1Message"]["properties"]["odd"] = {"$ref": "#/definitions/v1Odd"}
    definitions["v1Webhook"]["properties"]["odd"] = {"$ref": "#/definitions/v1Odd"}
    return found


def edit(change: Callable[[Json], object], base: Json | None = None) -> tuple[Json, Json]:
    """Return a Swagger document before and after a change of it, as OpenAPI documents."""
    old = rich() if base is None else base
    new = copy.deepcopy(old)
    change(new)
    return convert(old), convert(new)
