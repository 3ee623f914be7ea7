"""How far a campaign is: one value for programs, progress bars and metrics. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Final, Literal

import attrs

from connectly_api.campaigns.journal_protocol import FORGOTTEN, CampaignRecord, Counts
from connectly_api.campaigns.row_states import Outcome, RowState

_RATE_SPAN: Final = 10.0
"""Seconds over which a rate is measured."""

_LONGEST: Final = 120.0
"""Seconds after which rows are in flight no more: the process died."""
_DONE: Final = frozenset({RowState.ACCEPTED, RowState.REFUSED, RowState.UNKNOWN})

StatusState = Literal["running", "ready", "paused", "stopped", "finished"]
"""A campaign's state: `ready` may be run, and `finished` has no row left to send."""


@attrs.frozen
class CampaignStatus:
    """How far a campaign is. `str()` of it is one line for people.

    Attributes:
        name: The campaign's name.
        state: `running` while rows are in flight, or a `run` has not ended.
        reason: Why it is paused or stopped.
        total: The rows that were planned.
        rejected: The lines of the source that cannot be sent.
        pending: Rows that are not sent yet.
        sending: Rows in flight, of all processes.
        accepted: Rows that the service accepted.
        refused: Rows that it refused.
        unknown: Rows that may have been accepted; webhooks tell.
        sent: Messages whose furthest status is `sent`.
        delivered: Messages whose furthest status is `delivered`.
        read: Messages whose furthest status is `read`.
        failed: Messages that were accepted, and not delivered.
        rate: Rows a second in the last seconds, of all processes; 0 outside a run.
        remaining_seconds: How long the rest takes at that rate; None if nothing says so.
        waiting_for: What a run waits for, in words.
    """

    name: str
    state: StatusState
    reason: str | None
    total: int
    rejected: int
    pending: int
    sending: int
    accepted: int
    refused: int
    unknown: int
    sent: int
    delivered: int
    read: int
    failed: int
    rate: float = 0.0
    remaining_seconds: float | None = None
    waiting_for: str | None = None

    def __str__(self) -> str:
        """Return one line."""
        parts = [f"{self.accepted:,} of {self.total:,} accepted"]
        parts += [
            f"{number:,} {name}"
            for name in ("pending", "sending", "refused", "unknown", "delivered", "read", "failed", "rejected")
            if (number := getattr(self, name))
        ]
        if self.rate:
            parts.append(f"{self.rate:.0f}/s")
        if self.remaining_seconds is not None:
            minutes, seconds = divmod(round(self.remaining_seconds), 60)
            hours, minutes = divmod(minutes, 60)
            parts.append(f"{hours}:{minutes:02}:{seconds:02} left")
        if self.waiting_for is not None:
            parts.append(f"waits for {self.waiting_for}")
        state = self.state if self.reason is None else f"{self.state} ({self.reason})"
        return f"{self.name}: {state}: {', '.join(parts)}"


def build_status(
    record: CampaignRecord,
    counts: Counts,
    *,
    is_running: bool = False,
    rate: float = 0.0,
    waiting_for: str | None = None,
) -> CampaignStatus:
    """Return a campaign's status.

    Args:
        record: The campaign.
        counts: Its rows.
        is_running: Whether the caller runs it.
        rate: Rows a second.
        waiting_for: What the run waits for.
    """
    states, statuses = counts.states, counts.statuses
    left = states[RowState.PENDING] + states[RowState.SENDING]
    state: StatusState = record.state
    reason = record.reason
    if is_running or (state == "ready" and counts.oldest_sending is not None and counts.oldest_sending <= _LONGEST):
        state, reason = "running", None
    elif not any(states.values()):
        state, reason = "stopped", FORGOTTEN
    elif not left:
        state, reason = "finished", None
    return CampaignStatus(
        name=record.name,
        state=state,
        reason=reason,
        total=record.total,
        rejected=record.rejected,
        pending=states[RowState.PENDING],
        sending=states[RowState.SENDING],
        accepted=states[RowState.ACCEPTED],
        refused=states[RowState.REFUSED],
        unknown=states[RowState.UNKNOWN],
        sent=statuses.get("sent", 0),
        delivered=statuses.get("delivered", 0),
        read=statuses.get("read", 0),
        failed=statuses.get("delivery_failed", 0),
        rate=rate,
        remaining_seconds=left / rate if rate and left else None,
        waiting_for=waiting_for,
    )


class Tally:
    """A campaign's counts, kept current by a run between two summaries of its journal, and its rate."""

    def __init__(self) -> None:
        self._states = dict.fromkeys(RowState, 0)
        self._statuses: dict[str, int] = {}
        self._done = 0
        self._samples: deque[tuple[float, int]] = deque()
        self._others: tuple[float, int] | None = None
        self._rate_of_others = 0.0

    @property
    def counts(self) -> Counts:
        """The counts now."""
        return Counts(self._states, self._statuses, None)

    @property
    def left(self) -> int:
        """The number of rows that are not done."""
        return self._states[RowState.PENDING] + self._states[RowState.SENDING]

    def replace(self, counts: Counts, now: float) -> None:
        """Take over a summary; what neither it nor this run has counted before was done by other processes."""
        self._states, self._statuses = dict(counts.states), dict(counts.statuses)
        others = sum(self._states[state] for state in _DONE) - self._done
        if self._others is not None and now > self._others[0]:
            self._rate_of_others = max(0, others - self._others[1]) / (now - self._others[0])
        self._others = (now, others)

    def count(self, taken: int, outcomes: Iterable[Outcome]) -> None:
        """Count what a turn of this run took and settled."""
        self._states[RowState.PENDING] -= taken
        self._states[RowState.SENDING] += taken
        for outcome in outcomes:
            self._states[RowState.SENDING] -= 1
            self._states[outcome.state] += 1
            self._done += outcome.state in _DONE

    def measure_rate(self, now: float) -> float:
        """Return the rows a second of all processes, in the last seconds."""
        samples = self._samples
        samples.append((now, self._done))
        while samples[0][0] < now - _RATE_SPAN:
            samples.popleft()
        first, before = samples[0]
        return self._rate_of_others + ((self._done - before) / (now - first) if first < now else 0.0)
