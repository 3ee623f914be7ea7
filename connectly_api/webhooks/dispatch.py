"""From an event to its handlers: once, unless it fails, and never lost without the service knowing."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Awaitable, Callable
from enum import Enum
from functools import partial
from inspect import isawaitable, iscoroutinefunction
from typing import Any, Final

from anyio import CancelScope, to_thread

from connectly_api.webhooks.backlog import Backlog
from connectly_api.webhooks.events import Event
from connectly_api.webhooks.store import Claim, ClaimState, Store

__all__ = ["Dispatcher", "Handler", "Outcome"]

Handler = Callable[[Any], object]

_LOG: Final = logging.getLogger("connectly_api.webhooks")


class Outcome(Enum):
    """What became of an event."""

    DONE = "done"
    """Handled now or before, taken on, or nobody's business."""
    FAILED = "failed"
    """A handler raised; the event is free again."""
    BUSY = "busy"
    """It is being handled at this moment and may yet fail, or the store failed, or there was no room."""


class Dispatcher:
    """Hands each event to the handlers of its class, one after the other, under a claim on its key."""

    def __init__(self, store: Store, backlog: Backlog | None) -> None:
        """Start without handlers.

        Args:
            store: What remembers handled events.
            backlog: Where events wait that are acknowledged first; None to handle each before it is acknowledged.
        """
        self._store: Final = store
        self._backlog: Final = backlog
        self._handlers: Final[list[tuple[tuple[type, ...], Handler]]] = []

    def add(self, kinds: tuple[type, ...], handler: Handler) -> None:
        """Add a handler for some classes of events."""
        self._handlers.append((kinds, handler))

    async def accept(self, event: Event) -> Outcome:
        """Handle an event, or put it on the backlog, unless another delivery of it did."""
        handlers = [handler for kinds, handler in self._handlers if isinstance(event, kinds)]
        if not handlers:
            return Outcome.DONE
        try:
            claim = await self._store.claim(event.key)
        except Exception as error:  # noqa: BLE001  (any store, in any way: the service will deliver the event again)
            _log_failure("the store", event, error)
            return Outcome.BUSY
        if not claim.granted:
            return Outcome.DONE if claim.state is ClaimState.COMPLETED else Outcome.BUSY
        if self._backlog is None:
            return await self._handle(event, handlers, claim)
        if self._backlog.submit(partial(self._handle_later, event, handlers, claim)):
            return Outcome.DONE
        await _settle(event, self._store.release, claim)
        return Outcome.BUSY

    async def _handle_later(self, event: Event, handlers: list[Handler], claim: Claim) -> None:
        # While the event waited, its lease ran: it gets a new one, unless that ran out and another delivery took over.
        try:
            if not await self._store.release(claim):
                return
            claim = await self._store.claim(event.key)
            if not claim.granted:
                return
        except Exception as error:  # noqa: BLE001  (any store, in any way; it is acknowledged, so it must be handled)
            _log_failure("the store", event, error)
        await self._handle(event, handlers, claim)

    async def _handle(self, event: Event, handlers: list[Handler], claim: Claim) -> Outcome:
        for handler in handlers:
            try:
                await _call(handler, event)
            except BaseException as error:
                await _settle(event, self._store.release, claim)
                if not isinstance(error, Exception):
                    raise
                name = getattr(handler, "__qualname__", type(handler).__qualname__)
                _log_failure(f"handler {name}", event, error)
                return Outcome.FAILED
        if not await _settle(event, self._store.complete, claim):
            _LOG.warning("%s: handled, but its claim had run out or was not recorded; it may come again", event.key)
        return Outcome.DONE


async def _call(handler: Handler, event: Event) -> None:
    if iscoroutinefunction(handler) or iscoroutinefunction(type(handler).__call__):
        result = handler(event)
    else:
        # A plain function may return a coroutine all the same; in a tuple, that passes Trio's guard for threads.
        (result,) = await to_thread.run_sync(lambda: (handler(event),))
    if isawaitable(result):
        await result


async def _settle(event: Event, how: Callable[[Claim], Awaitable[bool]], claim: Claim) -> bool:
    """End a claim, even while the task is being cancelled; return whether the store says that it still held the key."""
    held = False
    with CancelScope(shield=True):
        try:
            held = await how(claim)
        except Exception as error:  # noqa: BLE001  (any store, in any way: the lease will end the claim)
            _log_failure("the store", event, error)
    return held


def _log_failure(who: str, event: Event, error: Exception) -> None:
    # The error's own text may repeat what a customer wrote; where it was raised is enough to find it by.
    frames = "".join(traceback.format_tb(error.__traceback__))
    _LOG.error("%s: %s failed with %s at\n%s", event.key, who, type(error).__qualname__, frames)
