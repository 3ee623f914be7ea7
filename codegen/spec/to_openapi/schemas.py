"""Converts schemas and parameters from Swagger 2.0 to OpenAPI 3.0. Pure.

Source: https://swagger.io/specification/v2/ and https://spec.openapis.org/oas/v3.0.3
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Any

from codegen.spec.document import Json, check_object, extensions, inside, refuse, strings

_LIMITS: Mapping[str, type] = {
    "multipleOf": int,
    "maximum": int,
    "exclusiveMaximum": bool,
    "minimum": int,
    "exclusiveMinimum": bool,
    "maxLength": int,
    "minLength": int,
    "pattern": str,
    "maxItems": int,
    "minItems": int,
    "uniqueItems": bool,
    "enum": list,
    "default": object,
}
_SIMPLE: Mapping[str, type] = {**_LIMITS, "type": str, "format": str, "items": dict, "collectionFormat": str}
_SCHEMA: Mapping[str, type] = {
    **_LIMITS,
    "$ref": str,
    "type": str,
    "format": str,
    "title": str,
    "description": str,
    "maxProperties": int,
    "minProperties": int,
    "required": list,
    "items": dict,
    "allOf": list,
    "properties": dict,
    "additionalProperties": object,
    "discriminator": str,
    "readOnly": bool,
    "xml": dict,
    "externalDocs": dict,
    "example": object,
    "x-nullable": bool,
    # Not in Swagger 2.0, but protoc-gen-openapiv2 marks deprecated fields so; OpenAPI 3.0 has the same key.
    "deprecated": bool,
}
_PARAMETER: Mapping[str, type] = {
    **_SIMPLE,
    "name": str,
    "in": str,
    "description": str,
    "required": bool,
    "allowEmptyValue": bool,
    "deprecated": bool,
}
_HEADER: Mapping[str, type] = {**_SIMPLE, "description": str}
_XML: Mapping[str, type] = {"name": str, "namespace": str, "prefix": str, "attribute": bool, "wrapped": bool}
EXTERNAL_DOCS: Mapping[str, type] = {"description": str, "url": str}
"""The keys of an external documentation object."""

_TYPES = frozenset({"array", "boolean", "integer", "number", "object", "string"})
_QUERY_STYLES: Mapping[str, tuple[str, bool]] = {
    "csv": ("form", False),
    "multi": ("form", True),
    "ssv": ("spaceDelimited", False),
    "pipes": ("pipeDelimited", False),
}


def convert_schema(value: object, definitions: AbstractSet[str], at: str) -> Json:
    """Convert one schema and those within it.

    A `$ref` with siblings becomes an `allOf` next to them, because OpenAPI 3.0 ignores siblings.

    Args:
        value: The Swagger schema.
        definitions: The names that a `$ref` may refer to.
        at: Its JSON pointer.

    Raises:
        CodegenError: It has something that is unknown here or that OpenAPI cannot express.
    """
    fields = check_object(value, _SCHEMA, at)
    _check_type(fields, at)
    result: Json = {}
    for key, child in fields.items():
        if key == "x-nullable":
            result["nullable"] = child
        elif key != "$ref":
            result[key] = _member(key, child, definitions, inside(at, key))
    if "$ref" not in fields:
        return result
    reference = _reference(fields["$ref"], definitions, inside(at, "$ref"))
    return {**result, "allOf": [reference, *result.get("allOf", [])]} if result else reference


def _member(key: str, child: Any, definitions: AbstractSet[str], at: str) -> object:  # noqa: ANN401  JSON, just checked
    result: object = copy.deepcopy(child)
    match key:
        case "items":
            result = convert_schema(child, definitions, at)
        case "allOf":
            result = [convert_schema(part, definitions, inside(at, n)) for n, part in enumerate(child)]
        case "properties":
            result = {name: convert_schema(schema, definitions, inside(at, name)) for name, schema in child.items()}
        case "additionalProperties" if not isinstance(child, bool):
            result = convert_schema(child, definitions, at)
        case "discriminator":
            result = {"propertyName": child}
        case "xml" | "externalDocs":
            check_object(child, _XML if key == "xml" else EXTERNAL_DOCS, at)
        case "required":
            result = strings(child, at)
        case _:
            pass
    return result


def _check_type(fields: Json, at: str) -> None:
    kind = fields.get("type")
    if kind is not None and kind not in _TYPES:
        refuse(inside(at, "type"), f"{kind!r} is not a JSON type; files are sent and received as URLs")
    if kind == "array" and "items" not in fields:
        refuse(at, "an array must have items")


def _reference(target: str, definitions: AbstractSet[str], at: str) -> Json:
    name = target.removeprefix("#/definitions/")
    if name == target or name.replace("~1", "/").replace("~0", "~") not in definitions:
        refuse(at, f"{target!r} is not a definition of this file")
    return {"$ref": f"#/components/schemas/{name}"}


def convert_parameter(value: object, at: str) -> Json:
    """Convert a path, query or header parameter.

    Raises:
        CodegenError: It has something that is unknown here or that OpenAPI cannot express.
    """
    fields = check_object(value, _PARAMETER, at, required=("name", "in", "type"))
    place = fields["in"]
    if place not in {"path", "query", "header"}:
        refuse(inside(at, "in"), f"{place!r} parameters are not supported: bodies are JSON, not forms")
    if place == "path" and fields.get("required") is not True:
        refuse(at, "a path parameter must be required")
    if "allowEmptyValue" in fields and place != "query":
        refuse(inside(at, "allowEmptyValue"), "only a query parameter can be empty")
    kept = ("name", "in", "description", "required", "allowEmptyValue", "deprecated")
    result: Json = {key: fields[key] for key in kept if key in fields}
    if fields["type"] == "array":
        result |= _style(fields, place, at)
    return {**result, "schema": _simple_schema(fields, at), **extensions(fields)}


def convert_header(value: object, at: str) -> Json:
    """Convert a header of a response.

    Raises:
        CodegenError: It has something that is unknown here or that OpenAPI cannot express.
    """
    fields = check_object(value, _HEADER, at)
    result: Json = {"description": fields["description"]} if "description" in fields else {}
    if fields.get("type") == "array":
        result |= _style(fields, "header", at)
    return {**result, "schema": _simple_schema(fields, at), **extensions(fields)}


def _style(fields: Json, place: str, at: str) -> Json:
    """Return the style of a list in OpenAPI; the default of Swagger 2.0 is csv."""
    form = fields.get("collectionFormat", "csv")
    if place == "query" and form in _QUERY_STYLES:
        style, explode = _QUERY_STYLES[form]
        return {"style": style, "explode": explode}
    if place != "query" and form == "csv":
        return {"style": "simple", "explode": False}
    return refuse(inside(at, "collectionFormat"), f"OpenAPI 3.0 has no {form!r} lists in a {place}")


def _simple_schema(fields: Json, at: str) -> Json:
    """Convert the schema of a parameter, which is next to its other keys."""
    _check_type(fields, at)
    if fields.get("type") == "object":
        refuse(at, "a parameter must be a single value or a list of single values")
    if "collectionFormat" in fields and fields.get("type") != "array":
        refuse(inside(at, "collectionFormat"), "only a list has one")
    kept = (key for key in fields if key in _SIMPLE and key not in {"collectionFormat", "items"})
    result = {key: copy.deepcopy(fields[key]) for key in kept}
    return result | ({"items": _items(fields["items"], inside(at, "items"))} if "items" in fields else {})


def _items(fields: Json, at: str) -> Json:
    """Convert the items of a parameter; protoc-gen-openapiv2 writes any key of a schema."""
    if fields.get("type") in ("array", "object"):
        refuse(at, "a parameter must be a single value or a list of single values")
    # It only matters to a list within a list.
    return convert_schema({key: value for key, value in fields.items() if key != "collectionFormat"}, frozenset(), at)
