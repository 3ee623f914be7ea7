"""Collections that forget their oldest items beyond a number of them, and of bytes."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Iterable
from functools import cache
from operator import attrgetter
from typing import Any, TypeVar, cast

T = TypeVar("T")


def measure(value: Any) -> int:  # noqa: ANN401  (any record)
    """Return about how many bytes the texts and contents of a record have."""
    size, pending = 0, [value]
    # Every record is measured, so this must not take long: calls would take most of the time.
    while pending:
        one = pending.pop()
        kind = cast("Any", type(one))
        if kind is str or kind is bytes:
            size += len(one)
        elif kind is tuple:
            pending += one
        else:
            pending += _build_getter(kind)(one)
    return size


@cache
def _build_getter(kind: type[Any]) -> Callable[[Any], Iterable[Any]]:
    """Return a function that returns the values of a record's fields; of another value, none."""
    names = [field.name for field in getattr(kind, "__attrs_attrs__", ())]
    # Of a single name, `attrgetter` returns no tuple.
    return attrgetter(*names) if len(names) > 1 else lambda value: [getattr(value, name) for name in names]


class _Bounded:
    """The bounds of a collection.

    Attributes:
        size: The bytes of its items.
    """

    def __init__(self, limit: int, max_size: int) -> None:
        """Keep at most `limit` items and `max_size` bytes, but always the latest item."""
        super().__init__()
        self._limit, self._max_size = limit, max_size
        self._sizes = deque[int]()
        self.size = 0

    def _count(self, item: object) -> int:
        """Count a new item, and return how many of the oldest ones are too many."""
        self._sizes.append(measure(item))
        self.size += self._sizes[-1]
        before = len(self._sizes)
        while len(self._sizes) > self._limit or (self.size > self._max_size and len(self._sizes) > 1):
            self.size -= self._sizes.popleft()
        return before - len(self._sizes)


class BoundedQueue(_Bounded, deque[T]):
    """Items in the order in which they came."""

    def append(self, item: T, /) -> None:
        """Keep an item, and forget the oldest ones if there are too many."""
        super().append(item)
        for _ in range(self._count(item)):
            self.popleft()

    def extend(self, items: Iterable[T], /) -> None:
        """Keep items."""
        for item in items:
            self.append(item)


class BoundedMap(_Bounded, OrderedDict[str, T]):
    """Items by their ids, in the order in which they came."""

    def keep(self, key: str, item: T) -> list[str]:
        """Keep an item with a new id, and return the ids of the oldest ones, which are forgotten."""
        self[key] = item
        return [self.popitem(last=False)[0] for _ in range(self._count(item))]
