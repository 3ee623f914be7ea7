"""When to retry, and how long to pause first. Pure.

A message is not idempotent, and the service has no idempotency key. So a request that changes something is repeated
only if the first one was provably not accepted: it never left this machine, for a transient reason, or the response was
a 429, with which the service says that it did nothing. A read (GET, HEAD) is repeated after any transient failure.
"""

from __future__ import annotations

import re
import ssl
from datetime import UTC
from typing import Final

import attrs

from connectly_api.errors import InvalidInputError
from connectly_api.number_checks import LARGEST_FINITE, is_number, validate_count
from connectly_api.tracebacks import cut_init_traceback
from connectly_api.transport.failure_text import walk_causes
from connectly_api.transport.protocol import Response

TOO_MANY_REQUESTS: Final = 429

# Not their subclasses, which mean a connection that ended or has to wait.
_TLS_FAILURES: Final = frozenset({ssl.SSLError, ssl.SSLCertVerificationError})
# About a file that an adapter needs, such as a certificate: a retry does not help.
_FILE_ERRORS: Final = (FileExistsError, FileNotFoundError, IsADirectoryError, NotADirectoryError, PermissionError)

_READS: Final = frozenset({"GET", "HEAD"})
_TRANSIENT: Final = frozenset({408, TOO_MANY_REQUESTS})
_SERVER_ERROR: Final = 500
_LONGEST: Final = 86_400.0
"""Seconds: a longer `Retry-After` is reduced to this."""


def _validate_pause(_instance: object, attribute: attrs.Attribute[float], value: object) -> None:
    if not is_number(value, 0, LARGEST_FINITE):
        raise InvalidInputError(
            f"{attribute.name}: must be a finite number of seconds, 0 or more", field=attribute.name
        )


@cut_init_traceback
@attrs.frozen
class Retry:
    """How often to repeat a call that may be repeated, and with what pauses, all within the call's timeout.

    The pause before attempt n+1 is random, from 0 to `base` x 2^(n-1) seconds, at most `cap` ("full jitter"). If the
    service sends a `Retry-After`, that time is added.

    Attributes:
        attempts: How many attempts to make in all; 1 turns retries off.
        base: Seconds.
        cap: Seconds: the longest pause, without the time of a `Retry-After`.
        longest_retry_after: Seconds. If the service asks for more, the error is raised at once, with the time in its
            `retry_after`, so that the caller does not wait that long.
    """

    attempts: int = attrs.field(default=3, validator=validate_count)
    base: float = attrs.field(default=0.5, validator=_validate_pause)
    cap: float = attrs.field(default=8.0, validator=_validate_pause)
    longest_retry_after: float = attrs.field(default=20.0, validator=_validate_pause)


@attrs.frozen
class Failure:
    """An attempt that got no response; see `Progress`."""

    error: Exception = attrs.field(repr=False)
    may_have_left: bool
    is_transient: bool = True


def is_transient(error: BaseException) -> bool:
    """Return whether a failure before the request left may be temporary: a problem of the network or the machine.

    A certificate that does not verify is not transient, nor is a bug, a bad setting or a missing file.
    """
    if any(type(cause) in _TLS_FAILURES for cause in walk_causes(error)):
        return False
    return isinstance(error, OSError) and not isinstance(error, _FILE_ERRORS)


def is_read(method: str) -> bool:
    """Return whether a request of this method changes nothing."""
    return method in _READS


def is_repeatable(method: str, outcome: Response | Failure) -> bool:
    """Return whether a retry is safe, because nothing can happen twice, and has a chance of success."""
    if isinstance(outcome, Failure):
        return is_read(method) if outcome.may_have_left else outcome.is_transient
    if not is_read(method):
        return outcome.status == TOO_MANY_REQUESTS
    return outcome.status in _TRANSIENT or outcome.status >= _SERVER_ERROR or not outcome.complete


def compute_pause(retry: Retry, attempt: int, *, remaining: float, asked: float | None, chance: float) -> float | None:
    """Return how many seconds to pause before the next attempt, or None to give up.

    Args:
        retry: The settings.
        attempt: How many attempts were made.
        remaining: Seconds until the call's deadline.
        asked: Seconds that the service asked to wait, or None.
        chance: A random number from 0 to below 1.
    """
    if attempt >= retry.attempts or (asked is not None and asked > retry.longest_retry_after):
        return None
    jitter = chance * min(retry.cap, retry.base * 2.0 ** min(attempt - 1, 64))
    pause = jitter if asked is None else asked + jitter
    return pause if pause < remaining else None


def parse_retry_after(value: str | None, now: float) -> float | None:
    """Read a `Retry-After` header, seconds or an HTTP date, as seconds from now, 0 to 86,400; None if it is neither.

    Source: RFC 9110, 10.2.3. A fraction, which the RFC does not allow, is read too.
    """
    text = (value or "").strip()
    if re.fullmatch(r"[0-9]+(?:\.[0-9]+)?", text, re.ASCII):
        return min(float(text), _LONGEST)
    try:
        # Imported here, as few responses hold a date and the import takes milliseconds.
        from email.utils import parsedate_to_datetime  # noqa: PLC0415

        moment = parsedate_to_datetime(text)
        # The form without a zone (asctime's) means UTC, too.
        seconds = (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError, TypeError, IndexError, OSError, ImportError):
        return None
    return min(max(seconds - now, 0.0), _LONGEST)
