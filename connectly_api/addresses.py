"""Whom a message goes to, and which of the business's numbers it comes from.

A string is never guessed: `+` and digits is a phone number, a country code, a dot and alphanumerics is a BSUID, and
anything else is an error. No value here shows a whole number or BSUID in its repr; `Phone.e164` and `Bsuid.value` do.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

import attrs

from connectly_api.errors import InvalidRecipientError, InvalidSenderError
from connectly_api.tracebacks import cut_init_traceback, cut_traceback

__all__ = ["Bsuid", "Phone", "Recipient", "RecipientLike", "SenderLike", "to_recipient", "to_sender"]

# E.164 allows 15 digits and no leading zero; no country has numbers of fewer than 7 with its code.
_E164: Final = re.compile(r"\+[1-9][0-9]{6,14}")
# WhatsApp: "the user's two-letter ISO 3166 country code, a period, and up to 128 alphanumeric characters"; a parent
# BSUID has `ENT.` between them.
_BSUID: Final = re.compile(r"[A-Z]{2}\.(?:ENT\.)?[A-Za-z0-9]{1,128}")
_TRUNK_ZERO: Final = re.compile(r"[(\[]\s*0\s*[)\]]")
_BRACKETS: Final = frozenset("()[]")


def _written(value: object) -> str:
    return f"{len(value)} characters" if isinstance(value, str) else f"a value of type {type(value).__name__}"


def _check_e164(_instance: object, _attribute: attrs.Attribute[str], value: object) -> None:
    if not isinstance(value, str) or not _E164.fullmatch(value):
        raise InvalidRecipientError(
            f"phone: must be + and 7 to 15 digits (E.164), {_written(value)} given"
            "; Phone.parse takes spaces, dots, dashes and brackets out",
            field="phone",
            size=len(value) if isinstance(value, str) else None,
        )


def _check_bsuid(_instance: object, _attribute: attrs.Attribute[str], value: object) -> None:
    if not isinstance(value, str) or not _BSUID.fullmatch(value):
        raise InvalidRecipientError(
            f"bsuid: must be a country code, a dot, and 1 to 128 letters and digits, {_written(value)} given",
            field="bsuid",
            size=len(value) if isinstance(value, str) else None,
        )


def _masked_phone(e164: str) -> str:
    return f"'{e164[:2]}…{e164[-2:]}'"


def _masked_bsuid(value: str) -> str:
    return f"'{value[:3]}…'"


@cut_init_traceback
@attrs.frozen
class Phone:
    """A phone number in E.164 form: `+`, the country code and the number, 7 to 15 digits, nothing else.

    Source: https://docs.connectly.ai (`recipient.id`); the form is ITU-T E.164.

    Attributes:
        e164: The number as it is written on the wire, `+16044441111`.

    Raises:
        InvalidRecipientError: It is not in that form. `Phone.parse` takes punctuation out first.
    """

    # Printers that go by an attrs class's fields, as rich's, ask the field instead of `__repr__`.
    e164: str = attrs.field(validator=_check_e164, repr=_masked_phone)

    @classmethod
    @cut_traceback
    def parse(cls, text: str) -> Phone:
        """Read a number as people write it: spaces, dots, dashes and brackets go, and no digit is changed.

        Args:
            text: `+1 (604) 585-2331`, with its country code after a `+`.

        Raises:
            InvalidRecipientError: What is left is not E.164; or a zero stands in brackets, `+44 (0)20 …`, which is
                dialled at home only, so that whether it belongs to the number is not for a program to guess.
        """
        given: object = text
        if not isinstance(given, str):
            raise InvalidRecipientError(f"phone: must be a string, {_written(given)} given", field="phone")
        if _TRUNK_ZERO.search(given):
            raise InvalidRecipientError(
                "phone: a zero in brackets is not part of the international number; write the number without it",
                field="phone",
                size=len(given),
            )
        return cls("".join(character for character in given.strip() if not _is_punctuation(character)))

    def __repr__(self) -> str:
        """Return the number with its middle hidden."""
        return f"Phone({_masked_phone(self.e164)})"


def _is_punctuation(character: str) -> bool:
    return character in _BRACKETS or character in ".\t" or unicodedata.category(character) in {"Zs", "Pd"}


@cut_init_traceback
@attrs.frozen
class Bsuid:
    """A business-scoped user id: how WhatsApp names a customer who hides the phone number.

    It is opaque, belongs to one business, and changes when the customer changes the phone number.
    Source: https://docs.connectly.ai (`userId`).

    Attributes:
        value: The id as the service gave it, `US.13491208655302741918`, without a template's `bsuid:`.

    Raises:
        InvalidRecipientError: It is not two capital letters, a dot (or `.ENT.`), and 1 to 128 letters and digits.
    """

    value: str = attrs.field(validator=_check_bsuid, repr=_masked_bsuid)

    def __repr__(self) -> str:
        """Return the country code alone."""
        return f"Bsuid({_masked_bsuid(self.value)})"


def _as_phone(value: Phone | str | None) -> Phone | None:
    return value if value is None or isinstance(value, Phone) else Phone(value)


def _as_bsuid(value: Bsuid | str | None) -> Bsuid | None:
    return value if value is None or isinstance(value, Bsuid) else Bsuid(value)


@cut_init_traceback
@attrs.frozen
class Recipient:
    """A customer: by phone number, by BSUID, or by both.

    Attributes:
        phone: The phone number (a string is taken for E.164), or None where it is not known.
        bsuid: The BSUID (a string will do), or None where it is not known.
        name: A display name to send along (session messages only), or None.

    Raises:
        InvalidRecipientError: Neither a phone number nor a BSUID is given, or one of them is badly written.
    """

    phone: Phone | None = attrs.field(default=None, converter=_as_phone)
    bsuid: Bsuid | None = attrs.field(default=None, converter=_as_bsuid)
    name: str | None = attrs.field(default=None, repr=False)

    def __attrs_post_init__(self) -> None:
        """Refuse a recipient that names nobody."""
        if self.phone is None and self.bsuid is None:
            raise InvalidRecipientError("recipient: needs a phone number or a BSUID", field="recipient")
        name: object = self.name
        if name is not None and not isinstance(name, str):
            raise InvalidRecipientError(
                f"recipient.name: must be a string, {_written(name)} given", field="recipient.name"
            )


RecipientLike = str | Phone | Bsuid | Recipient
"""What a method takes for a recipient; a string must unmistakably be a phone number or a BSUID."""

SenderLike = str | Phone
"""What a method takes for a sender: one of the business's numbers."""


