"""The changes of a state: frozen values, each of which can apply itself."""
# ruff: noqa: D102  (`Change` documents `apply_to`)

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterable, Mapping
from typing import Final

import attrs

from connectly_api.sandbox.model.bounded_collections import measure
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
    StatusChange,
    TimelineEntry,
    VerbCall,
)
from connectly_api.sandbox.model.refusals import RECIPIENT_INVALID
from connectly_api.sandbox.model.state import State, StatusDue, Task, WebhookDue
from connectly_api.sandbox.model.stored_files import StoredFile

_MAX_USED_RULES: Final = 100
"""How many used-up rules are kept for inspection."""


@attrs.frozen
class MessageAccepted:
    """A message was accepted; the oldest one is dropped if there are too many.

    `failure` is the error code if it will not be delivered.
    """

    message: AcceptedMessage
    failure: str | None = None

    def apply_to(self, state: State) -> None:
        state.message_count += 1
        if self.failure is not None:
            state.failures[self.message.id] = self.failure
        for oldest in state.messages.keep(self.message.id, self.message):
            state.statuses.pop(oldest, None)


@attrs.frozen
class RegistrationStored:
    """A registration was created or updated."""

    registration: Registration
    new: bool = False

    def apply_to(self, state: State) -> None:
        state.registration_count += self.new
        state.registrations[self.registration.id] = self.registration


@attrs.frozen
class RegistrationRemoved:
    """A registration was deleted, together with its held webhook."""

    id: str

    def apply_to(self, state: State) -> None:
        state.registrations.pop(self.id, None)
        state.held_webhooks.pop(self.id, None)


@attrs.frozen
class WindowSet:
    """The end of a window between a sender and a customer was set; it may be in the past."""

    sender: str = attrs.field(repr=False)
    ids: tuple[str, ...] = attrs.field(repr=False)
    until: float

    def apply_to(self, state: State) -> None:
        for key in self.ids:
            record = state.customers.touch((key,))
            state.customers.store(attrs.evolve(record, windows={**record.windows, (self.sender, key): self.until}))


@attrs.frozen
class CustomerIdentified:
    """A phone number and a BSUID belong together; the customer may have a name."""

    identity: Identity
    name: str | None = attrs.field(default=None, repr=False)

    def apply_to(self, state: State) -> None:
        state.customers.identify(self.identity, self.name)


@attrs.frozen
class CustomerPhoneChanged:
    """A customer has another phone number and BSUID; what is on its way to the former ids will fail."""

    old: Identity
    new: Identity
    keeps_opt_out: bool = False

    def apply_to(self, state: State) -> None:
        state.customers.change_phone(self.old, self.new, keeps_opt_out=self.keeps_opt_out)
        former = set(self.old.ids) - set(self.new.ids)
        due = (task for _, _, task in state.schedule if isinstance(task, StatusDue) and task.status != "read")
        for message in (task.message for task in due):
            is_on_its_way = state.statuses.get(message.id) in {None, "sent"}
            if is_on_its_way and not former.isdisjoint(message.customer.ids):
                state.failures.setdefault(message.id, RECIPIENT_INVALID)


@attrs.frozen
class OptOutChanged:
    """A customer opted out of templates, or in again."""

    ids: tuple[str, ...] = attrs.field(repr=False)
    is_out: bool = True

    def apply_to(self, state: State) -> None:
        record = state.customers.touch(self.ids)
        state.customers.store(attrs.evolve(record, is_opted_out=self.is_out))


@attrs.frozen
class TemplateStored:
    """A template was declared."""

    template: DeclaredTemplate

    def apply_to(self, state: State) -> None:
        state.templates[self.template.name, self.template.language] = self.template


@attrs.frozen
class SendCounted:
    """A request counts towards a rate limit: that of a function's operation, or of the number that sends."""

    key: str
    limit: int

    def apply_to(self, state: State) -> None:
        state.send_times.setdefault(self.key, deque(maxlen=self.limit)).append(state.now)


@attrs.frozen
class InboundMessageCounted:
    """A customer's message got its number, and from that its id."""

    id: str

    def apply_to(self, state: State) -> None:
        state.inbound_count += 1


@attrs.frozen
class InboundTextKept:
    """A customer's text can be edited from now on; the oldest one is dropped if there are too many."""

    text: InboundText

    def apply_to(self, state: State) -> None:
        state.texts.keep(self.text.id, self.text)


@attrs.frozen
class TaskScheduled:
    """A task is due at a time, after those due at the same time; a new event gets its number."""

    due: float
    task: Task

    def apply_to(self, state: State) -> None:
        state.task_count += 1
        task = self.task
        if isinstance(task, WebhookDue) and not task.number:
            state.event_count += 1
            # The request that an echo is about is recorded only after its changes.
            cause = task.cause or state.entry_count + task.event.is_echo
            task = attrs.evolve(task, number=state.event_count, cause=cause)
        state.due_bytes += measure(task)
        heapq.heappush(state.schedule, (self.due, state.task_count, task))


