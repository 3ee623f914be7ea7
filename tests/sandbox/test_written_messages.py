"""The ids and senders of what customers write, and what a tap or pick says that finds nothing."""

from typing import Any

import pytest

from connectly_api.errors import InvalidInputError
from connectly_api.sandbox import Sandbox
from tests.sandbox.calls import ask, attach_receiver, session

PHONE = "+16044441111"


def offer_buttons(*texts: str) -> dict[str, Any]:
    buttons = [{"id": text.lower(), "text": text} for text in texts]
    return {"text": "Which?", "replyButtonMessage": {"buttons": buttons}}


def offer_rows(*texts: str) -> dict[str, Any]:
    rows = [{"id": text.lower(), "text": text} for text in texts]
    return {"text": "Which?", "listMessage": {"button": {"text": "Choose"}, "sections": [{"rows": rows}]}}


async def test_a_verb_that_writes_returns_the_id_of_the_customers_message() -> None:
    sandbox, receiver = await attach_receiver(button_reply="message")
    ann = sandbox.customer(PHONE)
    said = await ann.says("Hi")
    for content in (offer_buttons("Yes"), offer_rows("One")):
        assert ask(sandbox, session(message=content)).status == 200
    written = [
        said,
        await ann.taps("Yes"),
        await ann.sends_image("https://a.example/cat.png"),
        await ann.sends("document", "https://a.example/cat.pdf"),
        await ann.shares_location(49, -123),
    ]
    assert [body["message"]["id"] for body in receiver.bodies if "message" in body] == written
    others = [await ann.picks("One"), await ann.reacts("👍")]
    assert len({*written, *others}) == 7
    acts = [one["id"] for one in sandbox.timeline if one["what"] == "act"]
    assert acts == [None, *written, *others]
    assert await sandbox.run_verb("opts_out", customer=PHONE) is None
    assert await sandbox.run_verb("settle") is None


async def test_each_verb_that_writes_goes_to_the_sender_that_is_given() -> None:
    sandbox, receiver = await attach_receiver()
    first, second = sandbox.settings.senders
    ann = sandbox.customer(PHONE)
    await ann.says("Hi", sender=first)
    await ann.says("Hi", sender=second)
    for sender in (second, first):
        for content in (offer_buttons("Yes"), offer_rows("One")):
            assert ask(sandbox, session(message=content, sender={"id": sender})).status == 200
    about = [one.id for one in sandbox.messages if one.sender == second]
    receiver.bodies.clear()
    await ann.taps("Yes", sender=second)
    await ann.picks("One", sender=second)
    await ann.reacts("👍", sender=second)
    await ann.shares_location(49, -123, sender=second)
    await ann.sends_image("https://a.example/cat.png", sender=second)
    events = [body for body in receiver.bodies if "statusUpdate" not in body]
    assert [body["recipient"]["id"] for body in events] == [second] * 5
    assert [body["context"]["replyToId"] for body in events[:3]] == [about[0], about[1], about[1]]
    with pytest.raises(InvalidInputError, match="no such message"):
        await ann.says("Hi", reply_to=about[0], sender=first)


async def test_a_tap_or_pick_that_finds_nothing_lists_what_there_is() -> None:
    sandbox = Sandbox(windows="open")
    ann = sandbox.customer(PHONE)
    with pytest.raises(InvalidInputError, match=r"has 'No'; none has a button$"):
        await ann.taps("No")
    for text in ("One", "Two", "Two"):
        ask(sandbox, session(message=offer_buttons(text, "Later")))
    with pytest.raises(
        InvalidInputError, match=r"there are 'Two' \(two\), 'Later' \(later\), 'One' \(one\)$"
    ) as caught:
        await ann.taps("N" * 1000)
    assert len(str(caught.value)) < 300
    rows = [f"Row {number}" for number in range(12)]
    for shown in (rows[10:], rows[:10]):
        ask(sandbox, session(message=offer_rows(*shown)))
    with pytest.raises(InvalidInputError, match=r"there are 'Row 0' \(row 0\), .*, 'Row 9' \(row 9\) and 2 more$"):
        await ann.picks("Row 12")
