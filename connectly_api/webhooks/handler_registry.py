"""The methods of a `WebhookApp` that add handlers, the same for ASGI and WSGI."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from types import UnionType
from typing import Any, Final, TypeVar, get_args, overload

from connectly_api.errors import InvalidInputError
from connectly_api.webhooks.events import Event

E = TypeVar("E")
F = TypeVar("F")
R = TypeVar("R")

_KINDS: Final = get_args(Event)


class HandlerRegistry(ABC):
    """Adds handlers by the classes of events that they take."""

    @overload
    def on(self, kind: type[E], /) -> Callable[[Callable[[E], R]], Callable[[E], R]]: ...

    @overload
    def on(self, kind: type[E], other: type[F], /) -> Callable[[Callable[[E | F], R]], Callable[[E | F], R]]: ...

    @overload
    def on(self, *kinds: type | UnionType) -> Callable[[Callable[[Any], R]], Callable[[Any], R]]: ...

    def on(self, *kinds: type | UnionType) -> Callable[[Callable[[Any], Any]], Callable[[Any], Any]]:
        """Return a decorator that adds a handler for one class of events, or for several.

        Args:
            kinds: `InboundMessage`, `ButtonReply`, `ListReply`, `Reaction`, `Echo`, `DeliveryStatus`, `ReportReady`,
                `UnknownEvent`, or unions of them such as `Event`. Type checkers infer the handler's argument from one
                or two classes.

        Raises:
            InvalidInputError: A kind is something else, or there is none.
        """
        classes: tuple[Any, ...] = tuple(one for kind in kinds for one in get_args(kind) or (kind,))
        if not classes or not all(one in _KINDS for one in classes):
            raise InvalidInputError("kinds: must be classes of events", field="kinds")

        def add(handler: Callable[[Any], Any]) -> Callable[[Any], Any]:
            self._add_handler(classes, handler)
            return handler

        return add

    def on_any(self, handler: Callable[[Event], R]) -> Callable[[Event], R]:
        """Add a handler for every event: a decorator."""
        self._add_handler(_KINDS, handler)
        return handler

    @abstractmethod
    def _add_handler(self, kinds: tuple[type, ...], handler: Callable[[Any], object]) -> None: ...
