"""A support bot: buttons for common questions, a colleague for the rest, and a template after the 24-hour window.

    python -m examples.support_bot          runs a demo on a sandbox
    python -m examples.support_bot serve    serves the bot, with the settings in the environment

To serve it, set `CONNECTLY_API_KEY`, `CONNECTLY_BUSINESS_ID` and `CONNECTLY_WEBHOOK_SECRET`, and register
`https://<your host>/` for the topic `messages`. Cases are kept in memory here; a real help desk keeps them
in its database.
"""

from __future__ import annotations

import asyncio
import os
import sys
from typing import Final

import attrs

from connectly_api import Button, Connectly, OptedOutError, Phone, Recipient, Template
from connectly_api.webhooks import (
    ButtonReply,
    FailureAction,
    InboundMessage,
    SQLiteStore,
    Store,
    WebhookApp,
    decide_failure,
)
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
ADDRESS: Final = "https://bot.example/"
TEMPLATE: Final = "support_answer"
"""An approved template: "Hi {{1}}, we have an answer to your question. Reply to read it."""


@attrs.frozen
class Case:
    """One customer's conversation.

    Attributes:
        recipient: The customer.
        sender: The number that the customer wrote to last.
        name: The customer's name, or "there".
        is_escalated: Whether a colleague has taken over; the bot is then silent.
        waiting: A colleague's reply that can be sent only after the customer writes again.
    """

    recipient: Recipient
    sender: Phone | None
    name: str
    is_escalated: bool = False
    waiting: str | None = None


class SupportBot:
    """Replies to customers, and forwards colleagues' replies.

    Attributes:
        app: The ASGI application that receives webhooks.
        cases: The open cases, by the customer's id in events.
    """

    def __init__(self, connectly: Connectly, secret: str, store: Store | None = None) -> None:
        """Start without cases.

        Args:
            connectly: The client.
            secret: The webhook secret.
            store: Remembers handled events.
        """
        self.connectly: Final = connectly
        self.cases: Final[dict[str, Case]] = {}
        self.app: Final = WebhookApp(secret, store=store)
        self.app.on(InboundMessage)(self.handle_message)
        self.app.on(ButtonReply)(self.answer_tap)

    async def handle_message(self, event: InboundMessage) -> None:
        """Offer the menu to a customer who wrote, or send the colleague's reply that was waiting."""
        case = self._case(event)
        if case is None:
            return
        if case.waiting is not None:
            self.cases[str(event.customer.id)] = attrs.evolve(case, waiting=None)
            try:
                await self.connectly.reply_text(event, case.waiting)
            except BaseException as error:
                # After an unknown outcome the reply may have arrived, and sending it twice is worse than not at all.
                if decide_failure(error) is FailureAction.REDELIVER:
                    self.cases[str(event.customer.id)] = case
                raise
        elif not case.is_escalated:
            await self.connectly.reply_buttons(event, "How can we help?", MENU)

    async def answer_tap(self, event: ButtonReply) -> None:
        """Answer a tapped button."""
        case = self._case(event)
        # The older form of this event has only the title.
        tapped = next((button for button in MENU if event.payload == button.id or event.text == button.title), None)
        if case is None or tapped is None:
            return
        if tapped is PERSON:
            self.cases[str(event.customer.id)] = attrs.evolve(case, is_escalated=True)
        await self.connectly.reply_text(event, ANSWERS[tapped.id])

    async def send_reply(self, customer: str, text: str) -> str:
        """Send a colleague's reply: now, or once the customer writes again.

        Args:
            customer: The customer's id in events.
            text: The reply.

        Returns:
            For the colleague: `sent`, `asked to reply`, or `opted out`.
        """
        case = self.cases[customer]
        # The customer's reply to the template opens the window again.
        template = Template(TEMPLATE, "en", body=[case.name])
        try:
            sent = await self.connectly.send_text(case.recipient, text, sender=case.sender, otherwise=template)
        except OptedOutError:
            return "opted out"
        if not sent.is_fallback:
            return "sent"
        self.cases[customer] = attrs.evolve(case, waiting=text)
        return "asked to reply"

    def close(self, customer: str) -> None:
        """End a case: the bot answers this customer again."""
        self.cases.pop(customer, None)

    def _case(self, event: InboundMessage | ButtonReply) -> Case | None:
        recipient, customer = event.customer.recipient, event.customer.id
        if recipient is None or customer is None:
            return None
        sender = event.business.phone
        case = self.cases.get(customer) or Case(recipient, sender, event.customer.name or "there")
        self.cases[customer] = attrs.evolve(case, sender=sender)
        return self.cases[customer]


async def run_demo() -> int:
    """Talk to the bot as a customer on a sandbox, and return the exit status."""
    transcript = Transcript()
    sandbox, ann = transcript.sandbox, str(transcript.ann.phone)
    async with transcript.open_client() as connectly:
        bot = SupportBot(connectly, sandbox.settings.webhook_secret)
        sandbox.attach(ADDRESS, bot.app)
        await connectly.webhooks.create("messages", ADDRESS)

        async def reply(text: str) -> None:
            transcript.print_line("colleague", text)
            transcript.print_line("", f"({await bot.send_reply(ann, text)})")

        await transcript.says("Hi!")
        await transcript.taps(TRACK.title)
        await transcript.advance(hours=20)
        await transcript.says("It never came.")
        await transcript.taps(PERSON.title)
        await transcript.advance(hours=25)
        await reply("We have sent you another one.")
        await transcript.advance(minutes=10)
        await transcript.says("Yes?")
        await reply("Is there anything else?")
        bot.close(ann)
        await bot.app.aclose()
    sandbox.assert_sent_once(ann, template=TEMPLATE)
    sandbox.assert_sent_once(ann, text="We have sent you another one.")
    return 0


def main(arguments: list[str]) -> int:
    """Run the demo; or, with `serve`, serve on port 8000."""
    if arguments != ["serve"]:
        return asyncio.run(run_demo())
    import uvicorn  # noqa: PLC0415 (only here)

    store = SQLiteStore("support-webhooks.db")
    uvicorn.run(SupportBot(Connectly.from_env(), os.environ["CONNECTLY_WEBHOOK_SECRET"], store).app)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
