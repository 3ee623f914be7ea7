"""A shop that asks its customers by WhatsApp whether their orders arrived, and listens to what they say.

`POST /orders/{id}/question` asks, with two buttons. The webhook follows the message until it is read, or fails, and
thanks the customer for the tap on a button. `GET /orders/{id}` says how far it is.

    python -m examples.order_service          plays a customer on a sandbox, and ends
    python -m examples.order_service serve    serves the shop, with the settings in the environment

To serve it, set `CONNECTLY_API_KEY`, `CONNECTLY_BUSINESS_ID` and `CONNECTLY_WEBHOOK_SECRET`, and register
`https://<your address>/webhooks/connectly` for the topics `messages` and `delivery_status`. Orders are kept in
memory here; a shop has a database for them.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

import attrs
import httpx
from fastapi import FastAPI, HTTPException
from pydantic import BaseModel
from starlette.routing import Route

from connectly_api import Button, Connectly, ConnectlyError, InvalidRecipientError, OutcomeUnknownError
from connectly_api.webhooks import ButtonReply, DeliveryStatus, SQLiteStore, StatusTracker, Store, WebhookApp
from examples.transcript import Transcript

ADDRESS: Final = "https://shop.example"
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


async def play() -> int:
    """Ask a customer on a sandbox, and return the exit status."""
    stage = Transcript()
    sandbox, ann = stage.sandbox, stage.ann.phone
    async with stage.client() as connectly:
        app = create_app(connectly, sandbox.settings.webhook_secret)
        sandbox.attach(ADDRESS, app)
        for topic in ("messages", "delivery_status"):
            await connectly.webhooks.create(topic, f"{ADDRESS}/webhooks/connectly")
        await stage.says("I have ordered something.")  # Without it there is no window, and a question is refused.
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=ADDRESS) as browser:
            await browser.post("/orders/12345/question", json={"customer": ann})
            await stage.later(seconds=10)
            await stage.taps(YES.title)
            order = (await browser.get("/orders/12345")).json()
    stage.line("shop", f"order 12345: {order}")
    sandbox.assert_sent_once(ann, text="Enjoy it!")
    return 0 if (order["status"], order["answer"]) == ("read", YES.title) else 1


def main(arguments: list[str]) -> int:
    """Play on a sandbox; or, with `serve`, serve on port 8000."""
    if arguments != ["serve"]:
        return asyncio.run(play())
    import uvicorn  # noqa: PLC0415 (only here)

    store = SQLiteStore("orders-webhooks.db")
    uvicorn.run(create_app(Connectly.from_env(), os.environ["CONNECTLY_WEBHOOK_SECRET"], store))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
