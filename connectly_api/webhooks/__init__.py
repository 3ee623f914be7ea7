"""The way back: signed events that say what customers wrote, and what became of what was sent.

Without I/O, for any framework and for sync code:

    event = receive(request.headers, body, secrets)   # verify, decode, type

With everything around it, as an ASGI application:

    webhooks = WebhookApp(secrets, store=SQLiteStore("webhooks.db"))

    @webhooks.on(DeliveryStatus)
    async def follow(event: DeliveryStatus) -> None: ...

Importing this package loads no HTTP library, no database and no event loop; `WebhookApp` and the stores load theirs
when they are first named.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

from connectly_api.errors import WebhookError, WebhookPayloadError, WebhookSignatureError
from connectly_api.webhooks.events import (
    ButtonReply,
    DeliveryStatus,
    Echo,
    Event,
    InboundMessage,
    ReportReady,
    UnknownEvent,
)
from connectly_api.webhooks.parts import Attachment, Business, Customer, DeliveryFailure, Location, Referral
from connectly_api.webhooks.receiving import parse, receive
from connectly_api.webhooks.signature import SIGNATURE_HEADER, sign, verify
from connectly_api.webhooks.tracking import StatusTracker

if TYPE_CHECKING:
    from connectly_api.webhooks.app import WebhookApp
    from connectly_api.webhooks.memory import MemoryStore
    from connectly_api.webhooks.sqlite import SQLiteStore
    from connectly_api.webhooks.store import Claim, ClaimState, Store

__all__ = [
    "SIGNATURE_HEADER",
    "Attachment",
    "Business",
    "ButtonReply",
    "Claim",
    "ClaimState",
    "Customer",
    "DeliveryFailure",
    "DeliveryStatus",
    "Echo",
    "Event",
    "InboundMessage",
    "Location",
    "MemoryStore",
    "Referral",
    "ReportReady",
    "SQLiteStore",
    "StatusTracker",
    "Store",
    "UnknownEvent",
    "WebhookApp",
    "WebhookError",
    "WebhookPayloadError",
    "WebhookSignatureError",
    "parse",
    "receive",
    "sign",
    "verify",
]

_LAZY: Final = {
    "Claim": "store",
    "ClaimState": "store",
    "MemoryStore": "memory",
    "SQLiteStore": "sqlite",
    "Store": "store",
    "WebhookApp": "app",
}


def __getattr__(name: str) -> object:
    """Load what needs more than the standard library's smaller half when it is first named (PEP 562)."""
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_LAZY[name]}"), name)


def __dir__() -> list[str]:
    """Return every public name, loaded or not."""
    return sorted(__all__)
