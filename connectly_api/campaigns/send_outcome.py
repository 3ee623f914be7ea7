"""What became of one send: from a call's error to the row's next state. Pure."""

from __future__ import annotations

from typing import Final

from connectly_api.campaigns.journal_protocol import TakenRow
from connectly_api.campaigns.row_states import Outcome, RowState
from connectly_api.errors import (
    ApiError,
    AuthenticationError,
    ConnectlyError,
    NotFoundError,
    NotSentError,
    PermissionDeniedError,
    RateLimitError,
    SenderRestrictedError,
    UsageError,
)

_ABOUT_ALL: Final = (AuthenticationError, PermissionDeniedError, NotFoundError, SenderRestrictedError)
_CODES_ABOUT_ALL: Final = frozenset({
    "ERROR_CODE_BUSINESS_KEY_SECRET_ABSENT",
    "ERROR_CODE_BUSINESS_MISSES_MATCHING_CHANNEL",
    "ERROR_CODE_INVALID_SENDER_ID",
    "ERROR_CODE_MESSAGE_TEMPLATE_DELETED",
    "ERROR_CODE_MESSAGE_TEMPLATE_NOT_FOUND",
})  # fmt: skip


def is_about_all(error: BaseException) -> bool:
    """Return whether the service would refuse every other row, too: the key, the sender or the template is wrong."""
    return isinstance(error, _ABOUT_ALL) or (isinstance(error, ApiError) and error.shown_code in _CODES_ABOUT_ALL)


def is_local(error: Exception) -> bool:
    """Return whether this process cannot send at all: a bug, a closed client, a certificate that does not verify."""
    if isinstance(error, NotSentError):
        return not error.retry_safe
    return isinstance(error, UsageError) or not isinstance(error, ConnectlyError)


def to_outcome(row: TakenRow, error: BaseException | None) -> Outcome:
    """Return the outcome of a row whose call raised an error; None if it was cancelled before the request left.

    A row is pending again only if it was provably not accepted, and may be accepted later.
    """
    n, attempt = row.n, row.attempt
    if error is None:
        return Outcome(n, attempt, RowState.PENDING, problem="cancelled")
    problem = _name_problem(error)
    if not isinstance(error, ConnectlyError) or error.may_have_taken_effect:
        return Outcome(n, attempt, RowState.UNKNOWN, problem=problem)
    if isinstance(error, RateLimitError):
        after = error.retry_after
        return Outcome(n, attempt, RowState.PENDING, problem=problem, retry_after=after, is_rate_limited=True)
    if isinstance(error, (NotSentError, UsageError)) or is_about_all(error):
        return Outcome(n, attempt, RowState.PENDING, problem=problem)
    return Outcome(n, attempt, RowState.REFUSED, problem=problem)


def _name_problem(error: BaseException) -> str:
    if isinstance(error, ApiError):
        return error.shown_code or f"HTTP {error.status}"
    return type(error).__name__.removesuffix("Error")
