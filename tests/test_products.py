"""Products of the catalogue: every limit at and just beyond it, and the form on the wire."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import attrs
import pytest

from connectly_api.content.basic import Audio, Image
from connectly_api.content.interactive import Section
from connectly_api.content.products import Product, ProductList, ProductSection
from connectly_api.errors import Violation

URL = "https://example.com/file"
Kind = Product | ProductList


def ids(number: int, first: int = 0) -> list[str]:
    return [f"sku{index}" for index in range(first, first + number)]


def in_one_section(title: str | None = None, *, text: Any = "t", catalog: Any = "c", **values: Any) -> ProductList:
    return ProductList(text, catalog, [ProductSection(title, ids(1))], **values)


LENGTHS: dict[str, tuple[Callable[[Any], Kind], str, int]] = {
    "body of a product": (lambda text: Product("c", "p", text), "text", 1024),
    "footer of a product": (lambda text: Product("c", "p", footer=text), "footer", 60),
    "body of a product list": (lambda text: in_one_section(text=text), "text", 1024),
    "header of a product list": (lambda text: in_one_section(header=text), "header", 60),
    "footer of a product list": (lambda text: in_one_section(footer=text), "footer", 60),
    "title of a section": (in_one_section, "sections[0].title", 24),
}
IDS: dict[str, tuple[Callable[[Any], Kind], str]] = {
    "catalogue of a product": (lambda value: Product(value, "p"), "catalog_id"),
    "id of a product": (lambda value: Product("c", value), "product_id"),
    "catalogue of a product list": (lambda value: in_one_section(catalog=value), "catalog_id"),
    "id in a product list": (
        lambda value: ProductList("t", "c", [ProductSection(None, ["p", value])]),
        "sections[0].product_ids[1]",
    ),
}


@pytest.mark.parametrize(("build", "field", "limit"), LENGTHS.values(), ids=LENGTHS.keys())
@pytest.mark.parametrize("character", ["x", "\u00e9", "\U0001f44d"], ids=ascii)
def test_a_text_of_the_largest_length_passes_and_one_character_more_does_not(
    build: Callable[[Any], Kind], field: str, limit: int, character: str
) -> None:
    assert list(build(character * limit).violations()) == []
    assert list(build(character * (limit + 1)).violations()) == [
        Violation(field, f"{limit + 1} characters; the limit is {limit}", limit + 1, limit)
    ]


FIELDS = {name: (build, field) for name, (build, field, _) in LENGTHS.items()} | IDS


@pytest.mark.parametrize(("build", "field"), FIELDS.values(), ids=FIELDS.keys())
def test_an_empty_text_is_refused_everywhere(build: Callable[[Any], Kind], field: str) -> None:
    (found,) = build("").violations()

    assert (found.field, found.problem, found.size) == (field, "is empty", 0)


@pytest.mark.parametrize(("build", "field"), FIELDS.values(), ids=FIELDS.keys())
@pytest.mark.parametrize("value", [7, b"x", ["x"], "\ud800"], ids=ascii)
def test_a_value_of_a_wrong_type_is_an_error_in_its_field(
    build: Callable[[Any], Kind], field: str, value: object
) -> None:
    found = list(build(value).violations())

    assert [(violation.field, violation.level) for violation in found] == [(field, "error")]


@pytest.mark.parametrize(("build", "field"), IDS.values(), ids=IDS.keys())
def test_an_id_is_required_and_may_be_of_any_length(build: Callable[[Any], Kind], field: str) -> None:
    assert list(build("x" * 5000).violations()) == []
    assert list(build(None).violations()) == [Violation(field, "is required", level="error")]


NUMBERS: dict[str, tuple[list[ProductSection], list[Violation]]] = {
    "no section": (
        [],
        [
            Violation("sections", "0 sections; at least 1 is needed", 0, 1, level="error"),
            Violation("sections", "0 products in all sections together; at least 1 is needed", 0, 1, level="error"),
        ],
    ),
    "thirty products in one section": ([ProductSection(None, ids(30))], []),
    "thirty products in ten sections": ([ProductSection(f"s{index}", ids(3)) for index in range(10)], []),
    "thirty-one products": (
        [ProductSection("a", ids(15)), ProductSection("b", ids(16))],
        [Violation("sections", "31 products in all sections together; the limit is 30", 31, 30)],
    ),
    "eleven sections": (
        [ProductSection(f"s{index}", ids(1)) for index in range(11)],
        [Violation("sections", "11 sections; the limit is 10", 11, 10)],
    ),
    "an empty section": (
        [ProductSection("a", ids(1)), ProductSection("b", [])],
        [Violation("sections[1]", "is empty; at least 1 is needed", 0, 1, level="error")],
    ),
    "two sections without titles": (
        [ProductSection(None, ids(1)), ProductSection(None, ids(1))],
        [
            Violation("sections[0].title", "is required if there are several sections", 0),
            Violation("sections[1].title", "is required if there are several sections", 0),
        ],
    ),
}


@pytest.mark.parametrize(("sections", "expected"), NUMBERS.values(), ids=NUMBERS.keys())
def test_too_few_and_too_many_are_named_with_number_and_limit(
    sections: list[ProductSection], expected: list[Violation]
) -> None:
    assert list(ProductList("t", "c", sections).violations()) == expected


def test_a_section_of_a_wrong_class_is_an_error_at_its_place() -> None:
    sections: list[Any] = [Section("a", []), ProductSection("b", [""]), "c"]

    assert list(ProductList("t", "c", sections).violations()) == [
        Violation("sections[0]", "must be a ProductSection, not Section", level="error"),
        Violation("sections[2]", "must be a ProductSection, not str", level="error"),
        Violation("sections[1].product_ids[0]", "is empty", 0, level="error"),
    ]


def test_a_lone_id_is_one_product_and_not_its_letters() -> None:
    assert ProductSection(None, "sku").product_ids == ("sku",)


def test_a_medium_on_top_of_a_product_list_is_a_doubt_and_no_more() -> None:
    found = list(in_one_section(header=Image(URL)).violations())

    assert found == [Violation("header", "WhatsApp documents a text header only on product lists", level="doubt")]


def test_a_recording_on_top_is_an_error() -> None:
    found = list(in_one_section(header=Audio(URL)).violations())

    assert found == [Violation("header", "must be a string, not Audio", level="error")]


def test_all_violations_come_at_once_each_at_its_place() -> None:
    content = ProductList("", "", [ProductSection("x" * 25, [""])], header="h" * 61, footer="")

    assert [violation.field for violation in content.violations()] == [
        "text",
        "catalog_id",
        "sections[0].title",
        "sections[0].product_ids[0]",
        "header",
        "footer",
    ]
    assert [violation.field for violation in Product("", "", "", "").violations()] == [
        "catalog_id",
        "product_id",
        "text",
        "footer",
    ]


def test_a_product_is_written_under_the_services_names() -> None:
    assert Product("c1", "p1").to_message().to_dict() == {
        "singleProductMessage": {"catalogId": "c1", "productItem": {"productRetailerId": "p1"}}
    }
    assert Product("c1", "p1", "Look", "Today").to_message().to_dict() == {
        "text": "Look",
        "singleProductMessage": {
            "footer": {"text": "Today"},
            "catalogId": "c1",
            "productItem": {"productRetailerId": "p1"},
        },
    }


def test_a_product_list_is_written_under_the_services_names() -> None:
    sections = [ProductSection("A", (name for name in ("p1", "p2"))), ProductSection(None, ["p3"])]

    assert ProductList("Look", "c1", sections, "Top", "Bottom").to_message().to_dict() == {
        "text": "Look",
        "multiProductMessage": {
            "header": {"text": "Top"},
            "footer": {"text": "Bottom"},
            "catalogId": "c1",
            "sections": [
                {"title": "A", "productItems": [{"productRetailerId": "p1"}, {"productRetailerId": "p2"}]},
                {"productItems": [{"productRetailerId": "p3"}]},
            ],
        },
    }


PERSONAL: list[Any] = [
    Product("canary", "canary", "canary", "canary"),
    ProductSection("canary", ["canary"]),
    ProductList("canary", "canary", [ProductSection("canary", ["canary"])], "canary", "canary"),
]


@pytest.mark.parametrize("content", PERSONAL, ids=lambda content: type(content).__name__)
def test_no_repr_shows_what_is_said(content: Any) -> None:
    assert "canary" not in repr(content)
    assert repr(content).startswith(f"{type(content).__name__}(")
    if isinstance(content, Kind):
        assert "canary" not in repr(content.to_message())


@pytest.mark.parametrize("content", PERSONAL, ids=lambda content: type(content).__name__)
def test_content_is_a_frozen_value(content: Any) -> None:
    other = pickle.loads(pickle.dumps(content))  # noqa: S301 (its own pickle)

    assert other == content == copy.deepcopy(content)
    assert len({other, content}) == 1
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        setattr(content, content.__slots__[0], "x")
