"""The values of cells, from any source: whether there is one, and its text."""

from __future__ import annotations

from numbers import Real
from typing import Final

_MISSING: Final = frozenset({"NAType", "NaTType"})
"""What pandas has for missing values besides None and NaN."""

_EXACT: Final = 2**53
"""From here on, a floating-point number may be the neighbour of the number that was entered."""


def is_empty(value: object) -> bool:
    """Return whether a cell has no value: None, NaN, pandas' missing values, and texts of nothing but white space."""
    if isinstance(value, str):
        return not value or value.isspace()
    # NaN alone differs from itself.
    return value is None or type(value).__name__ in _MISSING or (isinstance(value, Real) and value != value)  # noqa: PLR0124


def to_cell_text(value: object) -> str:
    """Return a value as text: a whole number without a point, a date and a time as in ISO 8601, a truth as in Excel."""
    if isinstance(value, str):
        return value
    if is_empty(value):
        return ""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT:
        return str(int(value))
    return str(value)
