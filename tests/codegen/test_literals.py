from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codegen.render.literals import docstring, literal, path_expression, prose

HOSTILE = [
    '"""; import os; """',
    'ends with a quote"',
    "ends with a backslash\\",
    '\\"""',
    "{{ 7 * 7 }} {% raise %} {# gone #}",
    "\\N{DASH} \\u12 \\x",
    "two\nlines\r\nand\ttabs",
    "\u2028separated\u2029\x0b\x0c\x85",
    "\u202ereversed\u202c",
    "\ud800alone\x00",
    "'''",
    "naïve ☃ 日本語 🫨",
    "",
]


@given(st.text() | st.sampled_from(HOSTILE) | st.integers())
def test_a_literal_evaluates_to_what_it_stands_for(value: str | int) -> None:
    assert ast.literal_eval(literal(value)) == value
    assert literal(value).isascii()


@given(st.lists(st.text() | st.sampled_from(HOSTILE), min_size=1, max_size=4))
def test_a_docstring_is_inert_whatever_it_holds(lines: list[str]) -> None:
    printable = [line for text in lines for line in prose(text)] or [""]
    source = f"class A:\n    {docstring(printable).replace(chr(10), chr(10) + '    ')}\n"
    (node,) = ast.parse(source).body
    assert isinstance(node, ast.ClassDef)
    assert len(node.body) == 1
    said = ast.get_docstring(node)
    assert said is not None
    assert said.split() == " ".join(printable).split()


def test_prose_wraps_keeps_lines_and_drops_what_cannot_be_printed() -> None:
    assert prose("a\nb\n\n\n\nc\x00d\u202e\n") == ["a", "b", "", "c d"]
    assert prose("") == []
    wrapped = prose("word " * 60, indent="  ")
    assert len(wrapped) == 3
    assert all(len(line) <= 104 for line in wrapped)
    assert [line.startswith("  ") for line in wrapped] == [False, True, True]
    assert prose("x" * 300) == ["x" * 300]


def test_a_docstring_of_one_line_stays_on_it() -> None:
    assert docstring(["It."]) == '"""It."""'
    assert docstring(["It.", "", "More."]) == '"""It.\n\nMore.\n"""'


def evaluated(expression: str, **values: str) -> str:
    return str(eval(expression, {"__builtins__": {}}, values))  # noqa: S307  the point is what it evaluates to


def test_a_path_is_built_from_its_segments() -> None:
    expression = path_expression("/v1/{a}/things/{b}:run", {"a": "a", "b": "b"})
    assert evaluated(expression, a="1", b="2") == "/v1/1/things/2:run"
    assert path_expression("/v1", {}) == '"/v1"'


@pytest.mark.parametrize(
    "text", ['"', "\\", "'", '""" + x + """', "a b", "?a=b", "#a", "☃", "}", "{", "%7B", *"\n\x00\x85\ud800"]
)
def test_text_in_a_path_is_percent_encoded_and_inert(text: str) -> None:
    built = evaluated(path_expression(f"/{text}/{{a}}", {"a": "a"}), a="1")
    assert built.startswith("/")
    assert built.endswith("/1")
    assert not set(built) & set("\"'\\ ?#☃{}")
    assert built.isascii()
    assert built.isprintable()
