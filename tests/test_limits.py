"""The checks of content: what each yields at and beyond its limit, and what is done about it."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectly_api.content.limits import (
    Limits,
    LimitWarning,
    check_address,
    check_coordinate,
    check_count,
    check_distinct,
    check_file_name,
    check_instances,
    check_text,
    raise_or_warn,
)
from connectly_api.errors import InvalidContentError, Violation

ERROR = Violation("a", "must be a string, not int", level="error")
LIMIT = Violation("b", "5 characters; the limit is 4", 5, 4)
DOUBT = Violation("c", "documented here and not there", level="doubt")
ALL = (DOUBT, LIMIT, ERROR)


class Text(str):
    """A string of a caller's own kind."""

    __slots__ = ()


def refused(violations: Iterable[Violation], limits: Limits) -> tuple[Violation, ...]:
    """Return what is refused, or nothing."""
    try:
        raise_or_warn(violations, limits)
    except InvalidContentError as error:
        return error.violations
    return ()


@pytest.mark.parametrize(("limits", "expected"), [("strict", (LIMIT, ERROR)), ("warn", (ERROR,)), ("off", (ERROR,))])
def test_all_that_is_to_be_refused_is_refused_at_once(limits: Limits, expected: tuple[Violation, ...]) -> None:
    assert refused(iter(ALL), limits) == expected


@pytest.mark.parametrize(
    ("limits", "violations", "warned"),
    [
        ("strict", [DOUBT], ["c: documented here and not there"]),
        ("strict", [], []),
        ("warn", [LIMIT, DOUBT], ["b: 5 characters; the limit is 4", "c: documented here and not there"]),
        ("warn", [], []),
        ("off", [LIMIT, DOUBT], []),
        ("off", [], []),
    ],
)
def test_what_is_not_refused_is_warned_of_unless_checks_are_off(
    limits: Limits, violations: list[Violation], warned: list[str]
) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")

        raise_or_warn(violations, limits)

    assert [str(warning.message) for warning in caught] == warned
    assert all(warning.category is LimitWarning for warning in caught)


def test_a_warning_can_be_made_an_error_like_any_other() -> None:
    assert issubclass(LimitWarning, UserWarning)
    with warnings.catch_warnings():
        warnings.simplefilter("error", LimitWarning)
        with pytest.raises(LimitWarning):
            raise_or_warn([LIMIT], "warn")


@pytest.mark.parametrize("value", ["x", "x" * 10, "\u00e9" * 10, "\U0001f44d" * 10, " x", Text("x" * 10)])
def test_a_text_within_its_limit_breaks_none(value: str) -> None:
    assert list(check_text("title", value, 10)) == []
    assert list(check_text("title", value * 1000)) == []


@pytest.mark.parametrize("value", ["x" * 11, "\u00e9" * 11, "\U0001f44d" * 11, "e\u0301" * 5 + "x", Text("x" * 11)])
def test_a_text_beyond_its_limit_is_named_with_size_and_limit(value: str) -> None:
    assert list(check_text("title", value, 10)) == [Violation("title", "11 characters; the limit is 10", 11, 10)]


@pytest.mark.parametrize("value", ["", " ", "\n\t ", "\u00a0\u2003", " " * 11])
@pytest.mark.parametrize("required", [True, False])
def test_an_empty_text_breaks_a_limit_also_where_none_is_needed(value: str, required: bool) -> None:
    level: Any = "error" if required else "limit"
    assert list(check_text("title", value, 10, required=required)) == [
        Violation("title", "is empty", len(value), level=level)
    ]


def test_no_text_is_an_error_only_where_one_is_needed() -> None:
    assert list(check_text("title", None)) == [Violation("title", "is required", level="error")]
    assert list(check_text("title", None, required=False)) == []


@pytest.mark.parametrize("value", [0, 7, True, 1.5, b"x", ["x"], {"x": 1}, Decimal(1)], ids=repr)
@pytest.mark.parametrize("required", [True, False])
def test_what_is_no_text_is_an_error_that_names_its_type(value: object, required: bool) -> None:
    expected = Violation("title", f"must be a string, not {type(value).__name__}", level="error")

    assert list(check_text("title", value, 10, required=required)) == [expected]


@pytest.mark.parametrize("value", ["\ud800", "a\udfffb", "\ud83d\udc4d", "x" * 20 + "\ud800"], ids=ascii)
def test_a_lone_surrogate_is_an_error_as_no_request_can_carry_it(value: str) -> None:
    problem = "holds a lone surrogate, which UTF-8 cannot encode"

    assert list(check_text("title", value, 10)) == [Violation("title", problem, len(value), level="error")]


@given(st.text(alphabet=st.characters(exclude_categories=[])), st.integers(1, 20))
def test_any_text_breaks_at_most_one_limit_and_is_not_repeated(value: str, most: int) -> None:
    for violation in check_text("title", value, most):
        assert violation.field == "title"
        assert violation.size == len(value)
        assert violation.problem.isascii()


