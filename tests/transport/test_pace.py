"""The arithmetic of keeping a pace, on a clock of our own."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectly_api import InvalidInputError, Pace, Rate
from connectly_api.transport.protocol import RateKeys, WireRequest
from connectly_api.transport.rates import Bucket, read_rate_keys
from tests.thoroughness import up_to


def departures(bucket: Bucket, count: int, now: float = 0.0) -> list[float]:
    """Let messages through as soon as may be, and return when each went."""
    gone: list[float] = []
    for _ in range(count):
        now += bucket.seconds_until_free(now)
        bucket.take(now)
        gone.append(now)
    return gone


def most_within(gone: list[float], seconds: float) -> int:
    return max(sum(start <= moment < start + seconds for moment in gone) for start in gone)


def test_a_burst_goes_at_once_and_the_rest_evenly() -> None:
    assert departures(Bucket(Rate(2.0, 3)), 6) == pytest.approx([0, 0, 0, 0.5, 1.0, 1.5])


def test_a_quiet_time_brings_the_burst_back_and_no_more() -> None:
    bucket = Bucket(Rate(1.0, 2))
    departures(bucket, 5)
    assert departures(bucket, 3, now=1000.0) == pytest.approx([1000, 1000, 1001])


def test_the_documented_pace_never_exceeds_the_documented_limits() -> None:
    pace = Pace()
    assert pace.endpoint is not None
    assert most_within(departures(Bucket(pace.endpoint), 700), 1.0) <= 200
    assert pace.number is not None
    assert most_within(departures(Bucket(pace.number), 300), 1.0) <= 80
    assert pace.customer is not None
    assert departures(Bucket(pace.customer), 47)[-3:] == pytest.approx([0, 6, 12])


@up_to(200)
@given(
    rate=st.floats(0.01, 1e4),
    burst=st.integers(1, 50),
    pauses=st.lists(st.floats(0, 10, allow_nan=False), max_size=60),
)
def test_however_they_come_no_window_holds_more_than_its_share(rate: float, burst: int, pauses: list[float]) -> None:
    bucket, now = Bucket(Rate(rate, burst)), 0.0
    gone: list[float] = []
    for pause in pauses:
        now += pause
        now += bucket.seconds_until_free(now)
        bucket.take(now)
        gone.append(now)
    for start in gone:
        for end in (moment for moment in gone if moment >= start):
            held = sum(start <= moment <= end for moment in gone)
            assert held <= burst + (end - start) * rate + 1e-3


def test_a_refusal_halves_the_rate_and_it_grows_back() -> None:
    bucket = Bucket(Rate(10.0, 1))
    bucket.slow_down(0.0, None)
    first, second = departures(bucket, 2)
    assert second - first == pytest.approx(0.2, rel=0.05)
    late = departures(bucket, 2, now=60.0)
    assert late[1] - late[0] == pytest.approx(0.1)


def test_refusals_again_and_again_leave_a_rate_all_the_same() -> None:
    bucket = Bucket(Rate(32.0, 1))
    for _ in range(100):
        bucket.slow_down(0.0, None)
    assert bucket.seconds_until_free(0.0) == pytest.approx(1.0)


@pytest.mark.parametrize("burst", [1, 5])
def test_a_time_that_the_service_names_is_kept(burst: int) -> None:
    bucket = Bucket(Rate(10.0, burst))
    bucket.slow_down(100.0, 7.0)
    assert bucket.seconds_until_free(100.0) == pytest.approx(7.0)


def test_what_is_rested_can_be_forgotten() -> None:
    bucket = Bucket(Rate(1.0, 5))
    assert bucket.is_rested(0.0)
    bucket.take(0.0)
    assert not bucket.is_rested(0.5)
    assert bucket.is_rested(1.0)
    bucket.slow_down(2.0, None)
    assert not bucket.is_rested(10.0)
    assert bucket.is_rested(60.0)


@pytest.mark.parametrize("per_second", [0, -1, math.nan, math.inf, True, "1", None])
def test_a_rate_that_is_none_is_refused(per_second: object) -> None:
    with pytest.raises(InvalidInputError, match="per_second"):
        Rate(per_second)  # type: ignore[arg-type]


@pytest.mark.parametrize("count", [0, -1, 1.5, True, "1"])
def test_a_count_that_is_none_is_refused(count: object) -> None:
    with pytest.raises(InvalidInputError, match="burst"):
        Rate(1.0, count)  # type: ignore[arg-type]
    with pytest.raises(InvalidInputError, match="max_in_flight"):
        Pace(max_in_flight=count)  # type: ignore[arg-type]


SESSION, TEMPLATE = "send_message", "send_whatsapp_templated_message"


@pytest.mark.parametrize(
    ("operation", "body", "expected"),
    [
        (SESSION, {"recipient": {"id": "+1"}, "sender": {"id": "+2"}}, RateKeys(SESSION, "+2", "+1")),
        (SESSION, {"recipient": {"userId": "US.1"}}, RateKeys(SESSION, "", "US.1")),
        (SESSION, {"recipient": {"id": "+1", "userId": "US.1"}}, RateKeys(SESSION, "", "+1")),
        (TEMPLATE, {"number": "+1", "sender": "+2"}, RateKeys(TEMPLATE, "+2", "+1")),
        (TEMPLATE, {"number": "bsuid:US.1"}, RateKeys(TEMPLATE, "", "US.1")),
        (SESSION, {"recipient": None}, RateKeys(SESSION)),
        (SESSION, ["odd"], RateKeys(SESSION)),
        (SESSION, None, RateKeys(None)),
        ("create_webhook", {}, RateKeys(None)),
        ("", {}, RateKeys(None)),
    ],
)
def test_what_is_counted_is_read_from_the_request(operation: str, body: object, expected: RateKeys) -> None:
    content = None if body is None else json.dumps(body).encode()
    traffic = read_rate_keys(WireRequest("POST", "https://api.example", (), content, operation=operation))
    assert traffic == expected
    assert "+1" not in repr(traffic)
