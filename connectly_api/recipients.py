"""Recipients and senders: phone numbers and BSUIDs.

Nothing is guessed. `+` and digits is a phone number; a country code, a dot and letters and digits is a BSUID; any other
string is an error. Reprs never show a whole number or BSUID; `Phone.e164` and `Bsuid.value` do.
"""

from __future__ import annotations

import re
from typing import Final

import attrs

from connectly_api.errors import InvalidRecipientError, InvalidSenderError
from connectly_api.number_text import E164, find_obstacle, is_international, read_international, strip_punctuation
from connectly_api.tracebacks import cut_init_traceback, cut_traceback

# WhatsApp: "the user's two-letter ISO 3166 country code, a period, and up to 128 alphanumeric characters"; a parent
# BSUID has `ENT.` between them.
BSUID: Final = re.compile(r"[A-Z]{2}\.(?:ENT\.)?[A-Za-z0-9]{1,128}")


def _describe(value: object) -> str:
    return f"{len(value)} characters" if isinstance(value, str) else f"a value of type {type(value).__name__}"


def _check_e164(_instance: object, _attribute: attrs.Attribute[str], value: object) -> None:
    if not isinstance(value, str):
        raise InvalidRecipientError(f"phone: must be a string, {_describe(value)} given", field="phone")
    if not E164.fullmatch(value):
        raise InvalidRecipientError(
            f"phone: must be + and 7 to 15 digits (E.164): {find_obstacle(value)}{_suggest_parse(value)}",
            field="phone",
            size=len(value),
        )


def _suggest_parse(text: str) -> str:
    return "; Phone.parse reads numbers as people write them" if read_international(text)[0] else ""


def _check_bsuid(_instance: object, _attribute: attrs.Attribute[str], value: object) -> None:
    if not isinstance(value, str) or not BSUID.fullmatch(value):
        raise InvalidRecipientError(
            f"bsuid: must be a country code, a dot, and 1 to 128 letters and digits, {_describe(value)} given",
            field="bsuid",
            size=len(value) if isinstance(value, str) else None,
        )


def _mask_phone(e164: str) -> str:
    return f"'{e164[:2]}…{e164[-2:]}'"


def _mask_bsuid(value: str) -> str:
    return f"'{value[:3]}…'"


@cut_init_traceback
@attrs.frozen
class Phone:
    """A phone number in E.164 form: `+` and 7 to 15 digits, starting with the country code.

    Source: https://docs.connectly.ai (`recipient.id`); the form is ITU-T E.164.

    Attributes:
        e164: The number, such as `+16044441111`.

    Raises:
        InvalidRecipientError: The text has another form. `Phone.parse` reads numbers with punctuation.
    """

    # The field has a repr, too: printers such as rich use it instead of `__repr__`.
    e164: str = attrs.field(validator=_check_e164, repr=_mask_phone)

    @classmethod
    @cut_traceback
    def parse(cls, text: str, *, region: str | None = None) -> Phone:
        """Parse a number as people write it.

        Spaces, dots, dashes, brackets and invisible characters (such as the direction marks of a copied number) are
        removed. Digits are never changed.

        Args:
            text: `+1 (604) 585-2331`, with its country code; with a region, also in national notation.
            region: The ISO 3166 code of a country, such as `CO` for `310 123 4567`. The number must be valid in that
                country. Needs the extra `phone`. Ignored for a text that starts with `+`.

        Raises:
            InvalidRecipientError: The text is not a number; the error says which character is wrong, and where. A
                zero that is only dialled domestically (`+44 (0)20 …`, `+44 (020) …`, `+44 020 …`) is refused as well,
                because a program cannot know whether it belongs to the number.
            InvalidInputError: There is no such region, or the extra is not installed.
        """
        given: object = text
        if not isinstance(given, str):
            raise InvalidRecipientError(f"phone: must be a string, {_describe(given)} given", field="phone")
        if region is not None and not is_international(given):
            return cls(_parse_in_region(given, region))
        number, problem = read_international(given)
        if number is None:
            raise InvalidRecipientError(f"phone: {_FORM}: {problem}", field="phone", size=len(given))
        return cls(number)

    def __repr__(self) -> str:
        """Show the number with its middle hidden."""
        return f"Phone({_mask_phone(self.e164)})"


_FORM: Final = "must be + and 7 to 15 digits (E.164)"


