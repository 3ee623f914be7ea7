"""JSON Schemas of what the control interface returns, for its description.

Later versions of the sandbox may add fields, so the schemas allow others.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

Schema = Mapping[str, Any]

TEXT: Final[Schema] = {"type": "string"}
NUMBER: Final[Schema] = {"type": "number"}
INTEGER: Final[Schema] = {"type": "integer"}
BOOLEAN: Final[Schema] = {"type": "boolean"}
OBJECT: Final[Schema] = {"type": "object"}

_OPTIONAL_TEXT: Final[Schema] = {"type": ["string", "null"]}
_OPTIONAL_NUMBER: Final[Schema] = {"type": ["number", "null"]}
_OPTIONAL_INTEGER: Final[Schema] = {"type": ["integer", "null"]}
_TEXTS: Final[Schema] = {"type": "array", "items": TEXT}


def refer_to(name: str) -> Schema:
    """Return a reference to one of the schemas."""
    return {"$ref": f"#/components/schemas/{name}"}


def build_list_schema(items: Schema) -> Schema:
    """Return the schema of a list."""
    return {"type": "array", "items": items}


def build_object_schema(required: Mapping[str, Schema], optional: Mapping[str, Schema] | None = None) -> Schema:
    """Return the schema of an object."""
    return {"type": "object", "properties": {**required, **(optional or {})}, "required": list(required)}


_PAIR: Final[Schema] = {"type": "array", "items": TEXT, "minItems": 2, "maxItems": 2}
_CLOCK: Final = build_object_schema({"now": NUMBER, "running": BOOLEAN, "speed": NUMBER})
_DUE: Final = build_object_schema({"count": INTEGER, "next": _OPTIONAL_NUMBER})
_COUNTS: Final = build_object_schema(
    dict.fromkeys(("received", "accepted", "messages", "requests", "deliveries"), INTEGER)
)
_ID_AND_CAUSE: Final = {"messageId": _OPTIONAL_TEXT, "cause": _OPTIONAL_INTEGER}
_PLACE: Final = {"entry": INTEGER, "at": NUMBER, "customer": _OPTIONAL_INTEGER}

_REQUEST: Final = {
    "number": INTEGER,
    "method": TEXT,
    "path": TEXT,
    "query": TEXT,
    "headers": build_list_schema(_PAIR),
    "body": TEXT,
    "bodySize": INTEGER,
    "operation": _OPTIONAL_TEXT,
    "status": INTEGER,
    "code": _OPTIONAL_TEXT,
    "violations": build_list_schema(build_object_schema({"field": TEXT, "problem": TEXT})),
    "unknownFields": _TEXTS,
    "messageId": _OPTIONAL_TEXT,
    "traceId": TEXT,
    "receivedAt": NUMBER,
    "fault": _OPTIONAL_TEXT,
    "recipient": _OPTIONAL_TEXT,
    "answer": TEXT,
}
_DELIVERY: Final = {
    "number": INTEGER,
    "attempt": INTEGER,
    "registrationId": TEXT,
    "topic": TEXT,
    "address": TEXT,
    "event": OBJECT,
    "signature": TEXT,
    "status": _OPTIONAL_INTEGER,
    "problem": _OPTIONAL_TEXT,
    "at": NUMBER,
    "fault": _OPTIONAL_TEXT,
    "answer": TEXT,
    "traceback": _OPTIONAL_TEXT,
}


def _build_entry_schema(what: str, fields: Mapping[str, Schema]) -> Schema:
    return build_object_schema({**_PLACE, "what": {"const": what}, **fields})


SCHEMAS: Final[Mapping[str, Schema]] = {
    "Problem": build_object_schema({"message": TEXT}),
    "VerbResult": build_object_schema({"now": NUMBER}, {"id": TEXT, "rule": INTEGER}),
    "Message": build_object_schema(
        {
            "id": TEXT,
            "kind": TEXT,
            "sender": TEXT,
            "phone": _OPTIONAL_TEXT,
            "bsuid": _OPTIONAL_TEXT,
            "campaignName": _OPTIONAL_TEXT,
            "acceptedAt": NUMBER,
            "traceId": TEXT,
            "status": _OPTIONAL_TEXT,
            "body": OBJECT,
        }
    ),
    "Request": build_object_schema(_REQUEST),
    "Delivery": build_object_schema(_DELIVERY),
    "Registration": build_object_schema(
        {
            **dict.fromkeys(("id", "topic", "address", "type"), TEXT),
            "configuration": OBJECT,
        }
    ),
    "Customer": build_object_schema(
        {
            "number": INTEGER,
            **dict.fromkeys(("phone", "bsuid", "name"), _OPTIONAL_TEXT),
            "formerIds": _TEXTS,
            "windows": {"type": "object", "additionalProperties": _OPTIONAL_NUMBER},
            "optedOut": BOOLEAN,
            "mergedNumbers": build_list_schema(INTEGER),
        }
    ),
    "Template": build_object_schema(
        {
            **dict.fromkeys(("name", "language", "status"), TEXT),
            **dict.fromkeys(("parameters", "buttons"), _TEXTS),
            **dict.fromkeys(("header", "text", "footer"), _OPTIONAL_TEXT),
        }
    ),
    "Rule": build_object_schema(
        {"number": INTEGER, "what": TEXT, "matches": INTEGER, "isUsedUp": BOOLEAN},
    ),
    "Entry": {
        "oneOf": [
            _build_entry_schema("request", _REQUEST),
            _build_entry_schema("delivery", {**_DELIVERY, **_ID_AND_CAUSE}),
            _build_entry_schema("act", {"name": TEXT, "arguments": OBJECT, "id": _OPTIONAL_TEXT}),
            _build_entry_schema("status", {"messageId": TEXT, "status": TEXT, "code": _OPTIONAL_TEXT}),
        ]
    },
    "State": build_object_schema(
        {
            "version": INTEGER,
            "run": TEXT,
            "entry": INTEGER,
            "firstEntry": INTEGER,
            "settings": OBJECT,
            "counts": _COUNTS,
            "clock": _CLOCK,
            "due": _DUE,
            "senders": _TEXTS,
            "customers": build_list_schema(refer_to("Customer")),
            "registrations": build_list_schema(refer_to("Registration")),
            "templates": build_list_schema(refer_to("Template")),
            "rules": build_list_schema(refer_to("Rule")),
        }
    ),
    "Timeline": build_object_schema(
        {
            "run": TEXT,
            "now": NUMBER,
            **dict.fromkeys(("entries", "first", "last"), INTEGER),
            "timeline": build_list_schema(refer_to("Entry")),
            **dict.fromkeys(("next", "previous"), _OPTIONAL_INTEGER),
        }
    ),
    "Update": build_object_schema(
        {
            "run": TEXT,
            "entry": INTEGER,
            "clock": _CLOCK,
            "due": _DUE,
            "counts": _COUNTS,
            "timeline": build_list_schema(refer_to("Entry")),
            "customers": build_list_schema(refer_to("Customer")),
        },
        {name: build_list_schema(refer_to(name[:-1].capitalize())) for name in ("registrations", "templates", "rules")},
    ),
    "File": build_object_schema({"url": TEXT, "name": TEXT, "type": TEXT, "size": INTEGER}),
}
