"""What stores on a server share: the connection, and what happens when it is lost."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from connectly_api.errors import WebhookStoreError
from connectly_api.webhooks.deferred_cancellation import DeferredCancellation
from connectly_api.webhooks.stores.grouped_store import GroupedStore, Step, StepResult
from connectly_api.webhooks.stores.shared_connection import C, SharedConnection
from connectly_api.webhooks.stores.store import check_seconds

T = TypeVar("T")

MAX_SECONDS: Final = 1e10
"""300 years: servers do not take longer times."""


class ServerStore(SharedConnection[C], GroupedStore):
    """A store on a server, with one connection for all event loops of a process.

    If an old connection turns out to be lost, for example because the server was restarted, the steps are repeated once
    on a new one. A claim that had reached the server is granted again, as its token is the same; for another step,
    nobody knows whether it had.
    """

    def __init__(self, *, lease: float, retention: float, timeout: float) -> None:
        super().__init__()
        timeout = check_seconds("timeout", timeout)
        GroupedStore.__init__(self, lease=lease, retention=retention, timeout=timeout, get_limiter=self._get_limiter)

    async def check(self) -> None:
        """Connect, and check that the store can be used, at the start of a program.

        Raises:
            WebhookStoreError: It cannot be used, or the server is away; the text says why.
        """
        with DeferredCancellation() as deferred:
            await deferred.finish_in_thread(lambda: self._use(self._try_out), limiter=self._get_limiter())

    def _execute(self, steps: Sequence[Step]) -> Sequence[StepResult | Exception]:
        return self._use(lambda connection: self._take_steps(connection, steps))

    def _can_divide(self, error: Exception) -> bool:
        return not (isinstance(error, WebhookStoreError) and error.retry_safe)

    def _use(self, work: Callable[[C], T]) -> T:
        with (opened := self._get_opened()).lock:
            while True:
                is_old = opened.connection is not None
                is_lost = False
                try:
                    if opened.connection is None:
                        opened.connection = self._open()
                    return work(opened.connection)
                except Exception as error:
                    failure = self._explain(error)
                    if failure is None:
                        raise
                    if opened.connection is not None and self._is_lost(opened.connection, error):
                        is_lost = True
                        self._close()
                # Raised here, so that the library's error, which may contain a password or a row, is not attached.
                if not (is_lost and is_old):
                    raise failure

    @abstractmethod
    def _open(self) -> C:
        """Connect, and create what is missing."""

    @abstractmethod
    def _try_out(self, connection: C) -> object:
        """Use the store as events would, without effect."""

    @abstractmethod
    def _take_steps(self, connection: C, steps: Sequence[Step]) -> Sequence[StepResult | Exception]:
        """Take steps on different keys, together."""

    @abstractmethod
    def _explain(self, error: Exception) -> WebhookStoreError | None:
        """Return an error in our words, without the library's; None if it is not the library's."""

    @abstractmethod
    def _is_lost(self, connection: C, error: Exception) -> bool:
        """Return whether another connection may work better."""
