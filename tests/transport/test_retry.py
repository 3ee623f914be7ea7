"""When to try again and how long to pause: every method and outcome, and every form of Retry-After."""

from __future__ import annotations

import errno
import math
import ssl
import time
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime, formatdate
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from connectly_api.errors import InvalidInputError
from connectly_api.transport.protocol import Response
from connectly_api.transport.retry import Failure, Retry, compute_pause, is_repeatable, is_transient, parse_retry_after

NOW = 1_445_412_480.0
DAY = 86_400.0

READS = ["GET", "HEAD"]
CHANGES = ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "get", ""]
NEVER_LEFT = Failure(OSError("refused"), may_have_left=False)
MAY_HAVE_LEFT = Failure(OSError("reset"), may_have_left=True)
LATE = Failure(TimeoutError("late"), may_have_left=True)
HOPELESS = Failure(TypeError("a bug"), may_have_left=False, is_transient=False)
TOO_LATE_TO_LEAVE = Failure(TimeoutError("late"), may_have_left=False)

# Outcome, whether a read may be repeated after it, whether a change may.
OUTCOMES: list[tuple[Response | Failure, bool, bool]] = [
    (NEVER_LEFT, True, True),
    (TOO_LATE_TO_LEAVE, True, True),
    (HOPELESS, False, False),
    (MAY_HAVE_LEFT, True, False),
    (LATE, True, False),
    (Response(429), True, True),
    (Response(429, complete=False), True, True),
    (Response(408), True, False),
    *((Response(status), True, False) for status in (500, 501, 502, 503, 504, 520, 599, 999)),
    *((Response(status), False, False) for status in (100, 199, 200, 201, 204, 301, 302, 307)),
    *((Response(status), False, False) for status in (400, 401, 403, 404, 405, 409, 410, 413, 422, 425, 428, 430, 499)),
    *((Response(status, complete=False), True, False) for status in (200, 204, 404, 500)),
]


@pytest.mark.parametrize(("outcome", "reads", "changes"), OUTCOMES, ids=str)
def test_a_request_is_repeated_only_where_nothing_can_happen_twice(
    outcome: Response | Failure, reads: bool, changes: bool
) -> None:
    assert {is_repeatable(method, outcome) for method in READS} == {reads}
    assert {is_repeatable(method, outcome) for method in CHANGES} == {changes}


def because_of(error: Exception, cause: BaseException) -> Exception:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "passing"),
    [
        (OSError("no route"), True),
        (ConnectionRefusedError(), True),
        (TimeoutError(), True),
        (ssl.SSLEOFError(), True),
        (because_of(OSError("broke"), ssl.SSLZeroReturnError()), True),
        (ssl.SSLCertVerificationError(), False),
        (ssl.SSLError("wrong version number"), False),
        (because_of(OSError("all failed"), ssl.SSLCertVerificationError()), False),
        (TypeError("a bug"), False),
        (ImportError("socksio"), False),
        (RuntimeError(), False),
        (FileNotFoundError("authority.pem"), False),
        (PermissionError(), False),
        (NotADirectoryError(), False),
        (OSError(errno.EMFILE, "no descriptors"), True),
        (OSError(errno.ENOENT, "authority.pem"), False),
        (ExceptionGroup("both families", [OSError(), ssl.SSLCertVerificationError()]), False),
        (because_of(OSError("all failed"), ExceptionGroup("both", [OSError(), ConnectionRefusedError()])), True),
    ],
    ids=repr,
)
def test_the_network_may_fare_better_later_and_a_bug_or_a_certificate_may_not(error: Exception, passing: bool) -> None:
    assert is_transient(error) is passing


def test_exceptions_that_led_to_each_other_are_judged_once() -> None:
    error = ConnectionRefusedError()
    error.__context__ = because_of(OSError("all failed"), error)
    assert is_transient(error)


@given(st.integers())
def test_a_change_is_repeated_after_no_answer_but_429(status: int) -> None:
    assert is_repeatable("POST", Response(status)) is (status == 429)


SECONDS = st.floats(0, 1e6)


