"""A sandbox's state, and the schedule of its tasks. Only `State.apply` changes it, one change at a time."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Final, Protocol, TypeVar

import attrs

from connectly_api.sandbox.model.bounded_collections import BoundedMap, BoundedQueue
from connectly_api.sandbox.model.customer_registry import CustomerRegistry
from connectly_api.sandbox.model.fault_rules import FaultRule
from connectly_api.sandbox.model.identity import Identity
from connectly_api.sandbox.model.records import (
    AcceptedMessage,
    DeclaredTemplate,
    Delivery,
    InboundText,
    NumberedEntry,
    ReceivedRequest,
    Registration,
    TimelineEntry,
)
from connectly_api.sandbox.model.stored_files import MAX_BYTES, StoredFile

_COLLECTIONS: Final = 5
"""Requests, deliveries, timeline, messages and texts."""

_MAX_DUE: Final = 1_000_000
"""Tasks, beyond which no message is accepted."""

Kept = TypeVar("Kept", AcceptedMessage, InboundText)


class Change(Protocol):
    """A change of the state, as a value."""

    def apply_to(self, state: State) -> None:
        """Change the state."""
        ...


@attrs.frozen
class Event:
    """A webhook event, before its registrations are known.

    Channel, campaign and message id are those of the business's message that it refers to; an echo is that message.
    """

    topic: str
    customer: Identity
    content: bytes = attrs.field(repr=False)
    channel: str = "whatsapp"
    campaign_name: str | None = None
    is_echo: bool = False
    message_id: str | None = None


@attrs.frozen
class StatusDue:
    """A task: a message becomes `sent`, `delivered` (or fails, if `State.failures` says so) or `read`."""

    message: AcceptedMessage
    status: str


@attrs.frozen
class WebhookDue:
    """A task: deliver an event to a registration.

    Attributes:
        number: The number of the event; 0 until it is scheduled.
        registration_id: The address is looked up when the task is due.
        attempt: 1 for the first.
        skip_faults: Whether fault rules were already applied.
        fault: The fault that a rule caused, for the record.
        cause: The number of the entry that caused the event.
    """

    number: int
    registration_id: str
    event: Event
    attempt: int = 1
    skip_faults: bool = False
    fault: str | None = None
    cause: int | None = None


@attrs.frozen
class ReleaseDue:
    """A task: deliver a held webhook, because its registration got no other event in time."""

    registration_id: str
    number: int


Task = StatusDue | WebhookDue | ReleaseDue


def _build_customers(state: State) -> CustomerRegistry:
    return CustomerRegistry(state.keep)


def _build_requests(state: State) -> BoundedQueue[ReceivedRequest]:
    return BoundedQueue(state.keep, state.keep_bytes // _COLLECTIONS)


def _build_deliveries(state: State) -> BoundedQueue[Delivery]:
    return BoundedQueue(state.keep, state.keep_bytes // _COLLECTIONS)


def _build_timeline(state: State) -> BoundedQueue[NumberedEntry]:
    return BoundedQueue(state.keep * 4, state.keep_bytes // _COLLECTIONS)


def _build_messages(state: State) -> BoundedMap[AcceptedMessage]:
    return BoundedMap(state.keep, state.keep_bytes // _COLLECTIONS)


def _build_files(state: State) -> BoundedMap[StoredFile]:
    return BoundedMap(state.keep, MAX_BYTES)


def _build_texts(state: State) -> BoundedMap[InboundText]:
    return BoundedMap(state.keep, state.keep_bytes // _COLLECTIONS)


@attrs.define
class State:
    """The changing part of a sandbox. The counts only grow until a reset, and number new objects.

    Attributes:
        now: The sandbox's clock, Unix seconds.
        is_running: Whether the clock runs by itself while the sandbox has a task in the background.
        speed: Seconds of a running clock in a real one.
        keep: How many of the latest messages, customers, their texts, requests and deliveries are kept; of the
            timeline, four times as many.
        keep_bytes: How many bytes of them are kept; each collection has an equal share.
        due_bytes: Bytes of the webhooks that are scheduled, or being delivered.
        customers: Those who were declared, wrote, or were written to.
        statuses: The latest status of each kept message, by id.
        failures: The error codes of messages that are in flight and will not be delivered, by id.
        send_times: The times of the latest requests, by function, and by sender; as many as the rate limits allow.
        rules: Fault rules that can still be triggered, by number.
        used_rules: The latest rules whose `next` matches are used up, by number.
        rule_matches: How many requests or events each of these rules has matched.
        schedule: A heap of the tasks: when each is due, its number, and the task.
        files: Files that customers can send, by id, oldest first.
        held_webhooks: Webhooks that wait for the next event of their registration.
    """

    now: float
    keep: int
    keep_bytes: int = 2**26
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
    templates: dict[tuple[str, str], DeclaredTemplate] = attrs.field(factory=dict[tuple[str, str], DeclaredTemplate])
    registrations: dict[str, Registration] = attrs.field(factory=dict[str, Registration])
    statuses: dict[str, str] = attrs.field(factory=dict[str, str])
    failures: dict[str, str] = attrs.field(factory=dict[str, str])
    send_times: dict[str, deque[float]] = attrs.field(factory=dict[str, deque[float]])
    rules: dict[int, FaultRule] = attrs.field(factory=dict[int, FaultRule])
    used_rules: dict[int, FaultRule] = attrs.field(factory=dict[int, FaultRule])
    rule_matches: dict[int, int] = attrs.field(factory=dict[int, int])
    schedule: list[tuple[float, int, Task]] = attrs.field(factory=list[tuple[float, int, Task]])
    due_bytes: int = 0
    held_webhooks: dict[str, WebhookDue] = attrs.field(factory=dict[str, WebhookDue])
    customers: CustomerRegistry = attrs.field(init=False, default=attrs.Factory(_build_customers, takes_self=True))
    files: BoundedMap[StoredFile] = attrs.field(init=False, default=attrs.Factory(_build_files, takes_self=True))
    messages: BoundedMap[AcceptedMessage] = attrs.field(
        init=False, default=attrs.Factory(_build_messages, takes_self=True)
    )
    texts: BoundedMap[InboundText] = attrs.field(init=False, default=attrs.Factory(_build_texts, takes_self=True))
    requests: BoundedQueue[ReceivedRequest] = attrs.field(
        init=False, default=attrs.Factory(_build_requests, takes_self=True)
    )
    deliveries: BoundedQueue[Delivery] = attrs.field(
        init=False, default=attrs.Factory(_build_deliveries, takes_self=True)
    )
    timeline: BoundedQueue[NumberedEntry] = attrs.field(
        init=False, default=attrs.Factory(_build_timeline, takes_self=True)
    )

    def apply(self, change: Change) -> None:
        """Apply one change."""
        change.apply_to(self)

    def get_window_end(self, sender: str, ids: Iterable[str]) -> float | None:
        """Return when a customer's window closes; None if the customer has never written to the sender."""
        records = [(key, self.customers.find((key,))) for key in ids]
        ends = [record.windows.get((sender, key)) for key, record in records if record is not None]
        return max((end for end in ends if end is not None), default=None)

    def is_opted_out(self, ids: Iterable[str]) -> bool:
        """Return whether a customer does not want templates."""
        record = self.customers.find_current(ids)
        return record is not None and record.is_opted_out

    def is_former(self, key: str) -> bool:
        """Return whether a customer had a phone number or BSUID, which nobody has any more."""
        record = self.customers.find((key,))
        return record is not None and key in record.former_ids

    def has_room(self, key: str, limit: int) -> bool:
        """Return whether one more request to a function's operation, or of a sender, is within a limit per second."""
        times = self.send_times.get(key, ())
        return len(times) < limit or times[-limit] <= self.now - 1

    @property
    def first_entry(self) -> int:
        """The number of the first entry that is kept; of the next one if there is none."""
        return self.entry_count - len(self.timeline) + 1

    @property
    def is_full(self) -> bool:
        """Whether so much is due that the clock has to move before anything else happens."""
        return len(self.schedule) >= _MAX_DUE or self.due_bytes > 4 * self.keep_bytes

    @property
    def next_due(self) -> float:
        """When the next task is due; inf if there is none."""
        return self.schedule[0][0] if self.schedule else math.inf

    def get_entry_number(self, record: TimelineEntry) -> int:
        """Return the number of an entry; that of the next one if it is not kept."""
        return next((entry.number for entry in self.timeline if entry.record is record), self.entry_count + 1)

    def complete_identity(self, identity: Identity) -> Identity:
        """Return a customer with the other id added, if it is known."""
        record = self.customers.find_current(identity.ids)
        known = Identity() if record is None else record.identity
        return Identity(known.phone or identity.phone, known.bsuid or identity.bsuid)

    def list_ids(self, ids: Iterable[str]) -> frozenset[str]:
        """Return these ids, and every other one that their customers have, or had."""
        given = tuple(ids)
        records = (self.customers.find((key,)) for key in given)
        known = (key for record in records if record is not None for key in (*record.identity.ids, *record.former_ids))
        return frozenset((*given, *known))

    def get_display_name(self, identity: Identity) -> str | None:
        """Return a customer's name, if known."""
        record = self.customers.find_current(identity.ids)
        return None if record is None else record.name

    def is_undeliverable(self, message_id: str) -> bool:
        """Return whether a kept message failed, or is going to."""
        return message_id in self.failures or self.statuses.get(message_id) == "delivery_failed"

    def find_template(self, name: str, language: str) -> DeclaredTemplate | None:
        """Return a declared template; without a language, the first of that name."""
        if language:
            return self.templates.get((name, language))
        return next((template for template in self.templates.values() if template.name == name), None)

    def find_messages(self, identity: Identity, message_id: str | None = None) -> Iterable[AcceptedMessage]:
        """Yield the kept messages to a customer, latest first; with an id, only that one."""
        return self._find(reversed(self.messages.values()), identity, message_id)

    def find_texts(self, identity: Identity, text_id: str | None = None) -> Iterable[InboundText]:
        """Yield the kept texts from a customer, latest first; with an id, only that one."""
        return self._find(reversed(self.texts.values()), identity, text_id)

    def _find(self, kept: Iterable[Kept], identity: Identity, wanted: str | None) -> Iterator[Kept]:
        known = self.customers.find_current(identity.ids)
        ids = set(identity.ids)
        if known is not None:
            ids.update(known.identity.ids, known.former_ids)
        for one in kept:
            if not ids.isdisjoint(one.customer.ids) and wanted in {None, one.id}:
                yield one
