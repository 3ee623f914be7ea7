"""Lists and reply buttons: every limit at and just beyond it, all at once, and the form on the wire."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import pytest

from connectly_api.content.basic import Audio, Document, Image, Text, Video
from connectly_api.content.interactive import Button, ListMessage, ReplyButtons, Row, Section
from connectly_api.content.parts import check_header
from connectly_api.errors import Violation

REQUESTS = Path(__file__).parent / "data/requests"
URL = "https://example.com/file"
Kind = ListMessage | ReplyButtons


def buttons(number: int) -> list[Button]:
    return [Button(f"id{index}", f"title{index}") for index in range(number)]


def rows(number: int, first: int = 0) -> list[Row]:
    return [Row(f"id{index}", f"title{index}") for index in range(first, first + number)]


def one_row(**values: Any) -> ListMessage:
    return ListMessage("b", [Section(None, [Row(**{"id": "1", "title": "t", **values})])])


# What is built with so many characters or members, the field that it fills, and how many are allowed.
LENGTHS: dict[str, tuple[Callable[[str], Kind], str, int]] = {
    "body of reply buttons": (lambda text: ReplyButtons(text, buttons(1)), "text", 1024),
    "title of a button": (lambda text: ReplyButtons("t", [*buttons(1), Button("x", text)]), "buttons[1].title", 20),
    "id of a button": (lambda text: ReplyButtons("t", [Button(text, "t")]), "buttons[0].id", 256),
    "header of reply buttons": (lambda text: ReplyButtons("t", buttons(1), text), "header", 60),
    "footer of reply buttons": (lambda text: ReplyButtons("t", buttons(1), footer=text), "footer", 60),
    "button of a list": (lambda text: ListMessage(text, [Section(None, rows(1))]), "button", 20),
    "body of a list": (lambda text: ListMessage("b", [Section(None, rows(1))], text), "text", 4096),
    "header of a list": (lambda text: ListMessage("b", [Section(None, rows(1))], header=text), "header", 60),
    "footer of a list": (lambda text: ListMessage("b", [Section(None, rows(1))], footer=text), "footer", 60),
    "title of a section": (lambda text: ListMessage("b", [Section(text, rows(1))]), "sections[0].title", 24),
    "title of a row": (lambda text: one_row(title=text), "sections[0].rows[0].title", 24),
    "description of a row": (lambda text: one_row(description=text), "sections[0].rows[0].description", 72),
    "id of a row": (lambda text: one_row(id=text), "sections[0].rows[0].id", 200),
}


@pytest.mark.parametrize(("build", "field", "limit"), LENGTHS.values(), ids=LENGTHS.keys())
@pytest.mark.parametrize("character", ["x", "\u00e9", "\U0001f44d"], ids=ascii)
def test_a_text_of_the_largest_length_passes_and_one_character_more_does_not(
    build: Callable[[str], Kind], field: str, limit: int, character: str
) -> None:
    assert list(build(character).violations()) == []
    assert list(build(character * limit).violations()) == []
    assert list(build(character * (limit + 1)).violations()) == [
        Violation(field, f"{limit + 1} characters; the limit is {limit}", limit + 1, limit)
    ]


FIELDS = {name: (build, field) for name, (build, field, _) in LENGTHS.items()}


@pytest.mark.parametrize(("build", "field"), FIELDS.values(), ids=FIELDS.keys())
@pytest.mark.parametrize("empty", ["", " "])
def test_an_empty_text_is_refused_everywhere(build: Callable[[str], Kind], field: str, empty: str) -> None:
    (found,) = build(empty).violations()

    assert (found.field, found.problem, found.size) == (field, "is empty", len(empty))


@pytest.mark.parametrize(("build", "field"), FIELDS.values(), ids=FIELDS.keys())
@pytest.mark.parametrize("value", [7, b"x", ["x"], "\ud800"], ids=ascii)
def test_a_value_of_a_wrong_type_is_an_error_in_its_field(
    build: Callable[[Any], Kind], field: str, value: object
) -> None:
    found = list(build(value).violations())

    assert [(violation.field, violation.level) for violation in found] == [(field, "error")]


NUMBERS: dict[str, tuple[Kind, list[Violation]]] = {
    "no button": (
        ReplyButtons("t", []),
        [Violation("buttons", "0 buttons; at least 1 is needed", 0, 1, level="error")],
    ),
    "three buttons": (ReplyButtons("t", buttons(3)), []),
    "four buttons": (ReplyButtons("t", buttons(4)), [Violation("buttons", "4 buttons; the limit is 3", 4, 3)]),
    "no section": (
        ListMessage("b", []),
        [
            Violation("sections", "0 sections; at least 1 is needed", 0, 1, level="error"),
            Violation("sections", "0 rows in all sections together; at least 1 is needed", 0, 1, level="error"),
        ],
    ),
    "ten sections of one row": (ListMessage("b", [Section(f"s{index}", rows(1, index)) for index in range(10)]), []),
    "eleven sections of one row": (
        ListMessage("b", [Section(f"s{index}", rows(1, index)) for index in range(11)]),
        [
            Violation("sections", "11 sections; the limit is 10", 11, 10),
            Violation("sections", "11 rows in all sections together; the limit is 10", 11, 10),
        ],
    ),
    "ten rows in one section": (ListMessage("b", [Section(None, rows(10))]), []),
    "ten rows in two sections": (ListMessage("b", [Section("a", rows(5)), Section("b", rows(5, 5))]), []),
    "eleven rows in two sections": (
        ListMessage("b", [Section("a", rows(5)), Section("b", rows(6, 5))]),
        [Violation("sections", "11 rows in all sections together; the limit is 10", 11, 10)],
    ),
    "an empty section beside a full one": (
        ListMessage("b", [Section("a", rows(1)), Section("b", [])]),
        [Violation("sections[1]", "is empty; at least 1 is needed", 0, 1, level="error")],
    ),
    "two sections, one without a title": (
        ListMessage("b", [Section("a", rows(1)), Section(None, rows(1, 1))]),
        [Violation("sections[1].title", "is required if there are several sections", 0)],
    ),
}


@pytest.mark.parametrize(("content", "expected"), NUMBERS.values(), ids=NUMBERS.keys())
def test_too_few_and_too_many_are_named_with_number_and_limit(content: Kind, expected: list[Violation]) -> None:
    assert list(content.violations()) == expected


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (
            ReplyButtons("t", [Button("1", "a"), Button("1", "b")]),
            Violation("buttons", "two ids are the same; each must be unique", 2),
        ),
        (
            ReplyButtons("t", [Button("1", "a"), Button("2", "b"), Button("3", "a")]),
            Violation("buttons", "two titles are the same; each must be unique", 3),
        ),
        (
            ListMessage("b", [Section("a", [Row("1", "x")]), Section("b", [Row("1", "y")])]),
            Violation("sections", "two row ids are the same; each must be unique", 2),
        ),
    ],
)
def test_what_must_be_unique_is(content: Kind, expected: Violation) -> None:
    assert list(content.violations()) == [expected]


def test_rows_may_share_a_title_and_ids_may_differ_by_case() -> None:
    assert list(ListMessage("b", [Section(None, [Row("a", "x"), Row("A", "x")])]).violations()) == []


@pytest.mark.parametrize("identifier", [" 1", "1 ", "\t1", "1\n", "\u00a01"], ids=ascii)
def test_the_id_of_a_button_has_no_outer_white_space(identifier: str) -> None:
    found = list(ReplyButtons("t", [Button(identifier, "a")]).violations())

    assert found == [Violation("buttons[0].id", "begins or ends with white space", len(identifier))]


@pytest.mark.parametrize(
    "header", [None, "x" * 60, Image(URL), Video(URL), Document(f"{URL}.pdf"), Document(URL, "name.pdf")], ids=repr
)
def test_reply_buttons_take_a_text_or_a_medium_on_top(header: Any) -> None:
    assert list(ReplyButtons("t", buttons(1), header).violations()) == []


@pytest.mark.parametrize("header", [Image(URL), Video(URL), Document(URL, "name.pdf")], ids=repr)
def test_a_medium_on_top_of_a_list_is_a_doubt_and_no_more(header: Image | Video | Document) -> None:
    found = list(ListMessage("b", [Section(None, rows(1))], header=header).violations())

    assert found == [Violation("header", "WhatsApp documents a text header only on lists", level="doubt")]


def test_a_medium_on_top_is_checked_like_any_other_and_has_no_caption() -> None:
    assert list(check_header(Document("x", "", "c" * 1025))) == [
        Violation("header.url", "must be an absolute address that begins with http:// or https://", 1, level="error"),
        Violation("header.caption", "1025 characters; the limit is 1024", 1025, 1024),
        Violation("header.filename", "is empty", 0),
        Violation("header.caption", "a header cannot have a caption; put it into the text"),
    ]


@pytest.mark.parametrize("header", [Audio(URL), Text("x"), 7, b"x"], ids=repr)
def test_nothing_else_stands_on_top(header: object) -> None:
    expected = [Violation("header", f"must be a string, not {type(header).__name__}", level="error")]

    assert list(check_header(header)) == expected


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (
            ReplyButtons("t", ["x", Button("", "t")]),  # type: ignore[list-item]
            [
                Violation("buttons[0]", "must be a Button, not str", level="error"),
                Violation("buttons[1].id", "is empty", 0, level="error"),
            ],
        ),
        (
            ReplyButtons("t", "yes"),  # type: ignore[arg-type]
            [Violation("buttons[0]", "must be a Button, not str", level="error")],
        ),
        (
            ReplyButtons("t", None),  # type: ignore[arg-type]
            [Violation("buttons[0]", "must be a Button, not NoneType", level="error")],
        ),
        (
            ListMessage("b", [Row("1", "t"), Section("", rows(1))]),  # type: ignore[list-item]
            [
                Violation("sections[0]", "must be a Section, not Row", level="error"),
                Violation("sections[1].title", "is empty", 0),
            ],
        ),
        (
            ListMessage("b", [Section(None, [{"id": "1"}, Row("2", "")])]),  # type: ignore[list-item]
            [
                Violation("sections[0].rows[0]", "must be a Row, not dict", level="error"),
                Violation("sections[0].rows[1].title", "is empty", 0, level="error"),
            ],
        ),
    ],
)
def test_a_member_of_a_wrong_class_is_an_error_at_its_place(content: Kind, expected: list[Violation]) -> None:
    assert list(content.violations()) == expected


def test_all_violations_come_at_once_each_at_its_place() -> None:
    content = ListMessage(
        "b" * 21,
        [Section("s" * 25, [Row("", "t" * 25, "d" * 73)]), Section(None, [Row("i" * 201, "")])],
        text="t" * 4097,
        header=Image("x"),
        footer="f" * 61,
    )

    assert [(violation.field, violation.size, violation.limit) for violation in content.violations()] == [
        ("button", 21, 20),
        ("text", 4097, 4096),
        ("sections[0].title", 25, 24),
        ("sections[1].title", 0, None),
        ("sections[0].rows[0].id", 0, None),
        ("sections[0].rows[0].title", 25, 24),
        ("sections[0].rows[0].description", 73, 72),
        ("sections[1].rows[0].id", 201, 200),
        ("sections[1].rows[0].title", 0, None),
        ("header.url", 1, None),
        ("header", None, None),
        ("footer", 61, 60),
    ]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (
            "session_reply_buttons",
            ReplyButtons(
                "This is a reply button message",
                (Button(f"b{number}", f"Button {number}") for number in (1, 2, 3)),
                "Header",
                "Footer",
            ),
        ),
        (
            "session_reply_buttons_image_header",
            ReplyButtons(
                "This is a reply button message",
                [Button("b1", "Button 1")],
                Image("https://cdn.connectly.ai/26fa/26fa1308-d328-41c9-a6a1-d5f4225a3768"),
            ),
        ),
        (
            "session_reply_buttons_document_header",
            ReplyButtons(
                "This is a reply button message",
                [Button("b1", "Button 1")],
                Document("https://www.w3.org/WAI/ER/tests/xhtml/testfiles/resources/pdf/dummy.pdf", "feeeelsss"),
            ),
        ),
        (
            "session_list",
            ListMessage(
                "Select",
                [
                    Section(
                        "Section 1",
                        [Row("1", "Item 1", "Description for Item 1"), Row("2", "Item 2", "Description for Item 2")],
                    ),
                    Section("Section 2", [Row("3", "Item 3", "Description for Item 3")]),
                ],
                header="Check out this list of items!",
                footer="Choose an option from the list.",
            ),
        ),
    ],
)
def test_content_is_written_as_documented(name: str, content: Kind) -> None:
    documented = json.loads((REQUESTS / f"{name}.json").read_text())["message"]

    assert list(content.violations()) == []
    assert content.to_message().to_dict() == documented


def test_what_is_not_given_is_not_written() -> None:
    assert ReplyButtons("t", [Button("1", "a")]).to_message().to_dict() == {
        "text": "t",
        "replyButtonMessage": {"buttons": [{"id": "1", "text": "a"}]},
    }
    assert ListMessage("b", [Section(None, [Row("1", "a")])], "t", Video(URL)).to_message().to_dict() == {
        "text": "t",
        "listMessage": {
            "header": {"attachment": {"type": "video", "url": URL}},
            "button": {"text": "b"},
            "sections": [{"rows": [{"id": "1", "text": "a"}]}],
        },
    }


PERSONAL: list[Any] = [
    ReplyButtons("canary", [Button("canary", "canary")], "canary", "canary"),
    ReplyButtons("canary", [Button("canary", "canary")], Image("https://canary.example", "canary")),
    ListMessage("canary", [Section("canary", [Row("canary", "canary", "canary")])], "canary", "canary", "canary"),
    Section("canary", [Row("canary", "canary", "canary")]),
    Row("canary", "canary", "canary"),
    Button("canary", "canary"),
]


@pytest.mark.parametrize("content", PERSONAL, ids=lambda content: type(content).__name__)
def test_no_repr_shows_what_is_said(content: Any) -> None:
    assert "canary" not in repr(content)
    assert repr(content).startswith(f"{type(content).__name__}(")
    if isinstance(content, Kind):
        assert "canary" not in repr(content.to_message())


def test_a_repr_shows_how_much_there_is() -> None:
    assert repr(ReplyButtons("abc", buttons(2))) == (
        "ReplyButtons(text=<3 characters>, buttons=<2>, header=None, footer=None)"
    )


@pytest.mark.parametrize("content", PERSONAL, ids=lambda content: type(content).__name__)
def test_content_is_a_frozen_value(content: Any) -> None:
    other = pickle.loads(pickle.dumps(content))  # noqa: S301 (its own pickle)

    assert other == content == copy.deepcopy(content)
    assert len({other, content}) == 1
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        setattr(content, content.__slots__[0], "x")
