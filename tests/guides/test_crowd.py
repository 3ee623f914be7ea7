"""The crowd finds what a bot does wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pytest

from connectly_api import Button, Connectly, ListMessage, OutsideWindowError, Row, Section
from connectly_api.recipients import Phone
from connectly_api.transport import AsgiTransport
from connectly_api.webhooks import (
    ButtonReply,
    DeliveryStatus,
    FailureAction,
    InboundMessage,
    ListReply,
    WebhookApp,
    decide_failure,
)
from tests.guides.crowd import Crowd, Step

pytestmark = pytest.mark.long

ADDRESS = "https://bot.example/"


def plan(is_late: bool) -> Sequence[Step]:
    late = [Step("says", "Hi", "come_back", attempt="How can we help?")] if is_late else []
    return [
        *late,
        Step("says", "Hello", "How can we help?"),
        Step("taps", "Menu", "What would you like?"),
        Step("picks", "Soup", "Soup is ready."),
    ]


def always_redeliver(_error: BaseException) -> FailureAction:
    return FailureAction.REDELIVER


class Bot:
    """Answers as it should, unless it is told a fault of its own."""

    def __init__(self, connectly: Connectly, secret: str, fault: str = "") -> None:
        self.connectly = connectly
        self.fault = fault
        self.lines: list[str] = []
        policy = always_redeliver if fault == "tries again" else decide_failure
        self.app = WebhookApp(secret, on_failure=policy)
        self.app.on(InboundMessage, ButtonReply, ListReply)(self.answer)
        self.app.on(DeliveryStatus)(self.follow)

    async def answer(self, event: InboundMessage | ButtonReply | ListReply) -> None:
        recipient = event.customer.recipient
        number = event.business.phone if self.fault != "first number" else Phone("+14151111234")
        if recipient is None or (self.fault == "silence" and isinstance(event, InboundMessage)):
            return
        for _ in range(2 if self.fault == "repeats itself" else 1):
            try:
                match event:
                    case InboundMessage():
                        buttons = [Button("menu", "Menu")]
                        await self.connectly.send_reply_buttons(recipient, "How can we help?", buttons, sender=number)
                    case ButtonReply():
                        menu = ListMessage("Menu", [Section("Food", [Row("soup", "Soup")])], "What would you like?")
                        await self.connectly.send(recipient, menu, sender=number)
                    case ListReply():
                        await self.connectly.send_text(recipient, f"{event.title} is ready.", sender=number)
            except OutsideWindowError:
                await self.connectly.send_template(recipient, "come_back", "en", sender=number)

    async def follow(self, event: DeliveryStatus) -> None:
        if self.fault != "follows nothing":
            self.lines.append(f"{event.message_id} {event.status}\n")


async def meet(fault: str) -> tuple[Crowd, list[str]]:
    crowd = Crowd(plan)
    settings = crowd.sandbox.settings
    async with Connectly(
        api_key=settings.api_key, business_id=settings.business_id, transport=AsgiTransport(crowd.sandbox.app)
    ) as connectly:
        bot = Bot(connectly, settings.webhook_secret, fault)
        crowd.sandbox.attach(ADDRESS, bot.app)
        await crowd.register(ADDRESS)
        await crowd.converse()
    return crowd, [*crowd.find_problems(), *crowd.find_unfollowed("".join(bot.lines))]


async def test_a_bot_that_answers_once_pleases_a_crowd() -> None:
    crowd, problems = await meet("")
    assert problems == []
    assert Counter(guest.taken == len(guest.steps) for guest in crowd.guests)[True] > len(crowd.guests) / 2


@pytest.mark.parametrize(
    ("fault", "problem"),
    [
        ("tries again", "times"),
        ("repeats itself", "times"),
        ("silence", "did not hear 'How can we help?'"),
        ("first number", "heard from +14151111234"),
        ("follows nothing", "the program did not follow"),
    ],
)
async def test_a_crowd_finds_what_a_bot_does_wrong(fault: str, problem: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if fault in {"silence", "first number"}:  # Answers never come, which is seen in the first round.
        monkeypatch.setattr("tests.guides.crowd.PATIENCE", 3.0)
    _, problems = await meet(fault)
    assert any(problem in line for line in problems), problems
