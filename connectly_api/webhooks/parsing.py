"""Turns a request's headers and raw bytes into a typed event, without I/O, in any framework and in sync code.

How the kind of an event is found. A known `topic` decides, unless the body has content of another kind and none of its
own; an unknown topic makes an `UnknownEvent`. Without a topic, as on most inbound messages, the body must have exactly
one of `statusUpdate`, `report`, and `message` or a reply such as `buttonResponse`; with several of them it is an
`UnknownEvent`. A reply in a form that the documentation does not have decides only if nothing documented does.

Source, unless noted otherwise: https://docs.connectly.ai/webhooks/payload-types.
"""

from __future__ import annotations

from typing import Any, Final

from connectly_api.error_response import parse_error_fields
from connectly_api.json_values import is_object
from connectly_api.tracebacks import cut_traceback
from connectly_api.webhooks.decoding import MAX_BYTES, decode
from connectly_api.webhooks.event_parts import Business, Customer, DeliveryFailure
from connectly_api.webhooks.event_values import REPLY_NAMES
from connectly_api.webhooks.events import (
    ButtonReply,
    DeliveryStatus,
    Echo,
    Event,
    InboundMessage,
    ListReply,
    Reaction,
    ReportReady,
    UnknownEvent,
)
from connectly_api.webhooks.extract import (
    find_customer_side,
    has_unknown_content,
    is_edited,
    is_from_business,
    read_attachments,
    read_business,
    read_customer,
    read_location,
    read_referral,
)
from connectly_api.webhooks.lenient_fields import (
    NOTHING,
    Fields,
    has_content,
    read_object,
    read_text,
    read_time,
)
from connectly_api.webhooks.reply_forms import find_replies, read_button, read_reaction, read_row
from connectly_api.webhooks.signature import HeadersLike, Secrets, find_signature, verify

_DOCUMENTED: Final = {
    "statusUpdate": "delivery_status",
    "status_update": "delivery_status",
    "report": "report",
    "message": "messages",
    "buttonResponse": "messages",
    "button_response": "messages",
}
_TOPIC_OF_PART: Final = {**dict.fromkeys(REPLY_NAMES, "messages"), **_DOCUMENTED}
_TOPICS: Final = frozenset(_TOPIC_OF_PART.values())
_NO_TOPIC: Final = frozenset({None, "topic_unspecified"})
_OTHER_SIDE: Final = {"sender": "recipient", "recipient": "sender"}
_NO_CUSTOMER: Final = Customer()
_NO_BUSINESS: Final = Business()


@cut_traceback
def receive(headers: HeadersLike, body: bytes, secrets: Secrets, *, max_bytes: int = MAX_BYTES) -> Event:
    """Verify a request's signature, and return its event.

    Args:
        headers: The request's headers: any mapping, or pairs; `str` or `bytes`; names in any case.
        body: The request's raw body, as it came.
        secrets: The business's secret, or several during a rotation.
        max_bytes: The largest body that is accepted.

    Raises:
        WebhookSignatureError: The signature is missing, malformed or wrong, or a secret is empty: respond with 401.
        WebhookPayloadError: The body is authentic, but is not a JSON object within the limits: respond with 400.
        TypeError: The body is not bytes.
    """
    verify(body, find_signature(headers), secrets)
    return parse(body, max_bytes=max_bytes)


@cut_traceback
def parse(body: bytes, *, max_bytes: int = MAX_BYTES) -> Event:
    """Return the event in a body that you have already verified.

    Args:
        body: The request's raw body.
        max_bytes: The largest body that is accepted.

    Raises:
        WebhookPayloadError: It is not a JSON object, or exceeds a limit: 1 MiB, 520 levels, the range of a double.
        TypeError: The body is not bytes.
    """
    return _build_event(decode(body, max_bytes=max_bytes))


def _build_event(body: dict[str, Any]) -> Event:
    topic = read_text(body, "topic")
    match _find_topic(body, topic):
        case "messages":
            return _build_message(body, topic)
        case "delivery_status":
            return _build_status(body, topic)
        case "report":
            return _build_report(body, topic)
        case _:
            return _build_unknown(body, topic)


def _find_topic(body: Fields, topic: str | None) -> str | None:
    """Return the topic to which the body belongs, or None if that is unknown or contradictory."""
    if topic not in _TOPICS and topic not in _NO_TOPIC:
        return None
    parts = [name for name, part in body.items() if name in _TOPIC_OF_PART and is_object(part)]
    present = {_TOPIC_OF_PART[name] for name in parts}
    if len(present) == 1 and (topic in present or topic in _NO_TOPIC):
        return present.pop()
    full = [name for name in parts if has_content(body[name])]
    with_content = {_DOCUMENTED[name] for name in full if name in _DOCUMENTED} or {
        _TOPIC_OF_PART[name] for name in full
    }
    if topic in _TOPICS:
        # If its own part is missing, the topic still determines the kind; if it has another part instead, nothing does.
        return topic if not with_content or topic in with_content else None
    candidates = with_content or present
    return candidates.pop() if len(candidates) == 1 else None


