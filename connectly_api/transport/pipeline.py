"""One call, from a pure request to a parsed answer: time-outs, retries, typed errors.

The only place that looks at a status, and the only one that decides whether something may be sent again.
"""

from __future__ import annotations

import asyncio
import json
import logging
import math
import os
import random
import sys
import time
from collections.abc import Awaitable, Callable, Coroutine, Generator, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, TypeVar

import anyio
import attrs

from connectly_api._version import __version__
from connectly_api.error_response import error_from_response
from connectly_api.errors import (
    ConnectlyError,
    Headers,
    NotSentError,
    OutcomeUnknownError,
    UnexpectedResponseError,
    UsageError,
)
from connectly_api.tracebacks import cut_traceback
from connectly_api.transport.adapters.turns import Turns
from connectly_api.transport.deadline import Tries, current_loop
from connectly_api.transport.endpoint import check_api_key, check_base_url, url_of
from connectly_api.transport.failure_text import describe_failure
from connectly_api.transport.protocol import (
    Answer,
    BrokenExchangeError,
    ClosedError,
    LateError,
    Progress,
    Request,
    Response,
    Timeouts,
    Transport,
    WireRequest,
    check_seconds,
)
from connectly_api.transport.retry import (
    Failure,
    Retry,
    is_repeatable,
    may_pass,
    pause_before,
    reads_only,
    retry_after_seconds,
)

if TYPE_CHECKING:
    from connectly_api.telemetry import Telemetry

__all__ = ["Clock", "Pipeline", "preparing"]

T = TypeVar("T")
_Error = TypeVar("_Error", bound=ConnectlyError)

_LOG: Final = logging.getLogger("connectly_api")
_USER_AGENT: Final = f"connectly-api/{__version__} python/{sys.version_info.major}.{sys.version_info.minor}"


@attrs.frozen
class Clock:
    """What the pipeline takes from the world besides the network; tests give their own.

    Attributes:
        monotonic: Seconds on a clock that only moves on.
        wall: Seconds since the epoch.
        sleep: Waits that many seconds; cancellable.
        chance: A random number from 0 to below 1.
    """

    monotonic: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time
    sleep: Callable[[float], Awaitable[None]] = anyio.sleep
    chance: Callable[[], float] = random.random


@contextmanager
def preparing() -> Generator[None, None, None]:
    """Raise `NotSentError` where what a call needs cannot be loaded: modules are, at their first use.

    A process that has no file descriptor left cannot open them.
    """
    try:
        yield
    except (OSError, ImportError) as error:
        unsent = NotSentError(f"not sent: {describe_failure(error)}", retry_safe=may_pass(error))
        raise _caused_by(error, unsent) from None