@pytest.mark.parametrize(
    "value",
    [
        "https://example.com/image.jpg",
        "http://example.com",
        "HTTPS://EXAMPLE.COM/A?b=c&d=e#f",
        "https://example.com:8443/\u00fcber/%20.pdf",
        "https://[::1]/x",
    ],
)
def test_an_address_of_a_file_breaks_no_limit(value: str) -> None:
    assert list(check_address("url", value)) == []


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("example.com/image.jpg", "must be an absolute address that begins with http:// or https://"),
        ("https:///a.jpg", "names no host"),
        ("https://example.com/a b", "holds white space, or characters that cannot be seen"),
    ],
)
def test_any_other_text_is_no_address_and_cannot_be_sent(value: str, problem: str) -> None:
    assert list(check_address("url", value)) == [Violation("url", problem, len(value), level="error")]


@pytest.mark.parametrize("value", ["bill.pdf", "n" * 500, "\u00fcber mich.pdf"])
def test_the_name_of_a_file_is_any_text_on_one_line(value: str) -> None:
    assert list(check_file_name("filename", value, "https://example.com/download")) == []


@pytest.mark.parametrize("value", ["a\n.pdf", "a\x1f.pdf", "a\u2028.pdf"], ids=ascii)
def test_a_name_with_a_line_break_breaks_a_limit(value: str) -> None:
    expected = Violation("filename", "holds a line break or a control character", len(value))

    assert list(check_file_name("filename", value, None)) == [expected]


@pytest.mark.parametrize(
    ("url", "doubts"),
    [
        ("https://example.com/bill.pdf", 0),
        ("https://example.com/download", 1),
        ("https://example.com/", 1),
        ("no address", 0),
        (None, 0),
        (7, 0),
    ],
)
def test_no_name_is_a_doubt_where_the_address_has_none_either(url: object, doubts: int) -> None:
    found = list(check_file_name("filename", None, url))

    assert [violation.level for violation in found] == ["doubt"] * doubts
    assert all("Untitled" in violation.problem for violation in found)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, Violation("url", "is required", level="error")),
        ("", Violation("url", "is empty", 0, level="error")),
        (b"https://example.com", Violation("url", "must be a string, not bytes", level="error")),
        ("https://\ud800", Violation("url", "holds a lone surrogate, which UTF-8 cannot encode", 9, level="error")),
    ],
    ids=["none", "empty", "bytes", "surrogate"],
)
def test_an_address_that_is_no_text_is_named_once(value: object, expected: Violation) -> None:
    assert list(check_address("url", value)) == [expected]


@pytest.mark.parametrize("value", [0, -0.0, 90, -90, 90.0, 37.7749, -89.999999, 5e-324])
def test_a_coordinate_within_its_bounds_breaks_no_limit(value: float) -> None:
    assert list(check_coordinate("latitude", value, 90)) == []


@pytest.mark.parametrize("value", [90.00000001, -90.00000001, 91, -91, 180, 1e308, 10**300, -(10**300)])
def test_a_coordinate_beyond_its_bounds_is_named_with_the_limit(value: float) -> None:
    expected = Violation("latitude", "must be between -90 and 90 degrees", value, 90)

    assert list(check_coordinate("latitude", value, 90)) == [expected]


@pytest.mark.parametrize(
    "value",
    [math.nan, math.inf, -math.inf, 10**400, -(10**400), 10**5000],
    ids=["nan", "inf", "-inf", "e400", "-e400", "e5000"],
)
def test_a_coordinate_that_no_float_holds_is_an_error(value: float) -> None:
    assert list(check_coordinate("latitude", value, 90)) == [Violation("latitude", "must be finite", level="error")]


@pytest.mark.parametrize("value", [None, True, False, "37.7", b"1", [1.0], 1j], ids=repr)
def test_what_is_no_number_is_no_coordinate(value: object) -> None:
    expected = Violation("latitude", f"must be a number, not {type(value).__name__}", level="error")

    assert list(check_coordinate("latitude", value, 90)) == [expected]


@pytest.mark.parametrize(
    ("number", "problem", "limit"),
    [(0, "0 rows; at least 1 is needed", 1), (1, None, None), (3, None, None), (4, "4 rows; the limit is 3", 3)],
)
def test_too_few_and_too_many_are_named_with_number_and_limit(
    number: int, problem: str | None, limit: int | None
) -> None:
    level: Any = "limit" if number else "error"
    expected = [] if problem is None else [Violation("rows", problem, number, limit, level=level)]

    assert list(check_count("rows", [None] * number, 3, what="rows")) == expected


def test_none_at_all_may_be_enough() -> None:
    assert list(check_count("body", (), 15, what="values", least=0)) == []


@pytest.mark.parametrize("values", [[], ["a"], ["a", "A", "a ", "\u00e4", "a\u0308"], [1, 1, None, None, ["x"], ["x"]]])
def test_different_texts_are_distinct_and_what_is_no_text_is_not_this_checks_business(values: list[Any]) -> None:
    assert list(check_distinct("ids", values, what="ids")) == []


@pytest.mark.parametrize("values", [["a", "a"], ["a", "b", "c", "a"], ["a", "a", "a"], [1, "a", Text("a")]])
def test_the_same_text_twice_is_named_once(values: list[Any]) -> None:
    problem = "two ids are the same; each must be unique"

    assert list(check_distinct("ids", values, what="ids")) == [Violation("ids", problem, len(values))]


def test_every_element_of_a_wrong_class_is_an_error_at_its_place() -> None:
    assert list(check_instances("rows", [1, "x", True, None], int)) == [
        Violation("rows[1]", "must be a int, not str", level="error"),
        Violation("rows[3]", "must be a int, not NoneType", level="error"),
    ]
