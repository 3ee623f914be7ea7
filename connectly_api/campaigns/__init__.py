"""Campaigns: one template to many customers, to each at most once, whatever crashes.

Theory of operation. A plan freezes every request of a campaign in a journal, and a run sends them from there:

1. `row_states`: a row's states and the changes between them, as a table. A row is marked `sending` on disk before its
   request leaves, and only pending rows are sent; so whatever crashes, nothing is sent twice.
2. `journal_protocol`: what a journal does. It is queue, lock, pace and report in one: a turn settles what became of
   rows, and takes as many new ones as the rates allow, in one transaction.
3. `pace_booking`: rates that all processes share, because their state is in the journal.
4. `sqlite_journal`: a journal in a file, for the processes of one machine.

Importing this package loads no database and no HTTP library.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connectly_api.lazy import lazy_names

if TYPE_CHECKING:
    from connectly_api.campaigns.campaign_errors import (
        CampaignError,
        CampaignExistsError,
        CampaignNotFoundError,
        JournalError,
    )
    from connectly_api.campaigns.journal_protocol import Reject
    from connectly_api.campaigns.row_states import RowState

__all__ = [
    "CampaignError",
    "CampaignExistsError",
    "CampaignNotFoundError",
    "JournalError",
    "Reject",
    "RowState",
]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "campaign_errors": ["CampaignError", "CampaignExistsError", "CampaignNotFoundError", "JournalError"],
        "journal_protocol": ["Reject"],
        "row_states": ["RowState"],
    },
)
