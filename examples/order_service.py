"""A shop that asks its customers by WhatsApp whether their orders arrived, and thanks them for the answer.

`POST /orders/{id}/question` asks, with two buttons. The webhook follows the message until it is read or fails, and
thanks the customer for tapping a button. `GET /orders/{id}` shows the status.

    python -m examples.order_service          runs a demo on a sandbox
    python -m examples.order_service serve    serves the shop, with the settings in the environment

To serve it, set `CONNECTLY_API_KEY`, `CONNECTLY_BUSINESS_ID` and `CONNECTLY_WEBHOOK_SECRET`, and register
`https://<your host>/webhooks/connectly` for the topics `messages` and `delivery_status`. Orders are kept in
memory here; a real shop keeps them in its database.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, Final

import attrs
import httpx
from fastapi import FastAPI, HTTPException
from pydantic import BaseModel
from starlette.routing import Route

from connectly_api import Button, Connectly, ConnectlyError, InvalidRecipientError
from connectly_api.webhooks import (
    ButtonReply,
    DeliveryStatus,
    FailureAction,
    SQLiteStore,
    StatusTracker,
    Store,
    WebhookApp,
    decide_failure,
)
from examples.transcript import Transcript

ADDRESS: Final = "https://shop.example"
YES: Final = Button("yes", "Yes, thank you")
NO: Final = Button("no", "Not yet")


class Question(BaseModel):
    """The body of `POST /orders/{id}/question`: the customer to ask, as E.164 or BSUID."""

    customer: str


@attrs.frozen
class Order:
    """The question about one order, and its outcome."""

    message_id: str | None = None
    tracker: StatusTracker = attrs.field(factory=StatusTracker)
    answer: str | None = None
    is_thanked: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return the body of `GET /orders/{id}`."""
        failure = self.tracker.failure
        return {
            "message_id": self.message_id,
            "status": self.tracker.status,
            "failure": failure.code if failure else None,
            "answer": self.answer,
        }


def find_order_id(event: DeliveryStatus | ButtonReply) -> str | None:
    """Return the order that an event is about: the question's callback data is returned with its events."""
    match event.callback_data:
        case {"order_id": str(order_id)}:
            return order_id
        case _:
            return None


class Shop:
    """Asks customers about their orders, and handles the events."""

    def __init__(self, connectly: Connectly) -> None:
        """Start without orders."""
        self.connectly: Final = connectly
        self.orders: Final[dict[str, Order]] = {}

    async def ask(self, order_id: str, customer: str) -> Order:
        """Ask a customer whether an order arrived."""
        # A status may arrive before this call returns, so the order must exist first.
        self.orders.setdefault(order_id, Order())
        sent = await self.connectly.send_reply_buttons(
            customer, f"Did your order {order_id} arrive?", buttons=[YES, NO], callback_data={"order_id": order_id}
        )
        self.orders[order_id] = attrs.evolve(self.orders[order_id], message_id=sent.id)
        return self.orders[order_id]

    async def follow(self, event: DeliveryStatus) -> None:
        """Record the delivery status of a question."""
        order_id = find_order_id(event)
        if order_id in self.orders:
            order = self.orders[order_id]
            tracker, _is_new = order.tracker.advance(event)
            self.orders[order_id] = attrs.evolve(order, tracker=tracker)

    async def record_answer(self, event: ButtonReply) -> None:
        """Record a customer's answer, and thank the customer once."""
        order_id = find_order_id(event)
        if order_id not in self.orders:
            return
        order = self.orders[order_id] = attrs.evolve(self.orders[order_id], answer=event.text)
        if order.is_thanked:
            return
        text = "Enjoy it!" if event.text == YES.title else "We are sorry, and will look into it."
        self.orders[order_id] = attrs.evolve(order, is_thanked=True)
        try:
            await self.connectly.reply_text(event, text)
        except BaseException as error:
            # After an unknown outcome the thanks may have arrived, and thanking twice is worse than not at all.
            if decide_failure(error) is FailureAction.REDELIVER:
                self.orders[order_id] = attrs.evolve(self.orders[order_id], is_thanked=False)
            raise


def create_app(connectly: Connectly, secret: str, store: Store | None = None) -> FastAPI:
    """Return the shop's ASGI application.

    Args:
        connectly: The client; the application closes it at shutdown.
        secret: The webhook secret.
        store: Remembers handled events.
    """
    shop = Shop(connectly)
    webhooks = WebhookApp(secret, store=store)
    webhooks.on(DeliveryStatus)(shop.follow)
    webhooks.on(ButtonReply)(shop.record_answer)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncGenerator[None]:
        async with connectly:
            yield
            await webhooks.aclose()

    app = FastAPI(title="Orders", lifespan=lifespan, routes=[Route("/webhooks/connectly", webhooks)])

    @app.post("/orders/{order_id}/question", status_code=201)
    async def ask(order_id: str, question: Question) -> dict[str, Any]:
        try:
            return (await shop.ask(order_id, question.customer)).to_json()
        except InvalidRecipientError as error:
            raise HTTPException(422, str(error)) from error
        except ConnectlyError as error:
            raise HTTPException(502, str(error)) from error

    @app.get("/orders/{order_id}")
    async def show(order_id: str) -> dict[str, Any]:
        if order_id not in shop.orders:
            raise HTTPException(404)
        return shop.orders[order_id].to_json()

    return app


async def run_demo() -> int:
    """Ask a customer on a sandbox, and return the exit status."""
    transcript = Transcript()
    sandbox, ann = transcript.sandbox, transcript.ann.phone
    async with transcript.open_client() as connectly:
        app = create_app(connectly, sandbox.settings.webhook_secret)
        sandbox.attach(ADDRESS, app)
        for topic in ("messages", "delivery_status"):
            await connectly.webhooks.create(topic, f"{ADDRESS}/webhooks/connectly")
        await transcript.says("I have ordered something.")  # Opens the window; without it, the question is refused.
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=ADDRESS) as browser:
            await browser.post("/orders/12345/question", json={"customer": ann})
            await transcript.advance(seconds=10)
            await transcript.taps(YES.title)
            order = (await browser.get("/orders/12345")).json()
    transcript.print_line("shop", f"order 12345: {order}")
    sandbox.assert_sent_once(ann, text="Enjoy it!")
    return 0 if (order["status"], order["answer"]) == ("read", YES.title) else 1


def main(arguments: list[str]) -> int:
    """Run the demo; or, with `serve`, serve on port 8000."""
    if arguments != ["serve"]:
        return asyncio.run(run_demo())
    import uvicorn  # noqa: PLC0415 (only here)

    store = SQLiteStore("orders-webhooks.db")
    uvicorn.run(create_app(Connectly.from_env(), os.environ["CONNECTLY_WEBHOOK_SECRET"], store))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
