"""Customers who converse with a bot on a sandbox, under faults: the same from the same seed."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Final, Literal

import attrs

from connectly_api import InvalidInputError
from connectly_api.sandbox import Customer, Sandbox

STEPS: Final = 4
"""How often each customer does something; they mostly write more than one message."""

_DAY: Final = 24 * 3600.0


@attrs.frozen
class Conversation:
    """A customer, and the number of the business that they write to."""

    customer: Customer
    sender: str


def open_sandbox(seed: int, bsuid_recipients: Literal["templates", "accept"]) -> Sandbox:
    """Return a sandbox that keeps the records of hundreds of conversations."""
    return Sandbox(seed=seed, bsuid_recipients=bsuid_recipients, read_after=None, keep=100_000, rate_limit=None)


def add_faults(sandbox: Sandbox) -> None:
    """Let messages, responses and webhooks go wrong; some webhooks come a day late."""
    for operation in ("send_message", "send_whatsapp_templated_message"):
        sandbox.fault("drop", operation=operation, probability=0.04)
        sandbox.fault("server_error", operation=operation, probability=0.03)
        sandbox.fault("server_error", operation=operation, probability=0.03, accepted=True)
        sandbox.fault("rate_limited", operation=operation, probability=0.25, retry_after=0)
    sandbox.fault("delay_webhook", topic="messages", probability=0.03, seconds=_DAY + 3600)
    for topic in ("messages", "delivery_status"):
        sandbox.fault("duplicate_webhook", topic=topic, probability=0.1)
        sandbox.fault("reorder_webhook", topic=topic, probability=0.1)
    sandbox.fault("bad_signature", topic="messages", probability=0.01)


def add_conversations(sandbox: Sandbox, count: int, random: Random) -> list[Conversation]:
    """Return customers with a phone number, a BSUID or both, who each write to one of the business's numbers."""
    return [
        Conversation(sandbox.customer(phone, bsuid=bsuid), random.choice(sandbox.settings.senders))
        for phone, bsuid in _list_ids(count, random)
    ]


def _list_ids(count: int, random: Random) -> Iterator[tuple[str | None, str | None]]:
    for number in range(count):
        phone, bsuid = f"+1604{4440000 + number}", f"CA.{10**15 + number}"
        yield random.choice(((phone, None), (phone, None), (phone, bsuid), (phone, bsuid), (None, bsuid)))


async def converse(sandbox: Sandbox, conversations: list[Conversation], random: Random) -> None:
    """Let each customer do some things, mixed with the others, until nothing is due any more."""
    turns = [conversation for conversation in conversations for _ in range(STEPS)]
    random.shuffle(turns)
    for turn in turns:
        await _take_turn(turn, random)
        if random.random() < 0.1:
            await sandbox.advance(random.uniform(0, 30))
    await sandbox.settle()


async def _take_turn(turn: Conversation, random: Random) -> None:
    customer, sender = turn.customer, turn.sender
    match random.choice(("says", "repeats", "edits", "taps", "taps", "taps", "picks", "picks", "picks")):
        case "says":
            await customer.says("Hi", sender=sender)
        case "repeats":  # Two equal texts within a second are two messages.
            await customer.says("Hello?", sender=sender)
            await customer.says("Hello?", sender=sender)
        case "edits":
            await customer.says("Hillo", sender=sender)
            await customer.edits("Hello")
        case "taps":
            await _choose(turn, "button", random.choice(("Where is my order?", "Find a shop")))
        case _:
            await _choose(turn, "row", random.choice(("Lisbon", "Porto")))


async def _choose(turn: Conversation, kind: Literal["button", "row"], title: str) -> None:
    choose = turn.customer.taps if kind == "button" else turn.customer.picks
    try:
        await choose(title)
    except InvalidInputError:  # No menu, or no list, has arrived yet.
        await turn.customer.says("Is anyone there?", sender=turn.sender)
