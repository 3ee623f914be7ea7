from __future__ import annotations

import pytest

from codegen.difference.normalized import ANY, Node, as_mapping, as_sequence, describe, join_texts, resolve, shape_of
from codegen.spec.document import Json
from tests.codegen.difference.sample_documents import body, lines

STRING: Json = {"type": "string"}


def shape(schema: object, **schemas: Json) -> Json:
    root = {"components": {"schemas": schemas}}
    found = shape_of(root, Node.of(root, [schema]), hidden="readOnly")
    return {
        "type": found.type,
        "limits": dict(found.limits),
        "enum": found.enum,
        "text": found.text,
        "fields": sorted(found.properties),
        "required": found.required,
    }


def test_the_outermost_part_says_what_a_thing_is_called_and_the_strictest_limit_holds() -> None:
    base = {"type": "string", "description": "of the type", "maxLength": 5, "minLength": 1, "enum": ["a", "b"]}
    own = {
        "allOf": [{"$ref": "#/components/schemas/A"}],
        "description": "of the field",
        "maxLength": 9,
        "enum": ["b", "c"],
    }
    found = shape(own, A=base)
    assert found["text"] == "of the field"
    assert found["limits"] == {"maxLength": 5, "minLength": 1}
    assert found["enum"] == frozenset({'"b"'})


def test_a_field_of_two_parts_has_to_fit_both() -> None:
    old = {"type": "object", "properties": {"a": STRING | {"maxLength": 3}}}
    new = {"allOf": [{"properties": {"a": STRING}}, {"properties": {"a": {"maxLength": 3}}}]}
    assert lines(body(old, "request"), body(new, "request")) == []


def test_only_a_field_that_is_there_can_be_required() -> None:
    assert shape({"type": "object", "properties": {"a": STRING}, "required": ["a", "b", 1]})["required"] == {"a"}


@pytest.mark.parametrize(
    ("schema", "type_"),
    [
        ({"properties": {}}, "object"),
        ({"additionalProperties": True}, "object"),
        ({"items": {}}, "array"),
        ({"enum": [1, 2]}, "integer"),
        ({"enum": ["a", 1.5, True]}, "boolean or number or string"),
        ({"enum": [{}, []]}, "array or object"),
        ({}, ""),
        ({"type": []}, ""),
        ({"type": ["integer", "null"]}, "integer"),
        ("no schema", ""),
        ({"$ref": "#/components/schemas/Nothing"}, ""),
        ({"$ref": "elsewhere.json#/A"}, ""),
        ({"$ref": 1}, ""),
    ],
)
def test_a_schema_without_a_type_has_the_one_that_it_implies(schema: object, type_: str) -> None:
    assert shape(schema)["type"] == type_


def test_a_schema_that_is_nothing_but_itself_is_any() -> None:
    circle: Json = {"$ref": "#/components/schemas/A"}
    assert shape(circle, A={"$ref": "#/components/schemas/B"}, B={"allOf": [circle]})["type"] == ""
    root = {"components": {"schemas": {"A": circle}}}
    assert resolve(root, circle) == circle


@pytest.mark.parametrize(
    ("schema", "text"),
    [
        (STRING, "string"),
        ({"type": "string", "format": "date-time"}, "string (date-time)"),
        ({"type": "string", "enum": ["a"]}, "enum"),
        ({"type": "object", "additionalProperties": STRING}, "map"),
        ({"type": "object", "properties": {"a": STRING}, "additionalProperties": STRING}, "object"),
        ({"type": "array", "items": STRING}, "list of string"),
        ({"type": "array"}, "array"),
        ({}, "any JSON"),
    ],
)
def test_a_value_is_described_in_a_few_words(schema: Json, text: str) -> None:
    assert describe({}, shape_of({}, Node.of({}, [schema]), hidden="readOnly"), hidden="readOnly") == text


def test_any_value_has_one_schema() -> None:
    assert Node.of({}, [ANY]).key == Node.of({}, [None, True, {}]).key == ()


def test_what_is_not_of_the_kind_is_empty() -> None:
    assert (as_mapping([]), as_sequence({}), as_mapping({"a": 1}), as_sequence([1])) == ({}, [], {"a": 1}, [1])


def test_texts_are_one_with_their_white_space_evened_out() -> None:
    assert join_texts(" a\n b ", None, "", 1, "c") == "a b c"


def test_a_name_is_found_behind_escapes() -> None:
    root = {"components": {"schemas": {"a/b~c": STRING}}}
    assert resolve(root, {"$ref": "#/components/schemas/a~1b~0c"}) == STRING
