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
    from .webengage_configuration import WebengageConfiguration
    from .webhook_filter import WebhookFilter

_SPELLINGS: dict[str, str] = {"channel_types": "channelTypes", "webengage_configuration": "webengageConfiguration"}


@_attrs.define(kw_only=True, repr=False, field_transformer=_writing.hide_values)
class WebhookConfiguration:
    """`v1WebhookConfiguration` of the service's Swagger file.

    Attributes:
        echo: `echo` on the wire. Whether to deliver the business's own outbound messages too.
        channel_types: `channelTypes` on the wire.
        webengage_configuration: `webengageConfiguration` on the wire.
        filters: `filters` on the wire.
        additional_properties: Received values without a field, or not of their field's type, by name on the
            wire. They are written with the fields; a field that is set wins.
    """

    echo: bool | _unset.Unset = _unset.UNSET
    channel_types: list[ChannelType | str] | _unset.Unset = _unset.UNSET
    webengage_configuration: WebengageConfiguration | _unset.Unset = _unset.UNSET
    filters: list[WebhookFilter] | _unset.Unset = _unset.UNSET
    additional_properties: dict[str, _typing.Any] = _attrs.field(factory=_reading.new_object)

    def __repr__(self) -> str:
        """Show the names of the fields that are set, but not their values, which may be personal."""
        return _writing.describe_set_fields(self)

    def to_dict(self) -> dict[str, _typing.Any]:
        """Return the fields that are set as a JSON object, without unspecified enum values."""
        written: dict[str, _typing.Any] = {}
        if self.echo is not _unset.UNSET:
            _writing.put(written, "echo", self.echo)
        if self.channel_types is not _unset.UNSET:
            _writing.put_enum(written, "channelTypes", self.channel_types)
        if self.webengage_configuration is not _unset.UNSET:
            _writing.put(written, "webengageConfiguration", self.webengage_configuration)
        if self.filters is not _unset.UNSET:
            _writing.put(written, "filters", self.filters)
        return _writing.finish_object(written, self.additional_properties, _SPELLINGS)

    @classmethod
    @_tracebacks.cut_traceback
    def from_dict(cls, source: object) -> _typing.Self:
        """Read decoded JSON; a value of the wrong type only drops its own field.

        Raises:
            ValueError: It is neither an object nor None.
        """
        from .webengage_configuration import WebengageConfiguration
        from .webhook_filter import WebhookFilter

        rest = _reading.open_object(source, _SPELLINGS)
        return cls(
            echo=_reading.take(rest, "echo", _reading.as_boolean),
            channel_types=_reading.take(rest, "channelTypes", _reading.list_of(_reading.as_text)),
            webengage_configuration=_reading.take(rest, "webengageConfiguration", WebengageConfiguration.from_dict),
            filters=_reading.take(rest, "filters", _reading.list_of(WebhookFilter.from_dict)),
            additional_properties=rest,
        )
