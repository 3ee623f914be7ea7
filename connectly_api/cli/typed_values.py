"""Buttons, rows, products, parameters and filters, as typed in an option or written in a JSON file. Pure.

Each function raises `CommandLineError` for invalid input; the error names the option, or the place in the file, but
repeats no content.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, cast

from connectly_api.cli.exit_codes import CommandLineError
from connectly_api.content.interactive import Button, Row, Section
from connectly_api.content.products import ProductSection
from connectly_api.content.template import Parameter
from connectly_api.json_values import JsonValue, is_array, is_object
from connectly_api.results import WebhookFilter

_FILE: Final = "--sections"
_ROW: Final = ("id", "title", "description")
_PARAMETER: Final = ("name", "value", "filename")


def parse_buttons(texts: Sequence[str]) -> list[Button]:
    """Parse buttons, each `ID=TITLE`."""
    return [Button(*_split_pair("--button", text, "ID=TITLE")) for text in texts]


def parse_sections(rows: Sequence[str], sections: Sequence[str]) -> list[Section]:
    """Parse the sections of a list.

    Args:
        rows: `ID=TITLE` or `ID=TITLE|DESCRIPTION`: they form the first section, which has no title.
        sections: `TITLE: ROW; ROW`.
    """
    untitled = [Section(None, [_parse_row("--row", text) for text in rows])] if rows else []
    titled = map(_split_section, sections)
    return [*untitled, *(Section(title, [_parse_row("--section", row) for row in items]) for title, items in titled)]


def parse_product_sections(products: Sequence[str], sections: Sequence[str]) -> list[ProductSection]:
    """Parse the sections of a product list.

    Args:
        products: Retailer ids: they form the first section, which has no title.
        sections: `TITLE: PRODUCT; PRODUCT`.
    """
    untitled = [ProductSection(None, products)] if products else []
    return [*untitled, *(ProductSection(title, items) for title, items in map(_split_section, sections))]


def parse_parameters(texts: Sequence[str]) -> list[Parameter]:
    """Parse template parameters, each `NAME=VALUE`."""
    return [Parameter(*_split_pair("--parameter", text, "NAME=VALUE", strip=False)) for text in texts]


def parse_columns(texts: Sequence[str]) -> list[tuple[str, str]]:
    """Parse template parameters and the columns that they come from, each `PARAMETER=COLUMN`."""
    return [_split_pair("--map", text, "PARAMETER=COLUMN") for text in texts]


def parse_filters(campaigns: Sequence[str], filters: Sequence[str]) -> list[WebhookFilter]:
    """Parse the filters of a webhook registration.

    Args:
        campaigns: Patterns of campaign names.
        filters: `FIELD=PATTERN`, for other fields.
    """
    others = [_split_pair("--filter", text, "FIELD=PATTERN") for text in filters]
    return [*map(WebhookFilter, campaigns), *(WebhookFilter(pattern, field) for field, pattern in others)]


def to_sections(value: JsonValue) -> list[Section]:
    """Convert the JSON of a file: `[{"title": ..., "rows": [{"id": ..., "title": ...}]}]`."""
    return [
        Section(
            section.get("title"),
            [Row(*_pick(row, *_ROW)) for _, row in _read_objects(f"{place}.rows", section.get("rows"), _ROW)],
        )
        for place, section in _read_objects(_FILE, value, ("rows", "title"))
    ]


def to_product_sections(value: JsonValue) -> list[ProductSection]:
    """Convert the JSON of a file: `[{"title": ..., "products": ["sku-1"]}]`."""
    return [
        ProductSection(section.get("title"), _read_array(f"{place}.products", section.get("products")))
        for place, section in _read_objects(_FILE, value, ("products", "title"))
    ]


def to_parameters(value: JsonValue) -> list[Parameter]:
    """Convert the JSON of a file: `{"body_1": "Ann"}` or `[{"name": ..., "value": ...}]`."""
    if is_object(value):
        return [Parameter(name, cast("Any", content)) for name, content in value.items()]
    return [Parameter(*_pick(entry, *_PARAMETER)) for _, entry in _read_objects("--parameters", value, _PARAMETER)]


def _pick(entry: dict[str, Any], *names: str) -> list[Any]:
    return [entry.get(name) for name in names]


def _read_array(place: str, value: object) -> list[Any]:
    if not is_array(value):
        raise CommandLineError(f"{place}: must be an array")
    return value


def _read_objects(place: str, value: object, known: Sequence[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the objects of an array, each with its place. The content classes check the values."""
    for index, entry in enumerate(_read_array(place, value)):
        where = f"{place}[{index}]"
        if not is_object(entry):
            raise CommandLineError(f"{where}: must be an object")
        if not set(entry) <= set(known):
            raise CommandLineError(f"{where}: has a name other than {', '.join(sorted(known))}")
        yield where, entry


def _split_pair(option: str, text: str, form: str, *, strip: bool = True) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise CommandLineError(f"{option}: write {form}")
    return name.strip(), value.strip() if strip else value


def _parse_row(option: str, text: str) -> Row:
    identifier, rest = _split_pair(option, text, "ID=TITLE or 'ID=TITLE|DESCRIPTION'")
    title, bar, description = rest.partition("|")
    return Row(identifier, title.strip(), description.strip() if bar else None)


def _split_section(text: str) -> tuple[str, list[str]]:
    title, colon, rest = text.partition(":")
    items = [item.strip() for item in rest.split(";") if item.strip()]
    if not colon or not title.strip() or not items:
        raise CommandLineError("--section: write 'TITLE: ITEM; ITEM', or use --sections FILE")
    return title.strip(), items
