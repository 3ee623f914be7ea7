"""Runs an event's handlers under a claim on its key: once, and again if they fail."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Generator, Iterable
from functools import partial
from http import HTTPStatus
from inspect import isasyncgenfunction, isawaitable, iscoroutinefunction, isgeneratorfunction
from pathlib import Path
from time import monotonic
from traceback import walk_tb
from types import CodeType
from typing import Any, Final, TypeVar, cast

import attrs
from anyio import sleep

from connectly_api.errors import InvalidInputError, UsageError, WebhookError
from connectly_api.unknown_outcomes import UnknownOutcomes
from connectly_api.webhooks.backlog import Backlog, Job
from connectly_api.webhooks.deferred_cancellation import DeferredCancellation
from connectly_api.webhooks.event_counts import OutcomeCounter
from connectly_api.webhooks.events import Event
from connectly_api.webhooks.failure_policy import FailureAction, FailurePolicy
from connectly_api.webhooks.failure_watch import tell_watch
from connectly_api.webhooks.held_claims import ClaimKeeper, HeldClaim, derive_key, log_store_failure
from connectly_api.webhooks.plain_functions import run_plain
from connectly_api.webhooks.stores.store import ClaimState, Store

Handler = Callable[[Any], object]
T = TypeVar("T")

_LOG: Final = logging.getLogger("connectly_api.webhooks")
_PAUSE: Final = 0.01
_SHORT_WAIT: Final = 1.0
"""Seconds on the backlog after which a claim is renewed; a shorter wait hardly shortens its lease."""
_GENERATORS: Final = (isgeneratorfunction, isasyncgenfunction)
_COLLECTIONS: Final = (list, tuple, set, frozenset)
_WORK: Final = (Awaitable, Generator, AsyncGenerator)
_SHOWN_FRAMES: Final = 20
_PACKAGE: Final = str(Path(__file__).parent.parent)


class HandlerResultError(UsageError):
    """A handler returned work that would never run."""

    def __init__(self, kind: str) -> None:
        super().__init__(f"it returned work that would never run ({kind}); call it, and await each part")


@attrs.frozen
class _HandlerEntry:
    """A handler; `identity` is the same after a restart, as long as equal names keep their order."""

    kinds: tuple[type, ...]
    name: str
    identity: str
    call: Callable[[Event, DeferredCancellation], Awaitable[object]]


@attrs.frozen
class _ClaimedEvent:
    """An event and the claim on it."""

    event: Event
    held: HeldClaim


@attrs.frozen
class _Failure:
    """What a handler raised, and what follows."""

    error: BaseException
    action: FailureAction

    def is_final(self, *, is_last: bool) -> bool:
        """Return whether the event's handling can go on, or end: a cancellation lets no other handler run."""
        return self.action is FailureAction.COMPLETE and (is_last or isinstance(self.error, Exception))

    def to_status(self) -> HTTPStatus:
        """Return the status to send; raise a cancellation."""
        if not isinstance(self.error, Exception):
            raise self.error
        is_complete = self.action is FailureAction.COMPLETE
        return HTTPStatus.OK if is_complete else HTTPStatus.INTERNAL_SERVER_ERROR

    def log(self, name: str, event: Event) -> None:
        """Log the failure; a cancellation only if the event is not to be delivered again because of it."""
        is_complete = self.action is FailureAction.COMPLETE
        if (is_complete or isinstance(self.error, Exception)) and _LOG.isEnabledFor(logging.ERROR):
            # An error's message may repeat what a customer wrote. Ours and the places where it was raised do not.
            reason = f": {self.error}" if isinstance(self.error, UsageError) else ""
            end = "; this counts as handled" if is_complete else ""
            frames = "".join(
                f'\n  File "{code.co_filename}", line {line}, in {code.co_name}'
                for code, line in _find_places(self.error)
            )
            kind = type(self.error).__qualname__
            _LOG.error("%s: handler %s failed with %s%s%s%s", event.key, name, kind, reason, end, frames)