@attrs.frozen
class RetryDropped:
    """The next attempt to deliver an event, which has the number, is not due any more."""

    number: int

    def apply_to(self, state: State) -> None:
        state.due_bytes -= sum(measure(task) for _, _, task in state.schedule if self._is_attempt(task))
        state.schedule = [due for due in state.schedule if not self._is_attempt(due[2])]
        heapq.heapify(state.schedule)

    def _is_attempt(self, task: Task) -> bool:
        return isinstance(task, WebhookDue) and task.number == self.number


@attrs.frozen
class TaskStarted:
    """The next task was taken off the schedule, and the clock set to the time when it was due."""

    def apply_to(self, state: State) -> None:
        due, _, task = heapq.heappop(state.schedule)
        state.due_bytes -= measure(task)
        state.now = max(state.now, due)


@attrs.frozen
class DeliveryCounted:
    """A webhook is being delivered; until it is over, its bytes count as due, however slow the receiver is."""

    task: WebhookDue
    is_over: bool = False

    def apply_to(self, state: State) -> None:
        state.due_bytes += -measure(self.task) if self.is_over else measure(self.task)


@attrs.frozen
class ClockSet:
    """The clock moved; it never goes back."""

    now: float

    def apply_to(self, state: State) -> None:
        state.now = max(state.now, self.now)


@attrs.frozen
class ClockChanged:
    """The clock was paused, or runs, or has another speed."""

    is_running: bool
    speed: float = 1.0

    def apply_to(self, state: State) -> None:
        state.is_running, state.speed = self.is_running, self.speed


@attrs.frozen
class WebhookHeld:
    """A webhook waits for the next event of its registration."""

    task: WebhookDue

    def apply_to(self, state: State) -> None:
        state.held_webhooks[self.task.registration_id] = self.task


@attrs.frozen
class WebhookReleased:
    """The held webhook of a registration was released."""

    registration_id: str

    def apply_to(self, state: State) -> None:
        state.held_webhooks.pop(self.registration_id, None)


@attrs.frozen
class RuleAdded:
    """A fault rule was added."""

    rule: FaultRule

    def apply_to(self, state: State) -> None:
        state.rule_count += 1
        state.rules[state.rule_count] = self.rule
        state.rule_matches[state.rule_count] = 0


@attrs.frozen
class RuleMatched:
    """A rule matched, whether or not that triggered it; a rule that is used up is only kept for inspection."""

    number: int

    def apply_to(self, state: State) -> None:
        state.rule_matches[self.number] += 1
        rule = state.rules[self.number]
        if rule.next is None or state.rule_matches[self.number] < rule.next:
            return
        state.used_rules[self.number] = state.rules.pop(self.number)
        if len(state.used_rules) > _MAX_USED_RULES:
            oldest = next(iter(state.used_rules))
            del state.used_rules[oldest], state.rule_matches[oldest]


@attrs.frozen
class RuleRemoved:
    """A fault rule was removed."""

    number: int

    def apply_to(self, state: State) -> None:
        state.rules.pop(self.number, None)
        state.used_rules.pop(self.number, None)
        del state.rule_matches[self.number]


@attrs.frozen
class RulesCleared:
    """All fault rules were removed."""

    def apply_to(self, state: State) -> None:
        state.rules.clear()
        state.used_rules.clear()
        state.rule_matches.clear()


@attrs.frozen
class FileStored:
    """A file was stored; the oldest ones are dropped if there are too many."""

    file: StoredFile

    def apply_to(self, state: State) -> None:
        state.files.keep(self.file.id, self.file)


@attrs.frozen
class EntryRecorded:
    """An entry was recorded for inspection; the oldest one is dropped if there are too many.

    Requests and verbs count as activity of their customer.
    """

    entry: TimelineEntry
    customer: Identity = attrs.field(factory=Identity)
    cause: int | None = None
    message_id: str | None = None

    def apply_to(self, state: State) -> None:
        state.entry_count += 1
        ids = self.customer.ids
        is_activity = bool(ids) and isinstance(self.entry, ReceivedRequest | VerbCall)
        customer = state.customers.touch(ids) if is_activity else state.customers.find(ids)
        number = None if customer is None else customer.number
        state.timeline.append(NumberedEntry(state.entry_count, self.entry, number, self.cause, self.message_id))
        match self.entry:
            case ReceivedRequest() as request:
                state.request_count += 1
                state.requests.append(request)
            case Delivery() as delivery:
                state.deliveries.append(delivery)
            case StatusChange(message_id, status):
                if status == "delivery_failed":
                    state.failures.pop(message_id, None)
                if message_id in state.messages:
                    state.statuses[message_id] = status
            case _:
                pass


_MAX_DECLARED: Final = 1_000
_MAX_DECLARED_SIZE: Final = 16_384

_DECLARED: Final[Mapping[type[object], str]] = {
    RegistrationStored: "registrations",
    RuleAdded: "rules",
    TemplateStored: "templates",
}


def find_excess(state: State, changes: Iterable[object]) -> str | None:
    """Return why changes would make a state too large, or None: what is declared is kept until a reset."""
    for change in changes:
        name = _DECLARED.get(type(change))
        if name is not None and measure(change) > _MAX_DECLARED_SIZE:
            return f"{name}: one has more than {_MAX_DECLARED_SIZE} bytes"
        if name is not None and len(getattr(state, name)) >= _MAX_DECLARED:
            return f"{name}: there are {_MAX_DECLARED} already, which is the limit"
    return None
