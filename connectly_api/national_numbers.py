"""National notation, `310 123 4567` in Colombia, by Google's libphonenumber (extra `phone`)."""

from __future__ import annotations

from connectly_api.errors import InvalidInputError, InvalidRecipientError

__all__ = ["read_national"]


def read_national(number: str, region: object, size: int) -> str:
    """Return the E.164 number that digits mean where they are dialled, if the region's plan has it.

    Args:
        number: Digits, perhaps after a `+`, without punctuation.
        region: ISO 3166 code of a country, `CO`.
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
    if not isinstance(region, str) or region not in phonenumbers.SUPPORTED_REGIONS:
        raise InvalidInputError("region: must be the ISO 3166 code of a country, as CO or GB", field="region")
    try:
        found = phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException:
        found = phonenumbers.PhoneNumber()  # It is valid nowhere.
    if not phonenumbers.is_valid_number(found):
        raise InvalidRecipientError(f"phone: no such number in the plan of {region}", field="phone", size=size)
    return phonenumbers.format_number(found, phonenumbers.PhoneNumberFormat.E164)
