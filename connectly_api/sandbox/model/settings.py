"""How a sandbox is set up: one frozen value, checked when it is made."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, Final, Literal, TypedDict, cast

import attrs

from connectly_api.errors import InvalidInputError, WebhookSignatureError
from connectly_api.tracebacks import cut_init_traceback
from connectly_api.webhooks.signature import secret_keys

Channel = Literal["whatsapp", "sms"]

MAX_SECONDS: Final = 10.0**9
"""Seconds; some thirty years."""

MAX_TIME: Final = 253_402_128_000.0
"""Unix seconds, at the end of the year 9999, beyond which times have no date; a report's last day is still in it."""


def _key(_instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if not isinstance(value, str) or not re.fullmatch("[!-~]+", value):
        message = f"{attribute.name}: must be visible ASCII characters without white space, at least one"
        raise InvalidInputError(message, field=attribute.name)


def _secret(_instance: object, attribute: attrs.Attribute[Any], value: Any) -> None:  # noqa: ANN401  (anything given)
    try:
        secret_keys(value if isinstance(value, str) else "")
    except WebhookSignatureError as error:
        raise InvalidInputError(f"{attribute.name}: {error}", field=attribute.name) from None


def _id(_instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if not isinstance(value, str) or not value.isprintable() or value in {"", ".", ".."}:
        message = f"{attribute.name}: must be a string of printable characters, not empty, . or .."
        raise InvalidInputError(message, field=attribute.name)


def _senders(_instance: object, attribute: attrs.Attribute[Any], value: tuple[object, ...]) -> None:
    for index, sender in enumerate(value):
        if not isinstance(sender, str) or not re.fullmatch(r"\+[1-9][0-9]{6,14}", sender):
            field = f"{attribute.name}[{index}]"
            raise InvalidInputError(f"{field}: must be a phone number, + and 7 to 15 digits", field=field)
    if not value or len(set(value)) < len(value):
        raise InvalidInputError(f"{attribute.name}: at least one, and none twice", field=attribute.name)


def _amount(_instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise InvalidInputError(f"{attribute.name}: must be a whole number above 0", field=attribute.name)


def _whole(_instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int):
        raise InvalidInputError(f"{attribute.name}: must be a whole number", field=attribute.name)


def _moment(_instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= MAX_TIME:
        raise InvalidInputError(
            f"{attribute.name}: must be Unix seconds, from 0 to the end of the year 9999", field=attribute.name
        )


def _limit(_instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
        raise InvalidInputError(f"{attribute.name}: must be a whole number above 0, or None", field=attribute.name)


def _is_seconds(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= MAX_SECONDS


def _seconds(_instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if not _is_seconds(value):
        raise InvalidInputError(f"{attribute.name}: must be a number of seconds, 0 or more", field=attribute.name)


def _span(_instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if not _is_seconds(value) or not value:
        raise InvalidInputError(f"{attribute.name}: must be a number of seconds above 0", field=attribute.name)


def _pauses(_instance: object, attribute: attrs.Attribute[Any], value: tuple[object, ...]) -> None:
    if not all(map(_is_seconds, value)):
        raise InvalidInputError(f"{attribute.name}: must be numbers of seconds, 0 or more", field=attribute.name)


def _pacing(_instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if value is not None and not _is_seconds(value):
        problem = "must be a number of seconds, 0 or more, or None"
        raise InvalidInputError(f"{attribute.name}: {problem}", field=attribute.name)


def _floats(values: Iterable[float]) -> tuple[float, ...]:
    return tuple(values)


def _one_of(*choices: object) -> Callable[[Any, attrs.Attribute[Any], Any], None]:
    def check(_instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
        if isinstance(value, bool) or value not in choices:
            listed = ", ".join(map(repr, choices))
            raise InvalidInputError(f"{attribute.name}: must be one of {listed}", field=attribute.name)

    return check


def _texts(values: Iterable[str]) -> tuple[str, ...]:
    """A lone string is one value, not its characters."""
    return (values,) if isinstance(values, str) else tuple(values)


def _channel_types(values: Iterable[Channel]) -> tuple[Channel, ...]:
    return (cast("Channel", values),) if isinstance(values, str) else tuple(values)


def _channels(_instance: object, attribute: attrs.Attribute[Any], value: tuple[object, ...]) -> None:
    if not value or not set(value) <= {"whatsapp", "sms"}:
        raise InvalidInputError(f"{attribute.name}: at least one of 'whatsapp', 'sms'", field=attribute.name)


class Options(TypedDict, total=False):
    """The keywords of `Sandbox` that become its `Settings`, which describes each of them."""

    api_key: str
    business_id: str
    senders: Iterable[str]
    channels: Iterable[Channel]
    seed: int
    start: float
    keep: int
    max_body_bytes: int
    missing_sender: Literal["first", "refuse"]
    bsuid_recipients: Literal["templates", "accept", "refuse"]
    template_language: Literal["optional", "required"]
    second_registration: Literal["conflict", "replace"]
    window_error_type: Literal["ERROR_TYPE_DEADLINE_EXCEEDED", "ERROR_TYPE_FAILED_PRECONDITION"]
    sent_status: Literal[200, 201]
    clock: Literal["virtual", "real"]
    windows: Literal["closed", "open"]
    content_limits: Literal["refuse", "ignore"]
    undeclared_templates: Literal["until_declared", "accept", "refuse"]
    template_mismatch: Literal["refuse", "fail_delivery"]
    absent_values: Literal["absent", "null"]
    campaign_tag: Literal["documented", "event", "status", "camel_case"]
    failed_status: Literal["delivery_failed", "delivery_failure"]
    button_reply: Literal["own_part", "message"]
    message_topic: Literal["absent", "present"]
    bsuid_events: Literal["on", "off"]
    update_answer: Literal["empty", "id"]
    deliver: Literal["local", "anywhere"]
    rate_limit: int | None
    webhook_secret: str
    sent_after: float
    delivered_after: float
    read_after: float | None
    webhook_retries: Iterable[float]
    webhook_timeout: float


@cut_init_traceback
@attrs.frozen(kw_only=True)
class Settings:
    """A sandbox's fixed side. Where the documentation contradicts itself or is silent, an option decides.

    Attributes:
        api_key: The only key that is accepted: visible ASCII characters.
        business_id: The only business that exists.
        senders: The business's numbers, E.164; the first sends where a request names none.
        channels: The channel types that its numbers have.
        seed: What ids are drawn from, with a counter and the clock.
        start: The virtual clock's first time, Unix seconds.
        keep: How many requests, messages and webhook deliveries are kept for inspection: the latest of each.
        max_body_bytes: A longer body is answered with 413.
        missing_sender: `first` takes the first sender; `refuse` refuses where there are several, as the documentation
            asks for one then.
        bsuid_recipients: What may go to a customer known only by BSUID. `templates` accepts templates, which the
            documentation shows, and answers session messages with 400, as it says; `accept` and `refuse` treat both
            alike.
        template_language: One page of the documentation calls it optional, another required.
        second_registration: A topic that is registered already is a conflict (409) on one page, and replaced on
            another.
        window_error_type: The `type` of a closed window's error: the documented one, or the one that clients have seen.
        sent_status: The status of an accepted message; both are documented.
        clock: `virtual` stands still until it is advanced; `real` runs, and can be advanced besides.
        windows: Whether free-form messages need a customer who wrote within the last 24 hours; with `open`, they go
            out as long as nobody closes the window.
        content_limits: Whether content beyond WhatsApp's limits is refused.
        undeclared_templates: Whether a template that nobody declared can be sent; `until_declared`: while none is
            declared.
        template_mismatch: Whether a message that does not fit its template is refused, or accepted and then reported
            as failed, which a documented event shows.
        absent_values: How answers and events leave out what is not there.
        campaign_tag: Where a status event has the campaign's name: in `metadata` at the top, or inside `statusUpdate`,
            or there as `campaignName`. `documented` is the first, and the second on failures, as the examples show.
        failed_status: What a failure is called; the older prose has the second.
        button_reply: Whether a tapped button comes as `buttonResponse`, or in the older form with `isButtonResponse`.
        message_topic: Whether events of customers' messages name their topic.
        bsuid_events: Whether events carry BSUIDs, which the service switches on per number. While it is off, messages
            of customers without a phone number are dropped in silence.
        update_answer: What an update of a registration answers; its body is not documented.
        deliver: Whether webhooks go to this machine and attached applications only, or over the internet, too.
        rate_limit: Requests within a second of the sandbox's clock on each send endpoint; None for no limit. The
            documented limit is 200.
        webhook_secret: What signs webhooks: visible characters and inner spaces.
        sent_after: When a message is sent: seconds after it was accepted.
        delivered_after: When it is delivered: seconds after it was sent.
        read_after: When it is read: seconds after it was delivered; None leaves that to the customer.
        webhook_retries: After how many seconds an event is delivered again that was not answered with 200: one pause
            for each retry. How the service does it is not documented.
        webhook_timeout: Real seconds that a receiver has for its answer.
    """

    api_key: str = attrs.field(default="sandbox-key", repr=False, validator=_key)
    business_id: str = attrs.field(default="sandbox-business", validator=_id)
    senders: tuple[str, ...] = attrs.field(
        default=("+14151111234", "+16501113333"), repr=False, converter=_texts, validator=_senders
    )
    channels: tuple[Channel, ...] = attrs.field(default=("whatsapp",), converter=_channel_types, validator=_channels)
    seed: int = attrs.field(default=0, validator=_whole)
    start: float = attrs.field(default=1_767_225_600.0, validator=_moment)
    keep: int = attrs.field(default=10_000, validator=_amount)
    max_body_bytes: int = attrs.field(default=1_048_576, validator=_amount)
    missing_sender: Literal["first", "refuse"] = attrs.field(default="first", validator=_one_of("first", "refuse"))
    bsuid_recipients: Literal["templates", "accept", "refuse"] = attrs.field(
        default="templates", validator=_one_of("templates", "accept", "refuse")
    )
    template_language: Literal["optional", "required"] = attrs.field(
        default="optional", validator=_one_of("optional", "required")
    )
    second_registration: Literal["conflict", "replace"] = attrs.field(
        default="conflict", validator=_one_of("conflict", "replace")
    )
    window_error_type: Literal["ERROR_TYPE_DEADLINE_EXCEEDED", "ERROR_TYPE_FAILED_PRECONDITION"] = attrs.field(
        default="ERROR_TYPE_DEADLINE_EXCEEDED",
        validator=_one_of("ERROR_TYPE_DEADLINE_EXCEEDED", "ERROR_TYPE_FAILED_PRECONDITION"),
    )
    sent_status: Literal[200, 201] = attrs.field(default=200, validator=_one_of(200, 201))
    clock: Literal["virtual", "real"] = attrs.field(default="virtual", validator=_one_of("virtual", "real"))
    windows: Literal["closed", "open"] = attrs.field(default="closed", validator=_one_of("closed", "open"))
    content_limits: Literal["refuse", "ignore"] = attrs.field(default="refuse", validator=_one_of("refuse", "ignore"))
    undeclared_templates: Literal["until_declared", "accept", "refuse"] = attrs.field(
        default="until_declared", validator=_one_of("until_declared", "accept", "refuse")
    )
    template_mismatch: Literal["refuse", "fail_delivery"] = attrs.field(
        default="refuse", validator=_one_of("refuse", "fail_delivery")
    )
    absent_values: Literal["absent", "null"] = attrs.field(default="absent", validator=_one_of("absent", "null"))
    campaign_tag: Literal["documented", "event", "status", "camel_case"] = attrs.field(
        default="documented", validator=_one_of("documented", "event", "status", "camel_case")
    )
    failed_status: Literal["delivery_failed", "delivery_failure"] = attrs.field(
        default="delivery_failed", validator=_one_of("delivery_failed", "delivery_failure")
    )
    button_reply: Literal["own_part", "message"] = attrs.field(
        default="own_part", validator=_one_of("own_part", "message")
    )
    message_topic: Literal["absent", "present"] = attrs.field(default="absent", validator=_one_of("absent", "present"))
    bsuid_events: Literal["on", "off"] = attrs.field(default="on", validator=_one_of("on", "off"))
    update_answer: Literal["empty", "id"] = attrs.field(default="empty", validator=_one_of("empty", "id"))
    deliver: Literal["local", "anywhere"] = attrs.field(default="local", validator=_one_of("local", "anywhere"))
    rate_limit: int | None = attrs.field(default=200, validator=_limit)
    webhook_secret: str = attrs.field(default="sandbox-secret", repr=False, validator=_secret)
    sent_after: float = attrs.field(default=1.0, validator=_seconds)
    delivered_after: float = attrs.field(default=1.0, validator=_seconds)
    read_after: float | None = attrs.field(default=5.0, validator=_pacing)
    webhook_retries: tuple[float, ...] = attrs.field(
        default=(5.0, 30.0, 120.0, 600.0), converter=_floats, validator=_pauses
    )
    webhook_timeout: float = attrs.field(default=10.0, validator=_span)
