# Generated from service.swagger.json by "python -m codegen generate": do not edit.
from __future__ import annotations

import typing as _typing

import attrs as _attrs

from connectly_api import fields as _fields
from connectly_api import wire as _wire

if _typing.TYPE_CHECKING:
    from .channel_type import ChannelType
    from .webengage_configuration import WebengageConfiguration
    from .webhook_filter import WebhookFilter

_SPELLINGS: dict[str, str] = {"channel_types": "channelTypes", "webengage_configuration": "webengageConfiguration"}


@_attrs.define(kw_only=True, repr=False)
class WebhookConfiguration:
    """`v1WebhookConfiguration` of the service's Swagger file.

    Attributes:
        echo: `echo` on the wire. Whether to deliver the business's own outbound messages too.
        channel_types: `channelTypes` on the wire.
        webengage_configuration: `webengageConfiguration` on the wire.
        filters: `filters` on the wire.
        additional_properties: What was read and has no field here, or is not of its field's type, under its
            name on the wire. It is written with the fields; a field that is set wins.
    """

    echo: bool | _wire.Unset = _wire.UNSET
    channel_types: list[ChannelType | str] | _wire.Unset = _wire.UNSET
    webengage_configuration: WebengageConfiguration | _wire.Unset = _wire.UNSET
    filters: list[WebhookFilter] | _wire.Unset = _wire.UNSET
    additional_properties: dict[str, _typing.Any] = _attrs.field(factory=_fields.nothing)

    def __repr__(self) -> str:
        """Name the fields that are set, without their values, which may be personal."""
        return _fields.describe(self)

    def to_dict(self) -> dict[str, _typing.Any]:
        """Return what is set as a JSON object; unspecified enum values are left out."""
        written: dict[str, _typing.Any] = {}
        _fields.put(written, "echo", self.echo)
        _fields.put_enum(written, "channelTypes", self.channel_types)
        _fields.put(written, "webengageConfiguration", self.webengage_configuration)
        _fields.put(written, "filters", self.filters)
        return _fields.finish(written, self.additional_properties, _SPELLINGS)

    @classmethod
    def from_dict(cls, source: object) -> _typing.Self:
        """Read decoded JSON; whatever is of a wrong type costs its own field only.

        Raises:
            ValueError: It is neither an object nor None.
        """
        from .webengage_configuration import WebengageConfiguration
        from .webhook_filter import WebhookFilter

        rest = _fields.open_object(source, _SPELLINGS)
        return cls(
            echo=_fields.take(rest, "echo", _fields.as_boolean),
            channel_types=_fields.take(rest, "channelTypes", _fields.list_of(_fields.as_text)),
            webengage_configuration=_fields.take(rest, "webengageConfiguration", WebengageConfiguration.from_dict),
            filters=_fields.take(rest, "filters", _fields.list_of(WebhookFilter.from_dict)),
            additional_properties=rest,
        )
