"""Booking against a rate that many share, on a clock that may be set back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectly_api.campaigns.pace_booking import PaceState, book, slow_down
from connectly_api.transport.rates import LONGEST_PAUSE, Rate

NOW = 1_200_000.0
RATES = st.builds(Rate, st.sampled_from([1.0, 70.0, 180.0]), st.integers(1, 8))


def test_a_rested_rate_grants_its_burst_and_then_one_after_the_other() -> None:
    state, granted, wait = book(PaceState(), Rate(10.0, 3), NOW, 64)
    assert granted == 3
    assert wait == pytest.approx(0.2)
    # Half of the burst, rounded up.
    state, granted, wait = book(state, Rate(10.0, 3), NOW + 0.2, 64)
    assert granted == 2
    assert wait == pytest.approx(0.2)


@pytest.mark.parametrize(("want", "wait"), [(2, 0.0), (3, 0.0), (4, 0.1), (5, 0.2), (6, 0.2), (64, 0.2)])
def test_the_wait_is_as_long_as_what_is_still_wanted_takes_but_half_the_burst_at_most(want: int, wait: float) -> None:
    assert book(PaceState(), Rate(10.0, 3), NOW, want).wait == pytest.approx(wait)


def test_nothing_is_booked_if_nothing_is_wanted() -> None:
    assert book(PaceState(), Rate(10.0, 3), NOW, 0) == (PaceState(), 0, 0.0)


def test_a_429_halves_the_rate_and_blocks_it() -> None:
    state = slow_down(PaceState(), Rate(10.0, 3), NOW, 2.0)
    assert state.even == pytest.approx(NOW + 2.4)
    assert book(state, Rate(10.0, 3), NOW + 1, 1).wait > 0.9
    assert book(state, Rate(10.0, 3), NOW + 30, 9).granted == 3


def test_no_429_blocks_a_rate_for_more_than_a_minute() -> None:
    state = slow_down(PaceState(), Rate(10.0, 1), NOW, 3600.0)
    assert book(state, Rate(10.0, 1), NOW, 1).wait == pytest.approx(LONGEST_PAUSE)


@given(rate=RATES, steps=st.lists(st.tuples(st.floats(-100.0, 1.0), st.integers(0, 64), st.booleans()), max_size=40))
def test_a_rate_holds_in_real_time_whatever_the_clock_does(rate: Rate, steps: list[tuple[float, int, bool]]) -> None:
    """A negative step sets the clock back, while no real time passes."""
    state, now, real = PaceState(), NOW, 0.0
    booked: list[float] = []
    for step, want, is_slow in steps:
        now += step
        real += max(0.0, step)
        if is_slow:
            state = slow_down(state, rate, now, None)
        state, granted, wait = book(state, rate, now, want)
        booked += [real] * granted
        assert granted <= want
        assert (granted == want) == (wait == 0.0)
        # A clock that was set back holds nothing up, apart from the pause after a 429.
        assert wait <= LONGEST_PAUSE + 2 * rate.burst * 32 / rate.per_second
    for first, start in enumerate(booked):
        for last in range(first, len(booked)):
            assert last - first + 1 <= rate.burst + rate.per_second * (booked[last] - start) + 1e-3


@given(rate=RATES, hours=st.floats(0.01, 1e6))
def test_a_clock_that_is_set_back_holds_up_a_rate_no_longer_than_its_burst_takes(rate: Rate, hours: float) -> None:
    state = book(PaceState(), rate, NOW + hours * 3600, 64).state
    assert book(state, rate, NOW, 64).wait <= rate.burst / rate.per_second + 1e-6
