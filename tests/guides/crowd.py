"""A crowd of customers who write, tap and pick while responses get lost, and what they may hear.

A crowd acts in rounds: in each, every customer takes the next step of a conversation, all at once; then the sandbox's
clock runs until every status and every repeated webhook has arrived, the answers of a queue included. So the same crowd
meets the same faults in every run, apart from the order in which the requests of one round arrive.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

import attrs

from connectly_api import Connectly
from connectly_api.sandbox import Customer, Sandbox
from connectly_api.sandbox.model.fault_rules import REQUEST_FAULTS
from connectly_api.transport import AsgiTransport
from tests.patience import wait_patiently

PATIENCE: Final = 120.0
"""Seconds, for the answers of a round."""

LATE: Final = 25 * 3600.0
"""Seconds after which the first webhook of a customer who is late arrives: the window is closed by then."""

_UNKNOWN: Final = REQUEST_FAULTS - {"rate_limited", "slow_head", "slow_body"}
"""After these faults the sender cannot know whether the message was accepted."""

_AT_ONCE: Final = 32
_COURIERS: Final = 8
_VALUE: Final = re.compile(r'"(?:bsuid:)?([+A-Z][0-9A-Za-z.]+)"')
_STATUS: Final = re.compile(r"\b([0-9A-Z]{26}) (sent|delivered|read|delivery_failed)\b")


@attrs.frozen
class Step:
    """What a customer does, and the answer.

    Attributes:
        verb: `says`, `taps` or `picks`.
        argument: The text, the button or the row.
        answer: A text that exactly this answer contains: of all that the customer hears, and of all that is tried.
        attempt: A text of what may have been tried before, in vain: the free-form message before a template.
    """

    verb: str
    argument: str
    answer: str
    attempt: str | None = None

    @property
    def marks(self) -> tuple[str, ...]:
        """The texts by which a request is known to belong to this step."""
        return tuple(filter(None, (self.answer, self.attempt)))


@attrs.define
class Guest:
    """A customer with a plan.

    Attributes:
        name: For reports.
        customer: The customer in the sandbox.
        number: The business's number that the customer writes to.
        steps: The plan.
        taken: How many steps were taken.
    """

    name: str
    customer: Customer
    number: str
    steps: Sequence[Step]
    taken: int = 0


@attrs.frozen
class Records:
    """What the sandbox kept, by the names of the customers.

    Attributes:
        heard: The bodies of accepted messages.
        lost: The bodies of requests whose senders cannot know what became of them.
    """

    heard: dict[str, list[str]] = attrs.field(factory=dict)
    lost: dict[str, list[str]] = attrs.field(factory=dict)

    def add(self, bodies: dict[str, list[str]], guest: Guest | None, body: str) -> None:
        """Note the body of a message or a request to a customer."""
        if guest is not None:
            bodies.setdefault(guest.name, []).append(body)

    def count_heard(self, guest: Guest, step: Step) -> int:
        """Return how often the customer heard the answer."""
        return sum(step.answer in body for body in self.heard.get(guest.name, ()))

    def is_lost(self, guest: Guest, step: Step) -> bool:
        """Return whether the answer was tried, and the response to it lost."""
        return any(mark in body for body in self.lost.get(guest.name, ()) for mark in step.marks)

    def is_decided(self, guest: Guest, step: Step) -> bool:
        """Return whether the answer was heard, or is lost."""
        return self.count_heard(guest, step) > 0 or self.is_lost(guest, step)


Plan = Callable[[bool], Sequence[Step]]
"""Returns the steps of a customer; the argument says whether the first webhook is late."""


def plan_visit(is_late: bool) -> Sequence[Step]:
    """Return the steps of a customer of the bot that the pages share."""
    late = [Step("says", "Anybody there?", "late_answer", attempt="How can we help?")] if is_late else []
    return [
        *late,
        Step("says", "Hello", "How can we help?"),
        Step("taps", "Where is my order?", "It arrives tomorrow."),
        Step("taps", "Find a shop", "Where are you?"),
        Step("picks", "Porto", "Rua das Flores 2"),
    ]


class Crowd:
    """Customers of all kinds on one sandbox.

    Of five in a row, one has a phone number, one a phone number and a BSUID, one only a BSUID, and two have Brazilian
    numbers, with and without the ninth digit. They write to the business's two numbers in turn. The first webhook of
    every sixth is late.

    Attributes:
        sandbox: The sandbox.
        guests: The customers.
    """

    def __init__(self, plan: Plan = plan_visit, size: int = 30) -> None:
        """Create the sandbox and its customers; nothing happens yet."""
        self.sandbox: Final = Sandbox(seed=1, bsuid_recipients="accept", rate_limit=None, read_after=None, keep=100_000)
        senders = self.sandbox.settings.senders
        self.guests: Final = [
            Guest(f"guest {number}", self._invite(number), senders[number % 2], plan(is_late(number)))
            for number in range(size)
        ]
        self._by_id: Final = {one: guest for guest in self.guests for one in guest.customer.identity.ids}

    def _invite(self, number: int) -> Customer:
        kinds = (
            (f"+1604444{number:04}", None),
            (f"+1604555{number:04}", f"US.{number:020}"),
            (None, f"CA.{number:020}"),
            (f"+55119876{number:05}", None),
            (f"+5511876{number:05}", None),
        )
        phone, bsuid = kinds[number % 5]
        return self.sandbox.customer(phone, bsuid=bsuid, name=f"Guest {number}")

    async def register(self, address: str) -> None:
        """Register the address for messages and statuses, and add the faults."""
        await register(self.sandbox, address)
        self._add_faults()

    def _add_faults(self) -> None:
        fault = self.sandbox.fault
        for number, guest in enumerate(self.guests):
            if is_late(number):
                fault("delay_webhook", recipient=guest.customer.identity.ids[0], topic="messages", next=1, seconds=LATE)
        fault("rate_limited", every=4, retry_after="0")
        fault("drop", every=11)
        fault("server_error", every=13, accepted=True)
        fault("server_error", every=17, status=503)
        fault("duplicate_webhook", every=3)
        fault("reorder_webhook", every=5)

    async def converse(self) -> None:
        """Take all steps, round by round, until no customer can go on or an answer never comes."""
        limiter = asyncio.Semaphore(_AT_ONCE)

        async def take(guest: Guest, step: Step) -> None:
            async with limiter:
                sender = {"sender": guest.number} if step.verb == "says" else {}
                await getattr(guest.customer, step.verb)(step.argument, **sender)

        while walkers := self._list_walkers():
            steps = [guest.steps[guest.taken] for guest in walkers]
            for guest in walkers:
                guest.taken += 1
            await asyncio.gather(*map(take, walkers, steps))
            try:
                await wait_patiently(self._settle(walkers), PATIENCE)
            except TimeoutError:
                return  # An answer never came, as the report will say.

    def _list_walkers(self) -> list[Guest]:
        records = self._read_records()
        return [guest for guest in self.guests if self._can_go_on(guest, records)]

    def _can_go_on(self, guest: Guest, records: Records) -> bool:
        """Return whether the next step can be taken: after an answer that never came, there is nothing to tap."""
        if guest.taken == len(guest.steps):
            return False
        step = guest.steps[guest.taken]
        return step.verb == "says" or any(step.argument in body for body in records.heard.get(guest.name, ()))

    async def _settle(self, guests: Sequence[Guest]) -> None:
        """Let time pass until each answer was given or tried."""
        sandbox = self.sandbox
        late = {guest.name for number, guest in enumerate(self.guests) if is_late(number) and guest.taken == 1}
        # Several at once, as each delivers one webhook after the other. The late ones come when all else is done.
        await asyncio.gather(*(sandbox.advance(hours=1) for _ in range(_COURIERS)))
        while not self._are_decided([guest for guest in guests if guest.name not in late]):
            await asyncio.sleep(0.02)  # An answer is still in a queue, and its window is open.
            await sandbox.advance(seconds=1)
        while True:
            await asyncio.gather(*(sandbox.settle() for _ in range(_COURIERS)))
            if self._are_decided(guests):
                return
            await asyncio.sleep(0.02)

    def _are_decided(self, guests: Iterable[Guest]) -> bool:
        records = self._read_records()
        return all(records.is_decided(guest, guest.steps[guest.taken - 1]) for guest in guests)

    def find_problems(self) -> list[str]:
        """Return what went wrong, a line for each: by the sandbox's own records, nothing by the program's word."""
        return [*self._find_wrong_answers(), *self._find_strangers(), *self._find_absent_faults()]

    def find_unfollowed(self, output: str) -> list[str]:
        """Return what is wrong with the statuses that a program printed, as lines with `<message id> <status>`."""
        told = self._list_told_statuses()
        followed = Counter(_STATUS.findall(output))
        return [
            *(f"{one} is {status}, which the program did not follow" for one, status in sorted(told - set(followed))),
            *(f"{one} {status}: followed {count} times" for (one, status), count in followed.items() if count > 1),
            *([] if told else ["no status was delivered"]),
        ]

    def _list_told_statuses(self) -> set[tuple[str, str]]:
        updates = [
            delivery.json()["statusUpdate"]
            for delivery in self.sandbox.deliveries
            if delivery.topic == "delivery_status" and delivery.delivered
        ]
        return {(update["id"], update["status"]) for update in updates}

    def _find_wrong_answers(self) -> Iterator[str]:
        records = self._read_records()
        for guest in self.guests:
            for step in guest.steps[: guest.taken]:
                count = records.count_heard(guest, step)
                if count > 1:
                    yield f"{guest.name} heard {step.answer!r} {count} times"
                elif count == 0 and not records.is_lost(guest, step):
                    yield f"{guest.name} {step.verb} {step.argument!r} and did not hear {step.answer!r}"

    def _find_strangers(self) -> Iterator[str]:
        for message in self.sandbox.messages:
            body, guest = _to_text(message.body), self._find_guest(_to_text(message.body))
            if guest is None:
                yield f"a message went to nobody: {body}"
                continue
            if not any(step.answer in body for step in guest.steps[: guest.taken]):
                yield f"{guest.name} heard what nothing asked for: {body}"
            if message.sender != guest.number:
                yield f"{guest.name} wrote to {guest.number} and heard from {message.sender}"

    def _find_absent_faults(self) -> Iterator[str]:
        there = {request.fault for request in self.sandbox.requests}
        there |= {delivery.fault for delivery in self.sandbox.deliveries}
        wanted = {"rate_limited", "drop", "server_error", "duplicate_webhook", "reorder_webhook", "delay_webhook"}
        yield from (f"the fault {fault} never happened" for fault in sorted(wanted - there))
        if not any(guest.taken == len(guest.steps) for guest in self.guests):
            yield "no conversation came to its end"

    def _find_guest(self, body: str) -> Guest | None:
        return next((self._by_id[one] for one in _VALUE.findall(body) if one in self._by_id), None)

    def _read_records(self) -> Records:
        """Sort what the sandbox kept by customers."""
        records = Records()
        for message in self.sandbox.messages:
            records.add(records.heard, self._find_guest(body := _to_text(message.body)), body)
        for request in self.sandbox.requests:
            if request.fault in _UNKNOWN and request.body:
                records.add(records.lost, self._find_guest(body := _to_text(request.json())), body)
        return records


async def register(sandbox: Sandbox, address: str) -> None:
    """Register an address for messages and statuses."""
    settings, transport = sandbox.settings, AsgiTransport(sandbox.app)
    async with Connectly(api_key=settings.api_key, business_id=settings.business_id, transport=transport) as connectly:
        await connectly.webhooks.ensure("messages", address)
        await connectly.webhooks.ensure("delivery_status", address)


def is_late(number: int) -> bool:
    """Return whether a customer's first webhook is late."""
    return number % 6 == 5


def _to_text(body: object) -> str:
    return json.dumps(body, ensure_ascii=False)
