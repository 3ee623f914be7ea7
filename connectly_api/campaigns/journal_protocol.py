"""What a journal is: the rows of campaigns, and what became of each, in a place that survives crashes.

A journal is at once queue, lock, pace and report. Its methods are synchronous: callers run them in a worker thread, one
at a time for each journal object; any number of objects, processes and machines may share one place. Each method is one
transaction. Times are the journal's: one clock for all who share it, seconds since 1970.

Every method may raise `JournalError`. If its `retry_safe` is true, the caller may repeat the call, with one exception:
after a `turn` that failed, the rows that it may have taken are handed back by `release` first.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Final, Literal, Protocol

import attrs

from connectly_api.campaigns.row_states import Outcome, RowState
from connectly_api.transport.rates import Rate

DEADLINE_PASSED: Final = "the deadline has passed"
FORGOTTEN: Final = "forgotten"
"""Reasons that a journal itself gives to a campaign that it stops."""
LEASE_ENDED: Final = "lease_ended"
"""The problem of a row that `abandon` made unknown."""

CampaignState = Literal["ready", "paused", "stopped"]
"""Whether rows are handed out. There is no state for a finished campaign: it has no pending and no sending row."""


@attrs.frozen
class PlannedRow:
    """A row to be sent, as `plan` gets it. The journal numbers the rows, from 1.

    Attributes:
        line: The line of the source, to find it there.
        key: What makes the row unique in its campaign.
        recipient: The request's `number`: `+1604…` or `bsuid:US.…`.
        body: JSON: the request without number, sender, callback data and campaign name, exactly as it will be sent.
        callback: JSON object: the user's own callback data, or None.
    """

    line: int
    key: str = attrs.field(repr=False)
    recipient: str = attrs.field(repr=False)
    body: str = attrs.field(repr=False)
    callback: str | None = attrs.field(default=None, repr=False)


@attrs.frozen
class Reject:
    """A line of the source that cannot be sent.

    Attributes:
        line: The line of the source.
        field: The column or field that is wrong, if it is one.
        reason: A short sentence without the value.
    """

    line: int
    field: str | None
    reason: str


@attrs.frozen
class CampaignRecord:
    """What a journal keeps of a campaign, apart from its rows.

    Attributes:
        token: 12 URL-safe characters that tell it from all other campaigns, in its callback data.
        digest: What it was planned from: another digest is another campaign.
        settings: A JSON object.
        reason: Why it is paused or stopped.
        deadline: The instant from which no row is handed out.
        created: When it was planned.
        total: The number of rows, and `rejected` that of rejects.
    """

    id: int
    token: str
    name: str
    digest: str
    settings: str = attrs.field(repr=False)
    state: CampaignState
    reason: str | None
    deadline: float
    created: float
    total: int
    rejected: int


@attrs.frozen
class TakenRow:
    """A row that is now `sending`, and the caller's to send, once; as planned, with the `attempt` of its `Outcome`."""

    n: int
    recipient: str = attrs.field(repr=False)
    body: str = attrs.field(repr=False)
    callback: str | None = attrs.field(repr=False)
    attempt: int


@attrs.frozen
class Turn:
    """What a turn gave.

    Attributes:
        rows: The rows to send now, in their order; none unless the campaign's state is `ready`.
        wait: How many seconds later another turn may give rows: 0 if at once, None if no row is pending.
        state: The campaign's, with its reason.
    """

    rows: Sequence[TakenRow]
    wait: float | None
    state: CampaignState
    reason: str | None


@attrs.frozen
class Observation:
    """What a webhook's event proves: that a row was accepted.

    Attributes:
        token: The token of the row's campaign.
        message_id: The message's id, if the event has it.
        status: `sent`, `delivered`, `read`, `delivery_failed`; None or another text moves no status.
        problem: A short code of why the delivery failed.
    """

    token: str
    n: int
    message_id: str | None = None
    status: str | None = None
    problem: str | None = None


def _to_state(text: str) -> RowState:
    return RowState(text)


@attrs.frozen
class Line:
    """A row, as reports show it.

    Attributes:
        attempts: How often it was taken.
        status: The furthest status that a webhook reported.
        problem: A short code: why it was refused, is unknown or waits, or why its delivery failed.
        at: When it was last taken, so about when it was sent; None if never.
    """

    n: int
    line: int
    key: str = attrs.field(repr=False)
    recipient: str = attrs.field(repr=False)
    state: RowState = attrs.field(converter=_to_state)
    attempts: int
    message_id: str | None
    status: str | None
    problem: str | None
    at: float | None


@attrs.frozen
class Counts:
    """A campaign's rows, counted, never kept.

    Attributes:
        states: The number of rows in each state, and `statuses` by their furthest status; zeros included.
        oldest_sending: How many seconds ago the oldest sending row was taken; None if there is none.
    """

    states: Mapping[RowState, int]
    statuses: Mapping[str, int]
    oldest_sending: float | None


@attrs.frozen
class Evidence:
    """What is known of the rows that were taken in one minute: whether its unknown rows were really not accepted.

    Attributes:
        start: The minute's first instant.
        age: How many seconds ago it ended, by the journal's clock, which need not be this machine's.
        accepted: How many rows were accepted, as responses say. Those of which only an event says so prove nothing:
            of the rows whose responses were lost, they are just the ones whose events were not.
        confirmed: How many of these have a status, so that webhooks came for them.
        unknown: How many are unknown.
    """

    start: float
    age: float
    accepted: int
    confirmed: int
    unknown: int


