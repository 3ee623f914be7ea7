"""The same service, written down otherwise; and files that are no description of it."""

from __future__ import annotations

import copy
import json
import re
from typing import Any

from tests.codegen.catalogue.row import (
    LIST,
    MESSAGES,
    SEND,
    TEMPLATE,
    TEMPLATES,
    Document,
    Rows,
    body,
    fields,
    operation,
)

row = Rows()


def renamed(document: Document, names: dict[str, str]) -> None:
    """Give definitions other names, wherever they are referred to."""
    text = json.dumps(document)
    for old, new in names.items():
        text = text.replace(f'"#/definitions/{old}"', f'"#/definitions/{new}"').replace(f'"{old}": {{', f'"{new}": {{')
    document.clear()
    document.update(json.loads(text))


def backwards(value: Any) -> Any:
    """Return JSON with the keys of every object the other way round."""
    if isinstance(value, list):
        return [backwards(item) for item in value]
    if isinstance(value, dict):
        return {key: backwards(value[key]) for key in reversed(value)}
    return value


@row()
def everything_in_another_order(document: Document) -> bytes:
    return json.dumps(backwards(document)).encode()


@row()
def definitions_are_called_otherwise(document: Document) -> None:
    names = [name for name in document["definitions"] if name.startswith("v1")]
    renamed(document, {name: f"connectly.message.v1.{name.removeprefix('v1')}" for name in names})


@row()
def bodies_are_called_otherwise(document: Document) -> None:
    names = [name for name in document["definitions"] if name.endswith("Body")]
    renamed(document, {name: f"v1{re.sub('^.*Service|Body$', '', name)}Request" for name in names})


@row()
def the_error_is_called_otherwise(document: Document) -> None:
    renamed(document, {"v1Error": "rpcStatus"})


@row()
def bodies_are_written_in_place(document: Document) -> None:
    for item in document["paths"].values():
        for method, found in item.items():
            for entry in found["parameters"]:
                if entry["in"] == "body":
                    name = entry["schema"]["$ref"].removeprefix("#/definitions/")
                    entry["schema"] = document["definitions"].pop(name)
            assert method in {"get", "put", "post", "delete"}


@row()
def enums_are_written_in_place(document: Document) -> None:
    for definition in [*document["definitions"].values()]:
        for name, schema in definition.get("properties", {}).items():
            target = document["definitions"].get(schema.get("$ref", "").removeprefix("#/definitions/"), {})
            if "enum" in target:
                definition["properties"][name] = copy.deepcopy(target)


@row()
def operations_are_called_otherwise(document: Document) -> None:
    for item in document["paths"].values():
        for found in item.values():
            found["operationId"] = found["operationId"].partition("_")[2]


@row()
def tags_are_called_otherwise(document: Document) -> None:
    for item in document["paths"].values():
        for found in item.values():
            found["tags"] = [f"connectly.v1.{found['tags'][0]}"]


@row()
def no_tags(document: Document) -> None:
    del document["tags"]
    for item in document["paths"].values():
        for found in item.values():
            del found["tags"]


@row()
def a_host_is_named(document: Document) -> None:
    document |= {"host": "api.connectly.ai", "schemes": ["https"]}


@row()
def the_version_is_a_base_path(document: Document) -> None:
    document["basePath"] = "/v1"
    document["paths"] = {path.removeprefix("/v1"): item for path, item in document["paths"].items()}


@row()
def defaults_are_gone(document: Document) -> None:
    for definition in document["definitions"].values():
        definition.pop("default", None)


@row(
    f"cosmetic: {LIST} · response default: the response is removed",
)
def no_error_is_described(document: Document) -> None:
    for item in document["paths"].values():
        for found in item.values():
            del found["responses"]["default"]
    del document["definitions"]["v1Error"]


@row()
def a_new_version(document: Document) -> None:
    document["info"]["version"] = "2026-12-01"


@row(
    f"additive: {SEND} · request · fooV1Message: new optional field, object",
    f"additive: {SEND} · request · v2Message: new optional field, object",
)
def two_messages_of_one_name(document: Document) -> None:
    for name in ("v2Message", "fooV1Message"):
        document["definitions"][name] = {"type": "object", "properties": {name: {"type": "string"}}}
        fields(document, "MessageServiceSendMessageBody")[name] = {"$ref": f"#/definitions/{name}"}


