"""Converts schemas and parameters from Swagger 2.0 to OpenAPI 3.0. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import unquote

from codegen.spec.document import CodegenError, Json, check_object, inside, refuse, select, strings, to_object
from codegen.spec.traverse import REFERENCE

LIMITS = (
    *("maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum", "multipleOf", "maxLength", "minLength", "pattern"),
    *("maxItems", "minItems", "uniqueItems", "maxProperties", "minProperties", "readOnly"),
)
"""Keys that restrict a value without changing its type."""

# `deprecated` is not in Swagger 2.0, but protoc-gen-openapiv2 writes it. A note of a wrong type is dropped.
_NOTES: Mapping[str, type] = {
    **dict.fromkeys((*LIMITS, "default", "example"), object),
    **dict.fromkeys(("title", "description", "format"), str),
    "deprecated": bool,
}
_IGNORED = ("x-nullable", "discriminator", "xml", "externalDocs", "collectionFormat")
_SCHEMA: Mapping[str, type] = {
    **dict.fromkeys((*_NOTES, *_IGNORED, "additionalProperties"), object),
    **dict.fromkeys(("$ref", "type"), str),
    **dict.fromkeys(("items", "properties"), dict),
    **dict.fromkeys(("allOf", "enum", "required"), list),
}
_OWN: Mapping[str, type] = {"name": str, "in": str, "description": str, "required": bool, "deprecated": bool}
"""What a parameter has next to its type."""

_PARAMETER = {**_SCHEMA, **_OWN, "required": object, "allowEmptyValue": object}
_TYPES = frozenset({"array", "boolean", "integer", "number", "object", "string"})
_QUERY_STYLES: Mapping[str, tuple[str, bool]] = {
    "csv": ("form", False),
    "multi": ("form", True),
    "ssv": ("spaceDelimited", False),
    "pipes": ("pipeDelimited", False),
}


def convert_schema(value: object, names: Mapping[str, str], at: str) -> Json:
    """Convert one schema and those within it; raise UnsupportedError if something in it is unknown.

    A `$ref` with siblings becomes an `allOf` next to them, because OpenAPI 3.0 ignores siblings. It may refer to the
    definitions in `names`, which have other names in the result.
    """
    fields = check_object(value, _SCHEMA, at)
    kind = fields.get("type")
    if kind is not None and kind not in _TYPES:
        refuse(inside(at, "type"), f"{kind!r} is not a type of JSON")
    result = select(fields, {**_NOTES, "type": str, "enum": list})
    if fields.get("x-nullable") is True:
        result["nullable"] = True
    if kind == "array" or "items" in fields:
        result["items"] = convert_schema(fields.get("items", {}), names, inside(at, "items"))
    if "properties" in fields:
        where = inside(at, "properties")
        result["properties"] = {
            name: convert_schema(schema, names, inside(where, name)) for name, schema in fields["properties"].items()
        }
    if "required" in fields:
        result["required"] = strings(fields["required"], inside(at, "required"))
    if "additionalProperties" in fields:
        rest, where = fields["additionalProperties"], inside(at, "additionalProperties")
        result["additionalProperties"] = rest if isinstance(rest, bool) else convert_schema(rest, names, where)
    where = inside(at, "allOf")
    parts = [convert_schema(part, names, inside(where, n)) for n, part in enumerate(fields.get("allOf", []))]
    if "$ref" in fields:
        parts.insert(0, _reference(fields["$ref"], names, inside(at, "$ref")))
        if not result and len(parts) == 1:
            return parts[0]
    return {**result, "allOf": parts} if parts else result


def _reference(target: str, names: Mapping[str, str], at: str) -> Json:
    name = find_definition(check_local(target, at), names)
    if name is None:
        refuse(at, f"{target!r} is not a definition of this file")
    return {"$ref": f"{REFERENCE}{name}"}


def find_definition(target: str, names: Mapping[str, str]) -> str | None:
    """Return the name in the result of the definition that a reference leads to, or None."""
    _, _, name = target.partition("#/definitions/")
    return names.get(unquote(name).replace("~1", "/").replace("~0", "~")) if name else None


def check_local(target: object, at: str) -> str:
    """Return a reference within the file; raise CodegenError about any other, which is not to be trusted."""
    if not str(target).startswith("#/"):
        raise CodegenError(f"{at}: refers to {str(target)[:200]!r}, which is outside the file")
    return str(target)


def convert_parameter(value: Json, at: str) -> Json:
    """Convert a path, query or header parameter; raise UnsupportedError if it is another one, or unknown."""
    place = value.get("in")
    if place not in ("path", "query", "header"):
        refuse(inside(at, "in"), f"{place!r} parameters are not supported: bodies are JSON, not forms")
    fields = check_object(value, _PARAMETER, at, required=("name", "type"))
    required: Json = {"required": True} if place == "path" else {}
    return {**select(fields, _OWN), **required, **_simple(fields, str(place), at)}


def convert_header(value: object, at: str) -> Json:
    """Convert a header of a response; raise UnsupportedError if it has something that is unknown."""
    fields = check_object(value, _PARAMETER, at)
    return {**select(fields, {"description": str}), **_simple(fields, "header", at)}


def _simple(fields: Json, place: str, at: str) -> Json:
    """Return the schema of a parameter or a header, and the style of a list, which is csv by default."""
    kind, items = fields.get("type"), to_object(fields.get("items")) or {}
    if kind == "object" or (kind == "array" and items.get("type") in ("array", "object")):
        refuse(at, "a parameter must be a single value or a list of single values")
    schema = {key: fields[key] for key in fields if key in _SCHEMA and key not in _OWN}
    result: Json = {"schema": convert_schema(schema, {}, at)}  # Nothing refers to a definition here.
    if kind == "array":
        form = fields.get("collectionFormat", "csv")
        style = _QUERY_STYLES.get(str(form)) if place == "query" else ("simple", False) if form == "csv" else None
        if style is None:
            refuse(inside(at, "collectionFormat"), f"there are no {form!r} lists in a {place}")
        result |= {"style": style[0], "explode": style[1]}
    return result
