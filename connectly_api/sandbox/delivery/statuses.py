"""Schedules webhooks for the registrations that want an event, and the statuses of messages. Pure."""

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


def schedule_webhooks(state: State, event: Event, *, cause: int | None = None) -> Iterator[Change]:
    """Schedule an event, due now, for each registration that wants it; its cause is the latest entry, or the given."""
    for registration in state.registrations.values():
        if _wants(registration, event):
            yield TaskScheduled(state.now, WebhookDue(0, registration.id, event, cause=cause))


def schedule_statuses(settings: Settings, state: State, message: AcceptedMessage, *, early: bool) -> Iterator[Change]:
    """Schedule the echo of an accepted message and its first status, which is due at once with `early`."""
    if any(registration.configuration.get("echo") is True for registration in state.registrations.values()):
        event = build_echo_event(settings, message, state.complete_identity(message.customer))
        yield from schedule_webhooks(state, event)
    wait = 0.0 if early else settings.sent_after
    yield TaskScheduled(state.now + wait, StatusDue(message, "sent"))


def advance_status(settings: Settings, state: State, task: StatusDue) -> Iterator[Change]:
    """Set a status that is due, send its event, and schedule the next status."""
    if _get_rank(state.statuses.get(task.message.id)) >= _get_rank(task.status):
        return
    failure = state.failures.get(task.message.id) if task.status == "delivered" else None
    status = task.status if failure is None else "delivery_failed"
    yield from _set_status(settings, state, task.message, status, failure)
    if status == "sent":
        yield TaskScheduled(state.now + settings.delivered_after, StatusDue(task.message, "delivered"))
    elif status == "delivered":
        yield from _schedule_reading(settings, state, task.message)


def mark_delivered(settings: Settings, state: State, message: AcceptedMessage) -> Iterator[Change]:
    """Set the statuses up to `delivered` that a message does not have yet, and schedule the next."""
    changes = tuple(_catch_up(settings, state, message, "delivered"))
    if changes:
        yield from changes
        yield from _schedule_reading(settings, state, message)


def mark_read(settings: Settings, state: State, message: AcceptedMessage) -> Iterator[Change]:
    """Set the statuses up to `read` that a message does not have yet."""
    return _catch_up(settings, state, message, "read")


def _catch_up(settings: Settings, state: State, message: AcceptedMessage, last: str) -> Iterator[Change]:
    for status in _ORDER[_get_rank(state.statuses.get(message.id)) + 1 : _get_rank(last) + 1]:
        yield from _set_status(settings, state, message, status, None)


def _schedule_reading(settings: Settings, state: State, message: AcceptedMessage) -> Iterator[Change]:
    if settings.read_after is not None:
        yield TaskScheduled(state.now + settings.read_after, StatusDue(message, "read"))


def _set_status(
    settings: Settings, state: State, message: AcceptedMessage, status: str, code: str | None
) -> Iterator[Change]:
    error = None
    if status == "delivery_failed":
        refusal = Refusal(status=400, message="The message could not be delivered", code=str(code))
        error = refusal.to_body(build_trace_id(settings.seed, -state.entry_count))
    customer = state.complete_identity(message.customer)
    yield EntryRecorded(StatusChange(message.id, status, state.now, code if error else None), customer)
    event = build_status_event(settings, message, customer, now=state.now, status=status, error=error)
    yield from schedule_webhooks(state, event)


def _get_rank(status: str | None) -> int:
    return -1 if status is None else _ORDER.index(status)


def _wants(registration: Registration, event: Event) -> bool:
    configuration = registration.configuration
    if registration.topic != event.topic or (event.is_echo and configuration.get("echo") is not True):
        return False
    if event.topic == "report":
        return True
    channels = to_strings(configuration.get("channelTypes"))
    if channels and event.channel not in channels:
        return False
    return _passes_filters(configuration, event.campaign_name)


def _passes_filters(configuration: Mapping[str, Any], campaign: str | None) -> bool:
    """One matching filter is enough; an event without a campaign matches none."""
    filters = get_objects(configuration, "filters")
    return not filters or (
        campaign is not None and any(fnmatchcase(campaign, get_text(rule, "expression")) for rule in filters)
    )
