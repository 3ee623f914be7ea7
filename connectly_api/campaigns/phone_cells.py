"""Read the phone number or BSUID in a cell; a cell that could mean two recipients, or another than it says, has none.

The problems are fixed sentences without the cell's value, so that rejects can be counted by them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Final

from connectly_api.campaigns.input_rows import to_cell_text
from connectly_api.errors import InvalidInputError, InvalidRecipientError
from connectly_api.national_numbers import check_region, is_too_short, read_national
from connectly_api.number_text import E164, TRUNK_ZERO, is_international, strip_punctuation
from connectly_api.recipients import BSUID
from connectly_api.setting_rules import check_name

EMPTY: Final = "is empty"
BAD_FORM: Final = "is neither a phone number nor a BSUID"
OTHER_BSUID: Final = "is not a BSUID, or another one than in the column of the recipients"
_PREFIX: Final = "bsuid:"
EXTRA_CHARACTERS: Final = "has letters, an extension, or other characters that do not belong to one phone number"
TRUNK_DIGIT: Final = "has a digit that is only dialed within the country; write the number as it is dialed from abroad"
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
    "is valid both with and without its first digits as the country code: write + before the country code, or, if all "
    "numbers start with it, give has_country_code=True instead of region= (--has-country-code, --region)"
)

# A number with a dot after each group has several of them.
_SPOILT: Final = (
    (re.compile(r"[+-]?[0-9]+(?:[.,][0-9]*)?[eE]\+?[0-9]+"), SCIENTIFIC),
    (re.compile(r"[0-9]{4,}[.,][0-9]{1,2}|[0-9]{10,}[.,][0-9]+"), FRACTION),
)
# What most files have: read at once, because a file may have a million rows.
_PLAIN: Final = re.compile(f"(?!{TRUNK_ZERO.pattern}){E164.pattern}")
_FEWEST: Final = 4
"""Digits that make a text look like a number at all."""


class RecipientReader:
    """Reads the recipients of one source's rows.

    Attributes:
        to: The column of phone numbers or BSUIDs.
        columns: This column, and that of further BSUIDs, if there is one.
    """

    def __init__(self, to: str, bsuid: str | None, *, region: str | None, has_country_code: bool) -> None:
        """Create a reader.

        Args:
            to: The column of phone numbers or BSUIDs.
            bsuid: The column of further BSUIDs, or None.
            region: The country whose numbers may be in national notation, or None.
            has_country_code: Whether numbers without `+` or `00` start with their country code.

        Raises:
            InvalidInputError: A name is malformed, there is no such region, or both ways of reading are given.
        """
        check_name("to", to)
        if bsuid is not None:
            check_name("bsuid", bsuid)
        if region is not None and has_country_code:
            raise InvalidInputError("region: numbers with a country code need none; leave one out", field="region")
        self.to = to
        self.columns = (to,) if bsuid is None else (to, bsuid)
        self._bsuid = bsuid
        self._region = None if region is None else check_region(region)
        self._has_country_code = has_country_code

    def read(self, values: Mapping[str, object]) -> tuple[str, str, str, str]:
        """Return a row's phone number, its BSUID, what is wrong, and in which column; texts are empty if not there."""
        value = values.get(self.to)
        is_plain = isinstance(value, str) and _PLAIN.fullmatch(value)
        phone, bsuid, problem = (str(value), "", "") if is_plain else self._read_cell(value)
        if self._bsuid is None or (problem and problem != EMPTY):
            return phone, bsuid, problem, self.to
        further = to_cell_text(values.get(self._bsuid)).strip().removeprefix(_PREFIX)
        if not further:
            return phone, bsuid, problem, self.to
        is_right = BSUID.fullmatch(further) is not None and bsuid in ("", further)
        return phone, further, "" if is_right else OTHER_BSUID, self._bsuid

    def _read_cell(self, value: object) -> tuple[str, str, str]:
        """Return a phone number, a BSUID and a problem: one of them, and two empty texts."""
        text = to_cell_text(value).strip()
        if not text:
            return "", "", EMPTY
        if BSUID.fullmatch(bsuid := text.removeprefix(_PREFIX)):
            return "", bsuid, ""
        number, problem = self._read_number(text)
        return ("", "", problem) if problem else (number, "", "")

    def _read_number(self, text: str) -> tuple[str, str]:
        if not text.isascii():
            text = "".join(str(unicodedata.decimal(character, character)) for character in text)
        for pattern, problem in _SPOILT:
            if pattern.fullmatch(text):
                return "", problem
        has_plus = is_international(text)
        is_national = not has_plus and self._region is not None
        digits, problem = strip_punctuation(text.replace("\uff0b", "+"), is_national=is_national)
        if problem or len(digits) < _FEWEST:
            return "", _describe(text, problem)
        if has_plus:
            return _check(digits)
        if self._region is not None:
            return _read_in_region(digits, self._region)
        if not self._has_country_code and not digits.startswith("00"):
            return "", NO_COUNTRY_CODE
        number, problem = _check(f"+{digits.removeprefix('00')}")
        return ("", BAD_LENGTH) if number and is_too_short(number) else (number, problem)


def _read_in_region(digits: str, region: str) -> tuple[str, str]:
    number = _find_valid(digits, region)
    if not number:
        return "", f"is not a valid number in {region}"
    code = number[1:].removesuffix(digits)
    # It was read as a national number that begins with the digits of the country code.
    is_doubtful = 0 < len(code) < len(number) - 1 and digits.startswith(code)
    return ("", AMBIGUOUS) if is_doubtful and _find_valid(f"+{digits}", region) else (number, "")


def _find_valid(number: str, region: str) -> str:
    try:
        found = read_national(number, region, len(number))
    except InvalidRecipientError:
        return ""
    # Some plans have numbers that are longer than E.164 allows.
    return found if E164.fullmatch(found) else ""


def _check(number: str) -> tuple[str, str]:
    if number.startswith("+0"):
        return "", NO_COUNTRY_CODE
    if not E164.fullmatch(number):
        return "", BAD_LENGTH
    return ("", TRUNK_DIGIT) if TRUNK_ZERO.match(number) else (number, "")


def _describe(text: str, problem: str) -> str:
    if "in brackets" in problem:
        return TRUNK_DIGIT
    return EXTRA_CHARACTERS if sum(map(str.isdecimal, text)) >= _FEWEST else BAD_FORM
