"""Builds webhook events as the service writes them. Pure.

Names, nesting and the order of fields are those of the documented examples, https://docs.connectly.ai/webhooks. The
shapes of list replies, reactions and edited messages are not published; ours follow the documented button reply.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import attrs

from connectly_api.sandbox.model.identity import Identity
from connectly_api.sandbox.model.records import AcceptedMessage
from connectly_api.sandbox.model.settings import Settings
from connectly_api.sandbox.model.state import Event
from connectly_api.sandbox.spec.protojson import encode_compact


@attrs.frozen
class CustomerMessage:
    """A message from a customer.

    Attributes:
        name: The customer's name.
        business: The business's number that receives it.
        parts: The content, by the event's field names.
        about: The business's message that it refers to.
    """

    customer: Identity
    name: str | None = attrs.field(repr=False)
    business: str = attrs.field(repr=False)
    now: float
    parts: Mapping[str, Any] = attrs.field(repr=False)
    about: AcceptedMessage | None = None


def build_message_event(settings: Settings, message: CustomerMessage) -> Event:
    """Build the event of a customer's message, with the callback data of the message that it refers to."""
    about = message.about
    body: dict[str, Any] = {"topic": "messages"} if settings.message_topic == "present" else {}
    body["timestamp"] = _format_seconds(message.now)
    body["sender"] = _build_customer(settings, message.customer, message.name, "whatsapp")
    body["recipient"] = _build_business(settings, message.business, "whatsapp", settings.business_id)
    if about is not None:
        body["context"] = {"replyToId": about.id}
    body.update(message.parts)
    _add_callback_data(body, about)
    return Event(
        topic="messages",
        customer=message.customer,
        content=encode_compact(body),
        campaign_name=None if about is None else about.campaign_name,
        message_id=None if about is None else about.id,
    )


def build_message_part(settings: Settings, id: str, **content: Any) -> dict[str, Any]:  # noqa: A002, ANN401  (JSON's own)
    """Build `message` from the text, attachments, location and referral that are given."""
    given = {name: value for name, value in content.items() if value is not None}
    if settings.absent_values == "null":
        given = {**dict.fromkeys(("text", "attachments", "location", "referral")), **given}
    return {"message": {"id": id, **given}}


def build_button_part(settings: Settings, id: str, button: Mapping[str, str]) -> dict[str, Any]:  # noqa: A002  (JSON's own)
    """Build a tapped button in the form of the settings; only the older one has the id of the customer's message."""
    if settings.button_reply == "message":
        return build_message_part(settings, id, text=button["text"], isButtonResponse=True)
    return {"buttonResponse": {"id": button["id"], "text": button["text"], "payload": button["id"]}}


def build_list_part(row: Mapping[str, str]) -> dict[str, Any]:
    """Build a picked row. The service's shape is not published."""
    return {"listResponse": {"id": row["id"], "text": row["text"], "payload": row["id"]}}


def build_reaction_part(emoji: str | None, message_id: str) -> dict[str, Any]:
    """Build a reaction, or without an emoji its removal. The service's shape is not published."""
    return {"reaction": {**({"emoji": emoji} if emoji else {}), "messageId": message_id}}


def build_status_event(
    settings: Settings, message: AcceptedMessage, customer: Identity, *, now: float, status: str, error: object = None
) -> Event:
    """Build the event of a message's new status; its recipient has all known ids."""
    name = settings.failed_status if status == "delivery_failed" else status
    update: dict[str, Any] = {"id": message.id, "status": name, "error": error}
    body: dict[str, Any] = {
        "topic": "delivery_status",
        "timestamp": _format_seconds(now),
        "sender": _build_business(settings, message.sender, message.channel),
        "recipient": _build_customer(settings, customer, None, message.channel),
        "statusUpdate": update,
    }
    place = settings.campaign_tag
    if message.campaign_name is not None:
        key = "campaignName" if place == "camel_case" else "campaign_name"
        is_inside = place in {"status", "camel_case"} or (place == "documented" and error is not None)
        (update if is_inside else body)["metadata"] = {key: message.campaign_name}
    elif settings.absent_values == "null":
        body["metadata"] = None
    _add_callback_data(body, message)
    return _build_event("delivery_status", message, customer, body)


def build_echo_event(settings: Settings, message: AcceptedMessage, customer: Identity) -> Event:
    """Build the event of the business's own message, for registrations with `echo`.

    The schema's `isEcho` marks it. The echo of a template is not published; here its text is the template's name.
    """
    content = {**message.body.get("message", {}), "id": message.id, "isEcho": True}
    if message.kind == "template":
        content["text"] = message.body.get("templateName")
    body: dict[str, Any] = {
        "topic": "messages",
        "timestamp": _format_seconds(message.accepted_at),
        "sender": _build_business(settings, message.sender, message.channel, settings.business_id),
        "recipient": _build_customer(settings, customer, None, message.channel),
        "message": content,
    }
    return attrs.evolve(_build_event("messages", message, customer, body), is_echo=True)


def build_report_event(id: str, now: float, name: str, url: str) -> Event:  # noqa: A002  (JSON's own name)
    """Build the event of a finished report, with times in RFC 3339."""
    created_at, expires_at = _format_time(int(now)), _format_time(int(now) + 86_400)
    result = {"url": url, "expires_at": expires_at, "created_at": created_at}
    body = {
        "topic": "report",
        "timestamp": created_at,
        "report": {
            "id": id,
            "name": name,
            "type": "campaign.daily.custom",
            "last_run": {"id": f"run-{int(now)}", "status": "completed", "result": result},
        },
    }
    return Event(topic="report", customer=Identity(), content=encode_compact(body))


def _build_event(topic: str, message: AcceptedMessage, customer: Identity, body: Mapping[str, Any]) -> Event:
    return Event(
        topic=topic,
        customer=customer,
        content=encode_compact(body),
        channel=message.channel,
        campaign_name=message.campaign_name,
        message_id=message.id,
    )


def _add_callback_data(body: dict[str, Any], about: AcceptedMessage | None) -> None:
    sent = {} if about is None else about.body
    if "callbackData" in sent:
        body["callbackData"] = sent["callbackData"]


def _build_business(settings: Settings, number: str, channel: str, name: str | None = None) -> dict[str, Any]:
    return _add_name(settings, {"id": number, "channelType": channel}, name)


def _build_customer(settings: Settings, customer: Identity, name: str | None, channel: str) -> dict[str, Any]:
    """The BSUID is the id of a customer without a phone number. Source: https://docs.connectly.ai/messaging/bsuid."""
    party: dict[str, Any] = {"id": customer.phone or customer.bsuid, "channelType": channel}
    if customer.bsuid is not None and settings.bsuid_events == "on":
        party |= {"userId": customer.bsuid, "phoneNumber": customer.phone or ""}
    return _add_name(settings, party, name)


def _add_name(settings: Settings, party: dict[str, Any], name: str | None) -> dict[str, Any]:
    if name is not None or settings.absent_values == "null":
        party["name"] = name
    return party


def _format_seconds(now: float) -> str:
    return str(int(now))


def _format_time(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
