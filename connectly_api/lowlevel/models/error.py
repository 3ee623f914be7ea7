# Generated from service.swagger.json by "python -m codegen generate": do not edit.
from __future__ import annotations

import typing as _typing

import attrs as _attrs

from connectly_api import fields as _fields
from connectly_api import wire as _wire

_SPELLINGS: dict[str, str] = {"user_title": "userTitle", "user_message": "userMessage", "cnt_trace_id": "cntTraceId"}


@_attrs.define(kw_only=True, repr=False)
class Error:
    """`v1Error` of the service's Swagger file.

    Attributes:
        message: `message` on the wire. Human-readable description.
        type_: `type` on the wire. Broad category, ERROR_TYPE_*.
        code: `code` on the wire. Specific error, ERROR_CODE_*.
        user_title: `userTitle` on the wire.
        user_message: `userMessage` on the wire.
        cnt_trace_id: `cntTraceId` on the wire. Trace id to pass to Connectly's support.
        details: `details` on the wire.
        additional_properties: What was read and has no field here, or is not of its field's type, under its
            name on the wire. It is written with the fields; a field that is set wins.
    """

    message: str | _wire.Unset = _wire.UNSET
    type_: str | _wire.Unset = _wire.UNSET
    code: str | _wire.Unset = _wire.UNSET
    user_title: str | _wire.Unset = _wire.UNSET
    user_message: str | _wire.Unset = _wire.UNSET
    cnt_trace_id: str | _wire.Unset = _wire.UNSET
    details: dict[str, _typing.Any] | _wire.Unset = _wire.UNSET
    additional_properties: dict[str, _typing.Any] = _attrs.field(factory=_fields.nothing)

    def __repr__(self) -> str:
        """Name the fields that are set, without their values, which may be personal."""
        return _fields.describe(self)

    def to_dict(self) -> dict[str, _typing.Any]:
        """Return what is set as a JSON object; unspecified enum values are left out."""
        written: dict[str, _typing.Any] = {}
        _fields.put(written, "message", self.message)
        _fields.put(written, "type", self.type_)
        _fields.put(written, "code", self.code)
        _fields.put(written, "userTitle", self.user_title)
        _fields.put(written, "userMessage", self.user_message)
        _fields.put(written, "cntTraceId", self.cnt_trace_id)
        _fields.put(written, "details", self.details)
        return _fields.finish(written, self.additional_properties, _SPELLINGS)

    @classmethod
    def from_dict(cls, source: object) -> _typing.Self:
        """Read decoded JSON; whatever is of a wrong type costs its own field only.

        Raises:
            ValueError: It is neither an object nor None.
        """
        rest = _fields.open_object(source, _SPELLINGS)
        return cls(
            message=_fields.take(rest, "message", _fields.as_text),
            type_=_fields.take(rest, "type", _fields.as_text),
            code=_fields.take(rest, "code", _fields.as_text),
            user_title=_fields.take(rest, "userTitle", _fields.as_text),
            user_message=_fields.take(rest, "userMessage", _fields.as_text),
            cnt_trace_id=_fields.take(rest, "cntTraceId", _fields.as_text),
            details=_fields.take(rest, "details", _fields.map_of(_fields.as_given)),
            additional_properties=rest,
        )
