"""Async Python SDK for Connectly's Message API, by which a business talks to its customers on WhatsApp.

    async with Connectly(api_key=..., business_id=..., sender="+14151111234") as connectly:
        sent = await connectly.send_text("+16044441111", "Hello!")

`Connectly` is the client, `connectly_api.errors` draws the tree of what it raises, `connectly_api.lowlevel` is the
escape hatch, `connectly_api.webhooks` the way back, `connectly_api.sandbox` the service on your machine.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from connectly_api._version import __version__

if TYPE_CHECKING:
    from connectly_api.addresses import Bsuid, Phone, Recipient
    from connectly_api.client import Connectly
    from connectly_api.content import Audio, Document, Image, Location, Text, Video
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
    )
    from connectly_api.interactive import Button, ListMessage, ReplyButtons, Row, Section
    from connectly_api.json_kinds import JsonValue
    from connectly_api.limits import LimitWarning
    from connectly_api.products import Product, ProductList, ProductSection
    from connectly_api.registrations import Registrations, Webengage
    from connectly_api.results import CreatedWebhook, SentMessage, WebhookFilter, WebhookRegistration
    from connectly_api.sending import Content, SendOptions
    from connectly_api.template import Parameter, Template
    from connectly_api.transport.protocol import Response, Timeouts, Transport
    from connectly_api.transport.retry import Retry

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
    "Parameter",
    "PermissionDeniedError",
    "Phone",
    "Product",
    "ProductList",
    "ProductSection",
    "RateLimitError",
    "Recipient",
    "RecipientRejectedError",
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
    "__version__",
]

# Imported when first used, so that `import connectly_api` costs next to nothing.
_HOMES = {
    "Bsuid": "addresses",
    "Phone": "addresses",
    "Recipient": "addresses",
    "Connectly": "client",
    "Audio": "content",
    "Document": "content",
    "Image": "content",
    "Location": "content",
    "Text": "content",
    "Video": "content",
    "ApiError": "errors",
    "AuthenticationError": "errors",
    "CallbackDataTooLongError": "errors",
    "ConflictError": "errors",
    "ConnectlyError": "errors",
    "InvalidContentError": "errors",
    "InvalidInputError": "errors",
    "InvalidRecipientError": "errors",
    "InvalidSenderError": "errors",
    "NotFoundError": "errors",
    "NotSentError": "errors",
    "OptedOutError": "errors",
    "OutcomeUnknownError": "errors",
    "OutsideWindowError": "errors",
    "PermissionDeniedError": "errors",
    "RateLimitError": "errors",
    "RecipientRejectedError": "errors",
    "RequestRejectedError": "errors",
    "SenderRestrictedError": "errors",
    "ServerError": "errors",
    "TemplateRejectedError": "errors",
    "UnexpectedResponseError": "errors",
    "UsageError": "errors",
    "Violation": "errors",
    "WebhookError": "errors",
    "WebhookPayloadError": "errors",
    "WebhookSignatureError": "errors",
    "Button": "interactive",
    "ListMessage": "interactive",
    "ReplyButtons": "interactive",
    "Row": "interactive",
    "Section": "interactive",
    "JsonValue": "json_kinds",
    "LimitWarning": "limits",
    "Product": "products",
    "ProductList": "products",
    "ProductSection": "products",
    "Registrations": "registrations",
    "Webengage": "registrations",
    "CreatedWebhook": "results",
    "SentMessage": "results",
    "WebhookFilter": "results",
    "WebhookRegistration": "results",
    "Content": "sending",
    "SendOptions": "sending",
    "Parameter": "template",
    "Template": "template",
    "Response": "transport.protocol",
    "Timeouts": "transport.protocol",
    "Transport": "transport.protocol",
    "Retry": "transport.retry",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
