"""One webhook event on its way: what is sent, what a rule does to it, and what follows from the answer. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Final

import attrs

from connectly_api.sandbox.model.changes import Held, Let, Noted, RuleMatched, Scheduled
from connectly_api.sandbox.model.fault_rules import DELIVERY_FAULTS, Rule, meeting
from connectly_api.sandbox.model.records import Delivery, Registration
from connectly_api.sandbox.model.settings import Settings
from connectly_api.sandbox.model.state import Change, State
from connectly_api.sandbox.model.tasks import ReleaseDue, WebhookDue
from connectly_api.sandbox.spec.protojson import compact
from connectly_api.webhooks.signature import sign

__all__ = ["Dispatch", "Outcome", "Sending", "concluded", "dispatched", "released"]

UNKNOWN_TOPIC: Final = "topic_of_tomorrow"

_HELD_FOR = 60.0
"""Seconds after which what was held back goes out, if no other event has come."""


@attrs.frozen
class Sending:
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
    sendings: tuple[Sending, ...] = ()


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


def dispatched(settings: Settings, state: State, task: WebhookDue) -> Dispatch:
    """Return what goes out when an event is due; nothing, where the registration is gone."""
    registration = state.registrations.get(task.registration_id)
    if registration is None:
        return Dispatch()
    met = meeting(
        {} if task.is_settled else state.rules,
        state.matched,
        settings.seed,
        kinds=DELIVERY_FAULTS,
        customer=state.person(task.event.customer),
        topic=task.event.topic,
    )
    sending = _sending(settings, task, registration)
    dispatch = Dispatch(sendings=(sending,))
    if met.rule is not None:
        settled = attrs.evolve(sending, task=attrs.evolve(task, is_settled=True, fault=met.rule.what))
        dispatch = _FAULTS[met.rule.what](state, settled, met.rule)
    held = state.held.get(registration.id)
    changes = (*map(RuleMatched, met.fitting), *dispatch.changes)
    if held is None or not dispatch.sendings:
        return Dispatch(changes, dispatch.sendings)
    late = _sending(settings, held, registration)
    return Dispatch((*changes, Let(registration.id)), (*dispatch.sendings, late))


def released(settings: Settings, state: State, task: ReleaseDue) -> Dispatch:
    """Return what was held back too long; nothing, where it has gone out already."""
    held, registration = state.held.get(task.registration_id), state.registrations.get(task.registration_id)
    if held is None or registration is None or held.number != task.number:
        return Dispatch()
    return Dispatch((Let(task.registration_id),), (_sending(settings, held, registration),))


def concluded(settings: Settings, state: State, sending: Sending, outcome: Outcome) -> tuple[Change, ...]:
    """Return what follows from an answer: a record, and another attempt unless it was 200."""
    delivery = _record(sending, outcome.status, outcome.problem, state.now)
    attempt = sending.task.attempt
    is_last = attempt > len(settings.webhook_retries) or outcome.is_final or sending.is_copy
    if delivery.delivered or is_last:
        return (Noted(delivery),)
    again = attrs.evolve(sending.task, attempt=attempt + 1, is_settled=True, fault=None)
    return (Noted(delivery), Scheduled(state.now + settings.webhook_retries[attempt - 1], again))


def _sending(settings: Settings, task: WebhookDue, registration: Registration) -> Sending:
    return Sending(task, registration, task.event.content, settings.webhook_secret)


def _record(sending: Sending, status: int | None, problem: str | None, now: float) -> Delivery:
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


def _drop(state: State, sending: Sending, _rule: Rule) -> Dispatch:
    return Dispatch((Noted(_record(sending, None, "dropped by a rule", state.now)),))


def _duplicate(_state: State, sending: Sending, _rule: Rule) -> Dispatch:
    return Dispatch((), (sending, attrs.evolve(sending, is_copy=True)))


def _delay(state: State, sending: Sending, rule: Rule) -> Dispatch:
    return Dispatch((Scheduled(state.now + rule.seconds, sending.task),))


def _reorder(state: State, sending: Sending, _rule: Rule) -> Dispatch:
    """Hold it for the next one; where one is held already, that goes out after this."""
    if sending.registration.id in state.held:
        return Dispatch((), (sending,))
    release = ReleaseDue(sending.registration.id, sending.task.number)
    return Dispatch((Held(sending.task), Scheduled(state.now + _HELD_FOR, release)))


def _unknown_topic(_state: State, sending: Sending, _rule: Rule) -> Dispatch:
    body = {**json.loads(sending.content), "topic": UNKNOWN_TOPIC}
    return Dispatch((), (attrs.evolve(sending, content=compact(body)),))


def _bad_signature(_state: State, sending: Sending, _rule: Rule) -> Dispatch:
    return Dispatch((), (attrs.evolve(sending, secret=f"not {sending.secret}"),))


_FAULTS: Final[Mapping[str, Callable[[State, Sending, Rule], Dispatch]]] = {
    "drop_webhook": _drop,
    "duplicate_webhook": _duplicate,
    "delay_webhook": _delay,
    "reorder_webhook": _reorder,
    "unknown_topic": _unknown_topic,
    "bad_signature": _bad_signature,
}
