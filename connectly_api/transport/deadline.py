"""A cancel scope around each attempt: it ends at a deadline, or when the client is closed before the request has left.

On asyncio, one shared timer is set to the earliest deadline: a timer per attempt would cost half as much again as its
scope, and more with hundreds in flight, and almost none ever fires. The scopes are anyio's because only they
distinguish their own cancellations from a caller's, whether the caller uses anyio or asyncio.
"""

from __future__ import annotations

import asyncio
import math
from types import TracebackType

import anyio
import anyio.lowlevel

from connectly_api.transport.protocol import Progress


def get_asyncio_loop() -> asyncio.AbstractEventLoop | None:
    """Return the running event loop if it is asyncio's."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def identify_loop() -> object:
    """Return what identifies the running event loop, asyncio's or trio's."""
    return get_asyncio_loop() or anyio.lowlevel.current_token()


class Attempts:
    """One client's attempts that are under way, and the timer for all their deadlines."""

    __slots__ = ("_running", "_timer")

    def __init__(self) -> None:
        self._running: dict[_Attempt, None] = {}
        self._timer: asyncio.TimerHandle | None = None

    def begin(self, seconds: float, progress: Progress) -> _Attempt:
        """Return a context whose body is cancelled after a number of seconds; execution continues after it."""
        return _Attempt(self, seconds, progress)

    def cancel_unsent(self) -> None:
        """Cancel each attempt whose request has not left."""
        for attempt in self._running:
            if not attempt.progress.may_have_left:
                attempt.scope.cancel()

    def add(self, attempt: _Attempt) -> None:
        """Watch an attempt's deadline."""
        self._running[attempt] = None
        if attempt.loop is not None and attempt.when < (math.inf if self._timer is None else self._timer.when()):
            self._set_timer(attempt.when, attempt.loop)

    def remove(self, attempt: _Attempt) -> None:
        """Forget an attempt."""
        del self._running[attempt]
        # While others run, the timer stays: at worst it fires once too early, and finds nothing to cancel.
        if not self._running and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _set_timer(self, when: float, loop: asyncio.AbstractEventLoop) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = loop.call_at(when, self._cancel_late, loop)

    def _cancel_late(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer = None
        now = loop.time()
        for attempt in self._running:
            if attempt.when <= now:
                attempt.scope.cancel()
        earliest = min((attempt.when for attempt in self._running if attempt.when > now), default=math.inf)
        if earliest < math.inf:
            self._set_timer(earliest, loop)


class _Attempt:
    """One attempt, as long as its block runs; `loop` is None on trio, and `when` is on the event loop's clock."""

    __slots__ = ("_attempts", "loop", "progress", "scope", "when")

    def __init__(self, attempts: Attempts, seconds: float, progress: Progress) -> None:
        self._attempts = attempts
        self.progress = progress
        self.loop = get_asyncio_loop()
        if self.loop is None:
            self.when = anyio.current_time() + seconds
            self.scope = anyio.CancelScope(deadline=self.when)
        else:
            self.when = self.loop.time() + seconds
            self.scope = anyio.CancelScope()

    def __enter__(self) -> None:
        self.scope.__enter__()
        self._attempts.add(self)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        self._attempts.remove(self)
        return bool(self.scope.__exit__(kind, error, trace))
