"""Webhooks: verify signed requests, parse them into typed events, and handle each event once.

Theory of operation. `WebhookApp` takes a request from bytes to a handler in six steps:

1. `body_reader`: reads the request's body, within a size and a time.
2. `signature`: the HMAC over the raw bytes shows that the service sent them.
3. `decoding`: the bytes become a JSON object, within limits on size, depth and numbers.
4. `parsing`: the object becomes an event. This never fails: a missing or malformed field is dropped, an unfamiliar
   event is an `UnknownEvent`, and `raw` keeps the whole body. `lenient_fields` reads one field, `extract` one part
   of an event, and `reply_forms` a tapped button, a picked row or a reaction; `events` and `event_parts` define the
   values.
5. `stores`: the store grants a claim on the event's `key`, or says that another delivery of the event holds it or has
   completed it. `stores/store.py` explains claims.
6. `dispatch`: the event's handlers run one after the other. If all of them succeed, the claim is completed and the
   response is 200; if one fails, `failure_policy` decides by its error: either this counts as handled, or the claim is
   released and the service delivers the event again. A step, and each handler but the last, has a claim of its own on
   a key made from the event's, so that it is not repeated; `held_claims` takes and ends them all.

With `acknowledge="first"`, step 6 waits in a `backlog`, after the response. `deferred_cancellation` keeps a
cancelled request from leaving a claim behind.

Steps 2 to 4 do no I/O, and work with any framework and in sync code:

    event = receive(request.headers, body, secrets)

All six are an ASGI application:

    webhooks = WebhookApp(secrets, store=SQLiteStore("webhooks.db"))

    @webhooks.on(DeliveryStatus)
    async def follow(event: DeliveryStatus) -> None: ...

Importing this package loads no HTTP library, no database and no event loop: `WebhookApp` and the stores are imported
when they are first used.
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
    ListReply,
    Reaction,
    ReportReady,
    UnknownEvent,
)
from connectly_api.webhooks.failure_policy import FailureAction, decide_failure
from connectly_api.webhooks.parsing import parse, receive
from connectly_api.webhooks.signature import SIGNATURE_HEADER, sign, verify
from connectly_api.webhooks.status_tracker import StatusTracker

if TYPE_CHECKING:
    from connectly_api.webhooks.app import WebhookApp
    from connectly_api.webhooks.event_counts import WebhookCounts
    from connectly_api.webhooks.stores.memory import MemoryStore
    from connectly_api.webhooks.stores.postgres import PostgresStore
    from connectly_api.webhooks.stores.redis import RedisStore
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
    "FailureAction",
    "InboundMessage",
    "ListReply",
    "Location",
    "MemoryStore",
    "PostgresStore",
    "Reaction",
    "RedisStore",
    "Referral",
    "ReportReady",
    "SQLiteStore",
    "StatusTracker",
    "Store",
    "UnknownEvent",
    "WebhookApp",
    "WebhookCounts",
    "WebhookError",
    "WebhookPayloadError",
    "WebhookSignatureError",
    "WebhookStoreError",
    "decide_failure",
    "parse",
    "receive",
    "sign",
    "verify",
]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "app": ["WebhookApp"],
        "event_counts": ["WebhookCounts"],
        "stores.memory": ["MemoryStore"],
        "stores.postgres": ["PostgresStore"],
        "stores.redis": ["RedisStore"],
        "stores.sqlite": ["SQLiteStore"],
        "stores.store": ["Claim", "ClaimState", "Store"],
    },
)
