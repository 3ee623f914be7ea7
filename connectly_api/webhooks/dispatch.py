"""Runs an event's handlers under a claim on its key: once, and again if they fail."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Awaitable, Callable
from functools import partial
from http import HTTPStatus
from inspect import isasyncgenfunction, isawaitable, iscoroutinefunction, isgeneratorfunction
from pathlib import Path
from time import monotonic
from traceback import walk_tb
from types import CodeType
from typing import Any, Final, cast

import attrs
from anyio import sleep

from connectly_api.errors import InvalidInputError, WebhookStoreError
from connectly_api.number_checks import is_number
from connectly_api.webhooks.backlog import Backlog, Job
from connectly_api.webhooks.deferred_cancellation import DeferredCancellation
from connectly_api.webhooks.events import Event
from connectly_api.webhooks.plain_functions import run_plain
from connectly_api.webhooks.stores.store import Claim, ClaimState, Store

Handler = Callable[[Any], object]

_LOG: Final = logging.getLogger("connectly_api.webhooks")
_PAUSE: Final = 0.01
_SHORT_WAIT: Final = 1.0
"""Seconds on the backlog after which a claim is renewed; a shorter wait hardly shortens its lease."""
_PAUSES: Final = (0.02, 0.05, 0.1, 0.2, 0.5)
"""Seconds between attempts to end a claim; the last one repeats."""
_MAX_RETRY_SECONDS: Final = 3600.0
"""The limit on retries, even if a store's lease is longer."""
_GENERATORS: Final = (isgeneratorfunction, isasyncgenfunction)
_SHOWN_FRAMES: Final = 20
_PACKAGE: Final = str(Path(__file__).parent.parent)


@attrs.frozen
class _HandlerEntry:
    kinds: tuple[type, ...]
    name: str
    call: Callable[[Event, DeferredCancellation], Awaitable[object]]


@attrs.frozen
class _ClaimedEvent:
    """An event and the claim on it, held since a time of `time.monotonic()` or later."""

    event: Event
    claim: Claim
    since: float


