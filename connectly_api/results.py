"""What the facade hands back: frozen values, each with the raw answer behind it."""

from __future__ import annotations

import attrs

from connectly_api.recipients import Recipient
from connectly_api.transport.protocol import Response

__all__ = ["CreatedWebhook", "SentMessage", "WebhookFilter", "WebhookRegistration"]


@attrs.frozen
class SentMessage:
    """A message that the service accepted; whether it arrived is told by its delivery statuses.

    Attributes:
        id: The service's id of the message: opaque; delivery statuses carry it as `message_id`.
        recipient: To whom it goes.
        response: The raw answer: status, headers, body.
    """

    id: str
    recipient: Recipient
    response: Response = attrs.field(repr=False, eq=False)


@attrs.frozen
class CreatedWebhook:
    """A webhook registration that the service accepted.

    Attributes:
        id: The registration's id: opaque; needed to update and delete it.
        response: The raw answer: status, headers, body.
    """

    id: str
    response: Response = attrs.field(repr=False, eq=False)


@attrs.frozen
class WebhookFilter:
    """Which events a registration receives, by a pattern.

    Attributes:
        expression: A glob, `summer-promo-*`.
        field: What it is matched against; `campaign_name` is the only one documented.
    """

    expression: str
    field: str = "campaign_name"


@attrs.frozen
class WebhookRegistration:
    """Where the events of one topic are delivered to, as the service tells it.

    A value that the service left out, or sent as `null`, is None or an empty tuple; values that are new are kept.

    Attributes:
        id: Opaque; empty where the service sent none.
        topic: `messages`, `delivery_status`, `report`, or a newer one.
        address: Where events are posted.
        type: `custom`, `zapier`, `webengage`, `integromat_make`, or a newer one.
        echo: Whether the business's own outbound messages are delivered too.
        channel_types: Of which channels: `whatsapp`, `sms`, or newer ones; all where empty.
        filters: Of which campaigns; all where empty.
    """

    id: str
    topic: str | None = None
    address: str | None = attrs.field(default=None, repr=False)
    type: str | None = None
    echo: bool | None = None
    channel_types: tuple[str, ...] = ()
    filters: tuple[WebhookFilter, ...] = ()
