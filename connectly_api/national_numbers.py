"""Read numbers in national notation, such as `310 123 4567` in Colombia, with libphonenumber (extra `phone`)."""

from __future__ import annotations

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
    try:
        # Imported here, because its tables load slowly and few programs need them.
        import phonenumbers  # noqa: PLC0415
    except ModuleNotFoundError:
        raise InvalidInputError("region: needs pip install 'connectly-api[phone]'", field="region") from None
    code = region.upper() if isinstance(region, str) else ""
    if code not in phonenumbers.SUPPORTED_REGIONS:
        hint = "; the United Kingdom is GB" if code == "UK" else ""
        raise InvalidInputError(f"region: must be an ISO 3166 country code, such as CO or GB{hint}", field="region")
    try:
        found = phonenumbers.parse(number, code)
    except phonenumbers.NumberParseException:
        found = phonenumbers.PhoneNumber()  # Not valid in any country.
    if not phonenumbers.is_valid_number(found):
        raise InvalidRecipientError(f"phone: not a valid number in {code}", field="phone", size=size)
    return phonenumbers.format_number(found, phonenumbers.PhoneNumberFormat.E164)
