"""One field at a time, out of a JSON object that may hold anything: the field as wanted, or None.

The service's gateway writes absent values as `null` or as zero values (`""`, `0`, `[]`, `{}`), and names in lower camel
case or in snake case. A function's `other` is the second spelling, given where a name has more than one word: writing
it out is what keeps reading cheap. What is of another type than wanted is lost, and nothing raises.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from connectly_api.errors import InvalidRecipientError
from connectly_api.json_values import is_array, is_object
from connectly_api.recipients import Bsuid, Phone
from connectly_api.wire.reading import as_number

__all__ = [
    "NOTHING",
    "Fields",
    "bsuid",
    "flag",
    "has_content",
    "inner",
    "number",
    "phone",
    "text",
    "time",
]

Fields = Mapping[str, Any]
NOTHING: Final[Fields] = {}


def text(fields: Fields, name: str, other: str = "") -> str | None:
    """Return a text that is not empty, or None."""
    found = fields.get(name)
    if not found and other:
        found = fields.get(other)
    return found if found and isinstance(found, str) else None


def inner(fields: Fields, name: str, other: str = "") -> Fields:
    """Return an object, or an empty one."""
    found = fields.get(name)
    if not found and other:
        found = fields.get(other)
    # Asked a dozen times for each event: in place, where a guard's call would cost as much as all the rest.
    return found if found and isinstance(found, dict) else NOTHING  # pyright: ignore[reportUnknownVariableType]


def flag(fields: Fields, name: str, other: str) -> bool:
    """Return whether a flag is set: `true`, or what loosely typed gateways write for it, `"true"` and `1`."""
    found = fields.get(name) or fields.get(other)
    if not found:
        return False
    return found.lower() in {"true", "1"} if isinstance(found, str) else isinstance(found, int) and found == 1


def number(fields: Fields, name: str, *, within: float) -> float | None:
    """Return a number from `-within` to `within`, or None; decimal strings, which gateways write too, are read."""
    try:
        found = as_number(fields.get(name))
    except ValueError:
        return None
    return found if -within <= found <= within else None


def has_content(found: object) -> bool:
    """Return whether a JSON value says anything: null, zero values, and nests of them do not."""
    # Without recursion: depth is the sender's choice.
    pending = [found]
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


def phone(written: str | None, *, bare: bool) -> Phone | None:
    """Return a phone number, or None where that would take a guess.

    A number after a `+` may be punctuated. `bare` admits digits alone, as WhatsApp itself writes numbers (`wa_id`: the
    country code first, no `+`); digits with punctuation and no `+` are how people write numbers without their country
    code, and are not read.
    """
    if written is None or len(written) > _LONGEST_PHONE:
        return None
    try:
        if written[1:].isdecimal() and written.isascii():
            if written[0] == "+":
                return Phone(written)
            return Phone("+" + written) if bare and written[0] in "123456789" else None
        return Phone.parse(written) if written.lstrip().startswith("+") else None
    except InvalidRecipientError:
        return None


_LONGEST_PHONE: Final = 64


def bsuid(written: str | None) -> Bsuid | None:
    """Return a BSUID, without the `bsuid:` that templates put before it; None for anything else."""
    # Most texts that come here are phone numbers, and are seen at a glance not to be a country code and a dot.
    if written is None or "." not in written:
        return None
    try:
        return Bsuid(written.removeprefix("bsuid:"))
    except InvalidRecipientError:
        return None


def time(fields: Fields, name: str, other: str = "") -> datetime | None:
    """Return a time as an aware datetime in UTC, or None.

    Read are seconds since 1970 (a decimal string, as documented, or a number) and RFC 3339 (as documented on reports;
    without a zone it counts as UTC). Numbers from 100,000,000,000 on, seconds in the year 5138, are milliseconds. Times
    up to 1970, which is how zero values come out, and times past milliseconds' 5138 are None.
    """
    found: object = fields.get(name) or fields.get(other)
    if isinstance(found, str):
        if found.isdecimal() and found.isascii() and len(found) < _FIRST_TOO_LONG:
            found = int(found)
        elif _FRACTION.fullmatch(found):
            found = float(found)
        else:
            return _rfc3339(found)
    if isinstance(found, bool) or not isinstance(found, (int, float)):
        return None
    if found >= _FIRST_MILLISECOND:
        found = found / 1000
    return datetime.fromtimestamp(found, UTC) if 0 < found < _FIRST_MILLISECOND else None


_FRACTION: Final = re.compile(r"[0-9]{1,15}\.[0-9]{1,9}")
_FIRST_TOO_LONG: Final = 20
_FIRST_MILLISECOND: Final = 100_000_000_000
_RFC3339: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,12})?(?:[Zz]|[+-][0-9]{2}:[0-9]{2})?"
)


def _rfc3339(written: str) -> datetime | None:
    if not _RFC3339.fullmatch(written):
        return None
    try:
        read = datetime.fromisoformat(written.upper())
        read = read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return read if read > _EPOCH else None


_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
