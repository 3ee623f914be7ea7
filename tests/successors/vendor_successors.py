"""The successors: what the vendor could publish next, each made from a decoded Swagger file."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import attrs

from codegen.spec.document import Json
from tests.codegen.samples import build_rpc_status
from tests.codegen.styles import STYLES

BUSINESS: Final = "/v1/businesses/{businessId}"
MESSAGES: Final = f"{BUSINESS}/send/messages"
_BUSINESS_ID: Final[Json] = {"name": "businessId", "in": "path", "required": True, "type": "string"}

SESSION: Final = frozenset(
    f"send{kind}"
    for kind in (
        "", "_text", "_image", "_video", "_audio", "_document", "_location", "_list", "_reply_buttons", "_product",
        "_product_list",
    )
)  # fmt: skip
"""The methods of the client that send a session message."""


@attrs.frozen
class Successor:
    """A file that the vendor could publish.

    Attributes:
        name: What the vendor did.
        write: Makes the file from the vendored one, decoded, which it leaves as it is.
        concerned: The methods of the facade that no longer work as they are; none where the facade is not concerned.
        left_out: The operations that no code can be generated for.
        refused: A part of the sentence that refuses the file; empty where it is accepted.
        is_inert: Whether the low-level package offers the same names and fields as before.
    """

    name: str
    write: Callable[[Json], bytes]
    concerned: frozenset[str] = frozenset()
    left_out: tuple[str, ...] = ()
    refused: str = ""
    is_inert: bool = False


_Change = Callable[[Json], Json | bytes | None]
_found: list[Successor] = []


def _successor(**expected: Any) -> Callable[[_Change], _Change]:
    """Register a function that changes a document in place, or returns another one or the bytes of a file."""

    def register(change: _Change) -> _Change:
        def write(document: Json) -> bytes:
            changed = copy.deepcopy(document)
            result = change(changed)
            return result if isinstance(result, bytes) else _dump(changed if result is None else result)

        _found.append(Successor(change.__name__.replace("_", " "), write, **expected))
        return change

    return register


def _dump(document: Json) -> bytes:
    return (json.dumps(document, indent=2) + "\n").encode()


def _each_operation(document: Json) -> Iterator[Json]:
    for item in document["paths"].values():
        yield from item.values()


def _properties(document: Json, definition: str) -> Json:
    found: Json = document["definitions"][definition]["properties"]
    return found


def _rename_definitions(document: Json, rename: Callable[[str], str]) -> Json:
    text = re.sub(r'"#/definitions/([^"]+)"', lambda match: f'"#/definitions/{rename(match[1])}"', json.dumps(document))
    result: Json = json.loads(text)
    result["definitions"] = {rename(name): schema for name, schema in result["definitions"].items()}
    return result


def _move(document: Json, move: Callable[[str], str]) -> Json:
    return {**document, "paths": {move(path): item for path, item in document["paths"].items()}}


def _add(document: Json, path: str, operation: Json, method: str = "post") -> None:
    """Add an operation of a service of its own to a document."""
    added = {"operationId": "MediaService_Handle", "tags": ["MediaService"], "parameters": [_BUSINESS_ID], **operation}
    added.setdefault("responses", {"200": {"description": "A successful response.", "schema": {"type": "object"}}})
    document["paths"][path] = {method: added}


@_successor(is_inert=True)
def another_version(document: Json) -> None:
    document["info"]["version"] = "2027-01-31"


@_successor(is_inert=True)
def keys_sorted(document: Json) -> bytes:
    return json.dumps(document, indent=2, sort_keys=True).encode()


@_successor(is_inert=True)
def minified(document: Json) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode()


@_successor(is_inert=True)
def another_order(document: Json) -> Json:
    return STYLES["another order"](document)


@_successor()
def a_new_optional_field(document: Json) -> None:
    _properties(document, "v1Attachment")["mimeType"] = {"type": "string"}


@_successor(is_inert=True)
def definitions_renamed(document: Json) -> Json:
    return STYLES["dotted names"](document)


@_successor(is_inert=True)
def a_definition_renamed(document: Json) -> Json:
    return _rename_definitions(document, lambda name: "v1MediaFile" if name == "v1Attachment" else name)


@_successor()
def as_protoc_gen_openapiv2_writes_it(document: Json) -> Json:
    """Write the service as protoc-gen-openapiv2 does where nobody has annotated it."""
    result = _rename_definitions(document, _name_by_package)
    del result["security"], result["securityDefinitions"]
    result["info"] = {"title": "connectly/api/v1/service.proto", "version": "version not set"}
    del result["definitions"]["rpcStatus"]
    for operation in _each_operation(result):
        operation["responses"].pop("201", None)
        operation["responses"]["200"]["description"] = "A successful response."
        for parameter in operation["parameters"]:
            parameter.pop("description", None)
    for schema in result["definitions"].values():
        if "description" in schema:
            schema["title"] = schema.pop("description").rstrip(".")
        for value in schema.get("properties", {}).values():
            _comment(value)
    result["definitions"] |= build_rpc_status()
    registration = result["definitions"]["apiv1Webhook"]["properties"]
    registration["createdAtMillis"] = {"type": "string", "format": "int64"}
    result["definitions"] = dict(sorted(result["definitions"].items()))
    return result


def _name_by_package(name: str) -> str:
    if name == "v1Error":
        return "rpcStatus"
    return re.sub("^v1", "apiv1", name)


def _comment(value: Json) -> None:
    """Write a comment as the plugin does: a line without a full stop is a title."""
    value.pop("example", None)
    text = value.get("description", "")
    if text and not text.endswith("."):
        value["title"] = value.pop("description")


_COMMENT: Final = (
    'A "quoted" comment with a \\ and `code`, *stars*, <b>tags</b>, {braces}, %s and """three quotes""".\n\n'
    "    indented: 1\n\n- a list — with a dash\n- https://example.com/a_very_long_address/that/breaks/nowhere?and=so#on\n"
    + "It goes on and on. "
    * 20
)


@_successor(is_inert=True)
def comments_everywhere(document: Json) -> None:
    document["info"]["description"] = _COMMENT
    for tag in document["tags"]:
        tag["description"] = _COMMENT
    for operation in _each_operation(document):
        operation |= {"summary": _COMMENT, "description": _COMMENT}
        for described in [*operation["responses"].values(), *operation["parameters"]]:
            described["description"] = _COMMENT
    for schema in document["definitions"].values():
        schema |= {"title": "A title, " * 15, "description": _COMMENT}
        for value in schema.get("properties", {}).values():
            value |= {"title": "Another title", "description": _COMMENT}


@_successor(is_inert=True)
def references_with_descriptions(document: Json) -> Json:
    return STYLES["described references"](document)


@_successor(is_inert=True)
def everything_inline(document: Json) -> Json:
    return STYLES["everything inline"](document)


@_successor(is_inert=True)
def parts_shared_by_operations(document: Json) -> None:
    """Write the business once for each path, and the error once for all operations."""
    document["parameters"] = {"business": {"name": "businessId", "in": "path", "required": True, "type": "string"}}
    document["responses"] = {}
    for item in document["paths"].values():
        for operation in item.values():
            entries = operation["parameters"]
            operation["parameters"] = [entry for entry in entries if entry["name"] != "businessId"]
            document["responses"].setdefault("Error", operation["responses"]["default"])
            operation["responses"]["default"] = {"$ref": "#/responses/Error"}
        item["parameters"] = [{"$ref": "#/parameters/business"}]


@_successor()
def messages_that_include_their_parts(document: Json) -> None:
    """Write every other field of each definition into a definition that it includes."""
    definitions = document["definitions"]
    for name, schema in list(definitions.items()):
        if fields := schema.get("properties"):
            half = dict(list(fields.items())[::2])
            definitions[f"{name}Part"] = {"type": "object", "properties": half}
            rest = {key: value for key, value in fields.items() if key not in half}
            definitions[name] = {"allOf": [{"$ref": f"#/definitions/{name}Part"}, {**schema, "properties": rest}]}


_UPLOAD: Final = f"{BUSINESS}/media"


@_successor(left_out=(f"POST {_UPLOAD}",))
def a_multipart_upload(document: Json) -> None:
    form = [
        {"name": "file", "in": "formData", "required": True, "type": "file"},
        {"name": "caption", "in": "formData", "type": "string"},
    ]
    _add(document, _UPLOAD, {"consumes": ["multipart/form-data"], "parameters": [_BUSINESS_ID, *form]})


def _answer(document: Json, media_type: str, schema: Json) -> None:
    answered = {"200": {"description": "A successful response.", "schema": schema}}
    _add(document, _UPLOAD, {"produces": [media_type], "responses": answered}, "get")


@_successor(left_out=(f"GET {_UPLOAD}",))
def a_response_of_comma_separated_values(document: Json) -> None:
    _answer(document, "text/csv", {"type": "string"})


@_successor(left_out=(f"GET {_UPLOAD}",))
def a_response_of_plain_text(document: Json) -> None:
    _answer(document, "text/plain", {"type": "string"})


@_successor(left_out=(f"GET {_UPLOAD}",))
def a_response_that_is_a_file(document: Json) -> None:
    _answer(document, "application/octet-stream", {"type": "file"})


@_successor(left_out=(f"POST {_UPLOAD}",))
def two_types_of_success(document: Json) -> None:
    done, later = {"type": "object", "properties": {"id": {"type": "string"}}}, {"type": "array", "items": {}}
    responses = {"200": {"description": "Done.", "schema": done}, "202": {"description": "Later.", "schema": later}}
    _add(document, _UPLOAD, {"responses": responses})


@_successor(left_out=(f"POST {_UPLOAD}",))
def a_default_response_alone(document: Json) -> None:
    _add(document, _UPLOAD, {"responses": {"default": {"description": "Any.", "schema": {"type": "object"}}}})


@_successor(left_out=("GET /v1/{name_1}",))
def two_paths_that_differ_by_a_parameters_name(document: Json) -> None:
    for name in ("name", "name_1"):
        named = {"name": name, "in": "path", "required": True, "type": "string", "pattern": f"{name}/[^/]+"}
        _add(document, f"/v1/{{{name}}}", {"operationId": f"MediaService_Get{name}", "parameters": [named]}, "get")


@_successor(left_out=(f"GET {BUSINESS}/events",))
def a_stream(document: Json) -> None:
    event = {
        "type": "object",
        "properties": {"result": {"$ref": "#/definitions/v1Message"}, "error": {"$ref": "#/definitions/v1Error"}},
        "title": "Stream result of v1Message",
    }
    responses = {"200": {"description": "A successful response.(streaming responses)", "schema": event}}
    _add(document, f"{BUSINESS}/events", {"responses": responses}, "get")


@_successor(left_out=(f"POST {_UPLOAD}",))
def a_raw_body(document: Json) -> None:
    document["definitions"]["apiHttpBody"] = {
        "type": "object",
        "properties": {
            "contentType": {"type": "string"},
            "data": {"type": "string", "format": "byte"},
            "extensions": {"type": "array", "items": {"type": "object"}},
        },
    }
    raw = {"$ref": "#/definitions/apiHttpBody"}
    body = {"name": "body", "in": "body", "required": True, "schema": raw}
    responses = {"200": {"description": "A successful response.", "schema": {"type": "string", "format": "binary"}}}
    _add(document, _UPLOAD, {"parameters": [_BUSINESS_ID, body], "responses": responses})


@_successor(is_inert=True)
def the_prefix_of_a_gateway(document: Json) -> Json:
    return _move(document, lambda path: f"/gateway/message-api{path}")


@_successor(is_inert=True)
def a_base_path(document: Json) -> None:
    document["basePath"] = "/public"


@_successor(is_inert=True)
def slashes_at_the_end(document: Json) -> Json:
    return _move(document, lambda path: f"{path}/")


@_successor(is_inert=True)
def version_2_of_every_path(document: Json) -> Json:
    return _move(document, lambda path: path.replace("/v1/", "/v2/"))


@_successor(is_inert=True)
def everything_moved_and_renamed(document: Json) -> Json:
    moved = _rename_definitions(document, lambda name: re.sub("^v1", "connectly.messaging.v2.", name))
    moved["tags"] = [{"name": "Messaging"}, {"name": "Hooks"}]
    for number, operation in enumerate(_each_operation(moved)):
        operation |= {"operationId": f"Api{number}_Call", "tags": [moved["tags"][number % 2]["name"]]}
    return _move(moved, lambda path: path.replace("/v1/", "/api/v2/"))


@_successor()
def a_new_service(document: Json) -> None:
    document["tags"].append({"name": "ContactService"})
    document["definitions"] |= {
        "v1Contact": {
            "type": "object",
            "properties": {"phone": {"type": "string"}, "labels": {"type": "array", "items": {"type": "string"}}},
        },
        "v1ListContactsResponse": {
            "type": "object",
            "properties": {
                "contacts": {"type": "array", "items": {"type": "object", "$ref": "#/definitions/v1Contact"}},
                "nextPageToken": {"type": "string"},
            },
        },
    }
    answered = {"schema": {"$ref": "#/definitions/v1ListContactsResponse"}, "description": "A successful response."}
    listing = {
        "operationId": "ContactService_ListContacts",
        "tags": ["ContactService"],
        "parameters": [_BUSINESS_ID, {"name": "pageToken", "in": "query", "type": "string"}],
        "responses": {"200": answered, "default": {"description": "", "schema": {"$ref": "#/definitions/v1Error"}}},
    }
    _add(document, f"{BUSINESS}/contacts", listing, "get")


@_successor()
def new_kinds_of_content(document: Json) -> None:
    document["definitions"] |= {
        "v1Reaction": {"type": "object", "properties": {"emoji": {"type": "string"}, "messageId": {"type": "string"}}},
        "v1Sticker": {"type": "object", "properties": {"url": {"type": "string"}, "animated": {"type": "boolean"}}},
    }
    _properties(document, "v1Message").update(
        reaction={"$ref": "#/definitions/v1Reaction"},
        stickers={"type": "array", "items": {"type": "object", "$ref": "#/definitions/v1Sticker"}},
    )


@_successor()
def new_enum_values(document: Json) -> None:
    for name, value in {"v1ChannelType": "rcs", "v1AttachmentType": "sticker", "v1WebhookType": "n8n"}.items():
        document["definitions"][name]["enum"].append(value)
    document["definitions"]["v1OrderStrategy"]["enum"].append("after_parent")


@_successor()
def another_format_of_errors(document: Json) -> None:
    document["definitions"] |= build_rpc_status()
    for operation in _each_operation(document):
        operation["responses"]["503"] = {"description": "Unavailable.", "schema": {"$ref": "#/definitions/rpcStatus"}}


@_successor()
def the_error_body_replaced(document: Json) -> Json:
    return STYLES["rpcStatus"](document)


@_successor()
def a_field_removed_that_the_facade_does_not_use(document: Json) -> None:
    del _properties(document, "v1Message")["isEcho"]
    del _properties(document, "v1Order")["parentId"]


@_successor(concerned=frozenset({"send_image", "send_video", "send_document", "send_reply_buttons"}))
def a_field_removed_that_the_facade_uses(document: Json) -> None:
    del _properties(document, "v1Attachment")["caption"]


@_successor(concerned=frozenset({"send_audio"}))
def an_enum_value_removed_that_the_facade_uses(document: Json) -> None:
    document["definitions"]["v1AttachmentType"]["enum"].remove("audio")


@_successor(concerned=SESSION | {"send_template"})
def a_responses_id_of_another_type(document: Json) -> None:
    _properties(document, "v1SendMessageResponse")["id"] = {"type": "integer", "format": "int32"}


@_successor(concerned=SESSION)
def a_field_made_required(document: Json) -> None:
    document["definitions"]["MessageServiceSendMessageBody"]["required"] = ["order"]


@_successor(refused="only Swagger 2.0 is read")
def openapi_3(document: Json) -> Json:
    return {"openapi": "3.0.3", "info": document["info"], "paths": {}}


@_successor(refused="is not in the file")
def another_api(_: Json) -> Json:
    pet = {"type": "object", "properties": {"name": {"type": "string"}}}
    answered = {"200": {"description": "A pet.", "schema": {"$ref": "#/definitions/Pet"}}}
    paths = {"/pets/{id}": {"get": {"operationId": "getPet", "parameters": [_PET_ID], "responses": answered}}}
    return {"swagger": "2.0", "info": {"title": "Pets", "version": "1"}, "paths": paths, "definitions": {"Pet": pet}}


_PET_ID: Final[Json] = {"name": "id", "in": "path", "required": True, "type": "string"}

SUCCESSORS: Final[Mapping[str, Successor]] = {one.name: one for one in _found}
"""Every successor, by its name."""
