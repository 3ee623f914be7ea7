"""What calls return: frozen values, with the raw response."""

from __future__ import annotations

from typing import Literal

import attrs

from connectly_api.recipients import Recipient
from connectly_api.transport.protocol import Response


@attrs.frozen
class SentMessage:
    """A message that the service accepted. Its delivery statuses tell you whether it arrives.

    Attributes:
        id: The message's id, an opaque string; delivery statuses have it as `message_id`.
        recipient: The customer.
        response: The raw response: status, headers, body.
        is_fallback: Whether the template of `otherwise` was sent, because the customer's window is closed.
    """

    id: str
    recipient: Recipient
    response: Response = attrs.field(repr=False, eq=False)
    is_fallback: bool = False


@attrs.frozen
class CreatedWebhook:
    """A webhook registration that the service created.

    Attributes:
        id: The registration's id, an opaque string; needed to update and delete it.
        response: The raw response: status, headers, body.
    """

    id: str
    response: Response = attrs.field(repr=False, eq=False)


@attrs.frozen
class EnsuredWebhook:
    """A webhook registration that is as it should be.

    Attributes:
        id: The registration's id, an opaque string.
        action: What had to be done: `created`, `updated`, or nothing, `unchanged`.
    """

    id: str
    action: Literal["created", "updated", "unchanged"]


@attrs.frozen
class WebhookFilter:
    """A filter on the events that a registration receives.

    Attributes:
        expression: A glob pattern, such as `summer-promo-*`.
        field: The field that it is matched against; only `campaign_name` is documented.
    """

    expression: str
    field: str = "campaign_name"


@attrs.frozen
class WebhookRegistration:
    """A webhook registration: where the service posts the events of one topic.

    What the service leaves out, or sends as `null`, is None or an empty tuple. Values newer than this version are kept.

    Attributes:
        id: The registration's id, an opaque string; empty if the service sent none.
        topic: `messages`, `delivery_status`, `report`, or a newer one.
        address: The URL that events are posted to.
        type: `custom`, `zapier`, `webengage`, `integromat_make`, or a newer one.
        echo: Whether the business's own outbound messages are delivered, too.
        channel_types: The channels, `whatsapp`, `sms`, or newer ones; all if empty.
        filters: Filters by campaign; all campaigns if empty.
    """

    id: str
    topic: str | None = None
    address: str | None = attrs.field(default=None, repr=False)
    type: str | None = None
    echo: bool | None = None
    channel_types: tuple[str, ...] = ()
    filters: tuple[WebhookFilter, ...] = ()
