"""The JSON of a sandbox's records and of its state, for the control interface and recordings."""

from __future__ import annotations

import json
import math
from typing import Any, Final

import attrs

from connectly_api.sandbox.model.customer_registry import CustomerRecord, CustomerRegistry
from connectly_api.sandbox.model.fault_rules import FaultRule
from connectly_api.sandbox.model.records import (
    AcceptedMessage,
    DeclaredTemplate,
    Delivery,
    NumberedEntry,
    ReceivedRequest,
    TimelineEntry,
    VerbCall,
)
from connectly_api.sandbox.spec.json_schemas import to_camel_case

_RULE_OPTIONS: Final = [field.name for field in attrs.fields(FaultRule) if field.name != "what"]


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
        "bodySize": request.body_size,
        "operation": request.operation,
        "status": request.status,
        "code": request.code,
        "violations": [{"field": one.field, "problem": one.problem} for one in request.violations],
        "unknownFields": request.unknown_fields,
        "messageId": None if request.message is None else request.message.id,
        "traceId": request.trace_id,
        "receivedAt": request.received_at,
        "fault": request.fault,
        "recipient": request.recipient,
        "answer": request.answer.decode(errors="replace"),
    }


def serialize_delivery(delivery: Delivery) -> dict[str, Any]:
    """Return an attempt to deliver an event."""
    return {**_list_delivery_fields(delivery), "event": delivery.json()}


def _list_delivery_fields(delivery: Delivery) -> dict[str, Any]:
    """Return the fields of an attempt, except the event, which is JSON already."""
    return {
        "number": delivery.number,
        "attempt": delivery.attempt,
        "registrationId": delivery.registration_id,
        "topic": delivery.topic,
        "address": delivery.address,
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


def serialize_numbered(entry: NumberedEntry, customers: CustomerRegistry) -> dict[str, Any]:
    """Return an entry of the timeline in its place."""
    return {**_list_place(entry, customers), **serialize_entry(entry.record)}


def encode_numbered(entry: NumberedEntry, customers: CustomerRegistry) -> str:
    """Return the JSON text of `serialize_numbered`, without decoding and encoding a webhook's event again."""
    if not isinstance(entry.record, Delivery):
        return json.dumps(serialize_numbered(entry, customers))
    fields = {**_list_place(entry, customers), "what": "delivery", **_list_delivery_fields(entry.record)}
    return f'{json.dumps(fields)[:-1]}, "event": {entry.record.content.decode()}}}'


def _list_place(entry: NumberedEntry, customers: CustomerRegistry) -> dict[str, Any]:
    place: dict[str, Any] = {"entry": entry.number, "customer": customers.resolve(entry.customer)}
    if isinstance(entry.record, Delivery):
        place |= {"cause": entry.cause, "messageId": entry.message_id}
    return place


def serialize_customer(customer: CustomerRecord) -> dict[str, Any]:
    """Return a customer; a window of null never closes."""
    windows: dict[str, float] = {}
    for (sender, key), until in customer.windows.items():
        if key in customer.identity.ids:
            windows[sender] = max(until, windows.get(sender, until))
    return {
        "number": customer.number,
        "phone": customer.identity.phone,
        "bsuid": customer.identity.bsuid,
        "name": customer.name,
        "formerIds": customer.former_ids,
        "windows": {sender: _to_time(until) for sender, until in windows.items()},
        "optedOut": customer.is_opted_out,
        "mergedNumbers": customer.merged_numbers,
    }


def serialize_template(template: DeclaredTemplate) -> dict[str, Any]:
    """Return a declared template."""
    return attrs.asdict(template)


def serialize_rule(number: int, rule: FaultRule, matches: int) -> dict[str, Any]:
    """Return a fault rule with the options that are not the usual ones."""
    usual = FaultRule(what=rule.what)
    given = ((name, getattr(rule, name)) for name in _RULE_OPTIONS)
    options = {to_camel_case(name): value for name, value in given if value != getattr(usual, name)}
    is_used_up = rule.next is not None and matches >= rule.next
    return {"number": number, "what": rule.what, **options, "matches": matches, "isUsedUp": is_used_up}


def _to_time(until: float) -> float | None:
    """JSON has no infinity: a window that never closes has no end, and one closed by a test ended at the epoch."""
    return None if until == math.inf else max(until, 0.0)
