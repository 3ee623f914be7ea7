"""The parts of events as frozen values: participants, content, and why a delivery failed."""

from __future__ import annotations

from typing import Any

import attrs

from connectly_api.error_codes import is_documented_code, is_documented_type, is_trace_id
from connectly_api.recipients import Bsuid, Phone, Recipient
from connectly_api.webhooks.event_values import (
    ATTACHMENT_TYPES,
    CHANNEL_TYPES,
    MEDIA_TYPES,
    SOURCE_TYPES,
    DeepValue,
    is_id,
    show_if,
    show_known,
)


@attrs.frozen(kw_only=True, slots=False)
class Customer:
    """The customer's side of an event; a field is None if the event does not say.

    Attributes:
        id: The event's id of the customer: the phone number as it was written, or the BSUID.
        phone: The phone number; None if the customer hides it, or if reading it would be a guess.
        bsuid: The business-scoped user id, if BSUIDs are enabled for the business's number.
        name: The customer's display name.
        channel_type: `whatsapp`, `sms`; open to new values.
    """

    id: str | None = attrs.field(default=None, repr=False)
    phone: Phone | None = None
    bsuid: Bsuid | None = None
    name: str | None = attrs.field(default=None, repr=False)
    channel_type: str | None = attrs.field(default=None, repr=show_known(*CHANNEL_TYPES))

    @property
    def recipient(self) -> Recipient | None:
        """The customer as a recipient for `send`, with phone number and BSUID if known; None if neither is.

        It has no name: the display name is the customer's own, and need not be sent back.
        """
        if self.phone is None and self.bsuid is None:
            return None
        return Recipient(phone=self.phone, bsuid=self.bsuid)


@attrs.frozen(kw_only=True, slots=False)
class Business:
    """The business's side of an event: one of its numbers.

    Attributes:
        id: The event's id of the number: the number as it was written, or an opaque id in older events.
        phone: The number, for `sender`; None if reading it would be a guess.
        name: The number's display name.
        channel_type: `whatsapp`, `sms`; open to new values.
    """

    id: str | None = attrs.field(default=None, repr=False)
    phone: Phone | None = None
    name: str | None = attrs.field(default=None, repr=False)
    channel_type: str | None = attrs.field(default=None, repr=show_known(*CHANNEL_TYPES))


@attrs.frozen(kw_only=True, slots=False)
class Attachment:
    """A file. Source: https://docs.connectly.ai/webhooks/payload-types.

    Attributes:
        type: `image`, `video`, `audio`, `document`; open to new values.
        url: Where to fetch it.
        caption: Its caption.
        filename: Its name, for documents.
    """

    type: str | None = attrs.field(default=None, repr=show_known(*ATTACHMENT_TYPES))
    url: str | None = attrs.field(default=None, repr=False)
    caption: str | None = attrs.field(default=None, repr=False)
    filename: str | None = attrs.field(default=None, repr=False)


@attrs.frozen(kw_only=True, slots=False)
class Location:
    """A shared location.

    Attributes:
        latitude: Degrees, −90 to 90; None if it could not be read.
        longitude: Degrees, −180 to 180; None if it could not be read.
        name: The name of the place.
        address: Its postal address.
    """

    latitude: float | None = attrs.field(default=None, repr=False)
    longitude: float | None = attrs.field(default=None, repr=False)
    name: str | None = attrs.field(default=None, repr=False)
    address: str | None = attrs.field(default=None, repr=False)


@attrs.frozen(kw_only=True, slots=False)
class Referral:
    """The advertisement or post that brought the customer. Source: https://docs.connectly.ai/webhooks/payload-types.

    Attributes:
        ctwa_clid: Meta's click id.
        source_url: The URL of the advertisement or post.
        source_id: Its id.
        source_type: `ad` or `post`.
        headline: Its title.
        body: Its text.
        media_type: `image` or `video`.
        image_url: Its image.
        video_url: Its video.
        thumbnail_url: Its preview.
    """

    ctwa_clid: str | None = attrs.field(default=None, repr=False)
    source_url: str | None = attrs.field(default=None, repr=False)
    source_id: str | None = attrs.field(default=None, repr=show_if(is_id))
    source_type: str | None = attrs.field(default=None, repr=show_known(*SOURCE_TYPES))
    headline: str | None = attrs.field(default=None, repr=False)
    body: str | None = attrs.field(default=None, repr=False)
    media_type: str | None = attrs.field(default=None, repr=show_known(*MEDIA_TYPES))
    image_url: str | None = attrs.field(default=None, repr=False)
    video_url: str | None = attrs.field(default=None, repr=False)
    thumbnail_url: str | None = attrs.field(default=None, repr=False)


@attrs.frozen(kw_only=True, slots=False)
class DeliveryFailure(DeepValue):
    """Why a message was not delivered: the fields of `ApiError`.

    Attributes:
        code: `ERROR_CODE_…`, open to new values.
        type: `ERROR_TYPE_…`, open to new values.
        message: For developers; the repr leaves it out, as it may repeat personal data.
        user_title: A short text for end users.
        user_message: A longer text for end users.
        trace_id: The id to give to the service's support.
        details: Further facts.
    """

    code: str | None = attrs.field(default=None, repr=show_if(is_documented_code))
    type: str | None = attrs.field(default=None, repr=show_if(is_documented_type))
    message: str | None = attrs.field(default=None, repr=False)
    user_title: str | None = attrs.field(default=None, repr=False)
    user_message: str | None = attrs.field(default=None, repr=False)
    trace_id: str | None = attrs.field(default=None, repr=show_if(is_trace_id))
    details: Any = attrs.field(default=None, repr=False, hash=False)
