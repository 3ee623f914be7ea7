"""A connection that all event loops of a process share, one thread at a time; a forked child has its own."""

from __future__ import annotations

import os
from threading import RLock
from types import TracebackType
from typing import Final, Generic, Protocol, Self, TypeVar

import attrs
from anyio import CapacityLimiter

from connectly_api.loop_local import LoopLocal
from connectly_api.webhooks.deferred_cancellation import DeferredCancellation


class Closable(Protocol):
    """A file, or a connection to a server."""

    def close(self) -> object:
        """Close it."""
        ...


C = TypeVar("C", bound=Closable)
T = TypeVar("T")


@attrs.define
class Opened(Generic[C]):
    """What one process has opened; who uses it holds the lock."""

    lock: RLock = attrs.field(factory=RLock)
    connection: C | None = None


class SharedConnection(Generic[C]):
    """Keeps what is opened at the first use, in a thread, and lets one thread at a time work on it.

    A forked child opens its own: its parent's belongs to the parent, so the child neither uses nor closes it.
    """

    def __init__(self) -> None:
        self._opened: Final[dict[int, Opened[C]]] = {}
        # The lock would suffice; the limiter, one for each event loop, keeps waiting calls from occupying threads.
        self._limiter: Final = LoopLocal(lambda: CapacityLimiter(1))

    async def aclose(self) -> None:
        """Close it. Calling it twice is fine; a later use opens it again."""
        with DeferredCancellation() as deferred:
            await deferred.finish_in_thread(self._close, limiter=self._get_limiter())

    async def __aenter__(self) -> Self:
        """Return the store."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close it."""
        await self.aclose()

    def _get_limiter(self) -> CapacityLimiter:
        return self._limiter.get()

    def _get_opened(self) -> Opened[C]:
        # Atomic, without a lock that another thread might hold at the moment of a fork.
        return self._opened.setdefault(os.getpid(), Opened())

    def _close(self) -> None:
        with (opened := self._get_opened()).lock:
            connection, opened.connection = opened.connection, None
            if connection is not None:
                connection.close()
