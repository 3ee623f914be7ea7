"""Runs a campaign: takes rows from its journal, sends them, and gives the journal what became of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from connectly_api.campaigns.campaign_status import CampaignStatus
from connectly_api.campaigns.journal_protocol import CampaignRecord, TakenRow
from connectly_api.campaigns.journal_thread import JournalThread
from connectly_api.campaigns.sending_hours import Hours
from connectly_api.campaigns.stop_rules import StopRules
from connectly_api.client import Connectly
from connectly_api.transport.rates import Rate


async def run_campaign(
    connectly: Connectly,
    journal: JournalThread,
    record: CampaignRecord,
    compose: Callable[[TakenRow], bytes],
    *,
    rates: Sequence[tuple[str, Rate]] = (),
    hours: Hours | None = None,
    stop: StopRules | None = None,
    max_in_flight: int = 64,
    lease: float = 120.0,
    on_progress: Callable[[CampaignStatus], object] | None = None,
) -> CampaignStatus:
    """Send what is pending, and return when nothing is, or when the campaign is paused or stopped.

    Args:
        connectly: The client that sends.
        journal: The open journal.
        record: The campaign.
        compose: Returns the body of a row's request, as planned.
        rates: The rates to keep to, each with its key in the journal.
        hours: When rows may be sent; None for any time.
        stop: When to stop; None for `StopRules()`.
        max_in_flight: How many rows are sent at the same time.
        lease: Seconds after which the rows in flight of a process that died are unknown.
        on_progress: Called with the status about twice a second; a plain or an async function.

    Raises:
        InvalidInputError: `max_in_flight` is not a number above 0, or the lease does not exceed the client's timeout.
        JournalError: The journal stayed away; the text says how many outcomes could not be written.
    """
    raise NotImplementedError
