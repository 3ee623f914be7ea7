"""The questions that narrow a decoded JSON value."""

from __future__ import annotations

import json

import pytest

from connectly_api.json_values import get_object, get_objects, get_text, is_array, is_mapping, is_object


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("{}", "object"),
        ('{"a": []}', "object"),
        ("[]", "array"),
        ("[{}]", "array"),
        ("null", None),
        ("true", None),
        ("0", None),
        ("1.5", None),
        ('"{}"', None),
        ('"[]"', None),
    ],
)
def test_objects_and_arrays_are_told_from_each_other_and_from_the_rest(text: str, kind: str | None) -> None:
    value = json.loads(text)

    assert is_object(value) is (kind == "object")
    assert is_array(value) is (kind == "array")


def test_a_field_of_the_kind_asked_for_is_given_back() -> None:
    value = {"text": "x", "inner": {"a": 1}, "list": [{"b": 2}, 3]}
    assert get_text(value, "text") == "x"
    assert get_object(value, "inner") == {"a": 1}
    assert get_objects(value, "list") == [{"b": 2}]


def test_a_field_that_is_missing_or_of_another_kind_is_empty() -> None:
    value = {"text": 1, "inner": "x", "list": {}}
    for name in ("text", "inner", "list", "missing"):
        assert not (get_text(value, name) if name != "inner" else "")
        assert not get_object(value, name)
        assert not get_objects(value, name)


def test_only_mappings_are_mappings() -> None:
    assert is_mapping({})
    assert not is_mapping([])
