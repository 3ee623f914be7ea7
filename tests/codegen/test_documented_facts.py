"""Whatever a file says of errors, the key, successes and bodies, it says what the documentation does afterwards."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codegen.documented_facts import ERROR_FIELDS, apply_facts
from codegen.spec.document import CodegenError, Json
from codegen.spec.to_openapi import convert
from tests.codegen.samples import VENDORED, small, swagger

TEXT: Json = {"type": "string"}
RPC_STATUS: Json = {
    "type": "object",
    "description": "gRPC's own.",
    "required": ["code"],
    "properties": {
        "code": {"type": "integer", "format": "int32"},
        "message": TEXT,
        "details": {"type": "array", "items": {"$ref": "#/definitions/protobufAny"}},
    },
}
PROTOBUF_ANY: Json = {"type": "object", "properties": {"@type": TEXT}, "additionalProperties": {}}
DOCUMENTED: Json = {"type": "object", "properties": ERROR_FIELDS}


def reference(name: str) -> Json:
    return {"$ref": f"#/definitions/{name}"}


def errors(responses: Json, **definitions: Any) -> Json:
    """Return the documented form of a file with one operation, which has a success and these errors."""
    operation = {"responses": {"200": {"description": "Fine.", "schema": {"type": "object"}}, **responses}}
    result = apply_facts(small(operation=operation, definitions=definitions))
    convert(result)
    return result


def body_of(document: Json, status: str = "default", path: str = "/v1/things") -> Json:
    schema = document["paths"][path]["get"]["responses"][status]["schema"]
    name = schema["$ref"].removeprefix("#/definitions/")
    body: Json = document["definitions"][name]
    return body


def default(schema: Json) -> Json:
    return {"default": {"description": "An error.", "schema": schema}}


def test_a_file_that_states_every_fact_is_not_changed() -> None:
    document = swagger(VENDORED)
    assert apply_facts(document) == document
    assert json.dumps(apply_facts(document)) == json.dumps(document)


def test_the_status_of_grpc_gives_way_with_what_only_it_needs() -> None:
    document = errors(
        default(reference("rpcStatus")), rpcStatus=RPC_STATUS, protobufAny=PROTOBUF_ANY, v1Other=DOCUMENTED
    )
    assert document["definitions"] == {"Error": DOCUMENTED, "v1Other": DOCUMENTED}
    assert body_of(document) == DOCUMENTED


def test_the_status_of_grpc_stays_where_it_is_used_for_something_else() -> None:
    result = {"type": "object", "properties": {"status": reference("rpcStatus")}}
    document = errors(
        default(reference("rpcStatus")), rpcStatus=RPC_STATUS, protobufAny=PROTOBUF_ANY, v1Result=result, Error=result
    )
    kept = {"rpcStatus": RPC_STATUS, "protobufAny": PROTOBUF_ANY, "v1Result": result, "Error": result}
    assert document["definitions"] == {**kept, "Error_2": DOCUMENTED}


@pytest.mark.parametrize(
    "given_body",
    [
        {**RPC_STATUS, "properties": {"retryable": {"type": "boolean"}, "user_title": TEXT}},
        {
            "type": "object",
            "properties": {**ERROR_FIELDS, "code": {"type": "integer"}, "retryable": {"type": "boolean"}},
        },
        {"type": "object", "properties": {**ERROR_FIELDS, "retryable": {"type": "boolean"}}, "required": ["retryable"]},
        {"allOf": [{"type": "object", "properties": {"code": {}}}, {"properties": {"retryable": {"type": "boolean"}}}]},
    ],
    ids=["less", "another type", "more is required", "in parts"],
)
@pytest.mark.parametrize("is_inline", [False, True])
def test_fields_that_only_the_file_has_survive(given_body: Json, is_inline: bool) -> None:
    document = errors(default(given_body if is_inline else reference("v1Error")), v1Error=given_body)
    wanted = {"type": "object", "properties": {**ERROR_FIELDS, "retryable": {"type": "boolean"}}}
    assert body_of(document) == wanted


@pytest.mark.parametrize("code", [TEXT, reference("v1Code"), {"allOf": [reference("v1Code")], "type": "string"}])
def test_an_error_with_more_than_the_documented_fields_stays_as_it_is(code: Json) -> None:
    body = {"type": "object", "title": "Mine.", "properties": {**ERROR_FIELDS, "code": code, "retryable": TEXT}}
    definitions = {"v1Error": body, "v1Code": {"type": "string", "enum": ["A"]}}
    document = errors(default(reference("v1Error")), **definitions)
    assert document["definitions"] == definitions


def test_one_body_serves_all_errors() -> None:
    good = {"type": "object", "title": "Mine.", "properties": {**ERROR_FIELDS, "shard": TEXT}}
    document = errors(
        {
            "400": {"description": "Bad.", "schema": reference("v1Bad")},
            "401": {"description": "No body is described."},
            "304": {"description": "Not an error."},
            **default(reference("v1Error")),
        },
        v1Error=good,
        v1Bad={"type": "object", "properties": {"retryable": TEXT}},
    )
    wanted = {**good, "properties": {**ERROR_FIELDS, "shard": TEXT, "retryable": TEXT}}
    assert document["definitions"] == {"v1Error": wanted}
    assert [body_of(document, status) for status in ("400", "401", "default")] == [wanted] * 3
    assert "schema" not in document["paths"]["/v1/things"]["get"]["responses"]["304"]


def test_an_operation_without_a_success_is_left_to_the_converter() -> None:
    document = small(operation={"responses": {"default": {"description": "All.", "schema": TEXT}}})
    assert apply_facts(document)["paths"] == document["paths"]


KEY = {"in": "header", "name": "X-API-Key", "type": "apiKey", "description": "API key for authorization"}
OTHER = {"in": "header", "name": "Authorization", "type": "apiKey"}


@pytest.mark.parametrize(
    ("schemes", "security", "wanted_schemes", "wanted"),
    [
        (None, None, {"ApiKeyAuth": KEY}, [{"ApiKeyAuth": []}]),
        ({"Bearer": OTHER}, None, {"Bearer": OTHER, "ApiKeyAuth": KEY}, [{"ApiKeyAuth": []}]),
        ({"ApiKeyAuth": OTHER}, [{"ApiKeyAuth": []}], {"ApiKeyAuth": OTHER, "ApiKeyAuth_2": KEY},
         [{"ApiKeyAuth_2": []}, {"ApiKeyAuth": []}]),
        ({"k": {**OTHER, "name": "x-api-key"}}, [{}], {"k": {**OTHER, "name": "x-api-key"}}, [{"k": []}]),
        ({"k": KEY, "b": OTHER}, [{"k": [], "b": []}], {"k": KEY, "b": OTHER}, [{"k": []}, {"k": [], "b": []}]),
        ({"k": KEY, "b": OTHER}, [{"b": []}, {"k": []}], {"k": KEY, "b": OTHER}, [{"b": []}, {"k": []}]),
        ({"k": {**KEY, "in": "query"}}, None, {"k": {**KEY, "in": "query"}, "ApiKeyAuth": KEY}, [{"ApiKeyAuth": []}]),
    ],
    ids=["none", "not required", "another header", "another case", "both at once", "one of two", "in the query"],
)  # fmt: skip
def test_the_documented_key_is_enough(
    schemes: Json | None, security: list[Json] | None, wanted_schemes: Json, wanted: list[Json]
) -> None:
    document = small(operation={} if security is None else {"security": security})
    document |= {} if schemes is None else {"securityDefinitions": schemes}
    document |= {} if security is None else {"security": security}
    result = apply_facts(document)
    assert result["securityDefinitions"] == wanted_schemes
    assert result["security"] == wanted
    assert result["paths"]["/v1/things"]["get"].get("security") == (wanted if security and security[0] else security)


def test_an_operation_that_needs_no_key_still_needs_none() -> None:
    result = apply_facts(small(operation={"security": []}))
    assert result["paths"]["/v1/things"]["get"]["security"] == []


@pytest.mark.parametrize(
    ("path", "method", "operation_id", "wanted"),
    [
        ("/v1/businesses/{businessId}/send/flows", "post", "X", ["200", "201"]),
        ("/v1/messages", "post", "MessageService_SendMessage", ["200", "201"]),
        ("/v1/messages", "post", None, ["200"]),
        ("/v1/resends", "post", "MessageService_Resend", ["200"]),
        ("/v1/send/messages", "get", "MessageService_ListSentMessages", ["200"]),
    ],
)
@pytest.mark.parametrize("status", ["200", "201"])
def test_what_sends_has_both_successes(
    path: str, method: str, operation_id: str | None, wanted: list[str], status: str
) -> None:
    found = {"description": "Fine.", "schema": {"type": "object"}}
    document = small(path=path, operation={"operationId": operation_id, "responses": {status: found}})
    document["paths"][path] = {method: document["paths"][path]["get"]}
    responses = apply_facts(document)["paths"][path][method]["responses"]
    assert list(responses) == [*(wanted if len(wanted) > 1 else [status]), "default"]
    assert all(responses[one] == found for one in responses if one != "default")


def test_bodies_and_parts_of_a_path_are_required() -> None:
    part, body, query = ({"name": "x", "in": place, "type": "string"} for place in ("path", "body", "query"))
    document = small(path="/v1/{x}", operation={"parameters": [part, body, query]})
    found = apply_facts(document)["paths"]["/v1/{x}"]["get"]["parameters"]
    assert found == [{**part, "required": True}, {**body, "required": True}, query]


def test_a_host_is_kept_and_none_is_added() -> None:
    document = swagger(VENDORED)
    for more in ({}, {"host": "eu.example", "schemes": ["https"], "basePath": "/gateway"}):
        assert apply_facts({**document, **more}) == {**document, **more}


@pytest.mark.parametrize("key", ["definitions", "securityDefinitions"])
def test_what_should_be_an_object_and_is_not_is_refused(key: str) -> None:
    with pytest.raises(CodegenError, match=f"#/{key}: must be an object"):
        apply_facts({**small(), key: []})


JUNK: list[Any] = [None, True, 0, "x", [], [None], ["x"], [{}], {}, reference("v1Error"), reference("missing")]


def places(value: Any) -> list[tuple[Any, Any]]:
    """Return each place of a document, as what holds it and its key there."""
    keys: list[Any] = (
        list(value) if isinstance(value, dict) else list(range(len(value))) if isinstance(value, list) else []
    )
    return [place for key in keys for place in ((value, key), *places(value[key]))]


PLACES = len(places(swagger(VENDORED)))


@given(st.lists(st.tuples(st.integers(0, PLACES - 1), st.sampled_from(JUNK)), min_size=1, max_size=3))
def test_a_damaged_file_is_refused_in_words_or_stated_once(damages: list[tuple[int, Any]]) -> None:
    document = swagger(VENDORED)
    found = places(document)
    for number, junk in damages:
        holder, key = found[number]
        holder[key] = copy.deepcopy(junk)
    before = copy.deepcopy(document)
    try:
        result = apply_facts(document)
    except CodegenError:
        return
    assert document == before
    assert apply_facts(result) == result
