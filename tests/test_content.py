"""Texts, attachments and places: their limits, their form on the wire, and what is shown of them."""

from __future__ import annotations

import copy
import json
import math
import pickle
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs
import pytest

from connectly_api.content.basic import Audio, Document, Image, Location, Text, Video
from connectly_api.content.fields import show_length, to_optional, to_tuple
from connectly_api.content.interactive import ListMessage, ReplyButtons, Section
from connectly_api.content.products import ProductList, ProductSection
from connectly_api.content.template import Template
from connectly_api.errors import InvalidInputError, Violation
from connectly_api.wire.unset import UNSET

REQUESTS = Path(__file__).parent / "data/requests"
URL = "https://example.com/file"
Kind = Text | Image | Video | Audio | Document | Location

RELATIVE = "must be an absolute address that begins with http:// or https://"

WITHIN: dict[str, Kind] = {
    "a text of one character": Text("x"),
    "a text of 4096 characters": Text("x" * 4096),
    "a text of 4096 characters of four bytes": Text("\U0001f44d" * 4096),
    "an image": Image(URL),
    "an image with a caption of 1024 characters": Image(URL, "\u00e9" * 1024),
    "a video": Video(URL),
    "a video with a caption of 1024 characters": Video(URL, "x" * 1024),
    "a recording": Audio(URL),
    "a document": Document(f"{URL}.pdf"),
    "a document with name and caption": Document(URL, "n" * 500, "x" * 1024),
    "a place at the corner of the map": Location(90, -180),
    "a place at the other corner": Location(-90.0, 180.0, "n" * 2000, "a" * 2000),
}

BEYOND: dict[str, tuple[Kind, list[Violation]]] = {
    "a text of 4097 characters": (
        Text("x" * 4097),
        [Violation("text", "4097 characters; the limit is 4096", 4097, 4096)],
    ),
    "an empty text": (Text(""), [Violation("text", "is empty", 0, level="error")]),
    **{
        f"{kind.__name__}: a caption of 1025 characters": (
            kind(f"{URL}.pdf", caption="x" * 1025),
            [Violation("caption", "1025 characters; the limit is 1024", 1025, 1024)],
        )
        for kind in (Image, Video, Document)
    },
    **{
        f"{kind.__name__}: no address": (
            kind("file"),
            [Violation("url", RELATIVE, 4, level="error")],
        )
        for kind in (Image, Video, Audio, Document)
    },
    "a document with an empty name": (Document(URL, ""), [Violation("filename", "is empty", 0)]),
    "a place beyond the map": (
        Location(90.5, -180.5),
        [
            Violation("latitude", "must be between -90 and 90 degrees", 90.5, 90),
            Violation("longitude", "must be between -180 and 180 degrees", -180.5, 180),
        ],
    ),
    "everything at once": (
        Document("", "", "x" * 1025),
        [
            Violation("url", "is empty", 0, level="error"),
            Violation("caption", "1025 characters; the limit is 1024", 1025, 1024),
            Violation("filename", "is empty", 0),
        ],
    ),
    "a place of nothing but mistakes": (
        Location(math.nan, 10**400, " ", ""),
        [
            Violation("latitude", "must be finite", level="error"),
            Violation("longitude", "must be finite", level="error"),
            Violation("name", "is empty", 1),
            Violation("address", "is empty", 0),
        ],
    ),
}


@pytest.mark.parametrize("content", WITHIN.values(), ids=WITHIN.keys())
def test_content_within_its_limits_breaks_none(content: Kind) -> None:
    assert list(content.violations()) == []


@pytest.mark.parametrize(("content", "expected"), BEYOND.values(), ids=BEYOND.keys())
def test_content_beyond_its_limits_names_each_with_field_size_and_limit(
    content: Kind, expected: list[Violation]
) -> None:
    assert list(content.violations()) == expected


ODD: list[Any] = [7, True, 1.5, b"https://example.com", ["x"], {"x": "y"}, Decimal(1), "\ud800", math.nan]
FIELDS: list[tuple[Callable[..., Kind], dict[str, Any], str]] = [
    (Text, {"text": "x"}, "text"),
    *(
        (kind, {"url": URL}, field)
        for kind, fields in ((Image, "url caption"), (Video, "url caption"), (Audio, "url"))
        for field in fields.split()
    ),
    *((Document, {"url": f"{URL}.pdf"}, field) for field in ("url", "filename", "caption")),
    *((Location, {"latitude": 1.0, "longitude": 1.0}, field) for field in ("name", "address")),
]


