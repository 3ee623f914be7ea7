"""Read the phone number or BSUID in a cell; a cell that could mean two recipients, or another than it says, has none.

The problems are fixed sentences without the cell's value, so that rejects can be counted by them.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from connectly_api.campaigns.input_rows import is_empty
from connectly_api.errors import InvalidInputError, InvalidRecipientError
from connectly_api.national_numbers import check_region, has_country_digits, is_too_short, read_national
from connectly_api.number_text import E164, TRUNK_ZERO, is_international, strip_punctuation
from connectly_api.recipients import BSUID
from connectly_api.setting_rules import check_string

EMPTY: Final = "is empty"
BAD_FORM: Final = "is neither a phone number nor a BSUID"
NOT_A_BSUID: Final = "is not a BSUID"
EXTRA_CHARACTERS: Final = "has letters, an extension, or other characters that do not belong to one phone number"
TRUNK_DIGIT: Final = (
    "has a digit that is only dialled within the country; write the number as it is dialled from abroad"
)
BAD_LENGTH: Final = "has too few or too many digits for a phone number with its country code"
NO_COUNTRY_CODE: Final = (
    "has no country code: write + and the country code, or give region= or has_country_code=True (--region, "
    "--has-country-code)"
)
SCIENTIFIC: Final = (
    "was turned into a number such as 1.6E+10 by a spreadsheet, which may have lost digits: format the column as "
    "whole numbers without decimals, or as text before the numbers are entered, and save the file again"
)
FRACTION: Final = "is a number with a decimal point or more digits than a spreadsheet keeps: store the column as text"
AMBIGUOUS: Final = (
    "is valid both with and without its first digits as the country code: write + before the country code"
)

_SCIENTIFIC: Final = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]*)?[eE]\+?[0-9]+")
_FRACTION: Final = re.compile(r"[0-9]{4,}[.,][0-9]{1,2}|[0-9]{10,}[.,][0-9]+")
_LARGEST: Final = 2**53
"""From here on, a floating-point number may be the neighbour of what was entered."""


def to_cell_text(value: object) -> str:
    """Return a value of a cell as text: numbers that are whole without a point, dates and times in ISO 8601."""
    if isinstance(value, str):
        return value
    if is_empty(value):
        return ""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float) and value.is_integer() and abs(value) < _LARGEST:
        return str(int(value))
    return str(value)


class PhoneReader:
    """Reads the cells of one source."""

    def __init__(self, region: str | None, *, has_country_code: bool) -> None:
        """Create a reader.

        Args:
            region: The country whose numbers may be in national notation, or None.
            has_country_code: Whether numbers without `+` or `00` start with their country code.

        Raises:
            InvalidInputError: There is no such region, or both are given.
        """
        if region is not None and has_country_code:
            raise InvalidInputError("region: numbers with a country code need none; leave one out", field="region")
        self._region = None if region is None else check_region(region)
        self._has_country_code = has_country_code

    def read(self, value: object) -> tuple[str, str, str]:
        """Return a phone number in E.164 form, a BSUID, and a problem: one of them, and two empty strings."""
        text = value if isinstance(value, str) else to_cell_text(value)
        if E164.fullmatch(text) and not TRUNK_ZERO.match(text):
            return text, "", ""
        text = text.strip()
        if is_empty(text):
            return "", "", EMPTY
        if BSUID.fullmatch(bsuid := text.removeprefix("bsuid:")):
            return "", bsuid, ""
        number, problem = self._read_number(text)
        return ("", "", problem) if problem else (number, "", "")

    def _read_number(self, text: str) -> tuple[str, str]:
        if not text.isascii():
            text = "".join(str(unicodedata.decimal(character, character)) for character in text)
        if _SCIENTIFIC.fullmatch(text):
            return "", SCIENTIFIC
        if _FRACTION.fullmatch(text):
            return "", FRACTION
        is_plus_there = is_international(text)
        is_national = not is_plus_there and self._region is not None
        digits, problem = strip_punctuation(text.replace("\uff0b", "+"), is_national=is_national)
        if problem:
            return "", TRUNK_DIGIT if "in brackets" in problem else _describe(text)
        if is_plus_there:
            return _check(digits)
        if self._region is not None:
            return self._read_in_region(digits, self._region)
        if not self._has_country_code and not digits.startswith("00"):
            return "", NO_COUNTRY_CODE
        number, problem = _check(f"+{digits.removeprefix('00')}")
        return ("", BAD_LENGTH) if number and is_too_short(number) else (number, problem)

    def _read_in_region(self, digits: str, region: str) -> tuple[str, str]:
        try:
            number = read_national(digits, region, len(digits))
        except InvalidRecipientError:
            return "", f"is not a valid number in {region}"
        is_ambiguous = number != f"+{digits}" and has_country_digits(digits, region)
        return ("", AMBIGUOUS) if is_ambiguous else (number, "")


def _check(number: str) -> tuple[str, str]:
    if not E164.fullmatch(number):
        return "", BAD_LENGTH
    return ("", TRUNK_DIGIT) if TRUNK_ZERO.match(number) else (number, "")


def _describe(text: str) -> str:
    return EXTRA_CHARACTERS if sum(map(str.isdecimal, text)) >= 4 else BAD_FORM  # noqa: PLR2004 (less is no number)