def _parse_in_region(text: str, region: object) -> str:
    # Imported here, because most numbers come with their country code.
    from connectly_api.national_numbers import read_national  # noqa: PLC0415

    number, problem = strip_punctuation(text, is_national=True)
    if not number:
        raise InvalidRecipientError(f"phone: {problem or 'it holds no digits'}", field="phone", size=len(text))
    return read_national(number, region, len(text))


@cut_init_traceback
@attrs.frozen
class Bsuid:
    """A business-scoped user id, which identifies a customer who hides the phone number.

    It belongs to one business, and changes when the customer changes the phone number.
    Source: https://docs.connectly.ai (`userId`).

    Attributes:
        value: The id, such as `US.13491208655302741918`, without the `bsuid:` of templates.

    Raises:
        InvalidRecipientError: The text is not two capital letters, a dot (or `.ENT.`), and 1 to 128 letters and digits.
    """

    value: str = attrs.field(validator=_check_bsuid, repr=_mask_bsuid)

    def __repr__(self) -> str:
        """Show only the country code."""
        return f"Bsuid({_mask_bsuid(self.value)})"


def _to_phone(value: Phone | str | None) -> Phone | None:
    return value if value is None or isinstance(value, Phone) else Phone(value)


def _to_bsuid(value: Bsuid | str | None) -> Bsuid | None:
    return value if value is None or isinstance(value, Bsuid) else Bsuid(value)


@cut_init_traceback
@attrs.frozen
class Recipient:
    """A customer: by phone number, by BSUID, or by both.

    Attributes:
        phone: The phone number (or a string in E.164 form), or None if it is not known.
        bsuid: The BSUID (or a string), or None if it is not known.
        name: A display name to send along (free-form messages only), or None.

    Raises:
        InvalidRecipientError: There is neither a phone number nor a BSUID, or one of them is malformed.
    """

    phone: Phone | None = attrs.field(default=None, converter=_to_phone)
    bsuid: Bsuid | None = attrs.field(default=None, converter=_to_bsuid)
    name: str | None = attrs.field(default=None, repr=False)

    def __attrs_post_init__(self) -> None:
        """Refuse a recipient with neither a phone number nor a BSUID, and a name that is not a string."""
        if self.phone is None and self.bsuid is None:
            raise InvalidRecipientError("recipient: needs a phone number or a BSUID", field="recipient")
        name: object = self.name
        if name is not None and not isinstance(name, str):
            raise InvalidRecipientError(
                f"recipient.name: must be a string, {_describe(name)} given", field="recipient.name"
            )
        if name is not None and not name.strip():
            raise InvalidRecipientError(
                "recipient.name: is empty; leave it out, or give None", field="recipient.name", size=len(name)
            )


RecipientLike = str | Phone | Bsuid | Recipient
"""A recipient, as methods accept it. A string must be a phone number in E.164 form or a BSUID."""

SenderLike = str | Phone
"""A sender, as methods accept it: one of the business's numbers."""


def to_recipient(value: RecipientLike) -> Recipient:
    """Convert a value to a recipient.

    Raises:
        InvalidRecipientError: The value is neither `+` and 7 to 15 digits nor a BSUID, or has another type.
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
        raise InvalidRecipientError(f"recipient: {forms}, {_describe(given)} given", field="recipient")
    if E164.fullmatch(given):
        return Recipient(Phone(given))
    if BSUID.fullmatch(given):
        return Recipient(None, Bsuid(given))
    is_like_a_number = any(map(str.isdecimal, given)) and not given[0].isalpha()
    hint = f": {find_obstacle(given)}{_suggest_parse(given)}" if is_like_a_number else ""
    raise InvalidRecipientError(f"recipient: {forms}{hint}", field="recipient", size=len(given))


def to_sender(value: SenderLike) -> Phone:
    """Convert a value to a sender's number.

    Raises:
        InvalidSenderError: The value is neither a `Phone` nor a string of `+` and 7 to 15 digits.
    """
    if isinstance(value, Phone):
        return value
    given: object = value
    form = "must be a phone number (+ and 7 to 15 digits)"
    if not isinstance(given, str):
        raise InvalidSenderError(f"sender: {form}, {_describe(given)} given", field="sender")
    if not E164.fullmatch(given):
        problem = f"{find_obstacle(given)}{_suggest_parse(given)}"
        raise InvalidSenderError(f"sender: {form}: {problem}", field="sender", size=len(given))
    return Phone(given)
