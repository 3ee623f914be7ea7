"""The face of campaigns: `journal` opens a place for them, `Campaigns` plans and finds them, `Campaign` runs one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from os import PathLike
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import attrs

if TYPE_CHECKING:
    from connectly_api.campaigns.campaign_status import CampaignStatus
    from connectly_api.campaigns.input_rows import InputRow, Rows
    from connectly_api.campaigns.journal_protocol import CampaignRecord, Line, Reject
    from connectly_api.campaigns.sending_hours import Hours
    from connectly_api.campaigns.stop_rules import StopRules
    from connectly_api.client import Connectly
    from connectly_api.content.limits import Limits
    from connectly_api.content.template import Template
    from connectly_api.json_values import JsonValue
    from connectly_api.recipients import SenderLike
    from connectly_api.webhooks.events import Event
    from connectly_api.webhooks.handler_registry import HandlerRegistry


def journal(path: str | PathLike[str]) -> Campaigns:
    """Return the campaigns of a journal: a SQLite file, or a PostgreSQL database. Nothing is opened yet.

        async with journal("campaigns.db") as campaigns: ...

    Args:
        path: The file, which is created if it is missing; or `postgresql://…` (extra `fleet`), for several machines.

    Raises:
        InvalidInputError: It is neither, or the extra is missing.
    """
    raise NotImplementedError


@attrs.frozen
class PlanResult:
    """What was planned. `str()` of it is for people.

    Attributes:
        rows: Rows that will be sent.
        rejected: Rows that will not.
        reasons: How many rows were rejected for each reason, the most frequent first.
        is_resumed: Whether the campaign existed before, with the same rows.
        digest: Of everything that will be sent.
        sample: The JSON of the first row's request; None if the campaign was opened by its name.
    """

    rows: int
    rejected: int
    reasons: Mapping[str, int]
    is_resumed: bool
    digest: str
    sample: str | None = attrs.field(default=None, repr=False)


class Campaigns:
    """The campaigns of one journal, from `journal(…)`: an async context manager."""

    async def __aenter__(self) -> Self:
        """Open the journal.

        Raises:
            JournalError: It cannot be used; the text says why.
        """
        raise NotImplementedError

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the journal."""
        raise NotImplementedError

    async def plan(
        self,
        name: str,
        rows: Rows,
        build: Callable[[InputRow], Template | None],
        *,
        key: str | Callable[[InputRow], str] | None = None,
        sender: SenderLike | None = None,
        campaign_name: str | None = None,
        callback_data: Mapping[str, JsonValue] | Callable[[InputRow], Mapping[str, JsonValue] | None] | None = None,
        limits: Limits = "strict",
        deadline: timedelta = timedelta(hours=24),
        hours: Hours | None = None,
        pace: Any = None,
        stop: StopRules | None = None,
    ) -> Campaign:
        """Build, check and freeze the message of every row, and commit all of them at once; nothing is sent.

        A row that cannot be sent is rejected, with its line and the reason, and the others are planned. Planning the
        same rows under the same name again returns the campaign as it is, so a script may simply be started again.

        Args:
            name: The campaign's name in the journal.
            rows: From `rows(…)`.
            build: Returns the template for a row, `lambda row: Template("spring", "de", body=[row["name"]])`, or None
                to leave the row out. It is called in a worker thread.
            key: A column, or a function of a row: what no two rows of the campaign may have in common. By default the
                recipient.
            sender: The business's number that sends. By default that of the client that runs the campaign first.
            campaign_name: A tag for the service's analytics and webhook filters.
            callback_data: An object, or a function of a row that returns one: it is returned with the message's events,
                beside the campaign's own entry `connectly_campaign`. Both together have at most 1024 bytes.
            limits: What to do about WhatsApp's limits on content, as for `Connectly`.
            deadline: How long from now rows may be sent.
            hours: When rows may be sent; by default at any time.
            pace: The rates to keep to, shared by all processes that run campaigns of this journal.
            stop: When to stop because too much fails.

        Raises:
            CampaignExistsError: There is a campaign of that name with other rows.
            NothingToSendError: Every row was rejected; the error has the reasons.
            CampaignError: `build`, `key` or `callback_data` failed; the error names the line and has the cause.
            InvalidInputError: An argument is invalid, the file lacks a column, or `build` returns no template.
            JournalError: The journal cannot be used.
        """
        raise NotImplementedError

    async def open(self, name: str) -> Campaign:
        """Return a campaign that was planned before.

        Raises:
            CampaignNotFoundError: There is none of that name.
        """
        raise NotImplementedError

    async def list(self) -> Sequence[CampaignStatus]:
        """Return the status of every campaign, the newest first."""
        raise NotImplementedError

    def follow(self, webhooks: HandlerRegistry) -> None:
        """Let a `WebhookApp` report its events: settles unknown rows, and tells what became of accepted ones."""
        raise NotImplementedError

    async def observe(self, event: Event) -> None:
        """Record what an event says about a row: a handler, if `follow` cannot be used.

        Events may come in any order, and more than once; those of other messages are ignored.
        """
        raise NotImplementedError


class Campaign:
    """One campaign of a journal.

    Attributes:
        name: Its name in the journal.
        plan: What was planned.
    """

    name: str
    plan: PlanResult

    async def run(
        self,
        connectly: Connectly,
        *,
        max_in_flight: int = 64,
        lease: float = 120.0,
        on_progress: Callable[[CampaignStatus], object] | None = None,
    ) -> CampaignStatus:
        """Send what is pending, and return when nothing is, or when the campaign is paused or stopped.

        Any number of processes may run one campaign; no row is sent twice. If the call is cancelled, it takes no more
        rows and waits for those in flight; their outcomes are recorded before it raises the cancellation.

        Args:
            connectly: The client of the business that ran the campaign first.
            max_in_flight: How many rows are sent at the same time.
            lease: Seconds after which the rows in flight of a process that died are unknown.
            on_progress: Called with the status about once a second; a plain or an async function.

        Raises:
            InvalidInputError: The client is another business's.
            JournalError: The journal cannot be used.
        """
        raise NotImplementedError

    async def status(self) -> CampaignStatus:
        """Return how far the campaign is."""
        raise NotImplementedError

    async def pause(self) -> None:
        """Let no process take another row; those in flight are finished."""
        raise NotImplementedError

    async def resume(self, *, deadline: timedelta | None = None) -> None:
        """Let a paused or stopped campaign be run again.

        Args:
            deadline: How long from now rows may be sent; by default the deadline stays as it is.
        """
        raise NotImplementedError

    async def retry(self, *, refused: bool = False, unknown: bool = False) -> int:
        """Make rows pending again, and return how many.

        Args:
            refused: Those that the service refused.
            unknown: Those whose outcome is unknown, where webhooks prove that they were not accepted: of the rows
                accepted around that time, at least 20, 99 % have a status.
        """
        raise NotImplementedError

    def report(self) -> AsyncIterator[Line]:
        """Iterate over all rows in their order, each with its state and status."""
        raise NotImplementedError

    def rejects(self) -> AsyncIterator[Reject]:
        """Iterate over the rejected rows: line, field and reason."""
        raise NotImplementedError

    async def forget(self) -> None:
        """Delete the campaign with all its rows, as privacy laws may demand. Later events about it are ignored."""
        raise NotImplementedError
