"""A pace that many processes and machines keep together: where the rates are kept, and what to do while it is away.

Theory of operation. A server keeps the state of each rate under a key: the same three numbers that `rates.Bucket` has,
with the same arithmetic, on the server's clock. Booking is one atomic step there, so any number of clients together
send no more than one might.

- A client books for all messages that wait for one rate, at most `BLOCK` at once; for customers, one at a time. What
  was booked is used at once. If those it was booked for are cancelled in that instant, or the event loop stood still,
  others may use it for `FRESH` seconds; then it is lost, apart from one, so it only makes the clients slower.
- While the server cannot be reached, messages wait. A booking whose reply was lost is lost, too.
- The libraries' synchronous clients are called in threads, as that works on asyncio and Trio. A cancelled call leaves
  its thread behind, which ends with the server's reply, or with the time-out of its socket. If too many hang, no more
  are started: the server counts as away.
- Customers' numbers leave the process as hashes only. These are keyed with the API key, as anybody could hash all
  numbers that there are.
"""

from __future__ import annotations

import hashlib
import logging
import random
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from typing import Final, Protocol, TypeVar

import anyio
from anyio import CapacityLimiter, to_thread

from connectly_api.setting_rules import check_kind
from connectly_api.transport.rates import Pace, Rate

BLOCK: Final = 5
"""The most messages that are booked at once."""
FRESH: Final = 0.05
"""Seconds for which tokens may be used: later, they would add to what others send then."""
CUSTOMER: Final = "/customer/"
"""Part of the keys of customers."""
_THREADS: Final = 8
"""How many bookings of a client may be under way at the same time."""
_FIRST_PAUSE: Final = 0.1
_LONGEST_PAUSE: Final = 2.0
"""Seconds between two attempts to reach the server."""
_JITTER: Final = 0.004
"""Seconds: so that not all clients ask again in the same moment. It doubles for those who go away empty-handed."""
_REPORT: Final = 0.25
"""Seconds for which a response that was a 429 is held back until the server knows of it."""

_LOG: Final = logging.getLogger(__name__)

T = TypeVar("T")


class TokenSource(Protocol):
    """Keeps how much of each rate is used; `kind` is `endpoint`, `number` or `customer`."""

    block: int
    """The most messages to ask for at once."""

    async def take(self, kind: str, key: str, rate: Rate, count: int) -> int:
        """Wait until at least one message may be sent; return how many may, at most `count`."""
        ...

    async def slow_down(self, kind: str, key: str, rate: Rate, seconds: float | None) -> None:
        """Slow a rate down after a 429, and block it for some seconds."""
        ...

    def forget_rested(self) -> None:
        """Forget rates that are in their initial state again."""
        ...

    async def aclose(self) -> None:
        """Close connections."""
        ...


class SharedPace(ABC):
    """A pace whose rates all clients keep together that use the same server and belong to the same business.

    One object may serve any number of clients, threads and event loops; a forked child connects anew. It connects at
    the first message; closing a client closes its idle connections.

    Attributes:
        pace: The rates. All clients should have the same. `max_in_flight` is each client's own.
    """

    errors: tuple[type[Exception], ...]
    """What the server's library raises if the server is away, apart from `OSError`."""

    def __init__(self, pace: Pace | None) -> None:
        """Take the rates."""
        check_kind("pace", pace, Pace, "a Pace, Pace(endpoint=…)")
        self.pace: Final = Pace(endpoint=Rate(180.0, 6), number=Rate(70.0, 4)) if pace is None else pace

    @abstractmethod
    def book(self, key: str, rate: Rate, count: int) -> tuple[int, float]:
        """Book at most so many messages; return how many may be sent now, and the wait, in seconds, if that is none.

        It blocks; clients call it in a thread, as `slow_down`.

        Args:
            key: The rate's. One with `CUSTOMER` in it need not be kept longer than until the rate has recovered.
            rate: The rate.
            count: How many messages wait.
        """

    @abstractmethod
    def slow_down(self, key: str, rate: Rate, seconds: float | None) -> None:
        """Halve a rate after a 429, and block it for some seconds. The key is no customer's."""

    @abstractmethod
    def close(self) -> None:
        """Close connections that are not in use. Later calls open others."""


class SharedTokens:
    """The tokens of one client of a business."""

    block = BLOCK

    def __init__(
        self,
        shared: SharedPace,
        business_id: str,
        api_key: str,
        *,
        sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
    ) -> None:
        self._shared = shared
        self._business_id = business_id
        self._api_key = api_key
        self._sleep = sleep
        self._errors: tuple[type[Exception], ...] = (OSError, *shared.errors)
        self._limiter = CapacityLimiter(_THREADS)
        self._threads = threading.Semaphore(2 * _THREADS)
        self._is_away = False

    async def take(self, kind: str, key: str, rate: Rate, count: int) -> int:
        """Book; wait while nothing is free, or while the server is away."""
        name, jitter, pause = self._name(kind, key), _JITTER, _FIRST_PAUSE
        while True:
            try:
                (granted, wait), booked_at = await self._call(
                    lambda: (self._shared.book(name, rate, count), time.monotonic())
                )
            except self._errors as error:
                self._report_outage(error)
                wait, pause = pause, min(2 * pause, _LONGEST_PAUSE)
            else:
                self._is_away = False
                if granted:
                    return granted if time.monotonic() < booked_at + FRESH else 1
            await self._sleep(wait + min(wait, jitter) * random.random())  # noqa: S311 (no secret)
            jitter *= 2

    async def slow_down(self, kind: str, key: str, rate: Rate, seconds: float | None) -> None:
        """Tell the server, without losing the response to a cancellation or to an outage."""
        name = self._name(kind, key)
        with anyio.move_on_after(_REPORT, shield=True):
            try:
                await self._call(lambda: self._shared.slow_down(name, rate, seconds))
            except self._errors as error:
                self._report_outage(error)

    def forget_rested(self) -> None:
        """Do nothing: the server forgets."""

    async def aclose(self) -> None:
        """Close idle connections, which takes no time."""
        self._shared.close()

    async def _call(self, function: Callable[[], T]) -> T:
        def work() -> T:
            if not self._threads.acquire(blocking=False):
                raise TimeoutError
            try:
                return function()
            finally:
                self._threads.release()

        return await to_thread.run_sync(work, abandon_on_cancel=True, limiter=self._limiter)

    def _name(self, kind: str, key: str) -> str:
        if kind == "customer":
            secret = hashlib.blake2b(self._api_key.encode()).digest()
            hidden = hashlib.blake2b(key.encode(), key=secret, digest_size=16)
            return f"{self._business_id}{CUSTOMER}{hidden.hexdigest()}"
        return f"{self._business_id}/{key}"

    def _report_outage(self, error: Exception) -> None:
        if not self._is_away:
            self._is_away = True
            # The error's text may hold the server's address, or a password.
            _LOG.warning("the shared pace's server is away (%s); messages wait for it", type(error).__name__)
