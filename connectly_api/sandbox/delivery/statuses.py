"""What follows from an event: which registrations get it, and how a message goes from status to status. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any, Final

from connectly_api.json_values import get_objects, get_text, to_strings
from connectly_api.sandbox.delivery.payloads import build_echo_event, build_status_event
from connectly_api.sandbox.model.ids import build_trace_id
from connectly_api.sandbox.model.records import AcceptedMessage, Registration, StatusChange
from connectly_api.sandbox.model.refusals import Refusal
from connectly_api.sandbox.model.settings import Settings
from connectly_api.sandbox.model.state import Change, Event, State, StatusDue, WebhookDue
from connectly_api.sandbox.model.state_changes import EntryRecorded, TaskScheduled

_ORDER: Final = ("sent", "delivered", "read")


def schedule_webhooks(state: State, event: Event) -> Iterator[Change]:
    """Yield a delivery, due now, for each registration that wants an event."""
    for registration in state.registrations.values():
        if _wants(registration, event):
            yield TaskScheduled(state.now, WebhookDue(number=0, registration_id=registration.id, event=event))


def schedule_statuses(
    settings: Settings, state: State, message: AcceptedMessage, failure: str | None, *, early: bool
) -> Iterator[Change]:
    """Yield what follows from an accepted message: its echo, and the first of its statuses.

    Args:
        settings: The sandbox's.
        state: The sandbox's, before.
        message: The message.
        failure: The code with which its delivery will fail; None where it will not.
        early: Whether it is sent before the send call returns.
    """
    if any(one.configuration.get("echo") is True for one in state.registrations.values()):
        yield from schedule_webhooks(
            state, build_echo_event(settings, message, state.complete_identity(message.customer))
        )
    wait = 0.0 if early else settings.sent_after
    yield TaskScheduled(state.now + wait, StatusDue(message, "sent", failure))


def advance_status(settings: Settings, state: State, due: StatusDue) -> Iterator[Change]:
    """Yield what follows when a status is due: the status, its event, and the next status."""
    if _rank(state.statuses.get(due.message.id)) >= _rank(due.status):
        return
    failed = due.failure is not None and due.status == "delivered"
    yield from _reached(settings, state, due.message, "delivery_failed" if failed else due.status, due.failure)
    if failed or due.status == "read":
        return
    if due.status == "sent":
        yield TaskScheduled(state.now + settings.delivered_after, StatusDue(due.message, "delivered", due.failure))
    elif settings.read_after is not None:
        yield TaskScheduled(state.now + settings.read_after, StatusDue(due.message, "read"))


def mark_read(settings: Settings, state: State, message: AcceptedMessage) -> Iterator[Change]:
    """Yield what follows when a customer reads a message: the statuses that it has not reached yet."""
    for one in _ORDER:
        if _rank(state.statuses.get(message.id)) < _rank(one):
            yield from _reached(settings, state, message, one, None)


def _reached(
    settings: Settings, state: State, message: AcceptedMessage, reached: str, code: str | None
) -> Iterator[Change]:
    error = None
    if reached == "delivery_failed":
        refusal = Refusal(status=400, message="The message could not be delivered", code=str(code))
        error = refusal.body(build_trace_id(settings.seed, -state.entry_count))
    yield EntryRecorded(StatusChange(message.id, reached, state.now, code if error else None))
    customer = state.complete_identity(message.customer)
    yield from schedule_webhooks(
        state, build_status_event(settings, message, customer, now=state.now, reached=reached, error=error)
    )


def _rank(reached: str | None) -> int:
    """A failure is final."""
    if reached == "delivery_failed":
        return len(_ORDER)
    return -1 if reached is None else _ORDER.index(reached)


def _wants(registration: Registration, event: Event) -> bool:
    configuration = registration.configuration
    if registration.topic != event.topic or (event.is_echo and configuration.get("echo") is not True):
        return False
    channels = to_strings(configuration.get("channelTypes"))
    if channels and event.channel not in channels and event.topic != "report":
        return False
    return event.topic == "report" or _passes(configuration, event.campaign_name)


def _passes(configuration: Mapping[str, Any], campaign: str | None) -> bool:
    """Filters take what fits one of them; what has no campaign fits none."""
    filters = get_objects(configuration, "filters")
    return not filters or (
        campaign is not None and any(fnmatchcase(campaign, get_text(rule, "expression")) for rule in filters)
    )
