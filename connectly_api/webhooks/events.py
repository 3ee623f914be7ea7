"""What an event says, as frozen values: one class for each kind, so that `match` can be exhaustive.

    match event:
        case InboundMessage(text=str(text)): ...
        case ButtonReply(payload=payload): ...
        case DeliveryStatus(status="delivery_failed", failure=failure): ...
        case _: ...

Every event is hashable, pickles, and shows no personal data in its repr: it shows values that the service documents,
and ids in the form of its own; any other text may be a copy of something personal, and is `…`. `raw` is the whole body
as it came; treat it as read-only. The classes have no slots: a frozen class with slots takes a third longer to fill.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from typing import Any, ClassVar, Final, Literal

import attrs

from connectly_api.webhooks.deep import DeepValue
from connectly_api.webhooks.event_parts import Attachment, Business, Customer, DeliveryFailure, Location, Referral
from connectly_api.webhooks.key import digest
from connectly_api.webhooks.shown import is_id, shown_if, shown_of

__all__ = ["ButtonReply", "DeliveryStatus", "Echo", "Event", "InboundMessage", "ReportReady", "UnknownEvent"]


# Not the envelope: neither the topic, nor what the send call gave along, nor names that this version does not know.
_TELLING: Final = (
    *("id", "message", "attachments", "location", "referral"),
    *("buttonResponse", "button_response", "statusUpdate", "status_update", "report"),
)


@attrs.frozen(kw_only=True, slots=False)
class _Received(DeepValue):
    """What every event has.

    Attributes:
        topic: The registration's topic as the event names it; most inbound messages name none.
        customer: The customer: sender of what came in, recipient of what went out.
        business: The business's number.
        timestamp: When it happened, aware, in UTC.
        message_id: The message that the event is about; for a delivery status, what the send call returned.
        reply_to_id: The message that a customer's message answers.
        callback_data: What the send call gave along, on delivery statuses and on replies that refer to the message.
        campaign_name: The tag that the send call gave along.
        raw: The whole body, as it came.
    """

    kind: ClassVar[str]

    topic: str | None = attrs.field(default=None, repr=shown_of("messages", "delivery_status", "report"))
    customer: Customer = attrs.field(factory=Customer)
    business: Business = attrs.field(factory=Business)
    timestamp: datetime | None = None
    message_id: str | None = attrs.field(default=None, repr=shown_if(is_id))
    reply_to_id: str | None = attrs.field(default=None, repr=shown_if(is_id))
    callback_data: Any = attrs.field(default=None, repr=False, hash=False)
    campaign_name: str | None = None
    raw: Mapping[str, Any] = attrs.field(factory=dict[str, Any], repr=False, hash=False)

    @cached_property
    def key(self) -> str:
        """What names this event among all others, for de-duplication; without personal data in clear.

        It is the same for every delivery of one event, however its JSON is written, and different for each status of
        one message. Events that carry no id of their own, as the documented inbound messages, are told apart by all
        that they say: two identical texts from one customer within one second have the same key, because nothing
        tells them from one text delivered twice. An `UnknownEvent` is known by its whole body.
        """
        ids = self._ids()
        return digest(self.kind, *ids) if all(ids) else digest(self.kind, *self._said())

    def _ids(self) -> tuple[str | None, ...]:
        """The ids which together name the event and no other."""
        return (self.message_id,)

    def _said(self) -> tuple[object, ...]:
        """All that tells an event without such ids from its like; nothing that a second delivery may change."""
        phone, bsuid = self.customer.phone, self.customer.bsuid
        return (
            self.timestamp.isoformat() if self.timestamp else self.raw.get("timestamp"),
            self.customer.id or (bsuid.value if bsuid else None) or (phone.e164 if phone else None),
            self.business.id,
            self.reply_to_id,
            {name: self.raw.get(name) for name in _TELLING},
        )


@attrs.frozen(kw_only=True, slots=False)
class InboundMessage(_Received):
    """A customer wrote.

    Attributes:
        text: The text, None where there is none.
        attachments: The files, none or one as far as documented.
        location: A place that was shared.
        referral: The advertisement that the customer came from.
    """

    kind: ClassVar[str] = "message"

    text: str | None = attrs.field(default=None, repr=False)
    attachments: tuple[Attachment, ...] = ()
    location: Location | None = None
    referral: Referral | None = None


@attrs.frozen(kw_only=True, slots=False)
class ButtonReply(_Received):
    """A customer tapped a button; `reply_to_id` is the message that had it.

    Attributes:
        id: The button's id, where the event says it.
        text: The button's title.
        payload: What the button was given to carry; absent in the older form of this event.
    """

    kind: ClassVar[str] = "button_reply"

    id: str | None = attrs.field(default=None, repr=False)
    text: str | None = attrs.field(default=None, repr=False)
    payload: str | None = attrs.field(default=None, repr=False)


@attrs.frozen(kw_only=True, slots=False)
class Echo(_Received):
    """The business itself wrote, by whatever way: delivered where a registration has `echo` on. Do not answer it.

    Attributes:
        text: The text, None where there is none.
        attachments: The files.
        location: A place that was shared.
    """

    kind: ClassVar[str] = "echo"

    text: str | None = attrs.field(default=None, repr=False)
    attachments: tuple[Attachment, ...] = ()
    location: Location | None = None


@attrs.frozen(kw_only=True, slots=False)
class DeliveryStatus(_Received):
    """What became of a message that was sent; `message_id` is what the send call returned.

    Statuses come in any order, and more than once: `StatusTracker` puts them right.

    Attributes:
        status: `sent`, `delivered`, `read` or `delivery_failed`; open to new values. None where it was not readable.
        failure: Why, for `delivery_failed`.
    """

    kind: ClassVar[str] = "delivery_status"

    status: Literal["sent", "delivered", "read", "delivery_failed"] | str | None = attrs.field(  # noqa: PYI051  (documents)
        default=None, repr=shown_of("sent", "delivered", "read", "delivery_failed")
    )
    failure: DeliveryFailure | None = None

    def _ids(self) -> tuple[str | None, ...]:
        return (self.message_id, self.status)


@attrs.frozen(kw_only=True, slots=False)
class ReportReady(_Received):
    """A report was run. Source: https://docs.connectly.ai (Reports API, webhooks configuration).

    Attributes:
        report_id: The report's id.
        name: Its name.
        report_type: `campaign.daily.custom` and the like; open to new values.
        run_id: The id of its last run.
        status: How the run ended, `completed`; open to new values.
        url: Where the result can be fetched, until `expires_at`.
        created_at: When the result was made.
        expires_at: Until when it can be fetched.
    """

    kind: ClassVar[str] = "report"

    report_id: str | None = attrs.field(default=None, repr=shown_if(is_id))
    name: str | None = attrs.field(default=None, repr=False)
    report_type: str | None = attrs.field(default=None, repr=shown_of("campaign.daily.custom"))
    run_id: str | None = attrs.field(default=None, repr=shown_if(is_id))
    status: str | None = attrs.field(default=None, repr=shown_of("completed"))
    url: str | None = attrs.field(default=None, repr=False)
    created_at: datetime | None = None
    expires_at: datetime | None = None

    def _ids(self) -> tuple[str | None, ...]:
        return (self.report_id, self.run_id, self.status)


@attrs.frozen(kw_only=True, slots=False)
class UnknownEvent(_Received):
    """Authentic, and of a kind that this version does not know: a new topic, a reaction, a sticker; see `raw`.

    `customer` is filled in where the event leaves no doubt which side is the customer.
    """

    kind: ClassVar[str] = "unknown"

    def _ids(self) -> tuple[str | None, ...]:
        # A reaction may carry the id of the message that it reacts to: what is not understood names nothing.
        return (None,)

    def _said(self) -> tuple[object, ...]:
        return (self.raw,)


Event = InboundMessage | ButtonReply | Echo | DeliveryStatus | ReportReady | UnknownEvent
"""Any event; a `match` over it is exhaustive with these six classes."""
