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

from typing import TYPE_CHECKING

from connectly_api.errors import WebhookError, WebhookPayloadError, WebhookSignatureError, WebhookStoreError
from connectly_api.lazy import lazy_names
from connectly_api.webhooks.event_parts import Attachment, Business, Customer, DeliveryFailure, Location, Referral
from connectly_api.webhooks.events import (
    ButtonReply,
    DeliveryStatus,
    Echo,
    Event,
    InboundMessage,
    ReportReady,
    UnknownEvent,
)
from connectly_api.webhooks.receiving import parse, receive
from connectly_api.webhooks.signature import SIGNATURE_HEADER, sign, verify
from connectly_api.webhooks.tracking import StatusTracker

if TYPE_CHECKING:
    from connectly_api.webhooks.app import WebhookApp
    from connectly_api.webhooks.stores.memory import MemoryStore
    from connectly_api.webhooks.stores.sqlite import SQLiteStore
    from connectly_api.webhooks.stores.store import Claim, ClaimState, Store

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
    "WebhookStoreError",
    "parse",
    "receive",
    "sign",
    "verify",
]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "app": ["WebhookApp"],
        "stores.memory": ["MemoryStore"],
        "stores.sqlite": ["SQLiteStore"],
        "stores.store": ["Claim", "ClaimState", "Store"],
    },
)
