"""An event as JSON and as lines, with or without personal data. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any, cast

import attrs

from connectly_api.recipients import Bsuid, Phone
from connectly_api.webhooks.events import Event


def to_document(event: Event, *, personal: bool) -> dict[str, Any]:
    """Return an event as JSON, with the names of its attributes in camel case.

    Args:
        event: The event.
        personal: Whether to include numbers, names, texts, callback data and the raw body.
    """
    return {"class": type(event).__name__, "key": event.key, **_to_json(event, personal=personal)}


def format_lines(document: dict[str, Any], prefix: str = "") -> Iterator[str]:
    """Yield a `name: value` line for each value."""
    for name, value in document.items():
        if isinstance(value, dict) and name not in {"raw", "callbackData"}:
            yield from format_lines(cast("dict[str, Any]", value), f"{prefix}{name}.")
        elif value not in (None, [], {}) and name != "class" and not (value is False and name.startswith("is")):
            yield f"{prefix}{name}: {value if isinstance(value, str) else json.dumps(value)}"


def _to_json(value: object, *, personal: bool) -> Any:  # noqa: ANN401  (JSON)
    match value:
        case datetime():
            return value.isoformat()
        case Phone():
            return value.e164
        case Bsuid():
            return value.value
        case tuple():
            return [_to_json(item, personal=personal) for item in cast("tuple[object, ...]", value)]
        case _ if attrs.has(type(value)):
            kind: type[Any] = type(value)
            # Values that an event's repr leaves out are personal, and so are phone numbers and BSUIDs, whose reprs are
            # masked.
            return {
                _to_camel_case(field.name): _to_json(getattr(value, field.name), personal=personal)
                for field in attrs.fields(kind)
                if personal or (field.repr and field.name not in {"phone", "bsuid"})
            }
        case _:
            return value


def _to_camel_case(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(part.capitalize() for part in others)
