"""Customers, their phone numbers and BSUIDs; local URLs.

Source: https://www.itu.int/rec/T-REC-E.164 for numbers (at most 15 digits); the service's documentation,
https://docs.connectly.ai, and WhatsApp's for BSUIDs.
"""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

import attrs

from connectly_api.errors import InvalidInputError
from connectly_api.web_address import find_web_address_problem

PHONE_PATTERN: Final = r"\+[1-9][0-9]{6,14}"
BSUID_PATTERN: Final = r"[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]{1,128}"


@attrs.frozen
class Identity:
    """A customer, known by phone number, BSUID or both."""

    phone: str | None = attrs.field(default=None, repr=False)
    bsuid: str | None = attrs.field(default=None, repr=False)

    @property
    def ids(self) -> tuple[str, ...]:
        """The phone number and BSUID, if known."""
        return tuple(filter(None, (self.phone, self.bsuid)))


def parse_phone(text: str) -> str | None:
    """Return an E.164 number (`+` and 7 to 15 digits); None for anything else."""
    return text if re.fullmatch(PHONE_PATTERN, text) else None


def parse_bsuid(text: str) -> str | None:
    """Return a BSUID (`US.` and alphanumerics, or the parent form `US.ENT.`); None for anything else."""
    return text if re.fullmatch(BSUID_PATTERN, text) else None


def parse_customer(field: str, value: object) -> Identity:
    """Return the customer with a phone number (E.164) or BSUID.

    Raises:
        InvalidInputError: The value is neither.
    """
    text = value if isinstance(value, str) else ""
    customer = Identity(phone=parse_phone(text), bsuid=parse_bsuid(text))
    if not customer.ids:
        raise InvalidInputError(f"{field}: is neither a phone number (E.164) nor a BSUID", field=field)
    return customer


def is_loopback(address: str) -> bool:
    """Return whether a URL is on this machine: `localhost`, 127.0.0.0/8, or ::1."""
    host = urlsplit(address).hostname or "" if find_web_address_problem(address) is None else ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
