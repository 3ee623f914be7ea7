"""Reads one field of a JSON object that may contain anything: the value if it has the right type, or None. Pure.

The service's gateway writes absent values as `null` or as zero values (`""`, `0`, `[]`, `{}`), and names in lower camel
case or in snake case. `other` is a name's second spelling, for names of more than one word: deriving it would be slow.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from connectly_api.errors import InvalidRecipientError
from connectly_api.json_values import is_array, is_object
from connectly_api.number_checks import is_number
from connectly_api.recipients import Bsuid, Phone
from connectly_api.wire.reading import as_number

Fields = Mapping[str, Any]
NOTHING: Final[Fields] = {}

_MAX_PHONE_LENGTH: Final = 64
# Numbers of country code 1 have 10 digits after it: https://www.nanpa.com. No plan in use has 15 in all.
_BARE_PHONE: Final = re.compile(r"1[2-9][0-9]{9}|[2-9][0-9]{6,13}")
_MAX_SECONDS_DIGITS: Final = 19
_FIRST_MILLISECOND: Final = 100_000_000_000
_FRACTION: Final = re.compile(r"[0-9]{1,15}\.[0-9]{1,9}")
_RFC3339: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,12})?(?:[Zz]|[+-][0-9]{2}:[0-9]{2})?"
)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def read_text(fields: Fields, name: str, other: str = "") -> str | None:
    """Return a text; None if it is empty."""
    found = fields.get(name)
    if not found and other:
        found = fields.get(other)
    return found if found and isinstance(found, str) else None


def read_object(fields: Fields, name: str, other: str = "") -> Fields:
    """Return an object; an empty one if it is missing or of another type."""
    found = fields.get(name)
    if not found and other:
        found = fields.get(other)
    # Called a dozen times for each event: the call of a type guard would cost as much as all the rest.
    return found if found and isinstance(found, dict) else NOTHING  # pyright: ignore[reportUnknownVariableType]


def read_flag(fields: Fields, name: str, other: str = "") -> bool:
    """Return whether a flag is set: `true`, or `"true"` or `1`, which loosely typed gateways write."""
    found = fields.get(name) or fields.get(other)
    if not found:
        return False
    return found.lower() in {"true", "1"} if isinstance(found, str) else isinstance(found, int) and found == 1


def read_number(fields: Fields, name: str, *, within: float) -> float | None:
    """Return a number from `-within` to `within`; it may be a decimal string, as some gateways write it."""
    try:
        found = as_number(fields.get(name))
    except ValueError:
        return None
    return found if -within <= found <= within else None


def read_time(fields: Fields, name: str, other: str = "") -> datetime | None:
    """Return a time as an aware datetime in UTC.

    A time is written as seconds since 1970 (a decimal string, as documented, or a number) or in RFC 3339 (as documented
    for reports; without a zone it is UTC). Numbers from 100,000,000,000 on, seconds in the year 5138, are milliseconds.
    Times up to 1970, which is what zero values look like, and times after 5138 in milliseconds are None.
    """
    found: object = fields.get(name) or fields.get(other)
    if isinstance(found, str):
        if found.isdecimal() and found.isascii() and len(found) <= _MAX_SECONDS_DIGITS:
            seconds: float = int(found)
        elif _FRACTION.fullmatch(found):
            seconds = float(found)
        else:
            return _parse_rfc3339(found)
    elif is_number(found):
        seconds = found
    else:
        return None
    if seconds >= _FIRST_MILLISECOND:
        seconds = seconds / 1000
    return datetime.fromtimestamp(seconds, UTC) if 0 < seconds < _FIRST_MILLISECOND else None


def _parse_rfc3339(text: str) -> datetime | None:
    if not _RFC3339.fullmatch(text):
        return None
    try:
        time = datetime.fromisoformat(text.upper())
        time = time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return time if time > _EPOCH else None


def has_content(value: object) -> bool:
    """Return whether a JSON value contains anything but null and zero values, at any depth."""
    # Without recursion: the depth is the sender's choice.
    pending = [value]
    while pending:
        item = pending.pop()
        if not item:
            continue
        if is_object(item):
            pending += item.values()
        elif is_array(item):
            pending += item
        else:
            return True
    return False


def parse_phone(text: str | None, *, bare: bool) -> Phone | None:
    """Return a phone number, or None if it would be a guess.

    A number that starts with `+` may contain punctuation. `bare` also accepts digits alone, as WhatsApp itself writes
    numbers (`wa_id`: the country code first, no `+`), unless they can only be an id: older documented events have
    `123456123` for the business, and WhatsApp's ids of numbers have 15 digits. Punctuated digits without a `+` are how
    people write numbers without their country code, and are not read.
    """
    if text is None or len(text) > _MAX_PHONE_LENGTH:
        return None
    try:
        if text[1:].isdecimal() and text.isascii():
            if text[0] == "+":
                return Phone(text)
            return Phone("+" + text) if bare and _BARE_PHONE.fullmatch(text) else None
        return Phone.parse(text) if text.lstrip().startswith("+") else None
    except InvalidRecipientError:
        return None


def parse_bsuid(text: str | None) -> Bsuid | None:
    """Return a BSUID, without the `bsuid:` that templates put before it; None for anything else."""
    # Most texts here are phone numbers: without a dot, it is no BSUID.
    if text is None or "." not in text:
        return None
    try:
        return Bsuid(text.removeprefix("bsuid:"))
    except InvalidRecipientError:
        return None
