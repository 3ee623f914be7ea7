"""Stores of plain functions, such as your own with your framework's database."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from inspect import isawaitable, iscoroutinefunction
from typing import Any, Protocol

from connectly_api.webhooks.plain_functions import call_plain
from connectly_api.webhooks.stores.store import Claim
from connectly_api.webhooks.stores.store import Store as AsyncStore


class Store(Protocol):
    """A `connectly_api.webhooks.Store` of plain functions.

    They run where the plain handlers do: with `acknowledge="last"` in the request's thread, so that they can use its
    database connection.
    """

    def claim(self, key: str) -> Claim:
        """Claim a key if it is free, or if its lease or its retention has ended."""
        ...

    def complete(self, claim: Claim) -> bool:
        """Remember that the event was handled; return whether the claim still held the key."""
        ...

    def release(self, claim: Claim) -> bool:
        """Free the key, so that the next delivery is handled; return whether the claim still held it."""
        ...


class _PlainStore:
    """An async store that calls a plain one."""

    def __init__(self, store: Any) -> None:  # noqa: ANN401 (a store)
        self.lease = getattr(store, "lease", None)
        self._store = store

    async def claim(self, key: str) -> Claim:
        claim: Claim = await _call(partial(self._store.claim, key))
        return claim

    async def complete(self, claim: Claim) -> bool:
        return bool(await _call(partial(self._store.complete, claim)))

    async def release(self, claim: Claim) -> bool:
        return bool(await _call(partial(self._store.release, claim)))

    async def check(self) -> None:
        await _call(getattr(self._store, "check", _do_nothing))

    async def aclose(self) -> None:
        await _call(getattr(self._store, "close", _do_nothing))


async def _call(function: Callable[[], Any]) -> Any:  # noqa: ANN401 (the function's)
    result = await call_plain(function)
    return await result if isawaitable(result) else result


def _do_nothing() -> None: ...


def to_async_store(store: Any) -> AsyncStore | None:  # noqa: ANN401 (a setting)
    """Return a store whose functions are coroutine functions; what is no store is returned unchanged."""
    given: Any = store
    functions = [getattr(given, name, None) for name in ("claim", "complete", "release")]
    is_plain = not isinstance(store, type) and all(map(callable, functions)) and not iscoroutinefunction(functions[0])
    return _PlainStore(given) if is_plain else given
