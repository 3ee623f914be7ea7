"""What an error of a send means for its row, and for all others."""

from __future__ import annotations

from typing import Any

import pytest

from connectly_api import (
    ApiError,
    AuthenticationError,
    NotFoundError,
    NotSentError,
    OptedOutError,
    OutcomeUnknownError,
    PermissionDeniedError,
    RateLimitError,
    RequestRejectedError,
    SenderRestrictedError,
    ServerError,
    TemplateRejectedError,
    UnexpectedResponseError,
    UsageError,
)
from connectly_api.campaigns.journal_protocol import TakenRow
from connectly_api.campaigns.row_states import Outcome, RowState
from connectly_api.campaigns.send_outcome import is_about_all, is_local, to_outcome
from connectly_api.error_response import parse_error_response

ROW = TakenRow(7, "+16044441111", "{}", None, 3)


def refuse(kind: type[ApiError], status: int, code: str | None = None) -> ApiError:
    return kind(status=status, code=code, message="+16044441111")


@pytest.mark.parametrize(
    ("error", "state", "problem", "about_all", "local"),
    [
        (refuse(RequestRejectedError, 400), "refused", "HTTP 400", False, False),
        (refuse(RequestRejectedError, 400, "+16044441111"), "refused", "HTTP 400", False, False),
        (
            refuse(OptedOutError, 400, "ERROR_CODE_MESSAGE_CUSTOMER_OPTED_OUT"),
            "refused",
            "ERROR_CODE_MESSAGE_CUSTOMER_OPTED_OUT",
            False,
            False,
        ),
        (
            refuse(TemplateRejectedError, 400, "ERROR_CODE_MESSAGE_TEMPLATE_INPUT_INVALID"),
            "refused",
            "ERROR_CODE_MESSAGE_TEMPLATE_INPUT_INVALID",
            False,
            False,
        ),
        (
            refuse(TemplateRejectedError, 400, "ERROR_CODE_MESSAGE_TEMPLATE_NOT_FOUND"),
            "pending",
            "ERROR_CODE_MESSAGE_TEMPLATE_NOT_FOUND",
            True,
            False,
        ),
        (refuse(SenderRestrictedError, 400), "pending", "HTTP 400", True, False),
        (refuse(AuthenticationError, 401), "pending", "HTTP 401", True, False),
        (refuse(PermissionDeniedError, 403), "pending", "HTTP 403", True, False),
        (refuse(NotFoundError, 404), "pending", "HTTP 404", True, False),
        (refuse(ServerError, 502), "unknown", "HTTP 502", False, False),
        (parse_error_response(408, (), b""), "unknown", "HTTP 408", False, False),
        (UnexpectedResponseError("", status=200), "unknown", "UnexpectedResponse", False, False),
        (OutcomeUnknownError(""), "unknown", "OutcomeUnknown", False, False),
        (NotSentError(""), "pending", "NotSent", False, False),
        (NotSentError("", retry_safe=False), "pending", "NotSent", False, True),
        (UsageError(""), "pending", "Usage", False, True),
        # Of a bug nobody knows whether it came before the request left.
        (KeyError("+16044441111"), "unknown", "Key", False, True),
    ],
)
def test_what_an_error_means(error: Exception, state: Any, problem: str, about_all: bool, local: bool) -> None:
    assert to_outcome(ROW, error) == Outcome(7, 3, state, problem=problem)
    assert (is_about_all(error), is_local(error)) == (about_all, local)


def test_a_429_waits_as_long_as_the_service_asks() -> None:
    error = RateLimitError(status=429)
    error.retry_after = 7.0
    assert to_outcome(ROW, error) == Outcome(
        7, 3, RowState.PENDING, problem="HTTP 429", retry_after=7.0, is_rate_limited=True
    )
    assert not is_about_all(error)


def test_a_call_that_was_cancelled_is_pending_only_if_its_request_has_not_left() -> None:
    assert to_outcome(ROW, None) == Outcome(7, 3, RowState.PENDING, problem="cancelled")
    assert to_outcome(ROW, OutcomeUnknownError("")).state is RowState.UNKNOWN
    assert to_outcome(ROW, KeyboardInterrupt()).state is RowState.UNKNOWN
