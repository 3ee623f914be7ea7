"""The events as frozen values: one class for each kind, so that a `match` can be exhaustive.

    match event:
        case InboundMessage(text=str(text)): ...
        case ButtonReply(payload=payload): ...
        case DeliveryStatus(status="delivery_failed", failure=failure): ...
        case _: ...

Events are hashable, can be pickled, and keep personal data out of their repr: it shows values that the service
documents and ids in the service's own form; any other text may be personal, and is shown as `…`.
`raw` is the whole body; treat it as read-only. The classes have no slots: a frozen class with slots takes a third
longer to create.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from typing import Any, ClassVar, Final, Literal

import attrs

from connectly_api.webhooks.event_parts import Attachment, Business, Customer, DeliveryFailure, Location, Referral
from connectly_api.webhooks.event_values import (
    REPLY_NAMES,
    REPORT_TYPES,
    RUN_STATUSES,
    STATUSES,
    TOPICS,
    DeepValue,
    is_id,
    show_if,
    show_known,
)

# Keys are built from these. The envelope is left out: the topic, what the send call attached, and unknown names.
_CONTENT: Final = (
    *("id", "message", "attachments", "location", "referral"),
    *("statusUpdate", "status_update", "report", *REPLY_NAMES),
)


def _build_key(kind: str, *facts: object) -> str:
    """Return a key: the kind of event, and a digest of JSON values, so that it has one length and no personal data.

    The order of names does not matter, nor whether an absent value is left out or written as null or zero, or a whole
    number with a fraction of zero, as gateways and their versions may differ in these.
    """
    # Encoded, decoded and encoded again: the decoder calls its hook from the inside out, without Python's recursion.
    pruned = _PRUNE.decode(_ENCODE(facts))
    return f"{kind}:{hashlib.sha256(_ENCODE(pruned).encode('ascii')).hexdigest()}"


def _drop_zero_values(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: found for name, found in fields.items() if found}


def _parse_fraction(text: str) -> float | int:
    number = float(text)
    return int(number) if number.is_integer() else number


_PRUNE: Final = json.JSONDecoder(object_hook=_drop_zero_values, parse_float=_parse_fraction)
# ASCII, because a lone surrogate, which JSON can escape, has no UTF-8.
_ENCODE: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode


def _describe_content(
    text: str | None, attachments: tuple[Attachment, ...], location: Location | None
) -> tuple[object, ...]:
    """Return what a message with an id says. URLs are left out: they may be signed again for each delivery."""
    files = [(one.type, one.caption, one.filename) for one in attachments]
    return (text, files, attrs.astuple(location) if location else None)


@attrs.frozen(kw_only=True, slots=False)
class _BaseEvent(DeepValue):
    """The fields of every event.

    Attributes:
        topic: The registration's topic, if the event names it; most inbound messages do not.
        customer: The customer: the sender of an inbound message, the recipient of an outbound one.
        business: The business's number.
        timestamp: When it happened, aware, in UTC.
        message_id: The message that the event is about; for a delivery status, the id that the send call returned.
        reply_to_id: The message that a customer's message replies to.
        callback_data: What the send call attached; on delivery statuses, and on replies that refer to the message.
        campaign_name: The campaign name that the send call attached.
        raw: The whole body, as it came.
    """

    kind: ClassVar[str]

    topic: str | None = attrs.field(default=None, repr=show_known(*TOPICS))
    customer: Customer = attrs.field(factory=Customer)
    business: Business = attrs.field(factory=Business)
    timestamp: datetime | None = None
    message_id: str | None = attrs.field(default=None, repr=show_if(is_id))
    reply_to_id: str | None = attrs.field(default=None, repr=show_if(is_id))
    callback_data: Any = attrs.field(default=None, repr=False, hash=False)
    campaign_name: str | None = None
    raw: Mapping[str, Any] = attrs.field(factory=dict[str, Any], repr=False, hash=False)

    @cached_property
    def key(self) -> str:
        """The event's unique key, for de-duplication; it contains no personal data.

        It is the same for every delivery of one event, however its JSON is written, and different for each status of
        one message. An edited message comes under the id of the message that it edits, so the key of a message is built
        from its id and what it says. The key of an event without an id, such as the documented inbound messages, is
        built from all its content: two identical texts from one customer within one second have the same key, because
        nothing distinguishes them from one text delivered twice. The key of an `UnknownEvent` is built from the whole
        body.
        """
        ids = self._get_ids()
        return _build_key(self.kind, *((*ids, *self._get_statement()) if all(ids) else self._get_content()))

    def _get_ids(self) -> tuple[str | None, ...]:
        """Return the ids that together identify the event, or the message of which `_get_statement` tells more."""
        return (self.message_id,)

    def _get_statement(self) -> tuple[object, ...]:
        """Return what else tells events with the same ids apart, and nothing that may differ in a second delivery."""
        return ()

    def _get_content(self) -> tuple[object, ...]:
        """Return what identifies an event without such ids, and nothing that may differ in a second delivery."""
        phone, bsuid = self.customer.phone, self.customer.bsuid
        return (
            self.timestamp.isoformat() if self.timestamp else self.raw.get("timestamp"),
            self.customer.id or (bsuid.value if bsuid else None) or (phone.e164 if phone else None),
            self.business.id,
            self.reply_to_id,
            {name: self.raw[name] for name in _CONTENT if name in self.raw},
        )


@attrs.frozen(kw_only=True, slots=False)
class InboundMessage(_BaseEvent):
    """A message from a customer.

    Attributes:
        text: The text, or None.
        attachments: The files; the documentation shows at most one.
        location: A shared location.
        referral: The advertisement that brought the customer.
        is_edited: Whether the body says that this is a new version of the message `message_id`. How the service marks
            one is not published: an edit without a mark that we know is False, and still has a key of its own.
    """

    kind: ClassVar[str] = "message"

    text: str | None = attrs.field(default=None, repr=False)
    attachments: tuple[Attachment, ...] = ()
    location: Location | None = None
    referral: Referral | None = None
    is_edited: bool = False

    def _get_statement(self) -> tuple[object, ...]:
        # A message can be edited back to an earlier text, so an edit also counts by its time.
        time = self.timestamp.isoformat() if self.is_edited and self.timestamp else None
        return (*_describe_content(self.text, self.attachments, self.location), self.is_edited, time)


@attrs.frozen(kw_only=True, slots=False)
class ButtonReply(_BaseEvent):
    """A customer tapped a button; `reply_to_id` is the message with the button.

    Attributes:
        id: The button's id, if the event has it.
        text: The button's title.
        payload: The payload that the button was sent with; the older form of this event has none. WhatsApp's own
            spelling, should the service use it, has it as the `id`.
    """

    kind: ClassVar[str] = "button_reply"

    id: str | None = attrs.field(default=None, repr=False)
    text: str | None = attrs.field(default=None, repr=False)
    payload: str | None = attrs.field(default=None, repr=False)

    def _get_statement(self) -> tuple[object, ...]:
        return (self.reply_to_id, self.id, self.text, self.payload)


@attrs.frozen(kw_only=True, slots=False)
class ListReply(_BaseEvent):
    """A customer picked a row of a list; `reply_to_id` is the message with the list.

    The service does not publish the form of this event: every plausible one is read, and one that leaves doubt is an
    `UnknownEvent`.

    Attributes:
        id: The row's id.
        title: The row's title.
        description: The row's description, if the event has it.
    """

    kind: ClassVar[str] = "list_reply"

    id: str | None = attrs.field(default=None, repr=False)
    title: str | None = attrs.field(default=None, repr=False)
    description: str | None = attrs.field(default=None, repr=False)

    def _get_statement(self) -> tuple[object, ...]:
        return (self.reply_to_id, self.id, self.title, self.description)


@attrs.frozen(kw_only=True, slots=False)
class Reaction(_BaseEvent):
    """A customer reacted to the message `reply_to_id` with an emoji, or took the reaction back.

    The service does not publish the form of this event: every plausible one is read, and one that leaves doubt is an
    `UnknownEvent`.

    Attributes:
        emoji: The emoji; None if it was removed and the event does not say which it was.
        is_removed: Whether the customer took the reaction back.
    """

    kind: ClassVar[str] = "reaction"

    emoji: str | None = attrs.field(default=None, repr=False)
    is_removed: bool = False

    def _get_ids(self) -> tuple[str | None, ...]:
        # No id is used: the event may have that of the message, to which a customer can react again and again.
        return (None,)


@attrs.frozen(kw_only=True, slots=False)
class Echo(_BaseEvent):
    """A message from the business itself, however it was sent: delivered if the registration has `echo` on.

    Do not reply to it.

    Attributes:
        text: The text, or None.
        attachments: The files.
        location: A shared location.
    """

    kind: ClassVar[str] = "echo"

    text: str | None = attrs.field(default=None, repr=False)
    attachments: tuple[Attachment, ...] = ()
    location: Location | None = None

    def _get_statement(self) -> tuple[object, ...]:
        return _describe_content(self.text, self.attachments, self.location)


@attrs.frozen(kw_only=True, slots=False)
class DeliveryStatus(_BaseEvent):
    """What happened to a message that was sent; `message_id` is the id that the send call returned.

    Statuses may arrive in any order and more than once: `StatusTracker` orders them.

    Attributes:
        status: `sent`, `delivered`, `read` or `delivery_failed`; open to new values. None if it could not be read.
        failure: The reason, for `delivery_failed`.
    """

    kind: ClassVar[str] = "delivery_status"

    status: Literal["sent", "delivered", "read", "delivery_failed"] | str | None = attrs.field(  # noqa: PYI051  (documents)
        default=None, repr=show_known(*STATUSES)
    )
    failure: DeliveryFailure | None = None

    def _get_ids(self) -> tuple[str | None, ...]:
        return (self.message_id, self.status)


@attrs.frozen(kw_only=True, slots=False)
class ReportReady(_BaseEvent):
    """A report is ready. Source: https://docs.connectly.ai (Reports API, webhooks configuration).

    Attributes:
        report_id: The report's id.
        name: Its name.
        report_type: `campaign.daily.custom` and the like; open to new values.
        run_id: The id of its last run.
        status: The run's status, `completed`; open to new values.
        url: Where to fetch the result until `expires_at`.
        created_at: When the result was created.
        expires_at: When the URL expires.
    """

    kind: ClassVar[str] = "report"

    report_id: str | None = attrs.field(default=None, repr=show_if(is_id))
    name: str | None = attrs.field(default=None, repr=False)
    report_type: str | None = attrs.field(default=None, repr=show_known(*REPORT_TYPES))
    run_id: str | None = attrs.field(default=None, repr=show_if(is_id))
    status: str | None = attrs.field(default=None, repr=show_known(*RUN_STATUSES))
    url: str | None = attrs.field(default=None, repr=False)
    created_at: datetime | None = None
    expires_at: datetime | None = None

    def _get_ids(self) -> tuple[str | None, ...]:
        return (self.report_id, self.run_id, self.status)


@attrs.frozen(kw_only=True, slots=False)
class UnknownEvent(_BaseEvent):
    """An authentic event of a kind that this version does not know: a new topic, a sticker, contacts; see `raw`.

    `customer` is set if it is clear which side is the customer.
    """

    kind: ClassVar[str] = "unknown"

    def _get_ids(self) -> tuple[str | None, ...]:
        # No id is used: it may be that of another message, to which the event refers.
        return (None,)

    def _get_content(self) -> tuple[object, ...]:
        return (self.raw,)


Event = InboundMessage | ButtonReply | ListReply | Reaction | Echo | DeliveryStatus | ReportReady | UnknownEvent
"""Any event; a `match` over these eight classes is exhaustive."""
