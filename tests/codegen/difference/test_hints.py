from __future__ import annotations

from codegen.spec.document import Json
from tests.codegen.difference.sample_documents import changes

STRING: Json = {"type": "string"}


def removed(old: Json, new: Json) -> list[str]:
    found = changes({"type": "object", "properties": old}, {"type": "object", "properties": new}, "request")
    return [change.what for change in found if change.kind == "field-removed"]


def test_the_only_field_that_came_of_the_kind_that_went_is_perhaps_the_same() -> None:
    assert removed({"headline": STRING}, {"x": STRING}) == ["the field is removed; perhaps renamed to 'x'"]


def test_a_field_of_another_kind_is_not() -> None:
    assert removed({"headline": STRING}, {"headLine": {"type": "integer"}}) == ["the field is removed"]


def test_of_several_those_with_names_that_are_alike_are() -> None:
    old = {"channel_type": STRING, "colour": STRING}
    new = {"channelType": STRING, "shape": STRING, "channel": STRING}
    assert removed(old, new) == ["the field is removed; perhaps renamed to 'channelType'", "the field is removed"]


def test_one_new_field_is_not_two_old_ones() -> None:
    old = {"display_name": STRING, "displayNam": STRING}
    assert removed(old, {"displayName": STRING}) == [
        "the field is removed",
        "the field is removed; perhaps renamed to 'displayName'",
    ]
