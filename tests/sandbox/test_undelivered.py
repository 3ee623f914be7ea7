"""What was not delivered yet is delivered when the customer refers to it; what fails cannot be referred to."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from connectly_api.errors import InvalidInputError
from connectly_api.sandbox import Customer, Sandbox
from connectly_api.sandbox.sandbox import get_engine
from tests.sandbox.calls import ask, attach_receiver, session

PHONE = "+16044441111"
BUTTONS: dict[str, Any] = {"text": "?", "replyButtonMessage": {"buttons": [{"id": "y", "text": "Yes"}]}}
LIST: dict[str, Any] = {
    "listMessage": {"button": {"text": "Choose"}, "sections": [{"rows": [{"id": "s", "text": "Small"}]}]}
}
Verb = Callable[[Customer, str | None], Awaitable[object]]
VERBS: dict[str, tuple[dict[str, Any], Verb]] = {
    "taps": (BUTTONS, lambda customer, message: customer.taps("Yes", message=message)),
    "picks": (LIST, lambda customer, message: customer.picks("Small", message=message)),
    "reacts": (BUTTONS, lambda customer, message: customer.reacts("\N{THUMBS UP SIGN}", message=message)),
    "says": (BUTTONS, lambda customer, message: customer.says("Yes", reply_to=message)),
    "reads": (BUTTONS, lambda customer, message: customer.reads(message)),
}
UNDELIVERED = "the delivery of that message fails, so the customer does not get it"


@pytest.mark.parametrize("seconds", [0, 1.5, 3])
@pytest.mark.parametrize("verb", VERBS)
async def test_a_message_is_delivered_before_the_customer_refers_to_it(verb: str, seconds: float) -> None:
    content, refer = VERBS[verb]
    sandbox, receiver = await attach_receiver(windows="open")
    ask(sandbox, session(message=content))
    await sandbox.advance(seconds)
    await refer(sandbox.customer(PHONE), sandbox.messages[0].id)
    assert receiver.get_statuses()[:2] == ["sent", "delivered"]
    assert all("statusUpdate" in body for body in receiver.bodies[:2])
    if verb != "reads":
        assert len(receiver.bodies) == 3
        assert receiver.bodies[2]["sender"]["id"] == PHONE
    await sandbox.settle()
    assert receiver.get_statuses() == ["sent", "delivered", "read"]


async def test_a_message_that_was_tapped_early_is_not_read_by_itself_if_reading_is_left_to_the_customer() -> None:
    sandbox, receiver = await attach_receiver(windows="open", read_after=None)
    ask(sandbox, session(message=BUTTONS))
    await sandbox.customer(PHONE).taps("Yes")
    await sandbox.settle()
    assert receiver.get_statuses() == ["sent", "delivered"]


@pytest.mark.parametrize("seconds", [0, 1.5, 3])
@pytest.mark.parametrize("verb", VERBS)
async def test_a_message_that_fails_cannot_be_referred_to_before_or_after(verb: str, seconds: float) -> None:
    content, refer = VERBS[verb]
    sandbox, receiver = await attach_receiver(windows="open")
    sandbox.fault("fail_delivery", next=1)
    ask(sandbox, session(message=content))
    await sandbox.advance(seconds)
    with pytest.raises(InvalidInputError, match=UNDELIVERED):
        await refer(sandbox.customer(PHONE), sandbox.messages[0].id)
    await sandbox.customer(PHONE).reads()
    await sandbox.settle()
    assert receiver.get_statuses() == ["sent", "delivery_failed"]


async def test_the_latest_message_is_the_latest_that_was_delivered() -> None:
    sandbox, receiver = await attach_receiver(windows="open")
    for _ in range(2):
        ask(sandbox, session(message=BUTTONS))
        sandbox.fault("fail_delivery", next=1)
    await sandbox.settle()
    customer = sandbox.customer(PHONE)
    await customer.taps("Yes")
    await customer.reacts("\N{THUMBS UP SIGN}")
    assert [body["context"]["replyToId"] for body in receiver.bodies[-2:]] == [sandbox.messages[0].id] * 2


async def test_a_message_fails_even_if_it_is_no_longer_kept() -> None:
    sandbox, receiver = await attach_receiver(windows="open", keep=1)
    sandbox.fault("fail_delivery", next=1)
    ask(sandbox, session())
    ask(sandbox, session())
    await sandbox.settle()
    failed = [body["statusUpdate"] for body in receiver.bodies if body["statusUpdate"]["error"]]
    assert [update["status"] for update in failed] == ["delivery_failed"]


async def test_a_message_that_was_tapped_early_does_not_fail_when_the_phone_changes_afterwards() -> None:
    sandbox, receiver = await attach_receiver(windows="open", read_after=None)
    ask(sandbox, session(message=BUTTONS))
    customer = sandbox.customer(PHONE)
    await customer.taps("Yes")
    moved = await customer.changes_phone("+16045550000")
    await moved.taps("Yes")
    await sandbox.settle()
    assert receiver.get_statuses() == ["sent", "delivered"]
    assert not get_engine(sandbox).state.failures


async def test_somebody_unknown_has_no_messages() -> None:
    with pytest.raises(InvalidInputError, match="no message to this customer has"):
        await Sandbox().run_verb("taps", customer=PHONE, button="Yes")
