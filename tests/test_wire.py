from __future__ import annotations

import copy
import json
import pickle
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from connectly_api.errors import InvalidInputError
from connectly_api.setting_rules import find_name_problem
from connectly_api.wire import encoding as wire
from connectly_api.wire.encoding import encode_json
from connectly_api.wire.parameters import encode_header, encode_parameter, encode_path_segment, encode_query
from connectly_api.wire.unset import UNSET, Unset

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def test_there_is_one_unset_and_it_survives_copying() -> None:
    assert Unset() is UNSET
    assert copy.copy(UNSET) is UNSET
    assert copy.deepcopy({"a": [UNSET]})["a"][0] is UNSET
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        assert pickle.loads(pickle.dumps(UNSET, protocol)) is UNSET  # noqa: S301  our own bytes
    assert not UNSET
    assert repr(UNSET) == "UNSET"


@given(st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"]), min_size=1))
def test_an_id_is_one_segment_of_a_path_whatever_it_holds(value: str) -> None:
    assume(value not in {".", ".."} and find_name_problem(value) is None)
    segment = encode_path_segment("id", value)
    assert unquote(segment) == value
    assert "/" not in segment
    assert segment.isascii()


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("", "id: is empty"),
        (".", "id: '[.]' would change the path"),
        ("..", "id: '[.][.]' would change the path"),
        ("a\nb", "id: holds control characters"),
        ("\x00", "id: holds control characters"),
        ("a\x85b", "id: holds control characters"),
        ("a\u200bb", "id: holds control characters, or others that cannot be seen"),
        (" a", "id: begins or ends with white space"),
        ("a\n", "id: begins or ends with white space"),
        ("\ud800", "id: holds a lone surrogate"),
        (5, "id: must be a string, not int"),
        (None, "id: must be a string, not NoneType"),
    ],
)
def test_an_id_that_is_no_segment_is_refused(value: Any, problem: str) -> None:
    with pytest.raises(InvalidInputError, match=problem) as refused:
        encode_path_segment("id", value)
    assert refused.value.field == "id"


@pytest.mark.parametrize(
    ("value", "text"),
    [("a,b", "a,b"), (True, "true"), (False, "false"), (3, "3"), (0.5, "0.5"), (["a", 1, True], "a,1,true"), ((), "")],
)
def test_a_parameter_is_written_as_text(value: object, text: str) -> None:
    assert encode_parameter("a", value) == text
    assert encode_parameter("a", ["x", "y"], "|") == "x|y"


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (None, "a: must be a text or a number, not NoneType"),
        ({}, "a: must be a text or a number, not dict"),
        (b"x", "a: must be a text or a number, not bytes"),
        ([None], "a: must be a text or a number, not NoneType"),
        (float("inf"), "a: is not a finite number"),
        ("\ud800", "a: holds a lone surrogate"),
        (["a,b"], "a: an element holds ',', which separates elements"),
        ([["a", "b"]], "a: an element holds ','"),
    ],
)
def test_a_parameter_that_cannot_be_written_is_refused(value: object, problem: str) -> None:
    with pytest.raises(InvalidInputError, match=problem) as refused:
        encode_parameter("a", value)
    assert refused.value.field == "a"


def test_a_query_says_what_is_given_and_nothing_else() -> None:
    assert (
        encode_query("a", UNSET) == encode_query("a", None) == encode_query("a", []) == encode_query("a", [], ",") == ()
    )
    assert encode_query("a", "x") == (("a", "x"),)
    assert encode_query("a", ["x,y", 2]) == (("a", "x,y"), ("a", "2"))
    assert encode_query("a", ["x", 2], ",") == (("a", "x,2"),)
    assert encode_query("a", "") == (("a", ""),)


def test_a_header_says_what_is_given_in_printable_ascii() -> None:
    assert encode_header("A", UNSET) == encode_header("A", None) == ()
    assert encode_header("A", "x y~") == (("A", "x y~"),)
    assert encode_header("A", ["x", "y"]) == (("A", "x,y"),)
    for value in ("a\r\nB: c", "é", "\x7f", "\t"):
        with pytest.raises(InvalidInputError, match="A: holds something other than printable ASCII"):
            encode_header("A", value)


@given(JSON)
def test_json_is_compact_utf_8_and_reads_back_equal(value: object) -> None:
    encoded = encode_json({"a": value}, field="body")
    assert json.loads(encoded.decode()) == {"a": value}
    assert encoded == b'{"a":' + encode_json(value, field="a") + b"}"


def test_nothing_is_escaped_without_need() -> None:
    assert encode_json({"é": ["☃", "\n", ("x",)]}, field="body") == '{"é":["☃","\\n",["x"]]}'.encode()


def deep(levels: int) -> object:
    value: object = 1
    for level in range(levels):
        value = [value] if level % 2 else {"a": value}
    return value


def cycle() -> object:
    value: list[object] = []
    value.append({"a": [value]})
    return {"b": value}


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ({"a": [1, float("nan")]}, r"body\.a\[1\]: is not a finite number"),
        ({"a": float("-inf")}, r"body\.a: is not a finite number"),
        ({"a": b"x"}, r"body\.a: is of type bytes, which JSON does not have"),
        ({"a": {1: 2}}, r"body\.a: has a key of type int"),
        ({"a": [{None: 2}]}, r"body\.a\[0\]: has a key of type NoneType"),
        ({"a": "\ud800"}, r"body\.a: holds a lone surrogate"),
        ({"a": {"\ud800": 1}}, r"body\.a: has a key with a lone surrogate"),
        (cycle(), r"body\.b\[0\]\.a\[0\]: contains itself"),
        (deep(601), r"body: is nested more than 600 levels deep"),
        (deep(5000), r"body: is nested more than 600 levels deep"),
        ({"callbackData": {"secret": {"x": {1}}}}, r"body\.callbackData\{0\}\{0\}: is of type set"),
        ([10**5000], "body: is nested too deeply, or holds an integer of too many digits"),
        (UNSET, "body: is of type Unset"),
    ],
)
def test_what_is_not_json_is_refused_with_the_path_of_the_culprit(value: object, problem: str) -> None:
    with pytest.raises(InvalidInputError, match=f"^{problem}"):
        encode_json(value, field="body")


def test_as_deep_as_is_allowed_is_written() -> None:
    assert json.loads(encode_json(deep(512), field="body")) == deep(512)


@pytest.mark.parametrize("value", [deep(601), [deep(600)], {"a": deep(600)}, ((deep(600),),)])
def test_deeper_is_refused_from_either_kind_of_container(value: object) -> None:
    with pytest.raises(InvalidInputError, match="nested more than 600"):
        encode_json(value, field="body")


@given(JSON)
def test_json_is_what_the_standard_library_writes(value: object) -> None:
    assert encode_json(value, field="body").decode() == json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def test_an_encoder_that_cannot_be_prepared_is_done_without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json.encoder, "c_make_encoder", None)
    assert vars(wire)["_build_encoder"]()({"a": ["é", 1.5, None]}) == '{"a":["é",1.5,null]}'
