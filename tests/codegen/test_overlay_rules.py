from __future__ import annotations

from typing import Any

import pytest

from codegen import overlay_rules as rules
from codegen.spec.document import CodegenError, Json


def document(schemas: Json | None = None, **operation: Any) -> Json:
    fields: Json = {"responses": {"200": {"description": "Fine."}}, **operation}
    return {"paths": {"/v1/a": {"get": fields}}, "components": {"schemas": schemas or {}}}


def get(found: Json) -> Json:
    (item,) = found["paths"].values()
    fields: Json = item["get"]
    return fields


def answers(*schemas: object, media: str = "application/json") -> Json:
    return {
        f"20{n}": {"description": "", **({} if schema is None else {"content": {media: {"schema": schema}}})}
        for n, schema in enumerate(schemas)
    }


@pytest.mark.parametrize(
    ("servers", "left", "path", "found"),
    [
        ([], [], "/v1/a", 0),
        ([{"url": "https://a.example"}], [{"url": "https://a.example"}], "/v1/a", 0),
        ([{"url": "https://a.example/b/c/"}], [{"url": "https://a.example"}], "/b/c/v1/a", 1),
        ([{"url": "//a.example/b"}], [{"url": "//a.example"}], "/b/v1/a", 1),
        ([{"url": "/b"}], [{"url": "/"}], "/b/v1/a", 1),
        (
            [{"url": "https://a.example/b"}, {"url": "http://a.example/b"}],
            [{"url": "https://a.example"}, {"url": "http://a.example"}],
            "/b/v1/a",
            1,
        ),
    ],
)
def test_the_base_path_goes_before_each_path(servers: list[Json], left: list[Json], path: str, found: int) -> None:
    given = document() | {"servers": servers}
    assert rules.join_base_path(given) == found
    assert given["servers"] == left
    assert list(given["paths"]) == [path]


def test_servers_that_differ_in_their_base_path_are_refused() -> None:
    given = document() | {"servers": [{"url": "https://a.example/b"}, {"url": "https://a.example/c"}]}
    with pytest.raises(CodegenError, match="#/servers: the servers differ in their base path"):
        rules.join_base_path(given)


def test_error_responses_go() -> None:
    given = document(responses={"200": {}, "201": {}, "404": {}, "default": {}, "x-a": {}})
    assert rules.drop_error_responses(given) == 3
    assert list(get(given)["responses"]) == ["200", "201"]


def test_an_operation_without_a_success_is_refused() -> None:
    with pytest.raises(CodegenError, match="#/paths/~1v1~1a/get: the operation has no successful response"):
        rules.drop_error_responses(document(responses={"default": {}}))


@pytest.mark.parametrize(
    ("schemas", "kept"),
    [
        (({"type": "string"},), "200"),
        (({"type": "string"}, {"type": "string"}), "200"),
        ((None, {"type": "string"}), "201"),
        ((None, None), "200"),
    ],
)
def test_successes_that_answer_the_same_become_one(schemas: tuple[object, ...], kept: str) -> None:
    given = document(responses=answers(*schemas))
    assert rules.merge_successes(given) == len(schemas) - 1
    assert list(get(given)["responses"]) == [kept]


def test_successes_that_answer_differently_are_refused() -> None:
    given = document(responses=answers({"type": "string"}, {"type": "integer"}))
    with pytest.raises(CodegenError, match="#/paths/~1v1~1a/get/responses: 200 and 201 differ"):
        rules.merge_successes(given)


@pytest.mark.parametrize(
    "media", ["application/json", "application/json; charset=utf-8", "*/*", "application/vnd.a+json", "application/*"]
)
def test_json_under_any_name_is_kept_under_one(media: str) -> None:
    given = document(responses=answers({}, media=media), requestBody={"content": {media: {"schema": {}}}})
    assert rules.keep_json(given) == 0
    assert get(given)["requestBody"]["content"] == {"application/json": {"schema": {}}}
    assert get(given)["responses"]["200"]["content"] == {"application/json": {"schema": {}}}


def test_other_media_types_beside_json_go() -> None:
    given = document(requestBody={"content": {"application/x-a": {"schema": 1}, "application/json": {"schema": 2}}})
    assert rules.keep_json(given) == 1
    assert get(given)["requestBody"]["content"] == {"application/json": {"schema": 2}}


def test_bodies_that_are_not_json_are_refused() -> None:
    with pytest.raises(CodegenError, match="get/requestBody: no JSON among text/plain, image/png"):
        rules.keep_json(document(requestBody={"content": {"text/plain": {}, "image/png": {}}}))
    with pytest.raises(CodegenError, match="get/responses/200: no JSON among text/plain"):
        rules.keep_json(document(responses=answers({}, media="text/plain")))


