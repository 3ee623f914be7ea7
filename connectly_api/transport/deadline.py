"""A cancel scope around each try: it ends at a deadline, or when the client is closed before the request has left."""

from __future__ import annotations

import asyncio
import math
from types import TracebackType

import anyio
import anyio.lowlevel

from connectly_api.transport.protocol import Progress

__all__ = ["Tries", "Try", "current_loop"]


def current_loop() -> object:
    """Return what identifies the running event loop."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return anyio.lowlevel.current_token()


class Tries:
    """The tries of one client that are under way, with one timer of the event loop for all their deadlines on asyncio.

    The scopes are anyio's, as only its own cancellations are told apart from those of callers, whether these use anyio
    or asyncio. The timer is shared, as one for each try would be half as dear again as its scope, and more where
    hundreds are in flight, for something that hardly ever goes off.
    """

    __slots__ = ("_timer", "_tries")

    def __init__(self) -> None:
        """Start without any."""
        self._tries: dict[Try, None] = {}
        self._timer: asyncio.TimerHandle | None = None

    def begin(self, seconds: float, progress: Progress) -> Try:
        """Return a context whose body is cancelled after so many seconds; the program goes on behind it.

        Args:
            seconds: `math.inf` for no limit.
            progress: Whether the request may have left.
        """
        return Try(self, seconds, progress)

    def end_unsent(self) -> None:
        """Cancel each try whose request is still here."""
        for one in self._tries:
            if not one.progress.may_have_left:
                one.scope.cancel()

    def add(self, one: Try) -> None:
        """Watch over a try."""
        self._tries[one] = None
        if one.loop is not None and one.when < (math.inf if self._timer is None else self._timer.when()):
            self._wait_until(one.when, one.loop)

    def remove(self, one: Try) -> None:
        """Watch over a try no longer."""
        del self._tries[one]
        # Where others are left, the timer stays: at worst it looks at them once, too early for any to end.
        if not self._tries and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _wait_until(self, when: float, loop: asyncio.AbstractEventLoop) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = loop.call_at(when, self._end_late, loop)

    def _end_late(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer = None
        now = loop.time()
        for one in self._tries:
            if one.when <= now:
                one.scope.cancel()
        earliest = min((one.when for one in self._tries if one.when > now), default=math.inf)
        if earliest < math.inf:
            self._wait_until(earliest, loop)


class Try:
    """One try, as long as its block runs.

    Attributes:
        loop: The event loop, where it is asyncio's.
        progress: Whether the request may have left.
        scope: What is cancelled.
        when: The deadline, on the event loop's clock.
    """

    __slots__ = ("_tries", "loop", "progress", "scope", "when")

    def __init__(self, tries: Tries, seconds: float, progress: Progress) -> None:
        """Count the seconds from now."""
        self._tries = tries
        self.progress = progress
        self.loop: asyncio.AbstractEventLoop | None
        try:
            self.loop = asyncio.get_running_loop()
        except RuntimeError:
            self.loop = None
            self.when = anyio.current_time() + seconds
            self.scope = anyio.CancelScope(deadline=self.when)
        else:
            self.when = self.loop.time() + seconds
            self.scope = anyio.CancelScope()

    def __enter__(self) -> None:
        """Begin."""
        self.scope.__enter__()
        self._tries.add(self)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        """End; a cancellation of this scope's goes no further."""
        self._tries.remove(self)
        return bool(self.scope.__exit__(kind, error, trace))
