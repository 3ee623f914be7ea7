"""The 1024-byte rule: what may travel with a message and come back with its events.

Source: https://docs.connectly.ai: any JSON value of at most 1024 bytes; a larger one is answered with status 400. How
the service measures is not documented, so the exact UTF-8 bytes that the request carries for the value are counted.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from connectly_api.errors import CallbackDataTooLongError, Violation
from connectly_api.json_values import JsonValue
from connectly_api.wire.encoding import encode_json, leaves

__all__ = ["LIMIT", "callback_data_doubts", "check_callback_data"]

LIMIT: Final = 1024
"""Bytes."""


def check_callback_data(value: JsonValue) -> int:
    """Return how many bytes of a request the value takes.

    Args:
        value: The callback data: an object, array, string, number, boolean, nested at will.

    Raises:
        CallbackDataTooLongError: More than 1024 bytes; it has both numbers.
        InvalidInputError: It is not JSON: NaN, Infinity, another type, a key that is not a string, a value within
            itself, a lone surrogate.
    """
    return len(_encoded(value))


def callback_data_doubts(value: JsonValue) -> Sequence[Violation]:
    """Check callback data, and return what of it may come back changed.

    A gateway that reads numbers as doubles, as JavaScript and protobuf's JSON do, keeps integers up to 2**53 alone.

    Args:
        value: As `check_callback_data` takes it, which raises the same.
    """
    # Hardly any has one: it takes sixteen digits.
    if not _LARGE.search(_encoded(value)):
        return ()
    problem = "an integer beyond 2**53 may come back changed, as gateways read numbers as doubles; send it as a string"
    return [Violation(path, problem, level="doubt") for path, item in leaves(value, "callback_data") if _is_large(item)]


_LARGE: Final = re.compile(b"[0-9]{16}")
_EXACT: Final = 2**53


def _encoded(value: JsonValue) -> bytes:
    content = encode_json(value, field="callback_data")
    if len(content) > LIMIT:
        raise CallbackDataTooLongError(len(content), LIMIT)
    return content


def _is_large(item: object) -> bool:
    return isinstance(item, int) and abs(item) > _EXACT
