"""What can change in a sandbox: each change as a frozen value that carries itself out."""

from __future__ import annotations

import heapq
from collections import deque

import attrs

from connectly_api.sandbox.model.fault_rules import FaultRule
from connectly_api.sandbox.model.identity import Identity
from connectly_api.sandbox.model.records import (
    AcceptedMessage,
    DeclaredTemplate,
    Delivery,
    ReceivedRequest,
    Registration,
    StatusChange,
    VerbCall,
)
from connectly_api.sandbox.model.state import State, Task, WebhookDue


@attrs.frozen
class MessageAccepted:
    """A message exists."""

    message: AcceptedMessage

    def apply_to(self, state: State) -> None:
        """Keep it; the oldest goes where there is no room."""
        state.message_count += 1
        state.messages[self.message.id] = self.message
        if len(state.messages) > state.keep:
            oldest, _ = state.messages.popitem(last=False)
            state.statuses.pop(oldest, None)


@attrs.frozen
class RegistrationStored:
    """A registration exists, or has changed."""

    registration: Registration
    new: bool = False

    def apply_to(self, state: State) -> None:
        """Store it."""
        state.registration_count += self.new
        state.registrations[self.registration.id] = self.registration


@attrs.frozen
class RegistrationRemoved:
    """A registration is gone."""

    id: str

    def apply_to(self, state: State) -> None:
        """Remove it, with what was held back for it."""
        state.registrations.pop(self.id, None)
        state.held_webhooks.pop(self.id, None)


@attrs.frozen
class WindowSet:
    """The window of a sender and a customer's names is open until a time, which may be past."""

    sender: str = attrs.field(repr=False)
    ids: tuple[str, ...] = attrs.field(repr=False)
    until: float

    def apply_to(self, state: State) -> None:
        """Set it under each name."""
        for name in self.ids:
            state.windows[self.sender, name] = self.until


@attrs.frozen
class CustomerIdentified:
    """Phone and BSUID belong together, and the customer may have a name."""

    identity: Identity
    name: str | None = attrs.field(default=None, repr=False)

    def apply_to(self, state: State) -> None:
        """Remember it under each of the names."""
        for key in self.identity.ids:
            state.identities[key] = self.identity
            state.former_ids.discard(key)
            if self.name is not None:
                state.display_names[key] = self.name


@attrs.frozen
class CustomerPhoneChanged:
    """A customer has another phone number, and with it another BSUID."""

    old: Identity
    new: Identity

    def apply_to(self, state: State) -> None:
        """Let the old names lead nowhere; nobody has written from the new ones yet."""
        name = next((state.display_names[key] for key in self.old.ids if key in state.display_names), None)
        for key in self.old.ids:
            state.identities.pop(key, None)
            state.display_names.pop(key, None)
        CustomerIdentified(self.new, name).apply_to(state)
        state.former_ids.update(set(self.old.ids) - set(self.new.ids))


@attrs.frozen
class OptOutChanged:
    """A customer wants no templates any more, or wants them again."""

    ids: tuple[str, ...] = attrs.field(repr=False)
    is_out: bool = True

    def apply_to(self, state: State) -> None:
        """Remember it under each name."""
        if self.is_out:
            state.opted_out.update(self.ids)
        else:
            state.opted_out.difference_update(self.ids)


@attrs.frozen
class TemplateStored:
    """A template was declared."""

    template: DeclaredTemplate

    def apply_to(self, state: State) -> None:
        """Store it under its name and language."""
        state.templates[self.template.name, self.template.language] = self.template


@attrs.frozen
class SendCounted:
    """A request counts towards an operation's limit."""

    operation: tuple[str, str]
    limit: int

    def apply_to(self, state: State) -> None:
        """Note the time."""
        times = state.send_times.setdefault(self.operation, deque(maxlen=self.limit))
        times.append(state.now)


@attrs.frozen
class InboundMessageCounted:
    """A customer's own message got its number."""

    def apply_to(self, state: State) -> None:
        """Count it."""
        state.inbound_count += 1


@attrs.frozen
class TaskScheduled:
    """Something is to come; where it is an event, it gets its number."""

    due: float
    task: Task

    def apply_to(self, state: State) -> None:
        """Put it on the agenda; of what is due at the same time, the earlier entry goes first."""
        state.task_count += 1
        task = self.task
        if isinstance(task, WebhookDue) and not task.number:
            state.event_count += 1
            task = attrs.evolve(task, number=state.event_count)
        heapq.heappush(state.schedule, (self.due, state.task_count, task))


@attrs.frozen
class TaskStarted:
    """The next task is no longer to come."""

    def apply_to(self, state: State) -> None:
        """Take it off the agenda, and let the clock be where it was due."""
        due, _, _ = heapq.heappop(state.schedule)
        state.now = max(state.now, due)


@attrs.frozen
class ClockSet:
    """It is later."""

    now: float

    def apply_to(self, state: State) -> None:
        """Set the clock; it does not go back."""
        state.now = max(state.now, self.now)


@attrs.frozen
class WebhookHeld:
    """An event waits for the next one of its registration."""

    task: WebhookDue

    def apply_to(self, state: State) -> None:
        """Hold it."""
        state.held_webhooks[self.task.registration_id] = self.task


@attrs.frozen
class WebhookReleased:
    """What was held back for a registration is held no longer."""

    registration_id: str

    def apply_to(self, state: State) -> None:
        """Let it go."""
        state.held_webhooks.pop(self.registration_id, None)


@attrs.frozen
class RuleAdded:
    """A rule for faults exists."""

    rule: FaultRule

    def apply_to(self, state: State) -> None:
        """Give it its number."""
        state.rule_count += 1
        state.rules[state.rule_count] = self.rule
        state.rule_matches[state.rule_count] = 0


@attrs.frozen
class RuleMatched:
    """A rule's selector fitted once more, whether or not the rule struck."""

    number: int

    def apply_to(self, state: State) -> None:
        """Count it."""
        state.rule_matches[self.number] = state.rule_matches.get(self.number, 0) + 1


@attrs.frozen
class RulesCleared:
    """There are no rules any more."""

    def apply_to(self, state: State) -> None:
        """Forget them."""
        state.rules.clear()
        state.rule_matches.clear()


@attrs.frozen
class EntryRecorded:
    """Something happened that inspection shows."""

    entry: ReceivedRequest | Delivery | VerbCall | StatusChange

    def apply_to(self, state: State) -> None:
        """Keep it, the oldest goes where there is no room."""
        state.entry_count += 1
        state.timeline.append(self.entry)
        match self.entry:
            case ReceivedRequest() as request:
                state.request_count += 1
                state.requests.append(request)
            case Delivery() as delivery:
                state.deliveries.append(delivery)
            case StatusChange(message_id, status) if message_id in state.messages:
                state.statuses[message_id] = status
            case _:
                pass
