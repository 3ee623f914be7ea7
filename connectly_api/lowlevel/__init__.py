# Generated from service.swagger.json by "python -m codegen generate": do not edit.
"""The low-level client, generated from the Swagger file: a model for each schema, an async function for each operation.

Use it for operations and fields that `Connectly` does not cover:

    await send_message(connectly.transport, business_id, body=SendMessageRequest(...))
"""

from __future__ import annotations

import typing as _typing

from . import models as models

if _typing.TYPE_CHECKING:
    from .api.message_service.send_message import send_message
    from .api.message_service.send_whatsapp_templated_message import send_whatsapp_templated_message
    from .api.webhook_service.create_webhook import create_webhook
    from .api.webhook_service.delete_webhook import delete_webhook
    from .api.webhook_service.get_webhooks import get_webhooks
    from .api.webhook_service.update_webhook import update_webhook
    from .models.attachment import Attachment
    from .models.attachment_type import AttachmentType
    from .models.button import Button
    from .models.channel_type import ChannelType
    from .models.create_webhook_request import CreateWebhookRequest
    from .models.create_webhook_response import CreateWebhookResponse
    from .models.delete_webhook_response import DeleteWebhookResponse
    from .models.error import Error
    from .models.error_details import ErrorDetails
    from .models.footer import Footer
    from .models.get_webhooks_response import GetWebhooksResponse
    from .models.header import Header
    from .models.list_message import ListMessage
    from .models.list_row import ListRow
    from .models.list_section import ListSection
    from .models.location import Location
    from .models.message import Message
    from .models.multi_product_message import MultiProductMessage
    from .models.order import Order
    from .models.order_strategy import OrderStrategy
    from .models.participant import Participant
    from .models.product_item import ProductItem
    from .models.product_section import ProductSection
    from .models.referral import Referral
    from .models.reply_button_message import ReplyButtonMessage
    from .models.send_message_request import SendMessageRequest
    from .models.send_message_response import SendMessageResponse
    from .models.send_whatsapp_templated_message_request import SendWhatsappTemplatedMessageRequest
    from .models.single_product_message import SingleProductMessage
    from .models.template_parameter import TemplateParameter
    from .models.topic import Topic
    from .models.update_webhook_request import UpdateWebhookRequest
    from .models.update_webhook_response import UpdateWebhookResponse
    from .models.webengage_configuration import WebengageConfiguration
    from .models.webhook import Webhook
    from .models.webhook_configuration import WebhookConfiguration
    from .models.webhook_filter import WebhookFilter
    from .models.webhook_registrations import WebhookRegistrations
    from .models.webhook_type import WebhookType
else:
    import importlib as _importlib

    _MODULES = {
        "Attachment": ".models.attachment",
        "AttachmentType": ".models.attachment_type",
        "Button": ".models.button",
        "ChannelType": ".models.channel_type",
        "CreateWebhookRequest": ".models.create_webhook_request",
        "CreateWebhookResponse": ".models.create_webhook_response",
        "DeleteWebhookResponse": ".models.delete_webhook_response",
        "Error": ".models.error",
        "ErrorDetails": ".models.error_details",
        "Footer": ".models.footer",
        "GetWebhooksResponse": ".models.get_webhooks_response",
        "Header": ".models.header",
        "ListMessage": ".models.list_message",
        "ListRow": ".models.list_row",
        "ListSection": ".models.list_section",
        "Location": ".models.location",
        "Message": ".models.message",
        "MultiProductMessage": ".models.multi_product_message",
        "Order": ".models.order",
        "OrderStrategy": ".models.order_strategy",
        "Participant": ".models.participant",
        "ProductItem": ".models.product_item",
        "ProductSection": ".models.product_section",
        "Referral": ".models.referral",
        "ReplyButtonMessage": ".models.reply_button_message",
        "SendMessageRequest": ".models.send_message_request",
        "SendMessageResponse": ".models.send_message_response",
        "SendWhatsappTemplatedMessageRequest": ".models.send_whatsapp_templated_message_request",
        "SingleProductMessage": ".models.single_product_message",
        "TemplateParameter": ".models.template_parameter",
        "Topic": ".models.topic",
        "UpdateWebhookRequest": ".models.update_webhook_request",
        "UpdateWebhookResponse": ".models.update_webhook_response",
        "WebengageConfiguration": ".models.webengage_configuration",
        "Webhook": ".models.webhook",
        "WebhookConfiguration": ".models.webhook_configuration",
        "WebhookFilter": ".models.webhook_filter",
        "WebhookRegistrations": ".models.webhook_registrations",
        "WebhookType": ".models.webhook_type",
        "create_webhook": ".api.webhook_service.create_webhook",
        "delete_webhook": ".api.webhook_service.delete_webhook",
        "get_webhooks": ".api.webhook_service.get_webhooks",
        "send_message": ".api.message_service.send_message",
        "send_whatsapp_templated_message": ".api.message_service.send_whatsapp_templated_message",
        "update_webhook": ".api.webhook_service.update_webhook",
    }

    def __getattr__(name: str) -> object:
        """Import a name on first use (PEP 562)."""
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(_importlib.import_module(_MODULES[name], __name__), name)
        globals()[name] = value
        return value

    def __dir__() -> list[str]:
        """Return all names, whether or not they have been imported."""
        return sorted({*globals(), *__all__})


__all__ = [
    "Attachment",
    "AttachmentType",
    "Button",
    "ChannelType",
    "CreateWebhookRequest",
    "CreateWebhookResponse",
    "DeleteWebhookResponse",
    "Error",
    "ErrorDetails",
    "Footer",
    "GetWebhooksResponse",
    "Header",
    "ListMessage",
    "ListRow",
    "ListSection",
    "Location",
    "Message",
    "MultiProductMessage",
    "Order",
    "OrderStrategy",
    "Participant",
    "ProductItem",
    "ProductSection",
    "Referral",
    "ReplyButtonMessage",
    "SendMessageRequest",
    "SendMessageResponse",
    "SendWhatsappTemplatedMessageRequest",
    "SingleProductMessage",
    "TemplateParameter",
    "Topic",
    "UpdateWebhookRequest",
    "UpdateWebhookResponse",
    "WebengageConfiguration",
    "Webhook",
    "WebhookConfiguration",
    "WebhookFilter",
    "WebhookRegistrations",
    "WebhookType",
    "create_webhook",
    "delete_webhook",
    "get_webhooks",
    "send_message",
    "send_whatsapp_templated_message",
    "update_webhook",
]
