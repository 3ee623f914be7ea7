from __future__ import annotations

from typing import Any

import pytest

from codegen import renames
from codegen.document import CodegenError, Json


def reference(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def media(schema: Json) -> Json:
    return {"content": {"application/json": {"schema": schema}}}


def operation(name: str = "ThingService_GetThing", **fields: Any) -> Json:
    return {"operationId": name, "tags": ["ThingService"], "responses": {"200": {"description": ""}}, **fields}


def document(schemas: Json | None = None, path: str = "/v1/a", **methods: Json) -> Json:
    return {"paths": {path: methods}, "components": {"schemas": schemas or {}}}


def parameters(*found: str, place: str = "path") -> list[Json]:
    return [{"name": name, "in": place, "schema": {"type": "string"}} for name in found]


def test_path_parameters_get_names_that_are_identifiers() -> None:
    given = document(path="/v1/{thing.id}/{other}", get=operation(parameters=parameters("other", "thing.id")))
    assert renames.rename_path_parameters(given) == 1
    assert list(given["paths"]) == ["/v1/{thing_id}/{other}"]
    assert [entry["name"] for entry in given["paths"]["/v1/{thing_id}/{other}"]["get"]["parameters"]] == [
        "other",
        "thing_id",
    ]
    assert renames.rename_path_parameters(given) == 0


def test_a_path_without_operations_stays() -> None:
    given = document()
    assert renames.rename_path_parameters(given) == 0
    assert list(given["paths"]) == ["/v1/a"]


@pytest.mark.parametrize(
    ("path", "found"), [("/v1/{a}", ("b",)), ("/v1/{a}", ()), ("/v1", ("a",)), ("/{a}/{a}", ("a",))]
)
def test_a_path_and_its_parameters_must_name_the_same(path: str, found: tuple[str, ...]) -> None:
    with pytest.raises(CodegenError, match="the path and its parameters do not name the same"):
        renames.rename_path_parameters(document(path=path, get=operation(parameters=parameters(*found))))


def test_path_parameters_and_paths_that_would_be_one_are_refused() -> None:
    with pytest.raises(CodegenError, match=r"path parameters 'a[.]b', 'a_b' would all be called 'a_b'"):
        renames.rename_path_parameters(
            document(path="/{a.b}/{a_b}", get=operation(parameters=parameters("a.b", "a_b")))
        )
    given = document(path="/{a.b}", get=operation(parameters=parameters("a.b")))
    given["paths"]["/{a_b}"] = {"get": operation("Other", parameters=parameters("a_b"))}
    with pytest.raises(CodegenError, match=r"paths '/\{a[.]b\}', '/\{a_b\}' would all be called"):
        renames.rename_path_parameters(given)


def test_operations_and_tags_get_their_names() -> None:
    given = document(get=operation(), put=operation("PutThing", tags=[]))
    assert renames.rename_operations(given) == 1
    found = given["paths"]["/v1/a"]
    assert [(found[m]["operationId"], found[m]["tags"], found[m]["x-operation-id"]) for m in ("get", "put")] == [
        ("get_thing", ["thing_service"], "ThingService_GetThing"),
        ("put_thing", ["default"], "PutThing"),
    ]


def test_a_tag_without_a_name_is_refused() -> None:
    with pytest.raises(CodegenError, match="the name '\\.\\.' makes no plain ASCII name"):
        renames.rename_operations(document(get=operation(tags=[".."])))


INLINE: Json = {"type": "object", "properties": {"a": {"type": "string"}}}


def test_bodies_and_answers_in_place_become_schemas() -> None:
    given = document(
        get=operation(requestBody=media(INLINE), responses={"200": {"description": "", **media({"type": "object"})}}),
        put=operation("Put", requestBody=media({"type": "object", "additionalProperties": {}})),
        post=operation("Post", requestBody={"content": {"application/json": {}}}),
    )
    renames.rename_operations(given)
    assert renames.name_bodies(given) == 2
    renames.rename_schemas(given)
    assert given["components"]["schemas"] == {"GetThingRequest": INLINE, "GetThingResponse": {"type": "object"}}
    fields = given["paths"]["/v1/a"]["get"]
    assert fields["requestBody"] == media(reference("GetThingRequest"))
    assert fields["responses"]["200"]["content"] == media(reference("GetThingResponse"))["content"]


def test_schemas_lose_their_package_and_bodies_take_their_operations_name() -> None:
    schemas = {
        "v1Thing": {"type": "object", "properties": {"next": reference("v1Thing")}},
        "ThingServiceGetThingBody": INLINE,
        "v1Alias": reference("v1Thing"),
    }
    described = {"allOf": [reference("ThingServiceGetThingBody")], "description": "It."}
    given = document(schemas, get=operation(requestBody=media(described)))
    renames.rename_operations(given)
    assert renames.rename_schemas(given) == 3
    assert given["components"]["schemas"] == {
        "Thing": {"type": "object", "properties": {"next": reference("Thing")}, "x-definition": "v1Thing"},
        "GetThingRequest": {**INLINE, "x-definition": "ThingServiceGetThingBody"},
        "Alias": {**reference("Thing"), "x-definition": "v1Alias"},
    }
    assert described["allOf"] == [reference("GetThingRequest")]


def test_a_body_that_is_used_elsewhere_too_keeps_its_own_name() -> None:
    schemas = {"AServiceGetBody": INLINE, "v1Holder": {"properties": {"body": reference("AServiceGetBody")}}}
    given = document(schemas, get=operation(requestBody=media(reference("AServiceGetBody"))))
    renames.rename_operations(given)
    renames.rename_schemas(given)
    assert list(given["components"]["schemas"]) == ["AServiceGetBody", "Holder"]


def test_a_document_without_schemas_has_none_to_rename() -> None:
    given = document(get=operation())
    del given["components"]
    renames.rename_operations(given)
    assert renames.rename_schemas(given) == 0
    assert renames.name_nested(given) == 0
    assert renames.mark_mappings(given) == 0
    assert renames.check_names(given) == 0


def test_nested_objects_enums_and_mappings_become_schemas_named_after_where_they_stand() -> None:
    schemas = {
        "Thing": {
            "type": "object",
            "properties": {
                "part": {**INLINE, "description": "A part."},
                "kinds": {"type": "array", "items": {"type": "string", "enum": ["a"]}},
                "labels": {
                    "type": "object",
                    "additionalProperties": {"type": "object", "additionalProperties": INLINE},
                },
                "plain": {"type": "string"},
            },
            "allOf": [{"properties": {"more": INLINE}}],
        }
    }
    query = {"name": "kind", "in": "query", "schema": {"type": "string", "enum": ["b"]}}
    answer = {"type": "array", "items": INLINE}
    given = document(schemas, get=operation(parameters=[query], responses={"200": media(answer)}))
    renames.rename_operations(given)
    assert renames.name_nested(given) == 8
    assert list(given["components"]["schemas"]) == [
        "Thing",
        "ThingPart",
        "ThingKindsItem",
        "ThingLabels",
        "ThingLabelsValue",
        "ThingLabelsValueValue",
        "ThingMore",
        "GetThingKind",
        "GetThingResponseItem",
    ]
    properties = given["components"]["schemas"]["Thing"]["properties"]
    assert properties["part"] == {"allOf": [reference("ThingPart")], "description": "A part."}
    assert properties["kinds"] == {"type": "array", "items": reference("ThingKindsItem")}
    assert properties["labels"] == reference("ThingLabels")
    assert query["schema"] == reference("GetThingKind")
    assert answer == {"type": "array", "items": reference("GetThingResponseItem")}


def test_a_nested_schema_that_would_be_called_as_another_is_refused() -> None:
    schemas = {"Thing": {"properties": {"part": INLINE}}, "ThingPart": INLINE}
    with pytest.raises(CodegenError, match="would be called 'ThingPart', as another is"):
        renames.name_nested(document(schemas))


def test_objects_without_fields_are_mappings_unless_a_definition_says_no_more() -> None:
    schemas: Json = {
        "Empty": {"type": "object"},
        "Closed": {"type": "object", "additionalProperties": False},
        "Map": {"type": "object", "additionalProperties": {"type": "string"}},
        "Open": {"type": "object", "additionalProperties": True},
        "Nested": {"type": "object", "x-nested": True},
        "Thing": INLINE | {"additionalProperties": {}},
    }
    assert renames.mark_mappings(document(schemas)) == 3
    assert [name for name, schema in schemas.items() if "x-mapping" in schema] == ["Map", "Open", "Nested"]


def test_names_that_are_unique_pass_and_are_counted() -> None:
    fields = parameters("id") + parameters("id", "viewMode", place="query") + parameters("X-Trace", place="header")
    assert renames.check_names(document({"Thing": INLINE}, get=operation(parameters=fields))) == 5


@pytest.mark.parametrize(
    ("schemas", "fields", "problem"),
    [
        ({"Thing": {"properties": {"aB": {}, "a_b": {}}}}, [], "schema Thing: properties 'aB', 'a_b' would all be"),
        ({"FooBAR": {}, "FooBar": {}}, [], "modules of schemas 'FooBAR', 'FooBar' would all be called"),
        ({}, parameters("aB", "a_b", place="query"), "query parameters 'aB', 'a_b' would all be called 'a_b'"),
        ({}, parameters("X A", place="header"), "#/paths/~1v1~1a/get: the name of a header parameter cannot be sent"),
    ],
)
def test_names_that_are_not_unique_or_cannot_be_sent_are_refused(
    schemas: Json, fields: list[Json], problem: str
) -> None:
    with pytest.raises(CodegenError, match=problem):
        renames.check_names(document(schemas, get=operation(parameters=fields)))
