"""What the facade and the low-level functions put on the wire equals the service's documented bodies, as JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

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
from tests.contract.reader import ContractError, Reader
from tests.contract.service_file import VENDORED, Place, find_place

DATA = Path(__file__).parent / "data" / "requests"
NAMES = sorted(path.stem for path in DATA.glob("*.json"))
READER = Reader(VENDORED)
BUSINESS = "biz_1"


def documented(name: str) -> Any:
    return json.loads((DATA / f"{name}.json").read_bytes())


def client() -> tuple[Connectly, MockTransport]:
    mock = MockTransport(lambda _: Response(200, (), b'{"id":"01ARZ3NDEKTSV4RRFFQ69G5FAV"}'))
    return Connectly(api_key="k", business_id=BUSINESS, transport=mock), mock


def locate(name: str) -> Place:
    """Return the operation of a documented body."""
    [function] = [
        function
        for prefix, function in {
            "session": "send_message",
            "template": "send_whatsapp_templated_message",
            "webhook_create": "create_webhook",
            "webhook_update": "update_webhook",
        }.items()
        if name.startswith(prefix)
    ]
    return find_place(function)


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
    place = locate(name)
    assert request.method == place.method
    assert request.url == "https://api.connectly.ai" + place.fill(BUSINESS, "wh_1")
    body = json.loads(request.content or b"")
    assert body == documented(name)
    assert READER.check_request(request) == str(place)


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
    [request] = mock.requests
    assert json.loads(request.content or b"") == body
    assert READER.check_request(request) == str(locate(name))


async def test_the_check_against_the_file_finds_a_misspelt_field() -> None:
    connectly, mock = client()
    body = SendMessageRequest.from_dict({"recipient": {"channel": "whatsapp"}})
    await send_message(connectly.transport, BUSINESS, body=body)
    with pytest.raises(ContractError, match=r"\$\.recipient\.channel: no such field"):
        READER.check_request(mock.requests[0])
