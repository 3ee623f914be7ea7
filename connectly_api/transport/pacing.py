"""An adapter around an adapter that keeps a pace: it waits before a request, never after it may have left."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final, Literal

import anyio
import attrs

from connectly_api.errors import InvalidInputError
from connectly_api.transport.protocol import ClosedError, Progress, Response, Timeouts, Transport, WireRequest
from connectly_api.transport.rates import Bucket, Pace, Rate, Traffic, traffic_of
from connectly_api.transport.retry import retry_after_seconds

__all__ = ["PaceLike", "PacedTransport", "with_pace"]

PaceLike = Pace | Literal["on", "off"]
"""What a client takes for a pace; `on` is `Pace()`, the documented one."""

_TOO_MANY: Final = 429
_LONGEST_PAUSE: Final = 60.0
"""Seconds: what a `Retry-After` may hold an endpoint's other messages."""
_SWEEP: Final = 1024
"""Messages, after which those customers are forgotten for whom there is nothing to remember."""


@attrs.define(eq=False)
class _Line:
    """Those who wait for one rate: first come, first served; one who gives up takes nothing with him."""

    bucket: Bucket
    lock: anyio.Lock = attrs.field(factory=lambda: anyio.Lock(fast_acquire=True))

    async def pass_through(self, now: Callable[[], float], sleep: Callable[[float], Awaitable[None]]) -> None:
        # A rate may be slowed down meanwhile, so the time is looked at again.
        while wait := self.bucket.seconds_until_free(now()):
            await sleep(wait)
        self.bucket.take(now())


class PacedTransport:
    """Sends through another adapter, no faster than a pace, on asyncio or trio.

    A time-out that strikes while a request waits here finds it not sent.
    """

    def __init__(
        self,
        transport: Transport,
        pace: Pace,
        *,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
    ) -> None:
        """Put a pace before an adapter.

        Args:
            transport: What sends; it is closed with this one.
            pace: How fast.
            now: Seconds on a clock that only moves on.
            sleep: Waits that many seconds; cancellable.
        """
        self._transport = transport
        self._pace = pace
        self._now = now
        self._sleep = sleep
        self._lines: dict[tuple[str, str], _Line] = {}
        self._room = None if pace.max_in_flight is None else anyio.Semaphore(pace.max_in_flight, fast_acquire=True)
        self._until_sweep = _SWEEP
        self._is_closed = False

    def check_base_url(self, base_url: str) -> None:
        """Let the adapter behind it refuse an address; see `Transport`."""
        check_way: Callable[[str], None] | None = getattr(self._transport, "check_base_url", None)
        if check_way is not None:
            check_way(base_url)

    async def exchange(self, request: WireRequest, timeouts: Timeouts, progress: Progress) -> Response:
        """Wait for a turn, then send; see `Transport.exchange`."""
        if self._is_closed:
            raise ClosedError(progress)
        progress.may_have_left = False
        traffic = traffic_of(request)
        self._sweep()
        async with AsyncExitStack() as turn:
            if traffic.endpoint is not None and traffic.customer:
                # Held until the answer, so that the next message to the same customer cannot overtake this one.
                await turn.enter_async_context(self._turn("customer", traffic.customer, self._pace.customer))
            if traffic.endpoint is not None:
                await self._wait("number", traffic.number, self._pace.number)
            if self._room is not None:
                await turn.enter_async_context(self._room)
            if traffic.endpoint is not None:
                await self._wait("endpoint", traffic.endpoint, self._pace.endpoint)
            if self._is_closed:
                raise ClosedError(progress)
            # From here on it is the adapter that knows.
            progress.may_have_left = True
            response = await self._transport.exchange(request, timeouts, progress)
        if response.status == _TOO_MANY:
            self._slow_down(traffic, response)
        return response

    async def aclose(self) -> None:
        """Close the adapter behind it; what waits for its turn is not sent."""
        self._is_closed = True
        await self._transport.aclose()

    async def _wait(self, kind: str, key: str, rate: Rate | None) -> None:
        async with self._turn(kind, key, rate):
            pass

    @asynccontextmanager
    async def _turn(self, kind: str, key: str, rate: Rate | None) -> AsyncGenerator[None, None]:
        if rate is None:
            yield
            return
        line = self._lines.get((kind, key))
        if line is None:
            line = self._lines[kind, key] = _Line(Bucket(rate))
        async with line.lock:
            await line.pass_through(self._now, self._sleep)
            yield

    def _slow_down(self, traffic: Traffic, response: Response) -> None:
        line = self._lines.get(("endpoint", traffic.endpoint or ""))
        if line is not None:
            asked = retry_after_seconds(response.header("Retry-After"), time.time())
            line.bucket.slow_down(self._now(), None if asked is None else min(asked, _LONGEST_PAUSE))

    def _sweep(self) -> None:
        self._until_sweep -= 1
        if self._until_sweep:
            return
        self._until_sweep = _SWEEP
        now = self._now()
        for key, line in list(self._lines.items()):
            if line.bucket.is_rested(now) and not line.lock.locked():
                del self._lines[key]


def with_pace(transport: Transport, pace: PaceLike, max_in_flight: int | None) -> Transport:
    """Return an adapter that keeps a pace, or the adapter as it is where there is none to keep.

    Args:
        transport: What sends.
        pace: `off`, `on`, or rates of your own.
        max_in_flight: Requests that wait for their answer at the same time; wins over the pace's own.

    Raises:
        InvalidInputError: One of them is something else.
    """
    given: object = pace
    if given == "off":
        kept = Pace(endpoint=None, number=None, customer=None)
    elif given == "on":
        kept = Pace()
    elif isinstance(given, Pace):
        kept = given
    else:
        raise InvalidInputError("pace: must be 'on', 'off' or a Pace", field="pace")
    if max_in_flight is not None:
        kept = attrs.evolve(kept, max_in_flight=max_in_flight)
    return transport if kept == Pace(None, None, None) else PacedTransport(transport, kept)
