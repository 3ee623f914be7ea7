"""Values of which each event loop has its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Generic, TypeVar
from weakref import WeakKeyDictionary

from anyio.lowlevel import current_token

T = TypeVar("T")


class LoopLocal(Generic[T]):
    """A value for each event loop: what tasks wait for must not be set from another loop, or they wait for ever."""

    def __init__(self, create: Callable[[], T]) -> None:
        self._create: Final = create
        self._values: Final[WeakKeyDictionary[object, T]] = WeakKeyDictionary()

    def get(self) -> T:
        """Return the value of the running event loop, which is created at the first time."""
        loop = current_token().native_token
        if (value := self._values.get(loop)) is None:
            value = self._values[loop] = self._create()
        return value
