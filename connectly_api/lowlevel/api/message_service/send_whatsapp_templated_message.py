# Generated from service.swagger.json by "python -m codegen generate": do not edit.
from __future__ import annotations

import typing as _typing

from connectly_api import tracebacks as _tracebacks
from connectly_api.transport import protocol as _protocol
from connectly_api.wire import encoding as _encoding
from connectly_api.wire import parameters as _parameters

from ...models.send_message_response import SendMessageResponse

if _typing.TYPE_CHECKING:
    from connectly_api.transport import pipeline as _pipeline

    from ...models.send_whatsapp_templated_message_request import SendWhatsappTemplatedMessageRequest

__all__ = ["request", "send_whatsapp_templated_message"]


@_tracebacks.cut_traceback
def request(
    business_id: str,
    *,
    body: SendWhatsappTemplatedMessageRequest,
) -> _protocol.Request[SendMessageResponse]:
    """Build the request of `send_whatsapp_templated_message`, without I/O.

    Args:
        business_id: `businessId` on the wire. Id of the business.
        body: The body, as JSON.

    Returns:
        The request, with the function that reads its response.

    Raises:
        InvalidInputError: An argument cannot be encoded in a path, a query, a header or JSON.
    """
    return _protocol.Request(
        operation="send_whatsapp_templated_message",
        method="POST",
        path=f"/v1/businesses/{_parameters.encode_path_segment('business_id', business_id)}/send/whatsapp_templated_messages",
        parse=SendMessageResponse.from_dict,
        content=_encoding.encode_json(body.to_dict(), field="body"),
    )


@_tracebacks.cut_traceback
async def send_whatsapp_templated_message(
    transport: _pipeline.Pipeline,
    business_id: str,
    *,
    body: SendWhatsappTemplatedMessageRequest,
    timeout: float | None = None,
) -> SendMessageResponse:
    """API to send a WhatsApp templated message to recipient.

    `POST /v1/businesses/{businessId}/send/whatsapp_templated_messages`

    Args:
        transport: The transport to use: `Connectly.transport`.
        business_id: `businessId` on the wire. Id of the business.
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
        body=body,
    )
    return (await transport.send(built, timeout=timeout)).value
