"""When a campaign stops because too much of it fails. Pure.

Rows that the service accepted, refused, or whose outcome is unknown count; rows that are pending again (a 429, or a
request that never left) do not: nobody has missed a message, and the runner slows down for them.
"""

from __future__ import annotations

from collections import deque
from typing import Any, Final

import attrs

from connectly_api.errors import InvalidInputError
from connectly_api.number_checks import is_number, validate_count
from connectly_api.tracebacks import cut_init_traceback

_LAST: Final = 200
"""Rows, or delivery statuses, of which a share is taken."""

_validate_count: Any = attrs.validators.optional(validate_count)


def _validate_share(_rules: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if value is not None and (not is_number(value, 0, 1) or value == 0):
        raise InvalidInputError(f"{attribute.name}: must be a number above 0, at most 1, or None", field=attribute.name)


@cut_init_traceback
@attrs.frozen
class StopRules:
    """When to stop a campaign; None turns a rule off. Each process that runs the campaign counts for itself.

    Attributes:
        in_a_row: Stop after so many rows in a row that were not accepted.
        share: Stop if more than this share of the last 200 rows was not accepted.
        failed_share: Stop if more than this share of 200 messages with a delivery status has failed.
    """

    in_a_row: int | None = attrs.field(default=20, validator=_validate_count)
    share: float | None = attrs.field(default=0.1, validator=_validate_share)
    failed_share: float | None = attrs.field(default=0.1, validator=_validate_share)


class StopWatch:
    """The rules, and what they have seen."""

    def __init__(self, rules: StopRules) -> None:
        self._rules = rules
        self._in_a_row = 0
        self._last: deque[bool] = deque(maxlen=_LAST)
        self._reported: tuple[int, int] | None = None

    def count_row(self, *, is_accepted: bool) -> str | None:
        """Count a row that is not pending again; return why the campaign should stop, or None."""
        rules = self._rules
        self._in_a_row = 0 if is_accepted else self._in_a_row + 1
        self._last.append(not is_accepted)
        if is_accepted:
            return None
        if rules.in_a_row is not None and self._in_a_row >= rules.in_a_row:
            return f"{self._in_a_row} rows in a row were not accepted"
        bad = sum(self._last)
        if rules.share is not None and bad > rules.share * _LAST:
            return f"{bad} of the last {len(self._last)} rows were not accepted"
        return None

    def compare_statuses(self, reported: int, failed: int) -> str | None:
        """Compare the numbers of messages with a status, and of those that failed, with those 200 statuses ago."""
        before = self._reported = self._reported or (reported, failed)
        new, bad = reported - before[0], failed - before[1]
        if new < _LAST:
            return None
        self._reported = (reported, failed)
        if self._rules.failed_share is not None and bad > self._rules.failed_share * new:
            return f"{bad} of the last {new} messages with a delivery status have failed"
        return None
