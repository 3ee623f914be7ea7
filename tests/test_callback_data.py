"""The 1024-byte rule: counted are the very bytes that a request carries."""

from __future__ import annotations

import enum
import json
import math
import warnings
from decimal import Decimal
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectly_api import Connectly, LimitWarning, Response
from connectly_api.callback_data import LIMIT, check_callback_data, check_for_large_integers
from connectly_api.content.limits import Limits
from connectly_api.errors import CallbackDataTooLongError, InvalidInputError
from connectly_api.json_values import JsonValue
from connectly_api.transport import MockTransport
from connectly_api.wire.encoding import encode_json


def nested(levels: int) -> Any:
    value: list[Any] = []
    for _ in range(levels - 1):
        value = [value]
    return value


PLACES = ["callback_data{0}[1]{0}[0]", "callback_data{0}[1]{0}[1]", "callback_data{1}"]

# Each is 1024 bytes long, and one more character makes it 1025 or more.
FULL: dict[str, Any] = {
    "ASCII": "x" * 1022,
    "two-byte characters": "\u00e9" * 511,
    "three-byte characters": "\u65e5" * 340 + "xx",
    "four-byte characters": "\U0001f44d" * 255 + "xx",
    "quotes, which are escaped": '"' * 511,
    "backslashes": "\\" * 511,
    "line ends": "\n" * 511,
    "controls": "\x01" * 170 + "xx",
    "DEL, which is not escaped": "\x7f" * 1022,
    "separators, which are not escaped": "\u2028" * 340 + "xx",
    "a number": int("9" * 1024),
    "an object": {"order_id": "x" * 1009},
    "an object with a long name": {"x" * 1018: 1},
    "an object of many": {f"{index:04}": True for index in range(84)} | {"k": "x" * 8},
    "an array": [0] * 510 + [10],
    "a tuple": (0,) * 510 + (10,),
    "floats": [0.5] * 255 + [10],
    "nested arrays": nested(512),
    "nested objects": {"a": {"b": {"c": ["x" * 1002]}}},
}


@pytest.mark.parametrize("value", FULL.values(), ids=FULL.keys())
def test_1024_bytes_pass(value: JsonValue) -> None:
    assert check_callback_data(value) == LIMIT == 1024


@pytest.mark.parametrize("value", FULL.values(), ids=FULL.keys())
def test_a_request_carries_the_bytes_that_were_counted(value: JsonValue) -> None:
    body = encode_json({"number": "+16044441111", "callbackData": value, "language": "en"}, field="body")
    carried = body.removeprefix(b'{"number":"+16044441111","callbackData":').removesuffix(b',"language":"en"}')

    assert len(carried) == check_callback_data(value)


def longer(value: JsonValue) -> JsonValue:
    """Return a value that takes one byte more."""
    if isinstance(value, str):
        return f"{value}x"
    if isinstance(value, int):
        return value * 10
    if isinstance(value, dict):
        name, inner = next(iter(value.items()))
        return {f"{name}x": inner} | {key: child for key, child in value.items() if key != name}
    if isinstance(value, (list, tuple)):
        return [*value[:-1], longer(value[-1])] if value else [0]
    raise AssertionError(f"{value!r} is none of the samples")


@pytest.mark.parametrize("value", FULL.values(), ids=FULL.keys())
def test_1025_bytes_are_refused_with_both_numbers(value: JsonValue) -> None:
    with pytest.raises(CallbackDataTooLongError) as caught:
        check_callback_data(longer(value))

    assert (caught.value.field, caught.value.size, caught.value.limit) == ("callback_data", 1025, 1024)
    assert "1025 bytes" in str(caught.value)
    assert "1024 bytes" in str(caught.value)


def test_a_character_of_several_bytes_can_pass_the_limit_by_more_than_one() -> None:
    with pytest.raises(CallbackDataTooLongError) as caught:
        check_callback_data("x" * 1022 + "\U0001f44d")

    assert caught.value.size == 1028


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=300),
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(st.text(max_size=60), inner, max_size=6),
    max_leaves=30,
)


@given(JSON)
def test_the_size_is_that_of_the_bytes_within_a_request(value: Any) -> None:
    body = encode_json({"callbackData": value}, field="body")
    size = len(body) - len(b'{"callbackData":}')

    assert body == b'{"callbackData":' + encode_json(value, field="callback_data") + b"}"
    assert json.loads(body) == {"callbackData": value}
    if size > LIMIT:
        with pytest.raises(CallbackDataTooLongError) as caught:
            check_callback_data(value)
        assert caught.value.size == size
    else:
        assert check_callback_data(value) == size


