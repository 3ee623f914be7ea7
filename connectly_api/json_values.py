"""JSON values: their types, and functions that narrow an unknown value to one of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeGuard

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


def is_mapping(value: object) -> TypeGuard[Mapping[str, Any]]:
    """Say whether a value is a dictionary or any other mapping; its keys are taken to be strings."""
    return isinstance(value, (dict, Mapping))  # A dict is recognised without the slower abstract class.


def get_text(value: Mapping[str, Any], name: str) -> str:
    """Return an object's string field; an empty string if it is missing or of another type."""
    found = value.get(name)
    return found if isinstance(found, str) else ""


def get_object(value: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return an object's object field; an empty one if it is missing or of another type."""
    found = value.get(name)
    return found if is_mapping(found) else {}


def get_objects(value: Mapping[str, Any], name: str) -> Sequence[Mapping[str, Any]]:
    """Return the objects of an object's list field; what is no object is left out."""
    found = value.get(name)
    return [item for item in found if is_mapping(item)] if is_array(found) else ()


def to_strings(value: object) -> Sequence[str]:
    """Return the strings of a list; what is no string is left out."""
    return [item for item in value if isinstance(item, str)] if is_array(value) else ()
