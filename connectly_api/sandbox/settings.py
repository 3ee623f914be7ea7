"""How a sandbox is set up: one frozen value, checked when it is made."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, Literal, TypedDict, cast

import attrs

from connectly_api.errors import InvalidInputError

__all__ = ["Channel", "Options", "Settings"]

Channel = Literal["whatsapp", "sms"]


def _key(_instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if not isinstance(value, str) or not re.fullmatch("[!-~]+", value):
        message = f"{attribute.name}: must be visible ASCII characters without white space, at least one"
        raise InvalidInputError(message, field=attribute.name)


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
    # A ULID has 48 bits for milliseconds.
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 2**48 / 1000:
        raise InvalidInputError(f"{attribute.name}: must be Unix seconds, 0 or more", field=attribute.name)


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


@attrs.frozen(kw_only=True)
class Settings:
    """A sandbox's fixed side. Where the documentation contradicts itself or is silent, an option decides.

    Attributes:
        api_key: The only key that is accepted: visible ASCII characters.
        business_id: The only business that exists.
        senders: The business's numbers, E.164; the first sends where a request names none.
        channels: The channel types that its numbers have.
        seed: What ids are drawn from, with a counter and the clock.
        start: The clock, Unix seconds; it stands still.
        keep: How many requests, and how many messages, are kept for inspection: the latest.
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
