"""The steps of a store, for callers that defer cancellations themselves."""

from __future__ import annotations

from functools import partial
from typing import Final, Protocol

from connectly_api.webhooks.deferred_cancellation import DeferredCancellation
from connectly_api.webhooks.stores.store import Claim, Store


class DeferringStore(Protocol):
    """A store whose steps nothing cancels: each finishes, and the caller's block raises the cancellation."""

    async def claim(self, key: str, deferred: DeferredCancellation) -> Claim:
        """Claim a key."""
        ...

    async def complete(self, claim: Claim, deferred: DeferredCancellation) -> bool:
        """Complete a claim."""
        ...

    async def release(self, claim: Claim, deferred: DeferredCancellation) -> bool:
        """Release a claim."""
        ...


class _AnyStore:
    """Lets the steps of any store finish, each in a task of its own."""

    def __init__(self, store: Store) -> None:
        self._store: Final = store

    async def claim(self, key: str, deferred: DeferredCancellation) -> Claim:
        return await deferred.finish(partial(self._store.claim, key))

    async def complete(self, claim: Claim, deferred: DeferredCancellation) -> bool:
        return await deferred.finish(partial(self._store.complete, claim))

    async def release(self, claim: Claim, deferred: DeferredCancellation) -> bool:
        return await deferred.finish(partial(self._store.release, claim))


def to_deferring(store: Store) -> DeferringStore:
    """Return a store's own deferring steps, if it has them and no method of it was overridden."""
    find_steps = getattr(store, "_find_steps", None)
    steps: DeferringStore | None = None if find_steps is None else find_steps()
    return _AnyStore(store) if steps is None else steps
