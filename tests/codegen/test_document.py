from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codegen.spec.document import (
    CodegenError,
    Json,
    check_object,
    check_strings,
    copy_json,
    inside,
    load,
    refuse,
    select,
    to_list,
    to_object,
)
from tests.codegen.samples import VENDORED, swagger_path


def explain(content: bytes) -> str:
    with pytest.raises(CodegenError) as refused:
        load(content)
    text = str(refused.value)
    assert "\n" not in text
    return text


def test_a_document_is_decoded_with_or_without_a_byte_order_mark() -> None:
    assert load(b'{"a": [1.5, {"b": null}]}') == {"a": [1.5, {"b": None}]}
    assert load(b'\xef\xbb\xbf{"a": 1}') == {"a": 1}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (b"", "truncated: it ends in line 1"),
        (b"\xef\xbb\xbf \n", "truncated: it ends in line 1"),
        (b"<!doctype html><html></html>", "a web page or XML, not JSON"),
        (b"# ours\nswagger: '2.0'\ninfo:\n", "not valid JSON: Expecting value: line 1 column 1"),
        (b'"swagger": "2.0"\n', "not valid JSON: Extra data: line 1 column 10"),
        (b"[1]", "#: must be an object"),
        (b"hello", "not valid JSON: Expecting value: line 1 column 1"),
        (b'{"a": 1}\n{"b": 2}', "not valid JSON: Extra data: line 2 column 1"),
        (b'{"a": 1}\n}', "not valid JSON: Extra data: line 2 column 1"),
        (b'// ours\n{"a": 1}', "not valid JSON: Expecting value: line 1 column 1"),
        (
            b'{"a": 1, // ours\n"b": 2}',
            "not valid JSON: Expecting property name enclosed in double quotes: line 1 column 10",
        ),
        (b'{"a": 1 /* ours */}', "not valid JSON: Expecting ',' delimiter: line 1 column 9"),
        # The rest of the sentence, and the column, depend on the version of Python.
        (b'{"a": [1, 2,\n ]}', "not valid JSON: "),
        (b'{"a": {"b": 1,}}', "not valid JSON: "),
        (b'{"a": 1\n"b": 2}', "not valid JSON: Expecting ',' delimiter: line 2 column 1"),
        (b"{'a': 1}", "not valid JSON: Expecting property name enclosed in double quotes: line 1 column 2"),
        (b'{"a": "b\nc"}', "not valid JSON: Invalid control character at: line 1 column 9"),
        (b'{"a": {"b/c": [{"d": 1, "e": 2, "d": 1}]}}', "#/a/b~1c/0: the key 'd' occurs twice in one object"),
        (b'{"a": NaN}', "#/a: NaN is not a number in JSON"),
        (b'{"a": [1, -Infinity]}', "#/a/1: -Infinity is not a number in JSON"),
        (b'{"a": 1e999}', "#/a: 1e999 is not a number in JSON"),
        (b'{"a": ' + b"9" * 5000 + b"}", "Exceeds the limit (4300 digits)"),
        (b'{"a": "\\ud800"}', "surrogates not allowed"),
        (b'{"a":\n"\xff\xfe"}', "can't decode byte 0xff in position 7"),
        ('{"a": 1}'.encode("utf-16"), "can't decode byte 0xff in position 0"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a":' * 100_000, "nested too deeply"),
        (b'{"a":' * 300 + b"1" + b"}" * 300, "nested too deeply"),
    ],
)
def test_a_text_that_is_not_to_be_used_is_explained_with_its_place(text: bytes, problem: str) -> None:
    assert problem in explain(text)


@given(share=st.floats(0.001, 0.999))
def test_a_truncated_file_is_called_so_wherever_it_ends(share: float) -> None:
    whole = swagger_path(VENDORED).read_bytes().strip()
    part = whole[: int(len(whole) * share)]
    last_line = part.rstrip().count(b"\n") + 1
    assert explain(part) == f"truncated: it ends in line {last_line}, before the JSON is complete"


@given(st.data())
def test_a_text_with_anything_in_it_is_decoded_or_explained(data: st.DataObject) -> None:
    whole = b'{"a": [1, {"b": "c"}], "d": {"e": null}}'
    start = data.draw(st.integers(0, len(whole)))
    changed = whole[:start] + data.draw(st.binary(max_size=4)) + whole[data.draw(st.integers(start, len(whole))) :]
    try:
        assert json.dumps(load(changed))
    except CodegenError as error:
        assert str(error)  # noqa: PT017  either outcome is right, and each is looked at


def test_pointers_escape_tildes_and_slashes() -> None:
    assert inside(inside("#", "/v1/{id}"), "a~b") == "#/~1v1~1{id}/a~0b"
    assert inside("#/list", 0) == "#/list/0"


def test_refusing_says_where() -> None:
    with pytest.raises(CodegenError, match=r"^#/here: is wrong$"):
        refuse("#/here", "is wrong")


KNOWN = {"name": str, "deep": dict, "flag": bool, "any": object, "x-known": bool}


def test_known_keys_of_the_right_types_pass_and_extensions_too() -> None:
    fields: Json = {"name": "a", "deep": {}, "flag": True, "any": None, "x-known": False, "x-other": [1]}
    assert check_object(fields, KNOWN, "#", required=("name",)) is fields


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ([], "#: must be an object"),
        ({"name": "a", "nome": 1}, "#/nome: unknown key"),
        ({"name": 1}, "#/name: must be a string"),
        ({"name": "a", "flag": 1}, "#/flag: must be a boolean"),
        ({"name": "a", "deep": []}, "#/deep: must be an object"),
        ({"name": "a", "x-known": "yes"}, "#/x-known: must be a boolean"),
        ({}, "#: 'name' is missing"),
    ],
)
def test_unknown_keys_and_wrong_types_are_refused_with_their_pointer(fields: object, problem: str) -> None:
    with pytest.raises(CodegenError, match=problem):
        check_object(fields, KNOWN, "#", required=("name",))


def test_members_are_selected_by_key_and_type() -> None:
    kinds = {"b": str, "a": object, "c": str, "e": object}
    assert select({"a": 1, "b": "x", "c": True, "d": 2}, kinds) == {"b": "x", "a": 1}


def test_a_copy_shares_nothing() -> None:
    part = {"b": [1]}
    copied = copy_json({"a": part, "c": part})
    copied["a"]["b"].append(2)
    assert (part, copied["c"]) == ({"b": [1]}, {"b": [1]})


def test_lists_and_objects_are_told_apart() -> None:
    assert check_strings(["b", "a", "b"], "#") == ["b", "a"]
    assert (to_list([1]), to_list({"a": 1}), to_list(None)) == ([1], [], [])
    assert (to_object({"a": 1}), to_object([1]), to_object(None)) == ({"a": 1}, {}, {})
    with pytest.raises(CodegenError, match="#/x: must be a list"):
        check_strings("ab", "#/x")
    with pytest.raises(CodegenError, match="#/x/1: must be a string"):
        check_strings(["a", 1], "#/x")
