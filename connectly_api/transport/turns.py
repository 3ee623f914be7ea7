"""How hundreds of concurrent calls share one asyncio event loop: limited turns, and wake-ups in batches.

**Turns.** Starting a call (checking, encoding) and raising its error each take 0.1 to 0.5 ms of CPU. Without a limit,
500 sends that are started together would all begin before any other task runs, and other tasks would wait for 50 ms or
more. So `Turns` allows 16 such steps in one turn of the loop; the others follow in the next turns, in order.

**Batches.** An adapter with a thread of its own (pyreqwest) wakes the event loop for each result, which costs a switch
between threads, unless the loop has been woken already and picks up several results at once. So, while other calls are
in flight, the pipeline yields once (`asyncio.sleep(0)`) before the exchange and once after it: calls that woke up
together go on together, and asyncio batches their wake-ups. Without it, a call costs half as much again.

**No needless coroutine.** Each coroutine between the caller and the socket costs each wake-up; so `Pipeline.send`
returns the inner coroutine rather than awaiting it, and the loop of attempts is one function.

On trio, all this is off.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final

from connectly_api.transport.deadline import get_asyncio_loop

_LIMIT: Final = 16
"""Steps in one turn."""


class Turns:
    """Limits the number of steps in one turn of the event loop."""

    __slots__ = ("_loop", "_taken", "_waiting")

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._taken = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def take(self) -> None:
        """Return when there is room for a step in the turn."""
        loop = get_asyncio_loop()
        if self._loop is None:
            self._loop = loop
        if loop is None or loop is not self._loop:
            return  # The pipeline refuses calls from another event loop.
        if self._taken < _LIMIT and not self._waiting:
            if not self._taken:
                loop.call_soon(self._begin)
            self._taken += 1
            return
        waiting = loop.create_future()
        self._waiting.append(waiting)
        await waiting

    def _begin(self) -> None:
        self._taken = 0
        while self._waiting and self._taken < _LIMIT:
            waiting = self._waiting.popleft()
            if not waiting.done():  # It was not cancelled.
                waiting.set_result(None)
                self._taken += 1
        if self._taken:
            asyncio.get_running_loop().call_soon(self._begin)
