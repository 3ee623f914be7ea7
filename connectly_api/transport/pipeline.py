"""One call, from a pure request to a parsed response: timeouts, retries, typed errors.

Only this module looks at a status and decides whether to retry.
"""

from __future__ import annotations

import asyncio
import logging
import math
import os
import random
import sys
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from typing import Any, Final, TypeVar

import anyio
import attrs

from connectly_api._version import __version__
from connectly_api.error_response import parse_error_response
from connectly_api.errors import ConnectlyError, Headers, OutcomeUnknownError, UsageError
from connectly_api.tracebacks import cut_traceback
from connectly_api.transport.attempt_outcome import (
    apply_method,
    build_failure_error,
    check_response,
    describe_outcome,
    fail_unsent,
    parse_answer,
    to_failure,
)
from connectly_api.transport.deadline import Attempts, identify_loop
from connectly_api.transport.endpoint import build_url, check_api_key, check_base_url, check_transport_accepts
from connectly_api.transport.protocol import (
    Answer,
    BrokenExchangeError,
    ClosedError,
    Instrumentation,
    LateError,
    Progress,
    Request,
    Response,
    ResponseWatcher,
    Timeouts,
    Transport,
    WireRequest,
    check_seconds,
    is_success,
)
from connectly_api.transport.retry import Failure, Retry, compute_pause, is_read, is_repeatable, parse_retry_after
from connectly_api.transport.time_budget import TimeBudget
from connectly_api.transport.turns import Turns
from connectly_api.unknown_outcomes import add_unknown_outcome, begin_call, end_call

T = TypeVar("T")

_LOG: Final = logging.getLogger("connectly_api")
_USER_AGENT: Final = f"connectly-api/{__version__} python/{sys.version_info.major}.{sys.version_info.minor}"
_CANCELLED: Final = "the call was cancelled"
_OWN_HEADERS: Final = frozenset({"accept", "content-length", "content-type", "host", "user-agent", "x-api-key"})


@attrs.frozen
class Clock:
    """The pipeline's time, sleep and randomness; tests pass their own.

    Attributes:
        monotonic: Seconds on a monotonic clock.
        wall: Seconds since the epoch.
        sleep: Waits that many seconds; cancellable.
        chance: A random number from 0 to below 1.
    """

    monotonic: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time
    sleep: Callable[[float], Awaitable[None]] = anyio.sleep
    chance: Callable[[], float] = random.random


