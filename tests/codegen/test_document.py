from __future__ import annotations

import pytest

from codegen.spec.document import (
    CodegenError,
    check_object,
    elements,
    extensions,
    inside,
    load,
    members,
    refuse,
    strings,
)


def test_a_document_is_decoded() -> None:
    assert load(b'{"a": [1, {"b": null}]}') == {"a": [1, {"b": None}]}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (b"", "not valid JSON"),
        (b"{", "not valid JSON"),
        (b"\xff\xfe{", "not valid JSON"),
        (b"[" * 100_000, "not valid JSON"),
        (b"[1]", "#: must be an object"),
        (b'{"a": {"b": 1, "b": 2}}', "the key 'b' occurs twice in one object"),
        (b'{"a": NaN}', "NaN is not JSON"),
        (b'{"a": -Infinity}', "-Infinity is not JSON"),
    ],
)
def test_a_document_that_could_be_misread_is_refused(text: bytes, problem: str) -> None:
    with pytest.raises(CodegenError, match=problem):
        load(text)


def test_pointers_escape_tildes_and_slashes() -> None:
    assert inside(inside("#", "/v1/{id}"), "a~b") == "#/~1v1~1{id}/a~0b"
    assert inside("#/list", 0) == "#/list/0"


def test_refusing_says_where() -> None:
    with pytest.raises(CodegenError, match=r"^#/here: is wrong$"):
        refuse("#/here", "is wrong")


KNOWN = {"name": str, "deep": dict, "size": int, "flag": bool, "any": object, "x-known": bool}


def test_known_keys_of_the_right_types_pass_and_extensions_too() -> None:
    fields = {"name": "a", "deep": {}, "size": 1.5, "flag": True, "any": None, "x-known": False, "x-other": [1]}
    assert check_object(fields, KNOWN, "#", required=("name",)) is fields
    assert extensions(fields) == {"x-known": False, "x-other": [1]}


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ([], "#: must be an object"),
        ({"name": "a", "nome": 1}, "#/nome: unknown key"),
        ({"name": 1}, "#/name: must be a string"),
        ({"name": "a", "size": True}, "#/size: must be a number"),
        ({"name": "a", "flag": 1}, "#/flag: must be a boolean"),
        ({"name": "a", "deep": []}, "#/deep: must be an object"),
        ({"name": "a", "x-known": "yes"}, "#/x-known: must be a boolean"),
        ({}, "#: 'name' is missing"),
    ],
)
def test_unknown_keys_and_wrong_types_are_refused_with_their_pointer(fields: object, problem: str) -> None:
    with pytest.raises(CodegenError, match=problem):
        check_object(fields, KNOWN, "#", required=("name",))


def test_lists_and_objects_are_told_apart() -> None:
    assert strings(["b", "a", "b"], "#") == ["b", "a"]
    assert elements([1], "#") == [1]
    assert members({"a": 1}, "#") == {"a": 1}
    with pytest.raises(CodegenError, match="#/x: must be a list"):
        strings("ab", "#/x")
    with pytest.raises(CodegenError, match="#/x/1: must be a string"):
        strings(["a", 1], "#/x")
    with pytest.raises(CodegenError, match="#/x: must be an object"):
        members([], "#/x")
