"""What can change in a sandbox: each change as a frozen value that carries itself out."""

from __future__ import annotations

import heapq
from collections import deque

import attrs

from connectly_api.sandbox.model.fault_rules import Rule
from connectly_api.sandbox.model.identity import Identity
from connectly_api.sandbox.model.records import (
    AcceptedMessage,
    Act,
    Delivery,
    ReceivedRequest,
    Registration,
    StatusReached,
)
from connectly_api.sandbox.model.state import State
from connectly_api.sandbox.model.tasks import Task, WebhookDue
from connectly_api.sandbox.service.declared_templates import DeclaredTemplate

__all__ = [
    "ClockSet",
    "CustomerKnown",
    "CustomerMoved",
    "Held",
    "Let",
    "MessageAccepted",
    "Noted",
    "OptedOut",
    "RegistrationRemoved",
    "RegistrationStored",
    "RuleAdded",
    "RuleMatched",
    "RulesCleared",
    "Scheduled",
    "SendCounted",
    "Taken",
    "TemplateStored",
    "WindowSet",
    "Written",
]


@attrs.frozen
class MessageAccepted:
    """A message exists."""

    message: AcceptedMessage

    def carry_out(self, state: State) -> None:
        """Keep it; the oldest goes where there is no room."""
        state.accepted += 1
        state.messages[self.message.id] = self.message
        if len(state.messages) > state.keep:
            oldest, _ = state.messages.popitem(last=False)
            state.statuses.pop(oldest, None)


@attrs.frozen
class RegistrationStored:
    """A registration exists, or has changed."""

    registration: Registration
    new: bool = False

    def carry_out(self, state: State) -> None:
        """Store it."""
        state.registered += self.new
        state.registrations[self.registration.id] = self.registration


@attrs.frozen
class RegistrationRemoved:
    """A registration is gone."""

    id: str

    def carry_out(self, state: State) -> None:
        """Remove it, with what was held back for it."""
        state.registrations.pop(self.id, None)
        state.held.pop(self.id, None)


@attrs.frozen
class WindowSet:
    """The window of a sender and a customer's names is open until a time, which may be past."""

    sender: str = attrs.field(repr=False)
    names: tuple[str, ...] = attrs.field(repr=False)
    until: float

    def carry_out(self, state: State) -> None:
        """Set it under each name."""
        for name in self.names:
            state.windows[self.sender, name] = self.until


@attrs.frozen
class CustomerKnown:
    """Phone and BSUID belong together, and the customer may have a name."""

    identity: Identity
    name: str | None = attrs.field(default=None, repr=False)

    def carry_out(self, state: State) -> None:
        """Remember it under each of the names."""
        for key in self.identity.names:
            state.people[key] = self.identity
            state.gone.discard(key)
            if self.name is not None:
                state.display_names[key] = self.name


@attrs.frozen
class CustomerMoved:
    """A customer has another phone number, and with it another BSUID."""

    old: Identity
    new: Identity

    def carry_out(self, state: State) -> None:
        """Let the old names lead nowhere; nobody has written from the new ones yet."""
        name = next((state.display_names[key] for key in self.old.names if key in state.display_names), None)
        for key in self.old.names:
            state.people.pop(key, None)
            state.display_names.pop(key, None)
        CustomerKnown(self.new, name).carry_out(state)
        state.gone.update(set(self.old.names) - set(self.new.names))


@attrs.frozen
class OptedOut:
    """A customer wants no templates any more, or wants them again."""

    names: tuple[str, ...] = attrs.field(repr=False)
    is_out: bool = True

    def carry_out(self, state: State) -> None:
        """Remember it under each name."""
        if self.is_out:
            state.opted_out.update(self.names)
        else:
            state.opted_out.difference_update(self.names)


@attrs.frozen
class TemplateStored:
    """A template was declared."""

    template: DeclaredTemplate

    def carry_out(self, state: State) -> None:
        """Store it under its name and language."""
        state.templates[self.template.name, self.template.language] = self.template


@attrs.frozen
class SendCounted:
    """A request counts towards an operation's limit."""

    operation: tuple[str, str]
    limit: int

    def carry_out(self, state: State) -> None:
        """Note the time."""
        times = state.sends.setdefault(self.operation, deque(maxlen=self.limit))
        times.append(state.now)


@attrs.frozen
class Written:
    """A customer's own message got its number."""

    def carry_out(self, state: State) -> None:
        """Count it."""
        state.written += 1


@attrs.frozen
class Scheduled:
    """Something is to come; where it is an event, it gets its number."""

    due: float
    task: Task

    def carry_out(self, state: State) -> None:
        """Put it on the agenda; of what is due at the same time, the earlier entry goes first."""
        state.scheduled += 1
        task = self.task
        if isinstance(task, WebhookDue) and not task.number:
            state.announced += 1
            task = attrs.evolve(task, number=state.announced)
        heapq.heappush(state.agenda, (self.due, state.scheduled, task))


@attrs.frozen
class Taken:
    """The next task is no longer to come."""

    def carry_out(self, state: State) -> None:
        """Take it off the agenda, and let the clock be where it was due."""
        due, _, _ = heapq.heappop(state.agenda)
        state.now = max(state.now, due)


@attrs.frozen
class ClockSet:
    """It is later."""

    now: float

    def carry_out(self, state: State) -> None:
        """Set the clock; it does not go back."""
        state.now = max(state.now, self.now)


@attrs.frozen
class Held:
    """An event waits for the next one of its registration."""

    task: WebhookDue

    def carry_out(self, state: State) -> None:
        """Hold it."""
        state.held[self.task.registration_id] = self.task


@attrs.frozen
class Let:
    """What was held back for a registration is held no longer."""

    registration_id: str

    def carry_out(self, state: State) -> None:
        """Let it go."""
        state.held.pop(self.registration_id, None)


@attrs.frozen
class RuleAdded:
    """A rule for faults exists."""

    rule: Rule

    def carry_out(self, state: State) -> None:
        """Give it its number."""
        state.ruled += 1
        state.rules[state.ruled] = self.rule
        state.matched[state.ruled] = 0


@attrs.frozen
class RuleMatched:
    """A rule's selector fitted once more, whether or not the rule struck."""

    number: int

    def carry_out(self, state: State) -> None:
        """Count it."""
        state.matched[self.number] = state.matched.get(self.number, 0) + 1


@attrs.frozen
class RulesCleared:
    """There are no rules any more."""

    def carry_out(self, state: State) -> None:
        """Forget them."""
        state.rules.clear()
        state.matched.clear()


@attrs.frozen
class Noted:
    """Something happened that inspection shows."""

    entry: ReceivedRequest | Delivery | Act | StatusReached

    def carry_out(self, state: State) -> None:
        """Keep it, the oldest goes where there is no room."""
        state.noted += 1
        state.timeline.append(self.entry)
        match self.entry:
            case ReceivedRequest() as request:
                state.received += 1
                state.requests.append(request)
            case Delivery() as delivery:
                state.deliveries.append(delivery)
            case StatusReached(message_id, status) if message_id in state.messages:
                state.statuses[message_id] = status
            case _:
                pass
