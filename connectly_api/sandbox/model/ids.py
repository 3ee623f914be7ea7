"""Ids like the service's, drawn from the seed, a counter and the clock, so the same run has the same ids.

Source: the service's documentation, https://docs.connectly.ai: message ids look like ULIDs, registration ids like
`wh_` and a ULID, trace ids have about twenty digits.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Final
from uuid import UUID

_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's Base32, https://github.com/ulid/spec"""


def build_message_id(seed: int, number: int, now: float) -> str:
    """Return the id of the n-th accepted message."""
    return _encode_ulid(_draw(seed, "message", number), now)


def build_inbound_id(seed: int, number: int, now: float) -> str:
    """Return the id of the n-th message from a customer."""
    return _encode_ulid(_draw(seed, "inbound", number), now)


def build_report_id(seed: int, number: int) -> str:
    """Return the id of a report, a UUID."""
    return str(UUID(int=_draw(seed, "report", number) % 2**128, version=4))


def build_next_bsuid(seed: int, bsuid: str, phone: str | None) -> str:
    """Return a customer's BSUID after a change of the phone number: same country, other digits."""
    return f"{bsuid[:2]}.{10**19 + _draw(seed, f'bsuid {bsuid} {phone}', 1) % (9 * 10**19)}"


def draw_probability(seed: int, kind: str, number: int) -> float:
    """Return a number from 0 up to 1, uniformly distributed."""
    return (_draw(seed, kind, number) % 2**53) / 2**53


def build_registration_id(seed: int, number: int, now: float) -> str:
    """Return the id of the n-th webhook registration."""
    return f"wh_{_encode_ulid(_draw(seed, 'registration', number), now)}"


def build_trace_id(seed: int, number: int) -> str:
    """Return the trace id of the n-th request: a 64-bit number of 20 digits, like the documented ones."""
    return str(10**19 + _draw(seed, "trace", number) % (2**64 - 10**19))


def _draw(seed: int, kind: str, number: int) -> int:
    return int.from_bytes(sha256(f"{seed} {kind} {number}".encode()).digest())


def _encode_ulid(drawn: int, now: float) -> str:
    value = (int(now * 1000) % 2**48) << 80 | drawn % 2**80
    return "".join(_ALPHABET[value >> shift & 31] for shift in range(125, -1, -5))
