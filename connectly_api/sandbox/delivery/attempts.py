"""Delivery attempts: the request when a webhook is due, the effect of faults, and what follows the response. Pure."""

from __future__ import annotations

import json
from http import HTTPStatus
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

_HELD_FOR: Final = 60.0
"""Seconds after which a held webhook is delivered if there was no other event."""


@attrs.frozen
class Attempt:
    """One request to a receiver; `is_copy` marks the second of two."""

    task: WebhookDue
    registration: Registration
    content: bytes = attrs.field(repr=False)
    secret: str = attrs.field(repr=False)
    is_copy: bool = False

    @property
    def signature(self) -> str:
        """The signature header."""
        return sign(self.content, self.secret)


@attrs.frozen
class Dispatch:
    """Changes to apply, then attempts to make."""

    changes: tuple[Change, ...] = ()
    attempts: tuple[Attempt, ...] = ()


@attrs.frozen
class Outcome:
    """The response to an attempt, or why there was none; `is_final` means that a retry is pointless."""

    status: int | None
    problem: str | None = attrs.field(default=None, repr=False)
    is_final: bool = False
    answer: bytes = attrs.field(default=b"", repr=False)
    traceback: str | None = attrs.field(default=None, repr=False)


def dispatch_webhook(settings: Settings, state: State, task: WebhookDue) -> Dispatch:
    """Return the attempts for a due webhook; none if its registration was deleted."""
    registration = state.registrations.get(task.registration_id)
    if registration is None:
        return Dispatch()
    match = match_rules(
        {} if task.skip_faults else state.rules,
        state.rule_matches,
        settings.seed,
        kinds=DELIVERY_FAULTS,
        customer=state.complete_identity(task.event.customer),
        topic=task.event.topic,
    )
    dispatch = Dispatch(attempts=(_build_attempt(settings, task, registration),))
    if match.rule is not None:
        faulty = attrs.evolve(task, skip_faults=True, fault=match.rule.what)
        dispatch = _apply_fault(state, _build_attempt(settings, faulty, registration), match.rule)
    changes = (*map(RuleMatched, match.matched), *dispatch.changes)
    held = state.held_webhooks.get(registration.id)
    if held is None or not dispatch.attempts:
        return Dispatch(changes, dispatch.attempts)
    late = _build_attempt(settings, held, registration)
    return Dispatch((*changes, WebhookReleased(registration.id)), (*dispatch.attempts, late))


def release_webhook(settings: Settings, state: State, task: ReleaseDue) -> Dispatch:
    """Return the attempt for a webhook that was held too long; none if it was already sent."""
    held, registration = state.held_webhooks.get(task.registration_id), state.registrations.get(task.registration_id)
    if held is None or registration is None or held.number != task.number:
        return Dispatch()
    return Dispatch((WebhookReleased(task.registration_id),), (_build_attempt(settings, held, registration),))


def conclude_attempt(settings: Settings, state: State, attempt: Attempt, outcome: Outcome) -> tuple[Change, ...]:
    """Return what follows an attempt: its record, and a retry unless the response was a 200."""
    recorded = _record_delivery(attempt, outcome, state.now)
    number = attempt.task.attempt
    is_last = number > len(settings.webhook_retries) or outcome.is_final or attempt.is_copy
    if outcome.status == HTTPStatus.OK or is_last:
        return (recorded,)
    retry = attrs.evolve(attempt.task, attempt=number + 1, skip_faults=True, fault=None)
    return (recorded, TaskScheduled(state.now + settings.webhook_retries[number - 1], retry))


def _build_attempt(settings: Settings, task: WebhookDue, registration: Registration) -> Attempt:
    return Attempt(task, registration, task.event.content, settings.webhook_secret)


def _record_delivery(attempt: Attempt, outcome: Outcome, now: float) -> EntryRecorded:
    delivery = Delivery(
        number=attempt.task.number,
        attempt=attempt.task.attempt,
        registration_id=attempt.registration.id,
        topic=attempt.registration.topic,
        address=attempt.registration.address,
        content=attempt.content,
        signature=attempt.signature,
        status=outcome.status,
        problem=outcome.problem,
        at=now,
        fault=attempt.task.fault,
        answer=outcome.answer,
        traceback=outcome.traceback,
    )
    event = attempt.task.event
    return EntryRecorded(delivery, event.customer, attempt.task.cause, event.message_id)


def _apply_fault(state: State, attempt: Attempt, rule: FaultRule) -> Dispatch:
    match rule.what:
        case "drop_webhook":
            outcome = Outcome(None, "dropped by a rule")
            return Dispatch((_record_delivery(attempt, outcome, state.now),))
        case "duplicate_webhook":
            return Dispatch((), (attempt, attrs.evolve(attempt, is_copy=True)))
        case "delay_webhook":
            return Dispatch((TaskScheduled(state.now + rule.seconds, attempt.task),))
        case "reorder_webhook":
            return _hold(state, attempt)
        case "unknown_topic":
            body = {**json.loads(attempt.content), "topic": UNKNOWN_TOPIC}
            return Dispatch((), (attrs.evolve(attempt, content=encode_compact(body)),))
        case _:
            return Dispatch((), (attrs.evolve(attempt, secret=f"not {attempt.secret}"),))


def _hold(state: State, attempt: Attempt) -> Dispatch:
    """Hold a webhook until the next one; if one is held already, send this one, which releases it."""
    if attempt.registration.id in state.held_webhooks:
        return Dispatch((), (attempt,))
    release = ReleaseDue(attempt.registration.id, attempt.task.number)
    return Dispatch((WebhookHeld(attempt.task), TaskScheduled(state.now + _HELD_FOR, release)))
