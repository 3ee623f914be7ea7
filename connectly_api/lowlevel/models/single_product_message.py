# Generated from service.swagger.json by "python -m codegen generate": do not edit.
from __future__ import annotations

import typing as _typing

import attrs as _attrs

from connectly_api import tracebacks as _tracebacks
from connectly_api.wire import reading as _reading
from connectly_api.wire import unset as _unset
from connectly_api.wire import writing as _writing

if _typing.TYPE_CHECKING:
    from .footer import Footer
    from .product_item import ProductItem

_SPELLINGS: dict[str, str] = {"catalog_id": "catalogId", "product_item": "productItem"}


@_attrs.define(kw_only=True, repr=False, field_transformer=_writing.hide_values)
class SingleProductMessage:
    """`v1SingleProductMessage` of the service's Swagger file.

    Attributes:
        footer: `footer` on the wire.
        catalog_id: `catalogId` on the wire.
        product_item: `productItem` on the wire.
        additional_properties: Received values without a field, or not of their field's type, by name on the
            wire. They are written with the fields; a field that is set wins.
    """

    footer: Footer | _unset.Unset = _unset.UNSET
    catalog_id: str | _unset.Unset = _unset.UNSET
    product_item: ProductItem | _unset.Unset = _unset.UNSET
    additional_properties: dict[str, _typing.Any] = _attrs.field(factory=_reading.new_object)

    def __repr__(self) -> str:
        """Show the names of the fields that are set, but not their values, which may be personal."""
        return _writing.describe_set_fields(self)

    def to_dict(self) -> dict[str, _typing.Any]:
        """Return the fields that are set as a JSON object, without unspecified enum values."""
        written: dict[str, _typing.Any] = {}
        if self.footer is not _unset.UNSET:
            _writing.put(written, "footer", self.footer)
        if self.catalog_id is not _unset.UNSET:
            _writing.put(written, "catalogId", self.catalog_id)
        if self.product_item is not _unset.UNSET:
            _writing.put(written, "productItem", self.product_item)
        return _writing.finish_object(written, self.additional_properties, _SPELLINGS)

    @classmethod
    @_tracebacks.cut_traceback
    def from_dict(cls, source: object) -> _typing.Self:
        """Read decoded JSON; a value of the wrong type only drops its own field.

        Raises:
            ValueError: It is neither an object nor None.
        """
        from .footer import Footer
        from .product_item import ProductItem

        rest = _reading.open_object(source, _SPELLINGS)
        return cls(
            footer=_reading.take(rest, "footer", Footer.from_dict),
            catalog_id=_reading.take(rest, "catalogId", _reading.as_text),
            product_item=_reading.take(rest, "productItem", ProductItem.from_dict),
            additional_properties=rest,
        )
