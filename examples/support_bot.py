"""A support bot: buttons for what people ask most, a colleague for the rest, and a template once 24 hours have passed.

    python -m examples.support_bot          plays a customer on a sandbox, and ends
    python -m examples.support_bot serve    serves the bot, with the settings in the environment

To serve it, set `CONNECTLY_API_KEY`, `CONNECTLY_BUSINESS_ID` and `CONNECTLY_WEBHOOK_SECRET`, and register
`https://<your address>/` for the topic `messages`. Cases are kept in memory here; a help desk has a database for them.
"""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import suppress
from typing import Final

import attrs

from connectly_api import (
    Button,
    Connectly,
    OptedOutError,
    OutcomeUnknownError,
    OutsideWindowError,
    Recipient,
    ServerError,
    UnexpectedResponseError,
)
from connectly_api.webhooks import ButtonReply, InboundMessage, SQLiteStore, Store, WebhookApp
from examples.transcript import Transcript

TRACK: Final = Button("track", "Where is my order?")
HOURS: Final = Button("hours", "Opening hours")
PERSON: Final = Button("person", "Talk to a person")
MENU: Final = (TRACK, HOURS, PERSON)

ANSWERS: Final = {
    TRACK.id: "It left our house this morning, and will be with you tomorrow.",
    HOURS.id: "Monday to Friday, 9 to 17.",
    PERSON.id: "A colleague will write to you here.",
}
UNSURE: Final = (OutcomeUnknownError, ServerError, UnexpectedResponseError)
"""After these a message may have been delivered, and twice would be worse than not at all.

Any other error makes the webhook answer 500, and the service deliver the event again.
"""

ADDRESS: Final = "https://bot.example/"
TEMPLATE: Final = "support_answer"
"""An approved template: "Hi {{1}}, we have an answer to your question. Reply to read it."""


@attrs.frozen
class Case:
    """What the bot knows of one customer.

    Attributes:
        recipient: The customer.
        name: The customer's name, as far as it is known.
        is_escalated: Whether a colleague has taken over: the bot is silent then.
        waiting: A colleague's answer that the customer has to write for first.
    """

    recipient: Recipient
    name: str
    is_escalated: bool = False
    waiting: str | None = None


class SupportBot:
    """The cases, and what happens to them.

    Attributes:
        app: The receiver of webhooks, an ASGI application.
        cases: What is known of each customer, by what the events call them.
    """

    def __init__(self, connectly: Connectly, secret: str, store: Store | None = None) -> None:
        """Start without cases.

        Args:
            connectly: The client.
            secret: The secret of the webhooks' signatures.
            store: What remembers handled events.
        """
        self.connectly: Final = connectly
        self.cases: Final[dict[str, Case]] = {}
        self.app: Final = WebhookApp(secret, store=store)
        self.app.on(InboundMessage)(self.hear)
        self.app.on(ButtonReply)(self.answer)

    async def hear(self, event: InboundMessage) -> None:
        """Offer the menu to a customer who wrote; or send what a colleague's answer was waiting for."""
        case = self._case(event)
        if case is None:
            return
        if case.waiting is not None:
            with suppress(*UNSURE):
                await self.connectly.send_text(case.recipient, case.waiting)
            self.cases[str(event.customer.id)] = attrs.evolve(case, waiting=None)
        elif not case.is_escalated:
            with suppress(*UNSURE):
                await self.connectly.send_reply_buttons(case.recipient, "How can we help?", MENU)

    async def answer(self, event: ButtonReply) -> None:
        """Answer a tap on a button."""
        case = self._case(event)
        # The older form of this event has the title alone.
        tapped = next((button for button in MENU if event.payload == button.id or event.text == button.title), None)
        if case is None or tapped is None:
            return
        with suppress(*UNSURE):
            await self.connectly.send_text(case.recipient, ANSWERS[tapped.id])
        if tapped is PERSON:
            self.cases[str(event.customer.id)] = attrs.evolve(case, is_escalated=True)

    async def colleague_says(self, customer: str, text: str) -> str:
        """Pass on a colleague's answer, at once or when the customer has written again.

        Args:
            customer: What events call the customer.
            text: The answer.

        Returns:
            What became of it, for the colleague: `sent`, `asked to reply`, or `opted out`.
        """
        case = self.cases[customer]
        try:
            await self.connectly.send_text(case.recipient, text)
        except OutsideWindowError:
            # A free-form text reaches nobody now. A template does, and the answer to it opens the window again.
            try:
                await self.connectly.send_template(case.recipient, TEMPLATE, "en", body=[case.name])
            except OptedOutError:
                return "opted out"
            self.cases[customer] = attrs.evolve(case, waiting=text)
            return "asked to reply"
        return "sent"

    def close(self, customer: str) -> None:
        """End a case: the bot answers this customer again."""
        self.cases.pop(customer, None)

    def _case(self, event: InboundMessage | ButtonReply) -> Case | None:
        recipient, customer = event.customer.recipient, event.customer.id
        if recipient is None or customer is None:
            return None
        return self.cases.setdefault(customer, Case(recipient, event.customer.name or "there"))


async def play() -> int:
    """Let a customer talk to the bot on a sandbox, and return the exit status."""
    stage = Transcript()
    sandbox, ann = stage.sandbox, str(stage.ann.phone)
    async with stage.client() as connectly:
        bot = SupportBot(connectly, sandbox.settings.webhook_secret)
        sandbox.attach(ADDRESS, bot.app)
        await connectly.webhooks.create("messages", ADDRESS)

        async def colleague(text: str) -> None:
            stage.line("colleague", text)
            stage.line("", f"({await bot.colleague_says(ann, text)})")

        await stage.says("Hi!")
        await stage.taps(TRACK.title)
        await stage.later(hours=20)
        await stage.says("It never came.")
        await stage.taps(PERSON.title)
        await stage.later(hours=25)
        await colleague("We have sent you another one.")
        await stage.later(minutes=10)
        await stage.says("Yes?")
        await colleague("Is there anything else?")
        bot.close(ann)
        await bot.app.aclose()
    sandbox.assert_sent_once(ann, template=TEMPLATE)
    sandbox.assert_sent_once(ann, text="We have sent you another one.")
    return 0


def main(arguments: list[str]) -> int:
    """Play on a sandbox; or, with `serve`, serve on port 8000."""
    if arguments != ["serve"]:
        return asyncio.run(play())
    import uvicorn  # noqa: PLC0415 (only here)

    store = SQLiteStore("support-webhooks.db")
    uvicorn.run(SupportBot(Connectly.from_env(), os.environ["CONNECTLY_WEBHOOK_SECRET"], store).app)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
