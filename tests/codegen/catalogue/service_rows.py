"""Operations and services that come, go or move."""

from __future__ import annotations

from typing import Any

from tests.codegen.catalogue.row import (
    CREATE,
    DELETE,
    LIST,
    MESSAGES,
    REGISTRATION,
    REMOVAL,
    SEND,
    TEMPLATE,
    TEMPLATES,
    UPDATE,
    WEBHOOKS,
    Document,
    Rows,
    operation,
)

row = Rows()

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


@row(
    "additive: GET /v1/businesses/{businessId}/messages/{messageId}: new operation",
)
def a_new_operation(document: Document) -> None:
    document["paths"]["/v1/businesses/{businessId}/messages/{messageId}"] = {
        "get": get("MessageService_GetMessage", path_parameter("messageId"))
    }


@row(
    "additive: DELETE /v1/businesses/{businessId}/contacts/{contactId}: new operation",
    "additive: GET /v1/businesses/{businessId}/contacts/{contactId}: new operation",
)
def a_new_service(document: Document) -> None:
    document["tags"].append({"name": "ContactService"})
    document["definitions"]["v1Contact"] = {
        "type": "object",
        "properties": {"phone": {"type": "string"}, "tags": {"type": "array", "items": {"type": "string"}}},
    }
    contact = {"200": {"description": "The contact.", "schema": {"$ref": "#/definitions/v1Contact"}}}
    shared = {
        "parameters": [BUSINESS, path_parameter("contactId")],
        "tags": ["ContactService"],
        "responses": contact,
    }
    document["paths"]["/v1/businesses/{businessId}/contacts/{contactId}"] = {
        "get": {"operationId": "ContactService_GetContact", **shared},
        "delete": {"operationId": "ContactService_DeleteContact", **shared},
    }


@row(
    f"breaking: {DELETE}: the operation is removed",
    facade=True,
)
def an_operation_is_removed(document: Document) -> None:
    del document["paths"][REMOVAL]


@row(
    f"breaking: {SEND}: moved to POST /v2/businesses/{{businessId}}/messages",
)
def an_operation_moves(document: Document) -> None:
    document["paths"]["/v2/businesses/{businessId}/messages"] = document["paths"].pop(MESSAGES)


@row(
    f"breaking: {LIST}: moved to GET /v2/businesses/{{businessId}}/webhooks",
)
def an_operation_moves_and_is_called_otherwise(document: Document) -> None:
    moved = document["paths"].pop(WEBHOOKS)
    moved["get"]["operationId"] = "Webhooks_List"
    document["paths"]["/v2/businesses/{businessId}/webhooks"] = moved


@row(
    f"breaking: {UPDATE}: moved to PATCH /v1/businesses/{{businessId}}/update/webhooks/{{webhookId}}",
)
def an_operation_has_another_method(document: Document) -> None:
    document["paths"][REGISTRATION]["patch"] = document["paths"][REGISTRATION].pop("put")


@row(
    f"additive: {TEMPLATE}: now deprecated",
)
def an_operation_is_deprecated(document: Document) -> None:
    operation(document, TEMPLATES)["deprecated"] = True


@row(
    "additive: GET /v1/businesses/{businessId}/messages/{message.id}: new operation",
)
def a_dotted_path_parameter(document: Document) -> None:
    document["paths"]["/v1/businesses/{businessId}/messages/{message.id}"] = {
        "get": get("MessageService_GetMessage", path_parameter("message.id"))
    }


@row(
    "cosmetic: GET /v1/businesses/{business_id}/webhooks · path business_id: was called 'businessId'",
)
def a_path_parameter_is_called_otherwise(document: Document) -> None:
    document["paths"][WEBHOOKS.replace("businessId", "business_id")] = found = document["paths"].pop(WEBHOOKS)
    found["get"]["parameters"][0]["name"] = "business_id"


@row(
    "additive: GET /v1/businesses/{businessId}/messages: new operation",
)
def two_operations_of_one_id(document: Document) -> None:
    document["paths"]["/v1/businesses/{businessId}/messages"] = {"get": get("MessageService_SendMessage")}


@row()
def an_operation_without_an_id(document: Document) -> None:
    del operation(document, MESSAGES)["operationId"]


@row(
    f"cosmetic: {SEND} · response 201: the response is removed",
)
def one_success_less(document: Document) -> None:
    del operation(document, MESSAGES)["responses"]["201"]


@row(
    f"breaking: {DELETE} · response 200: the body is removed",
    facade=True,
)
def no_answer_at_all(document: Document) -> None:
    del operation(document, REMOVAL, "delete")["responses"]["200"]["schema"]


@row(
    f"breaking: {LIST} · response default · cntTraceId: the field is removed",
    f"breaking: {LIST} · response default · code: type string became integer",
    f"breaking: {LIST} · response default · details: type object became array",
    f"breaking: {LIST} · response default · type: the field is removed",
    f"breaking: {LIST} · response default · userMessage: the field is removed",
    f"breaking: {LIST} · response default · userTitle: the field is removed",
    f"cosmetic: {LIST} · response default · code: the description is removed",
    f"cosmetic: {LIST} · response default · message: the description is removed",
)
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


@row(
    f"breaking: {LIST} · security: requires API key in the header authorization, not API key in the header x-api-key",
)
def the_key_goes_elsewhere(document: Document) -> None:
    document["securityDefinitions"]["ApiKeyAuth"] |= {"name": "Authorization"}


@row(
    f"breaking: {SEND} · response 200: the media type application/json is removed",
    f"additive: {SEND} · response 200: new media type application/xml",
    facade=True,
)
def an_answer_that_is_not_json(document: Document) -> None:
    operation(document, MESSAGES)["produces"] = ["application/xml"]


@row(
    "cosmetic: POST /v1/businesses/{businessId}/media: left out: #/paths/~1v1~1businesses~1{businessId}~1media/post/"
    "parameters/1/in: 'formData' parameters are not supported: bodies are JSON, not forms",
)
def a_file_to_upload(document: Document) -> None:
    document["paths"]["/v1/businesses/{businessId}/media"] = {
        "post": get("MediaService_Upload", {"name": "file", "in": "formData", "required": True, "type": "file"})
    }


@row(
    f"breaking: {DELETE}: the operation is removed",
    f"breaking: {LIST}: the operation is removed",
    f"breaking: {CREATE}: the operation is removed",
    f"breaking: {SEND}: the operation is removed",
    f"breaking: {TEMPLATE}: the operation is removed",
    f"breaking: {UPDATE}: the operation is removed",
    "additive: GET /v2/pets/{petId}: new operation",
    facade=True,
)
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
