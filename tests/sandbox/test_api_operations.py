import json
from pathlib import Path
from typing import Any

import pytest

from connectly_api.errors import InvalidInputError
from connectly_api.sandbox.spec.api_operations import Requirement, load_service


def file(**changes: Any) -> dict[str, Any]:
    return {"swagger": "2.0", "paths": {}, **changes}


def one(operation: dict[str, Any], **changes: Any) -> Any:
    (found,) = load_service(file(paths={"/v1/x": {"get": operation}}, **changes)).operations
    return found


def test_the_packages_own_file_has_the_six_documented_operations() -> None:
    shapes = {operation.shape for operation in load_service(None).operations}
    assert shapes == {
        ("POST", "/v1/businesses/{}/send/messages"),
        ("POST", "/v1/businesses/{}/send/whatsapp_templated_messages"),
        ("POST", "/v1/businesses/{}/create/webhooks"),
        ("PUT", "/v1/businesses/{}/update/webhooks/{}"),
        ("GET", "/v1/businesses/{}/webhooks"),
        ("DELETE", "/v1/businesses/{}/delete/webhooks/{}"),
    }


def test_a_file_is_read_from_a_path_bytes_and_a_mapping(tmp_path: Path) -> None:
    document = file(paths={"/v1/x": {"get": {"operationId": "X"}}})
    path = tmp_path / "x.json"
    path.write_text(json.dumps(document))
    for given in (path, str(path), json.dumps(document).encode(), document):
        assert [operation.id for operation in load_service(given).operations] == ["X"]


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        (b"{", "is not JSON"),
        (b"\xff", "is not JSON"),
        (b"[]", "is not a JSON object"),
        ({"openapi": "3.0.0"}, "is not a Swagger 2.0 file"),
        ("/nowhere/at/all.json", "cannot be read"),
        (7, "must be a path, bytes or a mapping, not int"),
        (file(paths=[]), "does not have the shape"),
        (file(paths={"/x": 7}), "an object is expected"),
        (file(paths={"/x": {"post": {"parameters": [{"in": "formData", "name": "f"}]}}}), "formData"),
        (file(paths={"/x": {"get": {"security": [{"nobody": []}]}}}), "securityDefinitions lacks: nobody"),
        (file(definitions={"A": {"allOf": [{"$ref": "#/definitions/A"}]}}), "made of itself"),
    ],
)
def test_a_file_that_cannot_be_served_is_refused_with_its_reason(given: Any, problem: str) -> None:
    with pytest.raises(InvalidInputError, match=problem) as caught:
        load_service(given)
    assert caught.value.field == "swagger"


def test_a_path_leads_to_its_operations_by_method_and_the_most_literal_wins() -> None:
    service = load_service(
        file(paths={"/v1/{id}": {"get": {"operationId": "any"}, "put": {}}, "/v1/own": {"get": {"operationId": "own"}}})
    )
    assert service.find("/v1/own")["GET"].operation.id == "own"
    assert service.find("/v1/own")["PUT"].parameters == {"id": "own"}
    assert service.find("/v1/a%2Fb")["GET"].parameters == {"id": "a/b"}
    assert service.find("/v2/own") == {}


def test_an_operation_without_an_id_is_named_by_method_and_path_base_path_included() -> None:
    assert one({}, basePath="/api/").id == "GET /api/v1/x"


def test_parameters_of_the_path_are_taken_over_and_replaced_by_the_operations_own() -> None:
    shared = [{"name": "a", "in": "query", "type": "string"}, {"$ref": "#/parameters/B"}]
    own = [{"name": "a", "in": "query", "type": "integer"}]
    document = file(
        paths={"/v1/x": {"parameters": shared, "get": {"parameters": own}}},
        parameters={"B": {"name": "b", "in": "header", "type": "string"}},
    )
    (operation,) = load_service(document).operations
    assert [(each.name, each.schema["type"]) for each in operation.parameters] == [("a", "integer"), ("b", "string")]


@pytest.mark.parametrize(
    ("responses", "status", "has_answer"),
    [
        ({"201": {"schema": {}}, "200": {"schema": {}}}, 200, True),
        ({"204": {"description": "…"}}, 204, False),
        ({"default": {"schema": {}}}, 200, True),
        ({"400": {"schema": {}}}, 200, False),
        ({"200": {"$ref": "#/responses/Fine"}}, 200, True),
    ],
)
def test_the_first_success_is_the_answer(responses: dict[str, Any], status: int, has_answer: bool) -> None:
    operation = one({"responses": responses}, responses={"Fine": {"schema": {"type": "object"}}})
    assert operation.status == status
    assert (operation.response_schema is not None) == has_answer


KEY_HEADER = Requirement(place="header", name="X-API-Key")


@pytest.mark.parametrize(
    ("operation", "whole", "expected"),
    [
        ({}, {}, ((KEY_HEADER,),)),
        ({}, {"securityDefinitions": {"k": {"type": "apiKey", "in": "query", "name": "key"}}}, "query key"),
        ({"security": []}, {"security": [{"k": []}]}, ()),
        ({"security": [{"k": []}, {}]}, {}, ()),
        ({"security": [{"k": []}]}, {}, ((KEY_HEADER,),)),
        ({"security": [{"o": []}]}, {}, ((Requirement(place="header", name="Authorization", scheme=True),),)),
    ],
)
def test_the_key_is_wanted_where_the_file_says(operation: dict[str, Any], whole: dict[str, Any], expected: Any) -> None:
    definitions = {"k": {"type": "apiKey", "in": "header", "name": "X-API-Key"}, "o": {"type": "oauth2"}}
    changes = {"securityDefinitions": definitions, **whole} if operation or whole else {}
    if expected == "query key":
        expected = ((Requirement(place="query", name="key"),),)
    assert one(operation, **changes).security == expected
