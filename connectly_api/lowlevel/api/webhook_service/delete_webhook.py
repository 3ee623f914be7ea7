# Generated from service.swagger.json by "python -m codegen generate": do not edit.
from __future__ import annotations

import typing as _typing

from connectly_api import tracebacks as _tracebacks
from connectly_api.transport import protocol as _protocol
from connectly_api.wire import parameters as _parameters

from ...models.delete_webhook_response import DeleteWebhookResponse

if _typing.TYPE_CHECKING:
    from connectly_api.transport import pipeline as _pipeline

__all__ = ["request", "delete_webhook"]


@_tracebacks.cut_traceback
def request(
    business_id: str,
    webhook_id: str,
) -> _protocol.Request[DeleteWebhookResponse]:
    """Build the request of `delete_webhook`, without I/O.

    Args:
        business_id: `businessId` on the wire. Id of the business.
        webhook_id: `webhookId` on the wire. Id of the webhook registration.

    Returns:
        The request, with the function that reads its response.

    Raises:
        InvalidInputError: An argument cannot be encoded in a path, a query, a header or JSON.
    """
    return _protocol.Request(
        operation="delete_webhook",
        method="DELETE",
        path=f"/v1/businesses/{_parameters.encode_path_segment('business_id', business_id)}/delete/webhooks/{_parameters.encode_path_segment('webhook_id', webhook_id)}",
        parse=DeleteWebhookResponse.from_dict,
    )


@_tracebacks.cut_traceback
async def delete_webhook(
    transport: _pipeline.Pipeline,
    business_id: str,
    webhook_id: str,
    *,
    timeout: float | None = None,
) -> DeleteWebhookResponse:
    """API to delete a webhook registration for business.

    `DELETE /v1/businesses/{businessId}/delete/webhooks/{webhookId}`

    Args:
        transport: The transport to use: `Connectly.transport`.
        business_id: `businessId` on the wire. Id of the business.
        webhook_id: `webhookId` on the wire. Id of the webhook registration.
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
    )
    return (await transport.send(built, timeout=timeout)).value
