"""Check a message and build the request that sends it. Every check of a send happens here, before any I/O."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Any, Final, Literal, TypedDict, get_args

import attrs

from connectly_api.callback_data import check_for_large_integers
from connectly_api.content.basic import Audio, Document, Image, Location, Text, Video
from connectly_api.content.interactive import ListMessage, ReplyButtons
from connectly_api.content.limits import Limits, raise_or_warn
from connectly_api.content.products import Product, ProductList
from connectly_api.content.template import Template
from connectly_api.errors import InvalidContentError, InvalidInputError, Violation
from connectly_api.json_values import JsonValue
from connectly_api.keywords import check_keywords
from connectly_api.lowlevel import models
from connectly_api.lowlevel.api.message_service import send_message, send_whatsapp_templated_message
from connectly_api.recipients import Phone, Recipient, SenderLike
from connectly_api.setting_rules import check_name, describe_kind
from connectly_api.transport.protocol import RateKeys, Request
from connectly_api.wire.unset import UNSET

SessionContent = Text | Image | Video | Audio | Document | Location | ListMessage | ReplyButtons | Product | ProductList
"""Free-form content, which reaches customers who wrote within the last 24 hours."""

Content = SessionContent | Template
"""Any kind of content."""

ChannelType = Literal["whatsapp", "sms"]
"""The channels that the service documents."""

_KINDS: Final = get_args(Content)
_CHANNELS: Final = get_args(ChannelType)


class SendOptions(TypedDict, total=False):
    """The options of every method that sends.

    Attributes:
        sender: The business's number that sends; by default the client's.
        callback_data: Any JSON value of at most 1024 bytes, returned with the message's delivery statuses and with
            replies that quote it.
        campaign_name: A tag for the service's analytics and webhook filters.
        channel_type: `whatsapp` by default, and the only one for templates.
        timeout: Seconds for the whole call, including retries and pauses; by default the client's.
        otherwise: A template to send in place of free-form content if the customer's window is closed.
    """

    sender: SenderLike | None
    callback_data: JsonValue
    campaign_name: str | None
    channel_type: ChannelType | None
    timeout: float | None
    otherwise: Template | None


_OPTIONS: Final = tuple(SendOptions.__annotations__)
_KNOWN_OPTIONS: Final = frozenset(_OPTIONS)


def check_options(options: Mapping[str, object], content: object) -> None:
    """Refuse unknown options.

    Args:
        options: The keyword arguments besides the recipient and the content.
        content: The content, whose fields may have been passed as options by mistake.

    Raises:
        TypeError: An option is not in `SendOptions`; the error suggests the closest name.
    """
    if options.keys() <= _KNOWN_OPTIONS:
        return
    kind: type[Any] = type(content)
    fields = attrs.fields_dict(kind) if attrs.has(kind) else {}
    places = {name: f"pass it to the content, {kind.__name__}(…, {name}=…)" for name in fields}
    check_keywords(options, (*_OPTIONS, "recipient", "content"), elsewhere=places)


@attrs.frozen
class Message:
    """A content with its recipient and options.

    Attributes:
        recipient: The customer.
        content: Any kind of content.
        sender: The number that sends, or None if the business has only one.
        callback_data: JSON that is returned with the message's events, or None.
        campaign_name: A tag, or None.
        channel_type: The channel.
        otherwise: A template to send if the customer's window is closed, or None.
    """

    recipient: Recipient
    content: Content
    sender: Phone | None = None
    callback_data: JsonValue = attrs.field(default=None, repr=False)
    campaign_name: str | None = None
    channel_type: ChannelType = "whatsapp"
    otherwise: Template | None = None


def build_request(
    business_id: str, message: Message, limits: Limits, *, with_rate_keys: bool = False
) -> Request[models.SendMessageResponse]:
    """Check a message, with the template that may be sent otherwise, and build the request for its content.

    Args:
        business_id: The business.
        message: The message.
        limits: What to do about WhatsApp's limits on content.
        with_rate_keys: Whether to add the rate keys, so that pacing need not decode the content again.

    Raises:
        InvalidContentError: The content breaks limits; the error lists all of them.
        CallbackDataTooLongError: The callback data has more than 1024 bytes.
        InvalidInputError: The callback data is not JSON, or an option has the wrong type.
    """
    content: object = message.content
    if not isinstance(content, _KINDS):
        problem = f"must be a kind of content, not {type(content).__name__}"
        raise InvalidContentError([Violation("content", problem, level="error")])
    doubts = () if message.callback_data is None else check_for_large_integers(message.callback_data)
    if message.campaign_name is not None:
        check_name("campaign_name", message.campaign_name)
    if message.channel_type not in _CHANNELS:
        raise InvalidInputError(f"channel_type: must be one of {', '.join(_CHANNELS)}", field="channel_type")
    if message.channel_type != "whatsapp" and isinstance(message.content, Template):
        raise InvalidInputError("channel_type: a template can only be sent through whatsapp", field="channel_type")
    violations: Iterable[Violation] = message.content.violations()
    if message.otherwise is not None:
        violations = chain(violations, _check_otherwise(message, message.otherwise))
    raise_or_warn(violations, limits if message.channel_type == "whatsapp" else "off")
    raise_or_warn(doubts, limits)
    if isinstance(message.content, Template):
        request = _build_template_request(business_id, message, message.content)
    else:
        request = _build_session_request(business_id, message, message.content)
    return attrs.evolve(request, rate_keys=_build_rate_keys(request.operation, message)) if with_rate_keys else request


def build_fallback_request(
    business_id: str, message: Message, template: Template, *, with_rate_keys: bool = False
) -> Request[models.SendMessageResponse]:
    """Build the request for a message's `otherwise`, which `build_request` has checked."""
    message = attrs.evolve(message, content=template, otherwise=None)
    return build_request(business_id, message, "off", with_rate_keys=with_rate_keys)


