# Generated from service.swagger.json by "python -m codegen generate": do not edit.
from __future__ import annotations

import typing as _typing

import attrs as _attrs

from connectly_api import tracebacks as _tracebacks
from connectly_api.wire import reading as _reading
from connectly_api.wire import unset as _unset
from connectly_api.wire import writing as _writing

if _typing.TYPE_CHECKING:
    from .attachment import Attachment

_SPELLINGS: dict[str, str] = {}


@_attrs.define(kw_only=True, repr=False, field_transformer=_writing.hide_values)
class Header:
    """Text or one attachment.

    `v1Header` of the service's Swagger file.

    Attributes:
        text: `text` on the wire.
        attachment: `attachment` on the wire.
        additional_properties: Received values without a field, or not of their field's type, by name on the
            wire. They are written with the fields; a field that is set wins.
    """

    text: str | _unset.Unset = _unset.UNSET
    attachment: Attachment | _unset.Unset = _unset.UNSET
    additional_properties: dict[str, _typing.Any] = _attrs.field(factory=_reading.new_object)

    def __repr__(self) -> str:
        """Show the names of the fields that are set, but not their values, which may be personal."""
        return _writing.describe_set_fields(self)

    def to_dict(self) -> dict[str, _typing.Any]:
        """Return the fields that are set as a JSON object, without unspecified enum values."""
        written: dict[str, _typing.Any] = {}
        if self.text is not _unset.UNSET:
            _writing.put(written, "text", self.text)
        if self.attachment is not _unset.UNSET:
            _writing.put(written, "attachment", self.attachment)
        return _writing.finish_object(written, self.additional_properties, _SPELLINGS)

    @classmethod
    @_tracebacks.cut_traceback
    def from_dict(cls, source: object) -> _typing.Self:
        """Read decoded JSON; a value of the wrong type only drops its own field.

        Raises:
            ValueError: It is neither an object nor None.
        """
        from .attachment import Attachment

        rest = _reading.open_object(source, _SPELLINGS)
        return cls(
            text=_reading.take(rest, "text", _reading.as_text),
            attachment=_reading.take(rest, "attachment", Attachment.from_dict),
            additional_properties=rest,
        )
