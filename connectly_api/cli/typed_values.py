"""Buttons, rows, products and parameters as they are typed, and as JSON files hold them. Pure.

An error names the option, or the place in the file, and repeats nothing of what was given.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, cast

from connectly_api.cli.exit_codes import CommandLineError
from connectly_api.interactive import Button, Row, Section
from connectly_api.json_kinds import JsonValue, is_array, is_object
from connectly_api.products import ProductSection
from connectly_api.results import WebhookFilter
from connectly_api.template import Parameter

__all__ = [
    "buttons_of",
    "filters_of",
    "parameters_in",
    "parameters_of",
    "product_sections_in",
    "product_sections_of",
    "sections_in",
    "sections_of",
]

_FILE: Final = "--sections"


def buttons_of(texts: Sequence[str]) -> list[Button]:
    """Return the buttons that `ID=TITLE` stands for.

    Raises:
        CommandLineError: One has no equals sign.
    """
    return [Button(*_pair("--button", text, "ID=TITLE")) for text in texts]


def sections_of(rows: Sequence[str], sections: Sequence[str]) -> list[Section]:
    """Return the sections of a list.

    Args:
        rows: `ID=TITLE` or `ID=TITLE|DESCRIPTION`: a section without a title, before the others.
        sections: `TITLE: ROW; ROW`.

    Raises:
        CommandLineError: One is written otherwise.
    """
    untitled = [Section(None, [_row("--row", text) for text in rows])] if rows else []
    return [*untitled, *map(_section, sections)]


def product_sections_of(products: Sequence[str], sections: Sequence[str]) -> list[ProductSection]:
    """Return the sections of a list of products.

    Args:
        products: Retailer ids: a section without a title, before the others.
        sections: `TITLE: PRODUCT; PRODUCT`.

    Raises:
        CommandLineError: One is written otherwise.
    """
    untitled = [ProductSection(None, products)] if products else []
    return [*untitled, *(ProductSection(title, parts) for title, parts in map(_titled, sections))]


def parameters_of(texts: Sequence[str]) -> list[Parameter]:
    """Return the template parameters that `NAME=VALUE` stands for.

    Raises:
        CommandLineError: One has no equals sign.
    """
    return [Parameter(*_pair("--parameter", text, "NAME=VALUE", strip=False)) for text in texts]


def filters_of(campaigns: Sequence[str], filters: Sequence[str]) -> list[WebhookFilter]:
    """Return the filters of a registration.

    Args:
        campaigns: Patterns of campaign names.
        filters: `FIELD=PATTERN`, for other fields.

    Raises:
        CommandLineError: One has no equals sign.
    """
    others = [_pair("--filter", text, "FIELD=PATTERN") for text in filters]
    return [*map(WebhookFilter, campaigns), *(WebhookFilter(pattern, field) for field, pattern in others)]


def sections_in(value: JsonValue) -> list[Section]:
    """Return the sections that a file holds: `[{"title": ..., "rows": [{"id": ..., "title": ...}]}]`.

    Raises:
        CommandLineError: It holds something else.
    """
    found: list[Section] = []
    for place, fields in _objects(_FILE, value, {"title", "rows"}):
        rows = _objects(f"{place}.rows", fields.get("rows"), {"id", "title", "description"})
        made = [Row(*(_given(row, name) for name in ("id", "title", "description"))) for _, row in rows]
        found.append(Section(fields.get("title"), made))
    return found


def product_sections_in(value: JsonValue) -> list[ProductSection]:
    """Return the sections that a file holds: `[{"title": ..., "products": ["sku-1"]}]`.

    Raises:
        CommandLineError: It holds something else.
    """
    found: list[ProductSection] = []
    for place, fields in _objects(_FILE, value, {"title", "products"}):
        products = fields.get("products")
        if not is_array(products):
            raise CommandLineError(f"{place}.products: must be an array")
        found.append(ProductSection(fields.get("title"), cast("list[Any]", products)))
    return found


def parameters_in(value: JsonValue) -> list[Parameter]:
    """Return the parameters that a file holds: `{"body_1": "Ann"}`, or `[{"name": ..., "value": ...}]`.

    Raises:
        CommandLineError: It holds something else.
    """
    if is_object(value):
        return [Parameter(name, cast("Any", given)) for name, given in value.items()]
    objects = _objects("--parameters", value, {"name", "value", "filename"})
    return [Parameter(*(_given(one, name) for name in ("name", "value", "filename"))) for _, one in objects]


def _objects(place: str, value: object, known: set[str]) -> list[tuple[str, dict[str, Any]]]:
    """Return the objects of an array, each with its place; their values are for the content's own checks."""
    if not is_array(value):
        raise CommandLineError(f"{place}: must be an array")
    found: list[tuple[str, dict[str, Any]]] = []
    for index, one in enumerate(value):
        where = f"{place}[{index}]"
        if not is_object(one):
            raise CommandLineError(f"{where}: must be an object")
        if not known.issuperset(one):
            raise CommandLineError(f"{where}: has a name other than {', '.join(sorted(known))}")
        found.append((where, one))
    return found


def _given(fields: dict[str, Any], name: str) -> Any:  # noqa: ANN401  (JSON, or None where it is missing)
    return fields.get(name)


def _pair(option: str, text: str, form: str, *, strip: bool = True) -> tuple[str, str]:
    first, equals, second = text.partition("=")
    if not equals or not first.strip():
        raise CommandLineError(f"{option}: write {form}")
    return first.strip(), second.strip() if strip else second


def _row(option: str, text: str) -> Row:
    identifier, rest = _pair(option, text, "ID=TITLE or 'ID=TITLE|DESCRIPTION'")
    title, bar, description = rest.partition("|")
    return Row(identifier, title.strip(), description.strip() if bar else None)


def _section(text: str) -> Section:
    title, parts = _titled(text)
    return Section(title, [_row("--section", part) for part in parts])


def _titled(text: str) -> tuple[str, list[str]]:
    title, colon, rest = text.partition(":")
    parts = [part.strip() for part in rest.split(";") if part.strip()]
    if not colon or not title.strip() or not parts:
        raise CommandLineError("--section: write 'TITLE: ITEM; ITEM'; for anything else there is --sections FILE")
    return title.strip(), parts
