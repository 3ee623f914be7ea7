from __future__ import annotations

import keyword
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openapi_python_client.strings import ClassName

from codegen.spec import ascii_names as names


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("channelType", "channel_type"),
        ("cntTraceId", "cnt_trace_id"),
        ("id", "id"),
        ("type", "type_"),
        ("class", "class_"),
        ("self", "self_"),
        ("UNSET", "unset"),
        ("@type", "type_"),
        ("_hidden", "field_hidden"),
        ("1st", "field_1st"),
        ('"""; import os', "import_os"),
        ("größe", "grosse"),
        ("日本", "u65e5_u672c"),
        ("", "empty"),
    ],
)
def test_any_text_becomes_an_identifier(text: str, expected: str) -> None:
    assert names.identifier(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("v1Message", "V1Message"),
        ("get_thing request", "GetThingRequest"),
        ("None", "None_"),
        ("1st", "Field1St"),
        ("$$", "U0024U0024"),
    ],
)
def test_any_text_becomes_a_class(text: str, expected: str) -> None:
    assert names.class_name(text) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("channelType", "channelType"),
        ("größe", "grosse"),
        ("Ünïcode", "Unicode"),
        ("価格", "u4fa1_u683c"),
        ("", "empty"),
        ("$$", "u0024_u0024"),
        ("a" * 81, "a" * 40 + "_8b8b5dce"),
    ],
)
def test_every_name_has_a_plain_one(name: str, expected: str) -> None:
    assert names.plain(name)[:41] == expected[:41]
    assert len(names.plain(name)) <= 80


TEXTS = st.text(max_size=200) | st.text(st.sampled_from("aAbB1_-. "), max_size=90) | st.sampled_from(keyword.kwlist)


@given(TEXTS)
def test_whatever_the_text_its_names_are_plain_and_short_enough_for_a_file(text: str) -> None:
    for found in (names.identifier(text), names.class_name(text)):
        assert re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", found)
        assert not keyword.iskeyword(found)
        assert len(found) < 200


@given(TEXTS)
def test_a_name_that_the_generator_makes_a_name_of_again_stays(text: str) -> None:
    found = names.class_name(text)
    assert str(ClassName(found, names.PREFIX)) == found


def test_every_name_is_given_once() -> None:
    unique = names.UniqueNames({"b"})
    assert [unique.add(*texts) for texts in (["a"], ["a", "c"], ["b"], ["a"], ["A"], ["a_2"], ["b"])] == [
        "a",
        "c",
        "b_2",
        "a_2",
        "a_3",
        "a_2_2",
        "b_3",
    ]


def test_classes_differ_in_more_than_case() -> None:
    unique = names.UniqueNames(convert=names.class_name)
    assert [unique.add(text) for text in ("FooBar", "fooBar", "FooBAR", "foobar", "FooBAR")] == [
        "FooBar",
        "FooBar2",
        "FooBAR2",
        "Foobar",
        "FooBAR3",
    ]
    assert not unique.is_free("FooBAR2")
    assert unique.is_free("FooBar9")


def test_known_names_come_first_and_keep_their_order() -> None:
    texts = {"x": ["a"], "y": ["a", "a of y"], "z": ["c"], "t": ["taken"]}
    found = names.assign(texts, {"z": "b", "gone": "g", "y": "a"}, ["taken"])
    assert list(found.items()) == [("z", "b"), ("y", "a"), ("x", "a_2"), ("t", "taken_")]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("channelType", "channel_type"),
        ("button1Url", "button_1_url"),
        ("id", "id"),
        ("UNSET", "UNSET"),
        ("productID", "productID"),
        ("_hidden", "_hidden"),
        ("@type", "@type"),
        ("campaign_name", "campaign_name"),
    ],
)
def test_a_protobuf_fields_own_name_is_found_where_the_rule_leads_back(name: str, expected: str) -> None:
    assert names.original(name) == expected


@pytest.mark.parametrize(
    ("operation_id", "tags", "expected"),
    [
        ("MessageService_SendMessage", ["MessageService"], "SendMessage"),
        ("Messages_SendMessage", ["Messages"], "SendMessage"),
        ("MessageService_SendMessage", [], "SendMessage"),
        ("MessageService_SendMessage2", ["MessageService"], "SendMessage2"),
        ("Get_Thing", ["ThingService"], "Get_Thing"),
        ("SendMessage", ["MessageService"], "SendMessage"),
        ("MessageService_", ["MessageService"], "MessageService_"),
    ],
)
def test_the_service_before_an_operation_is_left_out(operation_id: str, tags: list[str], expected: str) -> None:
    assert names.short_operation(operation_id, tags) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("v1Message", "Message"),
        ("v1beta1Message", "Message"),
        ("fooV1Message", "Message"),
        ("fooBarV2alpha3Message", "Message"),
        ("rpcStatus", "Status"),
        ("googlerpcStatus", "Status"),
        ("protobufAny", "Any"),
        ("foo.v1.Outer.Inner", "Outer.Inner"),
        ("Message", "Message"),
        ("V1Message", "V1Message"),
        ("message", "message"),
        ("v1", "v1"),
    ],
)
def test_the_package_before_a_schema_is_left_out(name: str, expected: str) -> None:
    assert names.short_schema(name) == expected
