"""Converts schemas from OpenAPI 3.0 and 3.1 to Swagger 2.0. Pure.

Source: https://spec.openapis.org/oas/v3.0.3, https://spec.openapis.org/oas/v3.1.0 and
https://json-schema.org/draft/2020-12
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from codegen.document import Json, check_object, inside, members, refuse, to_list, to_object

_KEPT = (
    "format", "title", "description", "default", "multipleOf", "maximum", "minimum", "maxLength", "minLength",
    "pattern", "maxItems", "minItems", "uniqueItems", "maxProperties", "minProperties", "required", "enum", "readOnly",
    "externalDocs", "xml", "deprecated",
)  # fmt: skip
_TRANSLATED: Mapping[str, type] = {
    "$ref": str,
    "type": object,
    "nullable": bool,
    "const": object,
    "example": object,
    "examples": list,
    "exclusiveMaximum": object,
    "exclusiveMinimum": object,
    "items": object,
    "properties": dict,
    "additionalProperties": object,
    "allOf": list,
    "oneOf": list,
    "anyOf": list,
    "patternProperties": dict,
}
_CONSTRAINTS: Mapping[str, type] = dict.fromkeys(
    (
        "$anchor", "$comment", "$id", "$schema", "contains", "contentEncoding", "contentMediaType", "contentSchema",
        "dependentRequired", "dependentSchemas", "discriminator", "else", "if", "maxContains", "minContains", "not",
        "prefixItems", "propertyNames", "then", "unevaluatedItems", "unevaluatedProperties", "writeOnly",
    ),
    object,
)  # fmt: skip
"""Keys that only restrict the valid values, and do not affect how a value is written or read."""

_KNOWN: Mapping[str, type] = {**dict.fromkeys(_KEPT, object), **_TRANSLATED, **_CONSTRAINTS}
_TYPES: Mapping[type, str] = {str: "string", bool: "boolean", int: "integer", float: "number"}
_OWN = frozenset({"properties", "type", "enum"})


class SchemaReader:
    """Converts the schemas of one document.

    Attributes:
        schemas: The document's shared schemas, before conversion.
    """

    def __init__(self, schemas: Mapping[str, Any]) -> None:
        """Keep the shared schemas."""
        self.schemas = schemas

    def convert(self, value: object, at: str) -> Json:
        """Convert one schema, and those within it.

        Args:
            value: The schema.
            at: Its JSON pointer.

        Raises:
            CodegenError: It has something unknown; the message says where.
        """
        if isinstance(value, bool):
            return {}
        fields = check_object(value, _KNOWN, at)
        result: Json = {key: copy.deepcopy(fields[key]) for key in fields if key in _KEPT or key.startswith("x-")}
        if "$ref" in fields:
            result["$ref"] = self._reference(fields["$ref"], inside(at, "$ref"))
        result |= _types(fields, at)
        _limits(fields, result)
        if "const" in fields:
            result["enum"] = [fields["const"]]
            if "type" not in result and type(fields["const"]) in _TYPES:
                result["type"] = _TYPES[type(fields["const"])]
        examples = [fields["example"]] if "example" in fields else fields.get("examples", [])[:1]
        if examples:
            result["example"] = copy.deepcopy(examples[0])
        result |= self._inner(fields, at)
        if result.get("type") == "array" and "items" not in result:
            result["items"] = {}
        for key in ("oneOf", "anyOf"):
            if key in fields:
                result = self._with_alternatives(result, fields[key], inside(at, key))
        return result

    def _inner(self, fields: Json, at: str) -> Json:
        result: Json = {}
        if "items" in fields:
            result["items"] = self.convert(fields["items"], inside(at, "items"))
        if "properties" in fields:
            where = inside(at, "properties")
            result["properties"] = {
                name: self.convert(schema, inside(where, name)) for name, schema in fields["properties"].items()
            }
        more = fields.get("additionalProperties")
        if more is not None:
            result["additionalProperties"] = (
                more if isinstance(more, bool) else self.convert(more, inside(at, "additionalProperties"))
            )
        elif fields.get("patternProperties"):
            result["additionalProperties"] = {}
        if "allOf" in fields:
            where = inside(at, "allOf")
            result["allOf"] = [self.convert(part, inside(where, n)) for n, part in enumerate(fields["allOf"])]
        return result

    def _reference(self, target: str, at: str) -> str:
        name = target.removeprefix("#/components/schemas/")
        if name == target or name.replace("~1", "/").replace("~0", "~") not in self.schemas:
            refuse(at, f"{target!r} is not under #/components/schemas")
        return f"#/definitions/{name}"

    def _with_alternatives(self, result: Json, alternatives: list[object], at: str) -> Json:
        """Convert alternatives to one object with the fields of all, each optional; see `_merge`."""
        found = [part for part in alternatives if (to_object(part) or {}).get("type") != "null"]
        if len(found) < len(alternatives):
            result["x-nullable"] = True
        converted = [self.convert(part, inside(at, n)) for n, part in enumerate(found)]
        if len(converted) == 1 and not _OWN.intersection(result):
            return {**result, **converted[0]}
        if not converted or len(converted) == 1:
            return {**result, "allOf": [*result.get("allOf", []), *converted]} if converted else result
        resolved = [self._resolve(part, at, 0) for part in converted]
        merged = _merge(resolved)
        own = result.get("properties", {})
        if own or "properties" in merged:
            merged["properties"] = {**merged.get("properties", {}), **own}
        return {**merged, **{key: value for key, value in result.items() if key != "properties"}}

    def _resolve(self, schema: Json, at: str, depth: int) -> Json:
        if depth > len(self.schemas):
            refuse(at, "the alternatives refer to each other in a cycle")
        if "$ref" not in schema:
            return schema
        name = schema["$ref"].removeprefix("#/definitions/").replace("~1", "/").replace("~0", "~")
        raw = members(self.schemas[name], inside("#/components/schemas", name))
        if "$ref" not in raw and ("oneOf" in raw or "anyOf" in raw):
            return {}  # Alternatives of alternatives can be anything.
        return self._resolve(self.convert(raw, inside("#/components/schemas", name)), at, depth + 1)


def _types(fields: Json, at: str) -> Json:
    given = fields.get("type")
    nullable = bool(fields.get("nullable"))
    if (found := to_list(given)) is not None:
        kinds = [kind for kind in found if kind != "null"]
        nullable = nullable or len(kinds) < len(found)
        given = kinds[0] if len(kinds) == 1 else None
    elif given is not None and not isinstance(given, str):
        refuse(inside(at, "type"), "must be a string or a list of strings")
    result: Json = {"type": given} if given not in {None, "null"} else {}
    return result | ({"x-nullable": True} if nullable or given == "null" else {})


def _limits(fields: Json, result: Json) -> None:
    for key, limit in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if isinstance(fields.get(key), bool):
            result[key] = fields[key]
        elif key in fields:
            result |= {limit: fields[key], key: True}


def _merge(alternatives: list[Json]) -> Json:
    """Merge schemas: objects become one object with the fields of all, anything else that differs becomes any JSON."""
    if all("properties" in schema or schema.get("type") == "object" for schema in alternatives):
        names = {name: None for schema in alternatives for name in schema.get("properties", {})}
        holders = {
            name: [s["properties"][name] for s in alternatives if name in s.get("properties", {})] for name in names
        }
        return {"type": "object", "properties": {name: _one_of(found) for name, found in holders.items()}}
    return _one_of(alternatives)


def _one_of(alternatives: list[Json]) -> Json:
    first = alternatives[0]
    if all(schema == first for schema in alternatives):
        return copy.deepcopy(first)
    kinds = {schema.get("type") for schema in alternatives}
    if len(kinds) != 1 or not kinds <= {"string", "integer", "number", "boolean"}:
        return {}
    kind: Json = {"type": first["type"]}
    if not all("enum" in schema for schema in alternatives):
        return kind
    values = [value for schema in alternatives for value in schema["enum"]]
    return kind | {"enum": [value for n, value in enumerate(values) if value not in values[:n]]}