def to_recipient(value: RecipientLike) -> Recipient:
    """Return the recipient that a value stands for.

    Raises:
        InvalidRecipientError: A string that is neither `+` and 7 to 15 digits nor a BSUID, or another type.
    """
    if isinstance(value, Recipient):
        return value
    if isinstance(value, Phone):
        return Recipient(phone=value)
    if isinstance(value, Bsuid):
        return Recipient(bsuid=value)
    given: object = value
    if isinstance(given, str):
        try:
            return Recipient(Phone(given)) if given.startswith("+") else Recipient(None, Bsuid(given))
        except InvalidRecipientError:
            pass  # It speaks of one of the two forms; what follows, of both.
    raise InvalidRecipientError(
        "recipient: must be a phone number (+ and 7 to 15 digits) or a BSUID (country code, dot, letters and digits)"
        f", {_written(given)} given",
        field="recipient",
        size=len(given) if isinstance(given, str) else None,
    )


def to_sender(value: SenderLike) -> Phone:
    """Return the sender that a value stands for.

    Raises:
        InvalidSenderError: Not a `Phone` nor a string of `+` and 7 to 15 digits.
    """
    if isinstance(value, Phone):
        return value
    given: object = value
    if isinstance(given, str) and _E164.fullmatch(given):
        return Phone(given)
    raise InvalidSenderError(
        f"sender: must be a phone number (+ and 7 to 15 digits), {_written(given)} given",
        field="sender",
        size=len(given) if isinstance(given, str) else None,
    )
