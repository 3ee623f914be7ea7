"""Who a customer is: a phone number, a BSUID, or both, and how each is written. Pure.

Source: https://www.itu.int/rec/T-REC-E.164 for numbers (at most 15 digits); the service's documentation,
https://docs.connectly.ai, and WhatsApp's for BSUIDs.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import attrs

from connectly_api.errors import InvalidInputError
from connectly_api.web_address import find_web_address_problem


@attrs.frozen
class Identity:
    """A customer, known by phone, by BSUID, or by both."""

    phone: str | None = attrs.field(default=None, repr=False)
    bsuid: str | None = attrs.field(default=None, repr=False)

    @property
    def ids(self) -> tuple[str, ...]:
        """Phone and BSUID, as far as they are known."""
        return tuple(filter(None, (self.phone, self.bsuid)))


def parse_phone(given: str) -> str | None:
    """Return an E.164 number (`+`, 7 to 15 digits) as it is, and None for anything else."""
    return given if re.fullmatch(r"\+[1-9][0-9]{6,14}", given) else None


def parse_bsuid(given: str) -> str | None:
    """Return a BSUID as it is (`US.` and alphanumerics, or the parent form `US.ENT.`), and None for anything else."""
    return given if re.fullmatch(r"[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]{1,128}", given) else None


def parse_customer(field: str, given: object) -> Identity:
    """Return the customer whom a phone number (E.164) or a BSUID names.

    Raises:
        InvalidInputError: It is neither.
    """
    text = given if isinstance(given, str) else ""
    found = Identity(phone=parse_phone(text), bsuid=parse_bsuid(text))
    if not found.ids:
        raise InvalidInputError(f"{field}: is neither a phone number (E.164) nor a BSUID", field=field)
    return found


def is_web_address(address: str, schemes: tuple[str, ...] = ("http", "https")) -> bool:
    """Say whether a text is an absolute web address."""
    return find_web_address_problem(address, schemes) is None


def is_loopback(address: str) -> bool:
    """Say whether a web address is on this machine."""
    return is_web_address(address) and urlsplit(address).hostname in {"127.0.0.1", "::1", "localhost"}
