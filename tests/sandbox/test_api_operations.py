import json
from pathlib import Path
from typing import Any

import pytest

from connectly_api.errors import InvalidInputError
from connectly_api.lowlevel._source import OPERATIONS
from connectly_api.sandbox.spec.api_operations import Requirement, load_service


def file(**changes: Any) -> dict[str, Any]:
    return {"swagger": "2.0", "paths": {}, **changes}


def one(operation: dict[str, Any], **changes: Any) -> Any:
    (found,) = load_service(file(paths={"/v1/x": {"get": operation}}, **changes)).operations
    return found


def functions(*paths: str) -> dict[str, str | None]:
    """Return the function of each operation of a file, by method, path and id, each as `POST /v1/x Id`."""
    document = file()
    for text in paths:
        method, path, operation_id = text.split()
        document["paths"].setdefault(path, {})[method.lower()] = {"operationId": operation_id}
    return {f"{one.method} {one.template} {one.id}": one.function for one in load_service(document).operations}


def test_the_packages_own_file_has_the_operations_of_the_low_level() -> None:
    found = {one.function: (one.method, one.template) for one in load_service(None).operations}
    assert found == dict(OPERATIONS)


KNOWN, TEMPLATE = OPERATIONS["update_webhook"]
SHAPE = TEMPLATE.replace("businessId", "business_id").replace("webhookId", "id")


@pytest.mark.parametrize(
    ("known", "other"),
    [
        (f"{KNOWN} {SHAPE} X", f"{KNOWN} /gateway{SHAPE} Y"),
        (f"{KNOWN} /gateway{SHAPE} X", f"{KNOWN} /v2/hooks/{{b}}/{{w}} WebhookService_UpdateWebhook"),
        (f"{KNOWN} /v2/hooks/{{b}}/{{w}} WebhookService_UpdateWebhook", f"PATCH {SHAPE} WebhookService_UpdateWebhook"),
        (f"{KNOWN} /v2/hooks/{{b}}/{{w}} update_webhook", f"{KNOWN} /v2/hooks/{{b}} WebhookService_UpdateWebhooks"),
    ],
)
def test_an_operation_is_known_by_its_path_behind_any_prefix_or_else_by_its_id(known: str, other: str) -> None:
    assert functions(other, known) == {known: "update_webhook", other: None}


@pytest.mark.parametrize(
    ("path", "business"),
    [
        ("/v1/{x}/{business_id}/update/{y}", "2"),
        ("/v1/{x}/{other}/update/{y}", "1"),
        ("/v1/update", None),
    ],
)
def test_the_business_is_the_parameter_of_that_name_or_the_first_of_a_known_operation(
    path: str, business: str | None
) -> None:
    requested = path.replace("{x}", "1").replace("{business_id}", "2").replace("{other}", "2").replace("{y}", "3")
    for operation_id, expected in (("UpdateWebhook", business), ("Other", business if business != "1" else None)):
        service = load_service(file(paths={path: {"put": {"operationId": operation_id}}}))
        assert service.find(requested)["PUT"].business == expected


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
