# Generated from service.swagger.json by "python -m codegen generate": do not edit.
from __future__ import annotations

import typing as _typing

import attrs as _attrs

from connectly_api import tracebacks as _tracebacks
from connectly_api.wire import reading as _reading
from connectly_api.wire import unset as _unset
from connectly_api.wire import writing as _writing

if _typing.TYPE_CHECKING:
    from .attachment_type import AttachmentType

_SPELLINGS: dict[str, str] = {}


@_attrs.define(kw_only=True, repr=False, field_transformer=_writing.hide_values)
class Attachment:
    """`v1Attachment` of the service's Swagger file.

    Attributes:
        type_: `type` on the wire.
        url: `url` on the wire. Public address of the file. For example
            `https://cdn.connectly.ai/d9c4/d9c45701-4895-4b19-8173-dd6a013ae981`.
        caption: `caption` on the wire.
        filename: `filename` on the wire. Documents only.
        additional_properties: Received values without a field, or not of their field's type, by name on the
            wire. They are written with the fields; a field that is set wins.
    """

    type_: AttachmentType | str | _unset.Unset = _unset.UNSET
    url: str | _unset.Unset = _unset.UNSET
    caption: str | _unset.Unset = _unset.UNSET
    filename: str | _unset.Unset = _unset.UNSET
    additional_properties: dict[str, _typing.Any] = _attrs.field(factory=_reading.new_object)

    def __repr__(self) -> str:
        """Show the names of the fields that are set, but not their values, which may be personal."""
        return _writing.describe_set_fields(self)

    def to_dict(self) -> dict[str, _typing.Any]:
        """Return the fields that are set as a JSON object, without unspecified enum values."""
        written: dict[str, _typing.Any] = {}
        if self.type_ is not _unset.UNSET:
            _writing.put_enum(written, "type", self.type_)
        if self.url is not _unset.UNSET:
            _writing.put(written, "url", self.url)
        if self.caption is not _unset.UNSET:
            _writing.put(written, "caption", self.caption)
        if self.filename is not _unset.UNSET:
            _writing.put(written, "filename", self.filename)
        return _writing.finish_object(written, self.additional_properties, _SPELLINGS)

    @classmethod
    @_tracebacks.cut_traceback
    def from_dict(cls, source: object) -> _typing.Self:
        """Read decoded JSON; a value of the wrong type only drops its own field.

        Raises:
            ValueError: It is neither an object nor None.
        """
        rest = _reading.open_object(source, _SPELLINGS)
        return cls(
            type_=_reading.take(rest, "type", _reading.as_text),
            url=_reading.take(rest, "url", _reading.as_text),
            caption=_reading.take(rest, "caption", _reading.as_text),
            filename=_reading.take(rest, "filename", _reading.as_text),
            additional_properties=rest,
        )