def _build_message(body: dict[str, Any], topic: str | None) -> Event:
    """Return the event of a message, inbound or outbound.

    A message from the business itself is an `Echo`; a reply is a `ButtonReply` or a `ListReply`; text, attachments, a
    location or a referral make an `InboundMessage`; without them, a reaction is a `Reaction`. Unknown content alone (a
    sticker, contacts, a reply in doubt) is an `UnknownEvent`; no content at all is an `InboundMessage` whose fields
    were dropped.
    """
    message = read_object(body, "message")
    if is_from_business(body, message):
        return Echo(
            **_read_common(body, topic, message, customer="recipient"),
            text=read_text(message, "text"),
            attachments=read_attachments(message, body),
            location=read_location(message, body),
        )
    common = _read_common(body, topic, message, customer="sender")
    replies = find_replies(message, body)
    if replies and (button := read_button(replies, message)):
        return ButtonReply(**common, **button)
    if replies and (row := read_row(replies, message)):
        return ListReply(**common, **row)
    text = read_text(message, "text")
    attachments = read_attachments(message, body)
    location = read_location(message, body)
    referral = read_referral(message, body)
    if not (attachments or location or referral):
        reaction = read_reaction(replies, common["reply_to_id"]) if replies else None
        # The emoji may be repeated as the text.
        if reaction and text in {None, reaction["emoji"]}:
            return Reaction(**{**common, **reaction})
        if not text and (replies or has_unknown_content(message, body)):
            return UnknownEvent(**common)
    return InboundMessage(
        **common,
        text=text,
        attachments=attachments,
        location=location,
        referral=referral,
        is_edited=is_edited(message, body),
    )


def _build_status(body: dict[str, Any], topic: str | None) -> DeliveryStatus:
    update = read_object(body, "statusUpdate", "status_update")
    status = read_text(update, "status")
    error = read_object(update, "error")
    return DeliveryStatus(
        # The documented side, unless only the other one has what only customers have.
        **_read_common(body, topic, update, customer=find_customer_side(body) or "recipient"),
        # The documentation's older prose calls it `delivery_failure`.
        status="delivery_failed" if status == "delivery_failure" else status,
        failure=DeliveryFailure(**parse_error_fields(error)) if has_content(error) else None,
    )


def _build_report(body: dict[str, Any], topic: str | None) -> ReportReady:
    report = read_object(body, "report")
    run = read_object(report, "last_run", "lastRun")
    result = read_object(run, "result")
    return ReportReady(
        **_read_common(body, topic, NOTHING, customer=None),
        report_id=read_text(report, "id"),
        name=read_text(report, "name"),
        report_type=read_text(report, "type"),
        run_id=read_text(run, "id"),
        status=read_text(run, "status"),
        url=read_text(result, "url"),
        created_at=read_time(result, "created_at", "createdAt"),
        expires_at=read_time(result, "expires_at", "expiresAt"),
    )


def _build_unknown(body: dict[str, Any], topic: str | None) -> UnknownEvent:
    about = read_object(body, "message") or read_object(body, "statusUpdate", "status_update")
    customer = find_customer_side(body)
    # Only inbound messages come without a topic.
    if customer is None and (topic in _NO_TOPIC or topic == "messages"):
        customer = "recipient" if is_from_business(body, about) else "sender"
    return UnknownEvent(**_read_common(body, topic, about, customer=customer))


def _read_common(body: dict[str, Any], topic: str | None, about: Fields, *, customer: str | None) -> dict[str, Any]:
    """Return the fields that every event has.

    `about` is the part with the message's id, and perhaps the campaign's name; `customer` is the name of the customer's
    side, `sender` or `recipient`, or None if that is unclear.
    """
    context = read_object(body, "context") or read_object(about, "context")
    return {
        "topic": topic,
        "customer": read_customer(read_object(body, customer)) if customer else _NO_CUSTOMER,
        "business": read_business(read_object(body, _OTHER_SIDE[customer])) if customer else _NO_BUSINESS,
        "timestamp": read_time(body, "timestamp"),
        "message_id": read_text(about, "id"),
        "reply_to_id": read_text(context, "replyToId", "reply_to_id") if context else None,
        "callback_data": _read_callback_data(body, about),
        "campaign_name": _read_campaign_name(body) or _read_campaign_name(about),
        "raw": body,
    }


def _read_callback_data(*parts: Fields) -> Any:  # noqa: ANN401  (any JSON value)
    """Return what the send call attached: the first that is not null, beside the message or in it."""
    found = (part.get(name) for part in parts for name in ("callbackData", "callback_data"))
    return next((one for one in found if one is not None), None)


def _read_campaign_name(part: Fields) -> str | None:
    metadata = read_object(part, "metadata")
    return read_text(metadata, "campaign_name", "campaignName") if metadata else None
