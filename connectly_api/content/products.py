"""Products from the business's catalogue.

Sources: https://docs.connectly.ai (send a session message); the limits are WhatsApp's,
https://developers.facebook.com/docs/whatsapp/cloud-api/guides/sell-products-and-services/share-products.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import attrs

from connectly_api.content import limits
from connectly_api.content.basic import Document, Image, Video
from connectly_api.content.fields import show_count, show_length, to_optional, to_tuple
from connectly_api.content.parts import BODY, FOOTER, Header, check_header, check_sections, to_footer, to_header
from connectly_api.errors import Violation
from connectly_api.lowlevel import models
from connectly_api.tracebacks import cut_init_traceback

_PRODUCTS: Final = 30


@attrs.frozen
class Product:
    """One product from the business's catalogue.

    Attributes:
        catalog_id: The catalogue's id.
        product_id: The product's retailer id (its SKU).
        text: The body, up to 1024 characters, or None.
        footer: Up to 60 characters, or None.
    """

    catalog_id: str = attrs.field(repr=show_length)
    product_id: str = attrs.field(repr=show_length)
    text: str | None = attrs.field(default=None, repr=show_length)
    footer: str | None = attrs.field(default=None, repr=show_length)

    def violations(self) -> Iterator[Violation]:
        """Yield each limit that this content breaks."""
        yield from limits.check_text("catalog_id", self.catalog_id)
        yield from limits.check_text("product_id", self.product_id)
        yield from limits.check_text("text", self.text, BODY, required=False)
        yield from limits.check_text("footer", self.footer, FOOTER, required=False)

    def to_message(self) -> models.Message:
        """Return the low-level message."""
        return models.Message(
            text=to_optional(self.text),
            single_product_message=models.SingleProductMessage(
                footer=to_footer(self.footer),
                catalog_id=self.catalog_id,
                product_item=models.ProductItem(product_retailer_id=self.product_id),
            ),
        )


def _to_product_ids(values: Iterable[str]) -> tuple[str, ...]:
    return to_tuple(values, "product_ids")


@cut_init_traceback
@attrs.frozen
class ProductSection:
    """A group of products.

    Attributes:
        title: Up to 24 characters; required if there are several sections.
        product_ids: Retailer ids (SKUs): at least one, and at most 30 in all sections together.
    """

    title: str | None = attrs.field(repr=show_length)
    product_ids: tuple[str, ...] = attrs.field(converter=_to_product_ids, repr=show_count)


def _to_sections(values: Iterable[ProductSection]) -> tuple[ProductSection, ...]:
    return to_tuple(values, "sections")


@cut_init_traceback
@attrs.frozen
class ProductList:
    """Several products from the business's catalogue, in sections.

    Attributes:
        text: The body, 1 to 1024 characters.
        catalog_id: The catalogue's id.
        sections: 1 to 10.
        header: Text of up to 60 characters, or None. Media are sent with a warning, as WhatsApp documents text only.
        footer: Up to 60 characters, or None.
    """

    text: str = attrs.field(repr=show_length)
    catalog_id: str = attrs.field(repr=show_length)
    sections: tuple[ProductSection, ...] = attrs.field(converter=_to_sections, repr=show_count)
    header: Header | None = attrs.field(default=None, repr=show_length)
    footer: str | None = attrs.field(default=None, repr=show_length)

    def violations(self) -> Iterator[Violation]:
        """Yield each limit that this content breaks."""
        yield from limits.check_text("text", self.text, BODY)
        yield from limits.check_text("catalog_id", self.catalog_id)
        yield from limits.check_instances("sections", self.sections, ProductSection)
        known = [(i, section) for i, section in enumerate(self.sections) if isinstance(section, ProductSection)]
        yield from check_sections(self.sections, [(i, section.title, len(section.product_ids)) for i, section in known])
        products: list[str] = []
        for index, section in known:
            for position, product in enumerate(section.product_ids):
                products.append(product)
                yield from limits.check_text(f"sections[{index}].product_ids[{position}]", product)
        yield from limits.check_count("sections", products, _PRODUCTS, what="products in all sections together")
        yield from check_header(self.header)
        if isinstance(self.header, (Image, Video, Document)):
            yield Violation("header", "WhatsApp documents a text header only on product lists", level="doubt")
        yield from limits.check_text("footer", self.footer, FOOTER, required=False)

    def to_message(self) -> models.Message:
        """Return the low-level message."""
        return models.Message(
            text=self.text,
            multi_product_message=models.MultiProductMessage(
                header=to_header(self.header),
                footer=to_footer(self.footer),
                catalog_id=self.catalog_id,
                sections=[
                    models.ProductSection(
                        title=to_optional(section.title),
                        product_items=[
                            models.ProductItem(product_retailer_id=product) for product in section.product_ids
                        ],
                    )
                    for section in self.sections
                ],
            ),
        )
