from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codegen.terminal_text import one_line, printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("größe 名前 🎉 '\"\\", "größe 名前 🎉 '\"\\"),
        ("a\nb\r\tc", "a\\u{a}b\\u{d}\\u{9}c"),
        ("\x1b[2K\x00\x7f\x85", "\\u{1b}[2K\\u{0}\\u{7f}\\u{85}"),
        ("\u202eabc\u2066\u200b\u2028", "\\u{202e}abc\\u{2066}\\u{200b}\\u{2028}"),
        ("a\u00a0b\u3000", "a\\u{a0}b\\u{3000}"),
        ("\ud800\U000e0001\ue000", "\\u{d800}\\u{e0001}\\u{e000}"),
    ],
)
def test_what_a_terminal_acts_on_or_hides_is_escaped(text: str, shown: str) -> None:
    assert one_line(text) == shown


def test_lines_stay_lines() -> None:
    assert printable("a\n\x1bb\n", "utf-8") == "a\n\\u{1b}b\n"


def test_what_an_output_cannot_take_is_escaped() -> None:
    assert printable("größe", "ascii") == printable("größe", None) == "gr\\xf6\\xdfe"


@given(st.text(st.characters()))
def test_any_text_is_one_line_that_any_output_takes(text: str) -> None:
    assert len(one_line(text).splitlines()) <= 1
    assert printable(text, "ascii").isascii()
    assert "\x1b" not in printable(text, "utf-8").encode().decode()
