"""A bot behind the page: it answers each word with another kind of message."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, Final

import attrs

from connectly_api import (
    Button,
    Connectly,
    Image,
    ListMessage,
    Location,
    OutsideWindowError,
    ReplyButtons,
    Row,
    Section,
    Text,
)
from connectly_api.sandbox import Sandbox
from connectly_api.transport import AsgiTransport
from connectly_api.webhooks import ButtonReply, InboundMessage, ListReply, WebhookApp

BOT: Final = "https://bot.example/webhooks"

ANSWERS: Final[dict[str, Any]] = {
    "buttons": ReplyButtons("Shall we deliver on Friday?", [Button("yes", "Yes, please"), Button("no", "Another day")]),
    "list": ListMessage(
        "Choose a size", [Section("Shirts", [Row("s", "Small", "36 to 38"), Row("m", "Medium")])], text="Which size?"
    ),
    "picture": Image("https://cdn.example.com/parcel.jpg", caption="Your parcel"),
    "place": Location(49.2827, -123.1207, name="Our shop"),
}


@attrs.frozen
class Stage:
    """A served sandbox with a bot.

    Attributes:
        sandbox: The sandbox; its statuses follow at once.
        connectly: The bot's client.
        address: The sandbox's address.
    """

    sandbox: Sandbox
    connectly: Connectly
    address: str


@asynccontextmanager
async def serve_bot(*, is_registered: bool = True, port: int = 0, **options: Any) -> AsyncGenerator[Stage]:
    """Serve a sandbox whose clock stands still, with a bot that is told of messages if it is registered."""
    sandbox = Sandbox(sent_after=0, delivered_after=0, read_after=None, rate_limit=None, **options)
    settings = sandbox.settings
    connectly = Connectly(
        api_key=settings.api_key, business_id=settings.business_id, transport=AsgiTransport(sandbox.app)
    )
    app = WebhookApp(settings.webhook_secret)

    @app.on(InboundMessage)
    async def answer(event: InboundMessage) -> None:
        words = event.text or "nothing"
        await connectly.reply(event, ANSWERS.get(words, Text(f"You said {words}")))

    @app.on(ButtonReply)
    async def confirm(event: ButtonReply) -> None:
        await connectly.reply(event, Text(f"Noted: {event.text}"))

    @app.on(ListReply)
    async def take(event: ListReply) -> None:
        await connectly.reply(event, Text(f"Noted: {event.title}"))

    sandbox.attach(BOT, app)
    if is_registered:
        await connectly.webhooks.ensure("messages", BOT)
    async with sandbox.serve(port=port) as address:
        yield Stage(sandbox, connectly, address)


async def send_or_fall_back(stage: Stage, recipient: str, text: str) -> None:
    """Send a text, or a template if the window is closed."""
    try:
        await stage.connectly.send_text(recipient, text)
    except OutsideWindowError:
        await stage.connectly.send_template(recipient, "come_back", "en", body=[text])
