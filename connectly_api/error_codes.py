"""Which parts of a server's error may be shown: documented codes and types, and well-formed trace ids. Pure.

An error's text shows nothing else, because a server may repeat what it was sent, even where a code belongs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Final

# What the documented codes mean, https://docs.connectly.ai (errors), in our words.
MEANINGS: Final[Mapping[str, str]] = {
    "ERROR_CODE_INVALID_SENDER_ID": "the sender's number is not valid",
    "ERROR_CODE_PHONE_NUMBER_BAD_FORMAT": "a phone number is malformed",
    "ERROR_CODE_MESSAGE_PHONE_NUMBER_INVALID": "the recipient's number is not valid; correct it, or drop it",
    "ERROR_CODE_MESSAGE_ATTACHMENTS_NUMBER_INVALID": "a message can have only one attachment",
    "ERROR_CODE_MESSAGE_ATTACHMENT_EMPTY": "the attachment's URL is empty",
    "ERROR_CODE_MESSAGE_ATTACHMENT_INVALID": "the attachment cannot be downloaded from its URL",
    "ERROR_CODE_MESSAGE_TEXT_EMPTY": "the text is empty",
    "ERROR_CODE_MESSAGE_TEMPLATE_NOT_FOUND": "there is no template of that name and language",
    "ERROR_CODE_MESSAGE_TEMPLATE_INPUT_INVALID": "the parameters do not match the template",
    "ERROR_CODE_MESSAGE_TEMPLATE_DELETED": "that translation is being deleted; use another name, or wait four weeks",
    "ERROR_CODE_BUSINESS_MISSES_MATCHING_CHANNEL": "the business has no number of that channel type",
    "ERROR_CODE_MESSAGE_OUTSIDE_OF_ELIGIBILITY_WINDOW": (
        "more than 24 hours since the customer wrote; use a template message"
    ),
    "ERROR_CODE_MESSAGE_CUSTOMER_NO_CONVERSATION_INITIATION": "the customer never wrote; use a template message",
    "ERROR_CODE_BUSINESS_REACHED_LIMITS": "the sender was blocked or reported too often; stop sending from it",
    "ERROR_CODE_MESSAGE_SELF_INVALID": "this kind of message cannot be sent to oneself",
    "ERROR_CODE_MESSAGE_CUSTOMER_OPTED_OUT": "the customer opted out of templates; stop sending them",
    "ERROR_CODE_BUSINESS_KEY_SECRET_ABSENT": "the business's secret is not set up; ask the service's support",
    "ERROR_CODE_UNSPECIFIED": "",
}

TYPES: Final = frozenset({
    "ERROR_TYPE_UNSPECIFIED",
    "ERROR_TYPE_INVALID_REQUEST",
    "ERROR_TYPE_AUTHENTICATION",
    "ERROR_TYPE_DEADLINE_EXCEEDED",
    "ERROR_TYPE_FAILED_PRECONDITION",
})  # fmt: skip

# https://grpc.io/docs/guides/status-codes/, in the order of their numbers.
GRPC_CODES: Final = (
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
)

# A trace id is a 64-bit number. Nearly all of those have 17 digits or more, and no phone number has more than 15.
_TRACE_ID: Final = re.compile(r"[1-9][0-9]{16,19}")
_LARGEST_TRACE_ID: Final = 2**64 - 1
# Characters that are digits, written as their numbers: in hexadecimal, decimal and octal.
_NUMBERED_DIGITS: Final = re.compile(r"(?:3[0-9])+|(?:4[89]|5[0-7])+|(?:0?6[0-7]|0?7[01])+")
_SHARED: Final = 6
"""Digits in a row that a trace id and a request share by design rather than by chance."""


def is_documented_code(code: str | None) -> bool:
    """Return whether the service, or gRPC, documents a code."""
    return code in MEANINGS or code in GRPC_CODES


def is_documented_type(kind: str | None) -> bool:
    """Return whether the service documents a type."""
    return kind in TYPES


def is_trace_id(text: str | None, sent: Iterable[str] = ()) -> bool:
    """Return whether a text has the documented form of a trace id, and shares no run of digits with what was sent."""
    if text is None or not _TRACE_ID.fullmatch(text) or int(text) > _LARGEST_TRACE_ID:
        return False
    backwards = text[::-1]
    if _NUMBERED_DIGITS.fullmatch(text) or _NUMBERED_DIGITS.fullmatch(backwards):
        return False
    digits = "\n".join(map(_extract_digits, sent))
    windows = (order[at : at + _SHARED] for order in (text, backwards) for at in range(len(text) - _SHARED + 1))
    return not any(window in digits for window in windows)


def _extract_digits(text: str) -> str:
    found = re.sub(r"\D+", "", text)
    return found if found.isascii() else "".join(str(int(digit)) for digit in found)


def find_phrase(status: int) -> str:
    """Return the standard phrase of an HTTP status; empty if it has none."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
