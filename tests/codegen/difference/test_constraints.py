from __future__ import annotations

import pytest

from codegen.difference.constraints import short
from codegen.spec.document import Json
from tests.codegen.difference.sample_documents import changes, kinds

STRING: Json = {"type": "string"}
NUMBER: Json = {"type": "number"}
INTEGER: Json = {"type": "integer"}
MOST_5: Json = {"type": "number", "maximum": 5}
LEAST_5: Json = {"type": "number", "minimum": 5}

# From | to | the kind of change | its class in a request | and in a response.
TABLE: list[tuple[Json, Json, str, str, str]] = [
    ({"type": "string"}, {"type": "number"}, "type-changed", "breaking", "breaking"),
    ({"type": "integer"}, {"type": "number"}, "type-widened", "additive", "breaking"),
    ({"type": "number"}, {"type": "integer"}, "type-narrowed", "breaking", "cosmetic"),
    ({}, {"type": "string"}, "type-narrowed", "breaking", "cosmetic"),
    ({"type": "string"}, {}, "type-widened", "additive", "breaking"),
    ({"type": "object"}, {"type": "array", "items": {}}, "type-changed", "breaking", "breaking"),
    (STRING, STRING | {"format": "date-time"}, "format-narrowed", "breaking", "cosmetic"),
    (STRING | {"format": "date-time"}, STRING, "format-widened", "additive", "breaking"),
    (NUMBER | {"format": "float"}, NUMBER | {"format": "double"}, "format-widened", "additive", "breaking"),
    (NUMBER | {"format": "double"}, NUMBER | {"format": "float"}, "format-narrowed", "breaking", "cosmetic"),
    (STRING | {"format": "date"}, STRING | {"format": "date-time"}, "format-changed", "breaking", "breaking"),
    (STRING | {"enum": ["a"]}, STRING | {"enum": ["a", "b"]}, "enum-value-added", "additive", "additive"),
    (STRING | {"enum": ["a", "b"]}, STRING | {"enum": ["a"]}, "enum-value-removed", "breaking", "cosmetic"),
    (STRING, STRING | {"enum": ["a"]}, "enum-closed", "breaking", "cosmetic"),
    (STRING | {"enum": ["a"]}, STRING, "enum-opened", "additive", "additive"),
    (STRING, STRING | {"nullable": True}, "null-allowed", "additive", "additive"),
    (STRING | {"nullable": True}, STRING, "null-forbidden", "breaking", "cosmetic"),
    (STRING, STRING | {"maxLength": 5}, "limit-narrowed", "breaking", "cosmetic"),
    (STRING | {"maxLength": 5}, STRING, "limit-widened", "additive", "breaking"),
    (STRING | {"maxLength": 5}, STRING | {"maxLength": 4}, "limit-narrowed", "breaking", "cosmetic"),
    (STRING | {"maxLength": 5}, STRING | {"maxLength": 6}, "limit-widened", "additive", "breaking"),
    (STRING | {"minLength": 5}, STRING | {"minLength": 6}, "limit-narrowed", "breaking", "cosmetic"),
    (STRING | {"minLength": 5}, STRING | {"minLength": 4}, "limit-widened", "additive", "breaking"),
    (STRING | {"pattern": "a"}, STRING | {"pattern": "b"}, "limit-changed", "breaking", "breaking"),
    (NUMBER | {"maximum": 0}, NUMBER | {"maximum": -1}, "limit-narrowed", "breaking", "cosmetic"),
    (MOST_5, MOST_5 | {"exclusiveMaximum": True}, "limit-narrowed", "breaking", "cosmetic"),
    (MOST_5 | {"exclusiveMaximum": True}, MOST_5, "limit-widened", "additive", "breaking"),
    (LEAST_5, LEAST_5 | {"exclusiveMinimum": True}, "limit-narrowed", "breaking", "cosmetic"),
    (LEAST_5 | {"exclusiveMinimum": True}, LEAST_5, "limit-widened", "additive", "breaking"),
    (STRING, STRING | {"format": "int64"}, "format-told", "cosmetic", "cosmetic"),
    (STRING | {"format": "int64"}, INTEGER | {"format": "int64"}, "type-changed", "breaking", "breaking"),
    (NUMBER | {"format": "double"}, NUMBER, "format-told", "cosmetic", "cosmetic"),
    (INTEGER | {"format": "int32"}, INTEGER | {"format": "int64"}, "format-widened", "additive", "breaking"),
    (NUMBER | {"multipleOf": 1}, NUMBER | {"multipleOf": 2}, "limit-changed", "breaking", "breaking"),
    ({"type": "object"}, {"type": "object", "additionalProperties": False}, "rest-closed", "breaking", "cosmetic"),
    ({"type": "object", "additionalProperties": False}, {"type": "object"}, "rest-opened", "additive", "additive"),
    ({"type": "object"}, {"type": "object", "additionalProperties": STRING}, "rest-closed", "breaking", "cosmetic"),
    ({"type": "object", "additionalProperties": STRING}, {"type": "object"}, "rest-opened", "additive", "additive"),
    (
        {"type": "object", "additionalProperties": False},
        {"type": "object", "additionalProperties": STRING},
        "rest-opened",
        "additive",
        "additive",
    ),
    (
        {"type": "object", "additionalProperties": STRING},
        {"type": "object", "additionalProperties": False},
        "rest-closed",
        "breaking",
        "cosmetic",
    ),
    (STRING | {"default": "a"}, STRING | {"default": "b"}, "default-changed", "breaking", "cosmetic"),
    (STRING, STRING | {"default": "b"}, "default-told", "cosmetic", "cosmetic"),
    (STRING | {"default": "a"}, STRING, "default-told", "cosmetic", "cosmetic"),
    (STRING, STRING | {"deprecated": True}, "deprecated", "additive", "additive"),
    (STRING | {"deprecated": True}, STRING, "undeprecated", "cosmetic", "cosmetic"),
    (STRING, STRING | {"description": "x"}, "description-changed", "cosmetic", "cosmetic"),
]


