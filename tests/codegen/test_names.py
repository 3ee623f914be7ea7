from __future__ import annotations

import keyword

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codegen import names
from codegen.document import CodegenError
from codegen.walk import Operation


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
        with pytest.raises(CodegenError, match="makes no plain ASCII name in Python"):
            named(name)


def test_names_longer_than_files_can_be_called_are_refused() -> None:
    with pytest.raises(CodegenError, match="is longer than 120 characters"):
        names.module("a" * 121)
    assert names.module("a" * 120) == "a" * 120


@pytest.mark.parametrize("name", ["request", "models", "api", "Request"])
def test_operations_stay_clear_of_what_generated_code_needs(name: str) -> None:
    with pytest.raises(CodegenError, match="generated code has another use for that"):
        names.function(name)


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


def found(*ids: str | None) -> list[Operation]:
    fields = [{"tags": ["A"]} | ({} if one is None else {"operationId": one}) for one in ids]
    return [Operation(f"#/{n}", "/", "get", one) for n, one in enumerate(fields)]


def test_operations_that_would_clash_without_their_service_keep_it() -> None:
    assert names.operation_names(found("AService_Get", "BService_Get", "AService_Put")) == {
        "AService_Get": "AService_Get",
        "BService_Get": "BService_Get",
        "AService_Put": "Put",
    }


@pytest.mark.parametrize(
    ("ids", "problem"),
    [
        ((None,), "#/0: the operation has no operationId"),
        (("A_Get", "A_Get"), "#/1: a second operation has the operationId 'A_Get'"),
        (("getThing", "get_thing"), "operations 'getThing', 'get_thing' would all be called 'get_thing'"),
        (("AService_Request",), "cannot be called 'request'"),
    ],
)
def test_operations_without_a_name_of_their_own_are_refused(ids: tuple[str | None, ...], problem: str) -> None:
    with pytest.raises(CodegenError, match=problem):
        names.operation_names(found(*ids))


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


def test_schemas_that_would_clash_without_their_package_keep_it() -> None:
    schemas = ["fooV1Thing", "barV1Thing", "Status", "rpcStatus", "v1Message"]
    assert names.schema_names(schemas, {}) == {
        "fooV1Thing": "FooV1Thing",
        "barV1Thing": "BarV1Thing",
        "Status": "Status",
        "rpcStatus": "RpcStatus",
        "v1Message": "Message",
    }


def test_bodies_are_named_after_their_operation_unless_that_name_is_taken() -> None:
    bodies = {"AServicePutBody": "Put", "AServiceGetBody": "Get"}
    assert names.schema_names(["AServicePutBody", "AServiceGetBody", "v1GetRequest"], bodies) == {
        "AServicePutBody": "PutRequest",
        "AServiceGetBody": "AServiceGetBody",
        "v1GetRequest": "V1GetRequest",
    }


@pytest.mark.parametrize(
    ("schemas", "problem"),
    [
        (["Foo-Bar", "FooBar"], "schemas 'Foo-Bar', 'FooBar' would all be called 'FooBar'"),
        (["FooBAR", "FooBar"], "modules of schemas 'FooBAR', 'FooBar' would all be called 'foo_bar'"),
        (["A1", "A_1"], "would all be called 'A1'"),
    ],
)
def test_schemas_with_one_name_in_python_are_refused(schemas: list[str], problem: str) -> None:
    with pytest.raises(CodegenError, match=problem):
        names.schema_names(schemas, {})


def test_properties_with_one_name_in_python_are_refused() -> None:
    assert names.property_names({"properties": {"aB": {}, "id": {}}}) == {"aB": "a_b", "id": "id"}
    assert names.property_names({}) == {}
    with pytest.raises(CodegenError, match="properties 'aB', 'a_b' would all be called 'a_b' in Python; rename one"):
        names.property_names({"properties": {"aB": {}, "a_b": {}}})
