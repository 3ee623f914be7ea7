from __future__ import annotations

import keyword

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codegen.spec import ascii_names as names
from codegen.spec.document import CodegenError


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("channelType", "channel_type"),
        ("cntTraceId", "cnt_trace_id"),
        ("id", "id"),
        ("type", "type_"),
        ("class", "class_"),
        ("self", "self_"),
        ("UNSET", "unset"),
        ("toDict", "to_dict_"),
        ("from_dict", "from_dict_"),
        ("additionalProperties", "additional_properties_"),
        ("attrs", "attrs"),
        ("body", "body"),
        ("@type", "type_"),
        ("_hidden", "field_hidden"),
        ("1st", "field_1st"),
        ('"""; import os', "import_os"),
    ],
)
def test_properties_are_named_in_python(name: str, expected: str) -> None:
    assert names.field(name) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("businessId", "business_id"),
        ("body", "body_"),
        ("timeout", "timeout_"),
        ("transport", "transport_"),
        ("id", "id"),
    ],
)
def test_parameters_stay_clear_of_what_every_operation_has(name: str, expected: str) -> None:
    assert names.argument(name) == expected


@pytest.mark.parametrize("name", ["", "$$", "...", "größe", "ﬁ", "a\u202eb", "日本", "a\ud800"])
def test_names_without_a_plain_name_in_python_are_refused(name: str) -> None:
    for named in (names.field, names.argument, names.function, names.module, names.class_name):
        with pytest.raises(CodegenError, match="cannot become an ASCII name in Python"):
            named(name)


def test_names_longer_than_files_can_be_called_are_refused() -> None:
    with pytest.raises(CodegenError, match="is longer than 120 characters"):
        names.module("a" * 121)
    assert names.module("a" * 120) == "a" * 120


@pytest.mark.parametrize("name", ["request", "models", "api", "Request"])
def test_operations_stay_clear_of_what_generated_code_needs(name: str) -> None:
    assert names.function(name) == f"{name.lower()}_operation"


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


@given(st.text(max_size=200))
def test_whatever_the_name_there_is_one_in_python(name: str) -> None:
    plain = names.plain(name)
    for named in (names.field, names.argument, names.function, names.module, names.class_name):
        found = named(plain)
        assert found.isidentifier()
        assert found.isascii()


@given(st.text(max_size=60))
def test_a_name_that_the_generator_makes_a_name_of_again_stays(name: str) -> None:
    found = names.class_name(names.plain(name))
    assert names.class_name(found) == found


def test_a_name_that_is_taken_is_followed_by_the_next_one_or_by_a_number() -> None:
    assert names.free(["a", "b"], set()) == "a"
    assert names.free(["a", "b"], {"a"}) == "b"
    assert names.free(["a", "b_"], {"a", "b_", "b_2"}) == "b_3"


@given(st.text(max_size=12) | st.sampled_from(keyword.kwlist))
def test_whatever_is_accepted_is_a_plain_identifier(name: str) -> None:
    for named in (names.field, names.argument, names.class_name):
        try:
            found = named(name)
        except CodegenError:
            continue
        assert found.isidentifier()
        assert found.isascii()
        assert not keyword.iskeyword(found)
        assert not found.startswith("_")


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