def _check_otherwise(message: Message, template: object) -> Iterator[Violation]:
    if not isinstance(template, Template):
        yield Violation("otherwise", f"must be a Template, not {describe_kind(template)}", level="error")
        return
    if isinstance(message.content, Template):
        raise InvalidInputError("otherwise: the content is a template already; leave it out", field="otherwise")
    if message.channel_type != "whatsapp":
        raise InvalidInputError("otherwise: a template can only be sent through whatsapp", field="otherwise")
    for violation in template.violations():
        yield attrs.evolve(violation, field=f"otherwise.{violation.field}")


def _build_rate_keys(operation: str, message: Message) -> RateKeys:
    sender = "" if message.sender is None else message.sender.e164
    return RateKeys(operation, sender, _name_recipient(message.recipient).removeprefix("bsuid:"))


def _build_session_request(
    business_id: str, message: Message, content: SessionContent
) -> Request[models.SendMessageResponse]:
    recipient = models.Participant(channel_type=message.channel_type)
    if message.recipient.phone is not None:
        recipient.id = message.recipient.phone.e164
    if message.recipient.bsuid is not None:
        recipient.user_id = message.recipient.bsuid.value
    if message.recipient.name is not None:
        recipient.name = message.recipient.name
    body = models.SendMessageRequest(recipient=recipient, message=content.to_message())
    if message.sender is not None:
        body.sender = models.Participant(id=message.sender.e164, channel_type=message.channel_type)
    if message.campaign_name is not None:
        body.campaign_name = message.campaign_name
    if message.callback_data is not None:
        body.callback_data = message.callback_data
    return send_message.request(business_id, body=body)


def _build_template_request(
    business_id: str, message: Message, template: Template
) -> Request[models.SendMessageResponse]:
    body = models.SendWhatsappTemplatedMessageRequest(
        sender=UNSET if message.sender is None else message.sender.e164,
        number=_name_recipient(message.recipient),
        template_name=template.name,
        language=template.language,
        parameters=template.to_parameters(),
        campaign_name=UNSET if message.campaign_name is None else message.campaign_name,
        callback_data=UNSET if message.callback_data is None else message.callback_data,
    )
    return send_whatsapp_templated_message.request(business_id, body=body)


def _name_recipient(recipient: Recipient) -> str:
    """Return a template's form of a recipient: the phone number if known, else `bsuid:` and the BSUID."""
    if recipient.phone is not None:
        return recipient.phone.e164
    return f"bsuid:{recipient.bsuid.value}" if recipient.bsuid is not None else ""
