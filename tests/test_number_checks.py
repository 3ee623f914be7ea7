"""What counts as a number, whatever else compares like one."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction

import attrs
import pytest

from connectly_api.errors import InvalidInputError
from connectly_api.number_checks import check_count, is_integer, is_number, validate_count


@pytest.mark.parametrize("value", [0, -1, 1.5, 10**400, math.inf, -math.inf])
def test_ints_and_floats_are_numbers(value: float) -> None:
    assert is_number(value)
    assert is_integer(value) is isinstance(value, int)


@pytest.mark.parametrize("value", [True, False, None, "1", b"1", math.nan, 1j, Decimal(1), Fraction(1)])
def test_nothing_else_is_a_number(value: object) -> None:
    assert not is_number(value)
    assert not is_integer(value)


@pytest.mark.parametrize(("value", "is_within"), [(0, False), (1, True), (1.5, True), (2, True), (2.1, False)])
def test_bounds_belong_to_the_range(value: float, *, is_within: bool) -> None:
    assert is_number(value, 1, 2) is is_within


@attrs.frozen
class Limited:
    size: int = attrs.field(validator=validate_count)


@pytest.mark.parametrize("value", [0, -1, 1.0, True, "1", None])
def test_a_count_is_a_whole_number_of_at_least_one_and_the_error_names_the_field(value: object) -> None:
    with pytest.raises(InvalidInputError, match=r"^size: must be a whole number of at least 1$") as caught:
        check_count("size", value)
    with pytest.raises(InvalidInputError, match=r"^size: must be"):
        Limited(value)  # type: ignore[arg-type]

    assert caught.value.field == "size"
    assert Limited(1).size == 1