class Pipeline:
    """What low-level functions take as their transport: sends a request through an adapter and reads the answer."""

    @cut_traceback
    def __init__(
        self,
        transport: Transport,
        *,
        api_key: str,
        base_url: str,
        timeouts: Timeouts | None = None,
        retry: Retry | None = None,
        clock: Clock | None = None,
        telemetry: Telemetry | None = None,
    ) -> None:
        """Bind an adapter to an address and a key; nothing is opened yet.

        Args:
            transport: The HTTP adapter; the pipeline closes it.
            api_key: Sent as `X-API-Key`; never shown.
            base_url: `https://…`, or `http://` to loopback.
            timeouts: Seconds for the whole call, a connection, a silence; 30, 5 and 20 where not given.
            retry: How often and with what pauses; three tries where not given.
            clock: Time, sleep and chance.
            telemetry: Where spans and metrics go; none where not given.

        Raises:
            InvalidInputError: The key or the address cannot be used.
        """
        self._transport = transport if telemetry is None else telemetry.transport(transport)
        self._telemetry = telemetry
        self._base_url = check_base_url(base_url)
        # An adapter with a proxy has something to say about it; it need not.
        check_way: Callable[[str], None] | None = getattr(transport, "check_base_url", None)
        if check_way is not None:
            check_way(self._base_url)
        self._api_key = check_api_key(api_key)
        self._headers: Headers = (
            ("Accept", "application/json"),
            ("User-Agent", _USER_AGENT),
            ("X-API-Key", self._api_key),
        )
        self._headers_with_content: Headers = (*self._headers, ("Content-Type", "application/json"))
        self._timeouts = timeouts if timeouts is not None else Timeouts()
        self._retry = retry if retry is not None else Retry()
        self._clock = clock if clock is not None else Clock()
        self._loop: object = None
        self._process = 0
        self._steps = False
        self._closed = False
        self._calls = 0
        self._tries = Tries()
        self._turns = Turns()

    def __repr__(self) -> str:
        """Return the address alone."""
        return f"Pipeline({self._base_url!r})"

    def take_turn(self) -> Coroutine[Any, Any, None]:
        """Wait until the event loop is free for another call, before its request is built, which takes time."""
        return self._turns.take()

    def send(self, request: Request[T], *, timeout: float | None = None) -> Coroutine[Any, Any, Answer[T]]:
        """Send a request, again where that is safe, and parse its answer, once it is awaited.

        Args:
            request: What a low-level module's `request` function made.
            timeout: Seconds for the whole call, tries and pauses included; None takes the client's, `math.inf` none.

        Raises:
            UsageError: The client is closed, or belongs to another event loop or process.
            NotSentError: It never left this machine.
            OutcomeUnknownError: It left, and no readable answer came.
            ApiError: The answer's status is not 2xx; the class says which.
            UnexpectedResponseError: A 2xx whose body cannot be read.
        """
        # No coroutine of its own: the less each of hundreds in flight holds, the faster are all.
        if self._telemetry is None:
            return self._call(request, timeout)
        return self._told(self._telemetry, request, timeout)

    async def _told(self, telemetry: Telemetry, request: Request[T], timeout: float | None) -> Answer[T]:
        self._check_usable()
        with telemetry.call(request, self._base_url) as accepted:
            answer = await self._call(request, timeout)
            accepted(answer)
        return answer

    @cut_traceback
    async def _call(self, request: Request[T], timeout: float | None) -> Answer[T]:  # noqa: C901 (a coroutine for each part would cost each call)
        self._check_usable()
        timeouts = self._timeouts
        if timeout is not None:
            timeouts = attrs.evolve(timeouts, total=check_seconds("timeout", timeout))
        started = self._clock.monotonic()
        deadline = started + timeouts.total
        wire = self._wire_request(request)
        attempt = 0
        self._calls += 1
        try:
            # Many in flight go in step, each waiting for the others to come as far: with an adapter that has a thread,
            # a call that goes its own way costs a turn to the thread and back, and half as much again as all else.
            if self._calls > 1 and self._steps:
                await asyncio.sleep(0)
            while True:
                attempt += 1
                outcome: Response | Failure | None = None
                progress = Progress()
                if self._closed:  # Since the call began.
                    outcome = _failure(ClosedError(progress), progress)
                    break
                with self._tries.begin(deadline - self._clock.monotonic(), progress):
                    try:
                        outcome = _checked(await self._transport.exchange(wire, timeouts, progress), progress)
                    except ConnectlyError:
                        raise
                    except Exception as error:  # noqa: BLE001 (adapters raise what their library raises)
                        outcome = _failure(error, progress)
                if outcome is None:
                    outcome = self._ended(progress, timeouts.total)
                pause = self._pause(request.method, outcome, attempt, deadline)
                if pause is None or not await self._slept(request.operation, outcome, pause, progress):
                    break
            if self._calls > 1 and self._steps:
                await asyncio.sleep(0)
            if not _is_success(outcome):
                await self._turns.take()
        finally:
            self._calls -= 1
        if _LOG.isEnabledFor(logging.DEBUG):
            return self._conclude_loudly(request, outcome, attempt, started)
        return self._conclude(request, outcome, attempt)

    def _ended(self, progress: Progress, seconds: float) -> Failure:
        """Return why a try was cancelled: the client was closed before the request left, or the time is up."""
        if self._closed and not progress.may_have_left:
            return _failure(ClosedError(progress), progress)
        return _failure(LateError(f"no answer within {seconds:g} s"), progress)

    def _conclude_loudly(
        self, request: Request[T], outcome: Response | Failure, attempts: int, started: float
    ) -> Answer[T]:
        line = (
            f"{request.operation}: {_short(outcome)} after {attempts} tries, {self._clock.monotonic() - started:.3f} s"
        )
        try:
            answer = self._conclude(request, outcome, attempts)
        except ConnectlyError as error:
            _LOG.debug("%s, trace id %s", line, getattr(error, "shown_trace_id", None) or "unknown")
            raise
        _LOG.debug("%s", line)
        return answer

    async def aclose(self) -> None:
        """Close every connection; calling it again does nothing.

        Calls that wait, for their turn, for a connection or for their next try, end at once: none of them was accepted.

        Raises:
            UsageError: Called from an event loop, or a process, other than the one that opened the connections.
        """
        if self._closed:
            return
        self._check_loop()
        self._closed = True
        self._tries.end_unsent()
        await self._transport.aclose()

    def _check_usable(self) -> None:
        if self._closed:
            raise UsageError("the client is closed; make a new one")
        self._check_loop()

    def _check_loop(self) -> None:
        process = os.getpid()
        if self._process not in {0, process}:
            # Asked first, as asyncio knows no running event loop in a child.
            raise UsageError(
                "the client was used before this process was forked, and its connections are the parent's; make one"
                " client for each process"
            )
        with preparing():
            loop = current_loop()
        if self._loop is None:
            self._loop, self._process = loop, process
            self._steps = isinstance(loop, asyncio.AbstractEventLoop)
        elif self._loop != loop:
            raise UsageError("the client belongs to another event loop; make one client for each loop")

    def _wire_request(self, request: Request[object]) -> WireRequest:
        headers = self._headers if request.content is None else self._headers_with_content
        if request.headers:
            headers += tuple((name, value) for name, value in request.headers if name.lower() not in _OURS)
        return WireRequest(request.method, url_of(self._base_url, request), headers, request.content)

    async def _slept(self, operation: str, outcome: Response | Failure, seconds: float, progress: Progress) -> bool:
        """Pause; return False where there is no further try: the client was closed meanwhile, or cannot even sleep.

        Without a file descriptor left, anyio cannot load what it sleeps with.
        """
        _LOG.info("%s: %s; trying again in %.3f s", operation, _short(outcome), seconds)
        progress.may_have_left = False
        try:
            with self._tries.begin(math.inf, progress):
                await self._clock.sleep(seconds)
        except (OSError, ImportError):
            return False
        return not self._closed

    def _pause(self, method: str, outcome: Response | Failure, attempt: int, deadline: float) -> float | None:
        if self._closed or not is_repeatable(method, outcome):
            return None
        return pause_before(
            self._retry,
            attempt,
            remaining=deadline - self._clock.monotonic(),
            asked=self._asked(outcome) if isinstance(outcome, Response) else None,
            chance=self._clock.chance(),
        )

    def _asked(self, response: Response) -> float | None:
        return retry_after_seconds(response.header("Retry-After"), self._clock.wall())

    def _conclude(self, request: Request[T], outcome: Response | Failure, attempts: int) -> Answer[T]:
        if isinstance(outcome, Failure):
            raise _no_answer(request, outcome, attempts)
        if not _is_success(outcome):
            refusal = error_from_response(
                outcome.status,
                outcome.headers,
                outcome.body,
                retry_after=self._asked(outcome),
                sent=self._sent(request),
            )
            raise _with_facts(refusal, request.method, outcome)
        return _parsed(request, outcome)

    def _sent(self, request: Request[object]) -> Iterator[str]:
        """Yield what a request held, read only where an answer has a trace id."""
        yield self._api_key
        yield url_of(self._base_url, request)
        if request.content:
            yield request.content.decode(errors="replace")


