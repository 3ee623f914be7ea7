"""What a sandbox remembers. It changes through `State.apply` alone, and every change is a value.

A decision reads the state and returns changes (`connectly_api.sandbox.model.changes`), so whatever happened is a list
of values, and the same list leads to the same state.
"""

from __future__ import annotations

import math
from collections import OrderedDict, deque
from collections.abc import Iterable
from typing import Protocol

import attrs

from connectly_api.sandbox.model.fault_rules import Rule
from connectly_api.sandbox.model.identity import Identity
from connectly_api.sandbox.model.records import AcceptedMessage, Delivery, Entry, ReceivedRequest, Registration
from connectly_api.sandbox.model.tasks import Task, WebhookDue
from connectly_api.sandbox.service.declared_templates import DeclaredTemplate

__all__ = ["Change", "State"]


class Change(Protocol):
    """A value that says what is different from now on."""

    def carry_out(self, state: State) -> None:
        """Make it so."""
        ...


def _kept_requests(state: State) -> deque[ReceivedRequest]:
    return deque(maxlen=state.keep)


def _kept_deliveries(state: State) -> deque[Delivery]:
    return deque(maxlen=state.keep)


def _kept_entries(state: State) -> deque[Entry]:
    return deque(maxlen=state.keep * 4)


@attrs.define
class State:
    """A sandbox's changeable side. Counters number what is created, and never go back before a reset.

    Attributes:
        now: The sandbox's clock, Unix seconds.
        keep: How many messages, requests and deliveries are kept, the latest; of the timeline, four times as many.
        windows: Until when the window of a sender and a customer's name is open; inf where it does not close.
        people: What is known of a customer, by each of the names.
        display_names: How a customer is called, by each of the names.
        opted_out: Names of customers who want no templates.
        gone: Phone numbers and BSUIDs that a customer had before.
        statuses: What became of the messages that are kept, by id.
        sends: When the latest requests came, by operation; as many as the rate limit allows.
        rules: Faults, by number, and how many requests or events each has matched so far.
        agenda: What is still to come, as a heap of time, number and task.
        held: Events held back for the next one of their registration.
    """

    now: float
    keep: int
    received: int = 0
    accepted: int = 0
    registered: int = 0
    written: int = 0
    announced: int = 0
    scheduled: int = 0
    noted: int = 0
    ruled: int = 0
    windows: dict[tuple[str, str], float] = attrs.field(factory=dict[tuple[str, str], float])
    people: dict[str, Identity] = attrs.field(factory=dict[str, Identity])
    display_names: dict[str, str] = attrs.field(factory=dict[str, str])
    opted_out: set[str] = attrs.field(factory=set[str])
    gone: set[str] = attrs.field(factory=set[str])
    templates: dict[tuple[str, str], DeclaredTemplate] = attrs.field(factory=dict[tuple[str, str], DeclaredTemplate])
    registrations: dict[str, Registration] = attrs.field(factory=dict[str, Registration])
    statuses: dict[str, str] = attrs.field(factory=dict[str, str])
    sends: dict[tuple[str, str], deque[float]] = attrs.field(factory=dict[tuple[str, str], deque[float]])
    rules: dict[int, Rule] = attrs.field(factory=dict[int, Rule])
    matched: dict[int, int] = attrs.field(factory=dict[int, int])
    agenda: list[tuple[float, int, Task]] = attrs.field(factory=list[tuple[float, int, Task]])
    held: dict[str, WebhookDue] = attrs.field(factory=dict[str, WebhookDue])
    messages: OrderedDict[str, AcceptedMessage] = attrs.field(init=False, factory=OrderedDict[str, AcceptedMessage])
    requests: deque[ReceivedRequest] = attrs.field(init=False, default=attrs.Factory(_kept_requests, takes_self=True))
    deliveries: deque[Delivery] = attrs.field(init=False, default=attrs.Factory(_kept_deliveries, takes_self=True))
    timeline: deque[Entry] = attrs.field(init=False, default=attrs.Factory(_kept_entries, takes_self=True))

    def apply(self, change: Change) -> None:
        """Carry out one change."""
        change.carry_out(self)

    def open_until(self, sender: str, names: Iterable[str]) -> float | None:
        """Return until when free-form messages may go to a customer; None where the customer never wrote."""
        known = [self.windows[sender, name] for name in names if (sender, name) in self.windows]
        return max(known, default=None)

    def has_room(self, operation: tuple[str, str], limit: int | None) -> bool:
        """Say whether one more request of an operation is within the limit for a second."""
        times = self.sends.get(operation, ())
        return limit is None or len(times) < limit or times[-limit] <= self.now - 1

    def next_due(self) -> float:
        """Return when the next task is due; inf where there is none."""
        return self.agenda[0][0] if self.agenda else math.inf

    def person(self, identity: Identity) -> Identity:
        """Return a customer with what else is known: the BSUID to a phone number, and the other way round."""
        return next((self.people[name] for name in identity.names if name in self.people), identity)

    def message_to(self, identity: Identity, message_id: str | None = None) -> Iterable[AcceptedMessage]:
        """Yield the kept messages to a customer, the latest first; of them, only the one that is named, if one is."""
        names = {*identity.names, *self.person(identity).names}
        for message in reversed(self.messages.values()):
            if not names.isdisjoint(message.customer.names) and message_id in {None, message.id}:
                yield message
