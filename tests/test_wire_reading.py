from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectly_api.wire import reading
from connectly_api.wire.unset import UNSET

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
READERS = (reading.as_text, reading.as_integer, reading.as_number, reading.as_boolean)


@pytest.mark.parametrize(
    ("read", "value", "expected"),
    [
        (reading.as_text, "a", "a"),
        (reading.as_text, "", ""),
        (reading.as_text, 12345678901234567890, "12345678901234567890"),
        (reading.as_integer, 3, 3),
        (reading.as_integer, "-9223372036854775808", -9223372036854775808),
        (reading.as_integer, 3.0, 3),
        (reading.as_number, 3.5, 3.5),
        (reading.as_number, 3, 3.0),
        (reading.as_number, "-3.5e2", -350.0),
        (reading.as_number, "0", 0.0),
        (reading.as_boolean, True, True),
        (reading.as_boolean, False, False),
    ],
)
def test_a_value_of_the_right_type_or_almost_is_read(read: Any, value: object, expected: object) -> None:
    found = read(value)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("read", "values"),
    [
        (reading.as_text, [None, True, 1.5, [], {}, 10**5000]),
        (
            reading.as_integer,
            [None, True, 1.5, "", " 1", "1.0", "0x1", "1" * 41, "٣", float("nan"), float("inf"), [], {}],
        ),
        (
            reading.as_number,
            [
                None,
                False,
                "",
                "NaN",
                "Infinity",
                "1_0",
                "1e9999",
                ".5",
                2**53 + 1,
                10**400,
                float("inf"),
                float("nan"),
                [],
            ],
        ),
        (reading.as_boolean, [None, 0, 1, "true", "", [], {}]),
    ],
)
def test_a_value_of_another_type_is_refused(read: Any, values: list[object]) -> None:
    for value in values:
        with pytest.raises(ValueError, match=r"not a|digits"):
            read(value)


@given(JSON)
def test_readers_return_their_type_or_raise_one_kind_of_error(value: object) -> None:
    for read, kind in zip(READERS, (str, int, float, bool), strict=True):
        try:
            assert type(read(value)) is kind
        except ValueError as error:
            assert repr(value) not in str(error) or not value  # noqa: PT017  either outcome is right


def test_any_json_is_read_untouched() -> None:
    value = {"a": [None]}
    assert reading.as_is(value) is value
    assert reading.as_is(None) is None


def test_elements_of_a_list_that_cannot_be_read_are_left_out_and_the_list_stays_as_it_came() -> None:
    rest: dict[str, Any] = {"a": ["x", None, 1, {}], "b": ["x"]}
    assert reading.take(rest, "a", reading.list_of(reading.as_text)) == ["x", "1"]
    assert reading.take(rest, "b", reading.list_of(reading.as_text)) == ["x"]
    assert rest == {"a": ["x", None, 1, {}]}


def test_entries_of_a_map_that_cannot_be_read_are_left_out_and_the_map_stays_as_it_came() -> None:
    rest: dict[str, Any] = {"a": {"x": 1, "y": [], "z": None}, "b": {"x": 1}}
    assert reading.take(rest, "a", reading.map_of(reading.as_integer)) == {"x": 1}
    assert reading.take(rest, "b", reading.map_of(reading.as_integer)) == {"x": 1}
    assert rest == {"a": {"x": 1, "y": [], "z": None}}


def test_parts_of_parts_are_kept_too() -> None:
    rest: dict[str, Any] = {"a": [["x", {}], 3, ["y"]]}
    assert reading.take(rest, "a", reading.list_of(reading.list_of(reading.as_text))) == [["x"], ["y"]]
    assert rest == {"a": [["x", {}], 3, ["y"]]}


def test_null_is_an_element_only_where_any_json_is() -> None:
    rest: dict[str, Any] = {"a": [None, 1], "b": {"x": None}}
    assert reading.take(rest, "a", reading.list_of(reading.as_is)) == [None, 1]
    assert reading.take(rest, "b", reading.map_of(reading.as_is)) == {"x": None}
    assert rest == {}


def test_what_is_no_list_or_no_map_stays_as_it_came() -> None:
    rest: dict[str, Any] = {"a": "xy", "b": [1]}
    assert reading.take(rest, "a", reading.list_of(reading.as_text)) is UNSET
    assert reading.take(rest, "b", reading.map_of(reading.as_text)) is UNSET
    assert rest == {"a": "xy", "b": [1]}


def test_a_field_is_taken_once_and_null_is_absent() -> None:
    rest: dict[str, Any] = {"a": "x", "b": None, "c": {}}
    assert reading.take(rest, "a", reading.as_text) == "x"
    assert reading.take(rest, "b", reading.as_text) is UNSET
    assert reading.take(rest, "c", reading.as_text) is UNSET
    assert reading.take(rest, "d", reading.as_text) is UNSET
    assert rest == {"c": {}}


def test_null_is_a_value_where_any_json_is() -> None:
    rest: dict[str, Any] = {"a": None, "b": 1}
    assert reading.take_any(rest, "a") is None
    assert reading.take_any(rest, "c") is UNSET
    assert rest == {"b": 1}


def test_what_is_too_deep_to_be_read_stays_as_it_came() -> None:
    def endless(value: object) -> object:
        return endless(value)

    rest: dict[str, Any] = {"a": 1, "b": [1]}
    assert reading.take(rest, "a", endless) is UNSET
    assert reading.take(rest, "b", reading.list_of(endless)) == []
    assert rest == {"a": 1, "b": [1]}


SPELLINGS = {"channel_type": "channelType"}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (None, {}),
        ({}, {}),
        ({"channelType": "a"}, {"channelType": "a"}),
        ({"channel_type": "a"}, {"channelType": "a"}),
        ({"channelType": None, "channel_type": "a"}, {"channelType": "a"}),
        ({"channelType": "a", "channel_type": "b"}, {"channelType": "a", "channel_type": "b"}),
        ({"other_name": 1}, {"other_name": 1}),
    ],
)
def test_an_object_is_opened_under_its_own_spelling(source: object, expected: dict[str, Any]) -> None:
    assert reading.open_object(source, SPELLINGS) == expected


def test_opening_leaves_the_source_alone() -> None:
    source = {"channel_type": "a"}
    reading.open_object(source, SPELLINGS)["more"] = 1
    assert source == {"channel_type": "a"}
    assert reading.new_object() == {}


@pytest.mark.parametrize("source", [[], "a", 1, True, [("a", 1)]])
def test_what_is_no_object_is_refused(source: object) -> None:
    with pytest.raises(ValueError, match="not a JSON object"):
        reading.open_object(source, SPELLINGS)


def test_a_whole_body_is_read_as_far_as_it_can_be() -> None:
    texts = reading.read_parts_of(reading.list_of(reading.as_text), [])
    assert texts(["a", {}, None]) == ["a"]
    assert texts(["a"]) == ["a"]
    assert texts(None) == []
    assert reading.read_parts_of(reading.map_of(reading.as_text), {})(None) == {}
    with pytest.raises(ValueError, match="not a list"):
        texts({})
