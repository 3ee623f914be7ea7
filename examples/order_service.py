"""A shop that asks its customers by WhatsApp whether their orders arrived, and listens to what they say.

`POST /orders/{id}/question` asks, with two buttons. The webhook follows the message until it is read, or fails, and
thanks the customer for the tap on a button. `GET /orders/{id}` says how far it is.

    CONNECTLY_API_KEY=... CONNECTLY_BUSINESS_ID=... CONNECTLY_WEBHOOK_SECRET=... python -m examples.order_service

Register `https://<your address>/webhooks/connectly` for the topics `messages` and `delivery_status`. Orders are kept in
memory here; a shop has a database for them.
"""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

import attrs
from fastapi import FastAPI, HTTPException
from pydantic import BaseModel
from starlette.routing import Route

from connectly_api import Button, Connectly, ConnectlyError, InvalidRecipientError, OutcomeUnknownError
from connectly_api.webhooks import ButtonReply, DeliveryStatus, SQLiteStore, StatusTracker, Store, WebhookApp

YES: Final = Button("yes", "Yes, thank you")
NO: Final = Button("no", "Not yet")


class Question(BaseModel):
    """What `POST /orders/{id}/question` takes: whom to ask, as E.164 or BSUID."""

    customer: str


@attrs.frozen
class Order:
    """What the shop knows of one order."""

    message_id: str | None = None
    tracker: StatusTracker = attrs.field(factory=StatusTracker)
    answer: str | None = None
    is_thanked: bool = False

    def shown(self) -> dict[str, Any]:
        """Return what `GET /orders/{id}` answers."""
        failure = self.tracker.failure
        return {
            "message_id": self.message_id,
            "status": self.tracker.status,
            "failure": failure.code if failure else None,
            "answer": self.answer,
        }


def order_id_of(event: DeliveryStatus | ButtonReply) -> str | None:
    """Return the order that an event is about: what was sent along with the question comes back with its events."""
    match event.callback_data:
        case {"order_id": str(order_id)}:
            return order_id
        case _:
            return None


class Shop:
    """The orders, and what happens to them."""

    def __init__(self, connectly: Connectly) -> None:
        """Start without orders."""
        self.connectly: Final = connectly
        self.orders: Final[dict[str, Order]] = {}

    async def ask(self, order_id: str, customer: str) -> Order:
        """Ask a customer whether an order arrived."""
        # A status may come before this call has returned, so the order is there before.
        self.orders.setdefault(order_id, Order())
        sent = await self.connectly.send_reply_buttons(
            customer, f"Did your order {order_id} arrive?", buttons=[YES, NO], callback_data={"order_id": order_id}
        )
        self.orders[order_id] = attrs.evolve(self.orders[order_id], message_id=sent.id)
        return self.orders[order_id]

    async def follow(self, event: DeliveryStatus) -> None:
        """Note how far a question is."""
        order_id = order_id_of(event)
        if order_id in self.orders:
            order = self.orders[order_id]
            tracker, _is_new = order.tracker.advance(event)
            self.orders[order_id] = attrs.evolve(order, tracker=tracker)

    async def answered(self, event: ButtonReply) -> None:
        """Note a customer's answer, and thank for it once."""
        order_id, recipient = order_id_of(event), event.customer.recipient
        if order_id not in self.orders or recipient is None:
            return
        order = self.orders[order_id] = attrs.evolve(self.orders[order_id], answer=event.text)
        if order.is_thanked:
            return
        text = "Enjoy it!" if event.text == YES.title else "We are sorry, and will look into it."
        # After an unknown outcome the thanks may have been delivered, and twice would be worse than not at all. Any
        # other error makes the webhook answer 500, and the service deliver the event again.
        with suppress(OutcomeUnknownError):
            await self.connectly.send_text(recipient, text)
        self.orders[order_id] = attrs.evolve(self.orders[order_id], is_thanked=True)


def create_app(connectly: Connectly, secret: str, store: Store | None = None) -> FastAPI:
    """Return the service.

    Args:
        connectly: The client; it is closed with the service.
        secret: The secret of the webhook's signatures.
        store: What remembers handled events.
    """
    shop = Shop(connectly)
    webhooks = WebhookApp(secret, store=store)
    webhooks.on(DeliveryStatus)(shop.follow)
    webhooks.on(ButtonReply)(shop.answered)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncGenerator[None]:
        async with connectly:
            yield
            await webhooks.aclose()

    app = FastAPI(title="Orders", lifespan=lifespan, routes=[Route("/webhooks/connectly", webhooks)])

    @app.post("/orders/{order_id}/question", status_code=201)
    async def ask(order_id: str, question: Question) -> dict[str, Any]:
        try:
            return (await shop.ask(order_id, question.customer)).shown()
        except InvalidRecipientError as error:
            raise HTTPException(422, str(error)) from error
        except ConnectlyError as error:
            raise HTTPException(502, str(error)) from error

    @app.get("/orders/{order_id}")
    async def show(order_id: str) -> dict[str, Any]:
        if order_id not in shop.orders:
            raise HTTPException(404)
        return shop.orders[order_id].shown()

    return app


def main() -> None:
    """Serve on port 8000."""
    import uvicorn  # noqa: PLC0415 (only here)

    store = SQLiteStore("orders-webhooks.db")
    uvicorn.run(create_app(Connectly.from_env(), os.environ["CONNECTLY_WEBHOOK_SECRET"], store))


if __name__ == "__main__":
    main()
