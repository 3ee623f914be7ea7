"""Campaigns: one template to many customers, to each at most once, whatever crashes.

Theory of operation. A plan freezes every request of a campaign in a journal, and a run sends them from there:

1. `row_states`: a row's states and the changes between them, as a table. A row is marked `sending` on disk before its
   request leaves, and only pending rows are sent; so whatever crashes, nothing is sent twice.
2. `journal_protocol`: what a journal does. It is queue, lock, pace and report in one: a turn settles what became of
   rows, and takes as many new ones as the rates allow, in one transaction.
3. `pace_booking`: rates that all processes share, because their state is in the journal.
4. `sqlite_journal`: a journal in a file, for the processes of one machine. `postgres_journal`: one in a database, for
   any number of machines; `postgres_schema` has the turn, which is a function there. `procrastinate` keeps the
   processes running.
5. `planning`: builds and checks each row's message, and freezes it as JSON. `campaign_settings` composes a request from
   that; `row_callback` puts the row's name beside the user's callback data, and finds it in events.
6. `runner`: takes rows, sends them and settles what became of them, turn by turn. `send_outcome` says what an error
   means for a row, `stop_rules` and `sending_hours` when to stop and when to wait, `campaign_status` how far it is.
7. `campaigns`: the face, from `journal(…)` on.

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
    from connectly_api.campaigns.campaign_metrics import CampaignMetrics
    from connectly_api.campaigns.campaign_settings import CampaignPace
    from connectly_api.campaigns.campaign_status import CampaignStatus
    from connectly_api.campaigns.campaigns import Campaign, Campaigns, journal
    from connectly_api.campaigns.customer_rows import Rows, rows
    from connectly_api.campaigns.input_rows import EmptyCellError, InputRow, UnknownColumnError
    from connectly_api.campaigns.journal_protocol import Line, Reject
    from connectly_api.campaigns.planning import NothingToSendError, PlanResult
    from connectly_api.campaigns.row_states import RowState
    from connectly_api.campaigns.sending_hours import Hours
    from connectly_api.campaigns.stop_rules import StopRules

__all__ = [
    "Campaign",
    "CampaignError",
    "CampaignExistsError",
    "CampaignMetrics",
    "CampaignNotFoundError",
    "CampaignPace",
    "CampaignStatus",
    "Campaigns",
    "EmptyCellError",
    "Hours",
    "InputRow",
    "JournalError",
    "Line",
    "NothingToSendError",
    "PlanResult",
    "Reject",
    "RowState",
    "Rows",
    "StopRules",
    "UnknownColumnError",
    "journal",
    "rows",
]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "campaign_errors": ["CampaignError", "CampaignExistsError", "CampaignNotFoundError", "JournalError"],
        "campaign_metrics": ["CampaignMetrics"],
        "campaign_settings": ["CampaignPace"],
        "campaign_status": ["CampaignStatus"],
        "campaigns": ["Campaign", "Campaigns", "journal"],
        "customer_rows": ["Rows", "rows"],
        "input_rows": ["EmptyCellError", "InputRow", "UnknownColumnError"],
        "journal_protocol": ["Line", "Reject"],
        "planning": ["NothingToSendError", "PlanResult"],
        "row_states": ["RowState"],
        "sending_hours": ["Hours"],
        "stop_rules": ["StopRules"],
    },
)