@pytest.mark.parametrize(
    ("value", "size"),
    [(None, 4), (True, 4), (False, 5), (0, 1), (-0.0, 4), (1e22, 5), ("", 2), ([], 2), ((), 2), ({}, 2), ("\u0000", 8)],
    ids=ascii,
)
def test_small_values_have_their_size(value: JsonValue, size: int) -> None:
    assert check_callback_data(value) == size


class Colour(enum.StrEnum):
    """A string of a caller's own kind."""

    RED = "red"


class Number(enum.IntEnum):
    """A number of a caller's own kind."""

    SEVEN = 7


def test_subclasses_of_strings_and_numbers_are_written_as_their_values() -> None:
    assert check_callback_data({Colour.RED: Number.SEVEN}) == len(b'{"red":7}')


CYCLE: list[Any] = []
CYCLE.append({"again": CYCLE})

REFUSED: dict[str, tuple[object, str]] = {
    "NaN": (math.nan, "callback_data"),
    "Infinity": (math.inf, "callback_data"),
    "minus Infinity within": ([1, -math.inf], "callback_data[1]"),
    "bytes": (b"x", "callback_data"),
    "a set": ({1, 2}, "callback_data"),
    "a Decimal": (Decimal(1), "callback_data"),
    "an object": (object(), "callback_data"),
    "a complex number": ([[1j]], "callback_data[0][0]"),
    "a generator": ((number for number in [1]), "callback_data"),
    "a lone surrogate": ("a\ud800", "callback_data"),
    "a surrogate pair in two halves": ("\ud83d\udc4d", "callback_data"),
    "a lone surrogate in a name": ({"ok": 1, "\udfff": 2}, "callback_data"),
    "a name that is a number": ({1: 2}, "callback_data"),
    "a name that is None": ({"a": {None: 2}}, "callback_data{0}"),
    "a name that is true": ([{True: 2}], "callback_data[0]"),
    "names of which one is personal": ({"canary": 1, "other": {"canary": math.nan}}, "callback_data{1}{0}"),
    "itself": (CYCLE, "callback_data[0]{0}"),
    "too deep": (nested(5000), "callback_data"),
    "too many digits": (10**5000, "callback_data"),
}


@pytest.mark.parametrize(("value", "field"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_not_json_is_refused_where_it_stands(value: Any, field: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        check_callback_data(value)

    assert not isinstance(caught.value, CallbackDataTooLongError)
    assert caught.value.field == field
    assert str(caught.value).startswith(f"{field}: ")
    assert "canary" not in str(caught.value)
    assert str(caught.value).isascii()


def test_one_value_in_two_places_is_no_cycle() -> None:
    shared: JsonValue = {"a": 1}

    assert check_callback_data([shared, shared]) == len(b'[{"a":1},{"a":1}]')


@pytest.mark.parametrize(
    ("value", "places"),
    [
        (2**53, []),
        (-(2**53), []),
        (2**53 + 1, ["callback_data"]),
        (-(2**53) - 1, ["callback_data"]),
        (10**400, ["callback_data"]),
        (str(2**60), []),
        (1.7976931348623157e308, []),
        (0.1234567890123456789, []),
        (True, []),
        ({"order": 2**60}, ["callback_data{0}"]),
        ({"a": [1, {"+16044441111": (2**53 + 1, 2**54)}], "b": 2**55}, PLACES),
        ("9" * 100, []),
    ],
    ids=lambda value: ascii(value)[:30],
)
def test_an_integer_that_a_double_does_not_hold_is_a_doubt_at_its_place(value: JsonValue, places: list[str]) -> None:
    doubts = check_for_large_integers(value)

    assert [doubt.field for doubt in doubts] == places
    assert {doubt.level for doubt in doubts} <= {"doubt"}


@given(st.integers() | st.integers(2**53 - 9, 2**53 + 9))
def test_every_integer_that_comes_back_changed_is_doubted(number: int) -> None:
    is_kept = abs(number) <= 2**53
    assert (not check_for_large_integers([number])) is is_kept
    assert not is_kept or int(float(number)) == number


@pytest.mark.parametrize("channel", ["whatsapp", "sms"])
async def test_a_doubted_integer_is_sent_with_a_warning_unless_checks_are_off(channel: Any) -> None:
    mock = MockTransport(lambda _: Response(200, (), b'{"id":"01A"}'))
    for limits in get_args(Limits):
        connectly = Connectly(api_key="k", business_id="b", transport=mock, limits=limits)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            await connectly.send_text("+16044441111", "hi", callback_data={"order": 2**60}, channel_type=channel)
        told = [(warning.category, str(warning.message).partition(":")[0]) for warning in caught]
        assert told == ([] if limits == "off" else [(LimitWarning, "callback_data{0}")])
    assert len(mock.requests) == 3