@row(
    f"additive: {SEND} · request · sender.channel_type: new optional field, string",
    f"additive: {SEND} · request · sender['channel-type']: new optional field, string",
)
def two_fields_of_one_name(document: Document) -> None:
    fields(document, "v1Participant")["channel_type"] = {"type": "string"}
    fields(document, "v1Participant")["channel-type"] = {"type": "string"}


@row(
    f"additive: {SEND} · request · order.1st: new optional field, string",
    f"additive: {SEND} · request · order.None: new optional field, string",
    f"additive: {SEND} · request · order._: new optional field, string",
    f"additive: {SEND} · request · order.async: new optional field, string",
    f"additive: {SEND} · request · order.class: new optional field, string",
    f"additive: {SEND} · request · order.def: new optional field, string",
    f"additive: {SEND} · request · order.exception: new optional field, object",
    f"additive: {SEND} · request · order.from: new optional field, string",
    f"additive: {SEND} · request · order.import: new optional field, string",
    f"additive: {SEND} · request · order.match: new optional field, string",
    f"additive: {SEND} · request · order.self: new optional field, string",
    f'additive: {SEND} · request · order.strategy: new enum value "1st"',
    f'additive: {SEND} · request · order.strategy: new enum value "None"',
    f'additive: {SEND} · request · order.strategy: new enum value "class"',
    f'additive: {SEND} · request · order.strategy: new enum value "def"',
    f"additive: {SEND} · request · order.to_dict: new optional field, string",
    f"additive: {SEND} · request · order.type: new optional field, string",
)
def words_that_python_keeps(document: Document) -> None:
    for name in ("class", "from", "import", "None", "self", "def", "async", "match", "type", "to_dict", "1st", "_"):
        fields(document, "v1Order")[name] = {"type": "string"}
    document["definitions"]["v1OrderStrategy"]["enum"] += ["class", "None", "def", "1st"]
    document["definitions"]["v1Exception"] = {"type": "object", "properties": {"str": {"type": "string"}}}
    fields(document, "v1Order")["exception"] = {"$ref": "#/definitions/v1Exception"}


@row(
    f"additive: {SEND} · request · order.größe: new optional field, string",
    f'additive: {SEND} · request · order.strategy: new enum value "naïve"',
    f'additive: {SEND} · request · order.strategy: new enum value "名前"',
    f'additive: {SEND} · request · order.strategy: new enum value "🎉"',
    f"additive: {SEND} · request · order.名前: new optional field, string",
    f'cosmetic: {SEND}: description became "\\u{{202e}}Envía un mensaje\\u{{200b}} — 送信 🎉"',
)
def letters_of_all_kinds(document: Document) -> None:
    fields(document, "v1Order").update(
        {"größe": {"type": "string"}, "名前": {"type": "string", "description": "名前 🎉"}}
    )
    document["definitions"]["v1OrderStrategy"]["enum"] += ["naïve", "名前", "🎉"]
    operation(document, MESSAGES)["summary"] = "\u202eEnvía un mensaje\u200b — 送信 🎉"


@row(
    refused="truncated: it ends in line 775, before the JSON is complete",
)
def a_truncated_file(document: Document) -> bytes:
    return json.dumps(document, indent=2).encode()[:20000]


@row(
    refused="a web page or XML, not JSON",
)
def a_page_instead_of_the_file(_: Document) -> bytes:
    return b"<!doctype html><title>Sign in</title>"


@row(
    refused="#/definitions: the key 'v1Footer' occurs twice in one object; one value would be lost",
)
def a_key_that_stands_twice(document: Document) -> bytes:
    return json.dumps(document).replace('"v1Button":', '"v1Footer":').encode()


@row(
    f"breaking: {TEMPLATE}: left out: #/paths/~1v1~1businesses~1{{businessId}}~1send~1whatsapp_templated_messages/post/"
    "parameters/1/schema/$ref: '#/definitions/v1Nothing' is not a definition of this file",
    facade=True,
)
def a_reference_that_leads_nowhere(document: Document) -> None:
    body(document, TEMPLATES)["schema"]["$ref"] = "#/definitions/v1Nothing"


@row(
    refused="not Swagger 2.0; only Swagger 2.0 is read, which is what the vendor publishes",
)
def a_version_of_swagger_that_is_unknown(document: Document) -> None:
    document["swagger"] = "1.2"


ROWS = tuple(row.found)
