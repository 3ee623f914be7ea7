"""One simulated change of the vendor, and what has to come of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import attrs

from tests.codegen.samples import VENDORED, swagger

__all__ = [
    "CREATE",
    "DELETE",
    "LIST",
    "MESSAGES",
    "REGISTRATION",
    "REMOVAL",
    "SEND",
    "TEMPLATE",
    "TEMPLATES",
    "UPDATE",
    "WEBHOOKS",
    "Document",
    "Row",
    "Rows",
    "body",
    "fields",
    "operation",
]

MESSAGES = "/v1/businesses/{businessId}/send/messages"
TEMPLATES = "/v1/businesses/{businessId}/send/whatsapp_templated_messages"
WEBHOOKS = "/v1/businesses/{businessId}/webhooks"
REGISTRATION = "/v1/businesses/{businessId}/update/webhooks/{webhookId}"
REMOVAL = "/v1/businesses/{businessId}/delete/webhooks/{webhookId}"

# Where changes are, as a difference says it.
SEND = f"POST {MESSAGES}"
TEMPLATE = f"POST {TEMPLATES}"
CREATE = "POST /v1/businesses/{businessId}/create/webhooks"
UPDATE = f"PUT {REGISTRATION}"
LIST = f"GET {WEBHOOKS}"
DELETE = f"DELETE {REMOVAL}"

Document = dict[str, Any]


@attrs.frozen
class Row:
    """One change.

    Attributes:
        name: What the vendor did.
        change: Changes the vendored document in place, or returns what stands in the file instead of it.
        lines: What the difference says, each change in a line; nothing where the file means the same.
        refused: The sentence that generating stops with, after the place of the file; nothing where it succeeds.
        facade: Whether the handwritten facade is concerned.
    """

    name: str
    change: Callable[[Document], bytes | None]
    lines: tuple[str, ...] = ()
    refused: str = ""
    facade: bool = False

    def file(self) -> bytes:
        """Return the vendor's file after the change."""
        document: Document = swagger(VENDORED)
        changed = self.change(document)
        return json.dumps(document, indent=2).encode() if changed is None else changed


class Rows:
    """Collects the rows of a module: `row = Rows()`, then `@row(...)` on each function that changes a document."""

    def __init__(self) -> None:
        self.found: list[Row] = []

    def __call__(
        self, *lines: str, refused: str = "", facade: bool = False
    ) -> Callable[[Callable[[Document], bytes | None]], Callable[[Document], bytes | None]]:
        def register(change: Callable[[Document], bytes | None]) -> Callable[[Document], bytes | None]:
            self.found.append(Row(change.__name__.replace("_", " "), change, lines, refused, facade))
            return change

        return register


def fields(document: Document, definition: str) -> dict[str, Any]:
    """Return the properties of a definition."""
    found: dict[str, Any] = document["definitions"][definition]["properties"]
    return found


def operation(document: Document, path: str, method: str = "post") -> dict[str, Any]:
    """Return an operation."""
    found: dict[str, Any] = document["paths"][path][method]
    return found


def body(document: Document, path: str, method: str = "post") -> dict[str, Any]:
    """Return the body parameter of an operation."""
    found: dict[str, Any] = next(one for one in operation(document, path, method)["parameters"] if one["in"] == "body")
    return found
