"""Webhook events as the service writes them. Pure.

Names, nesting and the order of fields are those of the documented examples, https://docs.connectly.ai/webhooks. What
is not published (list replies, reactions) has a shape of our own that follows the documented button reply, and says so
where it is made.
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
    """A message of a customer's.

    Attributes:
        customer: Who writes.
        name: How the customer is called.
        business: The business's number that it goes to.
        now: The clock, Unix seconds.
        parts: What is said, under the event's own names.
        about: The business's message that it refers to.
    """

    customer: Identity
    name: str | None = attrs.field(repr=False)
    business: str = attrs.field(repr=False)
    now: float
    parts: Mapping[str, Any] = attrs.field(repr=False)
    about: AcceptedMessage | None = None


def build_message_event(settings: Settings, writing: CustomerMessage) -> Event:
    """Return the event of a customer's message; callback data comes back with what refers to a message."""
    about = writing.about
    body: dict[str, Any] = {"topic": "messages"} if settings.message_topic == "present" else {}
    body["timestamp"] = _seconds(writing.now)
    body["sender"] = _customer(settings, writing.customer, writing.name, "whatsapp")
    body["recipient"] = _business(settings, writing.business, "whatsapp", settings.business_id)
    if about is not None:
        body["context"] = {"replyToId": about.id}
    body.update(writing.parts)
    _echo_callback_data(body, about)
    return Event(
        topic="messages",
        customer=writing.customer,
        content=encode_compact(body),
        campaign_name=None if about is None else about.campaign_name,
    )


def build_message_part(settings: Settings, id: str, **content: Any) -> dict[str, Any]:  # noqa: A002, ANN401  (JSON's own)
    """Return `message` with what is given of text, attachments, location and referral."""
    given = {name: value for name, value in content.items() if value is not None}
    if settings.absent_values == "null":
        given = {**dict.fromkeys(("text", "attachments", "location", "referral")), **given}
    return {"message": {"id": id, **given}}


def build_button_part(settings: Settings, id: str, button: Mapping[str, str]) -> dict[str, Any]:  # noqa: A002  (JSON's own)
    """Return what tells of a tapped button, in the form that was chosen; only the older one has the message's id.

    Args:
        settings: The sandbox's.
        id: That of the customer's message.
        button: Its `id` and `text`.
    """
    if settings.button_reply == "message":
        return build_message_part(settings, id, text=button["text"], isButtonResponse=True)
    return {"buttonResponse": {"id": button["id"], "text": button["text"], "payload": button["id"]}}


def build_list_part(row: Mapping[str, str]) -> dict[str, Any]:
    """Return what tells of a picked row. The service's shape is not published; this follows the button reply."""
    return {"listResponse": {"id": row["id"], "text": row["text"], "payload": row["id"]}}


def build_reaction_part(emoji: str, message_id: str) -> dict[str, Any]:
    """Return what tells of a reaction. The service's shape is not published."""
    return {"reaction": {"emoji": emoji, "messageId": message_id}}


def build_status_event(
    settings: Settings,
    message: AcceptedMessage,
    customer: Identity,
    *,
    now: float,
    reached: str,
    error: object = None,
) -> Event:
    """Return the event of a message's new status.

    Args:
        settings: The sandbox's.
        message: The message.
        customer: Its recipient, with all that is known.
        now: The clock, Unix seconds.
        reached: `sent`, `delivered`, `read` or `delivery_failed`.
        error: The error's body where it failed.
    """
    called = settings.failed_status if reached == "delivery_failed" else reached
    update: dict[str, Any] = {"id": message.id, "status": called, "error": error}
    body: dict[str, Any] = {
        "topic": "delivery_status",
        "timestamp": _seconds(now),
        "sender": _business(settings, message.sender, message.channel),
        "recipient": _customer(settings, customer, None, message.channel),
        "statusUpdate": update,
    }
    place = settings.campaign_tag
    if message.campaign_name is not None:
        name = "campaignName" if place == "camel_case" else "campaign_name"
        inside = place in {"status", "camel_case"} or (place == "documented" and error is not None)
        (update if inside else body)["metadata"] = {name: message.campaign_name}
    elif settings.absent_values == "null":
        body["metadata"] = None
    _echo_callback_data(body, message)
    return _about("delivery_status", message, customer, body)


def build_echo_event(settings: Settings, message: AcceptedMessage, customer: Identity) -> Event:
    """Return the event of the business's own message, for registrations with `echo`.

    The schema's `isEcho` marks it; how a template is echoed is not published, and it comes as its name.
    """
    sent = message.body
    content = {**sent.get("message", {}), "id": message.id, "isEcho": True}
    if message.kind == "template":
        content["text"] = sent.get("templateName")
    body: dict[str, Any] = {
        "topic": "messages",
        "timestamp": _seconds(message.accepted_at),
        "sender": _business(settings, message.sender, message.channel, settings.business_id),
        "recipient": _customer(settings, customer, None, message.channel),
        "message": content,
    }
    return attrs.evolve(_about("messages", message, customer, body), is_echo=True)


def build_report_event(id: str, now: float, name: str, url: str) -> Event:  # noqa: A002  (JSON's own name)
    """Return the event of a finished report, whose times are RFC 3339."""
    made = datetime.fromtimestamp(int(now), UTC)
    ends = datetime.fromtimestamp(int(now) + 86_400, UTC)
    result = {"url": url, "expires_at": _rfc3339(ends), "created_at": _rfc3339(made)}
    body = {
        "topic": "report",
        "timestamp": _rfc3339(made),
        "report": {
            "id": id,
            "name": name,
            "type": "campaign.daily.custom",
            "last_run": {"id": f"run-{int(now)}", "status": "completed", "result": result},
        },
    }
    return Event(topic="report", customer=Identity(), content=encode_compact(body))


def _about(topic: str, message: AcceptedMessage, customer: Identity, body: Mapping[str, Any]) -> Event:
    return Event(
        topic=topic,
        customer=customer,
        content=encode_compact(body),
        channel=message.channel,
        campaign_name=message.campaign_name,
    )


def _echo_callback_data(body: dict[str, Any], about: AcceptedMessage | None) -> None:
    sent = {} if about is None else about.body
    if "callbackData" in sent:
        body["callbackData"] = sent["callbackData"]


def _business(settings: Settings, number: str, channel: str, name: str | None = None) -> dict[str, Any]:
    return _named(settings, {"id": number, "channelType": channel}, name)


def _customer(settings: Settings, customer: Identity, name: str | None, channel: str) -> dict[str, Any]:
    """A customer without a phone number is named by the BSUID. Source: https://docs.connectly.ai/messaging/bsuid."""
    given: dict[str, Any] = {"id": customer.phone or customer.bsuid, "channelType": channel}
    if customer.bsuid is not None and settings.bsuid_events == "on":
        given |= {"userId": customer.bsuid, "phoneNumber": customer.phone or ""}
    return _named(settings, given, name)


def _named(settings: Settings, given: dict[str, Any], name: str | None) -> dict[str, Any]:
    if name is not None or settings.absent_values == "null":
        given["name"] = name
    return given


def _seconds(now: float) -> str:
    return str(int(now))


def _rfc3339(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
