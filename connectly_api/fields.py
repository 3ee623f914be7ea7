"""The fields of one JSON object: read leniently, written exactly. The generated models are made of these functions.

Reading: nothing that a service sends may cost more than the field that it is in. A field of a wrong type is left unset,
and its raw value stays among what has no field; `null` is absent; an integer where a text is meant becomes a text.

Writing: what was not given is not written, and an enum's unspecified value never is.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar, cast

import attrs

from connectly_api.wire import UNSET, Unset

__all__ = [
    "as_boolean",
    "as_given",
    "as_integer",
    "as_number",
    "as_text",
    "describe",
    "finish",
    "list_of",
    "map_of",
    "nothing",
    "open_object",
    "plain",
    "put",
    "put_enum",
    "put_given",
    "specified",
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


def nothing() -> dict[str, Any]:
    """Return an empty object."""
    return {}


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
    if not isinstance(source, Mapping):
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


def put(written: dict[str, Any], name: str, value: object) -> None:
    """Write one field: `UNSET` and `None` are left out, models become objects.

    Args:
        written: What `finish` completes.
        name: The field's name on the wire.
        value: What the caller gave.
    """
    if value is not UNSET:
        written[name] = UNSET if value is None else plain(value)


def put_enum(written: dict[str, Any], name: str, value: object) -> None:
    """Write one field that holds values of an enum, without unspecified ones; see `put`."""
    put(written, name, specified(value))


def put_given(written: dict[str, Any], name: str, value: object) -> None:
    """Write one field of any JSON, untouched: `None` is `null`; see `put`."""
    if value is not UNSET:
        written[name] = value


def finish(written: dict[str, Any], rest: Mapping[str, object], spellings: Mapping[str, str]) -> dict[str, Any]:
    """Return an object with the fields that were put, and the values that have no field of their own.

    Args:
        written: What `put` filled.
        rest: Values that have no field, or could not be read as their field's type. A field that the caller has set
            since, even to something that is not written, wins.
        spellings: Other names of fields to their names on the wire.
    """
    for name, value in rest.items():
        if name not in written and spellings.get(name, name) not in written:
            written[name] = value
    return {name: value for name, value in written.items() if value is not UNSET}


def specified(value: object) -> object:
    """Return values of an enum without unspecified ones, which are never sent; `None` where nothing else was given."""
    if isinstance(value, str):
        return None if value.lower().endswith("unspecified") else value
    if isinstance(value, (list, tuple)):
        given = cast("Iterable[object]", value)
        kept = [element for element in map(specified, given) if element is not None]
        return kept if kept or not value else None
    if isinstance(value, dict):
        entries = cast("dict[str, object]", value)
        return {name: entry for name, entry in entries.items() if specified(entry) is not None}
    return value


def describe(model: attrs.AttrsInstance) -> str:
    """Return a repr that names the fields that are set, and never shows their values, which may be personal."""
    names = [field.name for field in attrs.fields(type(model))]
    given = [name for name in names if getattr(model, name) is not UNSET]
    if not getattr(model, "additional_properties", None):
        given.remove("additional_properties")
    return f"{type(model).__qualname__}({', '.join(f'{name}=…' for name in given)})"


def plain(value: object) -> object:
    """Return a value as JSON knows it: models as objects, also within lists and maps."""
    if isinstance(value, (str, float, int)):
        return value
    if isinstance(value, (list, tuple)):
        return [plain(element) for element in cast("Iterable[object]", value)]
    if isinstance(value, dict):
        return {name: plain(entry) for name, entry in cast("dict[str, object]", value).items()}
    to_dict = getattr(value, "to_dict", None)
    return value if to_dict is None else to_dict()