@pytest.mark.parametrize(("old", "new", "kind", "asked", "answered"), TABLE, ids=repr)
def test_what_changes_about_a_value_is_judged_by_its_direction(
    old: Json, new: Json, kind: str, asked: str, answered: str
) -> None:
    assert kinds(old, new, "request") == [(kind, asked)]
    assert kinds(old, new, "response") == [(kind, answered)]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (STRING, STRING | {"default": "topic_unspecified"}),
        (STRING | {"description": "a  b\n c"}, STRING | {"description": "a b c"}),
        (STRING | {"title": "a", "description": "b"}, STRING | {"description": "a b"}),
        (STRING, STRING | {"minLength": 0}),
        (STRING, STRING | {"minLength": "1", "maxLength": True, "readOnly": "x"}),
        (NUMBER, NUMBER | {"exclusiveMaximum": False}),
        (INTEGER | {"maximum": 5}, INTEGER | {"maximum": 6, "exclusiveMaximum": True}),
        (INTEGER | {"minimum": 5}, INTEGER | {"minimum": 4, "exclusiveMinimum": True}),
        (STRING, STRING | {"enum": ["topic_unspecified"]}),
        (STRING | {"enum": ["a"]}, STRING | {"enum": ["a", "topic_unspecified"]}),
        ({"type": "array", "items": {}}, {"type": "array", "items": {}, "uniqueItems": False}),
        ({"type": "object"}, {"type": "object", "additionalProperties": True}),
        ({"type": "object"}, {"type": "object", "additionalProperties": {}}),
        (STRING | {"enum": ["a", None]}, STRING | {"enum": ["a"], "nullable": True}),
        ({"items": {}}, {"type": "array", "items": {}}),
        ({"properties": {}}, {"type": "object"}),
        (STRING | {"example": 1}, STRING | {"example": 2}),
    ],
    ids=repr,
)
def test_the_same_said_otherwise_is_no_change(old: Json, new: Json) -> None:
    for side in ("request", "response"):
        assert kinds(old, new, side) == []
        assert kinds(new, old, side) == []


def test_what_changed_is_told_with_both_values() -> None:
    found = changes(STRING | {"maxLength": 5, "default": "a"}, STRING | {"maxLength": 4, "default": "b"}, "request")
    assert [change.what for change in found] == ['default "a" became "b"', "limit maxLength 5 became 4"]


def test_a_long_list_of_values_is_cut() -> None:
    [change] = changes(STRING, STRING | {"enum": [str(n) for n in range(99)]}, "request")
    assert change.what.endswith('"26", "2…')


def test_a_long_value_is_cut() -> None:
    assert short('"' + "x" * 500) == '"' + "x" * 118 + "…"
    assert short("x" * 120) == "x" * 120


def test_an_exclusive_limit_is_told_as_one() -> None:
    [change] = changes(MOST_5, MOST_5 | {"exclusiveMaximum": True}, "request")
    assert change.what == "limit maximum 5 became 5 (exclusive)"


@pytest.mark.parametrize(
    ("schema", "text"),
    [
        (STRING, "string"),
        (STRING | {"format": "date-time"}, "string (date-time)"),
        (STRING | {"enum": ["a"]}, "enum"),
        ({"type": "object", "additionalProperties": STRING}, "map"),
        ({"type": "object", "properties": {"a": STRING}, "additionalProperties": STRING}, "object"),
        ({"type": "array", "items": STRING}, "list of string"),
        ({}, "any JSON"),
    ],
)
def test_a_new_value_is_described_in_a_few_words(schema: Json, text: str) -> None:
    [change] = changes({"type": "object"}, {"type": "object", "properties": {"a": schema}}, "request")
    assert change.what == f"new optional field, {text}"


def test_the_outermost_part_describes_a_value_and_the_strictest_limit_holds() -> None:
    base = STRING | {"description": "of the type", "maxLength": 5, "minLength": 1, "enum": ["a", "b"]}
    own = {"description": "of the field", "maxLength": 9, "enum": ["b", "c"]}
    both = STRING | {"description": "of the field", "maxLength": 5, "minLength": 1, "enum": ["b"]}
    for side in ("request", "response"):
        assert kinds({"allOf": [base], **own}, both, side) == []


def test_a_field_of_two_parts_has_to_fit_both() -> None:
    old = {"type": "object", "properties": {"a": STRING | {"maxLength": 3}}}
    new = {"allOf": [{"properties": {"a": STRING}}, {"properties": {"a": {"maxLength": 3}}}]}
    assert kinds(old, new, "request") == []


def test_only_a_field_that_is_there_can_be_required() -> None:
    old = {"type": "object", "properties": {"a": STRING}, "required": ["a"]}
    assert kinds(old, old | {"required": ["a", "b"]}, "request") == []


def test_parts_of_two_types_have_both() -> None:
    [change] = changes({"type": "object"}, {"type": "object", "allOf": [STRING]}, "request")
    assert change.what == "type object became object and string"
