"""What became of one message, in whatever order its statuses arrive. A pure value: keep it wherever you keep state."""

from __future__ import annotations

from typing import Final

import attrs

from connectly_api.webhooks.event_parts import DeliveryFailure
from connectly_api.webhooks.events import DeliveryStatus

__all__ = ["StatusTracker"]

_ORDER: Final = ("sent", "delivery_failed", "delivered", "read")


@attrs.frozen
class StatusTracker:
    """How far one message has come; it never goes back.

    tracker = StatusTracker()
    tracker, is_new = tracker.advance(event)

    The statuses stand in the order sent, delivery_failed, delivered, read, and the furthest one stays, so every order
    of arrival ends alike. A failure ends the way of a message that was sent; but where the customer's phone has
    confirmed that the message is there, a report of failure, come before or after, cannot take that back. It stays on
    record as `failure`.

    Attributes:
        status: The furthest status so far; None before the first. A tracker can be made from a stored one.
        failure: The first reason for a failure that arrived, whatever came after.
        seen: Every status that arrived, those included that this version does not know.
    """

    status: str | None = None
    failure: DeliveryFailure | None = None
    seen: frozenset[str] = frozenset()

    def advance(self, event: DeliveryStatus) -> tuple[StatusTracker, bool]:
        """Return the state after an event, and whether the event tells something new.

        New is a status further than any before. A status that this version does not know has no place in the order: it
        is new the first time, and leaves `status` alone. An event whose status was not readable is never new.

        Args:
            event: A status of this tracker's message.
        """
        status = event.status
        after = attrs.evolve(self, failure=self.failure or event.failure)
        if status is None:
            return after, False
        after = attrs.evolve(after, seen=self.seen | {status})
        if status not in _ORDER:
            return after, status not in self.seen
        if _place(status) <= _place(self.status):
            return after, False
        return attrs.evolve(after, status=status), True


def _place(status: str | None) -> int:
    return _ORDER.index(status) if status in _ORDER else -1
