"""No two sandboxes write the same event, so that a receiver which outlives one hears the next."""

from __future__ import annotations

from typing import Any

import pytest

from connectly_api.errors import InvalidInputError
from connectly_api.sandbox import Sandbox
from connectly_api.webhooks import (
    ButtonReply,
    DeliveryStatus,
    Echo,
    Event,
    InboundMessage,
    ListReply,
    Reaction,
    ReportReady,
    UnknownEvent,
    WebhookApp,
)
from tests.sandbox.calls import TEMPLATES, ask, register, session, template

PHONE = "+16044441111"
BUTTONS: dict[str, Any] = {"text": "?", "replyButtonMessage": {"buttons": [{"id": "y", "text": "Yes"}]}}
LIST: dict[str, Any] = {
    "listMessage": {"button": {"text": "Choose"}, "sections": [{"rows": [{"id": "s", "text": "Small"}]}]}
}
KINDS = {InboundMessage, ButtonReply, ListReply, Reaction, Echo, DeliveryStatus, ReportReady, UnknownEvent}


async def make_events(app: WebhookApp, **options: Any) -> None:
    """Let everything happen in a new sandbox that can make an event."""
    sandbox = Sandbox(**options)
    sandbox.attach("https://bot.example/", app)
    register(sandbox, "messages", echo=True)
    register(sandbox, "delivery_status")
    register(sandbox, "report")
    customer = sandbox.customer(PHONE)
    await customer.says("Hi")
    await customer.edits("Hello")
    await customer.sends_image("https://cdn.example/1")
    await customer.shares_location(1.5, 2.5)
    for body in (session(message=BUTTONS), session(message=LIST), session()):
        assert ask(sandbox, body).status == 200
    assert ask(sandbox, template(), path=TEMPLATES).status == 200
    await customer.says("Hi", reply_to=sandbox.messages[0].id)
    await customer.taps("Yes")
    await customer.taps("Stop")
    await customer.picks("Small")
    await customer.reacts("\N{THUMBS UP SIGN}")
    await customer.reacts(None)
    await customer.reads(sandbox.messages[0].id)
    sandbox.fault("fail_delivery", next=1)
    ask(sandbox, session())
    sandbox.fault("unknown_topic", next=1)
    await customer.says("Hi")
    await sandbox.report_ready()
    await sandbox.settle()


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"button_reply": "message", "absent_values": "null"},
        {"message_topic": "present", "campaign_tag": "status", "clock": "virtual"},
    ],
    ids=repr,
)
async def test_two_sandboxes_with_the_same_verbs_have_no_key_in_common(options: dict[str, Any]) -> None:
    app, heard = WebhookApp("sandbox-secret"), list[Event]()
    app.on_any(heard.append)

    await make_events(app, **options)
    first = list(heard)
    await make_events(app, **options)
    second = heard[len(first) :]

    assert {type(event) for event in first} == KINDS
    assert [type(event) for event in first] == [type(event) for event in second]
    assert len({event.key for event in heard}) == len(first) + len(second)


async def test_with_the_same_seed_the_second_sandbox_delivers_the_first_ones_events_again() -> None:
    app, heard = WebhookApp("sandbox-secret"), list[Event]()
    app.on_any(heard.append)

    await make_events(app, seed=7)
    count = len(heard)
    await make_events(app, seed=7)

    assert len(heard) == count


def test_a_seed_that_is_given_is_kept_and_counts_for_no_other_sandbox() -> None:
    before = Sandbox().settings.seed
    assert Sandbox(seed=0).settings.seed == 0
    wrong: dict[str, Any] = {"windows": "ajar"}
    with pytest.raises(InvalidInputError):
        Sandbox(**wrong)
    assert Sandbox().settings.seed == before + 1
