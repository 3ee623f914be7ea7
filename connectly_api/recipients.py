"""Whom a message goes to, and which of the business's numbers it comes from.

A string is never guessed: `+` and digits is a phone number, a country code, a dot and alphanumerics is a BSUID, and
anything else is an error. No value here shows a whole number or BSUID in its repr; `Phone.e164` and `Bsuid.value` do.
"""

from __future__ import annotations

import re
from typing import Final

import attrs

from connectly_api.errors import InvalidRecipientError, InvalidSenderError
from connectly_api.number_text import E164, is_international, obstacle, read_international, strip_punctuation
from connectly_api.tracebacks import cut_init_traceback, cut_traceback

__all__ = ["Bsuid", "Phone", "Recipient", "RecipientLike", "SenderLike", "to_recipient", "to_sender"]

# WhatsApp: "the user's two-letter ISO 3166 country code, a period, and up to 128 alphanumeric characters"; a parent
# BSUID has `ENT.` between them.
_BSUID: Final = re.compile(r"[A-Z]{2}\.(?:ENT\.)?[A-Za-z0-9]{1,128}")


def _written(value: object) -> str:
    return f"{len(value)} characters" if isinstance(value, str) else f"a value of type {type(value).__name__}"


def _check_e164(_instance: object, _attribute: attrs.Attribute[str], value: object) -> None:
    if not isinstance(value, str):
        raise InvalidRecipientError(f"phone: must be a string, {_written(value)} given", field="phone")
    if not E164.fullmatch(value):
        raise InvalidRecipientError(
            f"phone: must be + and 7 to 15 digits (E.164): {obstacle(value)}{_parse_hint(value)}",
            field="phone",
            size=len(value),
        )


def _parse_hint(text: str) -> str:
    """Return where to go with a text that is a number but for its punctuation."""
    return "; Phone.parse reads numbers as people write them" if read_international(text)[0] else ""


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
    def parse(cls, text: str, *, region: str | None = None) -> Phone:
        """Read a number as people write it. Punctuation and invisible characters go; no digit is changed.

        Spaces, dots, dashes and brackets are punctuation. Invisible are the marks of direction, byte order marks and
        soft hyphens that come along with a copied number.

        Args:
            text: `+1 (604) 585-2331`, with its country code after a `+`; with a region also as it is dialled there.
            region: The ISO 3166 code of the country whose national notation is read, `CO` for `310 123 4567`. Such a
                number must be one of the country's plan. Needs the extra `phone`. A text with a `+` is read as without.

        Raises:
            InvalidRecipientError: What is left is not a number; the error names what is in the way, and where. A zero
                that is dialled at home only, `+44 (0)20 …`, `+44 (020) …` or `+44 020 …`, is refused, too: whether it
                belongs to the number is not for a program to guess.
            InvalidInputError: There is no such region, or the extra is not installed.
        """
        given: object = text
        if not isinstance(given, str):
            raise InvalidRecipientError(f"phone: must be a string, {_written(given)} given", field="phone")
        if region is not None and not is_international(given):
            return cls(_in_region(given, region))
        number, problem = read_international(given)
        if number is None:
            raise InvalidRecipientError(f"phone: {_FORM}: {problem}", field="phone", size=len(given))
        return cls(number)

    def __repr__(self) -> str:
        """Return the number with its middle hidden."""
        return f"Phone({_masked_phone(self.e164)})"


_FORM: Final = "must be + and 7 to 15 digits (E.164)"


def _in_region(text: str, region: object) -> str:
    # Imported here, as most programs have numbers with country codes.
    from connectly_api.national_numbers import read_national  # noqa: PLC0415

    number, problem = strip_punctuation(text, is_national=True)
    if not number:
        raise InvalidRecipientError(f"phone: {problem or 'it holds no digits'}", field="phone", size=len(text))
    return read_national(number, region, len(text))


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
        if name is not None and not name.strip():
            raise InvalidRecipientError(
                "recipient.name: is empty; leave it out, or give None", field="recipient.name", size=len(name)
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
    forms = "must be a phone number (+ and 7 to 15 digits) or a BSUID (country code, dot, letters and digits)"
    if not isinstance(given, str):
        raise InvalidRecipientError(f"recipient: {forms}, {_written(given)} given", field="recipient")
    if E164.fullmatch(given):
        return Recipient(Phone(given))
    if _BSUID.fullmatch(given):
        return Recipient(None, Bsuid(given))
    is_like_a_number = any(map(str.isdecimal, given)) and not given[0].isalpha()
    hint = f": {obstacle(given)}{_parse_hint(given)}" if is_like_a_number else ""
    raise InvalidRecipientError(f"recipient: {forms}{hint}", field="recipient", size=len(given))


def to_sender(value: SenderLike) -> Phone:
    """Return the sender that a value stands for.

    Raises:
        InvalidSenderError: Not a `Phone` nor a string of `+` and 7 to 15 digits.
    """
    if isinstance(value, Phone):
        return value
    given: object = value
    form = "must be a phone number (+ and 7 to 15 digits)"
    if not isinstance(given, str):
        raise InvalidSenderError(f"sender: {form}, {_written(given)} given", field="sender")
    if not E164.fullmatch(given):
        problem = f"{obstacle(given)}{_parse_hint(given)}"
        raise InvalidSenderError(f"sender: {form}: {problem}", field="sender", size=len(given))
    return Phone(given)
