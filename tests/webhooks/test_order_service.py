"""The example service, with the sandbox as the service that it sends by, all of it over real sockets."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import attrs
import httpx
import pytest_asyncio

from connectly_api import Connectly
from connectly_api.sandbox import Sandbox
from connectly_api.webhooks import SIGNATURE_HEADER, SQLiteStore, sign
from examples.order_service import create_app

from .asgi_request import SECRET
from .documented_bodies import load_body
from .serve_app import serve_app

CUSTOMER = "+16315555500"


@attrs.frozen
class Stage:
    sandbox: Sandbox
    client: httpx.AsyncClient

    async def show(self) -> Any:
        return (await self.client.get("/orders/12345")).json()

    async def ask(self, customer: str) -> httpx.Response:
        return await self.client.post("/orders/12345/question", json={"customer": customer})

    async def deliver(self, body: Any) -> int:
        raw = json.dumps(body).encode()
        headers = {SIGNATURE_HEADER: sign(raw, SECRET), "Content-Type": "text/plain; charset=utf-8"}
        return (await self.client.post("/webhooks/connectly", content=raw, headers=headers)).status_code

    def texts(self) -> list[str]:
        return [message.body["message"]["text"] for message in self.sandbox.messages]


@pytest_asyncio.fixture
async def stage(tmp_path: Path) -> AsyncGenerator[Stage]:
    sandbox = Sandbox(windows="open", senders=load_body("button_response")["recipient"]["id"])
    async with sandbox.serve() as address:
        settings = sandbox.settings
        connectly = Connectly(api_key=settings.api_key, business_id=settings.business_id, base_url=address)
        app = create_app(connectly, SECRET, SQLiteStore(tmp_path / "webhooks.db"))
        with serve_app(app) as port:
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
                yield Stage(sandbox, client)


def _status(message_id: str, status: str, **update: Any) -> Any:
    update |= {"id": message_id, "status": status}
    return load_body("delivered", statusUpdate=update, callbackData={"order_id": "12345"})


def _tap(title: str, **changes: Any) -> Any:
    return load_body("button_response", buttonResponse={"text": title}, callbackData={"order_id": "12345"}) | changes


async def test_it_asks_follows_the_delivery_and_answers_a_tap_once(stage: Stage) -> None:
    asked = await stage.ask(CUSTOMER)
    assert asked.status_code == 201
    message_id = asked.json()["message_id"]
    assert stage.sandbox.messages[0].id == message_id
    assert stage.sandbox.messages[0].phone == CUSTOMER

    deliveries = [_status(message_id, status) for status in ("sent", "read", "delivered", "read")]
    assert [await stage.deliver(body) for body in deliveries] == [200] * 4
    assert await stage.show() == {"message_id": message_id, "status": "read", "failure": None, "answer": None}

    assert [await stage.deliver(_tap("Yes, thank you")) for _ in range(3)] == [200] * 3
    assert (await stage.show())["answer"] == "Yes, thank you"
    assert stage.texts() == ["Did your order 12345 arrive?", "Enjoy it!"]

    assert await stage.deliver(_tap("Not yet", timestamp="1639083207")) == 200
    assert (await stage.show())["answer"] == "Not yet"
    assert len(stage.texts()) == 2


async def test_a_failure_is_shown_with_its_reason(stage: Stage) -> None:
    message_id = (await stage.ask(CUSTOMER)).json()["message_id"]
    error = {"code": "ERROR_CODE_MESSAGE_TEMPLATE_DELETED"}
    assert await stage.deliver(_status(message_id, "delivery_failed", error=error)) == 200
    assert (await stage.show())["failure"] == "ERROR_CODE_MESSAGE_TEMPLATE_DELETED"


async def test_an_answer_is_delivered_again_only_if_thanking_for_it_may_succeed_then(stage: Stage) -> None:
    await stage.ask(CUSTOMER)
    stage.sandbox.fault("rate_limited", next=3, retry_after=0)
    assert await stage.deliver(_tap("Not yet")) == 500
    assert await stage.deliver(_tap("Not yet")) == 200
    assert stage.texts()[1:] == ["We are sorry, and will look into it."]


async def test_an_answer_that_may_no_longer_be_thanked_for_is_not_delivered_for_ever(stage: Stage) -> None:
    await stage.ask(CUSTOMER)
    stage.sandbox.close_window(CUSTOMER)
    assert await stage.deliver(_tap("Not yet")) == 200
    assert (await stage.show())["answer"] == "Not yet"
    assert len(stage.texts()) == 1


async def test_what_is_refused_and_what_is_unknown_is_said_so(stage: Stage) -> None:
    assert (await stage.ask("5551234")).status_code == 422
    stage.sandbox.close_window(CUSTOMER)
    refused = await stage.ask(CUSTOMER)
    assert (refused.status_code, CUSTOMER in refused.text) == (502, False)
    assert (await stage.client.get("/orders/unknown")).status_code == 404
    unrelated = [_status("x", "sent"), _tap("Yes", sender={}), _tap("Yes", callbackData={"order_id": "unknown"})]
    strange: list[Any] = [None, "12345", {"order_id": 12345}, []]
    unrelated += [_status("x", "sent") | {"callbackData": data} for data in strange]
    assert [await stage.deliver(body) for body in unrelated] == [200] * len(unrelated)
    assert (await stage.client.post("/webhooks/connectly", content=b"{}")).status_code == 401
    assert stage.sandbox.messages == ()
