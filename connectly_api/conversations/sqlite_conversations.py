"""Conversations in a SQLite file, which all processes of one machine share and which survives their crashes."""

from __future__ import annotations

import logging
import sqlite3
import time
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from functools import partial
from os import PathLike
from typing import Final, TypeVar

from connectly_api.conversations.conversation_store import SightingStore, list_related_ids
from connectly_api.conversations.sighting_file import SightingFile
from connectly_api.conversations.sightings import Load, Sighting
from connectly_api.errors import InvalidInputError, WebhookStoreError
from connectly_api.webhooks.deferred_cancellation import DeferredCancellation
from connectly_api.webhooks.stores.file_access import FileAccess
from connectly_api.webhooks.stores.group_commit import GroupCommit
from connectly_api.webhooks.stores.store import check_above_zero

T = TypeVar("T")

_MOST_UNWRITTEN: Final = 1000
_LOG: Final = logging.getLogger("connectly_api.conversations")
# Nothing but these comes from a file: a row that was written by hand or by a failing disk is none of ours.
_FAILURES: Final = (sqlite3.Error, WebhookStoreError, InvalidInputError, OSError, OverflowError, TypeError, ValueError)


class SQLiteConversations(SightingStore, FileAccess[SightingFile]):
    """`Conversations` in a SQLite file, which the processes of one machine share. It needs SQLite 3.24 or later.

    The file may be that of a `SQLiteStore`, and may contain your own tables. It must not be on a network drive, where
    SQLite's locks do not work. It is opened at the first use, in a thread; a forked child opens it again.

    It holds names, phone numbers and BSUIDs: protect it as you protect your customers' data. `forget` deletes what is
    known about one customer, and `retention` what is known about those who have not written for so long.

    If the file cannot be used, `record` and the look-ups raise nothing: the failure is logged, and nothing is known
    about any customer. This process remembers the latest 1,000 events that it could not write, and writes them with
    later ones. `check` and `forget` raise `WebhookStoreError` if the file cannot be used as it is; `forget` raises
    `sqlite3.Error` if it temporarily cannot be written.
    """

    def __init__(
        self,
        path: str | bytes | PathLike[str] | PathLike[bytes],
        *,
        retention: float = 400 * 24 * 3600.0,
        busy_timeout: float = 1.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Create a store; nothing is opened yet.

        Args:
            path: The file. SQLite keeps two more beside it, and the store a reserve of 256 KiB for a full disk.
            retention: Seconds for which a customer who no longer writes is remembered; by default, 400 days.
            busy_timeout: The maximum seconds that each call waits for other processes and for earlier calls.
            clock: Returns the time in seconds since 1970, the same for all processes.

        Raises:
            InvalidInputError: The path is not a file's, such as `":memory:"`; a number is not above 0; the timeout is
                infinite; or the clock is not a function.
        """
        super().__init__(path, SightingFile, busy_timeout=busy_timeout, clock=clock)
        self._retention: Final = check_above_zero("retention", retention)
        self._is_failing = False
        self._writes: Final = GroupCommit[float](self._write_for_all, lambda _error: False, self._get_limiter)
        # Without these, a customer who has just written would be known by an older message, and the window as closed.
        self._unwritten: Final[deque[Sequence[Sighting]]] = deque(maxlen=_MOST_UNWRITTEN)

    async def _add(self, sightings: Sequence[Sighting]) -> None:
        self._unwritten.append(sightings)
        deadline = time.monotonic() + self._busy_timeout
        await self._try(lambda deferred: self._writes.call(deadline, deferred))

    async def _look_up(self, look_up: Callable[[Load], T | None]) -> T | None:
        return await self._try(
            lambda deferred: self._run_in_thread(deferred, lambda file: look_up(partial(self._load, file)))
        )

    async def _delete(self, ids: Collection[str]) -> None:
        def write_and_delete(file: SightingFile) -> None:
            self._write(file)
            file.delete(list_related_ids(file.load, ids))

        with DeferredCancellation() as deferred:
            await self._run_in_thread(deferred, write_and_delete)

    def _load(self, file: SightingFile, ids: Collection[str]) -> Iterator[Sighting]:
        yield from file.load(ids)
        for sightings in tuple(self._unwritten):
            yield from (one for one in sightings if one.id in ids)

    def _write_for_all(self, deadlines: Sequence[float]) -> Sequence[None]:
        """Write what several tasks have added."""
        self._run(self._write, deadlines[0])
        return [None] * len(deadlines)

    def _write(self, file: SightingFile) -> None:
        self._forget_some(file, len(self._unwritten))
        while self._unwritten:
            sightings = self._unwritten.popleft()
            try:
                file.add(sightings)
            except sqlite3.OperationalError:
                self._unwritten.appendleft(sightings)
                raise

    async def _try(self, use: Callable[[DeferredCancellation], Awaitable[T | None]]) -> T | None:
        """Return what a use of the file does; None if it fails, which is logged once until it works again."""
        try:
            with DeferredCancellation() as deferred:
                result = await use(deferred)
        except _FAILURES as error:
            if not self._is_failing:
                kind = f"{type(error).__qualname__} {getattr(error, 'sqlite_errorname', '')}".rstrip()
                reason = str(error) if isinstance(error, WebhookStoreError) else f"{self._path!r}: {kind}"
                _LOG.warning("windows and contacts are unknown: %s", reason)
            self._is_failing = True
            return None
        if self._is_failing:
            _LOG.warning("windows and contacts are known again: %r", self._path)
        self._is_failing = False
        return result

    def _forget(self, file: SightingFile, limit: int) -> bool:
        return file.forget(self._clock() - self._retention, limit)
