"""From a JSON object to the event that it is: pure, and without a way to fail.

How the kind is found. A known `topic` settles it, unless the body holds something of another kind and nothing of its
own; an unknown topic makes an `UnknownEvent`. Where no topic is named, as on most inbound messages, the one part of
`statusUpdate`, `report`, and `message` or `buttonResponse` which is there decides; several of them decide nothing.

Source, unless noted otherwise: https://docs.connectly.ai/webhooks/payload-types.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, TypedDict

from connectly_api.error_response import parse_error_fields
from connectly_api.json_values import is_object
from connectly_api.webhooks.event_parts import Business, Customer, DeliveryFailure
from connectly_api.webhooks.events import (
    ButtonReply,
    DeliveryStatus,
    Echo,
    Event,
    InboundMessage,
    ReportReady,
    UnknownEvent,
)
from connectly_api.webhooks.extract import (
    attachments_in,
    business_in,
    customer_in,
    is_unfamiliar,
    location_in,
    marked_side,
    referral_in,
    written_by_business,
)
from connectly_api.webhooks.lenient_fields import NOTHING, Fields, flag, has_content, inner, text, time

__all__ = ["read"]


def read(body: dict[str, Any]) -> Event:
    """Return the event that a JSON object describes; what cannot be read is lost, and stays in `raw`."""
    topic = text(body, "topic")
    match _family(body, topic):
        case "messages":
            return _read_message(body, topic)
        case "delivery_status":
            return _read_status(body, topic)
        case "report":
            return _read_report(body, topic)
        case _:
            return _read_unknown(body, topic)


_FAMILIES: Final = {
    "statusUpdate": "delivery_status",
    "status_update": "delivery_status",
    "report": "report",
    "message": "messages",
    "buttonResponse": "messages",
    "button_response": "messages",
}
_TOPICS: Final = frozenset(_FAMILIES.values())
_NO_TOPIC: Final = frozenset({None, "topic_unspecified"})


def _family(body: Fields, topic: str | None) -> str | None:
    """Return the topic to which the body belongs, or None where that is unknown or contradictory."""
    if topic not in _TOPICS and topic not in _NO_TOPIC:
        return None
    parts = [name for name, part in body.items() if name in _FAMILIES and is_object(part)]
    named = {_FAMILIES[name] for name in parts}
    if len(named) == 1 and (topic in named or topic in _NO_TOPIC):
        return named.pop()
    told = {_FAMILIES[name] for name in parts if has_content(body[name])}
    if topic in _TOPICS:
        # Where its own part was lost, the topic still tells the kind; where another stands there instead, nothing does.
        return topic if not told or topic in told else None
    candidates = told or named
    return candidates.pop() if len(candidates) == 1 else None


def _read_message(body: dict[str, Any], topic: str | None) -> Event:
    """Return the event of a message, in one direction or the other.

    What the business itself wrote is an `Echo`; a button's reply is a `ButtonReply`; text, attachments, a location or a
    referral make an `InboundMessage`; none of these beside something unfamiliar (a reaction, a sticker, contacts) makes
    an `UnknownEvent`; nothing at all leaves an `InboundMessage` whose fields were lost.
    """
    message = inner(body, "message")
    if written_by_business(body, message):
        return Echo(
            **_common(body, topic, message, customer="recipient"),
            text=text(message, "text"),
            attachments=attachments_in(message, body),
            location=location_in(message, body),
        )
    common = _common(body, topic, message, customer="sender")
    button = inner(body, "buttonResponse", "button_response") or inner(message, "buttonResponse", "button_response")
    if (button and has_content(button)) or flag(message, "isButtonResponse", "is_button_response"):
        return ButtonReply(
            **common,
            id=text(button, "id"),
            text=text(button, "text") or text(message, "text"),
            payload=text(button, "payload") or text(message, "payload"),
        )
    written = text(message, "text")
    attachments = attachments_in(message, body)
    location = location_in(message, body)
    referral = referral_in(message, body)
    if not (written or attachments or location or referral) and is_unfamiliar(message, body):
        return UnknownEvent(**common)
    return InboundMessage(**common, text=written, attachments=attachments, location=location, referral=referral)


def _read_status(body: dict[str, Any], topic: str | None) -> DeliveryStatus:
    update = inner(body, "statusUpdate", "status_update")
    status = text(update, "status")
    error = inner(update, "error")
    return DeliveryStatus(
        **_common(body, topic, update, customer="recipient"),
        # The documentation's older prose calls it `delivery_failure`.
        status="delivery_failed" if status == "delivery_failure" else status,
        failure=DeliveryFailure(**parse_error_fields(error)) if has_content(error) else None,
    )


def _read_report(body: dict[str, Any], topic: str | None) -> ReportReady:
    report = inner(body, "report")
    run = inner(report, "last_run", "lastRun")
    result = inner(run, "result")
    return ReportReady(
        **_common(body, topic, NOTHING, customer=None),
        report_id=text(report, "id"),
        name=text(report, "name"),
        report_type=text(report, "type"),
        run_id=text(run, "id"),
        status=text(run, "status"),
        url=text(result, "url"),
        created_at=time(result, "created_at", "createdAt"),
        expires_at=time(result, "expires_at", "expiresAt"),
    )


def _read_unknown(body: dict[str, Any], topic: str | None) -> UnknownEvent:
    about = inner(body, "message") or inner(body, "statusUpdate", "status_update")
    customer = marked_side(body)
    # Only inbound messages come without a topic.
    if customer is None and (topic in _NO_TOPIC or topic == "messages"):
        customer = "recipient" if written_by_business(body, about) else "sender"
    return UnknownEvent(**_common(body, topic, about, customer=customer))


class _Common(TypedDict):
    topic: str | None
    customer: Customer
    business: Business
    timestamp: datetime | None
    message_id: str | None
    reply_to_id: str | None
    callback_data: Any
    campaign_name: str | None
    raw: Mapping[str, Any]


def _common(body: dict[str, Any], topic: str | None, about: Fields, *, customer: str | None) -> _Common:
    """Read what every event has.

    Args:
        body: The whole body.
        topic: Its topic.
        about: The part that has the message's id, and perhaps the campaign's name.
        customer: `sender`, `recipient`, or None where the event has no customer, or it is not known which side it is.
    """
    context = inner(body, "context") or inner(about, "context")
    callback_data = body.get("callbackData")
    return {
        "topic": topic,
        "customer": customer_in(inner(body, customer)) if customer else _NOBODY,
        "business": business_in(inner(body, _OTHER_SIDE[customer])) if customer else _NO_BUSINESS,
        "timestamp": time(body, "timestamp"),
        "message_id": text(about, "id"),
        "reply_to_id": text(context, "replyToId", "reply_to_id") if context else None,
        "callback_data": body.get("callback_data") if callback_data is None else callback_data,
        "campaign_name": _campaign_name(body) or _campaign_name(about),
        "raw": body,
    }


_OTHER_SIDE: Final = {"sender": "recipient", "recipient": "sender"}
_NOBODY: Final = Customer()
_NO_BUSINESS: Final = Business()


def _campaign_name(part: Fields) -> str | None:
    metadata = inner(part, "metadata")
    return text(metadata, "campaign_name", "campaignName") if metadata else None
