"""Whether a value is a number within bounds: the one place that knows that a bool is none. Pure."""

from __future__ import annotations

import math
from typing import Any, Final, TypeGuard

import attrs

from connectly_api.errors import InvalidInputError

LARGEST_FINITE: Final = 1.7976931348623157e308
"""The largest float: beyond it are infinity, and integers that no float holds."""


def is_number(value: object, least: float = -math.inf, most: float = math.inf) -> TypeGuard[float]:
    """Say whether a value is an int or a float, no bool and no NaN, from `least` to `most`."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and least <= value <= most


def is_integer(value: object, least: float = -math.inf) -> TypeGuard[int]:
    """Say whether a value is an int, no bool, and not below `least`."""
    return isinstance(value, int) and is_number(value, least)


def check_count(field: str, value: object) -> None:
    """Refuse what is no whole number of at least 1.

    Raises:
        InvalidInputError: It is none.
    """
    if not is_integer(value, 1):
        raise InvalidInputError(f"{field}: must be a whole number of at least 1", field=field)


def validate_count(_instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """Refuse what is no whole number of at least 1; for `attrs.field(validator=…)`."""
    check_count(attribute.name, value)
