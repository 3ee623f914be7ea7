from __future__ import annotations

from typing import Any

import pytest

from codegen.naming import places
from codegen.spec.document import CodegenError

DEFINITIONS: dict[str, Any] = {
    "A": {"type": "object", "properties": {"next": {"$ref": "#/components/schemas/A"}}},
    "B": {"type": "object", "properties": {"next": {"$ref": "#/components/schemas/B"}}, "description": "It."},
    "C": {"type": "object", "properties": {"next": {"$ref": "#/components/schemas/D"}}},
    "D": {"type": "string"},
    "Loop": {"$ref": "#/components/schemas/Loop"},
}


def reference(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


def test_places_are_texts_without_names_that_are_not_sent() -> None:
    assert places.operation("post", "/v1/a/{b}/c/{d.e}") == "POST /v1/a/{}/c/{}"
    assert places.field("Message", "isEcho") == "Message.isEcho"
    assert places.field("Message", "a.b") == 'Message."a.b"'
    assert places.element("Message.parts") == "Message.parts[]"
    assert places.mapping_value("Message.labels") == "Message.labels{}"
    assert places.definition("v1A") == "definition v1A"


def test_references_are_followed_to_their_end() -> None:
    assert places.target(reference("A"), DEFINITIONS) == (DEFINITIONS["A"], "A")
    beside = {"allOf": [reference("A")], "description": "Mine."}
    assert places.target(beside, DEFINITIONS) == (DEFINITIONS["A"], "A")
    own = {"allOf": [reference("A")], "properties": {"b": {}}}
    assert places.target(own, DEFINITIONS) == (own, None)
    with pytest.raises(CodegenError, match="#/components/schemas/Loop: the reference refers to itself"):
        places.target(reference("Loop"), DEFINITIONS)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (reference("A"), reference("A"), True),
        (reference("A"), reference("B"), True),
        (reference("A"), reference("C"), False),
        ({"type": "string"}, {"type": "string", "description": "It."}, True),
        ({"type": "string"}, {"type": "string", "format": "byte"}, False),
        ({"enum": ["a", "b"]}, {"enum": ["b", "a"]}, True),
        ({"enum": ["a"]}, {"enum": ["b"]}, False),
        ({"properties": {"a": {}}}, {"properties": {"b": {}}}, False),
        ({"properties": {"a": {}}, "required": ["a"]}, {"properties": {"a": {}}}, False),
        ({"items": {"type": "string"}}, {"items": {"type": "string", "example": 1}}, True),
        ({"items": {"type": "string"}}, {"items": {"type": "integer"}}, False),
        ({"additionalProperties": True}, {"additionalProperties": {}}, False),
        ({"additionalProperties": False}, {"additionalProperties": False}, True),
    ],
)
def test_schemas_are_the_same_where_they_mean_the_same(one: Any, other: Any, expected: bool) -> None:
    assert places.same(one, other, DEFINITIONS) is expected
