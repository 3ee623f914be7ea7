"""A bot. `python conversation_bot.py` registers its address; `uvicorn conversation_bot:app` serves it."""

import asyncio
import logging
import os

from connectly_api import Button, Connectly, Row, Section, Template
from connectly_api.webhooks import (
    ButtonReply,
    DeliveryStatus,
    InboundMessage,
    ListReply,
    SQLiteStore,
    WebhookApp,
)

MENU = [Button("order", "Where is my order?"), Button("shops", "Find a shop")]
CITIES = [Section("Cities", [Row("lisbon", "Lisbon"), Row("porto", "Porto")])]
SHOPS = {"Lisbon": "Rua Augusta 1", "Porto": "Rua das Flores 2"}
LATE = Template("late_answer", "en")  # For customers who wrote more than 24 hours ago.
connectly = Connectly.from_env()
app = WebhookApp(os.environ["CONNECTLY_WEBHOOK_SECRET"], store=SQLiteStore("bot.db"))


@app.on(InboundMessage)
async def greet(event: InboundMessage) -> None:
    await connectly.reply_buttons(event, "How can we help?", MENU, otherwise=LATE)


@app.on(ButtonReply)
async def answer_tap(event: ButtonReply) -> None:
    if event.text == "Find a shop":
        await connectly.reply_list(event, "Cities", CITIES, text="Where are you?", otherwise=LATE)
    else:
        await connectly.reply_text(event, "It arrives tomorrow.", otherwise=LATE)


@app.on(ListReply)
async def answer_pick(event: ListReply) -> None:
    await connectly.reply_text(event, SHOPS.get(event.title or "", "Sorry?"), otherwise=LATE)


@app.on(DeliveryStatus)
async def follow(event: DeliveryStatus) -> None:
    logging.getLogger("uvicorn").info("%s %s", event.message_id, event.status)


async def register() -> None:
    async with connectly:
        for topic in ("messages", "delivery_status"):
            await connectly.webhooks.ensure(topic, os.environ["WEBHOOK_ADDRESS"])


if __name__ == "__main__":
    asyncio.run(register())
