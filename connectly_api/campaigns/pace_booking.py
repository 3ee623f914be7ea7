"""Books messages against a rate whose state is kept elsewhere, such as in a journal. Pure.

The arithmetic is `transport.rates.Bucket`'s; this adds a clock that many share and that may be set back: time that is
further ahead than any booking can reach is cut off.
"""

from __future__ import annotations

from typing import NamedTuple

from connectly_api.transport.rates import LONGEST_PAUSE, Bucket, Rate


class PaceState(NamedTuple):
    """What is kept of a rate: three numbers; see `Bucket`."""

    even: float = 0.0
    factor: float = 1.0
    slowed_at: float = 0.0


class Booking(NamedTuple):
    """What was booked: the state to keep, how many messages may be sent now, and the wait for more, in seconds."""

    state: PaceState
    granted: int
    wait: float


def book(state: PaceState, rate: Rate, now: float, want: int) -> Booking:
    """Book as many messages as may be sent now, at most `want`.

    If that are fewer, the wait lasts until half of the burst is free again, if so many are still wanted: a caller with
    many messages comes less often, and loses nothing of the rate as long as it comes before the other half is free.
    """
    bucket = _to_bucket(state, rate, now)
    granted = 0
    while granted < want and not bucket.seconds_until_free(now):
        bucket.take(now)
        granted += 1
    more = min(want - granted, (rate.burst + 1) // 2)
    wait = bucket.seconds_until_free(now) + (more - 1) * bucket.interval(now) if more else 0.0
    return Booking(_to_state(bucket), granted, wait)


def slow_down(state: PaceState, rate: Rate, now: float, seconds: float | None) -> PaceState:
    """Halve the rate after a 429, and block it for some seconds; it recovers within half a minute."""
    bucket = _to_bucket(state, rate, now)
    bucket.slow_down(now, seconds)
    return _to_state(bucket)


def _to_bucket(state: PaceState, rate: Rate, now: float) -> Bucket:
    slowed_at = min(state.slowed_at, now)
    longest = rate.burst / (rate.per_second * state.factor)
    return Bucket(rate, min(state.even, max(now, slowed_at + LONGEST_PAUSE) + longest), state.factor, slowed_at)


def _to_state(bucket: Bucket) -> PaceState:
    return PaceState(bucket.even, bucket.factor, bucket.slowed_at)