_DECODER: Final = json.JSONDecoder()
_WHITE_SPACE: Final = " \t\r\n"
_OURS: Final = frozenset({"accept", "content-length", "content-type", "host", "user-agent", "x-api-key"})


def _decoded(body: bytes) -> object:
    """Return the JSON value that a body holds; None where it holds nothing but white space."""
    try:
        text = body.decode().strip(_WHITE_SPACE)
        value, end = _DECODER.raw_decode(text) if text else (None, 0)
        if end == len(text):
            return value
    except ValueError:
        pass  # With a mark at its beginning, in an older encoding, or no JSON: json.loads finds out, in more time.
    return json.loads(body)


def _parsed(request: Request[T], response: Response) -> Answer[T]:
    if not response.complete:
        broken = OutcomeUnknownError(
            f"{request.operation}: the answer, status {response.status}, broke off after {len(response.body)} bytes"
        )
        raise _with_facts(broken, request.method, response)
    try:
        return Answer(request.parse(_decoded(response.body)), response)
    except (ValueError, RecursionError, OSError, ImportError) as error:
        unreadable = UnexpectedResponseError(
            f"{request.operation}: the answer, status {response.status}, {len(response.body)} bytes, is not the JSON"
            f" that was expected ({type(error).__name__})",
            status=response.status,
            headers=response.headers,
            body=response.body,
        )
        raise _with_facts(unreadable, request.method, response) from None


