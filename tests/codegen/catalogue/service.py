"""Operations and services that come, go or move."""

from __future__ import annotations

import copy
from typing import Any

from tests.codegen.catalogue.row import MESSAGES, TEMPLATES, WEBHOOKS, Document, operation, rows_of

row = rows_of()

DELETE = "/v1/businesses/{businessId}/delete/webhooks/{webhookId}"
UPDATE = "/v1/businesses/{businessId}/update/webhooks/{webhookId}"
BUSINESS = {"name": "businessId", "in": "path", "required": True, "type": "string"}


def get(operation_id: str, *parameters: dict[str, Any], tag: str = "MessageService") -> Document:
    """Return an operation that answers with a message."""
    return {
        "operationId": operation_id,
        "tags": [tag],
        "parameters": [BUSINESS, *parameters],
        "responses": {"200": {"description": "A message.", "schema": {"$ref": "#/definitions/v1Message"}}},
    }


def path_parameter(name: str) -> Document:
    """Return a parameter of the path."""
    return {"name": name, "in": "path", "required": True, "type": "string"}


@row()
def a_new_operation(document: Document) -> None:
    document["paths"]["/v1/businesses/{businessId}/messages/{messageId}"] = {
        "get": get("MessageService_GetMessage", path_parameter("messageId"))
    }


@row()
def a_new_service(document: Document) -> None:
    document["tags"].append({"name": "ContactService"})
    document["definitions"]["v1Contact"] = {
        "type": "object",
        "properties": {"phone": {"type": "string"}, "tags": {"type": "array", "items": {"type": "string"}}},
    }
    contact = {"200": {"description": "The contact.", "schema": {"$ref": "#/definitions/v1Contact"}}}
    path = {"parameters": [BUSINESS, path_parameter("contactId")]}
    document["paths"]["/v1/businesses/{businessId}/contacts/{contactId}"] = path | {
        "get": {"operationId": "ContactService_GetContact", "tags": ["ContactService"], "responses": contact},
        "delete": {"operationId": "ContactService_DeleteContact", "tags": ["ContactService"], "responses": contact},
    }


@row()
def an_operation_is_removed(document: Document) -> None:
    del document["paths"][DELETE]


@row()
def an_operation_moves(document: Document) -> None:
    document["paths"]["/v2/businesses/{businessId}/messages"] = document["paths"].pop(MESSAGES)


@row()
def an_operation_moves_and_is_called_otherwise(document: Document) -> None:
    moved = document["paths"].pop(WEBHOOKS)
    moved["get"]["operationId"] = "Webhooks_List"
    document["paths"]["/v2/businesses/{businessId}/webhooks"] = moved


@row()
def an_operation_has_another_method(document: Document) -> None:
    document["paths"][UPDATE]["patch"] = document["paths"][UPDATE].pop("put")


@row()
def an_operation_is_deprecated(document: Document) -> None:
    operation(document, TEMPLATES)["deprecated"] = True


@row()
def a_dotted_path_parameter(document: Document) -> None:
    document["paths"]["/v1/businesses/{businessId}/messages/{message.id}"] = {
        "get": get("MessageService_GetMessage", path_parameter("message.id"))
    }


@row()
def a_path_parameter_is_called_otherwise(document: Document) -> None:
    document["paths"][WEBHOOKS.replace("businessId", "business_id")] = found = document["paths"].pop(WEBHOOKS)
    found["get"]["parameters"][0]["name"] = "business_id"


@row()
def two_operations_of_one_id(document: Document) -> None:
    document["paths"]["/v1/businesses/{businessId}/messages"] = {"get": get("MessageService_SendMessage")}


@row()
def an_operation_without_an_id(document: Document) -> None:
    del operation(document, MESSAGES)["operationId"]


@row()
def one_success_less(document: Document) -> None:
    del operation(document, MESSAGES)["responses"]["201"]


@row()
def another_success(document: Document) -> None:
    responses = operation(document, UPDATE, "put")["responses"]
    responses["202"] = responses.pop("200")


@row()
def no_answer_at_all(document: Document) -> None:
    del operation(document, DELETE, "delete")["responses"]["200"]["schema"]


@row()
def a_status_of_errors(document: Document) -> None:
    operation(document, MESSAGES)["responses"]["429"] = copy.deepcopy(
        operation(document, MESSAGES)["responses"]["default"]
    )


@row()
def the_error_body_is_replaced(document: Document) -> None:
    document["definitions"]["rpcStatus"] = {
        "type": "object",
        "properties": {
            "code": {"type": "integer", "format": "int32"},
            "message": {"type": "string"},
            "details": {"type": "array", "items": {"$ref": "#/definitions/protobufAny"}},
        },
    }
    document["definitions"]["protobufAny"] = {
        "type": "object",
        "properties": {"@type": {"type": "string"}},
        "additionalProperties": {},
    }
    del document["definitions"]["v1Error"]
    for item in document["paths"].values():
        for found in item.values():
            found["responses"]["default"]["schema"] = {"$ref": "#/definitions/rpcStatus"}


@row()
def the_key_goes_elsewhere(document: Document) -> None:
    document["securityDefinitions"]["ApiKeyAuth"] |= {"name": "Authorization"}


@row()
def a_second_way_in(document: Document) -> None:
    document["securityDefinitions"]["Basic"] = {"type": "basic"}
    document["security"].append({"Basic": []})


@row()
def an_answer_that_is_not_json(document: Document) -> None:
    operation(document, MESSAGES)["produces"] = ["application/xml"]


@row()
def a_body_in_one_more_form(document: Document) -> None:
    operation(document, MESSAGES)["consumes"] = ["application/json", "application/x-protobuf"]


@row()
def a_file_to_upload(document: Document) -> None:
    document["paths"]["/v1/businesses/{businessId}/media"] = {
        "post": get("MediaService_Upload", {"name": "file", "in": "formData", "required": True, "type": "file"})
    }


@row()
def another_api(document: Document) -> None:
    document["paths"] = {
        "/v2/pets/{petId}": {
            "get": {
                "operationId": "getPet",
                "parameters": [path_parameter("petId")],
                "responses": {"200": {"description": "A pet.", "schema": {"$ref": "#/definitions/Pet"}}},
            }
        }
    }
    document["definitions"] = {"Pet": {"type": "object", "properties": {"name": {"type": "string"}}}}


ROWS = tuple(row.found)
