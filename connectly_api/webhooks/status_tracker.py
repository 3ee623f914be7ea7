"""The status of one message, in whatever order its events arrive. Pure: keep it wherever you keep state."""

from __future__ import annotations

from typing import Final

import attrs

from connectly_api.webhooks.event_parts import DeliveryFailure
from connectly_api.webhooks.events import DeliveryStatus

STATUS_ORDER: Final = ("sent", "delivery_failed", "delivered", "read")
"""From the first to the furthest."""


@attrs.frozen
class StatusTracker:
    """The furthest status of one message; it never goes back.

    tracker = StatusTracker()
    tracker, is_new = tracker.advance(event)

    The order is sent, delivery_failed, delivered, read. The furthest status is kept, so every order of arrival gives
    the same result. A failure comes after sent, but before delivered: once the customer's phone has confirmed the
    message, a reported failure cannot revoke that, whichever arrives first. It is kept as `failure`.

    Attributes:
        status: The furthest status so far; None before the first. You can create a tracker from a stored status.
        failure: The first failure that arrived.
        seen: Every status that arrived, unknown ones included.
    """

    status: str | None = None
    failure: DeliveryFailure | None = None
    seen: frozenset[str] = frozenset()

    def advance(self, event: DeliveryStatus) -> tuple[StatusTracker, bool]:
        """Return the tracker after an event, and whether the event is news.

        A status is news if it is further than any before. A status that this version does not know has no place in the
        order: it is news only the first time, and does not change `status`. An event without a status is never news.

        Args:
            event: A delivery status of the same message.
        """
        status = event.status
        after = attrs.evolve(self, failure=self.failure or event.failure)
        if status is None:
            return after, False
        after = attrs.evolve(after, seen=self.seen | {status})
        if status not in STATUS_ORDER:
            return after, status not in self.seen
        if _get_rank(status) <= _get_rank(self.status):
            return after, False
        return attrs.evolve(after, status=status), True


def _get_rank(status: str | None) -> int:
    return STATUS_ORDER.index(status) if status in STATUS_ORDER else -1
