"""One webhook event on its way: what is sent, what a rule does to it, and what follows from the answer. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Final

import attrs

from connectly_api.sandbox.model.fault_rules import DELIVERY_FAULTS, FaultRule, match_rules
from connectly_api.sandbox.model.records import Delivery, Registration
from connectly_api.sandbox.model.settings import Settings
from connectly_api.sandbox.model.state import Change, ReleaseDue, State, WebhookDue
from connectly_api.sandbox.model.state_changes import (
    EntryRecorded,
    RuleMatched,
    TaskScheduled,
    WebhookHeld,
    WebhookReleased,
)
from connectly_api.sandbox.spec.protojson import encode_compact
from connectly_api.webhooks.signature import sign

UNKNOWN_TOPIC: Final = "topic_of_tomorrow"

_HELD_FOR = 60.0
"""Seconds after which what was held back goes out, if no other event has come."""


@attrs.frozen
class Attempt:
    """One request to a receiver.

    Attributes:
        task: What it delivers.
        registration: Whom it is for.
        content: The body.
        secret: What signs it.
        is_copy: Whether it is the second of two.
    """

    task: WebhookDue
    registration: Registration
    content: bytes = attrs.field(repr=False)
    secret: str = attrs.field(repr=False)
    is_copy: bool = False

    @property
    def signature(self) -> str:
        """The signature's header."""
        return sign(self.content, self.secret)


@attrs.frozen
class Dispatch:
    """What changes, and what is sent, in this order."""

    changes: tuple[Change, ...] = ()
    attempts: tuple[Attempt, ...] = ()


@attrs.frozen
class Outcome:
    """What became of a request to a receiver.

    Attributes:
        status: What was answered, or None.
        problem: Why nothing was answered, or None.
        is_final: Whether it is of no use to try again.
    """

    status: int | None
    problem: str | None = None
    is_final: bool = False


def dispatch_webhook(settings: Settings, state: State, task: WebhookDue) -> Dispatch:
    """Return what goes out when an event is due; nothing, where the registration is gone."""
    registration = state.registrations.get(task.registration_id)
    if registration is None:
        return Dispatch()
    met = match_rules(
        {} if task.skip_faults else state.rules,
        state.rule_matches,
        settings.seed,
        kinds=DELIVERY_FAULTS,
        customer=state.complete_identity(task.event.customer),
        topic=task.event.topic,
    )
    sending = _sending(settings, task, registration)
    dispatch = Dispatch(attempts=(sending,))
    if met.rule is not None:
        settled = attrs.evolve(sending, task=attrs.evolve(task, skip_faults=True, fault=met.rule.what))
        dispatch = _FAULTS[met.rule.what](state, settled, met.rule)
    held = state.held_webhooks.get(registration.id)
    changes = (*map(RuleMatched, met.matched), *dispatch.changes)
    if held is None or not dispatch.attempts:
        return Dispatch(changes, dispatch.attempts)
    late = _sending(settings, held, registration)
    return Dispatch((*changes, WebhookReleased(registration.id)), (*dispatch.attempts, late))


def release_webhook(settings: Settings, state: State, task: ReleaseDue) -> Dispatch:
    """Return what was held back too long; nothing, where it has gone out already."""
    held, registration = state.held_webhooks.get(task.registration_id), state.registrations.get(task.registration_id)
    if held is None or registration is None or held.number != task.number:
        return Dispatch()
    return Dispatch((WebhookReleased(task.registration_id),), (_sending(settings, held, registration),))


def conclude_attempt(settings: Settings, state: State, sending: Attempt, outcome: Outcome) -> tuple[Change, ...]:
    """Return what follows from an answer: a record, and another attempt unless it was 200."""
    delivery = _record(sending, outcome.status, outcome.problem, state.now)
    attempt = sending.task.attempt
    is_last = attempt > len(settings.webhook_retries) or outcome.is_final or sending.is_copy
    if delivery.delivered or is_last:
        return (EntryRecorded(delivery),)
    again = attrs.evolve(sending.task, attempt=attempt + 1, skip_faults=True, fault=None)
    return (EntryRecorded(delivery), TaskScheduled(state.now + settings.webhook_retries[attempt - 1], again))


def _sending(settings: Settings, task: WebhookDue, registration: Registration) -> Attempt:
    return Attempt(task, registration, task.event.content, settings.webhook_secret)


def _record(sending: Attempt, status: int | None, problem: str | None, now: float) -> Delivery:
    task = sending.task
    return Delivery(
        number=task.number,
        attempt=task.attempt,
        registration_id=sending.registration.id,
        topic=sending.registration.topic,
        address=sending.registration.address,
        content=sending.content,
        signature=sending.signature,
        status=status,
        problem=problem,
        at=now,
        fault=task.fault,
    )


def _drop(state: State, sending: Attempt, _rule: FaultRule) -> Dispatch:
    return Dispatch((EntryRecorded(_record(sending, None, "dropped by a rule", state.now)),))


def _duplicate(_state: State, sending: Attempt, _rule: FaultRule) -> Dispatch:
    return Dispatch((), (sending, attrs.evolve(sending, is_copy=True)))


def _delay(state: State, sending: Attempt, rule: FaultRule) -> Dispatch:
    return Dispatch((TaskScheduled(state.now + rule.seconds, sending.task),))


def _reorder(state: State, sending: Attempt, _rule: FaultRule) -> Dispatch:
    """Hold it for the next one; where one is held already, that goes out after this."""
    if sending.registration.id in state.held_webhooks:
        return Dispatch((), (sending,))
    release = ReleaseDue(sending.registration.id, sending.task.number)
    return Dispatch((WebhookHeld(sending.task), TaskScheduled(state.now + _HELD_FOR, release)))


def _unknown_topic(_state: State, sending: Attempt, _rule: FaultRule) -> Dispatch:
    body = {**json.loads(sending.content), "topic": UNKNOWN_TOPIC}
    return Dispatch((), (attrs.evolve(sending, content=encode_compact(body)),))


def _bad_signature(_state: State, sending: Attempt, _rule: FaultRule) -> Dispatch:
    return Dispatch((), (attrs.evolve(sending, secret=f"not {sending.secret}"),))


_FAULTS: Final[Mapping[str, Callable[[State, Attempt, FaultRule], Dispatch]]] = {
    "drop_webhook": _drop,
    "duplicate_webhook": _duplicate,
    "delay_webhook": _delay,
    "reorder_webhook": _reorder,
    "unknown_topic": _unknown_topic,
    "bad_signature": _bad_signature,
}
