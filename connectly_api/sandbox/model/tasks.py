"""What is still to come: values that wait on the sandbox's clock. Pure."""

from __future__ import annotations

import attrs

from connectly_api.sandbox.model.identity import Identity
from connectly_api.sandbox.model.records import AcceptedMessage

__all__ = ["Event", "ReleaseDue", "StatusDue", "Task", "WebhookDue"]


@attrs.frozen
class Event:
    """A webhook event before it is known who wants it.

    Attributes:
        topic: The topic whose registrations get it.
        customer: Whom it is about.
        channel: The channel type of the message that it is about.
        campaign_name: The tag of the message that it is about, directly or as a reply.
        is_echo: Whether it tells of the business's own message.
        content: The body's bytes.
    """

    topic: str
    customer: Identity
    content: bytes = attrs.field(repr=False)
    channel: str = "whatsapp"
    campaign_name: str | None = None
    is_echo: bool = False


@attrs.frozen
class StatusDue:
    """A message is about to reach a status.

    Attributes:
        message: The message.
        status: `sent`, `delivered` or `read`.
        failure: The code with which it fails where it would be delivered; None where it will not.
    """

    message: AcceptedMessage
    status: str
    failure: str | None = None


@attrs.frozen
class WebhookDue:
    """An event is about to be delivered to a registration.

    Attributes:
        number: That of the event.
        registration_id: The registration, whose address is looked up at the last moment.
        event: The event.
        attempt: 1 for the first.
        is_settled: Whether the rules had their say already.
        fault: What a rule decided, for the record.
    """

    number: int
    registration_id: str
    event: Event
    attempt: int = 1
    is_settled: bool = False
    fault: str | None = None


@attrs.frozen
class ReleaseDue:
    """What was held back for the next event of a registration is delivered, as there was none."""

    registration_id: str
    number: int


Task = StatusDue | WebhookDue | ReleaseDue
