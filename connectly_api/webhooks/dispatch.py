"""From an event to its handlers: once, unless it fails, and never lost without the service knowing."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Awaitable, Callable
from enum import Enum
from functools import partial
from inspect import isasyncgenfunction, isawaitable, iscoroutinefunction, isgeneratorfunction
from pathlib import Path
from time import monotonic
from traceback import walk_tb
from types import CodeType
from typing import Any, Final, cast

import attrs
from anyio import CapacityLimiter, sleep
from anyio.to_thread import current_default_thread_limiter

from connectly_api.errors import InvalidInputError, UsageError, WebhookStoreError
from connectly_api.webhooks.backlog import Backlog, Job
from connectly_api.webhooks.cancellation import DeferredCancellation
from connectly_api.webhooks.events import Event
from connectly_api.webhooks.stores.store import Claim, ClaimState, Store

__all__ = ["Dispatcher", "Handler", "Outcome"]

Handler = Callable[[Any], object]

_LOG: Final = logging.getLogger("connectly_api.webhooks")


@attrs.frozen
class _Registered:
    kinds: tuple[type, ...]
    name: str
    call: Callable[[Event, DeferredCancellation], Awaitable[object]]


@attrs.frozen
class _Held:
    """An event and the claim on it, since when it may have been held by `time.monotonic()`."""

    event: Event
    claim: Claim
    since: float


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
        """Add a handler for some classes of events.

        Raises:
            InvalidInputError: It is nothing that can be called, or a generator, whose body nobody would run.
        """
        if not callable(handler):
            raise InvalidInputError("handler: must be a function, or another callable", field="handler")
        if any(is_generator(one) for one in (handler, type(handler).__call__) for is_generator in _GENERATORS):
            raise InvalidInputError(
                "handler: is a generator, whose body would never run; it must not yield", field="handler"
            )
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
        since = monotonic()
        try:
            claim = await deferred.finish(partial(self._store.claim, event.key))
        except Exception as error:  # noqa: BLE001  (any store, in any way: the service will deliver the event again)
            _log_store_failure(event, error)
            return Outcome.BUSY
        if not claim.granted:
            return Outcome.DONE if claim.state is ClaimState.COMPLETED else Outcome.BUSY
        held = _Held(event, claim, since)
        if self._backlog is None:
            return await self._handle(held, handlers, deferred)
        job = Job(partial(self._handle_later, held, handlers), partial(self._give_back, held))
        try:
            if not deferred.is_pending and self._backlog.submit(job):
                return Outcome.DONE
        except UsageError:
            await self._settle(held, self._store.release, deferred)
            raise
        await self._settle(held, self._store.release, deferred)
        return Outcome.BUSY

    async def _handle_later(self, held: _Held, handlers: list[_Registered]) -> None:
        with DeferredCancellation() as deferred:
            renewed = await self._renewed(held, deferred) if monotonic() - held.since > _SHORT_WAIT else held
            if renewed is not None:
                await self._handle(renewed, handlers, deferred)

    async def _renewed(self, held: _Held, deferred: DeferredCancellation) -> _Held | None:
        """Return a claim with a new lease, or None where the old one ran out and another delivery took over."""
        try:
            if not await deferred.finish(partial(self._store.release, held.claim)) or deferred.is_pending:
                return None
            since = monotonic()
            renewed = await deferred.finish(partial(self._store.claim, held.event.key))
        except Exception as error:  # noqa: BLE001  (any store, in any way; it is acknowledged, so it must be handled)
            _log_store_failure(held.event, error)
            return held
        return _Held(held.event, renewed, since) if renewed.granted else None

    async def _give_back(self, held: _Held) -> None:
        with DeferredCancellation() as deferred:
            await self._settle(held, self._store.release, deferred)

    async def _handle(self, held: _Held, handlers: list[_Registered], deferred: DeferredCancellation) -> Outcome:
        event = held.event
        for handler in handlers:
            if deferred.is_pending:
                await self._settle(held, self._store.release, deferred)
                return Outcome.BUSY
            try:
                await handler.call(event, deferred)
            except BaseException as error:
                await self._settle(held, self._store.release, deferred)
                if not isinstance(error, Exception):
                    raise
                _log_handler_failure(handler.name, event, error)
                return Outcome.FAILED
        if not await self._settle(held, self._store.complete, deferred):
            _LOG.warning("%s: handled, but its claim had run out or was not recorded; it may come again", event.key)
        return Outcome.DONE

    async def _settle(
        self, held: _Held, how: Callable[[Claim], Awaitable[bool]], deferred: DeferredCancellation
    ) -> bool:
        """End a claim, even while the task is being cancelled; return whether the store says that it held the key.

        A handled event that is not recorded would be handled again. So a store that fails is asked again for as long as
        its lease keeps other deliveries away, and for a moment where its lease is not known.
        """
        lease = getattr(self._store, "lease", None)
        until = held.since + (min(lease, _LONGEST_TRYING) if isinstance(lease, (int, float)) else 0)
        tries = 0
        while True:
            try:
                return await deferred.finish(partial(how, held.claim))
            except Exception as error:  # noqa: BLE001  (any store, in any way: the lease will end the claim)
                pause = _PAUSES[min(tries, len(_PAUSES) - 1)]
                tries += 1
                may_help = tries < len(_PAUSES) or monotonic() + pause < until
                is_last = isinstance(error, WebhookStoreError) or not may_help
                if is_last or tries == 1:
                    _log_store_failure(held.event, error)
                if is_last:
                    return False
            await deferred.finish(partial(sleep, pause))


_PAUSE: Final = 0.01
_SHORT_WAIT: Final = 1.0
"""Seconds on the backlog that take nothing worth mentioning from a lease."""
_PAUSES: Final = (0.02, 0.05, 0.1, 0.2, 0.5)
"""Seconds between tries to end a claim; the last one again and again."""
_LONGEST_TRYING: Final = 3600.0
"""Seconds, whatever a store says of its lease: everything has an end."""
_GENERATORS: Final = (isgeneratorfunction, isasyncgenfunction)
_SHOWN_FRAMES: Final = 20
_PACKAGE: Final = str(Path(__file__).parent.parent)


def _as_coroutine_function(handler: Handler) -> Callable[[Event, DeferredCancellation], Awaitable[object]]:
    if iscoroutinefunction(handler) or iscoroutinefunction(type(handler).__call__):
        coroutine_function = cast("Callable[[Event], Awaitable[object]]", handler)
        return lambda event, _deferred: coroutine_function(event)

    async def in_thread(event: Event, deferred: DeferredCancellation) -> None:
        # Whoever waits for a thread has begun nothing and may be cancelled; only a thread that runs is waited for.
        async with current_default_thread_limiter():
            # A plain function may return a coroutine all the same; in a tuple, that passes Trio's guard for threads.
            (result,) = await deferred.finish_in_thread(lambda: (handler(event),), limiter=CapacityLimiter(1))
        if isawaitable(result):
            await deferred.wait_for(result)

    return in_thread


def _log_store_failure(event: Event, error: Exception) -> None:
    if _LOG.isEnabledFor(logging.ERROR):
        # SQLite's own texts may repeat values; the name of its error does not.
        name = getattr(error, "sqlite_errorname", None)
        detail = f" ({name})" if isinstance(name, str) else ""
        _LOG.error("%s: the store failed with %s%s", event.key, type(error).__qualname__, detail)


def _log_handler_failure(name: str, event: Event, error: Exception) -> None:
    if _LOG.isEnabledFor(logging.ERROR):
        # The error's own text may repeat what a customer wrote; where it was raised is enough to find it by.
        frames = "".join(
            f'\n  File "{code.co_filename}", line {line}, in {code.co_name}' for code, line in _places(error)
        )
        _LOG.error("%s: handler %s failed with %s%s", event.key, name, type(error).__qualname__, frames)


def _places(error: Exception) -> deque[tuple[CodeType, int]]:
    """Return the last places that an error came through, from the handler on and outside this package."""
    places: deque[tuple[CodeType, int]] = deque(maxlen=_SHOWN_FRAMES)
    for frame, line in walk_tb(error.__traceback__):
        if frame.f_code.co_filename == __file__:
            places.clear()
        elif not frame.f_code.co_filename.startswith(_PACKAGE):
            places.append((frame.f_code, line))
    return places
