"""When a campaign may send, on days when the clocks change, too."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectly_api import InvalidInputError
from connectly_api.campaigns.sending_hours import Hours

BERLIN = "Europe/Berlin"


def moment(text: str, zone: str = BERLIN, *, fold: int = 0) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).timestamp()


@pytest.mark.parametrize(
    ("hours", "now", "opening"),
    [
        (Hours("09:00", "20:00", BERLIN), "2026-03-10T09:00", "2026-03-10T09:00"),
        (Hours("09:00", "20:00", BERLIN), "2026-03-10T19:59:59", "2026-03-10T19:59:59"),
        (Hours("09:00", "20:00", BERLIN), "2026-03-10T20:00", "2026-03-11T09:00"),
        (Hours("09:00", "20:00", BERLIN), "2026-03-10T08:59:30", "2026-03-10T09:00"),
        (Hours("09:00", "20:00", BERLIN, "mon-fri"), "2026-03-13T21:00", "2026-03-16T09:00"),
        (Hours("09:00", "20:00", BERLIN, "sat-mon, wed"), "2026-03-10T10:00", "2026-03-11T09:00"),
        # They cross midnight, and belong to the day on which they begin.
        (Hours("22:00", "02:00", BERLIN, "fri"), "2026-03-14T01:59", "2026-03-14T01:59"),
        (Hours("22:00", "02:00", BERLIN, "fri"), "2026-03-14T02:00", "2026-03-20T22:00"),
        (Hours("22:00", "02:00", BERLIN, "fri"), "2026-03-13T01:00", "2026-03-13T22:00"),
        # On March 29 the clocks skip from 02:00 to 03:00: hours of which only the end is left begin there.
        (Hours("02:30", "04:00", BERLIN), "2026-03-29T01:00", "2026-03-29T03:00"),
        (Hours("02:00", "03:00", BERLIN, "sun"), "2026-03-29T01:00", "2026-04-05T02:00"),
        (Hours("09:00", "20:00", BERLIN), "2026-03-28T21:00", "2026-03-29T09:00"),
    ],
)
def test_the_next_opening(hours: Hours, now: str, opening: str) -> None:
    assert hours.find_opening(moment(now)) == moment(opening)


def test_hours_that_the_clocks_repeat_are_open_twice() -> None:
    hours = Hours("02:00", "02:30", BERLIN)
    assert hours.find_opening(moment("2026-10-25T02:30")) == moment("2026-10-25T02:00", fold=1)


@given(
    st.datetimes(datetime(2025, 1, 1), datetime(2027, 12, 31)),  # noqa: DTZ001 (in UTC)
    st.sampled_from(["00:00", "02:15", "09:00", "23:30"]),
    st.sampled_from(["00:01", "02:45", "18:00", "23:59"]),
    st.sampled_from(["mon-sun", "sat,sun", "tue"]),
    st.sampled_from([BERLIN, "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"]),
)
def test_the_opening_is_open_and_nothing_before_it_is(
    now: datetime, start: str, end: str, days: str, zone: str
) -> None:
    hours, at = Hours(start, end, zone, days), now.replace(tzinfo=ZoneInfo("UTC")).timestamp()
    opening = hours.find_opening(at)
    assert opening >= at
    assert hours.find_opening(opening) == opening
    between = at + (opening - at) / 2
    assert between in {at, opening} or hours.find_opening(between) == opening
    assert datetime.fromtimestamp(opening, ZoneInfo(zone)) - now.replace(tzinfo=ZoneInfo("UTC")) < timedelta(days=8)


def test_a_moment_is_described_by_the_zones_clock() -> None:
    assert Hours("09:00", "20:00", "Asia/Tokyo").describe(0) == "1970-01-01 09:00 Asia/Tokyo"


@pytest.mark.parametrize(
    ("values", "field"),
    [
        (("9:00", "20:00", BERLIN), "start"),
        (("09:00", "24:00", BERLIN), "end"),
        (("09:00", 20, BERLIN), "end"),
        (("09:00", "09:00", BERLIN), "end"),
        (("09:00", "20:00", "Europe/Atlantis"), "zone"),
        (("09:00", "20:00", "../zone"), "zone"),
        (("09:00", "20:00", None), "zone"),
        (("09:00", "20:00", BERLIN, "mon-xyz"), "days"),
        (("09:00", "20:00", BERLIN, ""), "days"),
        (("09:00", "20:00", BERLIN, 5), "days"),
    ],
)
def test_hours_that_cannot_be_read_are_refused(values: tuple[object, ...], field: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        Hours(*values)  # type: ignore[arg-type]
    assert caught.value.field == field
