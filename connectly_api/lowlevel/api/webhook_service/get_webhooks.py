# Generated from service.swagger.json by "python -m codegen generate": do not edit.
from __future__ import annotations

import typing as _typing

from connectly_api import tracebacks as _tracebacks
from connectly_api.transport import protocol as _protocol
from connectly_api.wire import parameters as _parameters

from ...models.get_webhooks_response import GetWebhooksResponse

if _typing.TYPE_CHECKING:
    from connectly_api.transport import pipeline as _pipeline

__all__ = ["request", "get_webhooks"]


@_tracebacks.cut_traceback
def request(
    business_id: str,
) -> _protocol.Request[GetWebhooksResponse]:
    """Build the request of `get_webhooks`, without I/O.

    Args:
        business_id: `businessId` on the wire. Id of the business.

    Returns:
        The request, with the function that reads its response.

    Raises:
        InvalidInputError: An argument cannot be encoded in a path, a query, a header or JSON.
    """
    return _protocol.Request(
        operation="get_webhooks",
        method="GET",
        path=f"/v1/businesses/{_parameters.encode_path_segment('business_id', business_id)}/webhooks",
        parse=GetWebhooksResponse.from_dict,
    )


@_tracebacks.cut_traceback
async def get_webhooks(
    transport: _pipeline.Pipeline,
    business_id: str,
    *,
    timeout: float | None = None,
) -> GetWebhooksResponse:
    """API to get webhook registrations for business.

    `GET /v1/businesses/{businessId}/webhooks`

    Args:
        transport: The transport to use: `Connectly.transport`.
        business_id: `businessId` on the wire. Id of the business.
        timeout: Seconds for the whole call, or None for the transport's own limit.

    Returns:
        The response; fields that the service left out are unset.

    Raises:
        InvalidInputError: An argument cannot be encoded in a path, a query, a header or JSON.
        ConnectlyError: Any other error of the transport; see `connectly_api.errors`.
    """
    built = request(
        business_id,
    )
    return (await transport.send(built, timeout=timeout)).value