@given(
    st.builds(Retry, attempts=st.integers(1, 100), base=SECONDS, cap=SECONDS, longest_retry_after=SECONDS),
    st.integers(1, 10_000),
    st.floats(allow_nan=False),
    st.none() | SECONDS,
    st.floats(0, 1, exclude_max=True),
)
def test_a_pause_keeps_its_bounds(
    retry: Retry, attempt: int, remaining: float, asked: float | None, chance: float
) -> None:
    pause = compute_pause(retry, attempt, remaining=remaining, asked=asked, chance=chance)

    if pause is None:
        return
    least = asked or 0.0
    assert attempt < retry.attempts
    assert least <= retry.longest_retry_after or asked is None
    assert pause < remaining
    assert least <= pause <= least + min(retry.cap, retry.base * 2.0 ** min(attempt - 1, 64))


@given(st.integers(1, 1000), st.none() | st.floats(0, 20), st.floats(0, 1, exclude_max=True))
def test_there_is_a_pause_while_tries_and_time_are_left(attempt: int, asked: float | None, chance: float) -> None:
    retry = Retry(attempts=attempt + 1)

    assert compute_pause(retry, attempt, remaining=math.inf, asked=asked, chance=chance) is not None


@pytest.mark.parametrize(
    ("attempt", "chance", "pause"),
    [(1, 0.0, 0.0), (1, 0.5, 0.25), (2, 0.5, 0.5), (3, 0.5, 1.0), (5, 0.5, 4.0), (6, 0.5, 4.0), (2000, 0.5, 4.0)],
)
def test_the_pause_doubles_up_to_its_cap(attempt: int, chance: float, pause: float) -> None:
    retry = Retry(attempts=5000, base=0.5, cap=8.0)

    assert compute_pause(retry, attempt, remaining=100.0, asked=None, chance=chance) == pause


@pytest.mark.parametrize(("attempt", "goes_on"), [(1, True), (2, True), (3, False), (4, False)])
def test_tries_are_counted(attempt: int, goes_on: bool) -> None:
    pause = compute_pause(Retry(attempts=3), attempt, remaining=100.0, asked=None, chance=0.5)

    assert (pause is not None) is goes_on


def test_one_try_never_repeats() -> None:
    assert compute_pause(Retry(attempts=1), 1, remaining=math.inf, asked=0.0, chance=0.0) is None


@pytest.mark.parametrize(("asked", "pause"), [(0.0, 0.25), (1.5, 1.75), (20.0, 20.25), (20.001, None), (DAY, None)])
def test_the_time_that_is_asked_for_is_added_or_too_long(asked: float, pause: float | None) -> None:
    assert compute_pause(Retry(), 1, remaining=100.0, asked=asked, chance=0.5) == pause


@pytest.mark.parametrize(
    ("remaining", "pause"), [(0.26, 0.25), (0.25, None), (0.0, None), (-1.0, None), (math.inf, 0.25)]
)
def test_a_pause_that_would_outlast_the_call_is_not_begun(remaining: float, pause: float | None) -> None:
    assert compute_pause(Retry(), 1, remaining=remaining, asked=None, chance=0.5) == pause


def test_the_largest_numbers_overflow_nothing() -> None:
    largest = Retry(attempts=10**9, base=1.7e308, cap=1.7e308, longest_retry_after=10**308)

    assert compute_pause(largest, 10**8, remaining=math.inf, asked=DAY, chance=0.999) is not None


@pytest.mark.parametrize("value", [0, -1, True, False, 1.0, 2.5, math.inf, "3", None])
def test_attempts_are_a_whole_number_of_at_least_one(value: Any) -> None:
    with pytest.raises(InvalidInputError, match=r"^attempts: ") as caught:
        Retry(attempts=value)

    assert caught.value.field == "attempts"


@pytest.mark.parametrize(
    "value", [-0.001, -1, math.nan, math.inf, -math.inf, True, "1", None, 10**400], ids=lambda value: str(value)[:9]
)
@pytest.mark.parametrize("name", ["base", "cap", "longest_retry_after"])
def test_pauses_are_finite_numbers_of_seconds(name: str, value: Any) -> None:
    arguments = {name: value}

    with pytest.raises(InvalidInputError, match=f"^{name}: ") as caught:
        Retry(**arguments)

    assert caught.value.field == name


