"""Shapes of JSON that is known, and where a received value departs from them: by path, and never by value. Pure.

A path has the names of fields only: `entity.webhooks[].configuration`. `[]` stands for any element of an array. `{}`
stands for any key of a map, and for a name that may be data: see `hide_name`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final, Literal, Protocol

import attrs

from connectly_api.json_values import is_array, is_object
from connectly_api.number_checks import is_integer
from connectly_api.wire.reading import as_integer, as_number

DepartureKind = Literal["unknown_field", "unknown_value", "other_type"]
Departure = tuple[str, DepartureKind]
"""A path, and what is unknown there."""

HIDDEN: Final = "{}"

_NAME: Final = re.compile(r"@?[A-Za-z_][A-Za-z0-9_]{0,39}")
_MOST_DIGITS: Final = 3
_MOST_NAMES: Final = 10
"""An object with more unknown names than this is taken for a map, whose keys are data."""
_LONGEST_PATH: Final = 200
"""Characters. Only definitions that contain themselves have longer paths."""


class Shape(Protocol):
    """What is known of a value."""

    def examine(self, path: str, value: object, search: Search) -> None:
        """Look at a value that is not null: add where it departs from the shape, and the parts to look at next."""
        ...


@attrs.frozen
class Search:
    """The departures that were found, and what is still to be looked at."""

    found: set[Departure] = attrs.field(factory=set[Departure])
    pending: list[tuple[str, object, Shape]] = attrs.field(factory=list[tuple[str, object, Shape]])


@attrs.frozen
class ScalarShape:
    """A value that a function accepts; nothing within it is looked at."""

    accepts: Callable[[object], bool]

    def examine(self, path: str, value: object, search: Search) -> None:
        """See `Shape`."""
        if not self.accepts(value):
            search.found.add((path, "other_type"))


@attrs.frozen
class EnumShape:
    """One of several strings, or of several integers too."""

    values: frozenset[str]
    numbers: range = range(0)

    def examine(self, path: str, value: object, search: Search) -> None:
        """See `Shape`."""
        if isinstance(value, str):
            if value not in self.values and not _is_unspecified(value):
                search.found.add((path, "unknown_value"))
        elif not self.numbers or not is_integer(value):
            search.found.add((path, "other_type"))
        elif value not in self.numbers:
            search.found.add((path, "unknown_value"))


@attrs.frozen
class ListShape:
    """An array of equal elements."""

    element: Shape

    def examine(self, path: str, value: object, search: Search) -> None:
        """See `Shape`."""
        if is_array(value):
            search.pending.extend((f"{path}[]", one, self.element) for one in value)
        else:
            search.found.add((path, "other_type"))


@attrs.frozen
class MapShape:
    """An object whose keys are data."""

    entry: Shape

    def examine(self, path: str, value: object, search: Search) -> None:
        """See `Shape`."""
        if is_object(value):
            search.pending.extend((_start(path) + HIDDEN, one, self.entry) for one in value.values())
        else:
            search.found.add((path, "other_type"))


@attrs.frozen
class ObjectShape:
    """An object, by the names of its fields; a field may have several names."""

    fields: Mapping[str, Shape]

    def examine(self, path: str, value: object, search: Search) -> None:
        """See `Shape`."""
        if not is_object(value):
            search.found.add((path, "other_type"))
            return
        start, known = _start(path), self.fields
        search.pending.extend((start + name, one, known[name]) for name, one in value.items() if name in known)
        unknown = value.keys() - known.keys()
        hidden = {HIDDEN} if len(unknown) > _MOST_NAMES else set(map(hide_name, unknown))
        search.found.update((start + name, "unknown_field") for name in hidden)


def _is_readable(read: Callable[[object], object]) -> Callable[[object], bool]:
    def accepts(value: object) -> bool:
        try:
            read(value)
        except ValueError:
            return False
        return True

    return accepts


ANY: Final = ScalarShape(lambda _value: True)
TEXT: Final = ScalarShape(lambda value: isinstance(value, str))
BOOLEAN: Final = ScalarShape(lambda value: isinstance(value, bool))
# Also as strings: protobuf's JSON writes 64-bit integers, and may write other numbers, as strings.
INTEGER: Final = ScalarShape(_is_readable(as_integer))
NUMBER: Final = ScalarShape(_is_readable(as_number))


def build_object_shape(fields: Mapping[str, Shape]) -> ObjectShape:
    """Return the shape of an object whose fields are named in lower camel case, or else in snake case."""
    return ObjectShape({**{_to_snake_case(name): field for name, field in fields.items()}, **fields})


def find_departures(value: object, shape: Shape) -> set[Departure]:
    """Return where a decoded JSON value departs from a shape.

    `null` is an absent value, wherever it stands, and so are an enum's empty string and its unspecified value.
    """
    # Without recursion: the depth is the sender's choice, where a definition contains itself.
    search = Search(pending=[("", value, shape)])
    while search.pending:
        path, item, known = search.pending.pop()
        if item is not None and len(path) <= _LONGEST_PATH:
            known.examine(path, item, search)
    return search.found


def hide_name(name: str) -> str:
    """Return a field's name if it looks like one, and `{}` if it may be data, such as a phone number, an id or a text.

    A name is an ASCII identifier of at most 40 characters, of which at most three are digits.
    """
    is_name = _NAME.fullmatch(name) and sum(map(str.isdigit, name)) <= _MOST_DIGITS
    return name if is_name else HIDDEN


def _start(path: str) -> str:
    return f"{path}." if path else ""


def _to_snake_case(name: str) -> str:
    return re.sub(r"[A-Z]", lambda found: f"_{found[0].lower()}", name)


def _is_unspecified(value: str) -> bool:
    """Return whether an enum's value means that there is none: protobuf's zero value."""
    return not value or value.lower().endswith("unspecified")
