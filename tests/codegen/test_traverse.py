from __future__ import annotations

from codegen.spec.document import Json
from codegen.spec.to_openapi import convert
from codegen.spec.traverse import leave_out, operations, read_left_out, reference, sites
from tests.codegen.samples import swagger

REFERENCE = {"$ref": "#/components/schemas/A"}


def test_every_operation_is_found_where_it_stands() -> None:
    document = {"paths": {"/a/b": {"put": {"n": 1}, "get": {"n": 2}, "x-a": {}}, "/c": {}}}
    found = [(o.at, o.path, o.method, o.fields["n"]) for o in operations(document)]
    assert found == [("#/paths/~1a~1b/get", "/a/b", "get", 2), ("#/paths/~1a~1b/put", "/a/b", "put", 1)]


def test_an_operation_can_be_left_out_while_all_are_looked_at() -> None:
    document: Json = {"paths": {"/a": {"get": {}, "put": {}}, "/b": {"get": {}}}}
    seen = []
    for operation in operations(document):
        seen.append((operation.method, operation.path))
        if operation.method == "get":
            leave_out(document, operation, f"is {len(seen)}")
    assert seen == [("get", "/a"), ("put", "/a"), ("get", "/b")]
    assert document["paths"] == {"/a": {"put": {}}}
    assert read_left_out(document) == [
        {"operation": "GET /a", "reason": "is 1"},
        {"operation": "GET /b", "reason": "is 3"},
    ]
    assert read_left_out({"paths": {}}) == []


def test_an_operation_that_is_left_out_is_told_by_the_vendors_path() -> None:
    document: Json = {"paths": {"/{business_id}": {"get": {"x-path": "/{businessId}"}}}}
    leave_out(document, next(operations(document)), "is odd")
    assert read_left_out(document) == [{"operation": "GET /{businessId}", "reason": "is odd"}]


def test_a_reference_may_have_a_description_next_to_it() -> None:
    assert reference(REFERENCE) == "A"
    assert reference({"allOf": [REFERENCE], "description": "It."}) == "A"
    assert reference({"allOf": [REFERENCE], "properties": {}}) is None
    assert reference({"allOf": [REFERENCE, {}]}) is None
    assert reference({"type": "string"}) is None


def test_every_schema_is_found_where_it_stands() -> None:
    schema = {
        "type": "object",
        "properties": {"a/b": {"type": "array", "items": {"type": "string"}}},
        "additionalProperties": {"allOf": [REFERENCE]},
    }
    media = {"content": {"application/json": {"schema": {"type": "boolean"}}}}
    document = {
        "components": {"schemas": {"A": schema}},
        "paths": {
            "/v1": {
                "post": {
                    "parameters": [{"name": "a", "in": "query", "schema": {"type": "integer"}}],
                    "requestBody": media,
                    "responses": {"200": {**media, "headers": {"E": {"schema": {"type": "number"}}}}},
                }
            }
        },
    }
    assert [site.at for site in sites(document)] == [
        "#/components/schemas/A",
        "#/components/schemas/A/additionalProperties",
        "#/components/schemas/A/additionalProperties/allOf/0",
        "#/components/schemas/A/properties/a~1b",
        "#/components/schemas/A/properties/a~1b/items",
        "#/paths/~1v1/post/parameters/0/schema",
        "#/paths/~1v1/post/requestBody/content/application~1json/schema",
        "#/paths/~1v1/post/responses/200/content/application~1json/schema",
        "#/paths/~1v1/post/responses/200/headers/E/schema",
    ]


def test_no_schema_of_a_real_file_is_missed() -> None:
    document = convert(swagger("inline_bodies"))
    for site in sites(document):
        site.schema["x-seen"] = True
    kinds = {"string", "object", "array", "integer", "number"}

    def unseen(value: object) -> list[object]:
        if isinstance(value, list):
            return [found for element in value for found in unseen(element)]
        if not isinstance(value, dict):
            return []
        is_schema = "$ref" in value or (value.get("type") in kinds and "in" not in value)
        missed: list[object] = [value] if is_schema and "x-seen" not in value else []
        return missed + [found for child in value.values() for found in unseen(child)]

    assert unseen(document) == []
