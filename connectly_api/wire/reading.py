"""How generated models read JSON: leniently, field by field.

A malformed value affects only its own field: the field stays unset, and the raw value is kept among the additional
properties. `null` counts as absent. An integer in place of a string becomes a string.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar, cast

from connectly_api.wire.unset import UNSET, Unset

T = TypeVar("T")

_INTEGER = re.compile(r"-?[0-9]{1,40}")
_NUMBER = re.compile(r"-?[0-9]{1,400}(?:\.[0-9]{1,400})?(?:[eE][+-]?[0-9]{1,4})?")


class _PartlyReadError(ValueError):
    """Some parts of a list or a map cannot be read.

    Attributes:
        value: The list or map of the readable parts.
    """

    def __init__(self, value: object) -> None:
        super().__init__("a part has the wrong type")
        self.value = value


def as_text(value: object) -> str:
    """Return a string, or the decimal digits of an integer.

    Raises:
        ValueError: The value is neither.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise ValueError("not a string")


def as_integer(value: object) -> int:
    """Return an integer; also from a string of decimal digits (protobuf's form of 64 bits) and from 3.0.

    Raises:
        ValueError: The value is none of these.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and _INTEGER.fullmatch(value):
        return int(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    raise ValueError("not an integer")


def as_number(value: object) -> float:
    """Return a finite float; also from an integer that a float holds exactly, and from a number in a string.

    Raises:
        ValueError: The value is none of these.
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
        ValueError: The value is not a boolean.
    """
    if isinstance(value, bool):
        return value
    raise ValueError("not a boolean")


def as_is(value: object) -> Any:  # noqa: ANN401  any JSON value is what the schema says
    """Return any JSON value unchanged."""
    return value


def list_of(read: Callable[[object], T]) -> Callable[[object], list[T]]:
    """Return a reader of lists.

    Args:
        read: Reads one element. `null` elements are dropped, unless any JSON is allowed.
    """

    def read_list(value: object) -> list[T]:
        if not isinstance(value, (list, tuple)):
            raise ValueError("not a list")  # noqa: TRY004  readers raise one kind of error
        parts = [_read_part(read, element) for element in cast("Iterable[object]", value)]
        elements = [cast("T", element) for element, _ in parts if element is not UNSET]
        if not all(complete for _, complete in parts):
            raise _PartlyReadError(elements)
        return elements

    return read_list


def map_of(read: Callable[[object], T]) -> Callable[[object], dict[str, T]]:
    """Return a reader of objects whose values all have one type.

    Args:
        read: Reads one value. `null` values are dropped, unless any JSON is allowed.
    """

    def read_map(value: object) -> dict[str, T]:
        if not isinstance(value, Mapping):
            raise ValueError("not an object")  # noqa: TRY004  readers raise one kind of error
        parts = {name: _read_part(read, entry) for name, entry in cast("Mapping[str, object]", value).items()}
        entries = {name: cast("T", entry) for name, (entry, _) in parts.items() if entry is not UNSET}
        if not all(complete for _, complete in parts.values()):
            raise _PartlyReadError(entries)
        return entries

    return read_map


def _read_part(read: Callable[[object], object], value: object) -> tuple[object, bool]:
    """Return the readable part of one element, or `UNSET`, and whether the element is complete."""
    if value is None and read is not as_is:
        return UNSET, False
    try:
        return read(value), True
    except _PartlyReadError as partly:
        return partly.value, False
    except (ValueError, RecursionError):
        return UNSET, False


def read_parts_of(read: Callable[[object], T], nothing: object) -> Callable[[object], T]:
    """Return a reader of a body that is a list or a map; it drops the parts that cannot be read.

    Args:
        read: A reader from `list_of` or `map_of`.
        nothing: The value to read in place of an absent body.
    """

    def read_whole(value: object) -> T:
        try:
            return read(nothing if value is None else value)
        except _PartlyReadError as partly:
            return cast("T", partly.value)

    return read_whole


new_object: Callable[[], dict[str, Any]] = dict
"""Return an empty object."""


def open_object(source: object, spellings: Mapping[str, str]) -> dict[str, Any]:
    """Return a copy of a JSON object, for `take`; an empty one for `null`.

    Args:
        source: Decoded JSON.
        spellings: Alternative names of fields (`channel_type`) and the names on the wire (`channelType`). If both are
            present, the name on the wire wins.

    Raises:
        ValueError: The value is not an object.
    """
    if source is None:
        return {}
    if not isinstance(source, (dict, Mapping)):  # A dict is recognised without the slower abstract class.
        raise ValueError("not a JSON object")  # noqa: TRY004  what a `Request.parse` is to raise
    rest = dict(cast("Mapping[str, Any]", source))
    for other, name in spellings.items():
        if other in rest and rest.get(name) is None:
            rest[name] = rest.pop(other)
    return rest


def take(rest: dict[str, Any], name: str, read: Callable[[object], T]) -> T | Unset:
    """Remove a field from an object and return its value.

    Args:
        rest: The object. A value that cannot be read completely stays in it.
        name: The field's name on the wire.
        read: Raises ValueError for a value of the wrong type.

    Returns:
        The value, or `UNSET` if it is absent, `null` or unreadable.
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


def take_any(rest: dict[str, Any], name: str) -> Any:  # noqa: ANN401  any JSON value is what the schema says
    """Remove a field that may hold any JSON, `null` included; return its value, or `UNSET` if it is absent."""
    return rest.pop(name, UNSET)
