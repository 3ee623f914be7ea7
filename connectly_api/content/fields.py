"""Converters and reprs for the fields of content."""

from __future__ import annotations

from collections.abc import Iterable, KeysView, Mapping
from collections.abc import Set as AbstractSet
from typing import Any, TypeVar, cast

from connectly_api.errors import InvalidInputError
from connectly_api.wire.unset import UNSET, Unset

T = TypeVar("T")


def show_length(value: object) -> str:
    """Show the length of a value in a repr instead of the value."""
    return f"<{len(value)} characters>" if isinstance(value, str) else "None" if value is None else "<…>"


def to_tuple(values: Iterable[T], field: str, *, is_ordered: bool = True, instead: str = "") -> tuple[T, ...]:
    """Return an iterable as a tuple; a string, or what is not iterable, becomes the only element, for later checks.

    Args:
        values: The field's value.
        field: The field's name, for the error.
        is_ordered: Whether order matters, so that a set is refused.
        instead: What to do with a mapping, for the error.

    Raises:
        InvalidInputError: The value is a mapping, which would lose its values, or a set where order matters.
    """
    lone: Any = values
    if type(lone) is list or type(lone) is tuple:
        return tuple(cast("Iterable[T]", lone))  # The common case: the checks below take far longer.
    if isinstance(values, Mapping):
        raise InvalidInputError(f"{field}: must be a list, not a mapping{instead}", field=field)
    if is_ordered and isinstance(values, AbstractSet) and not isinstance(values, KeysView):
        raise InvalidInputError(f"{field}: must be a list, not a set, which has no order", field=field)
    return tuple(values) if isinstance(values, Iterable) and not isinstance(values, str) else (lone,)


def to_optional(value: str | None) -> str | Unset:
    """Return `UNSET` for None, so that the field is left out of the JSON."""
    return UNSET if value is None else value


def show_count(values: tuple[object, ...]) -> str:
    """Show the number of values in a repr instead of the values."""
    return f"<{len(values)}>"
