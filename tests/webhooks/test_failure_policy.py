"""`decide_failure`: after which errors an event is delivered again, wherever in a chain they stand."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectly_api import (
    ApiError,
    AuthenticationError,
    ConflictError,
    InvalidContentError,
    InvalidInputError,
    InvalidRecipientError,
    NotFoundError,
    NotSentError,
    OptedOutError,
    OutcomeUnknownError,
    OutsideWindowError,
    PermissionDeniedError,
    RateLimitError,
    RequestRejectedError,
    SenderRestrictedError,
    ServerError,
    TemplateRejectedError,
    UnexpectedResponseError,
    UsageError,
    Violation,
    errors,
)
from connectly_api.error_response import parse_error_response
from connectly_api.webhooks import FailureAction, WebhookError, WebhookStoreError, decide_failure

UNKNOWN = OutcomeUnknownError("left")
REFUSAL = OutsideWindowError(status=400)
COMPLETE, REDELIVER = FailureAction.COMPLETE, FailureAction.REDELIVER

COMPLETING = [
    UNKNOWN,
    ServerError(status=500),
    UnexpectedResponseError("unreadable", status=200),
    RequestRejectedError(status=422),
    REFUSAL,
    OptedOutError(status=400),
    TemplateRejectedError(status=400),
    SenderRestrictedError(status=400),
    errors.RecipientRejectedError(status=400),
    InvalidInputError("field", field="field"),
    InvalidRecipientError("field", field="field"),
    InvalidContentError([Violation("text", "is empty")]),
    errors.CallbackDataTooLongError(1025, 1024),
    parse_error_response(408, (), b""),
    parse_error_response(499, (), b""),
]
REDELIVERING = [
    NotSentError("refused"),
    NotSentError("certificate", retry_safe=False),
    RateLimitError(status=429),
    AuthenticationError(status=401),
    PermissionDeniedError(status=403),
    NotFoundError(status=404),
    ConflictError(status=409),
    ApiError(status=405),
    UsageError("closed"),
    WebhookError("held"),
    WebhookStoreError("damaged"),
    ValueError(),
    OSError(),
    TimeoutError(),
    asyncio.CancelledError(),
    KeyboardInterrupt(),
]


@pytest.mark.parametrize("error", COMPLETING, ids=lambda error: type(error).__name__)
def test_what_may_have_been_accepted_or_would_be_refused_again_is_not_delivered_again(error: BaseException) -> None:
    assert decide_failure(error) is COMPLETE


@pytest.mark.parametrize("error", REDELIVERING, ids=lambda error: type(error).__name__)
def test_any_other_event_is_delivered_again(error: BaseException) -> None:
    assert decide_failure(error) is REDELIVER


def test_each_class_of_errors_is_decided_on() -> None:
    classes = {kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Exception)}
    abstract = {errors.ConnectlyError, errors.InvalidSenderError, errors.WebhookSignatureError}
    abstract |= {errors.WebhookPayloadError}
    assert classes - abstract <= {type(error) for error in COMPLETING + REDELIVERING}


def chain(error: Exception, *, cause: BaseException | None = None, context: BaseException | None = None) -> Exception:
    if context is not None:
        error.__context__ = context
    if cause is not None:
        error.__cause__ = cause
    return error


def interrupt(cause: BaseException) -> BaseException:
    error = asyncio.CancelledError()
    error.__cause__ = cause
    return error


def hide(context: BaseException) -> Exception:
    error = chain(ValueError(), context=context)
    error.__cause__ = None  # `from None`
    return error


def cycle(error: Exception) -> Exception:
    other = chain(KeyError(), cause=error)
    return chain(error, cause=other)


CHAINS: list[tuple[Callable[[], BaseException], FailureAction]] = [
    (lambda: chain(ValueError(), cause=UNKNOWN), COMPLETE),
    (lambda: chain(ValueError(), context=UNKNOWN), COMPLETE),
    (lambda: chain(ValueError(), context=UNKNOWN, cause=KeyError()), COMPLETE),
    (lambda: chain(NotSentError("refused"), context=UNKNOWN), COMPLETE),
    (lambda: interrupt(UNKNOWN), COMPLETE),
    (lambda: chain(TimeoutError(), cause=interrupt(UNKNOWN)), COMPLETE),
    (lambda: hide(UNKNOWN), REDELIVER),
    (lambda: ExceptionGroup("", [ValueError(), chain(KeyError(), context=UNKNOWN)]), COMPLETE),
    (lambda: BaseExceptionGroup("", [ExceptionGroup("", [UNKNOWN]), asyncio.CancelledError()]), COMPLETE),
    (lambda: cycle(ValueError()), REDELIVER),
    (lambda: cycle(chain(ValueError(), context=UNKNOWN)), COMPLETE),
    (lambda: chain(ValueError(), cause=REFUSAL), COMPLETE),
    (lambda: chain(ValueError(), cause=chain(KeyError(), cause=REFUSAL)), COMPLETE),
    (lambda: chain(ValueError(), context=REFUSAL), REDELIVER),
    (lambda: chain(NotSentError("refused"), cause=REFUSAL), REDELIVER),
    (lambda: ExceptionGroup("", [REFUSAL, ExceptionGroup("", [REFUSAL, InvalidInputError("", field="")])]), COMPLETE),
    (lambda: ExceptionGroup("", [REFUSAL, chain(ValueError(), cause=REFUSAL)]), COMPLETE),
    (lambda: ExceptionGroup("", [REFUSAL, ValueError()]), REDELIVER),
    (lambda: ExceptionGroup("", [REFUSAL, cycle(ValueError())]), REDELIVER),
]


@pytest.mark.parametrize(("make", "action"), CHAINS)
def test_the_policy_looks_through_what_led_to_an_error(
    make: Callable[[], BaseException], action: FailureAction
) -> None:
    assert decide_failure(make()) is action


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9), st.booleans()), max_size=20), st.integers(0, 9))
def test_however_errors_are_tied_to_each_other_the_policy_ends(ties: list[tuple[int, int, bool]], unknown: int) -> None:
    made: list[Exception] = [OutcomeUnknownError("") if number == unknown else ValueError() for number in range(10)]
    made.append(ExceptionGroup("", list(made)))
    for one, other, is_cause in ties:
        chain(made[one], cause=made[other] if is_cause else None, context=made[other])
    assert decide_failure(made[-1]) is COMPLETE
    assert decide_failure(made[unknown]) is COMPLETE
    assert all(isinstance(decide_failure(error), FailureAction) for error in made)


def test_a_chain_of_many_thousand_errors_is_looked_through() -> None:
    error: Exception = OutcomeUnknownError("")
    for _ in range(20_000):
        error = chain(ValueError(), cause=error)
    assert decide_failure(error) is COMPLETE
