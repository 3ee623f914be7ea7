"""A changed Swagger file concerns the facade exactly where it changes what the facade sends or reads."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from tests.contract.disagreements import disagreements

Document = dict[str, Any]
HOME = "/v1/businesses/{businessId}"


def fields(document: Document, definition: str) -> Document:
    found: Document = document["definitions"][definition]["properties"]
    return found


async def concerned(vendored: Document, change: Callable[[Document], object]) -> list[str]:
    document = copy.deepcopy(vendored)
    change(document)
    assert document != vendored
    return await disagreements(document)


async def test_the_vendored_file_agrees_with_the_facade(vendored: Document) -> None:
    assert await disagreements(vendored) == []


def rename_definition(document: Document) -> None:
    text = document["definitions"].pop("MessageServiceSendMessageBody")
    document["definitions"]["SendBody"] = text
    parameter = document["paths"][f"{HOME}/send/messages"]["post"]["parameters"][1]
    parameter["schema"] = {"$ref": "#/definitions/SendBody"}


def rename_path_parameter(document: Document) -> None:
    item = document["paths"].pop(f"{HOME}/webhooks")
    item["get"]["parameters"][0]["name"] = "business_id"
    document["paths"]["/v1/businesses/{business_id}/webhooks"] = item


def new_operation(document: Document) -> None:
    document["paths"]["/v1/things"] = {"get": {"operationId": "Things", "responses": {"200": {"description": ""}}}}


UNCONCERNED: list[Callable[[Document], object]] = [
    lambda d: fields(d, "v1Message").update(reaction={"type": "string"}),
    lambda d: d["definitions"]["v1Topic"]["enum"].append("calls"),
    lambda d: fields(d, "v1SendMessageResponse").update(status={"type": "string"}),
    lambda d: fields(d, "v1Message").pop("isEcho"),
    lambda d: d.update(host="api.example.com", schemes=["https"]),
    lambda d: d["paths"][f"{HOME}/send/messages"]["post"].update(operationId="Send", summary="Another"),
    lambda d: d["paths"][f"{HOME}/send/messages"]["post"]["responses"].pop("201"),
    new_operation,
    rename_definition,
    rename_path_parameter,
]


@pytest.mark.parametrize("change", UNCONCERNED)
async def test_what_the_facade_neither_sends_nor_reads_may_change(
    vendored: Document, change: Callable[[Document], object]
) -> None:
    assert await concerned(vendored, change) == []


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
    (lambda d: d["paths"].pop(f"{HOME}/webhooks"), "/v1/businesses/b/webhooks: is no path"),
    (
        lambda d: d["paths"].update({"/v2/messages": d["paths"].pop(f"{HOME}/send/messages")}),
        "send/messages: is no path",
    ),
    (lambda d: d.update(basePath="/api"), "is no path"),
    (lambda d: d.update(consumes=["application/xml"]), "is application/json, not application/xml"),
    (lambda d: d["securityDefinitions"]["ApiKeyAuth"].update(name="Authorization"), "No security definition used"),
]


@pytest.mark.parametrize(("change", "problem"), CONCERNED)
async def test_what_the_facade_sends_or_reads_may_not_change_unseen(
    vendored: Document, change: Callable[[Document], object], problem: str
) -> None:
    assert any(problem in one for one in await concerned(vendored, change))
