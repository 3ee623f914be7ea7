"""How a content's fields are kept, shown and sent."""

from __future__ import annotations

from collections.abc import Iterable, KeysView, Mapping
from collections.abc import Set as AbstractSet
from typing import Any, TypeVar

from connectly_api.errors import InvalidInputError
from connectly_api.wire.unset import UNSET, Unset

T = TypeVar("T")


def show_length(value: object) -> str:
    """Stand in for a value in a repr: tell how long it is, not what it says."""
    return f"<{len(value)} characters>" if isinstance(value, str) else "None" if value is None else "<…>"


def to_tuple(values: Iterable[T], field: str, *, is_ordered: bool = True, instead: str = "") -> tuple[T, ...]:
    """Keep any iterable as a tuple; a lone string, or what is no iterable, becomes the one element, for the checks.

    Args:
        values: What was given.
        field: What an error calls it.
        is_ordered: Whether the order counts, so that a set, which has none, would be sent in any.
        instead: What to do with a mapping, for the error.

    Raises:
        InvalidInputError: It is a mapping, of which only the keys would be sent, or a set.
    """
    lone: Any = values
    if isinstance(values, Mapping):
        raise InvalidInputError(f"{field}: must be a list, not a mapping{instead}", field=field)
    if is_ordered and isinstance(values, AbstractSet) and not isinstance(values, KeysView):
        raise InvalidInputError(f"{field}: must be a list, not a set, which has no order", field=field)
    return tuple(values) if isinstance(values, Iterable) and not isinstance(values, str) else (lone,)


def to_optional(value: str | None) -> str | Unset:
    """Return what goes on the wire: nothing at all for None."""
    return UNSET if value is None else value


def show_count(values: tuple[object, ...]) -> str:
    """Stand in for values in a repr: tell how many there are."""
    return f"<{len(values)}>"
