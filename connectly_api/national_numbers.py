"""National notation, `310 123 4567` in Colombia, by Google's libphonenumber (extra `phone`)."""

from __future__ import annotations

from connectly_api.errors import InvalidInputError, InvalidRecipientError


def read_national(number: str, region: object, size: int) -> str:
    """Return the E.164 number that digits mean where they are dialled, if the region's plan has it.

    Args:
        number: Digits without punctuation.
        region: ISO 3166 code of a country, `CO`, in capital or small letters.
        size: Characters of the text that they stand in, for the error.

    Raises:
        InvalidRecipientError: The plan has no such number.
        InvalidInputError: There is no such region, or the extra is not installed.
    """
    try:
        # Imported here, as its tables take longer than all else, and few programs need them.
        import phonenumbers  # noqa: PLC0415
    except ModuleNotFoundError:
        raise InvalidInputError("region: needs pip install 'connectly-api[phone]'", field="region") from None
    code = region.upper() if isinstance(region, str) else ""
    if code not in phonenumbers.SUPPORTED_REGIONS:
        hint = "; the United Kingdom is GB" if code == "UK" else ""
        raise InvalidInputError(f"region: must be the ISO 3166 code of a country, as CO or GB{hint}", field="region")
    try:
        found = phonenumbers.parse(number, code)
    except phonenumbers.NumberParseException:
        found = phonenumbers.PhoneNumber()  # It is valid nowhere.
    if not phonenumbers.is_valid_number(found):
        raise InvalidRecipientError(f"phone: no such number in the plan of {code}", field="phone", size=size)
    return phonenumbers.format_number(found, phonenumbers.PhoneNumberFormat.E164)
