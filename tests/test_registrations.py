"""Webhook registrations: what goes out, what is read back, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from connectly_api import (
    Connectly,
    CreatedWebhook,
    InvalidInputError,
    Response,
    UnexpectedResponseError,
    Webengage,
    WebhookFilter,
    WebhookRegistration,
)
from connectly_api.transport import MockTransport
from tests.contract.service_file import find_place

NUMBER: Any = 5
RESPONSES = Path(__file__).parent / "data" / "responses"


def client(answer: bytes) -> tuple[Connectly, MockTransport]:
    mock = MockTransport(lambda _: Response(200, (), answer))
    return Connectly(api_key="k", business_id="biz_1", transport=mock), mock


async def test_list_reads_the_documented_answer() -> None:
    connectly, mock = client((RESPONSES / "webhooks.json").read_bytes())
    assert await connectly.webhooks.list() == (
        WebhookRegistration(
            id="wh_01ARZ3NDEKTSV4RRFFQ69G5FAV",
            topic="messages",
            address="https://example.com/webhook/messages",
            echo=False,
            channel_types=("whatsapp",),
        ),
        WebhookRegistration(
            id="wh_02BRY4OEFLTUW5SSGGH70H6GBW",
            topic="delivery_status",
            address="https://example.com/webhook/delivery",
            echo=False,
            channel_types=("whatsapp",),
            filters=(WebhookFilter("summer-promo-*"),),
        ),
    )
    assert (mock.requests[0].method, mock.requests[0].url) == (
        "GET",
        f"https://api.connectly.ai{find_place('get_webhooks').fill('biz_1')}",
    )


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("", ()),
        ("null", ()),
        ("{}", ()),
        ('{"entity":null}', ()),
        ('{"entity":{"webhooks":null}}', ()),
        ('{"entity":{"webhooks":[]}}', ()),
        ('{"entity":{"webhooks":[{}]}}', (WebhookRegistration(id=""),)),
        (
            '{"entity":{"webhooks":[{"id":"1","topic":"new_topic","type":"webhook_new","configuration":null,"x":1}]}}',
            (WebhookRegistration(id="1", topic="new_topic", type="webhook_new"),),
        ),
        (
            '{"entity":{"webhooks":[{"id":"1","configuration":{"channelTypes":["telegram",null],"filters":[{}],"echo":null}}]}}',
            (WebhookRegistration(id="1", channel_types=("telegram",), filters=(WebhookFilter("", ""),)),),
        ),
        ('{"entity":{"webhooks":[{"id":"1","topic":{},"address":7}]}}', (WebhookRegistration(id="1", address="7"),)),
    ],
)
async def test_list_reads_whatever_comes(answer: str, expected: tuple[WebhookRegistration, ...]) -> None:
    connectly, _ = client(answer.encode())
    assert await connectly.webhooks.list() == expected


async def test_create_hands_back_the_id() -> None:
    connectly, _ = client((RESPONSES / "webhook_created.json").read_bytes())
    created = await connectly.webhooks.create("messages", "https://example.com/webhook")
    assert isinstance(created, CreatedWebhook)
    assert created.id == "wh_01ARZ3NDEKTSV4RRFFQ69G5FAV"
    assert created.response.status == 200


async def test_create_without_an_id_in_the_answer_says_what_to_do() -> None:
    connectly, _ = client(b"{}")
    with pytest.raises(UnexpectedResponseError, match="list the registrations to find it"):
        await connectly.webhooks.create("messages", "https://example.com/webhook")


async def test_create_takes_webengage_and_a_loopback_address() -> None:
    connectly, mock = client(b'{"id":"1"}')
    await connectly.webhooks.create(
        "messages", "http://127.0.0.1:8000/in?x=1", type="webengage", webengage=Webengage("t", "https://w.example")
    )
    assert json.loads(mock.requests[0].content or b"") == {
        "topic": "messages",
        "address": "http://127.0.0.1:8000/in?x=1",
        "type": "webengage",
        "configuration": {
            "webengageConfiguration": {"webengageToken": "t", "webengageWebhookUrl": "https://w.example"}
        },
    }


async def test_update_can_take_filters_away() -> None:
    connectly, mock = client(b"")
    response = await connectly.webhooks.update("wh_1", filters=[], echo=False)
    assert json.loads(mock.requests[0].content or b"") == {"configuration": {"filters": [], "echo": False}}
    assert response.status == 200


async def test_delete_names_the_registration_in_the_path() -> None:
    connectly, mock = client((RESPONSES / "webhook_deleted.json").read_bytes())
    await connectly.webhooks.delete("wh/1")
    assert (mock.requests[0].method, mock.requests[0].content) == ("DELETE", None)
    assert mock.requests[0].url.endswith(find_place("delete_webhook").fill("biz_1", "wh%2F1"))


@pytest.mark.parametrize(
    ("call", "field"),
    [
        (lambda w: w.create("statuses", "https://a.example"), "topic"),
        (lambda w: w.create("topic_unspecified", "https://a.example"), "topic"),
        (lambda w: w.create("messages", "http://a.example"), "address"),
        (lambda w: w.create("messages", "https://a.example#x"), "address"),
        (lambda w: w.create("messages", None), "address"),
        (lambda w: w.create("messages", "https://a.example", type="x"), "type"),
        (lambda w: w.create("messages", "https://a.example", channel_types=["fax"]), "channel_types"),
        (lambda w: w.create("messages", "https://a.example", filters=["x-*"]), "filters[0]"),
        (lambda w: w.create("messages", "https://a.example", filters=[WebhookFilter("")]), "filters[0].expression"),
        (lambda w: w.create("messages", "https://a.example", filters=[WebhookFilter("a", NUMBER)]), "filters[0].field"),
        (lambda w: w.update("wh_1"), "address"),
        (lambda w: w.update("wh_1", address="x"), "address"),
        (lambda w: w.update("..", echo=True), "webhook_id"),
        (lambda w: w.delete(""), "webhook_id"),
    ],
)
async def test_bad_input_is_refused_before_any_io(call: Any, field: str) -> None:
    connectly, mock = client(b"{}")
    with pytest.raises(InvalidInputError) as caught:
        await call(connectly.webhooks)
    assert caught.value.field == field
    assert mock.requests == []
