"""Group commit: calls that arrive while a store is at work are executed together, by one of them.

Theory of operation. A store's call costs a thread's hand-over and a transaction, whether it holds one claim or fifty.
So the calls of an event loop form a queue. A call that finds nobody leading leads: it takes along all that wait, has
them executed in one thread and one transaction, gives each its outcome, and hands the lead to the first call that
arrived meanwhile. Nobody waits for company: on an idle store, a call is executed at once, and alone.

- **Cancellation.** Calls wait as `DeferredCancellation` does: a leader finishes its batch first, and a cancelled call
  gets its outcome, so that a claim that was granted to it can be released. Whatever ends a call nevertheless, such as
  Ctrl-C on Trio, takes it out of the queue and hands on the lead.
- **Errors.** If a batch fails as a whole, for example because the disk is full, each of its calls raises that error. If
  one of its calls may be the cause, each is executed alone, so that it fails alone.
- **Event loops.** Each loop has its own queue, which only its thread touches; the store lets one batch at a time
  through. A forked child has a loop of its own, and so a new queue.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, Generic, TypeVar

import attrs
from anyio import CapacityLimiter, Event, to_thread

from connectly_api.errors import WebhookStoreError
from connectly_api.loop_local import LoopLocal
from connectly_api.webhooks.deferred_cancellation import DeferredCancellation

I = TypeVar("I")  # noqa: E741  (an item)

_MOST_AT_ONCE: Final = 100
"""Calls in a batch: enough to share the costs, and few enough that no other process waits for long."""


@attrs.define(eq=False)
class Call(Generic[I]):
    """A call that waits.

    Attributes:
        item: What is to be executed.
        key: Two calls with the same key are never in one batch; None may be beside any other.
        wake: Called when the call is settled, or is to lead.
        is_leader: Whether it is to lead.
        outcome: The result, or the error, once it is settled.
    """

    item: I
    key: str | None
    wake: Callable[[], object]
    is_leader: bool = False
    is_settled: bool = False
    outcome: object = None

    def get_result(self) -> object:
        """Return the outcome, or raise it."""
        if isinstance(self.outcome, BaseException):
            # Several calls may raise the same error: each with its own frames only.
            raise self.outcome.with_traceback(None)
        return self.outcome


class CallQueue(Generic[I]):
    """The calls that wait, in order, and whether one of all calls is leading. The leader is the first of its batch."""

    def __init__(self) -> None:
        self._waiting: Final[deque[Call[I]]] = deque()
        self._is_led = False

    def join(self, call: Call[I]) -> None:
        """Add a call; it leads if nobody does."""
        self._waiting.append(call)
        if not self._is_led:
            self._is_led = call.is_leader = True

    def take(self, leader: Call[I]) -> list[Call[I]]:
        """Remove the calls of the leader's batch; none has the key of another. Empty if the leader has left."""
        batch: list[Call[I]] = []
        if leader not in self._waiting:
            return batch
        keys: set[str | None] = set()
        others: list[Call[I]] = []
        while self._waiting and len(batch) < _MOST_AT_ONCE:
            call = self._waiting.popleft()
            (others if call.key in keys else batch).append(call)
            if call.key is not None:
                keys.add(call.key)
        self._waiting.extendleft(reversed(others))
        return batch

    def settle(self, batch: Iterable[Call[I]], outcomes: Iterable[object]) -> None:
        """Give the calls of a batch their outcomes, and the lead to the next call."""
        for call, outcome in zip(batch, outcomes, strict=True):
            call.outcome, call.is_settled = outcome, True
            call.wake()
        self._hand_over()

    def leave(self, call: Call[I]) -> None:
        """Remove a call that waits no longer; another leads in its place."""
        if call in self._waiting:
            self._waiting.remove(call)
            if call.is_leader:
                self._hand_over()

    def _hand_over(self) -> None:
        self._is_led = bool(self._waiting)
        if self._waiting:
            self._waiting[0].is_leader = True
            self._waiting[0].wake()


class GroupCommit(Generic[I]):
    """Executes the calls of all tasks in batches, in a thread."""

    def __init__(
        self,
        execute: Callable[[Sequence[I]], Sequence[object]],
        can_divide: Callable[[Exception], bool],
        get_limiter: Callable[[], CapacityLimiter],
    ) -> None:
        """Use a function for batches.

        Args:
            execute: Returns the items' results in their order; an exception among them is that item's. What it raises
                is the whole batch's, of which then nothing may have been done.
            can_divide: Whether an error that it raised may be due to a single item.
            get_limiter: Returns the running event loop's limiter of the thread.
        """
        self._execute: Final = execute
        self._can_divide: Final = can_divide
        self._queues: Final = LoopLocal(CallQueue[I])
        self._get_limiter: Final = get_limiter

    async def call(self, item: I, deferred: DeferredCancellation, key: str | None = None) -> Any:  # noqa: ANN401 (the item's)
        """Execute an item, together with others; return its result, or raise its error."""
        queue = self._queues.get()
        awake = Event()
        call = Call(item, key, awake.set)
        queue.join(call)
        try:
            if not call.is_leader:
                await deferred.wait_until(awake)
            if not call.is_settled:
                await self._lead(call, queue, deferred)
        except BaseException:
            queue.leave(call)
            raise
        return call.get_result()

    async def _lead(self, leader: Call[I], queue: CallQueue[I], deferred: DeferredCancellation) -> None:
        batch: list[Call[I]] = []
        outcomes: Sequence[object] | None = None

        async def execute() -> Sequence[object]:
            # Not before: more calls have arrived since the last batch was settled.
            batch.extend(queue.take(leader))
            items = [call.item for call in batch]
            return await to_thread.run_sync(self._run, items, limiter=self._get_limiter()) if items else []

        try:
            outcomes = await deferred.finish(execute)
        finally:
            if outcomes is None:
                outcomes = len(batch) * [WebhookStoreError("webhook store: the call was interrupted")]
            if batch:
                queue.settle(batch, outcomes)

    def _run(self, items: Sequence[I]) -> Sequence[object]:
        try:
            return self._execute(items)
        except Exception as error:  # noqa: BLE001  (each call raises it)
            if len(items) == 1 or not self._can_divide(error):
                return len(items) * [error]
        return [outcome for item in items for outcome in self._run([item])]
