# Generated from service.swagger.json by "python -m codegen generate": do not edit.
from __future__ import annotations

import typing as _typing

import attrs as _attrs

from connectly_api import tracebacks as _tracebacks
from connectly_api.wire import reading as _reading
from connectly_api.wire import unset as _unset
from connectly_api.wire import writing as _writing

if _typing.TYPE_CHECKING:
    from .order import Order
    from .template_parameter import TemplateParameter

_SPELLINGS: dict[str, str] = {
    "template_name": "templateName",
    "campaign_name": "campaignName",
    "callback_data": "callbackData",
}


@_attrs.define(kw_only=True, repr=False, field_transformer=_writing.hide_values)
class SendWhatsappTemplatedMessageRequest:
    """`MessageServiceSendWhatsappTemplatedMessageBody` of the service's Swagger file.

    Attributes:
        sender: `sender` on the wire. Optional. WhatsApp number to send from; not needed where the business has
            just one. For example `+16501113333`.
        number: `number` on the wire. WhatsApp number of the recipient, or its BSUID with the prefix 'bsuid:'.
            For example `+16502223333`.
        template_name: `templateName` on the wire. For example `bogo_marketing_campaign`.
        language: `language` on the wire. Language code of an approved translation of the template. For example
            `en`.
        parameters: `parameters` on the wire.
        campaign_name: `campaignName` on the wire. Optional. Campaign name. For example
            `test_campaign_2022-03-12`.
        order: `order` on the wire.
        callback_data: `callbackData` on the wire. Optional. Any JSON value, at most 1024 bytes, echoed back at
            the top level of the webhook events tied to this message.
        additional_properties: Received values without a field, or not of their field's type, by name on the
            wire. They are written with the fields; a field that is set wins.
    """

    sender: str | _unset.Unset = _unset.UNSET
    number: str | _unset.Unset = _unset.UNSET
    template_name: str | _unset.Unset = _unset.UNSET
    language: str | _unset.Unset = _unset.UNSET
    parameters: list[TemplateParameter] | _unset.Unset = _unset.UNSET
    campaign_name: str | _unset.Unset = _unset.UNSET
    order: Order | _unset.Unset = _unset.UNSET
    callback_data: _typing.Any | _unset.Unset = _unset.UNSET
    additional_properties: dict[str, _typing.Any] = _attrs.field(factory=_reading.new_object)

    def __repr__(self) -> str:
        """Show the names of the fields that are set, but not their values, which may be personal."""
        return _writing.describe_set_fields(self)

    def to_dict(self) -> dict[str, _typing.Any]:
        """Return the fields that are set as a JSON object, without unspecified enum values."""
        written: dict[str, _typing.Any] = {}
        if self.sender is not _unset.UNSET:
            _writing.put(written, "sender", self.sender)
        if self.number is not _unset.UNSET:
            _writing.put(written, "number", self.number)
        if self.template_name is not _unset.UNSET:
            _writing.put(written, "templateName", self.template_name)
        if self.language is not _unset.UNSET:
            _writing.put(written, "language", self.language)
        if self.parameters is not _unset.UNSET:
            _writing.put(written, "parameters", self.parameters)
        if self.campaign_name is not _unset.UNSET:
            _writing.put(written, "campaignName", self.campaign_name)
        if self.order is not _unset.UNSET:
            _writing.put(written, "order", self.order)
        if self.callback_data is not _unset.UNSET:
            _writing.put_any(written, "callbackData", self.callback_data)
        return _writing.finish_object(written, self.additional_properties, _SPELLINGS)

    @classmethod
    @_tracebacks.cut_traceback
    def from_dict(cls, source: object) -> _typing.Self:
        """Read decoded JSON; a value of the wrong type only drops its own field.

        Raises:
            ValueError: It is neither an object nor None.
        """
        from .order import Order
        from .template_parameter import TemplateParameter

        rest = _reading.open_object(source, _SPELLINGS)
        return cls(
            sender=_reading.take(rest, "sender", _reading.as_text),
            number=_reading.take(rest, "number", _reading.as_text),
            template_name=_reading.take(rest, "templateName", _reading.as_text),
            language=_reading.take(rest, "language", _reading.as_text),
            parameters=_reading.take(rest, "parameters", _reading.list_of(TemplateParameter.from_dict)),
            campaign_name=_reading.take(rest, "campaignName", _reading.as_text),
            order=_reading.take(rest, "order", Order.from_dict),
            callback_data=_reading.take_any(rest, "callbackData"),
            additional_properties=rest,
        )
