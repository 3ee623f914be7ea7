# Generated from service.swagger.json by "python -m codegen generate": do not edit.
from __future__ import annotations

import typing as _typing

from connectly_api import tracebacks as _tracebacks
from connectly_api.transport import protocol as _protocol
from connectly_api.wire import encoding as _encoding
from connectly_api.wire import parameters as _parameters

from ...models.update_webhook_response import UpdateWebhookResponse

if _typing.TYPE_CHECKING:
    from connectly_api.transport import pipeline as _pipeline

    from ...models.update_webhook_request import UpdateWebhookRequest

__all__ = ["request", "update_webhook"]


@_tracebacks.cut_traceback
def request(
    business_id: str,
    webhook_id: str,
    *,
    body: UpdateWebhookRequest,
) -> _protocol.Request[UpdateWebhookResponse]:
    """Build the request of `update_webhook`, without I/O.

    Args:
        business_id: `businessId` on the wire. Id of the business.
        webhook_id: `webhookId` on the wire. Id of the webhook registration.
        body: The body, as JSON.

    Returns:
        The request, with the function that reads its response.

    Raises:
        InvalidInputError: An argument cannot be encoded in a path, a query, a header or JSON.
    """
    return _protocol.Request(
        operation="update_webhook",
        method="PUT",
        path=f"/v1/businesses/{_parameters.encode_path_segment('business_id', business_id)}/update/webhooks/{_parameters.encode_path_segment('webhook_id', webhook_id)}",
        parse=UpdateWebhookResponse.from_dict,
        content=_encoding.encode_json(body.to_dict(), field="body"),
    )


@_tracebacks.cut_traceback
async def update_webhook(
    transport: _pipeline.Pipeline,
    business_id: str,
    webhook_id: str,
    *,
    body: UpdateWebhookRequest,
    timeout: float | None = None,
) -> UpdateWebhookResponse:
    """API to update an existing webhook registration by event topic.

    `PUT /v1/businesses/{businessId}/update/webhooks/{webhookId}`

    Args:
        transport: The transport to use: `Connectly.transport`.
        business_id: `businessId` on the wire. Id of the business.
        webhook_id: `webhookId` on the wire. Id of the webhook registration.
        body: The body, as JSON.
        timeout: Seconds for the whole call, or None for the transport's own limit.

    Returns:
        The response; fields that the service left out are unset.

    Raises:
        InvalidInputError: An argument cannot be encoded in a path, a query, a header or JSON.
        ConnectlyError: Any other error of the transport; see `connectly_api.errors`.
    """
    built = request(
        business_id,
        webhook_id,
        body=body,
    )
    return (await transport.send(built, timeout=timeout)).value
