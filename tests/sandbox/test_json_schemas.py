from typing import Any

import pytest

from connectly_api.errors import InvalidInputError
from connectly_api.sandbox.spec.json_schemas import (
    SchemaConverter,
    get_accepted_names,
    resolve_references,
    to_camel_case,
)
from connectly_api.sandbox.spec.validation import build_validator, find_violations


def reader(**definitions: Any) -> SchemaConverter:
    return SchemaConverter({"definitions": definitions})


def ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/definitions/{name}"}


@pytest.mark.parametrize(
    ("name", "camel"),
    [("list_message", "listMessage"), ("listMessage", "listMessage"), ("button_1_url", "button1Url"), ("a", "a")],
)
def test_camel_case_is_protobufs(name: str, camel: str) -> None:
    assert to_camel_case(name) == camel


def test_properties_are_kept_in_camel_case_and_known_by_both_names() -> None:
    schema = reader().convert({"type": "object", "properties": {"user_id": {"type": "string"}}})
    assert set(schema["properties"]) == {"userId"}
    assert get_accepted_names(schema) == {"userId": "userId", "user_id": "userId"}


def test_names_that_would_fall_together_keep_their_spelling() -> None:
    schema = reader().convert({"properties": {"a_b": {}, "aB": {}}})
    assert set(schema["properties"]) == {"a_b", "aB"}
    assert get_accepted_names(schema)["a_b"] == "a_b"
    assert get_accepted_names(schema)["aB"] == "aB"


def test_required_names_follow_the_spelling() -> None:
    schema = reader().convert({"properties": {"user_id": {}}, "required": ["user_id", "other_one"]})
    assert schema["required"] == ["userId", "otherOne"]


def test_a_schema_that_contains_itself_is_converted_and_validates_at_any_depth() -> None:
    tree = {"type": "object", "properties": {"child": ref("Tree"), "name": {"type": "string"}}}
    schema = reader(Tree=tree).convert(ref("Tree"))
    assert schema["properties"]["child"] is schema
    found = find_violations(build_validator(schema), {"child": {"child": {"name": 1}}})
    assert [violation.field for violation in found] == ["child.child.name"]


def test_a_reference_with_a_description_beside_it_in_all_of_is_the_reference() -> None:
    schemas = reader(Name={"type": "string"})
    assert schemas.convert({"allOf": [ref("Name")], "description": "…"}) is schemas.convert(ref("Name"))


def test_all_of_joins_the_names_of_its_parts() -> None:
    schema = reader(A={"properties": {"a_x": {}}}).convert({"allOf": [ref("A"), {"properties": {"b": {}}}]})
    assert get_accepted_names(schema) == {"aX": "aX", "a_x": "aX", "b": "b"}


def test_additional_properties_are_converted_or_kept() -> None:
    schemas = reader()
    assert schemas.convert({"additionalProperties": {"type": "string"}})["additionalProperties"] == {"type": "string"}
    assert schemas.convert({"additionalProperties": False})["additionalProperties"] is False


@pytest.mark.parametrize(
    ("schema", "problem"),
    [
        ([], "is of type list"),
        (ref("Missing"), "#/definitions/Missing is not in the file"),
        ({"$ref": "other.json#/A"}, "leads outside the file"),
        ({"$ref": 7}, "a \\$ref is not a string"),
        (ref("Circle"), "refers to itself"),
        ({"type": "string", "pattern": "("}, "a pattern cannot be read"),
        ({"$ref": "#/definitions/Word"}, "an object is expected"),
        ({"$ref": "#/definitions/Word/x"}, "is not in the file"),
    ],
)
def test_what_cannot_be_served_is_refused_with_its_reason(schema: object, problem: str) -> None:
    with pytest.raises(InvalidInputError, match=problem):
        reader(Circle=ref("Circle"), Word="text").convert(schema)


def test_references_with_escaped_names_are_followed() -> None:
    document = {"definitions": {"a/b~c d": {"type": "string"}}}
    assert resolve_references(document, {"$ref": "#/definitions/a~1b~0c%20d"}) == {"type": "string"}


def test_a_reference_that_is_no_string_is_refused_when_followed() -> None:
    with pytest.raises(InvalidInputError, match="leads outside the file"):
        resolve_references({}, {"$ref": 7})
