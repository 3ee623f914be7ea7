"""What stores on a disk or a server share: steps that wait for the same thread are executed together."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from enum import Enum
from secrets import token_hex
from typing import Any, Final

import attrs
from anyio import CapacityLimiter

from connectly_api.webhooks.deferred_cancellation import DeferredCancellation
from connectly_api.webhooks.stores.deferring_store import DeferringStore
from connectly_api.webhooks.stores.group_commit import GroupCommit
from connectly_api.webhooks.stores.store import Claim, ClaimState, check_above_zero, check_seconds


class StepKind(Enum):
    """What a step does with its key."""

    CLAIM = "claim"
    COMPLETE = "complete"
    RELEASE = "release"


@attrs.frozen
class Step:
    """A step of an event's claim.

    Attributes:
        kind: What it does.
        key: The event's key.
        token: The claim's; for a new one, the token that it gets if it is granted.
        deadline: Until when it may wait, a `time.monotonic()`.
    """

    kind: StepKind
    key: str
    token: str | None
    deadline: float


StepResult = ClaimState | bool
"""A claim's state, or whether a claim still held its key when it was ended."""


class GroupedStore(ABC):
    """Executes the steps of all tasks in batches."""

    def __init__(
        self, *, lease: float, retention: float, timeout: float, get_limiter: Callable[[], CapacityLimiter]
    ) -> None:
        self._lease: Final = check_seconds("lease", lease)
        self._retention: Final = check_above_zero("retention", retention)
        self._group: Final = _Group(GroupCommit[Step](self._execute, self._can_divide, get_limiter), timeout)

    @property
    def lease(self) -> float:
        """Seconds for which a claim holds its key, and for which `WebhookApp` retries to complete or release it."""
        return self._lease

    async def claim(self, key: str) -> Claim:
        """Claim a key."""
        with DeferredCancellation() as deferred:
            claim = await self._group.claim(key, deferred)
            if deferred.is_pending and claim.is_granted:
                await self._group.release(claim, deferred)
            return claim

    async def complete(self, claim: Claim) -> bool:
        """Complete a claim."""
        with DeferredCancellation() as deferred:
            return await self._group.complete(claim, deferred)

    async def release(self, claim: Claim) -> bool:
        """Release a claim."""
        with DeferredCancellation() as deferred:
            return await self._group.release(claim, deferred)

    def _find_steps(self) -> DeferringStore | None:
        """Return the steps that these methods take; None if one of them was overridden."""
        names = ("claim", "complete", "release")
        own = [getattr(getattr(self, name), "__func__", None) is getattr(GroupedStore, name) for name in names]
        return self._group if all(own) else None

    @abstractmethod
    def _execute(self, steps: Sequence[Step]) -> Sequence[StepResult | Exception]:
        """Execute steps on different keys: all of them, or none if this raises. In a thread, and perhaps in several."""

    @abstractmethod
    def _can_divide(self, error: Exception) -> bool:
        """Return whether an error of several steps may be due to one of them."""


class _Group:
    """The steps of all tasks."""

    def __init__(self, calls: GroupCommit[Step], timeout: float) -> None:
        self._calls: Final = calls
        self._timeout: Final = timeout

    async def claim(self, key: str, deferred: DeferredCancellation) -> Claim:
        token = token_hex(16)
        state = await self._take(StepKind.CLAIM, key, token, deferred)
        return Claim(key, state, token if state is ClaimState.GRANTED else None)

    async def complete(self, claim: Claim, deferred: DeferredCancellation) -> bool:
        is_held: bool = await self._take(StepKind.COMPLETE, claim.key, claim.token, deferred)
        return is_held

    async def release(self, claim: Claim, deferred: DeferredCancellation) -> bool:
        is_held: bool = await self._take(StepKind.RELEASE, claim.key, claim.token, deferred)
        return is_held

    async def _take(self, kind: StepKind, key: str, token: str | None, deferred: DeferredCancellation) -> Any:  # noqa: ANN401 (a StepResult)
        # The deadline is set here, so that many steps that wait for a busy store give up together.
        return await self._calls.call(Step(kind, key, token, time.monotonic() + self._timeout), deferred, key)
