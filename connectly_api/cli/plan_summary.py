"""What `connectly campaign plan` prints: counts, rejects by reason, a sample request, and how long sending takes."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import attrs

from connectly_api.campaigns.planning import name_reason

if TYPE_CHECKING:
    from connectly_api.campaigns import CampaignPace, CampaignStatus, PlanResult, Reject

_SHOWN: Final = 3
_HIDDEN: Final = ("number", "sender")
"""The names of a request's phone numbers."""


Lines = dict[str, list[int]]
"""The first lines that were rejected for each reason."""


def add_line(lines: Lines, reject: Reject) -> None:
    """Add a rejected line, if it is one of the first for its reason."""
    found = lines.setdefault(name_reason(reject), [])
    if len(found) < _SHOWN:
        found.append(reject.line)


def format_reasons(reasons: Mapping[str, int], lines: Lines) -> Iterator[str]:
    """Yield a line for each reason, with the number of rows and the first lines."""
    for reason, count in reasons.items():
        found = lines.get(reason, ())
        shown = ", ".join(map(str, found))
        place = f" (line{'s' * (len(found) > 1)} {shown}{', …' * (count > len(found))})" if shown else ""
        yield f"  {count:,} × {reason}{place}"


@attrs.frozen
class PlanSummary:
    """A plan, for people and programs.

    Attributes:
        plan: What was planned.
        lines: The first lines that were rejected for each reason.
        pace: The campaign's, unless it was planned before.
        deadline: Likewise.
        is_masked: Whether to hide most of the sample's phone numbers.
        status: The campaign's.
        empty: How many lines of the source were empty.
    """

    plan: PlanResult
    lines: Lines
    pace: CampaignPace
    deadline: timedelta
    is_masked: bool
    status: CampaignStatus
    empty: int

    def format_lines(self, name: str) -> Iterator[str]:
        """Yield lines for people."""
        plan = self.plan
        if plan.is_resumed:
            yield f"{name}: planned before, nothing is changed: {str(self.status).removeprefix(f'{name}: ')}"
        else:
            empty = f", {self.empty:,} empty" if self.empty else ""
            yield f"{name}: {plan.rows:,} row{'s' * (plan.rows > 1)} to send, {plan.rejected:,} rejected{empty}"
        yield from format_reasons(plan.reasons, self.lines)
        yield f"sample: {json.dumps(json.loads(self._mask_sample()), ensure_ascii=False)}"
        if self.seconds is not None:
            duration = timedelta(seconds=self.seconds)
            late = "; the deadline comes first, so not all will be sent" if duration > self.deadline else ""
            yield f"takes at least {duration}{late}"

    def to_json(self) -> dict[str, Any]:
        """Return the plan as JSON."""
        plan = self.plan
        return {
            "rows": plan.rows,
            "rejected": plan.rejected,
            "reasons": [
                {"reason": reason, "rows": count, "lines": self.lines[reason]} for reason, count in plan.reasons.items()
            ],
            "isResumed": plan.is_resumed,
            "digest": plan.digest,
            "sample": json.loads(self._mask_sample()),
            "seconds": self.seconds,
        }

    @property
    def seconds(self) -> int | None:
        """How long sending takes at least; None if the campaign was planned before, perhaps at another pace."""
        if self.plan.is_resumed:
            return None
        rates = [rate.per_second for rate in (self.pace.endpoint, self.pace.number) if rate is not None]
        return math.ceil(self.plan.rows / min(rates))

    def _mask_sample(self) -> str:
        text = str(self.plan.sample)
        values: Mapping[str, Any] = json.loads(text)
        for number in (str(values[name]) for name in _HIDDEN if self.is_masked and name in values):
            start = 2 if number.startswith("+") else len("bsuid:US.")
            masked = f"{number[:start]}…{number[-2:]}"
            text = text.replace(number, masked).replace(number.removeprefix("+"), masked)
        return text
