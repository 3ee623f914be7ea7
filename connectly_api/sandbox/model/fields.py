"""Looking into JSON objects: a field that is missing, or not of the kind one asks for, is empty. Pure.

The handlers know the documented fields; which types a request may have is up to the Swagger file that is served.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeGuard

from connectly_api.json_values import is_array

__all__ = ["inner", "is_mapping", "listed", "strings", "text"]


def is_mapping(value: object) -> TypeGuard[Mapping[str, Any]]:
    """Say whether a value is an object as a Swagger file or a request holds it."""
    return isinstance(value, (dict, Mapping))  # A dict is told at once, without the abstract class.


def text(value: Mapping[str, Any], name: str) -> str:
    """Return a string field, or an empty string."""
    found = value.get(name)
    return found if isinstance(found, str) else ""


def inner(value: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return an object field, or an empty object."""
    found = value.get(name)
    return found if is_mapping(found) else {}


def listed(value: Mapping[str, Any], name: str) -> Sequence[Mapping[str, Any]]:
    """Return the objects of a list field."""
    found = value.get(name)
    return [item for item in found if is_mapping(item)] if is_array(found) else ()


def strings(value: object) -> Sequence[str]:
    """Return the strings of a list."""
    return [item for item in value if isinstance(item, str)] if is_array(value) else ()
