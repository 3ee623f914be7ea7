"""A changed Swagger file concerns the facade exactly where it changes what the facade sends or reads.

The changes name definitions and fields, so they are made to a frozen file. Its operations are put where the facade
sends to now, and its enums get the values that there are now, as the vendor may have moved or added them since.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from typing import Any, get_args

import pytest

from connectly_api.lowlevel import ChannelType, Topic, WebhookType
from tests.codegen.samples import VENDORED, swagger
from tests.contract import service_file
from tests.contract.disagreements import disagreements
from tests.contract.service_file import find_place

Document = dict[str, Any]
FUNCTIONS = {
    "MessageService_SendMessage": "send_message",
    "MessageService_SendWhatsappTemplatedMessage": "send_whatsapp_templated_message",
    "WebhookService_CreateWebhook": "create_webhook",
    "WebhookService_UpdateWebhook": "update_webhook",
    "WebhookService_GetWebhooks": "get_webhooks",
    "WebhookService_DeleteWebhook": "delete_webhook",
}
"""The low-level function of each operation of the frozen file."""


def prepare_frozen() -> Document:
    document = swagger(VENDORED)
    paths = document.pop("paths")
    document["paths"] = {}
    for path, item in paths.items():
        for operation in item.values():
            place = find_place(FUNCTIONS[operation["operationId"]])
            ids = re.findall(r"\{[^{}]+\}", path)
            document["paths"].setdefault(place.fill(*ids), {})[place.method.lower()] = operation
    for name, alias in {"v1ChannelType": ChannelType, "v1Topic": Topic, "v1WebhookType": WebhookType}.items():
        values = document["definitions"][name]["enum"]
        values += [value for value in get_args(alias) if value not in values]
    return document


FROZEN = prepare_frozen()


def send(document: Document) -> Document:
    return find_place("send_message").find(document)


def pop_path(document: Document, function: str) -> Any:
    return document["paths"].pop(find_place(function).find_template(document))


def fields(document: Document, definition: str) -> Document:
    found: Document = document["definitions"][definition]["properties"]
    return found


async def concerned(change: Callable[[Document], object]) -> list[str]:
    document = copy.deepcopy(FROZEN)
    change(document)
    assert document != FROZEN
    return await disagreements(document)


async def test_the_vendored_file_agrees_with_the_facade() -> None:
    assert await disagreements(service_file.VENDORED) == []


async def test_the_frozen_file_agrees_with_the_facade() -> None:
    assert await disagreements(FROZEN) == []


def rename_definition(document: Document) -> None:
    text = document["definitions"].pop("MessageServiceSendMessageBody")
    document["definitions"]["SendBody"] = text
    send(document)["parameters"][1]["schema"] = {"$ref": "#/definitions/SendBody"}


def rename_path_parameter(document: Document) -> None:
    template = find_place("get_webhooks").find_template(document)
    item = pop_path(document, "get_webhooks")
    item["get"]["parameters"][0]["name"] = "business_id"
    document["paths"][template.replace("{businessId}", "{business_id}")] = item


def new_operation(document: Document) -> None:
    document["paths"]["/v1/things"] = {"get": {"operationId": "Things", "responses": {"200": {"description": ""}}}}


UNCONCERNED: list[Callable[[Document], object]] = [
    lambda d: fields(d, "v1Message").update(reaction={"type": "string"}),
    lambda d: d["definitions"]["v1Topic"]["enum"].append("calls"),
    lambda d: fields(d, "v1SendMessageResponse").update(status={"type": "string"}),
    lambda d: fields(d, "v1Message").pop("isEcho"),
    lambda d: d.update(host="api.example.com", schemes=["https"]),
    lambda d: send(d).update(operationId="Send", summary="Another"),
    lambda d: send(d)["responses"].pop("201"),
    new_operation,
    rename_definition,
    rename_path_parameter,
]


@pytest.mark.parametrize("change", UNCONCERNED)
async def test_what_the_facade_neither_sends_nor_reads_may_change(
    change: Callable[[Document], object],
) -> None:
    assert await concerned(change) == []


CONCERNED: list[tuple[Callable[[Document], object], str]] = [
    (lambda d: fields(d, "v1Message").pop("text"), "$.message.text: no such field"),
    (lambda d: fields(d, "v1Message")["text"].update(type="object"), "$.message.text: "),
    (lambda d: fields(d, "v1ListRow").pop("description"), "rows[1].description: no such field"),
    (lambda d: d["definitions"]["v1AttachmentType"]["enum"].remove("audio"), "'audio' is not one of"),
    (lambda d: d["definitions"]["v1Topic"]["enum"].remove("report"), "'report' is not one of"),
    (lambda d: d["definitions"]["MessageServiceSendMessageBody"].update(required=["order"]), "'order' is a required"),
    (lambda d: fields(d, "v1SendMessageResponse").pop("id"), "answer 200: $.id: no such field"),
    (lambda d: fields(d, "v1Webhook")["address"].update(type="integer"), "webhooks[0].address: "),
    (lambda d: fields(d, "v1Error")["code"].update(type="integer"), "answer 400: $.code: "),
    (lambda d: pop_path(d, "get_webhooks"), f"{find_place('get_webhooks').fill('b')}: is no path"),
    (
        lambda d: d["paths"].update({"/elsewhere": pop_path(d, "send_message")}),
        f"{find_place('send_message').fill('b')}: is no path",
    ),
    (lambda d: d.update(basePath="/api"), "is no path"),
    (lambda d: d.update(consumes=["application/xml"]), "is application/json, not application/xml"),
    (lambda d: d["securityDefinitions"]["ApiKeyAuth"].update(name="Authorization"), "No security definition used"),
]


@pytest.mark.parametrize(("change", "problem"), CONCERNED)
async def test_what_the_facade_sends_or_reads_may_not_change_unseen(
    change: Callable[[Document], object], problem: str
) -> None:
    assert any(problem in one for one in await concerned(change))
