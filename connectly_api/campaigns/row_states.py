"""The states of a campaign's rows, and the changes between them. Pure: journals take their conditions from the table.

A row is marked `sending`, and that mark is on disk, before its request leaves. So whatever crashes, a row that may have
left is never `pending`, and only pending rows are sent. A row whose outcome nobody recorded becomes `unknown`: it is
not sent again, and its callback data in a webhook's event proves that it was accepted.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

import attrs


class RowState(StrEnum):
    """What became of a row so far."""

    PENDING = "pending"
    """Not sent, or provably not accepted; it will be sent."""
    SENDING = "sending"
    """A process has taken it: from now on it may have left."""
    ACCEPTED = "accepted"
    """The service accepted it, as its response or a webhook's event says."""
    REFUSED = "refused"
    """The service refused it, and will again."""
    UNKNOWN = "unknown"
    """It may have been accepted; nothing says so yet."""


@attrs.frozen
class Transition:
    """One kind of change.

    Attributes:
        sources: The states in which a row may be; in any other, nothing happens to it.
        targets: The states that it may get.
    """

    sources: tuple[RowState, ...]
    targets: tuple[RowState, ...]


_PENDING, _SENDING, _ACCEPTED, _REFUSED, _UNKNOWN = RowState

TRANSITIONS: Final[Mapping[str, Transition]] = MappingProxyType(
    {
        "take": Transition((_PENDING,), (_SENDING,)),
        "settle": Transition((_SENDING, _UNKNOWN), (_ACCEPTED, _REFUSED, _PENDING, _UNKNOWN)),
        "release": Transition((_SENDING,), (_PENDING,)),
        "abandon": Transition((_SENDING,), (_UNKNOWN,)),
        "observe": Transition(tuple(RowState), (_ACCEPTED,)),
        "retry": Transition((_REFUSED, _UNKNOWN), (_PENDING,)),
    }
)


def _clean(text: str | None) -> str | None:
    """Return a text of the service without what a database cannot store, and would fail on for ever."""
    return None if text is None else text.encode(errors="replace").decode().replace("\0", "?")


@attrs.frozen
class Outcome:
    """What became of one attempt to send a row.

    Attributes:
        n: The row.
        attempt: The `attempt` with which the row was taken: the outcome of one attempt never settles another.
        state: `accepted`, `refused`, `unknown`, or `pending` if the service provably did not accept it.
        message_id: The service's id of an accepted message.
        problem: A short code of what went wrong, such as `ERROR_CODE_OUTSIDE_WINDOW`; no personal data.
        retry_after: If pending: the seconds for which the row must not be taken again, at most 60.
        is_rate_limited: Whether it was a 429, which slows the rates of the whole fleet.
    """

    n: int
    attempt: int
    state: RowState = attrs.field(converter=RowState, validator=attrs.validators.in_(TRANSITIONS["settle"].targets))
    message_id: str | None = attrs.field(default=None, converter=_clean)
    problem: str | None = None
    retry_after: float | None = None
    is_rate_limited: bool = False
