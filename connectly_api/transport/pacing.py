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
from connectly_api.transport.shared_pace import FRESH, SharedPace, SharedTokens, TokenSource

PaceLike = Pace | SharedPace | Literal["on", "off"]
"""A client's `pace`; `on` is `Pace()`, the documented rates."""

_NO_LIMIT: Final = Pace(endpoint=None, number=None, customer=None)
_SWEEP: Final = 1024
"""The number of messages after which idle queues are dropped."""


@attrs.define(eq=False)
class _Queue:
    """The messages that wait for one rate: first come, first served.

    Attributes:
        lock: Held by the first of them.
        tokens: How many more may be sent without asking.
        stale_at: Until when.
    """

    lock: anyio.Lock = attrs.field(factory=lambda: anyio.Lock(fast_acquire=True))
    tokens: int = 0
    stale_at: float = 0.0


class MemoryTokens:
    """The tokens of one client, in its memory; a cancelled waiter consumes none."""

    block = 1

    def __init__(self, now: Callable[[], float], sleep: Callable[[float], Awaitable[None]]) -> None:
        self._now = now
        self._sleep = sleep
        self._buckets: dict[tuple[str, str], Bucket] = {}

    async def take(self, kind: str, key: str, rate: Rate, count: int) -> int:
        """Wait until a message may be sent."""
        bucket = self._buckets.get((kind, key))
        if bucket is None:
            bucket = self._buckets[kind, key] = Bucket(rate)
        # A 429 may slow the rate down during the wait, so ask again.
        while wait := bucket.seconds_until_free(self._now()):
            await self._sleep(wait)
        bucket.take(self._now())
        return count

    async def slow_down(self, kind: str, key: str, rate: Rate, seconds: float | None) -> None:
        """Slow a rate down."""
        self._buckets.setdefault((kind, key), Bucket(rate)).slow_down(self._now(), seconds)

    def forget_rested(self) -> None:
        """Forget rates that are in their initial state again."""
        now = self._now()
        for key in [key for key, bucket in self._buckets.items() if bucket.is_rested(now)]:
            del self._buckets[key]

    async def aclose(self) -> None:
        """Do nothing."""


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
        tokens: TokenSource | None = None,
    ) -> None:
        """Wrap an adapter.

        Args:
            transport: The adapter that sends; it is closed with this one.
            pace: The rates.
            now: Seconds on a monotonic clock.
            sleep: Waits that many seconds; cancellable.
            tokens: Where the rates are kept, by default in memory.
        """
        self._transport = transport
        self._pace = pace
        self._now = now
        self._tokens = MemoryTokens(now, sleep) if tokens is None else tokens
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
            await self._slow_down(keys, response)
        return response

    async def aclose(self) -> None:
        """Close the wrapped adapter; waiting requests are not sent."""
        self._is_closed = True
        await self._tokens.aclose()
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
            queue = self._queues[kind, key] = _Queue()
        async with queue.lock:
            if not queue.tokens or self._now() > queue.stale_at:
                # The next message to a customer waits for this one's response.
                is_single = self._tokens.block == 1 or kind == "customer"
                count = 1 if is_single else min(self._tokens.block, 1 + queue.lock.statistics().tasks_waiting)
                queue.tokens = await self._tokens.take(kind, key, rate, count)
                queue.stale_at = self._now() + FRESH
            queue.tokens -= 1
            yield

    async def _slow_down(self, keys: RateKeys, response: Response) -> None:
        if keys.endpoint is not None and self._pace.endpoint is not None:
            asked = parse_retry_after(response.header("Retry-After"), time.time())
            await self._tokens.slow_down("endpoint", keys.endpoint, self._pace.endpoint, asked)

    def _sweep(self) -> None:
        self._until_sweep -= 1
        if self._until_sweep:
            return
        self._until_sweep = _SWEEP
        self._tokens.forget_rested()
        for key in [key for key, queue in self._queues.items() if not queue.lock.locked()]:
            del self._queues[key]


def apply_pace(
    transport: Transport, pace: PaceLike, max_in_flight: int | None, *, business_id: str = "", api_key: str = ""
) -> Transport:
    """Wrap an adapter so that it keeps a pace; return it unchanged if there is none.

    Args:
        transport: The adapter.
        pace: The pace.
        max_in_flight: Takes precedence over the pace's own.
        business_id: Whose rates a shared pace keeps.
        api_key: Hides customers' numbers from the server of a shared pace.
    """
    given: object = pace
    tokens = None
    if given == "off":
        kept = _NO_LIMIT
    elif given == "on":
        kept = Pace()
    elif isinstance(given, Pace):
        kept = given
    elif isinstance(given, SharedPace):
        kept = given.pace
        tokens = SharedTokens(given, business_id, api_key)
    else:
        raise InvalidInputError("pace: must be 'on', 'off', a Pace or a shared one", field="pace")
    if max_in_flight is not None:
        kept = attrs.evolve(kept, max_in_flight=max_in_flight)
    return transport if kept == _NO_LIMIT else PacedTransport(transport, kept, tokens=tokens)
