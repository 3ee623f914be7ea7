"""Access to a SQLite file from tasks, threads, event loops and processes: what stores in a file share."""

from __future__ import annotations

import sqlite3
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress
from os import PathLike, fsdecode
from typing import Any, Final, TypeVar

from connectly_api.errors import InvalidInputError
from connectly_api.webhooks.deferred_cancellation import DeferredCancellation
from connectly_api.webhooks.stores.database_file import DatabaseFile, is_full, is_temporary
from connectly_api.webhooks.stores.shared_connection import SharedConnection
from connectly_api.webhooks.stores.store import check_clock, check_seconds

F = TypeVar("F", bound=DatabaseFile)
T = TypeVar("T")

# The first change of each process and every 64th after it delete twice as many expired rows as may be added until the
# next: the file stays bounded, however often processes restart, and no call waits for a large clean-up.
_FORGET_EVERY: Final = 64
_FORGET_AT_ONCE: Final = 128
# Few rows at a time need little space in the log.
_FORGET_ON_FULL_DISK: Final = 8


class FileAccess(SharedConnection[F], ABC):
    """Opens the file at the first use, in a thread, and lets one thread at a time work on it."""

    def __init__(
        self,
        path: str | bytes | PathLike[str] | PathLike[bytes],
        open_file: Callable[[str, float], F],
        *,
        busy_timeout: float,
        clock: Callable[[], float],
    ) -> None:
        super().__init__()
        self._path: Final = parse_path(path)
        self._open_file: Final = open_file
        self._busy_timeout: Final = check_seconds("busy_timeout", busy_timeout)
        check_clock(clock)
        self._clock = clock

    async def check(self) -> None:
        """Open the file and check that it can be used, at the start of a program.

        A busy file or a full disk passes, because it may recover.

        Raises:
            WebhookStoreError: The file cannot be used as it is; the text says why.
        """
        with DeferredCancellation() as deferred, suppress(sqlite3.Error):
            await self._run_in_thread(deferred, lambda _file: None)

    async def _run_in_thread(self, deferred: DeferredCancellation, work: Callable[[F], T]) -> T:
        # Measured from here, so that many calls that wait for a busy file give up together, not one after the other.
        deadline = time.monotonic() + self._busy_timeout
        return await deferred.finish_in_thread(lambda: self._run(work, deadline), limiter=self._get_limiter())

    def _run(self, work: Callable[[F], T], deadline: float) -> T:
        with (opened := self._get_opened()).lock:
            if opened.connection is None:
                opened.connection = self._open_file(self._path, deadline)
            file = opened.connection
            file.deadline = deadline
            try:
                return self._run_with_room(work, file)
            except sqlite3.Error as error:
                # The file may have been replaced: the next use opens it anew.
                if not is_temporary(error):
                    self._close()
                raise

    def _run_with_room(self, work: Callable[[F], T], file: F) -> T:
        try:
            return work(file)
        except sqlite3.OperationalError as error:
            if not is_full(error):
                raise
            with file.make_room():
                while self._forget(file, _FORGET_ON_FULL_DISK) and time.monotonic() < file.deadline:
                    file.checkpoint()
                if file.has_free_pages():
                    return work(file)
        # Nothing has expired, but the checkpoint has shrunk the log, which may be enough.
        return work(file)

    def _forget_some(self, file: F, changes: int = 1) -> None:
        """Forget expired rows with some changes; call it before each, or before several, with their number."""
        earlier = file.changes
        file.changes += changes
        if -(earlier // -_FORGET_EVERY) != -(file.changes // -_FORGET_EVERY):
            self._forget(file, _FORGET_AT_ONCE)

    @abstractmethod
    def _forget(self, file: F, limit: int) -> bool:
        """Delete expired rows; return whether there were any."""


def parse_path(path: object) -> str:
    """Return the path of a file; refuse anything else, such as `":memory:"`."""
    given: Any = path
    try:
        name = fsdecode(given)
    except (TypeError, ValueError):  # Neither text nor bytes, and its __fspath__, if any, returns neither.
        name = None
    if not name or "\0" in name:
        raise InvalidInputError("path: must be the path of a file, a string or a Path", field="path")
    if name == ":memory:":
        raise InvalidInputError(
            "path: must be the path of a file; in memory, use MemoryStore() or MemoryConversations()", field="path"
        )
    return name
