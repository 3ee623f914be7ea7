from typing import Any

import pytest

from connectly_api.sandbox.spec.examples import build_example
from connectly_api.sandbox.spec.json_schemas import SchemaConverter
from connectly_api.sandbox.spec.validation import build_validator, find_violations

CASES: list[tuple[dict[str, Any], object]] = [
    ({"type": "string"}, "text"),
    ({"type": "string", "example": "01F"}, "01F"),
    ({"type": "string", "example": 7}, "text"),
    ({"type": "string", "enum": ["x_unspecified", "a"]}, "a"),
    ({"type": "string", "enum": ["x_unspecified"]}, "x_unspecified"),
    ({"type": "string", "format": "int64"}, "0"),
    ({"type": "string", "format": "date-time"}, "2026-01-01T00:00:00Z"),
    ({"type": "string", "minLength": 6}, "texttt"),
    ({"type": "string", "maxLength": 2}, "te"),
    ({"type": "boolean"}, False),
    ({"type": "integer"}, 0),
    ({"type": "integer", "minimum": 3}, 3),
    ({"type": "integer", "minimum": 3, "exclusiveMinimum": True}, 4),
    ({"type": "integer", "maximum": -3}, -3),
    ({"type": "integer", "maximum": 0, "exclusiveMaximum": True}, -1),
    ({"type": "integer", "minimum": 3, "multipleOf": 5}, 5),
    ({"type": "integer", "maximum": -3, "multipleOf": 5}, -5),
    ({"type": "array", "items": {"type": "string"}}, ["text"]),
    ({"type": "array", "items": {"type": "string"}, "minItems": 2}, ["text", "text"]),
    ({"type": "object", "properties": {"a_b": {"type": "string"}}, "required": ["a_b"]}, {"a_b": "text"}),
    ({"allOf": [{"properties": {"a": {"type": "string"}}}, {"type": "string"}]}, {"a": "text"}),
    ({}, {}),
]


@pytest.mark.parametrize(("schema", "value"), CASES)
def test_an_answer_is_the_plainest_that_its_schema_describes(schema: dict[str, Any], value: object) -> None:
    assert build_example(SchemaConverter({}, convert_name=str).convert(schema)) == value


@pytest.mark.parametrize("schema", [schema for schema, _ in CASES if "allOf" not in schema])
def test_an_answer_fits_its_schema(schema: dict[str, Any]) -> None:
    converted = SchemaConverter({}, convert_name=str).convert(schema)
    assert find_violations(build_validator(converted), build_example(converted)) == ()


def test_a_schema_that_contains_itself_is_filled_once() -> None:
    ref = {"$ref": "#/definitions/Tree"}
    tree = {"properties": {"name": {"type": "string"}, "child": ref, "children": {"type": "array", "items": ref}}}
    converted = SchemaConverter({"definitions": {"Tree": tree}}, convert_name=str).convert(ref)
    assert build_example(converted) == {"name": "text", "children": []}
