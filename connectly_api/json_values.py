"""JSON values: their types, and functions that narrow an unknown value to one of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeGuard

JsonValue = None | bool | int | float | str | list[Any] | tuple[Any, ...] | Mapping[str, Any]
"""Any JSON value; a tuple is written as an array.

The type covers only the outermost value: `dict` and `list` are invariant, so a deeper type would reject a
`dict[str, str]` or a `TypedDict`. The whole value is checked at run time.
"""


def is_object(value: object) -> TypeGuard[dict[str, object]]:
    """Return whether a decoded JSON value is an object."""
    return isinstance(value, dict)


def is_array(value: object) -> TypeGuard[list[object]]:
    """Return whether a decoded JSON value is an array."""
    return isinstance(value, list)


def is_mapping(value: object) -> TypeGuard[Mapping[str, Any]]:
    """Return whether a value is a dictionary or any other mapping; its keys are taken to be strings."""
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
    """Return the objects of an object's list field; anything else is left out."""
    found = value.get(name)
    return [item for item in found if is_mapping(item)] if is_array(found) else ()


def to_strings(value: object) -> Sequence[str]:
    """Return the strings of a list; anything else is left out."""
    return [item for item in value if isinstance(item, str)] if is_array(value) else ()
