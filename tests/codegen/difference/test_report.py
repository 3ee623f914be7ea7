from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from codegen.difference import Change, Difference, line, render
from codegen.difference.changes import BUMPS, Place

PLACE = Place("POST /a/{id}", "request", (".b", "[]"))
CHANGE = Change("field-removed", (PLACE,), "the field is removed", "breaking", "It is gone.")
HOSTILE = "a|b`c`<img src=x>\n| x | [y](z) @all #1 https://e.example *_~\\\x1b[2K\u202e\ud800"


def test_the_text_groups_changes_by_class_and_reason() -> None:
    many = Change("k", tuple(Place(f"GET /{n}") for n in range(8)), "x", "cosmetic", "Y.")
    twice = Change("k", (Place("GET /b"), Place("GET /c")), "x", "additive", "Z.")
    breaking = Change("k", tuple(Place(f"GET /x{n}") for n in range(8)), "x", "breaking", "X.")
    assert render(Difference((CHANGE, breaking, twice, many)), "text").splitlines() == [
        "2 breaking, 1 additive, 1 cosmetic: requires a major version.",
        "",
        "breaking (major)",
        "  It is gone.",
        "    POST /a/{id} · request · b[]: the field is removed",
        "  X.",
        "    GET /x0: x (and at 7 more places)",
        "",
        "additive (minor)",
        "  Z.",
        "    GET /b: x (and at 1 more place)",
        "",
        "cosmetic (patch)",
        "  Y.",
        "    GET /0: x (and at 7 more places)",
    ]


def test_the_text_of_very_many_changes_is_short() -> None:
    changes = [
        Change("k", (Place(f"GET /{impact}/{n}"),), "x", impact, f"{reason}.")
        for impact in BUMPS
        for n in range(100)
        for reason in ("Y", "Z")
    ]
    found = render(Difference(tuple(changes)), "text").splitlines()
    assert len(found) < 160
    assert found[2:5] == ["breaking (major)", "  Y.", "    GET /breaking/0: x"]
    assert found[-1] == "    … and 95 more changes, see --format json"


def test_no_change_is_said_in_each_form() -> None:
    assert render(Difference(), "text") == render(Difference(), "markdown") == "No change."
    assert json.loads(render(Difference(), "json")) == {
        "format": 1,
        "class": None,
        "bump": "none",
        "counts": {"breaking": 0, "additive": 0, "cosmetic": 0},
        "changes": [],
    }


def test_the_json_holds_everything() -> None:
    assert json.loads(render(Difference((CHANGE,)), "json")) == {
        "format": 1,
        "class": "breaking",
        "bump": "major",
        "counts": {"breaking": 1, "additive": 0, "cosmetic": 0},
        "changes": [
            {
                "kind": "field-removed",
                "class": "breaking",
                "bump": "major",
                "what": "the field is removed",
                "reason": "It is gone.",
                "places": [
                    {
                        "text": "POST /a/{id} · request · b[]",
                        "operation": "POST /a/{id}",
                        "part": "request",
                        "path": [".b", "[]"],
                    }
                ],
            }
        ],
    }


def hostile(text: str) -> Difference:
    place = Place(text, text, (f"['{text}']",))
    return Difference((Change("field-removed", (place,), text, "breaking", "It is gone."),))


def table_of(markdown: str) -> list[str]:
    """Return the cells of the one table that a Markdown reader finds, as the text that is seen, and nothing else."""
    reader = MarkdownIt("commonmark", {"html": True, "linkify": False}).enable(["table", "strikethrough"])
    cells: list[str] = []
    for token in reader.parse(markdown):
        if token.type != "inline":
            assert token.type.split("_")[0] in {"table", "thead", "tbody", "tr", "th", "td", "paragraph"}
            continue
        seen = ""
        for child in token.children or []:
            assert child.type in {"text", "text_special", "html_inline"}
            if child.type == "html_inline":
                assert child.content in {"<code>", "</code>", "<br>"}
            else:
                seen += child.content
        cells.append(seen)
    return cells


@pytest.mark.parametrize("text", [HOSTILE, "`", "|", "\n\n# x", "</code>", "&amp;", "\\|", "a|b"])
def test_foreign_text_stays_in_its_cell_and_in_its_line(text: str) -> None:
    check(text)


@given(st.text(st.characters(), max_size=40))
def test_no_text_gets_out_of_its_cell_or_its_line(text: str) -> None:
    check(text)


def check(text: str) -> None:
    difference = hostile(text)
    shown = line(difference.changes[0])
    assert not re.search("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]", shown)
    assert len(render(difference, "text").splitlines()) == 5
    assert len(table_of(render(difference, "markdown"))) == 1 + 5 + 5
    assert json.loads(render(difference, "json"))["changes"][0]["what"] == text
    assert render(difference, "json").isascii()


def test_what_is_seen_in_markdown_is_what_is_said() -> None:
    cells = table_of(render(hostile("a|b <c> `d` *e* @f"), "markdown"))
    assert cells[8] == "a|b <c> `d` *e* @f"
