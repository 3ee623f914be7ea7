"""From the bytes of a body to a JSON object, within limits: nothing hostile gets further than here."""

from __future__ import annotations

import json
import math
from typing import Any, Final, NoReturn

from connectly_api.errors import WebhookPayloadError
from connectly_api.json_values import is_array, is_object

__all__ = ["MAX_BYTES", "MAX_DEPTH", "decode", "is_deeper"]

MAX_BYTES: Final = 1024 * 1024
"""Bytes that a body may have, unless the caller says otherwise; the documented bodies have less than one thousand."""

MAX_DEPTH: Final = 512 + 8
"""Objects and arrays within each other. Callback data, the deepest thing of all, cannot pass 512 in its 1024 bytes."""

_LARGEST: Final = int(1.7976931348623157e308)
_LARGEST_DIGITS: Final = len(str(_LARGEST))


def decode(body: bytes, *, max_bytes: int = MAX_BYTES) -> dict[str, Any]:
    """Return the JSON object that a body holds, whole.

    A byte order mark before it is passed over. Where a name comes twice in one object, the last value stands.

    Args:
        body: UTF-8 JSON.
        max_bytes: The largest body that is read.

    Raises:
        WebhookPayloadError: It is larger, not UTF-8, not JSON (`NaN` and `Infinity` are not), no object, nested more
            than 520 levels deep, or holds a number beyond the range of a double (RFC 8259, section 6).
        TypeError: The body is not bytes.
    """
    if len(body) > max_bytes:
        raise WebhookPayloadError(f"webhook body: {len(body)} bytes; the limit is {max_bytes} bytes")
    text, decoded, end = "", None, -1
    try:
        # Not by the codec `utf-8-sig`, which takes as long as all the rest, nor by regular expressions for white space.
        text = str(body, "utf-8").removeprefix("\ufeff").strip(" \t\n\r")
        decoded, end = _DECODER.raw_decode(text)
    except (ValueError, RecursionError):
        # Raised below instead, where it does not take along an error that holds the whole text.
        end = -1
    if end != len(text):
        raise WebhookPayloadError("webhook body: is not JSON in UTF-8, or is nested too deeply")
    if not is_object(decoded):
        raise WebhookPayloadError("webhook body: is JSON, but not an object")
    # Each level has at least one opening bracket, so few brackets settle the matter without a walk.
    if text.count("{") + text.count("[") > MAX_DEPTH and is_deeper(decoded, MAX_DEPTH):
        raise WebhookPayloadError(f"webhook body: is nested more than {MAX_DEPTH} levels deep")
    return decoded


def is_deeper(value: dict[str, Any] | list[Any], levels: int) -> bool:
    """Say whether objects and arrays stand within each other more than so many levels deep."""
    level: list[dict[str, object] | list[object]] = [value]
    for _ in range(levels):
        children = (child for one in level for child in (one.values() if isinstance(one, dict) else one))
        level = [child for child in children if is_object(child) or is_array(child)]
        if not level:
            return False
    return True


def _integer(digits: str) -> int:
    if len(digits) < _LARGEST_DIGITS or (len(digits) <= _LARGEST_DIGITS + 1 and abs(int(digits)) <= _LARGEST):
        return int(digits)
    return _refuse(digits)


def _fraction(digits: str) -> float:
    number = float(digits)
    return number if math.isfinite(number) else _refuse(digits)


def _refuse(_constant: str) -> NoReturn:
    raise WebhookPayloadError("webhook body: holds a number beyond the range of a double, NaN or Infinity")


# Made once: json.loads with hooks makes a decoder for each call, which costs more than decoding.
_DECODER: Final = json.JSONDecoder(parse_int=_integer, parse_float=_fraction, parse_constant=_refuse)
