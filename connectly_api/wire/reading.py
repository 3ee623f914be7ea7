"""Lenient reading: what the generated models read their fields with.

Nothing that a service sends may cost more than the field that it is in. A value of a wrong type leaves its field unset
and stays, raw, among what has no field; `null` is absent; an integer where a text is meant becomes a text.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar, cast

from connectly_api.wire.encoding import UNSET, Unset

__all__ = [
    "as_boolean",
    "as_given",
    "as_integer",
    "as_number",
    "as_text",
    "list_of",
    "map_of",
    "nothing",
    "open_object",
    "take",
    "take_given",
    "whole",
]

T = TypeVar("T")

_INTEGER = re.compile(r"-?[0-9]{1,40}")
_NUMBER = re.compile(r"-?[0-9]{1,400}(?:\.[0-9]{1,400})?(?:[eE][+-]?[0-9]{1,4})?")


class _PartlyReadError(ValueError):
    """A list or a map of which a part could not be read.

    Attributes:
        value: The part that could.
    """

    def __init__(self, value: object) -> None:
        super().__init__("a part is of a wrong type")
        self.value = value


def as_text(value: object) -> str:
    """Return a string; an integer becomes its decimal digits.

    Raises:
        ValueError: It is neither.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise ValueError("not a string")


def as_integer(value: object) -> int:
    """Return an integer, also from its decimal digits in a string (as protobuf writes 64 bits), and from 3.0.

    Raises:
        ValueError: It is not an integer.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and _INTEGER.fullmatch(value):
        return int(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    raise ValueError("not an integer")


def as_number(value: object) -> float:
    """Return a finite float, also from an integer that it holds exactly, and from a number in a string.

    Raises:
        ValueError: It is not a finite number, or an integer that a float cannot hold.
    """
    if isinstance(value, float) and math.isfinite(value):
        return value
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= 1 << 1023 and float(value) == value:
        return float(value)
    if isinstance(value, str) and _NUMBER.fullmatch(value) and math.isfinite(float(value)):
        return float(value)
    raise ValueError("not a number")


def as_boolean(value: object) -> bool:
    """Return a boolean.

    Raises:
        ValueError: It is not one.
    """
    if isinstance(value, bool):
        return value
    raise ValueError("not a boolean")


def as_given(value: object) -> Any:  # noqa: ANN401  any JSON value is what the schema says
    """Return any JSON value, untouched."""
    return value


def list_of(read: Callable[[object], T]) -> Callable[[object], list[T]]:
    """Return a reader of lists.

    Args:
        read: Reads one element. `null` is not an element, except where any JSON is one.
    """

    def read_list(value: object) -> list[T]:
        if not isinstance(value, (list, tuple)):
            raise ValueError("not a list")  # noqa: TRY004  readers raise one kind of error
        parts = [_part(read, element) for element in cast("Iterable[object]", value)]
        elements = [cast("T", element) for element, _ in parts if element is not UNSET]
        if not all(complete for _, complete in parts):
            raise _PartlyReadError(elements)
        return elements

    return read_list


def map_of(read: Callable[[object], T]) -> Callable[[object], dict[str, T]]:
    """Return a reader of objects that map any name to one type of value.

    Args:
        read: Reads one value. `null` is not a value, except where any JSON is one.
    """

    def read_map(value: object) -> dict[str, T]:
        if not isinstance(value, Mapping):
            raise ValueError("not an object")  # noqa: TRY004  readers raise one kind of error
        parts = {name: _part(read, entry) for name, entry in cast("Mapping[str, object]", value).items()}
        entries = {name: cast("T", entry) for name, (entry, _) in parts.items() if entry is not UNSET}
        if not all(complete for _, complete in parts.values()):
            raise _PartlyReadError(entries)
        return entries

    return read_map


def _part(read: Callable[[object], object], value: object) -> tuple[object, bool]:
    """Return what can be read of one element, or `UNSET`, and whether that is all of it."""
    if value is None and read is not as_given:
        return UNSET, False
    try:
        return read(value), True
    except _PartlyReadError as partly:
        return partly.value, False
    except (ValueError, RecursionError):
        return UNSET, False


def whole(read: Callable[[object], T], nothing: object) -> Callable[[object], T]:
    """Return a reader of a body that is a list or a map: parts that cannot be read are left out.

    Args:
        read: What `list_of` or `map_of` returned.
        nothing: What an absent body is read as.
    """

    def read_whole(value: object) -> T:
        try:
            return read(nothing if value is None else value)
        except _PartlyReadError as partly:
            return cast("T", partly.value)

    return read_whole


nothing: Callable[[], dict[str, Any]] = dict
"""Return an empty object."""


def open_object(source: object, spellings: Mapping[str, str]) -> dict[str, Any]:
    """Return a copy of a JSON object from which fields can be taken; no object at all is an empty one.

    Args:
        source: Decoded JSON.
        spellings: Other names of fields (`channel_type`) to their names on the wire (`channelType`), which win.

    Raises:
        ValueError: It is something other than an object.
    """
    if source is None:
        return {}
    if not isinstance(source, (dict, Mapping)):  # A dict is told at once, without the abstract class.
        raise ValueError("not a JSON object")  # noqa: TRY004  what a `Request.parse` is to raise
    rest = dict(cast("Mapping[str, Any]", source))
    for other, name in spellings.items():
        if other in rest and rest.get(name) is None:
            rest[name] = rest.pop(other)
    return rest


def take(rest: dict[str, Any], name: str, read: Callable[[object], T]) -> T | Unset:
    """Take one field out of an object.

    Args:
        rest: The object; a value that cannot be read, or only in part, stays in it.
        name: The field's name on the wire.
        read: Raises ValueError on a wrong type.

    Returns:
        The value, or `UNSET` where it is absent, `null`, or cannot be read.
    """
    value = rest.get(name)
    if value is None:
        rest.pop(name, None)
        return UNSET
    try:
        result = read(value)
    except _PartlyReadError as partly:
        return cast("T", partly.value)
    except (ValueError, RecursionError):
        return UNSET
    del rest[name]
    return result


def take_given(rest: dict[str, Any], name: str) -> Any:  # noqa: ANN401  any JSON value is what the schema says
    """Take a field of any JSON, `null` included, out of an object, or return `UNSET` where it is absent."""
    return rest.pop(name, UNSET)