class Dispatcher:
    """Runs the handlers of each event's class, one after the other, under a claim on its key."""

    def __init__(self, store: Store, backlog: Backlog | None, on_failure: FailurePolicy) -> None:
        """Handle events on the backlog, after the response; without one, before it."""
        self._claims: Final = ClaimKeeper(store)
        self._backlog: Final = backlog
        self._on_failure: Final = on_failure
        self._handlers: Final[list[_HandlerEntry]] = []
        self._in_progress: Final[set[object]] = set()
        self.outcomes: Final = OutcomeCounter()

    def add(self, kinds: tuple[type, ...], handler: Handler) -> None:
        """Add a handler for some classes of events."""
        if not callable(handler):
            raise InvalidInputError("handler: must be a function, or another callable", field="handler")
        if any(is_generator(one) for one in (handler, type(handler).__call__) for is_generator in _GENERATORS):
            raise InvalidInputError(
                "handler: is a generator, whose body would never run; it must not yield", field="handler"
            )
        name = _find_name(handler)
        position = sum(entry.name == name for entry in self._handlers)
        self._handlers.append(_HandlerEntry(kinds, name, f"{name}#{position}", _to_coroutine_function(handler)))

    async def accept(self, event: Event) -> HTTPStatus:
        """Handle an event or put it on the backlog, unless another delivery of it was; return the status to send.

        A cancellation leaves no claim behind: if the event was handled, the claim is completed; otherwise it is
        released.
        """
        return await self._dispatch(event, self._backlog)

    async def handle(self, event: Event) -> bool:
        """Handle an event before returning, and return whether it was handled, now or by another delivery."""
        return await self._dispatch(event, None) is HTTPStatus.OK

    async def run_once(self, event: Event, step: str, work: Callable[[], Awaitable[T]]) -> T | None:
        """Run a step of a handler unless an earlier delivery has; see `WebhookApp.run_once`."""
        with DeferredCancellation() as deferred:
            held = await self._claims.take(derive_key(event.key, "step", step), deferred)
            if held.claim.state is ClaimState.COMPLETED:
                return None
            if not held.claim.is_granted:
                raise WebhookError("webhooks: this step is being done for another delivery of the event")
            if deferred.is_pending:
                await self._end_part(held, FailureAction.REDELIVER, deferred)
                deferred.check()
            with UnknownOutcomes() as unknown_outcomes:
                try:
                    result = await work()
                    if isawaitable(result):  # A forgotten await, in the function or in a plain one.
                        result = cast("T", await result)
                except BaseException as error:
                    await self._end_part(held, self._decide(event, error, *unknown_outcomes), deferred)
                    raise
            await self._end_part(held, FailureAction.COMPLETE, deferred)
            return result

    async def drain(self) -> None:
        """Wait until every accepted event has been handled."""
        while self._in_progress:  # noqa: ASYNC110  (an anyio.Event belongs to one event loop, and this may serve several)
            await sleep(_PAUSE)
        if self._backlog is not None:
            await self._backlog.drain()

    async def _dispatch(self, event: Event, backlog: Backlog | None) -> HTTPStatus:
        handlers = [handler for handler in self._handlers if isinstance(event, handler.kinds)]
        if not handlers:
            self.outcomes.count("unhandled")
            return HTTPStatus.OK
        token = object()
        self._in_progress.add(token)
        try:
            with DeferredCancellation() as deferred:
                return await self._claim_and_handle(event, handlers, backlog, deferred)
        finally:
            self._in_progress.discard(token)

    async def _claim_and_handle(
        self, event: Event, handlers: list[_HandlerEntry], backlog: Backlog | None, deferred: DeferredCancellation
    ) -> HTTPStatus:
        try:
            held = await self._claims.take(event.key, deferred)
        except Exception as error:  # noqa: BLE001  (a store may raise anything; the service will deliver the event again)
            log_store_failure(event.key, error)
            self.outcomes.count("redelivered")
            return HTTPStatus.SERVICE_UNAVAILABLE
        if held.claim.state is ClaimState.COMPLETED:
            self.outcomes.count("repeated")
            _LOG.debug("%s: not handled again, as an earlier delivery was handled", event.key)
            return HTTPStatus.OK
        if not held.claim.is_granted:
            self.outcomes.count("in_progress")
            _LOG.debug("%s: not handled, as another delivery is being handled", event.key)
            return HTTPStatus.SERVICE_UNAVAILABLE
        claimed = _ClaimedEvent(event, held)
        if backlog is None:
            return await self._handle(claimed, handlers, deferred)
        job = Job(partial(self._handle_later, claimed, handlers), partial(self._abandon, claimed))
        is_accepted = False
        try:
            is_accepted = not deferred.is_pending and backlog.submit(job)
        finally:
            if not is_accepted:
                await self._give_back(claimed, deferred)
        return HTTPStatus.OK if is_accepted else HTTPStatus.SERVICE_UNAVAILABLE

    async def _handle_later(self, claimed: _ClaimedEvent, handlers: list[_HandlerEntry]) -> None:
        with DeferredCancellation() as deferred:
            is_fresh = monotonic() - claimed.held.since <= _SHORT_WAIT
            current = claimed if is_fresh else await self._renew_claim(claimed, deferred)
            if current is not None:
                await self._handle(current, handlers, deferred)

    async def _renew_claim(self, claimed: _ClaimedEvent, deferred: DeferredCancellation) -> _ClaimedEvent | None:
        """Return a claim with a new lease, or None if the old one expired and another delivery took over."""
        event = claimed.event
        try:
            if not await self._claims.release_once(claimed.held, deferred) or deferred.is_pending:
                self.outcomes.count("redelivered")
                return None
            held = await self._claims.take(event.key, deferred)
        except Exception as error:  # noqa: BLE001  (a store may raise anything; the event is acknowledged, so it must be handled)
            log_store_failure(event.key, error)
            return claimed
        if held.claim.is_granted:
            return _ClaimedEvent(event, held)
        self.outcomes.count("redelivered")
        return None

    async def _abandon(self, claimed: _ClaimedEvent) -> None:
        with DeferredCancellation() as deferred:
            await self._give_back(claimed, deferred)

    async def _give_back(self, claimed: _ClaimedEvent, deferred: DeferredCancellation) -> HTTPStatus:
        """Release an event, so that it is delivered again, and return the status that asks for it."""
        self.outcomes.count("redelivered")
        await self._claims.release(claimed.held, deferred)
        return HTTPStatus.SERVICE_UNAVAILABLE

    async def _handle(
        self, claimed: _ClaimedEvent, handlers: list[_HandlerEntry], deferred: DeferredCancellation
    ) -> HTTPStatus:
        """Run the handlers in order: one that has ended is not run again because a later one fails.

        The last one needs no claim of its own: once it has ended, the event is completed.
        """
        event, failure = claimed.event, None
        for handler in handlers:
            is_last = handler is handlers[-1]
            own = None if is_last else await self._take_own(handler, event, deferred)
            if own is not None and own.claim.state is ClaimState.COMPLETED:
                continue
            if deferred.is_pending or not (is_last or (own is not None and own.claim.is_granted)):
                await self._end_part(own, FailureAction.REDELIVER, deferred)
                return await self._give_back(claimed, deferred)
            failure = await self._run(handler, event, own, deferred) or failure
            if failure is not None and not failure.is_final(is_last=is_last):
                await self._give_back(claimed, deferred)
                return failure.to_status()
        self.outcomes.count("handled" if failure is None else "completed_after_failure")
        await self._claims.complete(claimed.held, deferred)
        return HTTPStatus.OK if failure is None else failure.to_status()

    async def _run(
        self, handler: _HandlerEntry, event: Event, own: HeldClaim | None, deferred: DeferredCancellation
    ) -> _Failure | None:
        """Run one handler, end its own claim, and return how it failed."""
        with UnknownOutcomes() as unknown_outcomes:
            error = await _call(handler, event, deferred)
        if error is not None:
            failure = _Failure(error, self._decide(event, error, *unknown_outcomes))
            await self._end_part(own, failure.action, deferred)
            failure.log(handler.name, event)
            tell_watch(error)
            return failure
        await self._end_part(own, FailureAction.COMPLETE, deferred)
        return None

    async def _take_own(self, handler: _HandlerEntry, event: Event, deferred: DeferredCancellation) -> HeldClaim | None:
        """Return what the store says of one handler's part of an event; None if the store failed."""
        key = derive_key(event.key, "handler", handler.identity)
        try:
            return await self._claims.take(key, deferred)
        except Exception as error:  # noqa: BLE001  (a store may raise anything; the service will deliver the event again)
            log_store_failure(key, error)
            return None

    async def _end_part(self, held: HeldClaim | None, action: FailureAction, deferred: DeferredCancellation) -> None:
        """End the claim on a part of an event's handling, if there is one."""
        if held is None or not held.claim.is_granted:
            return
        if action is FailureAction.COMPLETE:
            await self._claims.complete(held, deferred)
        else:
            await self._claims.release(held, deferred)

    def _decide(self, event: Event, *errors: BaseException) -> FailureAction:
        """Ask the policy about a failure, and about the calls that were cancelled on the way to it."""
        if any(self._ask_policy(event, error) is FailureAction.COMPLETE for error in errors):
            return FailureAction.COMPLETE
        return FailureAction.REDELIVER

    def _ask_policy(self, event: Event, error: BaseException) -> object:
        """Return what the policy says; if it says nothing that is understood, no event may be lost."""
        try:
            given: object = self._on_failure(error)
        except Exception as failure:  # noqa: BLE001  (a policy of the user's may raise anything)
            given = failure
        if not isinstance(given, FailureAction):
            kind = type(given).__qualname__
            _LOG.error(
                "%s: on_failure gave no FailureAction, but %s; the event is to be delivered again", event.key, kind
            )
        return given


