"""Customers who converse with a bot on a sandbox, under faults: the same from the same seed."""

from __future__ import annotations

from random import Random
from typing import Final

import attrs

from connectly_api import InvalidInputError
from connectly_api.sandbox import Customer, Sandbox

DAY: Final = 24 * 3600.0
STEPS: Final = 5


@attrs.frozen
class Conversation:
    """A customer, and the number of the business that they write to."""

    customer: Customer
    sender: str


def open_sandbox(seed: int, **options: object) -> Sandbox:
    """Return a sandbox that keeps the records of hundreds of conversations."""
    return Sandbox(seed=seed, keep=1_000_000, rate_limit=None, **options)  # type: ignore[arg-type]


def add_faults(sandbox: Sandbox) -> None:
    """Let messages, responses and webhooks go wrong, some of them for a day."""
    for operation in ("send_message", "send_whatsapp_templated_message"):
        sandbox.fault("drop", operation=operation, probability=0.04)
        sandbox.fault("server_error", operation=operation, probability=0.03)
        sandbox.fault("server_error", operation=operation, accepted=True, probability=0.03)
        sandbox.fault("rate_limited", operation=operation, probability=0.2, retry_after=0)
    sandbox.fault("delay_webhook", topic="messages", probability=0.03, seconds=DAY + 3600)
    for fault in ("duplicate_webhook", "reorder_webhook"):
        sandbox.fault(fault, topic="messages", probability=0.1)
    sandbox.fault("bad_signature", topic="messages", probability=0.01)


def add_conversations(sandbox: Sandbox, count: int, random: Random) -> list[Conversation]:
    """Return customers with a phone number, a BSUID or both, who each write to one of the business's numbers."""
    found: list[Conversation] = []
    for number in range(count):
        phone, bsuid = f"+1604{4440000 + number}", f"US.{10**15 + number}"
        kind = random.random()
        customer = sandbox.customer(
            None if kind < 0.1 else phone, bsuid=bsuid if kind < 0.5 else None, name=f"Customer {number}"
        )
        found.append(Conversation(customer, random.choice(sandbox.settings.senders)))
    return found


async def converse(sandbox: Sandbox, conversations: list[Conversation], random: Random) -> None:
    """Let each customer do some things, mixed with the others, and wait until nothing is due any more."""
    turns = [conversation for conversation in conversations for _ in range(STEPS)]
    random.shuffle(turns)
    for turn in turns:
        await _take_turn(turn, random)
        if random.random() < 0.2:
            await sandbox.advance(random.uniform(0, 20))
    await sandbox.settle()


async def _take_turn(turn: Conversation, random: Random) -> None:
    customer = turn.customer
    match random.choice(("says", "says again", "taps", "taps", "picks", "picks")):
        case "says":
            await customer.says("Hi", sender=turn.sender)
        case "says again":  # Two equal texts within a second.
            await customer.says("Hello?", sender=turn.sender)
            await customer.says("Hello?", sender=turn.sender)
        case "taps":
            await _choose(turn, "button", random.choice(("Where is my order?", "Find a shop")))
        case _:
            await _choose(turn, "row", random.choice(("Lisbon", "Porto")))


async def _choose(turn: Conversation, kind: str, title: str) -> None:
    choose = turn.customer.taps if kind == "button" else turn.customer.picks
    try:
        await choose(title)
    except InvalidInputError:  # The menu or the list did not arrive.
        await turn.customer.says("Anyone there?", sender=turn.sender)
