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
    from .list_message import ListMessage
    from .location import Location
    from .multi_product_message import MultiProductMessage
    from .referral import Referral
    from .reply_button_message import ReplyButtonMessage
    from .single_product_message import SingleProductMessage

_SPELLINGS: dict[str, str] = {
    "is_echo": "isEcho",
    "list_message": "listMessage",
    "reply_button_message": "replyButtonMessage",
    "single_product_message": "singleProductMessage",
    "multi_product_message": "multiProductMessage",
}


@_attrs.define(kw_only=True, repr=False, field_transformer=_writing.hide_values)
class Message:
    """`v1Message` of the service's Swagger file.

    Attributes:
        id: `id` on the wire. For example `01FPW47QF69Y5JZH24605VAKQB`.
        text: `text` on the wire.
        attachments: `attachments` on the wire. Currently, only a single attachment is supported.
        location: `location` on the wire.
        is_echo: `isEcho` on the wire.
        list_message: `listMessage` on the wire.
        reply_button_message: `replyButtonMessage` on the wire.
        single_product_message: `singleProductMessage` on the wire.
        multi_product_message: `multiProductMessage` on the wire.
        referral: `referral` on the wire.
        additional_properties: Received values without a field, or not of their field's type, by name on the
            wire. They are written with the fields; a field that is set wins.
    """

    id: str | _unset.Unset = _unset.UNSET
    text: str | _unset.Unset = _unset.UNSET
    attachments: list[Attachment] | _unset.Unset = _unset.UNSET
    location: Location | _unset.Unset = _unset.UNSET
    is_echo: bool | _unset.Unset = _unset.UNSET
    list_message: ListMessage | _unset.Unset = _unset.UNSET
    reply_button_message: ReplyButtonMessage | _unset.Unset = _unset.UNSET
    single_product_message: SingleProductMessage | _unset.Unset = _unset.UNSET
    multi_product_message: MultiProductMessage | _unset.Unset = _unset.UNSET
    referral: Referral | _unset.Unset = _unset.UNSET
    additional_properties: dict[str, _typing.Any] = _attrs.field(factory=_reading.new_object)

    def __repr__(self) -> str:
        """Show the names of the fields that are set, but not their values, which may be personal."""
        return _writing.describe_set_fields(self)

    def to_dict(self) -> dict[str, _typing.Any]:
        """Return the fields that are set as a JSON object, without unspecified enum values."""
        written: dict[str, _typing.Any] = {}
        if self.id is not _unset.UNSET:
            _writing.put(written, "id", self.id)
        if self.text is not _unset.UNSET:
            _writing.put(written, "text", self.text)
        if self.attachments is not _unset.UNSET:
            _writing.put(written, "attachments", self.attachments)
        if self.location is not _unset.UNSET:
            _writing.put(written, "location", self.location)
        if self.is_echo is not _unset.UNSET:
            _writing.put(written, "isEcho", self.is_echo)
        if self.list_message is not _unset.UNSET:
            _writing.put(written, "listMessage", self.list_message)
        if self.reply_button_message is not _unset.UNSET:
            _writing.put(written, "replyButtonMessage", self.reply_button_message)
        if self.single_product_message is not _unset.UNSET:
            _writing.put(written, "singleProductMessage", self.single_product_message)
        if self.multi_product_message is not _unset.UNSET:
            _writing.put(written, "multiProductMessage", self.multi_product_message)
        if self.referral is not _unset.UNSET:
            _writing.put(written, "referral", self.referral)
        return _writing.finish_object(written, self.additional_properties, _SPELLINGS)

    @classmethod
    @_tracebacks.cut_traceback
    def from_dict(cls, source: object) -> _typing.Self:
        """Read decoded JSON; a value of the wrong type only drops its own field.

        Raises:
            ValueError: It is neither an object nor None.
        """
        from .attachment import Attachment
        from .list_message import ListMessage
        from .location import Location
        from .multi_product_message import MultiProductMessage
        from .referral import Referral
        from .reply_button_message import ReplyButtonMessage
        from .single_product_message import SingleProductMessage

        rest = _reading.open_object(source, _SPELLINGS)
        return cls(
            id=_reading.take(rest, "id", _reading.as_text),
            text=_reading.take(rest, "text", _reading.as_text),
            attachments=_reading.take(rest, "attachments", _reading.list_of(Attachment.from_dict)),
            location=_reading.take(rest, "location", Location.from_dict),
            is_echo=_reading.take(rest, "isEcho", _reading.as_boolean),
            list_message=_reading.take(rest, "listMessage", ListMessage.from_dict),
            reply_button_message=_reading.take(rest, "replyButtonMessage", ReplyButtonMessage.from_dict),
            single_product_message=_reading.take(rest, "singleProductMessage", SingleProductMessage.from_dict),
            multi_product_message=_reading.take(rest, "multiProductMessage", MultiProductMessage.from_dict),
            referral=_reading.take(rest, "referral", Referral.from_dict),
            additional_properties=rest,
        )
