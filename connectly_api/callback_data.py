"""Callback data: JSON of at most 1024 bytes that is sent with a message and returned with its events.

Source: https://docs.connectly.ai (a larger value is a 400). It does not say how the size is measured; this package
counts the exact UTF-8 bytes of the value in the request.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from connectly_api.errors import CallbackDataTooLongError, Violation
from connectly_api.json_values import JsonValue
from connectly_api.wire.encoding import encode_json, iterate_leaves

__all__ = ["LIMIT", "check_callback_data"]

LIMIT: Final = 1024
"""Bytes."""


def check_callback_data(value: JsonValue) -> int:
    """Check callback data, and return its size in bytes.

    Args:
        value: Any JSON value.

    Raises:
        CallbackDataTooLongError: The value has more than 1024 bytes; the error has both numbers.
        InvalidInputError: The value is not JSON: NaN, infinity, another type, a key that is not a string, a cycle, or a
            lone surrogate.
    """
    return len(_encode_within_limit(value))


def check_for_large_integers(value: JsonValue) -> Sequence[Violation]:
    """Check callback data, and return a violation of level `doubt` for each integer that may change in transit.

    A gateway that reads numbers as doubles, as JavaScript and protobuf's JSON do, is exact up to 2**53.
    """
    # Rare, so look for 16 digits first.
    if not _LARGE.search(_encode_within_limit(value)):
        return ()
    problem = "an integer beyond 2**53 may come back changed, as gateways read numbers as doubles; send it as a string"
    return [
        Violation(path, problem, level="doubt")
        for path, item in iterate_leaves(value, "callback_data")
        if _is_large(item)
    ]


_LARGE: Final = re.compile(b"[0-9]{16}")
_EXACT: Final = 2**53


def _encode_within_limit(value: JsonValue) -> bytes:
    content = encode_json(value, field="callback_data")
    if len(content) > LIMIT:
        raise CallbackDataTooLongError(len(content), LIMIT)
    return content


def _is_large(item: object) -> bool:
    return isinstance(item, int) and abs(item) > _EXACT
