"""Ids that look like the service's and depend on nothing but the seed, a counter and the sandbox's clock. Pure.

Source: the service's documentation, https://docs.connectly.ai: message ids look like ULIDs, registration ids like
`wh_` and a ULID, trace ids are some twenty digits.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Final

__all__ = ["message_id", "registration_id", "trace_id"]

_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's Base32, https://github.com/ulid/spec"""


def message_id(seed: int, number: int, now: float) -> str:
    """Return the id of the `number`-th message, accepted at `now` (Unix seconds)."""
    return _ulid(_draw(seed, "message", number), now)


def registration_id(seed: int, number: int, now: float) -> str:
    """Return the id of the `number`-th webhook registration, created at `now` (Unix seconds)."""
    return f"wh_{_ulid(_draw(seed, 'registration', number), now)}"


def trace_id(seed: int, number: int) -> str:
    """Return the trace id of the `number`-th request: 20 digits."""
    return str(10**19 + _draw(seed, "trace", number) % (9 * 10**19))


def _draw(seed: int, kind: str, number: int) -> int:
    return int.from_bytes(sha256(f"{seed} {kind} {number}".encode()).digest())


def _ulid(drawn: int, now: float) -> str:
    value = (int(now * 1000) % 2**48) << 80 | drawn % 2**80
    return "".join(_ALPHABET[value >> shift & 31] for shift in range(125, -1, -5))