def test_titles_become_the_beginning_of_descriptions() -> None:
    given = document(
        {"A": {"title": "It.", "description": "More."}, "B": {"title": "It."}, "C": {"description": "It."}}
    )
    assert rules.fold_titles(given) == 2
    assert given["components"]["schemas"] == {
        "A": {"description": "It.\n\nMore."},
        "B": {"description": "It."},
        "C": {"description": "It."},
    }


def test_strings_lose_their_formats_and_numbers_keep_them() -> None:
    given = document({"A": {"type": "string", "format": "int64"}, "B": {"type": "number", "format": "double"}})
    assert rules.drop_string_formats(given) == 1
    assert given["components"]["schemas"] == {"A": {"type": "string"}, "B": {"type": "number", "format": "double"}}


def test_nothing_is_nullable() -> None:
    given = document({"A": {"nullable": True, "enum": ["a", None]}, "B": {"nullable": False}, "C": {}})
    assert rules.drop_nullable(given) == 2
    assert given["components"]["schemas"] == {"A": {"enum": ["a"]}, "B": {}, "C": {}}


def test_defaults_go_and_those_that_say_something_are_told() -> None:
    given = document(
        {
            "A": {"enum": ["a_unspecified", "a"], "default": "a_unspecified"},
            "B": {"description": "Size.", "default": 3},
            "C": {"default": "é"},
            "D": {},
        }
    )
    assert rules.drop_defaults(given) == 3
    assert given["components"]["schemas"] == {
        "A": {"enum": ["a_unspecified", "a"]},
        "B": {"description": "Size.\n\nThe service's default: 3."},
        "C": {"description": 'The service\'s default: "é".'},
        "D": {},
    }


def test_unspecified_values_go_where_others_are_left() -> None:
    given = document({"A": {"enum": ["A_UNSPECIFIED", "a"]}, "B": {"enum": ["b_unspecified"]}, "C": {"enum": [0, 1]}})
    assert rules.drop_unspecified(given) == 1
    assert given["components"]["schemas"] == {
        "A": {"enum": ["a"]},
        "B": {"enum": ["b_unspecified"]},
        "C": {"enum": [0, 1]},
    }


def test_enums_of_several_types_or_of_odd_ones_become_plain_values_that_are_told() -> None:
    schemas: Json = {
        "Mixed": {"enum": ["a", 1], "description": "It."},
        "Half": {"type": "number", "enum": [0.5]},
        "Flag": {"type": "boolean", "enum": [True]},
        "Wrong": {"type": "integer", "enum": ["a"]},
        "Empty": {"type": "string", "enum": []},
        "Text": {"enum": ["a"]},
        "Level": {"type": "integer", "enum": [1]},
    }
    assert rules.drop_odd_enums(document(schemas)) == 5
    assert schemas["Mixed"] == {"description": 'It.\n\nOne of: ["a", 1].'}
    assert [name for name, schema in schemas.items() if "enum" in schema] == ["Text", "Level"]
    assert schemas["Text"] == {"type": "string", "enum": ["a"]}


def test_what_includes_others_becomes_one_object() -> None:
    part = {"$ref": "#/components/schemas/Part"}
    schemas: Json = {
        "Part": {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], "description": "Part."},
        "Middle": {"allOf": [part, {"properties": {"b": {}}}]},
        "Whole": {
            "allOf": [{"$ref": "#/components/schemas/Middle"}, {"properties": {"a": {"type": "string"}}}],
            "properties": {"c": {}},
            "description": "Whole.",
        },
        "Told": {"allOf": [part], "description": "Beside."},
        "Plain": {"allOf": [{"type": "string"}, {"maxLength": 3}]},
    }
    assert rules.flatten(document(schemas)) == 3
    assert schemas["Whole"] == {
        "type": "object",
        "properties": {"a": {"type": "string"}, "b": {}, "c": {}},
        "required": ["a"],
        "description": "Whole.",
    }
    assert schemas["Told"] == {"allOf": [part], "description": "Beside."}
    assert schemas["Plain"] == {"type": "string", "maxLength": 3}


@pytest.mark.parametrize(
    ("schemas", "problem"),
    [
        (
            {"A": {"allOf": [{"properties": {"x": {"type": "string"}}}, {"properties": {"x": {"type": "integer"}}}]}},
            "#/components/schemas/A/properties/x: two parts of the schema contradict each other",
        ),
        (
            {
                "A": {"allOf": [{"$ref": "#/components/schemas/B"}, {"properties": {"a": {}}}]},
                "B": {"allOf": [{"$ref": "#/components/schemas/A"}, {"properties": {"b": {}}}]},
            },
            "#/components/schemas/A: the schema includes itself",
        ),
    ],
)
def test_what_cannot_be_one_object_is_refused(schemas: Json, problem: str) -> None:
    with pytest.raises(CodegenError, match=problem):
        rules.flatten(document(schemas))