class Pipeline:
    """The transport of low-level functions: sends a request through an adapter and parses the response."""

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
        telemetry: Instrumentation | None = None,
        drift: ResponseWatcher | None = None,
    ) -> None:
        """Bind an adapter to a base URL and a key; nothing is opened yet.

        Args:
            transport: The HTTP adapter; the pipeline closes it.
            api_key: Sent as `X-API-Key`; never shown.
            base_url: `https://…`, or `http://` to loopback.
            timeouts: Seconds for the whole call, for connecting, and between bytes; 30, 5 and 20 by default.
            retry: How many attempts to make, and the pauses between them; three attempts by default.
            clock: Time, sleep and chance.
            telemetry: Where spans and metrics go; none by default.
            drift: Compares each call's response with what is documented; nothing does by default.

        Raises:
            InvalidInputError: The key or the base URL is invalid.
        """
        self._transport = transport if telemetry is None else telemetry.wrap_transport(transport)
        self._telemetry = telemetry
        self._drift = drift
        self._base_url = check_base_url(base_url)
        check_transport_accepts(transport, self._base_url)
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
        self._is_on_asyncio = False
        self._is_closed = False
        self._calls = 0
        self._attempts = Attempts()
        self._turns = Turns()

    def __repr__(self) -> str:
        """Show only the base URL."""
        return f"Pipeline({self._base_url!r})"

    def start_budget(self, timeout: float | None) -> TimeBudget:
        """Start to count down the seconds of a call that makes several requests; None for the client's."""
        return TimeBudget(self._timeouts.total if timeout is None else check_seconds("timeout", timeout))

    def take_turn(self) -> Coroutine[Any, Any, None]:
        """Wait until the event loop is free to build another call's request; see `turns`."""
        return self._turns.take()

    @property
    def timeouts(self) -> Timeouts:
        """The time limits of calls that are given none."""
        return self._timeouts

    def send(
        self, request: Request[T], *, timeout: float | None = None, retry: Retry | None = None
    ) -> Coroutine[Any, Any, Answer[T]]:
        """Return an awaitable that sends a request, retries it if that is safe, and parses the response.

        Args:
            request: From the `request` function of a low-level module.
            timeout: Seconds for the whole call, attempts and pauses included; None for the client's, `math.inf` for no
                limit.
            retry: How many attempts to make; by default as the client.

        Raises:
            UsageError: The client is closed, or belongs to another event loop or process.
            NotSentError: It never left this machine.
            OutcomeUnknownError: It left, and no readable response came.
            ApiError: The response's status is not 2xx; the class says which.
            UnexpectedResponseError: A 2xx whose body cannot be read.
        """
        if self._telemetry is None:
            return self._send(request, timeout, retry)
        return self._send_traced(self._telemetry, request, timeout, retry)

    async def _send_traced(
        self, telemetry: Instrumentation, request: Request[T], timeout: float | None, retry: Retry | None
    ) -> Answer[T]:
        self._check_usable()
        with telemetry.trace_call(request, self._base_url) as record:
            answer = await self._send(request, timeout, retry)
            record(answer)
        return answer

    @cut_traceback
    async def _send(self, request: Request[T], timeout: float | None, retry: Retry | None) -> Answer[T]:  # noqa: C901, PLR0912, PLR0915 (one coroutine: see `turns`)
        self._check_usable()
        timeouts = self._timeouts
        if timeout is not None:
            timeouts = attrs.evolve(timeouts, total=check_seconds("timeout", timeout))
        started = self._clock.monotonic()
        deadline = started + timeouts.total
        wire = self._build_wire_request(request)
        attempt = 0
        outcome: Response | Failure | None = None
        progress: Progress | None = None
        running = None if is_read(request.method) else begin_call(request.operation)
        self._calls += 1
        try:
            if self._calls > 1 and self._is_on_asyncio:
                await asyncio.sleep(0)
            while True:
                attempt += 1
                outcome = None
                progress = Progress()
                if self._is_closed:  # Since the call began.
                    outcome = to_failure(ClosedError(progress), progress)
                    break
                with self._attempts.begin(deadline - self._clock.monotonic(), progress):
                    try:
                        outcome = check_response(await self._transport.exchange(wire, timeouts, progress), progress)
                    except ConnectlyError:
                        raise
                    except Exception as error:  # noqa: BLE001 (adapters raise what their library raises)
                        outcome = to_failure(error, progress)
                if outcome is None:
                    outcome = self._explain_cancellation(progress, timeouts.total)
                pause = self._compute_pause(request.method, outcome, attempt, deadline, retry or self._retry)
                if pause is None or not await self._sleep(request.operation, outcome, pause, progress):
                    break
            if self._calls > 1 and self._is_on_asyncio:
                await asyncio.sleep(0)
            if isinstance(outcome, Failure) or not is_success(outcome.status):
                await self._turns.take()
        except BaseException as error:
            if not isinstance(error, Exception) and progress is not None:
                self._explain_cancelled_call(error, request, outcome or progress, attempt)
            raise
        finally:
            self._calls -= 1
            end_call(running)
        try:
            if _LOG.isEnabledFor(logging.DEBUG):
                return self._conclude_and_log(request, outcome, attempt, started)
            return self._conclude(request, outcome, attempt)
        except ConnectlyError as error:
            if error.may_have_taken_effect:
                add_unknown_outcome(error)
            raise

    async def aclose(self) -> None:
        """Close every connection; calling it again does nothing.

        Calls that wait for their turn, a connection or their next attempt fail at once; none of them was accepted.

        Raises:
            UsageError: Called from an event loop, or a process, other than the one that opened the connections.
        """
        if self._is_closed:
            return
        self._check_loop()
        self._is_closed = True
        self._attempts.cancel_unsent()
        await self._transport.aclose()

    def _check_usable(self) -> None:
        if self._is_closed:
            raise UsageError("the client is closed; create a new one")
        self._check_loop()

    def _check_loop(self) -> None:
        process = os.getpid()
        if self._process not in {0, process}:
            # Checked first, as asyncio knows no running event loop in a child.
            raise UsageError(
                "the client was used before this process was forked, and its connections belong to the parent;"
                " create one client for each process"
            )
        with fail_unsent():
            loop = identify_loop()
        if self._loop is None:
            self._loop, self._process = loop, process
            self._is_on_asyncio = isinstance(loop, asyncio.AbstractEventLoop)
        elif self._loop != loop:
            raise UsageError("the client belongs to another event loop; create one client for each loop")

    def _build_wire_request(self, request: Request[object]) -> WireRequest:
        headers = self._headers if request.content is None else self._headers_with_content
        if request.headers:
            headers += tuple((name, value) for name, value in request.headers if name.lower() not in _OWN_HEADERS)
        url = build_url(self._base_url, request)
        return WireRequest(request.method, url, headers, request.content, request.rate_keys, request.operation)

    def _explain_cancellation(self, progress: Progress, seconds: float) -> Failure:
        if self._is_closed and not progress.may_have_left:
            return to_failure(ClosedError(progress), progress)
        return to_failure(LateError(f"no response within {seconds:g} s"), progress)

    def _explain_cancelled_call(
        self, cancellation: BaseException, request: Request[object], state: Response | Failure | Progress, attempts: int
    ) -> None:
        """Give a cancellation a cause, if it leaves open what became of the request: it may have been carried out.

        The cancellation remains the same object, by which asyncio, anyio and trio recognize it.
        """
        outcome = to_failure(BrokenExchangeError(_CANCELLED), state) if isinstance(state, Progress) else state
        try:
            self._conclude(request, outcome, attempts)
            unknown = OutcomeUnknownError(f"{request.operation}: carried out, but {_CANCELLED} before it returned")
            error: ConnectlyError = apply_method(unknown, request.method, outcome)
        except ConnectlyError as found:
            error = found
        if error.may_have_taken_effect:
            cancellation.__cause__ = error
            add_unknown_outcome(error)

    def _compute_pause(
        self, method: str, outcome: Response | Failure, attempt: int, deadline: float, retry: Retry
    ) -> float | None:
        if self._is_closed or not is_repeatable(method, outcome):
            return None
        return compute_pause(
            retry,
            attempt,
            remaining=deadline - self._clock.monotonic(),
            asked=self._read_retry_after(outcome) if isinstance(outcome, Response) else None,
            chance=self._clock.chance(),
        )

    def _read_retry_after(self, response: Response) -> float | None:
        return parse_retry_after(response.header("Retry-After"), self._clock.wall())

    async def _sleep(self, operation: str, outcome: Response | Failure, seconds: float, progress: Progress) -> bool:
        """Pause; return whether to retry, which is not if the client was closed meanwhile, or sleeping failed."""
        _LOG.info("%s: %s; retrying in %.3f s", operation, describe_outcome(outcome), seconds)
        progress.may_have_left = False
        try:
            with self._attempts.begin(math.inf, progress):
                await self._clock.sleep(seconds)
        except (OSError, ImportError):
            return False  # Without a file descriptor left, anyio cannot load what it sleeps with.
        return not self._is_closed

    def _conclude_and_log(
        self, request: Request[T], outcome: Response | Failure, attempts: int, started: float
    ) -> Answer[T]:
        seconds = self._clock.monotonic() - started
        line = f"{request.operation}: {describe_outcome(outcome)} after {attempts} attempts, {seconds:.3f} s"
        try:
            answer = self._conclude(request, outcome, attempts)
        except ConnectlyError as error:
            _LOG.debug("%s, trace id %s", line, getattr(error, "shown_trace_id", None) or "unknown")
            raise
        _LOG.debug("%s", line)
        return answer

    def _conclude(self, request: Request[T], outcome: Response | Failure, attempts: int) -> Answer[T]:
        if isinstance(outcome, Failure):
            raise build_failure_error(request, outcome, attempts)
        if is_success(outcome.status):
            answer = parse_answer(request, outcome)
            if self._drift is not None:
                self._drift.watch_response(request.operation, outcome, answer.value)
            return answer
        if self._drift is not None:
            self._drift.watch_response(request.operation, outcome, None)
        refusal = parse_error_response(
            outcome.status,
            outcome.headers,
            outcome.body,
            retry_after=self._read_retry_after(outcome),
            sent=self._list_sent(request),
        )
        raise apply_method(refusal, request.method, outcome)

    def _list_sent(self, request: Request[object]) -> Iterator[str]:
        """Yield the contents of a request; read only if the response has a trace id."""
        yield self._api_key
        yield build_url(self._base_url, request)
        if request.content:
            yield request.content.decode(errors="replace")
