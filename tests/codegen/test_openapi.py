from __future__ import annotations

from typing import Any

import pytest

from codegen.document import CodegenError, Json
from codegen.openapi import as_swagger
from codegen.openapi_schemas import SchemaReader


def openapi(operation: Json | None = None, path: str = "/a", **more: Any) -> Json:
    fields = {"responses": {"200": {"description": ""}}, **(operation or {})}
    return {"openapi": "3.1.0", "info": {"title": "a", "version": "1"}, "paths": {path: {"get": fields}}, **more}


def get(document: Json) -> Json:
    [item] = as_swagger(document)["paths"].values()
    fields: Json = item["get"]
    return fields


def test_swagger_stays_as_it_is_but_for_odd_names_of_definitions() -> None:
    plain: Json = {"swagger": "2.0", "definitions": {"a.b": {"$ref": "#/definitions/a.b"}}}
    assert as_swagger(plain) is plain
    odd = {"swagger": "2.0", "definitions": {"A<B>": {"items": [{"$ref": "#/definitions/A%3CB%3E"}]}, "A_B_": {}}}
    assert as_swagger(odd)["definitions"] == {"A_B_2": {"items": [{"$ref": "#/definitions/A_B_2"}]}, "A_B_": {}}


def test_components_are_followed_and_what_only_validators_need_goes() -> None:
    document = openapi(
        {
            "parameters": [
                {"$ref": "#/components/parameters/P"},
                {"name": "h", "in": "header", "schema": {"type": "string"}},
            ],
            "requestBody": {"$ref": "#/components/requestBodies/B"},
            "responses": {"2XX": {"$ref": "#/components/responses/R"}, "default": {"description": ""}, "x-a": 1},
        },
        components={
            "schemas": {"K": {"type": "string", "enum": ["a"], "description": "Kind."}, "S": {"type": "object"}},
            "parameters": {
                "P": {
                    "name": "p",
                    "in": "query",
                    "schema": {"type": "array", "items": {"$ref": "#/components/schemas/K"}},
                }
            },
            "requestBodies": {"B": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/S"}}}}},
            "responses": {"R": {"description": "R.", "content": {"text/plain": {"schema": {"type": "string"}}}}},
            "securitySchemes": {
                "a": {"type": "apiKey", "name": "X", "in": "header", "description": "Key."},
                "b": {"type": "http", "scheme": "Basic"},
                "c": {"type": "http", "scheme": "bearer"},
                "d": {"type": "oauth2", "flows": {"x": {}, "clientCredentials": {"tokenUrl": "t", "scopes": {}}}},
            },
        },
        servers=[{"url": "https://{r}.example/api", "variables": {"r": {"default": "eu"}}}],
        security=[{"a": []}],
    )
    found = as_swagger(document)
    assert (found["host"], found["basePath"], found["schemes"]) == ("eu.example", "/api", ["https"])
    fields = found["paths"]["/a"]["get"]
    assert fields["parameters"] == [
        {
            "name": "p",
            "in": "query",
            "type": "array",
            "items": {"type": "string", "enum": ["a"]},
            "collectionFormat": "multi",
        },
        {"name": "h", "in": "header", "type": "string"},
        {"name": "body", "in": "body", "schema": {"$ref": "#/definitions/S"}},
    ]
    assert fields["responses"] == {
        "200": {"description": "R.", "schema": {"type": "string"}},
        "default": {"description": ""},
    }
    assert fields["produces"] == ["text/plain"]
    assert found["securityDefinitions"]["c"] == {"type": "apiKey", "name": "Authorization", "in": "header"}
    assert found["securityDefinitions"]["d"] == {"type": "oauth2", "flow": "application", "tokenUrl": "t", "scopes": {}}


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        (openapi(openapi="3.2.0"), "#/openapi: must be 3.0 or 3.1, not '3.2.0'"),
        (openapi(banana=1), "#/banana: unknown key"),
        (openapi(servers=[{"url": "/a"}, {"url": "/b"}]), "#/servers: the servers differ in their base path"),
        (
            openapi({"parameters": [{"$ref": "#/components/parameters/x"}]}),
            "is not under #/components/parameters",
        ),
        (
            openapi({"parameters": [{"name": "a", "in": "query", "schema": {"type": "object"}}]}),
            "a parameter must be a single value",
        ),
        (openapi({"requestBody": {}}), "#/paths/~1a/get/requestBody: 'content' is missing"),
        (openapi(components={"securitySchemes": {"m": {"type": "mutualTLS"}}}), "#/components/securitySchemes/m: only"),
        (
            openapi(components={"securitySchemes": {"m": {"type": "oauth2", "flows": {"deviceCode": {}}}}}),
            "#/components/securitySchemes/m: only",
        ),
        (
            openapi(
                {"parameters": [{"$ref": "#/components/parameters/a"}]},
                components={"parameters": {"a": {"$ref": "#/components/parameters/a"}}},
            ),
            "the reference refers to itself",
        ),
        (
            openapi(components={"schemas": {"a": {"$ref": "#/x"}}}),
            "'#/x' is not under #/components/schemas",
        ),
        (
            openapi(components={"schemas": {"a": {"type": 1}}}),
            "#/components/schemas/a/type: must be a string or a list",
        ),
    ],
)
def test_what_cannot_be_said_is_refused_with_its_place(document: Json, problem: str) -> None:
    with pytest.raises(CodegenError) as refused:
        as_swagger(document)
    assert problem in str(refused.value)


