"""The outcome of an attempt, as what the caller gets: a parsed response, or a typed error. Pure."""

from __future__ import annotations

import json
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final, TypeVar

from connectly_api.errors import ConnectlyError, NotSentError, OutcomeUnknownError, UnexpectedResponseError
from connectly_api.transport.failure_text import describe_failure
from connectly_api.transport.protocol import Answer, BrokenExchangeError, Progress, Request, Response
from connectly_api.transport.retry import Failure, is_read, is_repeatable, is_transient

T = TypeVar("T")
_Error = TypeVar("_Error", bound=ConnectlyError)

_DECODER: Final = json.JSONDecoder()
_WHITE_SPACE: Final = " \t\r\n"


@contextmanager
def fail_unsent() -> Generator[None, None, None]:
    """Raise `NotSentError` if a module that a call needs cannot be loaded, for example for lack of file descriptors."""
    try:
        yield
    except (OSError, ImportError) as error:
        unsent = NotSentError(f"not sent: {describe_failure(error)}", retry_safe=is_transient(error))
        raise _set_cause(unsent, error) from None


def check_response(returned: object, progress: Progress) -> Response | Failure:
    """Return the adapter's response; if it is something else, a failure, as nobody knows what the adapter did."""
    match returned:
        case Response(status=int(), headers=tuple() as headers, body=bytes()) if all(map(_is_header, headers)):
            return returned
        case _:
            progress.may_have_left = True
            return to_failure(BrokenExchangeError("the transport did not return a Response"), progress)


def _is_header(pair: object) -> bool:
    match pair:
        case (str(), str()):
            return True
        case _:
            return False


def to_failure(error: Exception, progress: Progress) -> Failure:
    """Convert an exception from an adapter."""
    transient = is_transient(error) if progress.is_transient is None else progress.is_transient
    return Failure(error, progress.may_have_left, transient)


def describe_outcome(outcome: Response | Failure) -> str:
    """Describe an outcome for a log line, with nothing of the request or the body in it."""
    if isinstance(outcome, Response):
        return f"status {outcome.status}"
    return f"{'outcome unknown' if outcome.may_have_left else 'not sent'} ({type(outcome.error).__name__})"


def parse_answer(request: Request[T], response: Response) -> Answer[T]:
    """Parse a 2xx response; raise a typed error if it is incomplete or unreadable."""
    if not response.complete:
        broken = OutcomeUnknownError(
            f"{request.operation}: the response, status {response.status}, broke off after {len(response.body)} bytes"
        )
        raise apply_method(broken, request.method, response)
    try:
        return Answer(request.parse(decode_json(response.body)), response)
    except (ValueError, RecursionError, OSError, ImportError) as error:
        unreadable = UnexpectedResponseError(
            f"{request.operation}: the response, status {response.status}, {len(response.body)} bytes, is not the JSON"
            f" that was expected ({type(error).__name__})",
            status=response.status,
            headers=response.headers,
            body=response.body,
        )
        raise apply_method(unreadable, request.method, response) from None


def build_failure_error(
    request: Request[object], failure: Failure, attempts: int
) -> NotSentError | OutcomeUnknownError:
    """Return the error for a request that got no response."""
    suffix = "" if attempts == 1 else f" ({attempts} attempts)"
    reason = describe_failure(failure.error)
    timed_out = isinstance(failure.error, TimeoutError)
    if not failure.may_have_left:
        text = f"{request.operation}: not sent{suffix}: {reason}"
        return _set_cause(NotSentError(text, timed_out=timed_out, retry_safe=failure.is_transient), failure.error)
    unknown = OutcomeUnknownError(
        f"{request.operation}: the request may have been carried out, but no response came{suffix}: {reason}",
        timed_out=timed_out,
    )
    return _set_cause(apply_method(unknown, request.method, failure), failure.error)


def apply_method(error: _Error, method: str, outcome: Response | Failure) -> _Error:
    """Set an error's two facts by the request's method: a read has no effect, and is safe to repeat like a retry."""
    if is_read(method):
        error.may_have_taken_effect = False
        error.retry_safe = is_repeatable(method, outcome)
    return error


def _set_cause(error: _Error, cause: Exception) -> _Error:
    # For code that asks. It is not printed, as its text may be a server's.
    error.__context__, error.__suppress_context__ = cause, True
    return error


def decode_json(body: bytes) -> object:
    """Return the JSON value that a body holds; None if it is only white space."""
    try:
        text = body.decode().strip(_WHITE_SPACE)
        value, end = _DECODER.raw_decode(text) if text else (None, 0)
        if end == len(text):
            return value
    except ValueError:
        pass  # A byte order mark, another encoding, or not JSON: the slower json.loads finds out.
    return json.loads(body)
