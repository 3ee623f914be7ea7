"""The 1024-byte rule: what may travel with a message and come back with its events.

Source: https://docs.connectly.ai: any JSON value of at most 1024 bytes; a larger one is answered with status 400. How
the service measures is not documented, so the exact UTF-8 bytes that the request carries for the value are counted.
"""

from __future__ import annotations

from typing import Final

from connectly_api.errors import CallbackDataTooLongError
from connectly_api.json_kinds import JsonValue
from connectly_api.wire import encode_json

__all__ = ["LIMIT", "check_callback_data"]

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
    size = len(encode_json(value, field="callback_data"))
    if size > LIMIT:
        raise CallbackDataTooLongError(size, LIMIT)
    return size
