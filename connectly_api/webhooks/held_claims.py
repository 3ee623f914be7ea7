"""Takes and ends claims for as long as it needs, whatever cancels the task, and whether or not the store fails."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from time import monotonic
from typing import Final

import attrs
from anyio import sleep

from connectly_api.errors import WebhookStoreError
from connectly_api.number_checks import is_number
from connectly_api.webhooks.deferred_cancellation import DeferredCancellation
from connectly_api.webhooks.stores.deferring_store import to_deferring
from connectly_api.webhooks.stores.store import Claim, Store

_LOG: Final = logging.getLogger("connectly_api.webhooks")
_PAUSES: Final = (0.02, 0.05, 0.1, 0.2, 0.5)
"""Seconds between attempts to end a claim; the last one repeats."""
_MAX_RETRY_SECONDS: Final = 3600.0
"""The limit on retries, even if a store's lease is longer."""


@attrs.frozen
class HeldClaim:
    """What the store said of a key, at a time of `time.monotonic()` or later."""

    claim: Claim
    since: float


def derive_key(key: str, part: str, name: str) -> str:
    """Return the key of a part of an event's handling, such as a step; it shows nothing of the name."""
    return f"{key}:{part}:{hashlib.sha256(name.encode(errors='surrogatepass')).hexdigest()}"


class ClaimKeeper:
    """Takes and ends claims on a store's keys."""

    def __init__(self, store: Store) -> None:
        """Use a store."""
        self._store: Final = store
        self._steps: Final = to_deferring(store)

    async def take(self, key: str, deferred: DeferredCancellation) -> HeldClaim:
        """Claim a key; raise what the store raises. A cancellation is deferred."""
        since = monotonic()
        return HeldClaim(await self._steps.claim(key, deferred), since)

    async def complete(self, held: HeldClaim, deferred: DeferredCancellation) -> bool:
        """Complete a claim, even while the task is being cancelled; return whether it still held the key.

        A handled event whose claim is not completed would be handled again. So if the store fails, this retries for as
        long as its lease keeps other deliveries away, or for a moment if the lease is not known.
        """
        is_complete = await self._end(held, self._steps.complete, deferred)
        if not is_complete:
            _LOG.warning(
                "%s: handled, but its claim had expired or was not completed; it may be handled again", held.claim.key
            )
        return is_complete

    async def release(self, held: HeldClaim, deferred: DeferredCancellation) -> bool:
        """Release a claim as `complete` completes one."""
        return await self._end(held, self._steps.release, deferred)

    async def release_once(self, held: HeldClaim, deferred: DeferredCancellation) -> bool:
        """Release a claim without retries; raise what the store raises."""
        return await self._steps.release(held.claim, deferred)

    async def _end(
        self,
        held: HeldClaim,
        end: Callable[[Claim, DeferredCancellation], Awaitable[bool]],
        deferred: DeferredCancellation,
    ) -> bool:
        lease = getattr(self._store, "lease", None)
        until = held.since + (min(lease, _MAX_RETRY_SECONDS) if is_number(lease) else 0)
        attempts = 0
        while True:
            try:
                return await end(held.claim, deferred)
            except Exception as error:  # noqa: BLE001  (a store may raise anything; the lease will end the claim)
                pause = _PAUSES[min(attempts, len(_PAUSES) - 1)]
                attempts += 1
                may_help = attempts < len(_PAUSES) or monotonic() + pause < until
                is_final = isinstance(error, WebhookStoreError) and not error.retry_safe
                is_last = is_final or not may_help
                if is_last or attempts == 1:
                    log_store_failure(held.claim.key, error)
                if is_last:
                    return False
            await deferred.finish(partial(sleep, pause))


def log_store_failure(key: str, error: Exception) -> None:
    """Log that the store failed, in one line that shows nothing of its values."""
    if _LOG.isEnabledFor(logging.ERROR):
        # SQLite's messages may repeat values; the name of its error does not.
        name = getattr(error, "sqlite_errorname", None)
        detail = f" ({name})" if isinstance(name, str) else ""
        _LOG.error("%s: the store failed with %s%s", key, type(error).__qualname__, detail)
