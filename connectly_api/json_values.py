"""What JSON can say, as types, and the questions that narrow an unknown value to them. A leaf of the import tree."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeGuard

__all__ = ["JsonValue", "is_array", "is_object"]

JsonValue = None | bool | int | float | str | list[Any] | tuple[Any, ...] | Mapping[str, Any]
"""Whatever JSON can say; a tuple is written as an array.

Only the outermost value is described: a `dict[str, str]` or a `TypedDict` would not fit a description that went deeper,
as `dict` and `list` are invariant. The whole value is looked at while the program runs.
"""


def is_object(value: object) -> TypeGuard[dict[str, object]]:
    """Say whether a decoded JSON value is an object."""
    return isinstance(value, dict)


def is_array(value: object) -> TypeGuard[list[object]]:
    """Say whether a decoded JSON value is an array."""
    return isinstance(value, list)
