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

from connectly_api.sandbox.model.fault_rules import FaultRule
from connectly_api.sandbox.model.identity import Identity
from connectly_api.sandbox.model.records import (
    AcceptedMessage,
    DeclaredTemplate,
    Delivery,
    ReceivedRequest,
    Registration,
    TimelineEntry,
)


class Change(Protocol):
    """A value that says what is different from now on."""

    def apply_to(self, state: State) -> None:
        """Make it so."""
        ...


@attrs.frozen
class Event:
    """A webhook event before it is known who wants it.

    Attributes:
        topic: The topic whose registrations get it.
        customer: Whom it is about.
        channel: The channel type of the message that it is about.
        campaign_name: The tag of the message that it is about, directly or as a reply.
        is_echo: Whether it tells of the business's own message.
        content: The body's bytes.
    """

    topic: str
    customer: Identity
    content: bytes = attrs.field(repr=False)
    channel: str = "whatsapp"
    campaign_name: str | None = None
    is_echo: bool = False


@attrs.frozen
class StatusDue:
    """A message is about to reach a status.

    Attributes:
        message: The message.
        status: `sent`, `delivered` or `read`.
        failure: The code with which it fails where it would be delivered; None where it will not.
    """

    message: AcceptedMessage
    status: str
    failure: str | None = None


@attrs.frozen
class WebhookDue:
    """An event is about to be delivered to a registration.

    Attributes:
        number: That of the event.
        registration_id: The registration, whose address is looked up at the last moment.
        event: The event.
        attempt: 1 for the first.
        is_settled: Whether the rules had their say already.
        fault: What a rule decided, for the record.
    """

    number: int
    registration_id: str
    event: Event
    attempt: int = 1
    skip_faults: bool = False
    fault: str | None = None


@attrs.frozen
class ReleaseDue:
    """What was held back for the next event of a registration is delivered, as there was none."""

    registration_id: str
    number: int


Task = StatusDue | WebhookDue | ReleaseDue


def _kept_requests(state: State) -> deque[ReceivedRequest]:
    return deque(maxlen=state.keep)


def _kept_deliveries(state: State) -> deque[Delivery]:
    return deque(maxlen=state.keep)


def _kept_entries(state: State) -> deque[TimelineEntry]:
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
        send_times: When the latest requests came, by operation; as many as the rate limit allows.
        rules: Faults, by number, and how many requests or events each has matched so far.
        agenda: What is still to come, as a heap of time, number and task.
        held: Events held back for the next one of their registration.
    """

    now: float
    keep: int
    request_count: int = 0
    message_count: int = 0
    registration_count: int = 0
    inbound_count: int = 0
    event_count: int = 0
    task_count: int = 0
    entry_count: int = 0
    rule_count: int = 0
    windows: dict[tuple[str, str], float] = attrs.field(factory=dict[tuple[str, str], float])
    identities: dict[str, Identity] = attrs.field(factory=dict[str, Identity])
    display_names: dict[str, str] = attrs.field(factory=dict[str, str])
    opted_out: set[str] = attrs.field(factory=set[str])
    former_ids: set[str] = attrs.field(factory=set[str])
    templates: dict[tuple[str, str], DeclaredTemplate] = attrs.field(factory=dict[tuple[str, str], DeclaredTemplate])
    registrations: dict[str, Registration] = attrs.field(factory=dict[str, Registration])
    statuses: dict[str, str] = attrs.field(factory=dict[str, str])
    send_times: dict[tuple[str, str], deque[float]] = attrs.field(factory=dict[tuple[str, str], deque[float]])
    rules: dict[int, FaultRule] = attrs.field(factory=dict[int, FaultRule])
    rule_matches: dict[int, int] = attrs.field(factory=dict[int, int])
    schedule: list[tuple[float, int, Task]] = attrs.field(factory=list[tuple[float, int, Task]])
    held_webhooks: dict[str, WebhookDue] = attrs.field(factory=dict[str, WebhookDue])
    messages: OrderedDict[str, AcceptedMessage] = attrs.field(init=False, factory=OrderedDict[str, AcceptedMessage])
    requests: deque[ReceivedRequest] = attrs.field(init=False, default=attrs.Factory(_kept_requests, takes_self=True))
    deliveries: deque[Delivery] = attrs.field(init=False, default=attrs.Factory(_kept_deliveries, takes_self=True))
    timeline: deque[TimelineEntry] = attrs.field(init=False, default=attrs.Factory(_kept_entries, takes_self=True))

    def apply(self, change: Change) -> None:
        """Carry out one change."""
        change.apply_to(self)

    def get_window_end(self, sender: str, names: Iterable[str]) -> float | None:
        """Return until when free-form messages may go to a customer; None where the customer never wrote."""
        known = [self.windows[sender, name] for name in names if (sender, name) in self.windows]
        return max(known, default=None)

    def has_room(self, operation: tuple[str, str], limit: int | None) -> bool:
        """Say whether one more request of an operation is within the limit for a second."""
        times = self.send_times.get(operation, ())
        return limit is None or len(times) < limit or times[-limit] <= self.now - 1

    @property
    def next_due(self) -> float:
        """Return when the next task is due; inf where there is none."""
        return self.schedule[0][0] if self.schedule else math.inf

    def complete_identity(self, identity: Identity) -> Identity:
        """Return a customer with what else is known: the BSUID to a phone number, and the other way round."""
        return next((self.identities[name] for name in identity.ids if name in self.identities), identity)

    def find_messages(self, identity: Identity, message_id: str | None = None) -> Iterable[AcceptedMessage]:
        """Yield the kept messages to a customer, the latest first; of them, only the one that is named, if one is."""
        names = {*identity.ids, *self.complete_identity(identity).ids}
        for message in reversed(self.messages.values()):
            if not names.isdisjoint(message.customer.ids) and message_id in {None, message.id}:
                yield message
