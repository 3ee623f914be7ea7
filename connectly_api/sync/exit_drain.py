"""Lets a process finish what it has acknowledged before it ends.

Exit handlers come too late: since Python 3.12, no thread can be started in them, and handlers run in threads. But the
interpreter waits for every thread that is not a daemon before it calls them. So the first acknowledged event starts
such a thread, which waits for the end of the main thread and then drains. It ends when nothing is left to handle; a
second Ctrl-C, or whoever kills the process, ends the wait earlier.
"""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from typing import Final, Protocol

from connectly_api.errors import UsageError
from connectly_api.sync.portal import run


class Drainable(Protocol):
    """What has work to finish."""

    async def drain(self) -> None:
        """Wait until the work is done."""
        ...


class _ExitDrain:
    """This process's thread, and what it drains."""

    def __init__(self) -> None:
        self._reset()
        os.register_at_fork(after_in_child=self._reset)

    def _reset(self) -> None:
        self._lock = threading.Lock()
        self._drainables: dict[int, Drainable] = {}
        self._thread: threading.Thread | None = None

    def add(self, drainable: Drainable) -> None:
        if id(drainable) in self._drainables:
            return
        with self._lock:
            self._drainables[id(drainable)] = drainable
            if self._thread is None:
                self._thread = threading.Thread(target=self._wait_and_drain, name="connectly-api-exit", daemon=False)
                self._thread.start()

    def discard(self, drainable: Drainable) -> None:
        with self._lock:
            self._drainables.pop(id(drainable), None)

    def _wait_and_drain(self) -> None:
        threading.main_thread().join()
        with self._lock:
            drainables = list(self._drainables.values())
        for drainable in drainables:
            with suppress(UsageError):  # A second Ctrl-C has ended the event loop.
                run(drainable.drain)


_PROCESS: Final = _ExitDrain()


def drain_at_exit(drainable: Drainable) -> None:
    """Drain something before the process ends."""
    _PROCESS.add(drainable)


def forget_at_exit(drainable: Drainable) -> None:
    """Do not drain something at the end: it has been closed."""
    _PROCESS.discard(drainable)


def is_exiting() -> bool:
    """Return whether the main thread has ended, so that what is added now may not be drained."""
    return not threading.main_thread().is_alive()
