"""A sandbox's state, and the schedule of its tasks. Only `State.apply` changes it, one change at a time."""

from __future__ import annotations

import math
from collections import OrderedDict, deque
from collections.abc import Iterable, Iterator
from typing import Protocol, TypeVar

import attrs

from connectly_api.sandbox.model.fault_rules import FaultRule
from connectly_api.sandbox.model.identity import Identity
from connectly_api.sandbox.model.records import (
    AcceptedMessage,
    DeclaredTemplate,
    Delivery,
    InboundText,
    ReceivedRequest,
    Registration,
    TimelineEntry,
)

Kept = TypeVar("Kept", AcceptedMessage, InboundText)


class Change(Protocol):
    """A change of the state, as a value."""

    def apply_to(self, state: State) -> None:
        """Change the state."""
        ...


@attrs.frozen
class Event:
    """A webhook event, before its registrations are known.

    Channel and campaign are those of the message that it refers to; an echo refers to the business's own message.
    """

    topic: str
    customer: Identity
    content: bytes = attrs.field(repr=False)
    channel: str = "whatsapp"
    campaign_name: str | None = None
    is_echo: bool = False


@attrs.frozen
class StatusDue:
    """A task: a message becomes `sent`, `delivered` or `read`; `failure` is the error code if it is not delivered."""

    message: AcceptedMessage
    status: str
    failure: str | None = None


@attrs.frozen
class WebhookDue:
    """A task: deliver an event to a registration.

    Attributes:
        number: The number of the event; 0 until it is scheduled.
        registration_id: The address is looked up when the task is due.
        attempt: 1 for the first.
        skip_faults: Whether fault rules were already applied.
        fault: The fault that a rule caused, for the record.
    """

    number: int
    registration_id: str
    event: Event
    attempt: int = 1
    skip_faults: bool = False
    fault: str | None = None


@attrs.frozen
class ReleaseDue:
    """A task: deliver a held webhook, because its registration got no other event in time."""

    registration_id: str
    number: int


Task = StatusDue | WebhookDue | ReleaseDue


def _build_requests(state: State) -> deque[ReceivedRequest]:
    return deque(maxlen=state.keep)


def _build_deliveries(state: State) -> deque[Delivery]:
    return deque(maxlen=state.keep)


def _build_timeline(state: State) -> deque[TimelineEntry]:
    return deque(maxlen=state.keep * 4)


@attrs.define
class State:
    """The changing part of a sandbox. The counts only grow until a reset, and number new objects.

    Attributes:
        now: The sandbox's clock, Unix seconds.
        is_running: Whether the clock runs by itself while the sandbox has a task in the background.
        speed: Seconds of a running clock in a real one.
        keep: How many of the latest messages, customers' texts, requests and deliveries are kept; of the timeline, four
            times as many.
        windows: When the window of a sender and a customer's id closes; inf if never.
        identities: What is known about a customer, by each of the ids.
        display_names: The customer's name, by each of the ids.
        opted_out: Ids of customers who do not want templates.
        former_ids: Phone numbers and BSUIDs that customers no longer have.
        statuses: The latest status of each kept message, by id.
        send_times: The times of the latest requests, by function, and by sender; as many as the rate limits allow.
        rules: Fault rules, by number.
        rule_matches: How many requests or events each rule has matched.
        schedule: A heap of the tasks: when each is due, its number, and the task.
        held_webhooks: Webhooks that wait for the next event of their registration.
    """

    now: float
    keep: int
    is_running: bool = False
    speed: float = 1.0
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
    send_times: dict[str, deque[float]] = attrs.field(factory=dict[str, deque[float]])
    rules: dict[int, FaultRule] = attrs.field(factory=dict[int, FaultRule])
    rule_matches: dict[int, int] = attrs.field(factory=dict[int, int])
    schedule: list[tuple[float, int, Task]] = attrs.field(factory=list[tuple[float, int, Task]])
    held_webhooks: dict[str, WebhookDue] = attrs.field(factory=dict[str, WebhookDue])
    messages: OrderedDict[str, AcceptedMessage] = attrs.field(init=False, factory=OrderedDict[str, AcceptedMessage])
    texts: OrderedDict[str, InboundText] = attrs.field(init=False, factory=OrderedDict[str, InboundText])
    requests: deque[ReceivedRequest] = attrs.field(init=False, default=attrs.Factory(_build_requests, takes_self=True))
    deliveries: deque[Delivery] = attrs.field(init=False, default=attrs.Factory(_build_deliveries, takes_self=True))
    timeline: deque[TimelineEntry] = attrs.field(init=False, default=attrs.Factory(_build_timeline, takes_self=True))

    def apply(self, change: Change) -> None:
        """Apply one change."""
        change.apply_to(self)

    def get_window_end(self, sender: str, ids: Iterable[str]) -> float | None:
        """Return when a customer's window closes; None if the customer has never written to the sender."""
        ends = [self.windows[sender, key] for key in ids if (sender, key) in self.windows]
        return max(ends, default=None)

    def has_room(self, key: str, limit: int) -> bool:
        """Return whether one more request to a function's operation, or of a sender, is within a limit per second."""
        times = self.send_times.get(key, ())
        return len(times) < limit or times[-limit] <= self.now - 1

    @property
    def next_due(self) -> float:
        """When the next task is due; inf if there is none."""
        return self.schedule[0][0] if self.schedule else math.inf

    def complete_identity(self, identity: Identity) -> Identity:
        """Return a customer with the other id added, if it is known."""
        return next((self.identities[key] for key in identity.ids if key in self.identities), identity)

    def get_display_name(self, identity: Identity) -> str | None:
        """Return a customer's name, if known."""
        return next((self.display_names[key] for key in identity.ids if key in self.display_names), None)

    def find_messages(self, identity: Identity, message_id: str | None = None) -> Iterable[AcceptedMessage]:
        """Yield the kept messages to a customer, latest first; with an id, only that one."""
        return self._find(reversed(self.messages.values()), identity, message_id)

    def find_texts(self, identity: Identity, text_id: str | None = None) -> Iterable[InboundText]:
        """Yield the kept texts from a customer, latest first; with an id, only that one."""
        return self._find(reversed(self.texts.values()), identity, text_id)

    def _find(self, kept: Iterable[Kept], identity: Identity, wanted: str | None) -> Iterator[Kept]:
        ids = {*identity.ids, *self.complete_identity(identity).ids}
        for one in kept:
            if not ids.isdisjoint(one.customer.ids) and wanted in {None, one.id}:
                yield one
