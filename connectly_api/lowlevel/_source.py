# Generated from service.swagger.json by "python -m codegen generate": do not edit.
"""What this tree was generated from, and with what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

SWAGGER_SHA256: Final = "dd6af08429367dbd244bbb7a1d354c72f7b570394e905332561bc3a2fd5d4825"
GENERATOR: Final = "openapi-python-client 0.29.1"
FORMATTER: Final = "ruff 0.17.5"
OPERATIONS: Final[Mapping[str, tuple[str, str]]] = {
    "create_webhook": ("POST", "/v1/businesses/{businessId}/create/webhooks"),
    "delete_webhook": ("DELETE", "/v1/businesses/{businessId}/delete/webhooks/{webhookId}"),
    "get_webhooks": ("GET", "/v1/businesses/{businessId}/webhooks"),
    "send_message": ("POST", "/v1/businesses/{businessId}/send/messages"),
    "send_whatsapp_templated_message": ("POST", "/v1/businesses/{businessId}/send/whatsapp_templated_messages"),
    "update_webhook": ("PUT", "/v1/businesses/{businessId}/update/webhooks/{webhookId}"),
}
"""Method and path of each operation, by the name of its function."""
