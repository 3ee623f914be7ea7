"""The hours in which a campaign may send, in one time zone. Pure."""

from __future__ import annotations

import re
from datetime import datetime
from itertools import chain
from typing import Final
from zoneinfo import ZoneInfo

import attrs

from connectly_api.errors import InvalidInputError
from connectly_api.tracebacks import cut_init_traceback

_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MINUTE: Final = 60
_LONGEST: Final = 15 * 24 * 60
"""Minutes: if a change of the clocks skips the only opening of a week, the next week has one."""


def _check_time(field: str, value: object) -> None:
    if not isinstance(value, str) or not re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", value):
        raise InvalidInputError(f"{field}: must be a time from 00:00 to 23:59, such as '09:00'", field=field)


def _load_zone(name: object) -> ZoneInfo:
    try:
        return ZoneInfo(str(name))
    except (ValueError, OSError, LookupError):
        raise InvalidInputError(
            "zone: must be a name in this machine's time zone database, such as 'Europe/Berlin'", field="zone"
        ) from None


def _parse_days(text: object) -> frozenset[int]:
    found: set[int] = set()
    for part in text.split(",") if isinstance(text, str) else [""]:
        first, _, last = part.strip().partition("-")
        if first not in _DAYS or (last or first) not in _DAYS:
            raise InvalidInputError("days: must be days such as 'mon-fri' or 'mon,wed,sat'", field="days")
        start = _DAYS.index(first)
        length = (_DAYS.index(last or first) - start) % 7
        found.update((start + step) % 7 for step in range(length + 1))
    return frozenset(found)


@cut_init_traceback
@attrs.frozen
class Hours:
    """When a campaign may send, by the clock of one time zone.

    Attributes:
        start: The first minute, such as `09:00`.
        end: The minute after the last. If it is before `start`, the hours cross midnight, and belong to the day on
            which they begin.
        zone: A name such as `Europe/Berlin`.
        days: Such as `mon-fri` or `mon,wed,sat`.
    """

    start: str
    end: str
    zone: str
    days: str = "mon-sun"

    def __attrs_post_init__(self) -> None:
        """Check the values.

        Raises:
            InvalidInputError: One is invalid.
        """
        _check_time("start", self.start)
        _check_time("end", self.end)
        if self.start == self.end:
            raise InvalidInputError("end: must differ from start; to send at any time, give no hours", field="end")
        _load_zone(self.zone)
        _parse_days(self.days)

    def find_opening(self, at: float) -> float:
        """Return the first moment from `at` on that is within the hours, in Unix seconds.

        The minutes are tried one by one, as a change of the clocks may skip an opening, or repeat it.
        """
        zone, days = _load_zone(self.zone), _parse_days(self.days)
        first = int(at // _MINUTE) + 1
        moments = chain([at], range(first * _MINUTE, (first + _LONGEST) * _MINUTE, _MINUTE))
        return next(moment for moment in moments if self._is_open(datetime.fromtimestamp(moment, zone), days))

    def describe(self, moment: float) -> str:
        """Return a moment, in Unix seconds, by the clock of the zone."""
        return f"{datetime.fromtimestamp(moment, _load_zone(self.zone)):%Y-%m-%d %H:%M} {self.zone}"

    def _is_open(self, local: datetime, days: frozenset[int]) -> bool:
        now, day = local.strftime("%H:%M"), local.weekday()
        if self.start < self.end:
            return self.start <= now < self.end and day in days
        return (now >= self.start and day in days) or (now < self.end and (day - 1) % 7 in days)