class Dispatcher:
    """Runs the handlers of each event's class, one after the other, under a claim on its key."""

    def __init__(self, store: Store, backlog: Backlog | None) -> None:
        """Handle events on the backlog, after the response; without one, before it."""
        self._store: Final = store
        self._backlog: Final = backlog
        self._handlers: Final[list[_HandlerEntry]] = []
        self._in_progress: Final[set[object]] = set()

    def add(self, kinds: tuple[type, ...], handler: Handler) -> None:
        """Add a handler for some classes of events."""
        if not callable(handler):
            raise InvalidInputError("handler: must be a function, or another callable", field="handler")
        if any(is_generator(one) for one in (handler, type(handler).__call__) for is_generator in _GENERATORS):
            raise InvalidInputError(
                "handler: is a generator, whose body would never run; it must not yield", field="handler"
            )
        name = str(getattr(handler, "__qualname__", type(handler).__qualname__))
        self._handlers.append(_HandlerEntry(kinds, name, _to_coroutine_function(handler)))

    async def accept(self, event: Event) -> HTTPStatus:
        """Handle an event or put it on the backlog, unless another delivery of it was; return the status to send.

        A cancellation leaves no claim behind: if the event was handled, the claim is completed; otherwise it is
        released.
        """
        handlers = [handler for handler in self._handlers if isinstance(event, handler.kinds)]
        if not handlers:
            return HTTPStatus.OK
        token = object()
        self._in_progress.add(token)
        try:
            with DeferredCancellation() as deferred:
                return await self._accept(event, handlers, deferred)
        finally:
            self._in_progress.discard(token)

    async def drain(self) -> None:
        """Wait until every accepted event has been handled."""
        while self._in_progress:  # noqa: ASYNC110  (an anyio.Event belongs to one event loop, and this may serve several)
            await sleep(_PAUSE)
        if self._backlog is not None:
            await self._backlog.drain()

    async def _accept(self, event: Event, handlers: list[_HandlerEntry], deferred: DeferredCancellation) -> HTTPStatus:
        since = monotonic()
        try:
            claim = await deferred.finish(partial(self._store.claim, event.key))
        except Exception as error:  # noqa: BLE001  (a store may raise anything; the service will deliver the event again)
            _log_store_failure(event, error)
            return HTTPStatus.SERVICE_UNAVAILABLE
        if not claim.is_granted:
            return HTTPStatus.OK if claim.state is ClaimState.COMPLETED else HTTPStatus.SERVICE_UNAVAILABLE
        held = _ClaimedEvent(event, claim, since)
        if self._backlog is None:
            return await self._handle(held, handlers, deferred)
        job = Job(partial(self._handle_later, held, handlers), partial(self._abandon, held))
        is_accepted = False
        try:
            is_accepted = not deferred.is_pending and self._backlog.submit(job)
        finally:
            if not is_accepted:
                await self._end_claim(held, self._store.release, deferred)
        return HTTPStatus.OK if is_accepted else HTTPStatus.SERVICE_UNAVAILABLE

    async def _handle_later(self, held: _ClaimedEvent, handlers: list[_HandlerEntry]) -> None:
        with DeferredCancellation() as deferred:
            current = await self._renew_claim(held, deferred) if monotonic() - held.since > _SHORT_WAIT else held
            if current is not None:
                await self._handle(current, handlers, deferred)

    async def _renew_claim(self, held: _ClaimedEvent, deferred: DeferredCancellation) -> _ClaimedEvent | None:
        """Return a claim with a new lease, or None if the old one expired and another delivery took over."""
        try:
            if not await deferred.finish(partial(self._store.release, held.claim)) or deferred.is_pending:
                return None
            since = monotonic()
            claim = await deferred.finish(partial(self._store.claim, held.event.key))
        except Exception as error:  # noqa: BLE001  (a store may raise anything; the event is acknowledged, so it must be handled)
            _log_store_failure(held.event, error)
            return held
        return _ClaimedEvent(held.event, claim, since) if claim.is_granted else None

    async def _abandon(self, held: _ClaimedEvent) -> None:
        with DeferredCancellation() as deferred:
            await self._end_claim(held, self._store.release, deferred)

    async def _handle(
        self, held: _ClaimedEvent, handlers: list[_HandlerEntry], deferred: DeferredCancellation
    ) -> HTTPStatus:
        event = held.event
        for handler in handlers:
            if deferred.is_pending:
                await self._end_claim(held, self._store.release, deferred)
                return HTTPStatus.SERVICE_UNAVAILABLE
            try:
                await handler.call(event, deferred)
            except BaseException as error:
                await self._end_claim(held, self._store.release, deferred)
                if not isinstance(error, Exception):
                    raise
                _log_handler_failure(handler.name, event, error)
                return HTTPStatus.INTERNAL_SERVER_ERROR
        if not await self._end_claim(held, self._store.complete, deferred):
            _LOG.warning(
                "%s: handled, but its claim had expired or was not completed; it may be handled again", event.key
            )
        return HTTPStatus.OK

    async def _end_claim(
        self, held: _ClaimedEvent, end: Callable[[Claim], Awaitable[bool]], deferred: DeferredCancellation
    ) -> bool:
        """Complete or release a claim, even while the task is being cancelled; return whether it still held the key.

        A handled event whose claim is not completed would be handled again. So if the store fails, this retries for as
        long as its lease keeps other deliveries away, or for a moment if the lease is not known.
        """
        lease = getattr(self._store, "lease", None)
        until = held.since + (min(lease, _MAX_RETRY_SECONDS) if is_number(lease) else 0)
        attempts = 0
        while True:
            try:
                return await deferred.finish(partial(end, held.claim))
            except Exception as error:  # noqa: BLE001  (a store may raise anything; the lease will end the claim)
                pause = _PAUSES[min(attempts, len(_PAUSES) - 1)]
                attempts += 1
                may_help = attempts < len(_PAUSES) or monotonic() + pause < until
                is_last = isinstance(error, WebhookStoreError) or not may_help
                if is_last or attempts == 1:
                    _log_store_failure(held.event, error)
                if is_last:
                    return False
            await deferred.finish(partial(sleep, pause))


def _to_coroutine_function(handler: Handler) -> Callable[[Event, DeferredCancellation], Awaitable[object]]:
    if iscoroutinefunction(handler) or iscoroutinefunction(type(handler).__call__):
        coroutine_function = cast("Callable[[Event], Awaitable[object]]", handler)
        return lambda event, _deferred: coroutine_function(event)

    async def in_thread(event: Event, deferred: DeferredCancellation) -> None:
        # A plain function may still return a coroutine; in a tuple, that passes Trio's check of threads' results.
        (result,) = await run_plain(lambda: (handler(event),), deferred)
        if isawaitable(result):
            await deferred.wait_for(result)

    return in_thread


def _log_store_failure(event: Event, error: Exception) -> None:
    if _LOG.isEnabledFor(logging.ERROR):
        # SQLite's messages may repeat values; the name of its error does not.
        name = getattr(error, "sqlite_errorname", None)
        detail = f" ({name})" if isinstance(name, str) else ""
        _LOG.error("%s: the store failed with %s%s", event.key, type(error).__qualname__, detail)


def _log_handler_failure(name: str, event: Event, error: Exception) -> None:
    if _LOG.isEnabledFor(logging.ERROR):
        # The error's message may repeat what a customer wrote; the places where it was raised do not.
        frames = "".join(
            f'\n  File "{code.co_filename}", line {line}, in {code.co_name}' for code, line in _find_places(error)
        )
        _LOG.error("%s: handler %s failed with %s%s", event.key, name, type(error).__qualname__, frames)


def _find_places(error: Exception) -> deque[tuple[CodeType, int]]:
    """Return the last places that an error passed through in the handler, and outside this package."""
    places: deque[tuple[CodeType, int]] = deque(maxlen=_SHOWN_FRAMES)
    for frame, line in walk_tb(error.__traceback__):
        if frame.f_code.co_filename == __file__:
            places.clear()
        elif not frame.f_code.co_filename.startswith(_PACKAGE):
            places.append((frame.f_code, line))
    return places
