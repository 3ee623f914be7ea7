# Generated from service.swagger.json by "python -m codegen generate": do not edit.
from __future__ import annotations

import typing as _typing

import attrs as _attrs

from connectly_api import tracebacks as _tracebacks
from connectly_api.wire import reading as _reading
from connectly_api.wire import unset as _unset
from connectly_api.wire import writing as _writing

if _typing.TYPE_CHECKING:
    from .channel_type import ChannelType

_SPELLINGS: dict[str, str] = {"channel_type": "channelType", "user_id": "userId"}


@_attrs.define(kw_only=True, repr=False, field_transformer=_writing.hide_values)
class Participant:
    """`v1Participant` of the service's Swagger file.

    Attributes:
        id: `id` on the wire. Phone number in E.164 format. For example `+16502223333`.
        channel_type: `channelType` on the wire.
        name: `name` on the wire. For example `John Snow`.
        user_id: `userId` on the wire. Business-scoped user id (BSUID) of a customer. For example
            `US.13491208655302741918`.
        additional_properties: Received values without a field, or not of their field's type, by name on the
            wire. They are written with the fields; a field that is set wins.
    """

    id: str | _unset.Unset = _unset.UNSET
    channel_type: ChannelType | str | _unset.Unset = _unset.UNSET
    name: str | _unset.Unset = _unset.UNSET
    user_id: str | _unset.Unset = _unset.UNSET
    additional_properties: dict[str, _typing.Any] = _attrs.field(factory=_reading.new_object)

    def __repr__(self) -> str:
        """Show the names of the fields that are set, but not their values, which may be personal."""
        return _writing.describe_set_fields(self)

    def to_dict(self) -> dict[str, _typing.Any]:
        """Return the fields that are set as a JSON object, without unspecified enum values."""
        written: dict[str, _typing.Any] = {}
        if self.id is not _unset.UNSET:
            _writing.put(written, "id", self.id)
        if self.channel_type is not _unset.UNSET:
            _writing.put_enum(written, "channelType", self.channel_type)
        if self.name is not _unset.UNSET:
            _writing.put(written, "name", self.name)
        if self.user_id is not _unset.UNSET:
            _writing.put(written, "userId", self.user_id)
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
            id=_reading.take(rest, "id", _reading.as_text),
            channel_type=_reading.take(rest, "channelType", _reading.as_text),
            name=_reading.take(rest, "name", _reading.as_text),
            user_id=_reading.take(rest, "userId", _reading.as_text),
            additional_properties=rest,
        )
