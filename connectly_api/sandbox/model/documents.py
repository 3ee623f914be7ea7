"""The JSON of a sandbox's records, for the control interface and recordings."""

from __future__ import annotations

from typing import Any

from connectly_api.sandbox.model.records import (
    AcceptedMessage,
    Delivery,
    ReceivedRequest,
    TimelineEntry,
    VerbCall,
)


def serialize_message(message: AcceptedMessage, status: str | None) -> dict[str, Any]:
    """Return a message with its latest status."""
    return {
        "id": message.id,
        "kind": message.kind,
        "sender": message.sender,
        "phone": message.phone,
        "bsuid": message.bsuid,
        "campaignName": message.campaign_name,
        "acceptedAt": message.accepted_at,
        "traceId": message.trace_id,
        "status": status,
        "body": message.body,
    }


def serialize_request(request: ReceivedRequest) -> dict[str, Any]:
    """Return a request; bytes of its body that are not UTF-8 are replaced."""
    return {
        "number": request.number,
        "method": request.method,
        "path": request.path,
        "query": request.query,
        "headers": request.headers,
        "body": request.body.decode(errors="replace"),
        "operation": request.operation,
        "status": request.status,
        "code": request.code,
        "violations": [{"field": one.field, "problem": one.problem} for one in request.violations],
        "unknownFields": request.unknown_fields,
        "messageId": None if request.message is None else request.message.id,
        "traceId": request.trace_id,
        "receivedAt": request.received_at,
        "fault": request.fault,
    }


def serialize_delivery(delivery: Delivery) -> dict[str, Any]:
    """Return an attempt to deliver an event."""
    return {
        "number": delivery.number,
        "attempt": delivery.attempt,
        "registrationId": delivery.registration_id,
        "topic": delivery.topic,
        "address": delivery.address,
        "event": delivery.json(),
        "signature": delivery.signature,
        "status": delivery.status,
        "problem": delivery.problem,
        "answer": delivery.answer.decode(errors="replace"),
        "traceback": delivery.traceback,
        "at": delivery.at,
        "fault": delivery.fault,
    }


def serialize_entry(entry: TimelineEntry) -> dict[str, Any]:
    """Return an entry of the timeline."""
    match entry:
        case ReceivedRequest():
            return {"what": "request", "at": entry.received_at, **serialize_request(entry)}
        case Delivery():
            return {"what": "delivery", **serialize_delivery(entry)}
        case VerbCall():
            return {"what": "act", "at": entry.at, "name": entry.name, "arguments": entry.arguments, "id": entry.id}
        case _:
            change = {"messageId": entry.message_id, "status": entry.status, "code": entry.code}
            return {"what": "status", "at": entry.at, **change}
