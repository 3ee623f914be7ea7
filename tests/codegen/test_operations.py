from __future__ import annotations

from typing import Any

import pytest

from codegen.spec.document import CodegenError, Json
from codegen.spec.to_openapi.operations import convert_path

FINE: Json = {"200": {"description": "Fine."}}


def convert(root: Json | None = None, **item: Any) -> Json:
    return convert_path("/v1/a", item, root or {})


def test_an_operation_keeps_what_both_versions_share() -> None:
    fields = {
        "tags": ["a"],
        "summary": "Gets.",
        "description": "It.",
        "operationId": "A_Get",
        "deprecated": True,
        "security": [{"Key": []}],
        "externalDocs": {"url": "https://example.com"},
        "responses": FINE,
        "x-mine": 1,
    }
    assert convert_path("/v1/a", {"get": fields, "x-path": 2}, {}) == {"get": fields, "x-path": 2}


def test_a_body_becomes_a_request_body_in_every_type_that_is_consumed() -> None:
    body = {
        "name": "body",
        "in": "body",
        "required": True,
        "description": "It.",
        "schema": {"type": "object"},
        "x-a": 1,
    }
    converted = convert(
        {"consumes": ["application/json", "application/x-a"]}, post={"parameters": [body], "responses": FINE}
    )
    assert converted["post"]["requestBody"] == {
        "description": "It.",
        "required": True,
        "content": {
            "application/json": {"schema": {"type": "object"}},
            "application/x-a": {"schema": {"type": "object"}},
        },
        "x-a": 1,
    }
    assert "parameters" not in converted["post"]


def test_a_body_is_json_where_nothing_is_said_and_may_be_optional() -> None:
    body = {"name": "body", "in": "body", "schema": {}}
    converted = convert(post={"parameters": [body], "responses": FINE})
    assert converted["post"]["requestBody"] == {"content": {"application/json": {"schema": {}}}}


def test_what_an_operation_consumes_and_produces_wins_over_the_document() -> None:
    body = {"name": "body", "in": "body", "schema": {}}
    answer = {"200": {"description": "Fine.", "schema": {}}}
    fields = {"parameters": [body], "responses": answer, "consumes": ["a/b"], "produces": ["c/d"]}
    converted = convert({"consumes": ["x/x"], "produces": ["x/x"]}, put=fields)["put"]
    assert list(converted["requestBody"]["content"]) == ["a/b"]
    assert list(converted["responses"]["200"]["content"]) == ["c/d"]


def test_an_answer_without_a_type_is_of_any_type() -> None:
    answer = {"200": {"description": "Fine.", "schema": {}}}
    assert convert(get={"responses": answer})["get"]["responses"]["200"]["content"] == {"*/*": {"schema": {}}}


def test_answers_keep_headers_examples_and_extensions() -> None:
    answer = {
        "200": {
            "description": "Fine.",
            "schema": {},
            "headers": {"ETag": {"type": "string"}},
            "examples": {"application/json": {"a": 1}, "text/plain": "a"},
            "x-mine": 1,
        },
        "x-all": 2,
    }
    assert convert({"produces": ["application/json"]}, get={"responses": answer})["get"]["responses"] == {
        "200": {
            "description": "Fine.",
            "headers": {"ETag": {"schema": {"type": "string"}}},
            "content": {"application/json": {"schema": {}, "example": {"a": 1}}, "text/plain": {"example": "a"}},
            "x-mine": 1,
        },
        "x-all": 2,
    }


def query(name: str, kind: str = "string") -> Json:
    return {"name": name, "in": "query", "type": kind}


def test_parameters_of_a_path_become_each_operations_own_unless_it_has_them() -> None:
    root = {"parameters": {"Shared": query("c")}}
    shared = [query("a"), query("b"), {"$ref": "#/parameters/Shared"}]
    own = {"parameters": [query("b", "integer")], "responses": FINE}
    converted = convert(root, parameters=shared, get=own, head={"responses": FINE})
    kinds = [
        [(entry["name"], entry["schema"]["type"]) for entry in converted[m]["parameters"]] for m in ("get", "head")
    ]
    assert kinds == [
        [("a", "string"), ("c", "string"), ("b", "integer")],
        [("a", "string"), ("b", "string"), ("c", "string")],
    ]
    assert "parameters" not in converted


def test_shared_responses_are_resolved() -> None:
    root = {"responses": {"Gone": {"description": "Gone."}}}
    converted = convert(root, get={"responses": {"410": {"$ref": "#/responses/Gone"}}})
    assert converted["get"]["responses"] == {"410": {"description": "Gone."}}


def test_an_operation_with_schemes_gets_servers() -> None:
    converted = convert({"host": "a.example"}, get={"responses": FINE, "schemes": ["https"]})
    assert converted["get"]["servers"] == [{"url": "https://a.example"}]


@pytest.mark.parametrize(
    ("item", "problem"),
    [
        ({"trace": {}}, "#/paths/~1v1~1a/trace: unknown key"),
        ({"get": {"responses": {}, "callbacks": {}}}, "#/paths/~1v1~1a/get/callbacks: unknown key"),
        ({"get": {}}, "#/paths/~1v1~1a/get: 'responses' is missing"),
        ({"get": {"responses": {"2XX": {"description": ""}}}}, "responses/2XX: must be a status code"),
        ({"get": {"responses": {"200": {}}}}, "responses/200: 'description' is missing"),
        ({"get": {"responses": {"200": []}}}, "responses/200: must be an object"),
        ({"get": {"responses": {"200": {"description": "", "content": {}}}}}, "responses/200/content: unknown key"),
        (
            {"get": {"responses": {"200": {"$ref": "#/responses/A"}}}},
            "200/[$]ref: '#/responses/A' is not under #/responses",
        ),
        ({"get": {"responses": FINE, "parameters": {}}}, "get/parameters: must be a list"),
        ({"get": {"responses": FINE, "parameters": [1]}}, "get/parameters/0: must be an object"),
        ({"get": {"responses": FINE, "parameters": [query("a"), query("a")]}}, "parameters/1: the same parameter"),
        ({"get": {"responses": FINE, "parameters": [{"name": {}, "in": "query"}]}}, "parameters/0/name: must be"),
        ({"get": {"responses": FINE, "parameters": [{"$ref": "#/parameters/A", "x": 1}]}}, "has siblings"),
        ({"post": {"responses": FINE, "parameters": [{"name": "b", "in": "body"}]}}, "0: 'schema' is missing"),
        (
            {
                "post": {
                    "responses": FINE,
                    "parameters": [{"name": name, "in": "body", "schema": {}} for name in ("a", "b")],
                }
            },
            "#/paths/~1v1~1a/post: an operation can have at most one body",
        ),
    ],
)
def test_operations_that_are_unknown_or_wrong_are_refused_with_their_pointer(item: Json, problem: str) -> None:
    with pytest.raises(CodegenError, match=problem):
        convert(**item)


def test_paths_begin_with_a_slash() -> None:
    with pytest.raises(CodegenError, match="#/paths/v1: must begin with a slash"):
        convert_path("v1", {}, {})
    with pytest.raises(CodegenError, match="#/paths/x-a: an extension among the paths"):
        convert_path("x-a", {}, {})