TEXT: Json = {"type": "string"}
SCHEMAS: Json = {
    "A": {"type": "object", "properties": {"kind": {"const": "a"}, "x": TEXT}},
    "B": {"type": "object", "properties": {"kind": {"const": "b"}, "x": {"type": "integer"}}},
}


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        (True, {}),
        ({"type": ["string", "null"]}, {"type": "string", "x-nullable": True}),
        ({"type": ["string", "integer"]}, {}),
        ({"type": "string", "nullable": True}, {"type": "string", "x-nullable": True}),
        ({"const": 1}, {"enum": [1], "type": "integer"}),
        ({"type": "array"}, {"type": "array", "items": {}}),
        ({"exclusiveMinimum": 1}, {"minimum": 1, "exclusiveMinimum": True}),
        ({"minimum": 1, "exclusiveMinimum": True}, {"minimum": 1, "exclusiveMinimum": True}),
        ({"examples": [1, 2]}, {"example": 1}),
        ({"patternProperties": {"a": {}}}, {"additionalProperties": {}}),
        ({"anyOf": [TEXT, {"type": "null"}]}, {"type": "string", "x-nullable": True}),
        ({"oneOf": [TEXT, {"type": "integer"}]}, {}),
        ({"oneOf": [{"enum": ["a"], **TEXT}, {"enum": ["b"], **TEXT}]}, {"type": "string", "enum": ["a", "b"]}),
        ({"anyOf": [{"enum": ["a"], **TEXT}, TEXT]}, TEXT),
        (
            {
                "oneOf": [{"$ref": "#/components/schemas/A"}, {"$ref": "#/components/schemas/B"}],
                "properties": {"o": TEXT},
            },
            {"type": "object", "properties": {"kind": {"type": "string", "enum": ["a", "b"]}, "x": {}, "o": TEXT}},
        ),
    ],
)
def test_schemas_are_written_as_swagger_has_them(schema: object, expected: Json) -> None:
    assert SchemaReader(SCHEMAS).convert(schema, "#") == expected


def test_alternatives_of_all_kinds_are_read() -> None:
    schemas: Json = {
        "A": {"oneOf": [{"type": "string"}, {"type": "integer"}]},
        "B": {"anyOf": [{"$ref": "#/components/schemas/A"}, {"type": "object", "properties": {"x": TEXT}}]},
        "Loop": {"$ref": "#/components/schemas/Loop"},
    }
    reader = SchemaReader(schemas)
    assert reader.convert(schemas["B"], "#") == {}
    assert reader.convert({"oneOf": [{"type": "null"}]}, "#") == {"x-nullable": True}
    assert reader.convert({"type": "object", "oneOf": [TEXT]}, "#") == {"type": "object", "allOf": [TEXT]}
    assert reader.convert({"oneOf": [TEXT, TEXT]}, "#") == TEXT
    assert reader.convert({"const": None}, "#") == {"enum": [None]}
    assert reader.convert({"additionalProperties": TEXT, "allOf": [TEXT]}, "#") == {
        "additionalProperties": TEXT,
        "allOf": [TEXT],
    }
    with pytest.raises(CodegenError, match="the alternatives refer to each other in a cycle"):
        reader.convert({"oneOf": [{"$ref": "#/components/schemas/Loop"}, TEXT]}, "#")


def test_the_rest_of_a_document_is_read() -> None:
    document = openapi(
        {"parameters": [{"name": "a", "in": "query", "style": "pipeDelimited", "schema": {"type": "array"}}]},
        info={"title": "a", "version": "1", "summary": "Short.", "license": {"name": "MIT", "identifier": "MIT"}},
    )
    assert get(document)["parameters"][0]["collectionFormat"] == "pipes"
    assert as_swagger(document)["info"]["license"] == {"name": "MIT"}
    document["paths"]["/a"]["get"]["parameters"][0]["style"] = "deepObject"
    with pytest.raises(CodegenError, match="lists of style 'deepObject' are not supported"):
        as_swagger(document)
    document["paths"]["/a"]["get"]["parameters"][0] |= {"style": "form", "explode": False, "schema": TEXT}
    document["paths"]["/a"]["get"]["parameters"][0]["schema"] = {"type": "array", "description": "Listed."}
    assert get(document)["parameters"][0] == {
        "name": "a",
        "in": "query",
        "type": "array",
        "items": {"type": "string"},
        "description": "Listed.",
        "collectionFormat": "csv",
    }
