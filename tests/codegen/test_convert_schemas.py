from __future__ import annotations

import pytest

from codegen.spec.document import CodegenError, Json
from codegen.spec.to_openapi.schemas import convert_header, convert_parameter, convert_schema

NAMES = {"v1Thing", "v1Kind"}


def convert(schema: object) -> Json:
    return convert_schema(schema, NAMES, "#/s")


def test_whatever_both_versions_share_is_kept() -> None:
    schema = {
        "type": "object",
        "title": "A thing",
        "description": "Of some kind.",
        "properties": {
            "name": {
                "type": "string",
                "minLength": 1,
                "maxLength": 9,
                "pattern": "^a",
                "example": "ab",
                "default": "a",
            },
            "sizes": {"type": "array", "items": {"type": "integer", "format": "int32"}, "uniqueItems": True},
            "score": {"type": "number", "minimum": 0, "exclusiveMinimum": True, "multipleOf": 0.5},
            "any": {},
        },
        "required": ["name"],
        "additionalProperties": {"type": "string"},
        "readOnly": True,
        "deprecated": True,
        "xml": {"name": "thing", "wrapped": True},
        "externalDocs": {"url": "https://example.com"},
        "x-order": [1, {"deep": None}],
    }
    assert convert(schema) == schema


def test_nothing_of_the_result_is_shared_with_the_source() -> None:
    schema: Json = {"type": "string", "enum": ["a"], "example": {"a": [1]}}
    convert(schema)["example"]["a"].append(2)
    assert schema["example"] == {"a": [1]}


def test_a_reference_alone_leads_to_the_components() -> None:
    assert convert({"$ref": "#/definitions/v1Thing"}) == {"$ref": "#/components/schemas/v1Thing"}


def test_a_reference_with_siblings_becomes_an_all_of_beside_them() -> None:
    assert convert({"type": "object", "$ref": "#/definitions/v1Thing", "description": "It."}) == {
        "type": "object",
        "description": "It.",
        "allOf": [{"$ref": "#/components/schemas/v1Thing"}],
    }
    assert convert({"$ref": "#/definitions/v1Thing", "x-nullable": True, "allOf": [{"type": "object"}]}) == {
        "nullable": True,
        "allOf": [{"$ref": "#/components/schemas/v1Thing"}, {"type": "object"}],
    }


def test_the_words_that_changed_are_changed() -> None:
    assert convert({"type": "string", "x-nullable": True}) == {"type": "string", "nullable": True}
    assert convert({"type": "object", "discriminator": "kind"})["discriminator"] == {"propertyName": "kind"}
    assert convert({"type": "object", "additionalProperties": False})["additionalProperties"] is False


@pytest.mark.parametrize(
    ("schema", "problem"),
    [
        ([], "#/s: must be an object"),
        ({"oneOf": []}, "#/s/oneOf: unknown key"),
        ({"properties": {"a/b": {"typ": "string"}}}, "#/s/properties/a~1b/typ: unknown key"),
        ({"items": {"foo": 1}, "type": "array"}, "#/s/items/foo: unknown key"),
        ({"allOf": [{}, {"foo": 1}]}, "#/s/allOf/1/foo: unknown key"),
        ({"additionalProperties": {"foo": 1}}, "#/s/additionalProperties/foo: unknown key"),
        ({"additionalProperties": 3}, "#/s/additionalProperties: must be an object"),
        ({"xml": {"foo": 1}}, "#/s/xml/foo: unknown key"),
        ({"externalDocs": {"foo": 1}}, "#/s/externalDocs/foo: unknown key"),
        ({"type": "file"}, "#/s/type: 'file' is not a JSON type"),
        ({"type": ["string", "null"]}, "#/s/type: must be a string"),
        ({"type": "array"}, "#/s: an array must have items"),
        ({"required": [1]}, "#/s/required/0: must be a string"),
        ({"x-nullable": "yes"}, "#/s/x-nullable: must be a boolean"),
        ({"$ref": "#/definitions/v1Other"}, "#/s/[$]ref: '#/definitions/v1Other' is not a definition"),
        ({"$ref": "#/definitions/v1Thing/properties/a"}, "is not a definition"),
        ({"$ref": "other.json#/definitions/v1Thing"}, "is not a definition"),
    ],
)
def test_what_is_unknown_or_cannot_be_said_is_refused_with_its_pointer(schema: object, problem: str) -> None:
    with pytest.raises(CodegenError, match=problem):
        convert(schema)


