"""Reads the sender and the recipient of a message. Pure.

Source: the service's documentation, https://docs.connectly.ai, for the fields, the codes and the prefix `bsuid:`;
https://www.itu.int/rec/T-REC-E.164 for numbers (at most 15 digits).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import attrs

from connectly_api.errors import Violation
from connectly_api.json_values import get_object, get_text
from connectly_api.sandbox.model.identity import Identity, parse_bsuid, parse_phone
from connectly_api.sandbox.model.refusals import RECIPIENT_INVALID, UNSPECIFIED, Finding
from connectly_api.sandbox.model.settings import Settings

_BAD_FORMAT = "ERROR_CODE_PHONE_NUMBER_BAD_FORMAT"
_SENDER = "ERROR_CODE_INVALID_SENDER_ID"
_CHANNEL = "ERROR_CODE_BUSINESS_MISSES_MATCHING_CHANNEL"
_SELF = "ERROR_CODE_MESSAGE_SELF_INVALID"


@attrs.frozen
class Participants:
    """The sender and the recipient, if readable, and their violations."""

    sender: str = attrs.field(repr=False)
    customer: Identity
    findings: tuple[Finding, ...]


def read_session_participants(body: Mapping[str, Any], settings: Settings) -> Participants:
    """Read `sender` and `recipient` of a session message."""
    given, recipient = get_object(body, "sender"), get_object(body, "recipient")
    sender = get_text(given, "id") or settings.senders[0]
    identity, user = get_text(recipient, "id"), get_text(recipient, "userId")
    customer = Identity(phone=parse_phone(identity), bsuid=parse_bsuid(user or identity))
    findings = [
        *_check_sender("sender.id", get_text(given, "id"), settings),
        *_check_recipient(recipient, customer, settings),
        *_check_channel(get_text(given, "channelType"), recipient, settings),
        *_check_not_self("recipient.id", sender, customer),
    ]
    return Participants(sender=sender, customer=customer, findings=tuple(findings))


def read_template_participants(body: Mapping[str, Any], settings: Settings) -> Participants:
    """Read `sender` and `number` of a template message, which an old example writes `+1(604) 585 2331`."""
    given, number = _strip_punctuation(get_text(body, "sender")), get_text(body, "number")
    sender = given or settings.senders[0]
    if number.startswith("bsuid:"):
        customer = Identity(bsuid=parse_bsuid(number.removeprefix("bsuid:")))
    else:
        customer = Identity(phone=parse_phone(_strip_punctuation(number)))
    findings = [*_check_sender("sender", given, settings), *_check_number(number, customer, settings)]
    if "whatsapp" not in settings.channels:
        findings.append((_CHANNEL, Violation(field="sender", problem="the business has no WhatsApp number")))
    findings += _check_not_self("number", sender, customer)
    return Participants(sender=sender, customer=customer, findings=tuple(findings))


READERS: Final[Mapping[str, Callable[[Mapping[str, Any], Settings], Participants]]] = {
    "send_message": read_session_participants,
    "send_whatsapp_templated_message": read_template_participants,
}
"""By the name of the low-level function."""


def _strip_punctuation(number: str) -> str:
    return re.sub(r"[ ().\-\u00a0]", "", number)


def _check_sender(field: str, given: str, settings: Settings) -> Iterator[Finding]:
    if given and given not in settings.senders:
        yield _SENDER, Violation(field=field, problem="is not one of the business's numbers")
    if not given and settings.missing_sender == "refuse" and len(settings.senders) > 1:
        yield _SENDER, Violation(field=field, problem="is missing: the business has more than one number")


def _check_recipient(recipient: Mapping[str, Any], customer: Identity, settings: Settings) -> Iterator[Finding]:
    identity, user = get_text(recipient, "id"), get_text(recipient, "userId")
    if not recipient:
        yield RECIPIENT_INVALID, Violation(field="recipient", problem="is missing")
    elif not identity and not user:
        yield RECIPIENT_INVALID, Violation(field="recipient.id", problem="is missing: a phone number is needed")
    if identity and not customer.phone and not parse_bsuid(identity):
        yield _BAD_FORMAT, Violation(field="recipient.id", problem="is not a phone number: + and 7 to 15 digits")
    if user and not parse_bsuid(user):
        yield RECIPIENT_INVALID, Violation(field="recipient.userId", problem="is not a BSUID")
    elif customer.bsuid and not customer.phone and settings.bsuid_recipients != "accept":
        field = "recipient.userId" if user else "recipient.id"
        problem = "sending to a customer known only by BSUID is not available yet"
        yield RECIPIENT_INVALID, Violation(field=field, problem=problem)


def _check_number(number: str, customer: Identity, settings: Settings) -> Iterator[Finding]:
    if not number:
        yield RECIPIENT_INVALID, Violation(field="number", problem="is missing")
    elif not customer.ids:
        problem = "is neither a phone number, + and 7 to 15 digits, nor bsuid: and a BSUID"
        yield _BAD_FORMAT, Violation(field="number", problem=problem)
    elif customer.bsuid and settings.bsuid_recipients == "refuse":
        problem = "sending to a customer known only by BSUID is not available yet"
        yield RECIPIENT_INVALID, Violation(field="number", problem=problem)


def _check_channel(own: str, recipient: Mapping[str, Any], settings: Settings) -> Iterator[Finding]:
    theirs = get_text(recipient, "channelType")
    if recipient and not theirs:
        yield UNSPECIFIED, Violation(field="recipient.channelType", problem="is missing: whatsapp or sms")
    elif theirs and theirs not in settings.channels:
        problem = "the business has no number of that channel type"
        yield _CHANNEL, Violation(field="recipient.channelType", problem=problem)
    if own and theirs and own != theirs:
        yield _CHANNEL, Violation(field="sender.channelType", problem="is not the recipient's channel type")


def _check_not_self(field: str, sender: str, customer: Identity) -> Iterator[Finding]:
    if customer.phone == sender:
        yield _SELF, Violation(field=field, problem="is the sender itself")