@pytest.mark.parametrize("value", ODD, ids=ascii)
@pytest.mark.parametrize(("kind", "arguments", "field"), FIELDS)
def test_a_value_of_a_wrong_type_is_an_error_in_its_field(
    kind: Callable[..., Kind], arguments: dict[str, Any], field: str, value: object
) -> None:
    found = list(kind(**{**arguments, field: value}).violations())

    assert [(violation.field, violation.level) for violation in found] == [(field, "error")]


@pytest.mark.parametrize("value", [None, "1", True, b"1", [1.0]], ids=repr)
@pytest.mark.parametrize("field", ["latitude", "longitude"])
def test_a_coordinate_of_a_wrong_type_is_an_error_in_its_field(field: str, value: object) -> None:
    arguments: dict[str, Any] = {"latitude": 1.0, "longitude": 1.0, field: value}

    found = list(Location(**arguments).violations())

    assert [(violation.field, violation.level) for violation in found] == [(field, "error")]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("session_text", Text("Hello, this is a text message!")),
        ("session_image", Image("https://example.com/image.jpg", "Check out this image!")),
        ("session_video", Video("https://example.com/video.mp4", "Check out this video!")),
        ("session_audio", Audio("https://example.com/audio.mp3")),
        (
            "session_document",
            Document("https://example.com/document.pdf", "document.pdf", "Check out this document!"),
        ),
        ("session_location", Location(37.7749, -122.4194, "San Francisco", "123 Main St")),
    ],
)
def test_content_is_written_as_documented(name: str, content: Kind) -> None:
    documented = json.loads((REQUESTS / f"{name}.json").read_text())["message"]

    assert content.to_message().to_dict() == documented


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (Image(URL), {"attachments": [{"type": "image", "url": URL}]}),
        (Video(URL), {"attachments": [{"type": "video", "url": URL}]}),
        (Document(URL), {"attachments": [{"type": "document", "url": URL}]}),
        (
            Document(f"{URL}/bill%20a.pdf?v=1"),
            {"attachments": [{"type": "document", "url": f"{URL}/bill%20a.pdf?v=1", "filename": "bill a.pdf"}]},
        ),
        (
            Document(f"{URL}/bill.pdf", "yours.pdf"),
            {"attachments": [{"type": "document", "url": f"{URL}/bill.pdf", "filename": "yours.pdf"}]},
        ),
        (Location(0, 0), {"location": {"latitude": 0, "longitude": 0}}),
        (Text(" \u00e9\u202e\n"), {"text": " \u00e9\u202e\n"}),
    ],
)
def test_what_is_not_given_is_not_written_and_what_is_given_is_not_changed(
    content: Kind, message: dict[str, object]
) -> None:
    assert content.to_message().to_dict() == message


PERSONAL: list[Kind] = [
    Text("canary"),
    Image("https://canary.example", "canary"),
    Video("https://canary.example", "canary"),
    Audio("https://canary.example"),
    Document("https://canary.example", "canary", "canary"),
    Location(37.1234, -122.1234, "canary", "canary"),
]


@pytest.mark.parametrize("content", PERSONAL, ids=lambda content: type(content).__name__)
def test_no_repr_shows_what_is_said(content: Kind) -> None:
    for value in (content, content.to_message()):
        assert "canary" not in repr(value)
        assert "1234" not in repr(value)
    assert repr(content).startswith(f"{type(content).__name__}(")


def test_a_repr_shows_how_long_a_value_is() -> None:
    assert repr(Document("12345", "1")) == "Document(url=<5 characters>, filename=<1 characters>, caption=None)"
    assert repr(Location(1.5, 2)) == "Location(latitude=<\u2026>, longitude=<\u2026>, name=None, address=None)"


