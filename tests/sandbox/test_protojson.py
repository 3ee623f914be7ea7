import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectly_api.sandbox.spec.json_schemas import SchemaConverter
from connectly_api.sandbox.spec.protojson import NotJsonError, decode_json, encode_compact, fit_value

SCHEMA = SchemaConverter({}).convert({
    "type": "object",
    "properties": {
        "userName": {"type": "string"},
        "big": {"type": "string", "format": "int64"},
        "small": {"type": "integer", "format": "int32"},
        "ratio": {"type": "number"},
        "yes": {"type": "boolean"},
        "kind": {"type": "string", "enum": ["kind_unspecified", "a"], "default": "kind_unspecified"},
        "level": {"type": "string", "enum": ["LOW", "HIGH"], "default": "LOW"},
        "list": {"type": "array", "items": {"type": "object", "properties": {"inner_one": {"type": "string"}}}},
        "plain": {"type": "array"},
        "labels": {"type": "object", "additionalProperties": {"type": "integer"}},
        "free": {"type": "object"},
        "loose": {"type": "object", "properties": {"a": {}}, "additionalProperties": True},
        "both": {"allOf": [{"properties": {"x": {}}}, {"additionalProperties": {"type": "integer"}}]},
        "any": {},
    },
})  # fmt: skip


@pytest.mark.parametrize(
    ("body", "value"),
    [
        ({"user_name": "x"}, {"userName": "x"}),
        ({"userName": None}, {}),
        ({"big": 7}, {"big": "7"}),
        ({"big": "7"}, {"big": "7"}),
        ({"big": 7.0}, {"big": "7"}),
        ({"big": "seven"}, {"big": "seven"}),
        ({"big": True}, {"big": True}),
        ({"small": "-7"}, {"small": -7}),
        ({"small": 7.5}, {"small": 7.5}),
        ({"ratio": "1.5"}, {"ratio": 1.5}),
        ({"ratio": "NaN"}, {"ratio": "NaN"}),
        ({"yes": False}, {"yes": False}),
        ({"kind": "kind_unspecified"}, {}),
        ({"kind": "a"}, {"kind": "a"}),
        ({"level": "LOW"}, {"level": "LOW"}),
        ({"list": [{"innerOne": "x"}, None]}, {"list": [{"innerOne": "x"}, None]}),
        ({"plain": [None, {"a_b": 1}]}, {"plain": [None, {"a_b": 1}]}),
        ({"labels": {"a_b": "7"}}, {"labels": {"a_b": 7}}),
        ({"free": {"a_b": None}}, {"free": {"a_b": None}}),
        ({"loose": {"a": 1, "b_c": 2}}, {"loose": {"a": 1, "b_c": 2}}),
        ({"both": {"x": 1, "y_z": "2"}}, {"both": {"x": 1, "y_z": 2}}),
        ({"any": {"a_b": [None]}}, {"any": {"a_b": [None]}}),
    ],
)
def test_a_body_is_read_as_a_grpc_gateway_reads_it(body: Any, value: Any) -> None:
    reading = fit_value(SCHEMA, body)
    assert reading.value == value
    assert reading.unknown_fields == ()


def test_unknown_fields_are_left_out_and_noted_with_their_path() -> None:
    reading = fit_value(SCHEMA, {"userNam": "x", "list": [{"inner": 1}]})
    assert reading.value == {"list": [{}]}
    assert reading.unknown_fields == ("userNam", "list[0].inner")


def test_no_more_than_a_hundred_unknown_fields_are_noted() -> None:
    assert len(fit_value(SCHEMA, {f"x{number}": 1 for number in range(1000)}).unknown_fields) == 100


def test_a_field_given_under_both_names_is_a_violation() -> None:
    (violation,) = fit_value(SCHEMA, {"userName": "x", "user_name": "y"}).violations
    assert violation.field == "user_name"


def test_a_named_all_of_is_read_through() -> None:
    document = {"definitions": {"Id": {"allOf": [{"type": "string", "format": "int64"}]}}}
    assert fit_value(SchemaConverter(document).convert({"$ref": "#/definitions/Id"}), 7).value == "7"


def test_values_of_another_kind_than_the_schemas_stay_for_the_validator() -> None:
    assert fit_value(SCHEMA, [1]).value == [1]
    assert fit_value(SCHEMA, None).value is None


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"\xff", "not UTF-8 at byte 0"),
        (b'{"a":', "not JSON at line 1, column 6"),
        ("\ufeff{}".encode(), "not JSON at line 1"),
        (b"NaN", "not finite"),
        (b"-Infinity", "not finite"),
        (b"1e999", "too large for a double"),
        (b"9" * 5000, "too many digits"),
        (b'"\\ud800"', "lone surrogate"),
        (b'{"\\udfff": 1}', "lone surrogate"),
        (b"[" * 700 + b"]" * 700, "nested"),
        (b"[" * 200_000, "nested too deeply"),
    ],
)
def test_what_protobufs_json_refuses_is_refused(content: bytes, problem: str) -> None:
    with pytest.raises(NotJsonError, match=problem):
        decode_json(content)


def test_pairs_of_surrogates_and_deep_callback_data_are_fine() -> None:
    assert decode_json(b'"\\ud83d\\ude00 \xc3\xa9"') == "\U0001f600 é"
    assert decode_json(b"[" * 512 + b"]" * 512)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner, max_size=3)))
def test_compact_is_the_shortest_utf8_json(value: object) -> None:
    assert json.loads(encode_compact(value)) == value
    assert encode_compact(value) == json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
