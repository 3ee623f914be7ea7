"""When to try again, and how long to pause before: pure, argued from what the service may have seen.

A message is not idempotent, and the service knows no idempotency key. So a request that changes something is repeated
only where the first one was provably not accepted: it never left this machine, for a reason that may pass, or the
answer was 429, with which the service says that it did nothing. A read-only request (GET, HEAD) is repeated after any
failure that may pass.
"""

from __future__ import annotations

import re
import ssl
import sys
from datetime import UTC
from typing import Final

import attrs

from connectly_api.errors import InvalidInputError
from connectly_api.tracebacks import cut_init_traceback
from connectly_api.transport.failure_text import causes_of
from connectly_api.transport.protocol import Response

__all__ = ["Failure", "Retry", "is_repeatable", "may_pass", "pause_before", "reads_only", "retry_after_seconds"]

# Not their subclasses, which tell of a connection that ended or waits.
_FINAL: Final = frozenset({ssl.SSLError, ssl.SSLCertVerificationError})
# A file that an adapter needs, a certificate perhaps: it stays as it is.
_OF_FILES: Final = (FileExistsError, FileNotFoundError, IsADirectoryError, NotADirectoryError, PermissionError)

_READ_ONLY: Final = frozenset({"GET", "HEAD"})
_TOO_MANY: Final = 429
_PASSING: Final = frozenset({408, 429})
_SERVER_ERROR: Final = 500

# Beyond it are infinity, and integers that no float holds.
_LARGEST: Final = sys.float_info.max

_LONGEST: Final = 86_400.0
"""Seconds. What asks for more says nothing more."""


def _count(_instance: object, attribute: attrs.Attribute[int], value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise InvalidInputError(f"{attribute.name}: must be a whole number of at least 1", field=attribute.name)


def _seconds(_instance: object, attribute: attrs.Attribute[float], value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= _LARGEST:
        raise InvalidInputError(
            f"{attribute.name}: must be a finite number of seconds, 0 or more", field=attribute.name
        )


@cut_init_traceback
@attrs.frozen
class Retry:
    """How often, and with what pauses, a call that may be repeated is repeated. All of it within the call's time-out.

    The pause before try n+1 is drawn evenly from 0 to `base` x 2^(n-1) seconds, at most `cap` ("full jitter"); where
    the service names a time in `Retry-After`, that time is added.

    Attributes:
        attempts: Tries in all; 1 never repeats.
        base: Seconds.
        cap: Seconds, the longest pause of our own choice.
        longest_retry_after: Seconds. Where the service asks for more, the error is raised at once, with the time in
            its `retry_after`, rather than holding the caller that long.
    """

    attempts: int = attrs.field(default=3, validator=_count)
    base: float = attrs.field(default=0.5, validator=_seconds)
    cap: float = attrs.field(default=8.0, validator=_seconds)
    longest_retry_after: float = attrs.field(default=20.0, validator=_seconds)


@attrs.frozen
class Failure:
    """A try that ended without an answer.

    Attributes:
        error: What the adapter raised.
        may_have_left: Whether the request may have left this machine.
        timed_out: Whether a time-out ended it.
        may_pass: Whether the same request may fare better later.
    """

    error: Exception = attrs.field(repr=False)
    may_have_left: bool
    timed_out: bool = False
    may_pass: bool = True


def may_pass(error: BaseException) -> bool:
    """Say whether what stopped a request before it left may pass: trouble of the network or the machine.

    A certificate that does not verify stays as it is, and so does a bug, or a setting or a file that an adapter
    stumbles over.
    """
    if any(type(cause) in _FINAL for cause in causes_of(error)):
        return False
    return isinstance(error, OSError) and not isinstance(error, _OF_FILES)


def reads_only(method: str) -> bool:
    """Say whether a request of this method changes nothing."""
    return method in _READ_ONLY


def is_repeatable(method: str, outcome: Response | Failure) -> bool:
    """Say whether a request may be made again: without a risk of doing something twice, and with a hope that it helps.

    Args:
        method: The request's method, in capitals.
        outcome: What one try came to.
    """
    is_read = reads_only(method)
    if isinstance(outcome, Failure):
        return is_read if outcome.may_have_left else outcome.may_pass
    if not is_read:
        return outcome.status == _TOO_MANY
    return outcome.status in _PASSING or outcome.status >= _SERVER_ERROR or not outcome.complete


def pause_before(retry: Retry, attempt: int, *, remaining: float, asked: float | None, chance: float) -> float | None:
    """Return how many seconds to pause before the next try, or None to give up now.

    Args:
        retry: The rule.
        attempt: How many tries have been made, at least 1.
        remaining: Seconds until the call's deadline.
        asked: Seconds that the service asked for, or None.
        chance: A random number from 0 to below 1.
    """
    if attempt >= retry.attempts or (asked is not None and asked > retry.longest_retry_after):
        return None
    jitter = chance * min(retry.cap, retry.base * 2.0 ** min(attempt - 1, 64))
    pause = jitter if asked is None else asked + jitter
    return pause if pause < remaining else None


def retry_after_seconds(value: str | None, now: float) -> float | None:
    """Read a `Retry-After` header: seconds, or an HTTP date; None where it is absent or neither.

    Source: RFC 9110, 10.2.3. A fraction, which the RFC does not allow, is read too.

    Args:
        value: The header's value.
        now: Seconds since the epoch, to which a date is relative.

    Returns:
        Seconds from now, from 0 to 86,400.
    """
    text = (value or "").strip()
    if re.fullmatch(r"[0-9]+(?:\.[0-9]+)?", text, re.ASCII):
        return min(float(text), _LONGEST)
    try:
        # Imported here, as few answers hold a date and the import takes milliseconds.
        from email.utils import parsedate_to_datetime  # noqa: PLC0415

        moment = parsedate_to_datetime(text)
        # The form without a zone (asctime's) means UTC as well.
        seconds = (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError, TypeError, IndexError, OSError, ImportError):
        return None
    return min(max(seconds - now, 0.0), _LONGEST)
