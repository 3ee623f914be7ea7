"""Every limit on content, with a way to make a content whose value there is of any size."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import attrs
from hypothesis import strategies as st

from connectly_api import (
    Audio,
    Button,
    Content,
    Document,
    Image,
    ListMessage,
    Location,
    Product,
    ProductList,
    ProductSection,
    ReplyButtons,
    Row,
    Section,
    Template,
    Text,
    Video,
)

__all__ = ["BOUNDS", "Bound", "texts"]

URL: Final = "https://example.com/file"
CHARACTERS: Final = "characters"
DEGREES: Final = "degrees"


@attrs.frozen
class Bound:
    """One limit.

    Attributes:
        kind: The kind of content.
        field: The path of the value, as errors name it.
        most: The limit; None where there is none.
        build: Makes a content from a value for the field: a text, a number of elements, or degrees.
        unit: What is counted, as errors name it.
        least: How many there must be at least.
    """

    kind: type
    field: str
    most: int | None
    build: Callable[[Any], Content]
    unit: str = CHARACTERS
    least: int = 1

    def __str__(self) -> str:
        """Name the limit in a test's id."""
        return f"{self.kind.__name__}.{self.field} {self.unit}"

    def value(self, size: int) -> st.SearchStrategy[Any]:
        """Return values of a size."""
        if self.unit == CHARACTERS:
            return texts(size)
        return st.sampled_from([size, -size]) if self.unit == DEGREES else st.just(size)


@st.composite
def texts(draw: st.DrawFn, size: int) -> str:
    """Draw a text of so many characters, of any kind, but for white space at its ends."""
    # Controls, what cannot be seen, and slashes have limits of their own.
    any_kind = st.characters(exclude_categories=["Cs", "Cc", "Cf", "Zl", "Zp"], exclude_characters="/\\")
    visible = any_kind.filter(lambda character: not character.isspace())
    pattern = draw(visible) + draw(st.text(any_kind, max_size=9))
    repeated = (pattern * size)[:size]
    return repeated[:-1] + draw(visible) if repeated and repeated[-1].isspace() else repeated


def _line(text: str) -> str:
    """Return a text without the white space and controls that templates and names of files do not take."""
    return (
        text
        if text.isspace()
        else "".join(character if character.isprintable() and character != " " else "x" for character in text)
    )


def _ascii(text: str) -> str:
    return text if text.isspace() else "x" * len(text)


def _reply_buttons(**changes: Any) -> ReplyButtons:
    return ReplyButtons(**{"text": "Friday?", "buttons": [Button("yes", "Yes"), Button("no", "No")], **changes})


def _buttons(**changes: Any) -> ReplyButtons:
    return _reply_buttons(buttons=[Button(**{"id": "id", "title": "title", **changes}), Button("other id", "other")])


def _list(**changes: Any) -> ListMessage:
    return ListMessage(**{"button": "Choose", "sections": [Section(None, [Row("s", "Small")])], **changes})


def _row(**changes: Any) -> ListMessage:
    return _list(sections=[Section(None, [Row(**{"id": "id", "title": "title", **changes}), Row("other id", "other")])])


def _rows(count: int) -> list[Row]:
    return [Row(f"id {index}", "title") for index in range(count)]


def _products(**changes: Any) -> ProductList:
    shelves = [ProductSection(None, ["sku"])]
    return ProductList(**{"text": "These", "catalog_id": "catalog", "sections": shelves, **changes})


def _skus(count: int) -> list[str]:
    return [f"sku-{index}" for index in range(count)]


