# Generated from service.swagger.json by "python -m codegen generate": do not edit.
from __future__ import annotations

import typing as _typing

import attrs as _attrs

from connectly_api import tracebacks as _tracebacks
from connectly_api.wire import reading as _reading
from connectly_api.wire import unset as _unset
from connectly_api.wire import writing as _writing

_SPELLINGS: dict[str, str] = {"user_title": "userTitle", "user_message": "userMessage", "cnt_trace_id": "cntTraceId"}


@_attrs.define(kw_only=True, repr=False, field_transformer=_writing.hide_values)
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
        additional_properties: Received values without a field, or not of their field's type, by name on the
            wire. They are written with the fields; a field that is set wins.
    """

    message: str | _unset.Unset = _unset.UNSET
    type_: str | _unset.Unset = _unset.UNSET
    code: str | _unset.Unset = _unset.UNSET
    user_title: str | _unset.Unset = _unset.UNSET
    user_message: str | _unset.Unset = _unset.UNSET
    cnt_trace_id: str | _unset.Unset = _unset.UNSET
    details: dict[str, _typing.Any] | _unset.Unset = _unset.UNSET
    additional_properties: dict[str, _typing.Any] = _attrs.field(factory=_reading.new_object)

    def __repr__(self) -> str:
        """Show the names of the fields that are set, but not their values, which may be personal."""
        return _writing.describe_set_fields(self)

    def to_dict(self) -> dict[str, _typing.Any]:
        """Return the fields that are set as a JSON object, without unspecified enum values."""
        written: dict[str, _typing.Any] = {}
        if self.message is not _unset.UNSET:
            _writing.put(written, "message", self.message)
        if self.type_ is not _unset.UNSET:
            _writing.put(written, "type", self.type_)
        if self.code is not _unset.UNSET:
            _writing.put(written, "code", self.code)
        if self.user_title is not _unset.UNSET:
            _writing.put(written, "userTitle", self.user_title)
        if self.user_message is not _unset.UNSET:
            _writing.put(written, "userMessage", self.user_message)
        if self.cnt_trace_id is not _unset.UNSET:
            _writing.put(written, "cntTraceId", self.cnt_trace_id)
        if self.details is not _unset.UNSET:
            _writing.put(written, "details", self.details)
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
            message=_reading.take(rest, "message", _reading.as_text),
            type_=_reading.take(rest, "type", _reading.as_text),
            code=_reading.take(rest, "code", _reading.as_text),
            user_title=_reading.take(rest, "userTitle", _reading.as_text),
            user_message=_reading.take(rest, "userMessage", _reading.as_text),
            cnt_trace_id=_reading.take(rest, "cntTraceId", _reading.as_text),
            details=_reading.take(rest, "details", _reading.map_of(_reading.as_is)),
            additional_properties=rest,
        )