def _with_facts(error: _Error, method: str, outcome: Response | Failure) -> _Error:
    """Return an error that says what the retries go by: a read has no effect, and may be made again as they would."""
    if reads_only(method):
        error.may_have_taken_effect = False
        error.retry_safe = is_repeatable(method, outcome)
    return error


def _checked(outcome: object, progress: Progress) -> Response | Failure:
    """Return what an adapter returned, or a failure where that is no answer: whatever it did, nobody can say."""
    match outcome:
        case Response(status=int(), headers=tuple() as headers, body=bytes()) if all(map(_is_header, headers)):
            return outcome
        case _:
            progress.may_have_left = True
            return _failure(BrokenExchangeError("the transport returned something else than a Response"), progress)


def _is_header(pair: object) -> bool:
    match pair:
        case (str(), str()):
            return True
        case _:
            return False


def _failure(error: Exception, progress: Progress) -> Failure:
    said = progress.may_pass
    return Failure(
        error,
        progress.may_have_left,
        timed_out=isinstance(error, TimeoutError),
        may_pass=may_pass(error) if said is None else said,
    )


def _no_answer(request: Request[object], failure: Failure, attempts: int) -> NotSentError | OutcomeUnknownError:
    tries = "" if attempts == 1 else f" ({attempts} tries)"
    reason = describe_failure(failure.error)
    error: NotSentError | OutcomeUnknownError
    if failure.may_have_left:
        unknown = OutcomeUnknownError(
            f"{request.operation}: the request may have been carried out, but no answer came{tries}: {reason}",
            timed_out=failure.timed_out,
        )
        error = _with_facts(unknown, request.method, failure)
    else:
        error = NotSentError(
            f"{request.operation}: not sent{tries}: {reason}",
            timed_out=failure.timed_out,
            retry_safe=failure.may_pass,
        )
    return _caused_by(failure.error, error)


def _caused_by(cause: Exception, error: _Error) -> _Error:
    """Return an error with its cause, there for who asks, and not printed: its text may be a server's."""
    error.__context__, error.__suppress_context__ = cause, True
    return error


def _is_success(outcome: Response | Failure) -> bool:
    return isinstance(outcome, Response) and 200 <= outcome.status < 300  # noqa: PLR2004 (2xx)


def _short(outcome: Response | Failure) -> str:
    """Describe an outcome for a log line: nothing in it comes from the request or the answer's body."""
    if isinstance(outcome, Response):
        return f"status {outcome.status}"
    return f"{'outcome unknown' if outcome.may_have_left else 'not sent'} ({type(outcome.error).__name__})"
