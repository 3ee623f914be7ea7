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
    from connectly_api.campaigns import CampaignPace, PlanResult, Reject

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
        shown = ", ".join(map(str, lines.get(reason, ())))
        place = f" (line{'s' if count > 1 else ''} {shown}{', …' if count > _SHOWN else ''})" if shown else ""
        yield f"  {count:,} × {reason}{place}"


@attrs.frozen
class PlanSummary:
    """A plan, for people and programs.

    Attributes:
        plan: What was planned.
        lines: The first lines that were rejected for each reason.
        pace: The campaign's.
        is_masked: Whether to hide most of the sample's phone numbers.
    """

    plan: PlanResult
    lines: Lines
    pace: CampaignPace
    is_masked: bool

    def format_lines(self, name: str) -> Iterator[str]:
        """Yield lines for people."""
        plan = self.plan
        before = ", planned before" if plan.is_resumed else ""
        yield f"{name}: {plan.rows:,} rows to send, {plan.rejected:,} rejected{before}"
        yield from format_reasons(plan.reasons, self.lines)
        yield f"sample: {json.dumps(json.loads(self._mask_sample()), ensure_ascii=False)}"
        yield f"takes at least {timedelta(seconds=self._find_seconds())}"

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
            "seconds": self._find_seconds(),
        }

    def _find_seconds(self) -> int:
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
