"""What remembers which events were handled: the protocol, and what passes through it.

Theory of operation. A key is free, claimed or completed. `claim` takes a free key for whoever asks first, for the
length of a lease, and gives out a token that no other claim has. `complete` and `release` act only for the token that
still holds the key. So when a handler takes longer than the lease, or its process dies, the key becomes free and
another delivery may claim it; should the slow handler then finish after all, its completion is refused, and no event is
completed twice. A lease that ran out while nobody else came changes nothing: the claim can still be completed.
"""

from __future__ import annotations

from enum import Enum
from typing import Final, Protocol

import attrs

from connectly_api.errors import InvalidInputError

__all__ = ["Claim", "ClaimState", "Store", "above_zero", "check_clock"]


class ClaimState(Enum):
    """What came of asking for a key."""

    GRANTED = "granted"
    """It is the caller's now: handle the event, then complete or release the claim."""
    IN_PROGRESS = "in progress"
    """Another caller holds it, and may yet fail: the service should deliver the event again later."""
    COMPLETED = "completed"
    """The event was handled: there is nothing to do."""


@attrs.frozen
class Claim:
    """The answer to `Store.claim`.

    Attributes:
        key: The event's key.
        state: Whether the key was granted, and why not.
        token: What tells this claim from every other on the same key; None where it was not granted.
    """

    key: str
    state: ClaimState
    token: str | None = attrs.field(default=None, repr=False)

    @property
    def granted(self) -> bool:
        """Whether the event is the caller's to handle."""
        return self.state is ClaimState.GRANTED


class Store(Protocol):
    """A memory of keys that several tasks, threads or processes share; each method is atomic among all of them."""

    async def claim(self, key: str) -> Claim:
        """Take a key if it is free, or if its lease or its memory has run out."""
        ...

    async def complete(self, claim: Claim) -> bool:
        """Remember that the event was handled.

        Args:
            claim: What `claim` granted.

        Returns:
            Whether the claim still held the key; if not, its lease ran out and another caller took the event.
        """
        ...

    async def release(self, claim: Claim) -> bool:
        """Give the key back, so that the event can be handled by its next delivery.

        Args:
            claim: What `claim` granted.

        Returns:
            Whether the claim still held the key.
        """
        ...


def above_zero(field: str, value: float, *, finite: bool = False) -> float:
    """Return a number that is above 0.

    Raises:
        InvalidInputError: It is not, or is no number, or is infinite where it must not be.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not value > 0:
        raise InvalidInputError(f"{field}: must be a number above 0", field=field)
    if finite and value > _GREATEST:
        raise InvalidInputError(f"{field}: must be a number of seconds that is not infinite", field=field)
    return value


def check_clock(clock: object) -> None:
    """Refuse a clock that cannot be called.

    Raises:
        InvalidInputError: It cannot.
    """
    if not callable(clock):
        raise InvalidInputError("clock: must be a function without arguments, such as time.time", field="clock")


_GREATEST: Final = 1e12
"""Seconds: 30,000 years. What is beyond overflows in some place or other."""
