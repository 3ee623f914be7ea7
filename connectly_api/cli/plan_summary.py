"""What `connectly campaign plan` prints: counts, rejects by reason, a sample, and how long the campaign takes. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import attrs

if TYPE_CHECKING:
    from connectly_api.campaigns import Campaign, CampaignPace, PlanResult

_SHOWN_LINES: Final = 3
