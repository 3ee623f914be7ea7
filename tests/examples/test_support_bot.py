"""The support bot on a sandbox: what the demo does not show."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

import attrs
import pytest
import pytest_asyncio

from connectly_api import Connectly, OutcomeUnknownError
from connectly_api.sandbox import Customer, Sandbox
from connectly_api.transport import AsgiTransport
from connectly_api.webhooks import ButtonReply, InboundMessage
from examples.support_bot import ADDRESS, ANSWERS, HOURS, PERSON, TEMPLATE, SupportBot

ANN = "+16044441111"


@attrs.frozen
class Stage:
    sandbox: Sandbox
    bot: SupportBot
    ann: Customer

    def texts(self) -> list[str]:
        return [one.body["message"]["text"] for one in self.sandbox.messages if one.kind != "template"]


async def staged(**options: Any) -> AsyncGenerator[Stage]:
    sandbox = Sandbox(**options)
    settings = sandbox.settings
    async with Connectly(
        api_key=settings.api_key, business_id=settings.business_id, transport=AsgiTransport(sandbox.app)
    ) as connectly:
        bot = SupportBot(connectly, settings.webhook_secret)
        sandbox.attach(ADDRESS, bot.app)
        await connectly.webhooks.create("messages", ADDRESS)
        yield Stage(sandbox, bot, sandbox.customer(ANN))


@pytest_asyncio.fixture(params=["own_part", "message"])
async def stage(request: pytest.FixtureRequest) -> AsyncGenerator[Stage]:
    async for one in staged(button_reply=request.param):
        yield one


async def test_a_tap_is_answered_in_either_form_of_the_event(stage: Stage) -> None:
    await stage.ann.says("Hi")
    await stage.ann.taps(HOURS.title)

    assert stage.texts() == ["How can we help?", ANSWERS[HOURS.id]]


async def test_a_colleague_is_left_alone_until_the_case_is_closed(stage: Stage) -> None:
    await stage.ann.says("Hi")
    await stage.ann.taps(PERSON.title)
    await stage.ann.says("Are you there?")
    before = stage.texts()
    stage.bot.close(ANN)
    await stage.ann.says("Hi again")

    assert before == ["How can we help?", ANSWERS[PERSON.id]]
    assert stage.texts()[2:] == ["How can we help?"]


async def test_an_answer_within_the_window_is_sent_at_once(stage: Stage) -> None:
    await stage.ann.says("Hi")

    assert await stage.bot.send_reply(ANN, "Hello!") == "sent"
    stage.sandbox.assert_sent_once(ANN, text="Hello!")


async def test_an_answer_after_the_window_waits_for_the_customer_and_is_sent_once(stage: Stage) -> None:
    await stage.ann.says("Hi")
    await stage.ann.taps(PERSON.title)
    await stage.sandbox.advance(hours=25)

    assert await stage.bot.send_reply(ANN, "Hello!") == "asked to reply"
    stage.sandbox.assert_sent_once(ANN, template=TEMPLATE)
    stage.sandbox.fault("rate_limited", operation="send_message", next=3, retry_after="0")
    await stage.ann.says("Yes?")
    await stage.ann.says("Well?")
    await stage.sandbox.settle()

    stage.sandbox.assert_sent_once(ANN, text="Hello!")


async def test_a_customer_who_opted_out_gets_no_template(stage: Stage) -> None:
    await stage.ann.says("Hi")
    await stage.ann.opts_out()
    await stage.sandbox.advance(hours=25)

    assert await stage.bot.send_reply(ANN, "Hello!") == "opted out"
    assert [message.kind for message in stage.sandbox.messages] == ["reply_buttons"]


async def test_after_an_unknown_outcome_the_menu_is_not_sent_again(stage: Stage) -> None:
    stage.sandbox.fault("drop", operation="send_message", next=1)

    await stage.ann.says("Hi")
    await stage.sandbox.settle()

    stage.sandbox.assert_sent_once(ANN, kind="reply_buttons")
    assert [delivery.status for delivery in stage.sandbox.deliveries] == [200]
    stage.sandbox.fault("drop", operation="send_message", next=1)
    with pytest.raises(OutcomeUnknownError):
        await stage.bot.send_reply(ANN, "Hello!")


async def test_events_that_name_nobody_and_taps_on_other_buttons_are_passed_over(stage: Stage) -> None:
    await stage.bot.handle_message(InboundMessage(text="Hi"))
    await stage.bot.answer_tap(ButtonReply(text=HOURS.title))
    await stage.ann.says("Hi")
    await stage.bot.connectly.send_template(ANN, "offer", "en")
    await stage.ann.taps("Buy")

    assert stage.texts() == ["How can we help?"]


async def test_a_customer_is_answered_from_the_number_written_to_also_by_a_colleague(stage: Stage) -> None:
    first, second = stage.sandbox.settings.senders
    await stage.ann.says("Hi", sender=first)
    await stage.ann.says("Hi", sender=second)
    await stage.bot.send_reply(ANN, "Hello!")

    assert [message.sender for message in stage.sandbox.messages] == [first, second, second]