def parameter(**fields: object) -> Json:
    return {"name": "a", "in": "query", "type": "string", **fields}


def test_a_parameters_type_moves_into_a_schema() -> None:
    fields = parameter(description="It.", required=False, format="int64", minLength=1, allowEmptyValue=True)
    assert convert_parameter({**fields, "x-mine": 1}, "#/p") == {
        "name": "a",
        "in": "query",
        "description": "It.",
        "required": False,
        "allowEmptyValue": True,
        "schema": {"type": "string", "format": "int64", "minLength": 1},
        "x-mine": 1,
    }


@pytest.mark.parametrize(
    ("place", "form", "style", "explode"),
    [
        ("query", None, "form", False),
        ("query", "csv", "form", False),
        ("query", "multi", "form", True),
        ("query", "ssv", "spaceDelimited", False),
        ("query", "pipes", "pipeDelimited", False),
        ("path", None, "simple", False),
        ("path", "csv", "simple", False),
        ("header", "csv", "simple", False),
    ],
)
def test_lists_keep_the_way_they_are_written(place: str, form: str | None, style: str, explode: bool) -> None:
    fields = parameter(type="array", items={"type": "string", "x-mine": 1}, required=True) | {"in": place}
    if form is not None:
        fields["collectionFormat"] = form
    converted = convert_parameter(fields, "#/p")
    assert (converted["style"], converted["explode"]) == (style, explode)
    assert converted["schema"] == {"type": "array", "items": {"type": "string", "x-mine": 1}}


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"in": "formData"}, "#/p/in: 'formData' parameters are not supported"),
        ({"in": "cookie"}, "#/p/in: 'cookie' parameters are not supported"),
        ({"in": "path"}, "#/p: a path parameter must be required"),
        ({"in": "header", "allowEmptyValue": True}, "#/p/allowEmptyValue: only a query parameter"),
        ({"type": "array", "items": {"type": "string"}, "collectionFormat": "tsv"}, "has no 'tsv' lists in a query"),
        ({"type": "array", "items": {"type": "string"}, "in": "header", "collectionFormat": "multi"}, "in a header"),
        ({"collectionFormat": "csv"}, "#/p/collectionFormat: only a list has one"),
        ({"type": "object"}, "#/p: a parameter must be a single value"),
        ({"type": "array", "items": {"type": "array", "items": {"type": "string"}}}, "#/p/items: a parameter must be"),
        ({"type": "file"}, "#/p/type: 'file' is not a JSON type"),
        ({"schema": {}}, "#/p/schema: unknown key"),
        ({"type": "array", "items": {"$ref": "x"}}, "#/p/items/[$]ref: 'x' is not a definition"),
        ({"type": "array", "items": {"type": "string", "foo": 1}}, "#/p/items/foo: unknown key"),
    ],
)
def test_parameters_that_cannot_be_said_are_refused_with_their_pointer(fields: Json, problem: str) -> None:
    with pytest.raises(CodegenError, match=problem):
        convert_parameter(parameter(**fields), "#/p")


def test_items_of_a_parameter_may_say_what_a_schema_may() -> None:
    items = {"type": "string", "description": "It.", "title": "A", "example": "a", "x-nullable": True, "enum": ["a"]}
    converted = convert_parameter(parameter(type="array", items=items), "#/p")["schema"]["items"]
    assert converted == {
        "type": "string",
        "description": "It.",
        "title": "A",
        "example": "a",
        "nullable": True,
        "enum": ["a"],
    }


@pytest.mark.parametrize("missing", ["name", "in", "type"])
def test_parameters_say_what_they_are(missing: str) -> None:
    fields = parameter()
    del fields[missing]
    with pytest.raises(CodegenError, match=f"#/p: '{missing}' is missing"):
        convert_parameter(fields, "#/p")


def test_headers_of_answers_get_a_schema() -> None:
    assert convert_header({"type": "string", "description": "It.", "x-mine": 1}, "#/h") == {
        "description": "It.",
        "schema": {"type": "string"},
        "x-mine": 1,
    }
    listed = {"type": "array", "items": {"type": "integer", "collectionFormat": "csv"}}
    assert convert_header(listed, "#/h") == {
        "style": "simple",
        "explode": False,
        "schema": {"type": "array", "items": {"type": "integer"}},
    }
    with pytest.raises(CodegenError, match=r"#/h/collectionFormat: OpenAPI 3[.]0 has no 'pipes' lists in a header"):
        convert_header({**listed, "collectionFormat": "pipes"}, "#/h")