BOUNDS: Final = (
    Bound(Text, "text", 4096, Text),
    Bound(Image, "caption", 1024, lambda text: Image(URL, text)),
    Bound(Image, "url", None, lambda text: Image(f"{URL}/{''.join(filter(str.isalnum, text))}")),
    Bound(Video, "caption", 1024, lambda text: Video(URL, text)),
    Bound(Audio, "url", None, lambda text: Audio(f"{URL}?{len(text)}")),
    Bound(Document, "caption", 1024, lambda text: Document(URL, "a.pdf", text)),
    Bound(Document, "filename", None, lambda text: Document(URL, _line(text))),
    Bound(Location, "latitude", 90, lambda degrees: Location(degrees, 0), DEGREES),
    Bound(Location, "longitude", 180, lambda degrees: Location(0.0, degrees), DEGREES),
    Bound(Location, "name", None, lambda text: Location(0.0, 0.0, text)),
    Bound(Location, "address", None, lambda text: Location(0.0, 0.0, address=text)),
    Bound(ReplyButtons, "text", 1024, lambda text: _reply_buttons(text=text)),
    Bound(ReplyButtons, "header", 60, lambda text: _reply_buttons(header=text)),
    Bound(ReplyButtons, "footer", 60, lambda text: _reply_buttons(footer=text)),
    Bound(ReplyButtons, "buttons[0].id", 256, lambda text: _buttons(id=text)),
    Bound(ReplyButtons, "buttons[0].title", 20, lambda text: _buttons(title=text)),
    Bound(
        ReplyButtons,
        "buttons",
        3,
        lambda count: _reply_buttons(buttons=[Button(f"id {n}", f"title {n}") for n in range(count)]),
        "buttons",
    ),
    Bound(ListMessage, "button", 20, lambda text: _list(button=text)),
    Bound(ListMessage, "text", 4096, lambda text: _list(text=text)),
    Bound(ListMessage, "header", 60, lambda text: _list(header=text)),
    Bound(ListMessage, "footer", 60, lambda text: _list(footer=text)),
    Bound(ListMessage, "sections[0].title", 24, lambda text: _list(sections=[Section(text, _rows(2))])),
    Bound(ListMessage, "sections[0].rows[0].id", 200, lambda text: _row(id=text)),
    Bound(ListMessage, "sections[0].rows[0].title", 24, lambda text: _row(title=text)),
    Bound(ListMessage, "sections[0].rows[0].description", 72, lambda text: _row(description=text)),
    Bound(
        ListMessage,
        "sections",
        10,
        lambda count: _list(sections=[Section(f"title {n}", [Row(f"id {n}", "title")]) for n in range(count)]),
        "sections",
    ),
    Bound(
        ListMessage,
        "sections",
        10,
        lambda count: _list(sections=[Section("title", _rows(count - 1)), Section("more", [Row("last", "title")])]),
        "rows in all sections together",
        least=2,
    ),
    Bound(Product, "text", 1024, lambda text: Product("catalog", "sku", text)),
    Bound(Product, "footer", 60, lambda text: Product("catalog", "sku", footer=text)),
    Bound(Product, "catalog_id", None, lambda text: Product(text, "sku")),
    Bound(Product, "product_id", None, lambda text: Product("catalog", text)),
    Bound(ProductList, "text", 1024, lambda text: _products(text=text)),
    Bound(ProductList, "catalog_id", None, lambda text: _products(catalog_id=text)),
    Bound(ProductList, "header", 60, lambda text: _products(header=text)),
    Bound(ProductList, "footer", 60, lambda text: _products(footer=text)),
    Bound(ProductList, "sections[0].title", 24, lambda text: _products(sections=[ProductSection(text, ["sku"])])),
    Bound(
        ProductList,
        "sections[0].product_ids[0]",
        None,
        lambda text: _products(sections=[ProductSection(None, [text])]),
    ),
    Bound(
        ProductList,
        "sections",
        10,
        lambda count: _products(sections=[ProductSection(f"title {n}", [f"sku-{n}"]) for n in range(count)]),
        "sections",
    ),
    Bound(
        ProductList,
        "sections",
        30,
        lambda count: _products(sections=[ProductSection("a", _skus(count - 1)), ProductSection("b", ["last"])]),
        "products in all sections together",
        least=2,
    ),
    Bound(Template, "name", 512, lambda text: Template(text, "en")),
    Bound(Template, "language", None, lambda text: Template("welcome", text)),
    Bound(Template, "header_text", 60, lambda text: Template("welcome", "en", header_text=_line(text))),
    Bound(Template, "button_urls[0]", 2000, lambda text: Template("welcome", "en", button_urls=[_ascii(text)])),
    Bound(Template, "body[0]", 1024, lambda text: Template("welcome", "en", body=[_line(text)])),
    Bound(Template, "header_image", None, lambda text: Template("welcome", "en", header_image=f"{URL}?{len(text)}")),
    Bound(Template, "header_video", None, lambda text: Template("welcome", "en", header_video=f"{URL}?{len(text)}")),
    Bound(
        Template, "header_document", None, lambda text: Template("welcome", "en", header_document=(URL, _line(text)))
    ),
    Bound(
        Template,
        "parameters[0].value",
        None,
        lambda text: Template("welcome", "en", parameters={"card_1": _line(text)}),
    ),
    Bound(Template, "body", 15, lambda count: Template("welcome", "en", body=["x"] * count), "values", least=0),
    Bound(
        Template,
        "button_urls",
        2,
        lambda count: Template("welcome", "en", button_urls=["x"] * count),
        "addresses",
        least=0,
    ),
)
