from __future__ import annotations

from typing import Any

import attrs
import pytest

from connectly_api.wire import writing
from connectly_api.wire.unset import UNSET


@attrs.define(repr=False)
class Thing:
    """A model like a generated one."""

    name: object = UNSET
    secret: object = UNSET
    additional_properties: dict[str, Any] = attrs.field(factory=dict)

    def __repr__(self) -> str:
        return writing.describe_set_fields(self)

    def to_dict(self) -> dict[str, object]:
        return {"name": self.name}


def test_what_is_given_is_written_and_nothing_else() -> None:
    written: dict[str, Any] = {}
    for name, value in (("a", "x"), ("b", UNSET), ("c", None), ("d", 0), ("e", False), ("f", ""), ("g", [])):
        writing.put(written, name, value)
    assert writing.finish_object(written, {}, {}) == {"a": "x", "d": 0, "e": False, "f": "", "g": []}


def test_models_become_objects_wherever_they_are() -> None:
    thing = Thing(name="x")
    assert writing.to_plain([thing, {"a": (thing,)}, 1]) == [{"name": "x"}, {"a": [{"name": "x"}]}, 1]
    assert writing.to_plain(thing) == {"name": "x"}
    assert writing.to_plain(None) is None


def test_any_json_is_written_untouched_null_included() -> None:
    written: dict[str, Any] = {}
    value = {"a": (1, None)}
    writing.put_any(written, "a", value)
    writing.put_any(written, "b", None)
    writing.put_any(written, "c", UNSET)
    assert writing.finish_object(written, {}, {}) == {"a": value, "b": None}
    assert written["a"] is value


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("whatsapp", "whatsapp"),
        ("brand_new", "brand_new"),
        ("channel_type_unspecified", None),
        ("STRATEGY_UNSPECIFIED", None),
        ("Unspecified", None),
        ("", ""),
        (["a", "A_UNSPECIFIED"], ["a"]),
        (("a",), ["a"]),
        (["A_UNSPECIFIED"], None),
        ([], []),
        ({"a": "x", "b": "X_UNSPECIFIED"}, {"a": "x"}),
        (3, 3),
        (UNSET, UNSET),
        (None, None),
    ],
)
def test_unspecified_values_are_left_out(value: object, expected: object) -> None:
    assert writing.drop_unspecified(value) == expected


def test_fields_with_unspecified_values_are_left_out() -> None:
    written: dict[str, Any] = {}
    for name, value in (("a", "x"), ("b", "B_UNSPECIFIED"), ("c", UNSET), ("d", ["x", "D_UNSPECIFIED"]), ("e", [])):
        writing.put_enum(written, name, value)
    assert writing.finish_object(written, {}, {}) == {"a": "x", "d": ["x"], "e": []}


def test_values_without_a_field_are_written_after_the_fields_and_never_over_them() -> None:
    written: dict[str, Any] = {}
    writing.put(written, "a", "new")
    writing.put(written, "b", None)
    writing.put_enum(written, "cD", "C_UNSPECIFIED")
    rest = {"a": ["old"], "b": ["old"], "c_d": "old", "e": None, "f_g": 1}
    assert writing.finish_object(written, rest, {"c_d": "cD", "f_g": "fG"}) == {"a": "new", "e": None, "f_g": 1}


def test_a_repr_names_what_is_set_and_shows_no_value() -> None:
    assert repr(Thing()) == "Thing()"
    assert repr(Thing(name="canary")) == "Thing(name=…)"
    assert (
        repr(Thing(secret=None, additional_properties={"canary": "canary"}))
        == "Thing(secret=…, additional_properties=…)"
    )
