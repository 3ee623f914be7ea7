"""Events without a run, for `connectly trigger`: a verb is applied to a state that has one message. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

import attrs

from connectly_api.sandbox.delivery.statuses import advance_status
from connectly_api.sandbox.model.identity import parse_customer
from connectly_api.sandbox.model.ids import build_message_id
from connectly_api.sandbox.model.records import AcceptedMessage, Registration, StatusChange
from connectly_api.sandbox.model.settings import Settings
from connectly_api.sandbox.model.state import Change, State, StatusDue, WebhookDue
from connectly_api.sandbox.model.state_changes import (
    CustomerIdentified,
    EntryRecorded,
    MessageAccepted,
    RegistrationStored,
    TaskScheduled,
)
from connectly_api.sandbox.verbs.setup import build_verb_changes

_TOPICS: Final = ("messages", "delivery_status", "report")


@attrs.frozen(kw_only=True)
class Sample:
    """What an event is about.

    Attributes:
        customer: A phone number (E.164) or BSUID.
        name: The customer's name.
        sender: The business's number; None for that of the sandbox.
        message_id: The id of the business's message; None for a new one.
        campaign_name: The message's campaign.
        body: The message's other content, as in its request: buttons, rows, callback data.
    """

    customer: str = attrs.field(repr=False)
    name: str | None = attrs.field(default=None, repr=False)
    sender: str | None = attrs.field(default=None, repr=False)
    message_id: str | None = None
    campaign_name: str | None = None
    body: Mapping[str, Any] = attrs.field(factory=dict[str, Any], repr=False)


def build_sample_event(sample: Sample, verb: str, arguments: Mapping[str, Any], *, now: float, seed: int) -> bytes:
    """Build the body of an event.

    Args:
        sample: What the event is about.
        verb: A customer's verb, `report_ready`, or `status`.
        arguments: Its arguments, but the customer; those of `status` are the status and, for a failure, its `code`.
        now: Unix seconds.
        seed: The ids depend on it.

    Raises:
        InvalidInputError: A value is invalid.
    """
    settings, state, message = _prepare(sample, now, seed, arguments.get("code"))
    changes: Iterable[Change]
    if verb == "status":
        changes = advance_status(settings, state, StatusDue(message, arguments["status"]))
    else:
        state.apply(EntryRecorded(StatusChange(message.id, "delivered", now)))
        customer = {} if verb == "report_ready" else {"customer": sample.customer}
        changes = build_verb_changes(settings, state, verb, {**customer, **arguments}, {})
    tasks = (change.task for change in changes if isinstance(change, TaskScheduled))
    return next(task.event.content for task in tasks if isinstance(task, WebhookDue))


def _prepare(sample: Sample, now: float, seed: int, failure: str | None) -> tuple[Settings, State, AcceptedMessage]:
    settings = Settings(seed=seed) if sample.sender is None else Settings(seed=seed, senders=(sample.sender,))
    customer = parse_customer("customer", sample.customer)
    message = AcceptedMessage(
        id=sample.message_id or build_message_id(seed, 1, now),
        kind="text",
        sender=settings.senders[0],
        phone=customer.phone,
        bsuid=customer.bsuid,
        campaign_name=sample.campaign_name,
        accepted_at=now,
        trace_id="",
        body=json.dumps(sample.body),
    )
    state = State(now=now, keep=1)
    state.apply(CustomerIdentified(customer, sample.name))
    state.apply(MessageAccepted(message, failure))
    for topic in _TOPICS:
        state.apply(RegistrationStored(Registration(topic, topic, "", "custom", "{}"), new=True))
    return settings, state, message
