"""Async Python SDK for Connectly's Message API: send WhatsApp messages, and learn what happened to each.

    async with Connectly(api_key=..., business_id=..., sender="+14151111234") as connectly:
        sent = await connectly.send_text("+16044441111", "Hello!")

`Connectly` is the client. `connectly_api.errors` has the errors that it raises, `connectly_api.webhooks` receives
events, `connectly_api.sandbox` runs the service on your machine, and `connectly_api.lowlevel` has one function for each
operation of the API.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connectly_api._version import __version__
from connectly_api.lazy import lazy_names

if TYPE_CHECKING:
    from connectly_api.client import Connectly
    from connectly_api.content.basic import Audio, Document, Image, Location, Text, Video
    from connectly_api.content.interactive import Button, ListMessage, ReplyButtons, Row, Section
    from connectly_api.content.limits import LimitWarning
    from connectly_api.content.products import Product, ProductList, ProductSection
    from connectly_api.content.template import Parameter, Template
    from connectly_api.errors import (
        ApiError,
        AuthenticationError,
        CallbackDataTooLongError,
        ConflictError,
        ConnectlyError,
        InvalidContentError,
        InvalidInputError,
        InvalidRecipientError,
        InvalidSenderError,
        NotFoundError,
        NotSentError,
        OptedOutError,
        OutcomeUnknownError,
        OutsideWindowError,
        PermissionDeniedError,
        RateLimitError,
        RecipientRejectedError,
        RequestRejectedError,
        SenderRestrictedError,
        ServerError,
        TemplateRejectedError,
        UnexpectedResponseError,
        UsageError,
        Violation,
        WebhookError,
        WebhookPayloadError,
        WebhookSignatureError,
        WebhookStoreError,
    )
    from connectly_api.json_values import JsonValue
    from connectly_api.recipients import Bsuid, Phone, Recipient
    from connectly_api.registrations import Registrations, Webengage
    from connectly_api.results import CreatedWebhook, EnsuredWebhook, SentMessage, WebhookFilter, WebhookRegistration
    from connectly_api.send_request import Content, SendOptions
    from connectly_api.transport.postgres_pace import PostgresPace
    from connectly_api.transport.protocol import Response, Timeouts, Transport
    from connectly_api.transport.rates import Pace, Rate
    from connectly_api.transport.redis_pace import RedisPace
    from connectly_api.transport.retry import Retry
    from connectly_api.transport.tls import Tls

__all__ = [
    "ApiError",
    "Audio",
    "AuthenticationError",
    "Bsuid",
    "Button",
    "CallbackDataTooLongError",
    "ConflictError",
    "Connectly",
    "ConnectlyError",
    "Content",
    "CreatedWebhook",
    "Document",
    "EnsuredWebhook",
    "Image",
    "InvalidContentError",
    "InvalidInputError",
    "InvalidRecipientError",
    "InvalidSenderError",
    "JsonValue",
    "LimitWarning",
    "ListMessage",
    "Location",
    "NotFoundError",
    "NotSentError",
    "OptedOutError",
    "OutcomeUnknownError",
    "OutsideWindowError",
    "Pace",
    "Parameter",
    "PermissionDeniedError",
    "Phone",
    "PostgresPace",
    "Product",
    "ProductList",
    "ProductSection",
    "Rate",
    "RateLimitError",
    "Recipient",
    "RecipientRejectedError",
    "RedisPace",
    "Registrations",
    "ReplyButtons",
    "RequestRejectedError",
    "Response",
    "Retry",
    "Row",
    "Section",
    "SendOptions",
    "SenderRestrictedError",
    "SentMessage",
    "ServerError",
    "Template",
    "TemplateRejectedError",
    "Text",
    "Timeouts",
    "Tls",
    "Transport",
    "UnexpectedResponseError",
    "UsageError",
    "Video",
    "Violation",
    "Webengage",
    "WebhookError",
    "WebhookFilter",
    "WebhookPayloadError",
    "WebhookRegistration",
    "WebhookSignatureError",
    "WebhookStoreError",
    "__version__",
]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "recipients": ["Bsuid", "Phone", "Recipient"],
        "client": ["Connectly"],
        "content.basic": ["Audio", "Document", "Image", "Location", "Text", "Video"],
        "errors": [
            "ApiError",
            "AuthenticationError",
            "CallbackDataTooLongError",
            "ConflictError",
            "ConnectlyError",
            "InvalidContentError",
            "InvalidInputError",
            "InvalidRecipientError",
            "InvalidSenderError",
            "NotFoundError",
            "NotSentError",
            "OptedOutError",
            "OutcomeUnknownError",
            "OutsideWindowError",
            "PermissionDeniedError",
            "RateLimitError",
            "RecipientRejectedError",
            "RequestRejectedError",
            "SenderRestrictedError",
            "ServerError",
            "TemplateRejectedError",
            "UnexpectedResponseError",
            "UsageError",
            "Violation",
            "WebhookError",
            "WebhookPayloadError",
            "WebhookSignatureError",
            "WebhookStoreError",
        ],
        "content.interactive": ["Button", "ListMessage", "ReplyButtons", "Row", "Section"],
        "json_values": ["JsonValue"],
        "content.limits": ["LimitWarning"],
        "content.products": ["Product", "ProductList", "ProductSection"],
        "registrations": ["Registrations", "Webengage"],
        "results": ["CreatedWebhook", "EnsuredWebhook", "SentMessage", "WebhookFilter", "WebhookRegistration"],
        "send_request": ["Content", "SendOptions"],
        "content.template": ["Parameter", "Template"],
        "transport.rates": ["Pace", "Rate"],
        "transport.postgres_pace": ["PostgresPace"],
        "transport.redis_pace": ["RedisPace"],
        "transport.protocol": ["Response", "Timeouts", "Transport"],
        "transport.retry": ["Retry"],
        "transport.tls": ["Tls"],
    },
)
