"""Decodes a body into a JSON object, within limits on size, depth and numbers that stop hostile bodies. Pure."""

from __future__ import annotations

import json
import math
from typing import Any, Final, NoReturn

from connectly_api.errors import WebhookPayloadError
from connectly_api.json_values import is_array, is_object
from connectly_api.number_checks import LARGEST_FINITE

MAX_BYTES: Final = 1024 * 1024
"""The default limit on a body in bytes; the documented bodies have fewer than one thousand."""
MAX_DEPTH: Final = 512 + 8
"""Levels of objects and arrays. Callback data, the deepest part, cannot exceed 512 levels in its 1024 bytes."""

_LARGEST: Final = int(LARGEST_FINITE)
_LARGEST_DIGITS: Final = len(str(_LARGEST))


def decode(body: bytes, *, max_bytes: int = MAX_BYTES) -> dict[str, Any]:
    """Return the JSON object in a body.

    A byte order mark before it is skipped. If a name occurs twice in one object, the last value wins.

    Raises:
        WebhookPayloadError: It is too large, not UTF-8, not JSON (`NaN` and `Infinity` are not), not an object, nested
            more than 520 levels deep, or contains a number beyond the range of a double (RFC 8259, section 6).
        TypeError: The body is not bytes.
    """
    if len(body) > max_bytes:
        raise WebhookPayloadError(f"webhook body: {len(body)} bytes; the limit is {max_bytes} bytes")
    text, decoded, end = "", None, -1
    try:
        # Not with the codec `utf-8-sig`, which takes as long as everything else, nor with regular expressions.
        text = str(body, "utf-8").removeprefix("\ufeff").strip(" \t\n\r")
        decoded, end = _DECODER.raw_decode(text)
    except (ValueError, RecursionError):
        # Raised below, so that the error has no context that holds the whole text.
        end = -1
    if end != len(text):
        raise WebhookPayloadError("webhook body: is not JSON in UTF-8, or is nested too deeply")
    if not is_object(decoded):
        raise WebhookPayloadError("webhook body: is JSON, but not an object")
    # Each level has at least one opening bracket, so a text with few brackets needs no walk.
    if text.count("{") + text.count("[") > MAX_DEPTH and is_deeper_than(decoded, MAX_DEPTH):
        raise WebhookPayloadError(f"webhook body: is nested more than {MAX_DEPTH} levels deep")
    return decoded


def is_deeper_than(value: dict[str, Any] | list[Any], levels: int) -> bool:
    """Return whether objects and arrays are nested more than a number of levels deep."""
    level: list[dict[str, object] | list[object]] = [value]
    for _ in range(levels):
        children = (child for one in level for child in (one.values() if isinstance(one, dict) else one))
        level = [child for child in children if is_object(child) or is_array(child)]
        if not level:
            return False
    return True


def _parse_integer(digits: str) -> int:
    if len(digits) < _LARGEST_DIGITS or (len(digits) <= _LARGEST_DIGITS + 1 and abs(int(digits)) <= _LARGEST):
        return int(digits)
    return _refuse(digits)


def _parse_fraction(digits: str) -> float:
    number = float(digits)
    return number if math.isfinite(number) else _refuse(digits)


def _refuse(_constant: str) -> NoReturn:
    raise WebhookPayloadError("webhook body: contains a number beyond the range of a double, NaN or Infinity")


# Created once: json.loads with hooks creates a decoder for each call, which costs more than decoding.
_DECODER: Final = json.JSONDecoder(parse_int=_parse_integer, parse_float=_parse_fraction, parse_constant=_refuse)
