"""The questions that narrow a decoded JSON value."""

from __future__ import annotations

import json

import pytest

from connectly_api.json_values import is_array, is_object


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
