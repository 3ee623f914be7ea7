"""The settings of a sandbox: one frozen value that validates itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any, Final, Literal, TypedDict, cast, get_args, get_type_hints

import attrs

from connectly_api.errors import InvalidInputError, WebhookSignatureError
from connectly_api.number_checks import is_integer, is_number, validate_count
from connectly_api.sandbox.model.identity import parse_phone
from connectly_api.tracebacks import cut_init_traceback
from connectly_api.webhooks.signature import parse_secrets

Channel = Literal["whatsapp", "sms"]
Validator = Callable[[Any, "attrs.Attribute[Any]", Any], None]

MAX_SECONDS: Final = 10.0**9
"""About thirty years."""

MAX_TIME: Final = 253_402_128_000.0
"""Unix seconds, one day before the end of the year 9999, beyond which times have no date; reports last a day."""


def _build_validator(is_valid: Callable[[Any], bool], problem: str) -> Validator:
    def validate(_instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
        if not is_valid(value):
            raise InvalidInputError(f"{attribute.name}: {problem}", field=attribute.name)

    return validate


def _is_duration(value: object) -> bool:
    return is_number(value, 0, MAX_SECONDS)


_validate_key = _build_validator(
    lambda value: isinstance(value, str) and re.fullmatch("[!-~]+", value) is not None,
    "must be visible ASCII characters without white space, at least one",
)
_validate_id = _build_validator(
    lambda value: isinstance(value, str) and value.isprintable() and value not in {"", ".", ".."},
    "must be a string of printable characters, not empty, . or ..",
)
_validate_channels = _build_validator(
    lambda value: bool(value) and set(value) <= set(get_args(Channel)), "at least one of 'whatsapp', 'sms'"
)
_validate_integer = _build_validator(is_integer, "must be a whole number")
_validate_limit = _build_validator(
    lambda value: value is None or (is_integer(value, 1) and value <= MAX_SECONDS),
    "must be a whole number from 1 to a billion, or None",
)
_validate_time = _build_validator(
    lambda value: is_number(value, 0, MAX_TIME), "must be Unix seconds, from 0 to the end of the year 9999"
)
_validate_duration = _build_validator(_is_duration, "must be a number of seconds, 0 or more")
_validate_optional_duration = _build_validator(
    lambda value: value is None or _is_duration(value), "must be a number of seconds, 0 or more, or None"
)
_validate_timeout = _build_validator(
    lambda value: _is_duration(value) and value > 0, "must be a number of seconds above 0"
)
_validate_durations = _build_validator(
    lambda value: all(map(_is_duration, value)), "must be numbers of seconds, 0 or more"
)


def _validate_secret(_instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    try:
        parse_secrets(value if isinstance(value, str) else "")
    except WebhookSignatureError as error:
        raise InvalidInputError(f"{attribute.name}: {error}", field=attribute.name) from None


def _validate_senders(_instance: object, attribute: attrs.Attribute[Any], value: tuple[object, ...]) -> None:
    for index, sender in enumerate(value):
        if not isinstance(sender, str) or parse_phone(sender) is None:
            field = f"{attribute.name}[{index}]"
            raise InvalidInputError(f"{field}: must be a phone number, + and 7 to 15 digits", field=field)
    if not value or len(set(value)) < len(value):
        raise InvalidInputError(f"{attribute.name}: at least one, and none twice", field=attribute.name)


def _validate_hosts(_instance: object, attribute: attrs.Attribute[Any], value: tuple[object, ...]) -> None:
    for index, host in enumerate(value):
        if (
            not isinstance(host, str)
            or re.fullmatch(r"[A-Za-z0-9._-]+|\[?[0-9A-Fa-f.]*:[0-9A-Fa-f:.]+\]?", host) is None
        ):
            field = f"{attribute.name}[{index}]"
            problem = "must be a host name (in ASCII) or an IP address, without scheme and port"
            raise InvalidInputError(f"{field}: {problem}", field=field)


@cache
def _get_choices(name: str) -> tuple[object, ...]:
    return get_args(get_type_hints(Settings)[name])


def _validate_choice(_instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    choices = _get_choices(attribute.name)
    if isinstance(value, bool) or value not in choices:
        listed = ", ".join(map(repr, choices))
        raise InvalidInputError(f"{attribute.name}: must be one of {listed}", field=attribute.name)


def _to_texts(values: Iterable[str]) -> tuple[str, ...]:
    """Treat a single string as one value."""
    return (values,) if isinstance(values, str) else tuple(values)


def _to_channels(values: Iterable[Channel]) -> tuple[Channel, ...]:
    return cast("tuple[Channel, ...]", _to_texts(values))


def _to_floats(values: Iterable[float]) -> tuple[float, ...]:
    return tuple(values)


class Options(TypedDict, total=False):
    """The keywords of `Sandbox`, described by `Settings`."""

    api_key: str
    business_id: str
    senders: Iterable[str]
    channels: Iterable[Channel]
    seed: int
    start: float
    keep: int
    keep_bytes: int
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
    allow_hosts: Iterable[str]
    rate_limit: int | None
    number_limit: int | None
    webhook_secret: str
    sent_after: float
    delivered_after: float
    read_after: float | None
    webhook_retries: Iterable[float]
    webhook_timeout: float


@cut_init_traceback
@attrs.frozen(kw_only=True)
class Settings:
    """The settings of a sandbox. Where the documentation contradicts itself or is silent, you choose.

    Attributes:
        api_key: The only key that is accepted: visible ASCII characters.
        business_id: The only business that exists.
        senders: The business's numbers (E.164); the first one sends if a request names none.
        channels: The channel types of its numbers.
        seed: Ids depend on it, on a counter and on the clock. Sandboxes that are given none have 0, 1, 2 … in the order
            in which the process creates them, so that no two write the same event.
        start: Where a virtual clock starts, Unix seconds.
        keep: How many of the latest requests, messages and webhook deliveries are kept for inspection.
        keep_bytes: How many bytes of them are kept, whatever their number.
        max_body_bytes: The response to a longer body is a 413.
        missing_sender: `first` uses the first sender; `refuse` refuses if there are several, because the documentation
            then requires one.
        bsuid_recipients: What can be sent to a customer known only by BSUID. `templates` accepts templates, which the
            documentation shows, and refuses session messages with 400, as it says; `accept` and `refuse` apply to
            both.
        template_language: Whether a template needs its language: the documentation says both.
        second_registration: Whether a second registration of a topic is a conflict (409) or replaces the first: the
            documentation says both.
        window_error_type: The `type` of a closed window's error: the documented one, or the one seen in practice.
        sent_status: The status of an accepted message; both are documented.
        clock: How the clock starts: `virtual` stands still at `start`, `real` runs from the present. Either can be
            advanced, paused and run at any speed.
        windows: Whether free-form messages need a customer who wrote within the last 24 hours. `open` accepts
            them until you close the window.
        content_limits: Whether content beyond WhatsApp's limits is refused.
        undeclared_templates: Whether a template that is not declared can be sent; `until_declared` allows it as long
            as none is declared.
        template_mismatch: Whether a message that does not match its template is refused, or accepted and then fails,
            as in a documented event.
        absent_values: How responses and events represent absent values.
        campaign_tag: Where a status event has the campaign's name: in `metadata` at the top, in `statusUpdate`, or
            there as `campaignName`. `documented` is the first, or the second on failures, as in the examples.
        failed_status: The status of a failure; older pages use the second name.
        button_reply: Whether a tapped button is sent as `buttonResponse`, or in the older form with `isButtonResponse`.
        message_topic: Whether events of customers' messages name their topic.
        bsuid_events: Whether events carry BSUIDs, which the service enables per number. If off, messages of
            customers without a phone number are dropped silently.
        update_answer: The response to an update of a registration, which is not documented.
        deliver: Whether webhooks are only sent to this machine and attached applications, or anywhere, over http,
            too.
        allow_hosts: Names and addresses, besides this machine's own, by which the control interface and the page can be
            reached. For example, a container's name.
        rate_limit: Requests per second of the sandbox's clock on each send endpoint; None for no limit. The documented
            limit is 200.
        number_limit: The same for the messages of each sender; None for no limit. WhatsApp's own is 80.
        webhook_secret: Signs webhooks: visible characters and inner spaces.
        sent_after: Seconds from acceptance to `sent`.
        delivered_after: Seconds from `sent` to `delivered`.
        read_after: Seconds from `delivered` to `read`; None waits for the customer to read it.
        webhook_retries: The pause before each retry of an event that did not get a 200, in seconds. The service's own
            schedule is not documented.
        webhook_timeout: Real seconds within which a receiver must respond.
    """

    api_key: str = attrs.field(default="sandbox-key", repr=False, validator=_validate_key)
    business_id: str = attrs.field(default="sandbox-business", validator=_validate_id)
    senders: tuple[str, ...] = attrs.field(
        default=("+14151111234", "+16501113333"), repr=False, converter=_to_texts, validator=_validate_senders
    )
    channels: tuple[Channel, ...] = attrs.field(
        default=("whatsapp",), converter=_to_channels, validator=_validate_channels
    )
    seed: int = attrs.field(default=0, validator=_validate_integer)
    start: float = attrs.field(default=1_767_225_600.0, validator=_validate_time)
    keep: int = attrs.field(default=10_000, validator=validate_count)
    keep_bytes: int = attrs.field(default=67_108_864, validator=validate_count)
    max_body_bytes: int = attrs.field(default=1_048_576, validator=validate_count)
    missing_sender: Literal["first", "refuse"] = attrs.field(default="first", validator=_validate_choice)
    bsuid_recipients: Literal["templates", "accept", "refuse"] = attrs.field(
        default="templates", validator=_validate_choice
    )
    template_language: Literal["optional", "required"] = attrs.field(default="optional", validator=_validate_choice)
    second_registration: Literal["conflict", "replace"] = attrs.field(default="conflict", validator=_validate_choice)
    window_error_type: Literal["ERROR_TYPE_DEADLINE_EXCEEDED", "ERROR_TYPE_FAILED_PRECONDITION"] = attrs.field(
        default="ERROR_TYPE_DEADLINE_EXCEEDED", validator=_validate_choice
    )
    sent_status: Literal[200, 201] = attrs.field(default=200, validator=_validate_choice)
    clock: Literal["virtual", "real"] = attrs.field(default="virtual", validator=_validate_choice)
    windows: Literal["closed", "open"] = attrs.field(default="closed", validator=_validate_choice)
    content_limits: Literal["refuse", "ignore"] = attrs.field(default="refuse", validator=_validate_choice)
    undeclared_templates: Literal["until_declared", "accept", "refuse"] = attrs.field(
        default="until_declared", validator=_validate_choice
    )
    template_mismatch: Literal["refuse", "fail_delivery"] = attrs.field(default="refuse", validator=_validate_choice)
    absent_values: Literal["absent", "null"] = attrs.field(default="absent", validator=_validate_choice)
    campaign_tag: Literal["documented", "event", "status", "camel_case"] = attrs.field(
        default="documented", validator=_validate_choice
    )
    failed_status: Literal["delivery_failed", "delivery_failure"] = attrs.field(
        default="delivery_failed", validator=_validate_choice
    )
    button_reply: Literal["own_part", "message"] = attrs.field(default="own_part", validator=_validate_choice)
    message_topic: Literal["absent", "present"] = attrs.field(default="absent", validator=_validate_choice)
    bsuid_events: Literal["on", "off"] = attrs.field(default="on", validator=_validate_choice)
    update_answer: Literal["empty", "id"] = attrs.field(default="empty", validator=_validate_choice)
    deliver: Literal["local", "anywhere"] = attrs.field(default="local", validator=_validate_choice)
    allow_hosts: tuple[str, ...] = attrs.field(default=(), repr=False, converter=_to_texts, validator=_validate_hosts)
    rate_limit: int | None = attrs.field(default=200, validator=_validate_limit)
    number_limit: int | None = attrs.field(default=None, validator=_validate_limit)
    webhook_secret: str = attrs.field(default="sandbox-secret", repr=False, validator=_validate_secret)
    sent_after: float = attrs.field(default=1.0, validator=_validate_duration)
    delivered_after: float = attrs.field(default=1.0, validator=_validate_duration)
    read_after: float | None = attrs.field(default=5.0, validator=_validate_optional_duration)
    webhook_retries: tuple[float, ...] = attrs.field(
        default=(5.0, 30.0, 120.0, 600.0), converter=_to_floats, validator=_validate_durations
    )
    webhook_timeout: float = attrs.field(default=10.0, validator=_validate_timeout)
