"""What the facade and the low-level functions put on the wire equals the service's documented bodies, as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from connectly_api import Connectly, Response
from connectly_api.lowlevel import (
    CreateWebhookRequest,
    SendMessageRequest,
    SendWhatsappTemplatedMessageRequest,
    UpdateWebhookRequest,
    create_webhook,
    send_message,
    send_whatsapp_templated_message,
    update_webhook,
)
from connectly_api.transport import MockTransport
from examples.documented_requests import SENDS, WEBHOOK_CALLS

DATA = Path(__file__).parent / "data" / "requests"
NAMES = sorted(path.stem for path in DATA.glob("*.json"))
SWAGGER: Mapping[str, Any] = json.loads(
    resources.files("connectly_api.lowlevel").joinpath("service.swagger.json").read_bytes()
)
BUSINESS = "biz_1"


def documented(name: str) -> Any:
    return json.loads((DATA / f"{name}.json").read_bytes())


def client() -> tuple[Connectly, MockTransport]:
    mock = MockTransport(lambda _: Response(200, (), b'{"id":"01ARZ3NDEKTSV4RRFFQ69G5FAV"}'))
    return Connectly(api_key="k", business_id=BUSINESS, transport=mock), mock


def operation(name: str) -> tuple[str, str]:
    """Return the method and the path template of a documented body."""
    for prefix, found in {
        "session": ("POST", "/v1/businesses/{businessId}/send/messages"),
        "template": ("POST", "/v1/businesses/{businessId}/send/whatsapp_templated_messages"),
        "webhook_create": ("POST", "/v1/businesses/{businessId}/create/webhooks"),
        "webhook_update": ("PUT", "/v1/businesses/{businessId}/update/webhooks/{webhookId}"),
    }.items():
        if name.startswith(prefix):
            return found
    raise AssertionError(name)


def check_against_swagger(name: str, body: object) -> None:
    """Validate a body against the vendored file; an unknown field is an error: the service would lose it in silence."""
    method, path = operation(name)
    parameters = SWAGGER["paths"][path][method.lower()]["parameters"]
    [schema] = [parameter["schema"] for parameter in parameters if parameter["in"] == "body"]
    closed = {
        key: {**value, "additionalProperties": False} if value.get("properties") else value
        for key, value in SWAGGER["definitions"].items()
    }
    jsonschema.Draft4Validator({**schema, "definitions": closed}).validate(body)


def test_every_documented_body_has_its_call() -> None:
    assert {*SENDS, *WEBHOOK_CALLS} == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
async def test_the_facade_writes_the_documented_body(name: str) -> None:
    connectly, mock = client()
    if name in SENDS:
        assert (await SENDS[name](connectly)).id == "01ARZ3NDEKTSV4RRFFQ69G5FAV"
    else:
        await WEBHOOK_CALLS[name](connectly, "wh_1")
    [request] = mock.requests
    method, path = operation(name)
    assert request.method == method
    assert request.url == "https://api.connectly.ai" + path.replace("{businessId}", BUSINESS).replace(
        "{webhookId}", "wh_1"
    )
    body = json.loads(request.content or b"")
    assert body == documented(name)
    check_against_swagger(name, body)


@pytest.mark.parametrize("name", NAMES)
async def test_the_low_level_functions_write_the_documented_body(name: str) -> None:
    connectly, mock = client()
    body = documented(name)
    if name.startswith("session"):
        sent = await send_message(connectly.transport, BUSINESS, body=SendMessageRequest.from_dict(body))
        assert sent.id == "01ARZ3NDEKTSV4RRFFQ69G5FAV"
    elif name.startswith("template"):
        template = SendWhatsappTemplatedMessageRequest.from_dict(body)
        await send_whatsapp_templated_message(connectly.transport, BUSINESS, body=template)
    elif name.startswith("webhook_create"):
        await create_webhook(connectly.transport, BUSINESS, body=CreateWebhookRequest.from_dict(body))
    else:
        await update_webhook(connectly.transport, BUSINESS, "wh_1", body=UpdateWebhookRequest.from_dict(body))
    written = json.loads(mock.requests[0].content or b"")
    assert written == body
    check_against_swagger(name, written)


def test_the_check_against_the_swagger_finds_a_misspelt_field() -> None:
    with pytest.raises(jsonschema.ValidationError):
        check_against_swagger("session_text", {"recipient": {"channel": "whatsapp"}})
