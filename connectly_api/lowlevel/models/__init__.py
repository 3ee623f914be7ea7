# Generated from service.swagger.json by "python -m codegen generate": do not edit.
"""The models of the service's Swagger file."""

from __future__ import annotations

import typing as _typing

if _typing.TYPE_CHECKING:
    from .attachment import Attachment
    from .attachment_type import AttachmentType
    from .button import Button
    from .channel_type import ChannelType
    from .create_webhook_request import CreateWebhookRequest
    from .create_webhook_response import CreateWebhookResponse
    from .delete_webhook_response import DeleteWebhookResponse
    from .error import Error
    from .error_details import ErrorDetails
    from .footer import Footer
    from .get_webhooks_response import GetWebhooksResponse
    from .header import Header
    from .list_message import ListMessage
    from .list_row import ListRow
    from .list_section import ListSection
    from .location import Location
    from .message import Message
    from .multi_product_message import MultiProductMessage
    from .order import Order
    from .order_strategy import OrderStrategy
    from .participant import Participant
    from .product_item import ProductItem
    from .product_section import ProductSection
    from .referral import Referral
    from .reply_button_message import ReplyButtonMessage
    from .send_message_request import SendMessageRequest
    from .send_message_response import SendMessageResponse
    from .send_whatsapp_templated_message_request import SendWhatsappTemplatedMessageRequest
    from .single_product_message import SingleProductMessage
    from .template_parameter import TemplateParameter
    from .topic import Topic
    from .update_webhook_request import UpdateWebhookRequest
    from .update_webhook_response import UpdateWebhookResponse
    from .webengage_configuration import WebengageConfiguration
    from .webhook import Webhook
    from .webhook_configuration import WebhookConfiguration
    from .webhook_filter import WebhookFilter
    from .webhook_registrations import WebhookRegistrations
    from .webhook_type import WebhookType
else:
    import importlib as _importlib

    _MODULES = {
        "Attachment": ".attachment",
        "AttachmentType": ".attachment_type",
        "Button": ".button",
        "ChannelType": ".channel_type",
        "CreateWebhookRequest": ".create_webhook_request",
        "CreateWebhookResponse": ".create_webhook_response",
        "DeleteWebhookResponse": ".delete_webhook_response",
        "Error": ".error",
        "ErrorDetails": ".error_details",
        "Footer": ".footer",
        "GetWebhooksResponse": ".get_webhooks_response",
        "Header": ".header",
        "ListMessage": ".list_message",
        "ListRow": ".list_row",
        "ListSection": ".list_section",
        "Location": ".location",
        "Message": ".message",
        "MultiProductMessage": ".multi_product_message",
        "Order": ".order",
        "OrderStrategy": ".order_strategy",
        "Participant": ".participant",
        "ProductItem": ".product_item",
        "ProductSection": ".product_section",
        "Referral": ".referral",
        "ReplyButtonMessage": ".reply_button_message",
        "SendMessageRequest": ".send_message_request",
        "SendMessageResponse": ".send_message_response",
        "SendWhatsappTemplatedMessageRequest": ".send_whatsapp_templated_message_request",
        "SingleProductMessage": ".single_product_message",
        "TemplateParameter": ".template_parameter",
        "Topic": ".topic",
        "UpdateWebhookRequest": ".update_webhook_request",
        "UpdateWebhookResponse": ".update_webhook_response",
        "WebengageConfiguration": ".webengage_configuration",
        "Webhook": ".webhook",
        "WebhookConfiguration": ".webhook_configuration",
        "WebhookFilter": ".webhook_filter",
        "WebhookRegistrations": ".webhook_registrations",
        "WebhookType": ".webhook_type",
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
]
