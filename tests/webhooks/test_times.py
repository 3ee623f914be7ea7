from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from .documented_bodies import load_body, read

NINE = datetime(2021, 12, 9, 20, 53, 26, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("1639083206", NINE),
        (1639083206, NINE),
        (1639083206.0, NINE),
        (1639083206.5, NINE + timedelta(milliseconds=500)),
        ("1639083206.5", NINE + timedelta(milliseconds=500)),
        ("1639083206000", NINE),
        (1639083206000, NINE),
        (1639083206123, NINE + timedelta(milliseconds=123)),
        ("00001639083206", NINE),
        (99_999_999_999, datetime(5138, 11, 16, 9, 46, 39, tzinfo=UTC)),
        (100_000_000_000, datetime(1973, 3, 3, 9, 46, 40, tzinfo=UTC)),
        ("1", datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)),
        ("2021-12-09T20:53:26Z", NINE),
        ("2021-12-09t20:53:26z", NINE),
        ("2021-12-09 20:53:26", NINE),
        ("2021-12-09T20:53:26", NINE),
        ("2021-12-09T22:53:26+02:00", NINE),
        ("2021-12-09T15:23:26-05:30", NINE),
        ("2021-12-09T20:53:26.5Z", NINE + timedelta(milliseconds=500)),
        ("2021-12-09T20:53:26.123456789Z", NINE + timedelta(microseconds=123456)),
        # Zero values, and what no event can mean.
        ("0", None),
        (0, None),
        (-1, None),
        ("-1639083206", None),
        ("0001-01-01T00:00:00Z", None),
        ("1970-01-01T00:00:00Z", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("9999-12-31T23:59:59-14:00", None),
        (10**14, None),
        (1e300, None),
        (10**300, None),
        ("9" * 19, None),
        ("9" * 5000, None),
        # Not times.
        (None, None),
        ("", None),
        (True, None),
        ("soon", None),
        ("١٦٣٩٠٨٣٢٠٦", None),
        ("1_639_083_206", None),
        (" 1639083206", None),
        ("2021-12-09", None),
        ("2021-13-09T20:53:26Z", None),
        ("2021-12-09T25:53:26Z", None),
        ("2021-12-09T20:53:60Z", None),
        ("2021-12-09T20:5326:Z", None),
        ("2021-12-09T20:53:26+25:00", None),
        ([1639083206], None),
        ({"seconds": 1639083206}, None),
    ],
    ids=lambda case: repr(case)[:40],
)
def test_a_time_is_read_or_none(written: object, expected: datetime | None) -> None:
    time = read(load_body("text", timestamp=written)).timestamp
    assert time == expected
    assert time is None or time.tzinfo is UTC


@given(st.datetimes(datetime(1970, 1, 2), datetime(5000, 1, 1)), st.integers(-14 * 60, 14 * 60))  # noqa: DTZ001 (naive, given a zone below)
def test_every_rfc_3339_time_is_read_exactly(naive: datetime, minutes: int) -> None:
    moment = naive.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    assert read(load_body("text", timestamp=moment.isoformat(timespec="microseconds"))).timestamp == moment


@given(st.integers(1, 99_999_999_999))
def test_every_second_is_read_exactly_as_number_and_as_text(seconds: int) -> None:
    expected = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    for written in (seconds, str(seconds)):
        assert read(load_body("text", timestamp=written)).timestamp == expected
