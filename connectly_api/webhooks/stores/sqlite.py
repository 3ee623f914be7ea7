"""A store in a SQLite file, which all processes of one machine share and which survives their crashes."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Sequence
from os import PathLike

from connectly_api.errors import WebhookStoreError
from connectly_api.webhooks.stores.database_file import is_temporary
from connectly_api.webhooks.stores.file_access import FileAccess
from connectly_api.webhooks.stores.grouped_store import GroupedStore, Step, StepKind, StepResult
from connectly_api.webhooks.stores.sqlite_file import FORGET, EventFile, Moment


class SQLiteStore(FileAccess[EventFile], GroupedStore):
    """A `Store` in a SQLite file, which the processes of one machine share. It needs SQLite 3.24 or later.

    If a process dies, even by `kill -9`, its claims are free when their lease ends, and the next deliveries of their
    events are handled. Only a failing disk or power supply may lose the last completions; their events would then be
    handled again. The file must not be on a network drive, where SQLite's locks do not work. Leases are measured by the
    machine's clock: they end early if it jumps forward, or back by more than their length.

    The file is opened at the first use, in a thread, and one thread at a time works on it; a forked child opens it
    again. The file may contain your own tables beside the store's, whose names begin with `connectly_`. A file from an
    earlier version is upgraded when it is opened. `claim`, `complete` and `release` raise `WebhookStoreError` if the
    file cannot be used as it is, and `sqlite3.Error` if it temporarily cannot be written, or was busy for too long.
    """

    def __init__(
        self,
        path: str | bytes | PathLike[str] | PathLike[bytes],
        *,
        lease: float = 60.0,
        retention: float = 7 * 24 * 3600.0,
        busy_timeout: float = 5.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Create a store; nothing is opened yet.

        Args:
            path: The file. SQLite keeps two more beside it, and the store a reserve of 256 KiB for a full disk.
            lease: Seconds for which a claim holds its key: longer than handlers take.
            retention: Seconds for which a handled event is remembered: longer than the service retries.
            busy_timeout: The maximum seconds that each call waits for other processes and for earlier calls.
            clock: Returns the time in seconds, the same for all processes.

        Raises:
            InvalidInputError: The path is not a file's, such as `":memory:"`; a number is not above 0; the lease or a
                timeout is infinite; or the clock is not a function.
        """
        super().__init__(path, EventFile, busy_timeout=busy_timeout, clock=clock)
        GroupedStore.__init__(
            self, lease=lease, retention=retention, timeout=busy_timeout, get_limiter=self._get_limiter
        )

    def _execute(self, steps: Sequence[Step]) -> Sequence[StepResult]:
        def take_steps(file: EventFile) -> Sequence[StepResult]:
            if claims := sum(step.kind is StepKind.CLAIM for step in steps):
                self._forget_some(file, claims)
            now = self._clock()
            return file.take_steps(steps, Moment(now, now + self._lease, now + self._retention))

        return self._run(take_steps, steps[0].deadline)

    def _can_divide(self, error: Exception) -> bool:
        is_shared = isinstance(error, sqlite3.Error) and is_temporary(error)
        return not is_shared and not isinstance(error, WebhookStoreError)

    def _forget(self, file: EventFile, limit: int) -> bool:
        now = self._clock()
        return file.execute(FORGET, now=now, before=now - self._retention, limit=limit).rowcount > 0
