"""A bot: buttons, a list, a template for what is answered too late. Serve it: `uvicorn conversation_bot:app`."""

import logging
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from connectly_api import Button, Connectly, Row, Section, Template
from connectly_api.webhooks import ButtonReply, DeliveryStatus, InboundMessage, ListReply, SQLiteStore, WebhookApp

MENU = [Button("order", "Where is my order?"), Button("shops", "Find a shop")]
SHOPS = [Section("Cities", [Row("lisbon", "Lisbon"), Row("porto", "Porto")])]
ANSWERS = {"Where is my order?": "It arrives tomorrow.", "Lisbon": "Rua Augusta 1", "Porto": "Rua das Flores 2"}
LATE = Template("late_answer", "en")  # An approved one, for customers who wrote more than 24 hours ago.

connectly = Connectly.from_env()
webhooks = WebhookApp(os.environ["CONNECTLY_WEBHOOK_SECRET"], store=SQLiteStore("bot.db"))


@webhooks.on(InboundMessage)
async def greet(event: InboundMessage) -> None:
    await connectly.reply_buttons(event, "How can we help?", MENU, otherwise=LATE, callback_data=event.key)


@webhooks.on(ButtonReply, ListReply)
async def answer(event: ButtonReply | ListReply) -> None:
    choice = event.title if isinstance(event, ListReply) else event.text
    if choice == "Find a shop":
        await connectly.reply_list(event, "Cities", SHOPS, text="Where?", otherwise=LATE, callback_data=event.key)
    else:
        text = ANSWERS.get(choice or "", "Sorry, please write to us.")
        await connectly.reply_text(event, text, otherwise=LATE, callback_data=event.key)


@webhooks.on(DeliveryStatus)
async def follow(event: DeliveryStatus) -> None:
    logging.getLogger("bot").info("%s: message %s is %s", event.callback_data, event.message_id, event.status)


@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncGenerator[None]:
    for topic in ("messages", "delivery_status"):
        await connectly.webhooks.ensure(topic, os.environ["WEBHOOK_ADDRESS"])
    await webhooks.check()
    yield
    await webhooks.aclose()
    await connectly.aclose()


app = FastAPI(lifespan=lifespan)
app.mount("/webhooks", webhooks)