async def _call(handler: _HandlerEntry, event: Event, deferred: DeferredCancellation) -> BaseException | None:
    """Run a handler, and return what it raised."""
    try:
        result = await handler.call(event, deferred)
        if result is not None:
            await _finish(result, deferred)
    except BaseException as error:  # noqa: BLE001  (a cancellation is raised again after the claims have been ended)
        return error
    return None


def _find_name(handler: Handler) -> str:
    """Return a name that is the same after a restart."""
    while isinstance(handler, partial):
        handler = handler.func
    return str(getattr(handler, "__qualname__", type(handler).__qualname__))


def _to_coroutine_function(handler: Handler) -> Callable[[Event, DeferredCancellation], Awaitable[object]]:
    if iscoroutinefunction(handler) or iscoroutinefunction(type(handler).__call__):
        coroutine_function = cast("Callable[[Event], Awaitable[object]]", handler)
        return lambda event, _deferred: coroutine_function(event)

    async def in_thread(event: Event, deferred: DeferredCancellation) -> object:
        # A plain function may still return a coroutine; in a tuple, that passes Trio's check of threads' results.
        (result,) = await run_plain(lambda: (handler(event),), deferred)
        return result

    return in_thread


async def _finish(result: object, deferred: DeferredCancellation) -> None:
    """Await what a handler returned instead of awaiting it; refuse what would never run."""
    while isawaitable(result):
        result = await deferred.wait_for(result)
    kind = type(result).__name__
    parts = list(cast("Iterable[object]", result)) if isinstance(result, _COLLECTIONS) else [result]
    if not any(isinstance(one, _WORK) or iscoroutinefunction(one) for one in parts):
        return
    for one in parts:
        if isinstance(one, Coroutine):
            one.close()  # Otherwise Python warns as well.
    raise HandlerResultError(kind)


def _find_places(error: BaseException) -> deque[tuple[CodeType, int]]:
    """Return the last places that an error passed through in the handler, and outside this package."""
    places: deque[tuple[CodeType, int]] = deque(maxlen=_SHOWN_FRAMES)
    for frame, line in walk_tb(error.__traceback__):
        if frame.f_code.co_filename == __file__:
            places.clear()
        elif not frame.f_code.co_filename.startswith(_PACKAGE):
            places.append((frame.f_code, line))
    return places
