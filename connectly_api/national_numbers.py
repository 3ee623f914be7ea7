"""Read numbers in national notation, such as `310 123 4567` in Colombia, with libphonenumber (extra `phone`)."""

from __future__ import annotations

from functools import cache
from types import ModuleType

from connectly_api.errors import InvalidInputError, InvalidRecipientError


def read_national(number: str, region: object, size: int) -> str:
    """Return a national number in E.164 form.

    Args:
        number: Digits, without punctuation.
        region: The ISO 3166 code of the country, in upper or lower case.
        size: The number of characters of the original text, for the error.

    Raises:
        InvalidRecipientError: The number is not valid in that country.
        InvalidInputError: There is no such region, or the extra is not installed.
    """
    phonenumbers, code = _load(), check_region(region)
    try:
        found = phonenumbers.parse(number, code)
    except phonenumbers.NumberParseException:
        found = phonenumbers.PhoneNumber()  # Not valid in any country.
    if not phonenumbers.is_valid_number(found):
        raise InvalidRecipientError(f"phone: not a valid number in {code}", field="phone", size=size)
    return str(phonenumbers.format_number(found, phonenumbers.PhoneNumberFormat.E164))


def check_region(region: object) -> str:
    """Return the ISO 3166 code of a country in upper case.

    Raises:
        InvalidInputError: There is no such region, or the extra is not installed.
    """
    code = region.upper() if isinstance(region, str) else ""
    if code not in _load().SUPPORTED_REGIONS:
        hint = "; the United Kingdom is GB" if code == "UK" else ""
        raise InvalidInputError(f"region: must be an ISO 3166 country code, such as CO or GB{hint}", field="region")
    return code


def is_too_short(number: str) -> bool:
    """Return whether a number in E.164 form is shorter than any of its country, or its country code does not exist.

    A national number that was taken for one with a country code is too short in nearly every country.
    """
    return all(len(number) - 1 - size < _find_shortest(number[1 : size + 1]) for size in (1, 2, 3))


@cache
def _find_shortest(code: str) -> int:
    """Return the number of digits of the shortest number after a country code; 16 if it does not exist."""
    phonenumbers = _load()
    region = phonenumbers.region_code_for_country_code(int(code))
    plan = phonenumbers.PhoneMetadata.metadata_for_region_or_calling_code(int(code), region)
    return 16 if plan is None else min(plan.general_desc.possible_length)


def _load() -> ModuleType:
    try:
        # Imported here, because its tables load slowly and few programs need them.
        import phonenumbers  # noqa: PLC0415
    except ModuleNotFoundError:
        raise InvalidInputError("region: needs pip install 'connectly-api[phone]'", field="region") from None
    return phonenumbers
