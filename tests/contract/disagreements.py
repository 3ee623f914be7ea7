"""Whether a Swagger file concerns the facade: what it would refuse of all that the facade sends and reads."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from connectly_api import Connectly, Response
from connectly_api.transport import MockTransport, WireRequest
from tests.contract.cases import CASES, CREATE, LIST, SEND, SEND_TEMPLATE
from tests.contract.reader import ContractError, Reader

__all__ = ["disagreements"]

_REGISTRATION: Final = {
    "id": "wh_1",
    "topic": "messages",
    "address": "https://example.com",
    "type": "custom",
    "configuration": {
        "echo": True,
        "channelTypes": ["whatsapp", "sms"],
        "filters": [{"field": "campaign_name", "expression": "spring-*"}],
    },
}
_ANSWERS: Final[Mapping[str, Any]] = {
    SEND: {"id": "01ARZ3NDEKTSV4RRFFQ69G5FAV"},
    SEND_TEMPLATE: {"id": "01ARZ3NDEKTSV4RRFFQ69G5FAV"},
    CREATE: {"id": "wh_1"},
    LIST: {"entity": {"webhooks": [_REGISTRATION]}},
}
"""All that the facade reads of an answer, by the case's operation."""

_REFUSAL: Final = {
    "message": "Not like this",
    "type": "ERROR_TYPE_INVALID_REQUEST",
    "code": "ERROR_CODE_UNSPECIFIED",
    "userTitle": "Not like this",
    "userMessage": "Not like this",
    "cntTraceId": "1",
    "details": {},
}
"""All that it reads of a refusal."""


async def disagreements(document: Mapping[str, Any]) -> list[str]:
    """Return what a file describes otherwise than the facade has it; an empty list where the facade is not concerned.

    Args:
        document: A decoded Swagger 2.0 file.
    """
    reader = Reader(document)
    found: list[str] = []
    for case in CASES:
        answer = _response(200, _ANSWERS.get(case.operation, {}))
        mock = MockTransport(partial(_always, answer))
        await case.call(Connectly(api_key="k", business_id="b", transport=mock), "wh_1")
        for request in mock.requests:
            found += _problems(reader, request, answer)
    return list(dict.fromkeys(found))


def _problems(reader: Reader, request: WireRequest, answer: Response) -> list[str]:
    found: list[str] = []
    try:
        reader.check_request(request)
    except ContractError as error:
        found.append(str(error))
    for response in (answer, _response(400, _REFUSAL)):
        try:
            reader.check_answer(request, response, is_closed=True)
        except ContractError as error:
            found.append(str(error))
    return found


def _always(response: Response, _: WireRequest) -> Response:
    return response


def _response(status: int, value: object) -> Response:
    return Response(status, (("content-type", "application/json"),), json.dumps(value).encode())
