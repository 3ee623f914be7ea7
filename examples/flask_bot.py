"""A bot. `flask --app flask_bot register` registers it; `gunicorn --threads 8 flask_bot:app` serves it."""

import os

from flask import Flask, request

from connectly_api import Button, Row, Section, Template
from connectly_api.sync import Connectly, SQLiteStore, WebhookApp
from connectly_api.webhooks import ButtonReply, DeliveryStatus, InboundMessage, ListReply

MENU = [Button("order", "Where is my order?"), Button("shops", "Find a shop")]
CITIES = [Section("Cities", [Row("lisbon", "Lisbon"), Row("porto", "Porto")])]
SHOPS = {"Lisbon": "Rua Augusta 1", "Porto": "Rua das Flores 2"}
LATE = Template("late_answer", "en")  # For customers who wrote more than 24 hours ago.
connectly = Connectly.from_env()
webhooks = WebhookApp(os.environ["CONNECTLY_WEBHOOK_SECRET"], store=SQLiteStore("bot.db"))
app = Flask(__name__)
app.logger.setLevel("INFO")


@app.post("/webhooks")
def receive() -> tuple[str, int]:
    return "", webhooks.accept(request.headers, request.get_data())


@webhooks.on(InboundMessage)
def greet(event: InboundMessage) -> None:
    connectly.reply_buttons(event, "How can we help?", MENU, otherwise=LATE)


@webhooks.on(ButtonReply)
def answer_tap(event: ButtonReply) -> None:
    if event.text == "Find a shop":
        connectly.reply_list(event, "Cities", CITIES, text="Where are you?", otherwise=LATE)
    else:
        connectly.reply_text(event, "It arrives tomorrow.", otherwise=LATE)


@webhooks.on(ListReply)
def answer_pick(event: ListReply) -> None:
    connectly.reply_text(event, SHOPS.get(event.title or "", "Sorry?"), otherwise=LATE)


@webhooks.on(DeliveryStatus)
def follow(event: DeliveryStatus) -> None:
    app.logger.info("%s %s", event.message_id, event.status)


@app.cli.command()
def register() -> None:
    for topic in ("messages", "delivery_status"):
        connectly.webhooks.ensure(topic, os.environ["WEBHOOK_ADDRESS"])
