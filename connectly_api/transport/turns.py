"""Leaves the event loop free for others while one client has hundreds of calls to begin, or to end."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final

__all__ = ["Turns"]

_MOST: Final = 16
"""Steps in one turn. A step takes some 0.1 to 0.5 ms of CPU, and other tasks should not wait for 50 ms."""


class Turns:
    """Lets so many steps happen in one turn of an asyncio event loop; the others follow in the next turns, in order.

    Without it, 500 sends that are started together are checked, encoded and given to the adapter before anything else
    runs. On trio nothing is held back.
    """

    __slots__ = ("_loop", "_taken", "_waiting")

    def __init__(self) -> None:
        """Start with a turn of which nothing is taken."""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._taken = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def take(self) -> None:
        """Return when there is room for a step in the turn."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return
        if self._loop is None:
            self._loop = loop
        if loop is not self._loop:
            return  # The pipeline refuses calls from another event loop.
        if self._taken < _MOST and not self._waiting:
            if not self._taken:
                loop.call_soon(self._begin)
            self._taken += 1
            return
        waiting = loop.create_future()
        self._waiting.append(waiting)
        await waiting

    def _begin(self) -> None:
        """Begin a turn, with those who wait."""
        self._taken = 0
        while self._waiting and self._taken < _MOST:
            waiting = self._waiting.popleft()
            if not waiting.done():  # It was not cancelled.
                waiting.set_result(None)
                self._taken += 1
        if self._taken:
            asyncio.get_running_loop().call_soon(self._begin)