@pytest.mark.parametrize("content", PERSONAL, ids=lambda content: type(content).__name__)
def test_content_is_a_frozen_value(content: Kind) -> None:
    other = pickle.loads(pickle.dumps(content))  # noqa: S301 (its own pickle)

    assert other == content == copy.deepcopy(content)
    assert len({other, content}) == 1
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        setattr(content, attrs.fields(type(content))[0].name, "x")


@pytest.mark.parametrize(
    ("value", "text"),
    [("", "<0 characters>"), ("abc", "<3 characters>"), (None, "None"), (7, "<\u2026>"), (b"x", "<\u2026>")],
)
def test_a_value_is_shown_by_its_length_alone(value: object, text: str) -> None:
    assert show_length(value) == text


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([], ()),
        ((1, 2), (1, 2)),
        ((number for number in (1, 2)), (1, 2)),
        ("abc", ("abc",)),
        ("", ("",)),
        (None, (None,)),
        (7, (7,)),
    ],
)
def test_any_iterable_becomes_a_tuple_and_a_lone_value_its_one_element(values: Any, expected: tuple[Any, ...]) -> None:
    assert to_tuple(values, "field") == expected


@pytest.mark.parametrize("values", [{"b": 1, "a": 2}, {}, {1, 2}, frozenset("ab"), {"a": 1}.items()])
def test_what_would_send_keys_or_any_order_is_refused(values: Any) -> None:
    with pytest.raises(
        InvalidInputError, match=r"^field: must be a list, not a (set, which has no order|mapping; so)$"
    ):
        to_tuple(values, "field", instead="; so")


def test_a_mappings_keys_and_where_order_does_not_count_a_set_are_fine() -> None:
    assert to_tuple({"b": 1, "a": 2}.keys(), "field") == ("b", "a")
    assert to_tuple({1}, "field", is_ordered=False) == (1,)


@pytest.mark.parametrize(
    ("make", "field"),
    [
        (lambda values: Template("t", "en", body=values), "body"),
        (lambda values: Template("t", "en", button_urls=values), "button_urls"),
        (lambda values: ReplyButtons("?", values), "buttons"),
        (lambda values: ListMessage("b", values), "sections"),
        (lambda values: Section("s", values), "rows"),
        (lambda values: ProductSection("s", values), "product_ids"),
        (lambda values: ProductList("?", "c", values), "sections"),
    ],
)
def test_no_content_takes_a_mapping_or_a_set_for_a_list(make: Any, field: str) -> None:
    for values in ({"name": "Ana", "order": "7"}, {"Ana", "7"}):
        with pytest.raises(InvalidInputError, match=f"^{field}: must be a list, ") as caught:
            make(values)
        assert caught.value.field == field


def test_a_mapping_as_a_body_is_sent_to_parameters() -> None:
    with pytest.raises(InvalidInputError, match="use parameters= to pass values by name"):
        Template("t", "en", body={"body_1": "Ana"})


def test_none_is_not_given_and_everything_else_is() -> None:
    assert to_optional(None) is UNSET
    assert to_optional("") == ""
    assert to_optional("x") == "x"


@pytest.mark.parametrize(
    "name", ["a/b.pdf", "../b.pdf", "a\\b.pdf", "a\nb.pdf", "a\u2028.pdf", "a\u202efdp.exe", "a\u2066.pdf"]
)
def test_a_file_name_that_is_none_is_refused(name: str) -> None:
    contents: tuple[Any, ...] = Document(f"{URL}.pdf", name), Template("t", "en", header_document=(f"{URL}.pdf", name))
    for content, field in zip(contents, ("filename", "header_document.filename"), strict=True):
        (violation,) = content.violations()
        assert (violation.field, violation.level, violation.size) == (field, "limit", len(name))


@pytest.mark.parametrize(
    "content",
    [
        Text("a\x00"),
        Image(URL, "\x00b"),
        Document(f"{URL}.pdf", "a\x00.pdf"),
        Template("t", "en", body=["a\x00b"]),
        Template("t", "en", header_text="a\x00b"),
        Template("t", "en", parameters={"card": "a\x00b"}),
    ],
)
def test_a_text_holds_no_nul(content: Any) -> None:
    (violation,) = list(content.violations())
    assert (violation.problem, violation.level) == ("holds a NUL character", "error")
