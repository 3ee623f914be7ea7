"""Builds an example value from a schema: the response of an operation that the sandbox does not implement."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from connectly_api.json_values import is_object
from connectly_api.sandbox.spec.json_schemas import Schema
from connectly_api.sandbox.spec.validation import build_validator, find_violations

_TEXTS: Final[Mapping[str, str]] = {
    "byte": "",
    "date": "2026-01-01",
    "date-time": "2026-01-01T00:00:00Z",
    "int64": "0",
    "uint64": "0",
    "uri": "https://example.com",
    "uuid": "00000000-0000-4000-8000-000000000000",
}


def build_example(schema: Schema) -> object:
    """Return the schema's own example if it is valid, else the simplest value; always the same for one schema.

    A schema with a pattern needs an example.
    """
    return _build(schema, frozenset())


def _build(schema: Schema, above: frozenset[int]) -> object:
    if "example" in schema and not find_violations(build_validator(schema), schema["example"]):
        given: object = schema["example"]
        return given
    match schema.get("type"):
        case _ if schema.get("enum"):
            value: object = _choose(schema["enum"])
        case "array":
            value = _build_items(schema, above | {id(schema)})
        case "string":
            value = _build_text(schema)
        case "boolean":
            value = False
        case "integer" | "number":
            value = _build_number(schema)
        case _:
            value = _build_fields(schema, above | {id(schema)})
    return value


def _choose(values: list[object]) -> object:
    return next((value for value in values if not str(value).lower().endswith("unspecified")), values[0])


def _build_fields(schema: Schema, above: frozenset[int]) -> dict[str, object]:
    """Fill every field, except where a schema contains itself."""
    fields: dict[str, object] = {}
    for part in schema.get("allOf", ()):
        whole = _build(part, above)
        fields.update(whole if is_object(whole) else {})
    for name, inner in schema.get("properties", {}).items():
        if id(inner) not in above:
            fields[name] = _build(inner, above)
    return fields


def _build_items(schema: Schema, above: frozenset[int]) -> list[object]:
    items = schema.get("items", {})
    if id(items) in above:
        return []
    return [_build(items, above)] * max(1, schema.get("minItems", 0))


def _build_text(schema: Schema) -> str:
    plain = _TEXTS.get(schema.get("format", ""), "text")
    if schema.get("format") in _TEXTS:
        return plain
    longest = schema.get("maxLength", len(plain))
    return plain[:longest].ljust(schema.get("minLength", 0), "t")


def _build_number(schema: Schema) -> int | float:
    """Return the number nearest to zero that the limits allow."""
    step: int | float = schema.get("multipleOf", 1)
    least: int | float = schema.get("minimum", 0) + (step if schema.get("exclusiveMinimum") else 0)
    most: int | float = schema.get("maximum", 0) - (step if schema.get("exclusiveMaximum") else 0)
    nearest = max(0, least) if least > 0 else min(0, most)
    return -(-nearest // step) * step if nearest > 0 else nearest // step * step
