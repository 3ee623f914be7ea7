"""Checks that a value is a number within bounds, and not a bool. Pure."""

from __future__ import annotations

import math
import sys
from typing import Any, Final, TypeGuard

import attrs

from connectly_api.errors import InvalidInputError

LARGEST_FINITE: Final = sys.float_info.max
"""The largest float: beyond it are infinity, and integers too large for a float."""


def is_number(value: object, least: float = -math.inf, most: float = math.inf) -> TypeGuard[float]:
    """Return whether a value is an int or a float from `least` to `most`, and neither a bool nor NaN."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and least <= value <= most


def is_integer(value: object, least: float = -math.inf) -> TypeGuard[int]:
    """Return whether a value is an int of at least `least`, and not a bool."""
    return isinstance(value, int) and is_number(value, least)


def check_count(field: str, value: object) -> None:
    """Check that a value is a whole number of at least 1.

    Raises:
        InvalidInputError: It is not.
    """
    if not is_integer(value, 1):
        raise InvalidInputError(f"{field}: must be a whole number of at least 1", field=field)


def validate_count(_instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """Check that a value is a whole number of at least 1; for `attrs.field(validator=…)`."""
    check_count(attribute.name, value)
