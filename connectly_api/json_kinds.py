"""What JSON can say, as types, and the questions that narrow an unknown value to them. A leaf of the import tree."""

from __future__ import annotations

from typing import TypeGuard

__all__ = ["JsonValue", "is_array", "is_object"]

JsonValue = None | bool | int | float | str | list["JsonValue"] | tuple["JsonValue", ...] | dict[str, "JsonValue"]
"""Whatever JSON can say; a tuple is written as an array."""


def is_object(value: object) -> TypeGuard[dict[str, object]]:
    """Say whether a decoded JSON value is an object."""
    return isinstance(value, dict)


def is_array(value: object) -> TypeGuard[list[object]]:
    """Say whether a decoded JSON value is an array."""
    return isinstance(value, list)