@pytest.mark.parametrize("value", [0, 0.0, 1, 0.25, 1e308])
def test_a_pause_may_be_nothing_or_anything_finite(value: float) -> None:
    retry = Retry(base=value, cap=value, longest_retry_after=value)

    assert (retry.base, retry.cap, retry.longest_retry_after) == (value, value, value)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0.0),
        ("3", 3.0),
        (" 120 ", 120.0),
        ("007", 7.0),
        ("1.5", 1.5),
        ("0.0", 0.0),
        ("86400", DAY),
        ("86401", DAY),
        ("9" * 400, DAY),
        ("9" * 5000 + ".5", DAY),
    ],
    ids=lambda value: str(value)[:12],
)
def test_seconds_are_read_and_capped_at_a_day(value: str, seconds: float) -> None:
    assert parse_retry_after(value, NOW) == seconds


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("Wed, 21 Oct 2015 07:28:10 GMT", 10.0),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
        ("Wed, 21 Oct 2015 07:27:59 GMT", 0.0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
        ("Wed, 21 Oct 2015 09:28:10 +0200", 10.0),
        ("Thu, 22 Oct 2015 07:28:00 GMT", DAY),
        ("Thu, 22 Oct 2015 07:28:01 GMT", DAY),
        ("Fri, 31 Dec 9999 23:59:59 GMT", DAY),
        ("Wednesday, 21-Oct-15 07:28:10 GMT", 10.0),
        ("Wed Oct 21 07:28:10 2015", 10.0),
        ("Wed, 21 Oct 2015 07:28:10 -0000", 10.0),
        ("  Wed, 21 Oct 2015 07:28:10 GMT ", 10.0),
    ],
)
@pytest.mark.parametrize("zone", ["UTC", "Asia/Kolkata", "America/New_York"])
def test_a_date_is_read_against_the_clock_wherever_this_machine_stands(
    monkeypatch: pytest.MonkeyPatch, value: str, seconds: float, zone: str
) -> None:
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        assert parse_retry_after(value, NOW) == seconds
    finally:
        monkeypatch.delenv("TZ")
        time.tzset()


@given(st.integers(-(10**6), 10**6), st.integers(-12, 14))
def test_a_date_says_how_far_away_it_is(distance: int, hours: int) -> None:
    moment = datetime.fromtimestamp(NOW + distance, UTC).astimezone(timezone(timedelta(hours=hours)))

    expected = min(max(distance, 0), DAY)

    assert parse_retry_after(format_datetime(moment), NOW) == expected
    assert parse_retry_after(formatdate(NOW + distance, usegmt=True), NOW) == expected


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        " ",
        "soon",
        "-1",
        "-0",
        "+3",
        "1e3",
        "1.",
        ".5",
        "1,5",
        "1 2",
        "0x10",
        "3s",
        "3;x",
        "nan",
        "inf",
        "Infinity",
        "\u0663",
        "\u00b2",
        "\uff13",
        "3\n4",
        "null",
        "12:00",
        "Wed, 21 Oct",
        "Wed, 32 Oct 2015 07:28:00 GMT",
        "Wed, 21 Oct 2015 27:28:00 GMT",
        "Wed, 21 Oct 99999999999999999999 07:28:00 GMT",
        "Wed, 21 Oct 2015 07:28:00 +99999999",
        "\ud800",
    ],
    ids=ascii,
)
def test_anything_else_says_nothing(value: str | None) -> None:
    assert parse_retry_after(value, NOW) is None


@given(st.text() | st.from_regex(r"\w{3}, \d+ \w{3} \d+ \d+:\d+:\d+ [+-]?\w+"), st.floats(0, 1e11))
@example("Mon, 01 Jan 0001 00:00:00 +2359", 0.0)
@example("Fri, 31 Dec 9999 23:59:59 -2359", 0.0)
def test_no_text_makes_it_fail(value: str, now: float) -> None:
    seconds = parse_retry_after(value, now)

    assert seconds is None or 0.0 <= seconds <= DAY