class Journal(Protocol):
    """The rows of campaigns; see the module."""

    def open(self) -> None:
        """Open the file or connect to the database."""
        ...

    def close(self) -> None:
        """Close it. Calling it twice is fine."""
        ...

    def plan(
        self,
        name: str,
        settings: str,
        deadline: float,
        batches: Iterator[Sequence[PlannedRow | Reject]],
        digest: Callable[[], str],
    ) -> tuple[CampaignRecord, bool]:
        """Store a new campaign, all or nothing; return it, and whether it was there already with the same digest.

        Batches are stored one by one in a place of their own, so others are held up at the end only. Of rows with the
        same key, the first is planned, and each further one becomes a `Reject` that names its line.

        Args:
            name: The campaign's name.
            settings: A JSON object.
            deadline: In how many seconds no row is handed out any more.
            batches: The rows and rejects, in the order of the source; read to the end in any case.
            digest: Called after the last batch.

        Raises:
            CampaignExistsError: There is a campaign of that name with another digest.
        """
        ...

    def turn(
        self,
        campaign_id: int,
        owner: str,
        outcomes: Sequence[Outcome],
        want: int,
        rates: Sequence[tuple[str, Rate]],
        *,
        after: int = 0,
    ) -> Turn:
        """Settle outcomes, then take rows: the only call of the hot path.

        An outcome settles its row only if that is the owner's, in the same attempt, and `sending` or `unknown`. So
        giving outcomes again changes nothing. Rate-limited ones slow all the rates given, once.

        Args:
            campaign_id: The campaign.
            owner: Whoever calls: a text that no other process, and no other run, ever uses.
            outcomes: What became of rows that were taken before.
            want: The most rows to take; may be 0.
            rates: The rates that each row counts against, with a key for each: whoever uses the key shares the rate.
            after: The number of the last row that the caller was given, 0 at first. A hint where to look for rows
                first; the journal finds earlier ones, too.

        Raises:
            CampaignNotFoundError: There is no such campaign.
        """
        ...

    def release(self, campaign_id: int, owner: str, in_hand: Collection[tuple[int, int]]) -> int:
        """Make an owner's sending rows pending, except those in hand; return how many.

        For rows that a turn took whose reply was lost. In hand, as `(n, attempt)`, is each row that the owner was given
        and whose outcome it has not given in a turn that succeeded.
        """
        ...

    def abandon(self, campaign_id: int, lease: float) -> int:
        """Make rows that have been sending for longer than the lease, in seconds, unknown; return how many."""
        ...

    def observe(self, observations: Sequence[Observation]) -> int:
        """Make rows accepted, whatever their state, and move their status forward; return how many rows changed.

        Idempotent, in any order; campaigns and rows that are not in the journal are skipped.
        """
        ...

    def mark(
        self, campaign_id: int, state: CampaignState, reason: str | None = None, *, deadline: float | None = None
    ) -> None:
        """Set the campaign's state, and, if given, its deadline, in seconds from now.

        Raises:
            CampaignNotFoundError: There is no such campaign.
        """
        ...

    def replace_settings(self, campaign_id: int, before: str, after: str) -> str:
        """Replace the campaign's settings if they still are `before`; return those that it has then.

        For what only the first run knows. A journal never deletes a campaign's record.
        """
        ...

    def lines(self, campaign_id: int, after: int, limit: int) -> Sequence[Line]:
        """Return the rows after a number, in their order, at most so many."""
        ...

    def rejects(self, campaign_id: int, after: int, limit: int) -> Sequence[Reject]:
        """Return the rejects after so many, in the order of their lines, at most so many."""
        ...

    def count_rejects(self, campaign_id: int) -> Sequence[tuple[str | None, str, int]]:
        """Return how many rejects there are by field and reason, the earliest first; all duplicates are of line 0."""
        ...

    def summary(self, campaign_id: int) -> Counts:
        """Count the rows."""
        ...

    def evidence(self, campaign_id: int) -> Sequence[Evidence]:
        """Count the accepted and unknown rows by minute, in the order of time; see `Evidence` for which."""
        ...

    def retry(self, campaign_id: int, state: RowState, spans: Sequence[tuple[float, float]] | None = None) -> int:
        """Make refused or unknown rows pending, on the user's word; return how many.

        With spans, only rows whose `at` lies in one of them, the end excluded.
        """
        ...

    def find(self, name: str) -> CampaignRecord | None:
        """Return a campaign by its name."""
        ...

    def list_campaigns(self) -> Sequence[CampaignRecord]:
        """Return all campaigns in the order of their planning."""
        ...

    def forget(self, campaign_id: int) -> None:
        """Delete the campaign's rows and rejects for good, stop it, and keep its record.

        So a program that plans and runs the same campaign once more sends nothing. If no row was ever taken, the record
        is deleted, too, so that a plan that was wrong leaves its name.

        Raises:
            CampaignNotFoundError: There is no such campaign.
        """
        ...
