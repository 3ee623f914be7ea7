"""An adapter that wraps another and keeps a pace: requests wait before they leave, never after they may have left."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final, Literal

import anyio
import attrs

from connectly_api.errors import InvalidInputError
from connectly_api.transport.endpoint import check_transport_accepts
from connectly_api.transport.protocol import ClosedError, Progress, RateKeys, Response, Timeouts, Transport, WireRequest
from connectly_api.transport.rates import Bucket, Pace, Rate, read_rate_keys
from connectly_api.transport.retry import TOO_MANY_REQUESTS, parse_retry_after

PaceLike = Pace | Literal["on", "off"]
"""A client's `pace`; `on` is `Pace()`, the documented rates."""

_NO_LIMIT: Final = Pace(endpoint=None, number=None, customer=None)
_SWEEP: Final = 1024
"""The number of messages after which idle queues are dropped."""


@attrs.define(eq=False)
class _Queue:
    """The messages that wait for one rate: first come, first served; a cancelled waiter consumes no token."""

    bucket: Bucket
    lock: anyio.Lock = attrs.field(factory=lambda: anyio.Lock(fast_acquire=True))


class PacedTransport:
    """Sends through another adapter, no faster than a pace, on asyncio or trio.

    A request that times out while it waits here was not sent.
    """

    def __init__(
        self,
        transport: Transport,
        pace: Pace,
        *,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
    ) -> None:
        """Wrap an adapter.

        Args:
            transport: The adapter that sends; it is closed with this one.
            pace: The rates.
            now: Seconds on a monotonic clock.
            sleep: Waits that many seconds; cancellable.
        """
        self._transport = transport
        self._pace = pace
        self._now = now
        self._sleep = sleep
        self._queues: dict[tuple[str, str], _Queue] = {}
        self._in_flight = None if pace.max_in_flight is None else anyio.Semaphore(pace.max_in_flight, fast_acquire=True)
        self._until_sweep = _SWEEP
        self._is_closed = False

    def check_base_url(self, base_url: str) -> None:
        """Let the wrapped adapter refuse a URL; see `Transport`."""
        check_transport_accepts(self._transport, base_url)

    async def exchange(self, request: WireRequest, timeouts: Timeouts, progress: Progress) -> Response:
        """Wait for a turn, then send; see `Transport.exchange`."""
        if self._is_closed:
            raise ClosedError(progress)
        progress.may_have_left = False
        keys = read_rate_keys(request) if request.rate_keys is None else request.rate_keys
        self._sweep()
        async with AsyncExitStack() as turn:
            if keys.endpoint is not None and keys.recipient:
                # Held until the response, so that the next message to the same customer cannot overtake this one.
                await turn.enter_async_context(self._turn("customer", keys.recipient, self._pace.customer))
            if keys.endpoint is not None:
                await self._wait("number", keys.sender, self._pace.number)
            if self._in_flight is not None:
                await turn.enter_async_context(self._in_flight)
            if keys.endpoint is not None:
                await self._wait("endpoint", keys.endpoint, self._pace.endpoint)
            if self._is_closed:
                raise ClosedError(progress)
            # From here on, the adapter keeps track.
            progress.may_have_left = True
            response = await self._transport.exchange(request, timeouts, progress)
        if response.status == TOO_MANY_REQUESTS:
            self._slow_down(keys, response)
        return response

    async def aclose(self) -> None:
        """Close the wrapped adapter; waiting requests are not sent."""
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
        queue = self._queues.get((kind, key))
        if queue is None:
            queue = self._queues[kind, key] = _Queue(Bucket(rate))
        async with queue.lock:
            # A 429 may slow the rate down during the wait, so ask again.
            while wait := queue.bucket.seconds_until_free(self._now()):
                await self._sleep(wait)
            queue.bucket.take(self._now())
            yield

    def _slow_down(self, keys: RateKeys, response: Response) -> None:
        queue = self._queues.get(("endpoint", keys.endpoint or ""))
        if queue is not None:
            queue.bucket.slow_down(self._now(), parse_retry_after(response.header("Retry-After"), time.time()))

    def _sweep(self) -> None:
        self._until_sweep -= 1
        if self._until_sweep:
            return
        self._until_sweep = _SWEEP
        now = self._now()
        for key, queue in list(self._queues.items()):
            if queue.bucket.is_rested(now) and not queue.lock.locked():
                del self._queues[key]


def apply_pace(transport: Transport, pace: PaceLike, max_in_flight: int | None) -> Transport:
    """Wrap an adapter so that it keeps a pace; return it unchanged if there is none."""
    given: object = pace
    if given == "off":
        kept = _NO_LIMIT
    elif given == "on":
        kept = Pace()
    elif isinstance(given, Pace):
        kept = given
    else:
        raise InvalidInputError("pace: must be 'on', 'off' or a Pace", field="pace")
    if max_in_flight is not None:
        kept = attrs.evolve(kept, max_in_flight=max_in_flight)
    return transport if kept == _NO_LIMIT else PacedTransport(transport, kept)
