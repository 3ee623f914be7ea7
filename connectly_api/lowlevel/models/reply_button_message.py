# Generated from service.swagger.json by "python -m codegen generate": do not edit.
from __future__ import annotations

import typing as _typing

import attrs as _attrs

from connectly_api import tracebacks as _tracebacks
from connectly_api.wire import reading as _reading
from connectly_api.wire import unset as _unset
from connectly_api.wire import writing as _writing

if _typing.TYPE_CHECKING:
    from .button import Button
    from .footer import Footer
    from .header import Header

_SPELLINGS: dict[str, str] = {}


@_attrs.define(kw_only=True, repr=False, field_transformer=_writing.hide_values)
class ReplyButtonMessage:
    """Interactive message with reply buttons; message.text is its body.

    `v1ReplyButtonMessage` of the service's Swagger file.

    Attributes:
        header: `header` on the wire.
        footer: `footer` on the wire.
        buttons: `buttons` on the wire.
        additional_properties: Received values without a field, or not of their field's type, by name on the
            wire. They are written with the fields; a field that is set wins.
    """

    header: Header | _unset.Unset = _unset.UNSET
    footer: Footer | _unset.Unset = _unset.UNSET
    buttons: list[Button] | _unset.Unset = _unset.UNSET
    additional_properties: dict[str, _typing.Any] = _attrs.field(factory=_reading.new_object)

    def __repr__(self) -> str:
        """Show the names of the fields that are set, but not their values, which may be personal."""
        return _writing.describe_set_fields(self)

    def to_dict(self) -> dict[str, _typing.Any]:
        """Return the fields that are set as a JSON object, without unspecified enum values."""
        written: dict[str, _typing.Any] = {}
        if self.header is not _unset.UNSET:
            _writing.put(written, "header", self.header)
        if self.footer is not _unset.UNSET:
            _writing.put(written, "footer", self.footer)
        if self.buttons is not _unset.UNSET:
            _writing.put(written, "buttons", self.buttons)
        return _writing.finish_object(written, self.additional_properties, _SPELLINGS)

    @classmethod
    @_tracebacks.cut_traceback
    def from_dict(cls, source: object) -> _typing.Self:
        """Read decoded JSON; a value of the wrong type only drops its own field.

        Raises:
            ValueError: It is neither an object nor None.
        """
        from .button import Button
        from .footer import Footer
        from .header import Header

        rest = _reading.open_object(source, _SPELLINGS)
        return cls(
            header=_reading.take(rest, "header", Header.from_dict),
            footer=_reading.take(rest, "footer", Footer.from_dict),
            buttons=_reading.take(rest, "buttons", _reading.list_of(Button.from_dict)),
            additional_properties=rest,
        )
