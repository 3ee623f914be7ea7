"""Counts what became of the deliveries of events."""

from __future__ import annotations

from collections import Counter
from threading import Lock
from typing import Final, Literal

import attrs

Outcome = Literal[
    "handled", "completed_after_failure", "redelivered", "repeated", "in_progress", "unhandled", "refused"
]


@attrs.frozen
class WebhookCounts:
    """What became of the deliveries so far. Each is counted once, when its handlers have ended.

    Attributes:
        handled: All handlers have succeeded, in this delivery or an earlier one.
        completed_after_failure: A handler failed, but the event counts as handled, as `on_failure` decided.
        redelivered: The service should deliver it again, or the queue: a handler failed or was cancelled, the store
            failed, or the backlog was full. After `acknowledge="first"`, such an event is lost.
        repeated: An earlier delivery of the event was handled.
        in_progress: Another delivery of the event was being handled; the service should deliver it again.
        unhandled: No handler takes its class.
        refused: Not signed with a secret, too large, too slow, or not readable.
    """

    handled: int = 0
    completed_after_failure: int = 0
    redelivered: int = 0
    repeated: int = 0
    in_progress: int = 0
    unhandled: int = 0
    refused: int = 0


class OutcomeCounter:
    """Counts outcomes, in any number of threads."""

    def __init__(self) -> None:
        """Start at 0."""
        self._lock: Final = Lock()
        self._counts: Final = Counter[str]()

    def count(self, outcome: Outcome) -> None:
        """Count one delivery."""
        with self._lock:
            self._counts[outcome] += 1

    def read(self) -> WebhookCounts:
        """Return the counts so far."""
        with self._lock:
            return WebhookCounts(**self._counts)
