"""What a command ends with: an exit status for each class of errors, and what to do about it. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import attrs

from connectly_api.errors import (
    ApiError,
    AuthenticationError,
    ConflictError,
    ConnectlyError,
    InvalidInputError,
    NotFoundError,
    NotSentError,
    OptedOutError,
    OutcomeUnknownError,
    OutsideWindowError,
    PermissionDeniedError,
    RateLimitError,
    RecipientRejectedError,
    RequestRejectedError,
    SenderRestrictedError,
    ServerError,
    TemplateRejectedError,
    UnexpectedResponseError,
    WebhookPayloadError,
    WebhookSignatureError,
    build_error_text,
)

__all__ = [
    "CODES",
    "INTERRUPTED",
    "OTHER",
    "READER_GONE",
    "USAGE",
    "CommandLineError",
    "Outcome",
    "failure",
    "outcome",
    "service_words",
]

OTHER: Final = 1
USAGE: Final = 2
INTERRUPTED: Final = 130
READER_GONE: Final = 141


class CommandLineError(Exception):
    """The command line, a file that it names, or the configuration cannot be used; nothing was sent."""


@attrs.frozen
class Outcome:
    """How a command ends.

    Attributes:
        code: The exit status.
        meaning: In a few words, for `--help`.
        advice: What to do, or None where the error's own text says it.
    """

    code: int
    meaning: str
    advice: str | None = None


_HOPELESS: Final = 9
_WAIT: Final = "do not send it again blindly: wait for its delivery status"

_OUTCOMES: Final[Mapping[type[ConnectlyError], Outcome]] = {
    ConnectlyError: Outcome(OTHER, "another failure"),
    InvalidInputError: Outcome(3, "refused before anything was sent", "correct the command; nothing was sent"),
    NotSentError: Outcome(4, "not sent: safe to try again", "check the network and the address, then try again"),
    OutcomeUnknownError: Outcome(5, "outcome unknown: it may have been delivered", _WAIT),
    ServerError: Outcome(6, "the service failed: it may have been delivered", f"if it was a message, {_WAIT}"),
    UnexpectedResponseError: Outcome(7, "accepted, but the answer cannot be read", f"if it was a message, {_WAIT}"),
    ApiError: Outcome(8, "another answer than expected", "check the address (--base-url)"),
    AuthenticationError: Outcome(10, "the API key", "check the API key (CONNECTLY_API_KEY or --api-key-file)"),
    PermissionDeniedError: Outcome(11, "the key may not do this", "use a key that may do this"),
    NotFoundError: Outcome(12, "no such business or registration", "check the business's id, or the registration's"),
    ConflictError: Outcome(13, "it is there already", "see 'connectly webhooks list', then update or delete it"),
    RateLimitError: Outcome(14, "too many requests: safe to try again later", "try again later"),
    RequestRejectedError: Outcome(20, "the service refuses the request", "correct the request"),
    OutsideWindowError: Outcome(21, "the 24-hour window is closed", "see 'connectly send template --help'"),
    OptedOutError: Outcome(22, "the customer opted out", "send this customer no more templates"),
    RecipientRejectedError: Outcome(23, "the recipient's number is not valid", "correct the number, or drop it"),
    TemplateRejectedError: Outcome(24, "the template", "check the template's name, language and parameters"),
    SenderRestrictedError: Outcome(25, "the sender is restricted", "stop sending from this number"),
    WebhookSignatureError: Outcome(
        30, "the signature does not fit", "check the secret, and that the body is unchanged"
    ),
    WebhookPayloadError: Outcome(31, "signed, but no readable event", "nothing can be done: answer it with 400"),
}

_NOT_SENT_FOR_GOOD: Final = Outcome(
    _HOPELESS, "not sent, and trying again will not help", "correct the settings: certificate, proxy or address"
)

CODES: Final[Mapping[int, str]] = {
    0: "done",
    OTHER: _OUTCOMES[ConnectlyError].meaning,
    USAGE: "the command line or the configuration cannot be used",
    **{one.code: one.meaning for one in sorted((*_OUTCOMES.values(), _NOT_SENT_FOR_GOOD), key=lambda one: one.code)},
    INTERRUPTED: "interrupted by Ctrl-C",
    READER_GONE: "done, but nobody read the output",
}
"""Every exit status, and what it means."""


def outcome(error: ConnectlyError) -> Outcome:
    """Return how a command ends that raised an error: by the nearest class that has an outcome."""
    if isinstance(error, NotSentError) and not error.retry_safe:
        return _NOT_SENT_FOR_GOOD
    found = next(_OUTCOMES[kind] for kind in type(error).__mro__ if kind in _OUTCOMES)
    wait = getattr(error, "retry_after", None)
    return found if wait is None else attrs.evolve(found, advice=f"try again in {wait:g} s")


def failure(error: ConnectlyError) -> dict[str, Any]:
    """Return an error as JSON: of what the service wrote it holds what an error's text does."""
    ended = outcome(error)
    told: dict[str, Any] = {
        "kind": type(error).__name__,
        "message": _text(error),
        "advice": ended.advice,
        "exitCode": ended.code,
        "retrySafe": error.retry_safe,
        "mayHaveTakenEffect": error.may_have_taken_effect,
    }
    if isinstance(error, InvalidInputError):
        told |= {"field": error.field, "size": error.size, "limit": error.limit}
    if isinstance(error, ApiError):
        told |= {"status": error.status, "code": error.shown_code, "traceId": error.shown_trace_id}
    if isinstance(error, RateLimitError):
        told |= {"retryAfter": error.retry_after}
    return told


def service_words(error: ConnectlyError) -> dict[str, str]:
    """Return what the service itself says of an error, which may repeat the request: for who asks for it by name.

    That is its message, and its code where the error's text does not show it; where there is no message, the beginning
    of the answer, whatever it is, on one line.
    """
    message, body = getattr(error, "message", None), getattr(error, "body", b"")
    if message is None:
        beginning = body[: _LONGEST_BEGINNING * _WIDEST].decode(errors="replace")
        message = " ".join(_CONTROLS.sub(" ", beginning).split())[:_LONGEST_BEGINNING] or None
    code = error.code if isinstance(error, ApiError) and error.shown_code is None else None
    words = {"serviceCode": code, "serviceMessage": message}
    return {name: str(value) for name, value in words.items() if value is not None}


_LONGEST_BEGINNING: Final = 500
"""Characters of an answer that is no error of the service's, often a page of HTML."""
_WIDEST: Final = 4
"""Bytes of a character in UTF-8, at most."""
_CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def _text(error: ConnectlyError) -> str:
    if not isinstance(error, ApiError):
        return str(error)
    return build_error_text(error, "see --show-message" if service_words(error) else "")
