"""The protocol of a store, which remembers which events were handled, and its values.

Theory of operation. A store holds keys, and a key is free, claimed or completed:

    free --claim--> claimed --complete--> completed --(retention ends)--> free
                    claimed --release---> free
                    claimed --(lease ends, and another delivery claims it)--> claimed by that delivery

`claim` grants a free key to one caller, for the length of a lease, with a token that no other claim has. `complete` and
`release` act only for the token that still holds the key, and return whether it did. From this follows:

- Two deliveries of one event at the same moment: one is granted the claim; the other gets IN_PROGRESS, responds with
  503, and the service delivers it again. A delivery after the completion gets COMPLETED, and responds with 200.
- A handler fails: its claim is released, and the next delivery is granted the key.
- A process dies, or a handler takes longer than the lease: the claim expires by itself, and the next delivery is
  granted the key. If the slow handler then finishes, its token no longer holds the key and `complete` returns
  False: the event was handled twice, but never completed twice. So a lease must be longer than handlers take.
- A lease ends without another delivery: nothing changes, and the claim can still be completed. So a store keeps
  expired claims, and forgets them only after the retention.
- A retention ends: the key is free, and a delivery after that would be handled again. So a retention must be longer
  than the service retries.

A store that several processes share must do each of the three in one atomic step.
"""

from __future__ import annotations

from enum import Enum
from typing import Final, Protocol

import attrs

from connectly_api.errors import InvalidInputError
from connectly_api.number_checks import is_number

_MAX_SECONDS: Final = 1e12
"""30,000 years. Larger numbers overflow somewhere."""


class ClaimState(Enum):
    """The result of `Store.claim`."""

    GRANTED = "granted"
    """The caller holds the key: handle the event, then complete or release the claim."""
    IN_PROGRESS = "in progress"
    """Another caller holds it, and may still fail: the service should deliver the event again later."""
    COMPLETED = "completed"
    """The event was handled: there is nothing to do."""


@attrs.frozen
class Claim:
    """What `Store.claim` returns.

    Attributes:
        key: The event's key.
        state: Whether the key was granted, and if not, why.
        token: Identifies this claim among all on the same key; None if it was not granted.
    """

    key: str
    state: ClaimState
    token: str | None = attrs.field(default=None, repr=False)

    @property
    def is_granted(self) -> bool:
        """Whether the caller holds the key, and so handles the event."""
        return self.state is ClaimState.GRANTED


class Store(Protocol):
    """A memory of keys that several tasks, threads or processes share; each method is atomic among all of them."""

    async def claim(self, key: str) -> Claim:
        """Claim a key if it is free, or if its lease or its retention has ended."""
        ...

    async def complete(self, claim: Claim) -> bool:
        """Remember that the event was handled.

        Args:
            claim: A granted claim.

        Returns:
            Whether the claim still held the key; if not, its lease ended and another caller took the event.
        """
        ...

    async def release(self, claim: Claim) -> bool:
        """Free the key, so that the next delivery of the event is handled.

        Args:
            claim: A granted claim.

        Returns:
            Whether the claim still held the key.
        """
        ...


def check_above_zero(field: str, value: float) -> float:
    """Return a number above 0; refuse anything else."""
    if not is_number(value) or value <= 0:
        raise InvalidInputError(f"{field}: must be a number above 0", field=field)
    return value


def check_seconds(field: str, value: float) -> float:
    """Return a finite number of seconds above 0; refuse anything else."""
    if check_above_zero(field, value) > _MAX_SECONDS:
        raise InvalidInputError(f"{field}: must be a finite number of seconds", field=field)
    return value


def check_clock(clock: object) -> None:
    """Refuse a clock that cannot be called."""
    if not callable(clock):
        raise InvalidInputError("clock: must be a function without arguments, such as time.time", field="clock")
