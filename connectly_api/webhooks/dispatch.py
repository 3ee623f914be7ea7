"""From an event to its handlers: once, unless it fails, and never lost without the service knowing."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Awaitable, Callable
from enum import Enum
from functools import partial
from inspect import isawaitable, iscoroutinefunction
from time import monotonic
from typing import Any, Final, cast

import attrs
from anyio import sleep
from anyio.lowlevel import checkpoint_if_cancelled

from connectly_api.webhooks.backlog import Backlog, Job
from connectly_api.webhooks.cancellation import DeferredCancellation
from connectly_api.webhooks.events import Event
from connectly_api.webhooks.store import Claim, ClaimState, Store

__all__ = ["Dispatcher", "Handler", "Outcome"]

Handler = Callable[[Any], object]

_LOG: Final = logging.getLogger("connectly_api.webhooks")


@attrs.frozen
class _Registered:
    kinds: tuple[type, ...]
    name: str
    call: Callable[[Event, DeferredCancellation], Awaitable[object]]


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
        self._handlers: Final[list[_Registered]] = []
        self._under_way: Final[set[object]] = set()

    def add(self, kinds: tuple[type, ...], handler: Handler) -> None:
        """Add a handler for some classes of events."""
        name = str(getattr(handler, "__qualname__", type(handler).__qualname__))
        self._handlers.append(_Registered(kinds, name, _as_coroutine_function(handler)))

    async def accept(self, event: Event) -> Outcome:
        """Handle an event, or put it on the backlog, unless another delivery of it did.

        A cancellation leaves no claim behind: what was handled is completed, what was not is released.
        """
        handlers = [handler for handler in self._handlers if isinstance(event, handler.kinds)]
        if not handlers:
            return Outcome.DONE
        token = object()
        self._under_way.add(token)
        try:
            with DeferredCancellation() as deferred:
                return await self._accept(event, handlers, deferred)
        finally:
            self._under_way.discard(token)

    async def drain(self) -> None:
        """Return when nothing is being accepted any more."""
        while self._under_way:  # noqa: ASYNC110  (an event would belong to one event loop, and this may serve several)
            await sleep(_PAUSE)

    async def _accept(self, event: Event, handlers: list[_Registered], deferred: DeferredCancellation) -> Outcome:
        try:
            claim = await deferred.finish(partial(self._store.claim, event.key))
        except Exception as error:  # noqa: BLE001  (any store, in any way: the service will deliver the event again)
            _log_failure("the store", event, error)
            return Outcome.BUSY
        if not claim.granted:
            return Outcome.DONE if claim.state is ClaimState.COMPLETED else Outcome.BUSY
        if self._backlog is None:
            return await self._handle(event, handlers, claim, deferred)
        job = Job(
            partial(self._handle_later, event, handlers, claim, monotonic()), partial(self._give_back, event, claim)
        )
        if not deferred.is_pending and self._backlog.submit(job):
            return Outcome.DONE
        await _settle(event, self._store.release, claim, deferred)
        return Outcome.BUSY

    async def _handle_later(self, event: Event, handlers: list[_Registered], claim: Claim, since: float) -> None:
        with DeferredCancellation() as deferred:
            renewed = await self._renewed(event, claim, deferred) if monotonic() - since > _SHORT_WAIT else claim
            if renewed is not None:
                await self._handle(event, handlers, renewed, deferred)

    async def _renewed(self, event: Event, claim: Claim, deferred: DeferredCancellation) -> Claim | None:
        """Return a claim with a new lease, or None where the old one ran out and another delivery took over."""
        try:
            if not await deferred.finish(partial(self._store.release, claim)) or deferred.is_pending:
                return None
            renewed = await deferred.finish(partial(self._store.claim, event.key))
        except Exception as error:  # noqa: BLE001  (any store, in any way; it is acknowledged, so it must be handled)
            _log_failure("the store", event, error)
            return claim
        return renewed if renewed.granted else None

    async def _give_back(self, event: Event, claim: Claim) -> None:
        with DeferredCancellation() as deferred:
            await _settle(event, self._store.release, claim, deferred)

    async def _handle(
        self, event: Event, handlers: list[_Registered], claim: Claim, deferred: DeferredCancellation
    ) -> Outcome:
        for handler in handlers:
            if deferred.is_pending:
                await _settle(event, self._store.release, claim, deferred)
                return Outcome.BUSY
            try:
                await handler.call(event, deferred)
            except BaseException as error:
                await _settle(event, self._store.release, claim, deferred)
                if not isinstance(error, Exception):
                    raise
                _log_failure(f"handler {handler.name}", event, error)
                return Outcome.FAILED
        if not await _settle(event, self._store.complete, claim, deferred):
            _LOG.warning("%s: handled, but its claim had run out or was not recorded; it may come again", event.key)
        return Outcome.DONE


_PAUSE: Final = 0.01
_SHORT_WAIT: Final = 1.0
"""Seconds on the backlog that take nothing worth mentioning from a lease."""


def _as_coroutine_function(handler: Handler) -> Callable[[Event, DeferredCancellation], Awaitable[object]]:
    if iscoroutinefunction(handler) or iscoroutinefunction(type(handler).__call__):
        coroutine_function = cast("Callable[[Event], Awaitable[object]]", handler)
        return lambda event, _deferred: coroutine_function(event)

    async def in_thread(event: Event, deferred: DeferredCancellation) -> None:
        await checkpoint_if_cancelled()
        # A plain function may return a coroutine all the same; in a tuple, that passes Trio's guard for threads.
        (result,) = await deferred.finish_in_thread(lambda: (handler(event),))
        if isawaitable(result):
            await deferred.wait_for(result)

    return in_thread


async def _settle(
    event: Event, how: Callable[[Claim], Awaitable[bool]], claim: Claim, deferred: DeferredCancellation
) -> bool:
    """End a claim, even while the task is being cancelled; return whether the store says that it still held the key."""
    try:
        return await deferred.finish(partial(how, claim))
    except Exception as error:  # noqa: BLE001  (any store, in any way: the lease will end the claim)
        _log_failure("the store", event, error)
        return False


def _log_failure(who: str, event: Event, error: Exception) -> None:
    # The error's own text may repeat what a customer wrote; where it was raised is enough to find it by.
    frames = "".join(traceback.format_tb(error.__traceback__))
    _LOG.error("%s: %s failed with %s at\n%s", event.key, who, type(error).__qualname__, frames)
