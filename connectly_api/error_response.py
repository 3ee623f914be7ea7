"""Parses a response with a status other than 2xx into a typed error. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import TypedDict

from connectly_api.error_codes import GRPC_CODES
from connectly_api.errors import (
    ApiError,
    AuthenticationError,
    ConflictError,
    Headers,
    NotFoundError,
    OptedOutError,
    OutsideWindowError,
    PermissionDeniedError,
    RateLimitError,
    RecipientRejectedError,
    RequestRejectedError,
    SenderRestrictedError,
    ServerError,
    TemplateRejectedError,
)
from connectly_api.json_values import is_object
from connectly_api.number_checks import is_integer

# A known code overrides the status: the documentation does not say which status goes with which code, and a gRPC
# gateway would send the documented DEADLINE_EXCEEDED of a closed window as 504.
_BY_CODE: Mapping[str, type[ApiError]] = {
    "ERROR_CODE_MESSAGE_OUTSIDE_OF_ELIGIBILITY_WINDOW": OutsideWindowError,
    "ERROR_CODE_MESSAGE_CUSTOMER_NO_CONVERSATION_INITIATION": OutsideWindowError,
    "ERROR_CODE_MESSAGE_CUSTOMER_OPTED_OUT": OptedOutError,
    "ERROR_CODE_MESSAGE_PHONE_NUMBER_INVALID": RecipientRejectedError,
    "ERROR_CODE_PHONE_NUMBER_BAD_FORMAT": RecipientRejectedError,
    "ERROR_CODE_MESSAGE_TEMPLATE_NOT_FOUND": TemplateRejectedError,
    "ERROR_CODE_MESSAGE_TEMPLATE_INPUT_INVALID": TemplateRejectedError,
    "ERROR_CODE_MESSAGE_TEMPLATE_DELETED": TemplateRejectedError,
    "ERROR_CODE_BUSINESS_REACHED_LIMITS": SenderRestrictedError,
    "ERROR_CODE_INVALID_SENDER_ID": RequestRejectedError,
    "ERROR_CODE_MESSAGE_ATTACHMENTS_NUMBER_INVALID": RequestRejectedError,
    "ERROR_CODE_MESSAGE_ATTACHMENT_EMPTY": RequestRejectedError,
    "ERROR_CODE_MESSAGE_ATTACHMENT_INVALID": RequestRejectedError,
    "ERROR_CODE_MESSAGE_TEXT_EMPTY": RequestRejectedError,
    "ERROR_CODE_BUSINESS_MISSES_MATCHING_CHANNEL": RequestRejectedError,
    "ERROR_CODE_MESSAGE_SELF_INVALID": RequestRejectedError,
    "ERROR_CODE_BUSINESS_KEY_SECRET_ABSENT": RequestRejectedError,
}

_BY_STATUS: Mapping[int, type[ApiError]] = {
    400: RequestRejectedError,
    401: AuthenticationError,
    403: PermissionDeniedError,
    404: NotFoundError,
    409: ConflictError,
    422: RequestRejectedError,
    429: RateLimitError,
}


def parse_error_response(
    status: int,
    headers: Headers,
    body: bytes,
    *,
    retry_after: float | None = None,
    sent: Iterable[str] = (),
) -> ApiError:
    """Turn a response with a status other than 2xx into a typed error; never fails, whatever the body contains.

    It reads the documented error body, or a gRPC status (integer `code`, list `details`), or either of them under an
    `error` key (unless there is a `code` or `message` next to it). For anything else (HTML, nothing, `null`, a
    truncated or non-UTF-8 text) it uses the status alone. The caller, which has a clock, reads `retry_after` from the
    headers; `sent` is what the request contained.
    """
    fields = parse_error_fields(find_error(body))
    kind = _choose_class(status, fields["code"])
    error = kind(status=status, headers=headers, body=body, sent=sent, **fields)
    if isinstance(error, RateLimitError):
        error.retry_after = retry_after
    elif kind is ApiError:
        error.may_have_taken_effect = not _is_refusal(status)
    return error


def _choose_class(status: int, code: str | None) -> type[ApiError]:
    # A server sends 401 and 429 before it looks at the request, and a caller acts on them whatever the body says.
    if code is not None and code in _BY_CODE and status not in {401, 429}:
        return _BY_CODE[code]
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    return ServerError if status >= HTTPStatus.INTERNAL_SERVER_ERROR else ApiError


def _is_refusal(status: int) -> bool:
    """Return whether a status without a class of its own means that nothing was done.

    Not 408 and 499, which a proxy may send after it has passed the request on; and not a redirect, which a server may
    send after it has carried out the request (RFC 9110, 15.4).
    """
    return 400 <= status < 500 and status not in {408, 499}  # noqa: PLR2004 (4xx)


class ErrorFields(TypedDict):
    """An error body's fields, by the names of `ApiError`."""

    code: str | None
    type: str | None
    message: str | None
    user_title: str | None
    user_message: str | None
    trace_id: str | None
    details: object


def parse_error_fields(error: Mapping[str, object]) -> ErrorFields:
    """Read an error body, of a response or of a delivery status; a field that cannot be read is None."""
    return ErrorFields(
        code=_read_code(error.get("code")),
        type=_read_text(error.get("type")),
        message=_read_text(error.get("message")),
        user_title=_read_text(error.get("userTitle") or error.get("user_title")),
        user_message=_read_text(error.get("userMessage") or error.get("user_message")),
        trace_id=_read_text(error.get("cntTraceId") or error.get("cnt_trace_id")),
        details=error.get("details"),
    )


def find_error(body: bytes) -> Mapping[str, object]:
    """Return the error body in a response; an empty one if there is none that can be read."""
    try:
        decoded: object = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    if not is_object(decoded):
        return {}
    inner = decoded.get("error")
    is_documented = decoded.get("code") is not None or decoded.get("message") is not None
    return inner if is_object(inner) and not is_documented else decoded


def _read_code(value: object) -> str | None:
    if is_integer(value):
        return GRPC_CODES[value] if 0 <= value < len(GRPC_CODES) else str(value)
    return _read_text(value)


def _read_text(value: object) -> str | None:
    if is_integer(value):
        return str(value)
    return value if isinstance(value, str) and value else None
