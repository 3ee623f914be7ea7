from __future__ import annotations

import json

import pytest

from codegen.naming.name_table import NO_NAMES, Model, Operation, Published, dump, read
from codegen.spec.document import CodegenError

TABLE = Published(
    {"GET /b": Operation("b", "get_b", {"path 1": "a"}), "GET /a": Operation("a", "get_a", {})},
    {"B": Model("class", ("x", "a"), {"z": "z", "a": "a_"}), "A": Model("enum", (), {})},
)


def test_a_table_is_written_sorted_but_for_fields_and_read_again() -> None:
    text = dump(TABLE).decode()
    assert text.index("GET /a") < text.index("GET /b")
    assert text.index('"A"') < text.index('"B"')
    found = read(text.encode())
    assert found.operations == TABLE.operations
    assert list(found.models["B"].fields) == ["z", "a"]
    assert found.models["B"].places == ("a", "x")
    assert read(dump(NO_NAMES)) == NO_NAMES


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"operations": []}, "#/operations: must be an object"),
        ({"more": 1}, "#/more: unknown key"),
        ({"models": {"A": {"kind": "struct", "places": [], "fields": {}}}}, "#/models/A/kind: must be one of class"),
        ({"models": {"A": {"kind": "enum", "places": [1], "fields": {}}}}, "#/models/A/places"),
        ({"models": {"A": {"kind": "enum", "places": [], "fields": {"a": 1}}}}, "#/models/A/fields"),
        ({"operations": {"GET /": {"module": "a"}}}, "#/operations/GET ~1: 'function' is missing"),
    ],
)
def test_a_table_that_is_none_is_refused(change: dict[str, object], problem: str) -> None:
    with pytest.raises(CodegenError) as refused:
        read(json.dumps({"operations": {}, "models": {}, **change}).encode())
    assert str(refused.value).startswith(f"codegen/names.json: {problem}")
    assert str(refused.value).endswith("restore it from version control")
