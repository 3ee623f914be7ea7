"""What follows from a handler's failure: whether the service should deliver the event again. Pure.

An event that is delivered again runs its handler again, which sends again. That is right if nothing can have happened,
and wrong after an error that leaves open whether the message was accepted: the customer would hear twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import Enum
from typing import Final, cast

from connectly_api.errors import ConnectlyError, InvalidInputError, RequestRejectedError

_REFUSALS: Final = (RequestRejectedError, InvalidInputError)
"""The same call would be refused again."""


class FailureAction(Enum):
    """What to do with an event whose handler failed."""

    REDELIVER = "redeliver"
    """Release the event, so that the service delivers it again and the handler runs again."""
    COMPLETE = "complete"
    """Count the event as handled, so that the handler does not run again."""


FailurePolicy = Callable[[BaseException], FailureAction]
"""A pure function such as `decide_failure`, for `WebhookApp(on_failure=…)`."""


def decide_failure(error: BaseException) -> FailureAction:
    """Return what to do with an event whose handler raised an error.

    An error that `may_have_taken_effect` completes the event, also as a cause or context of another error (unless
    `from None` hides it), or in an exception group. A definite refusal (`RequestRejectedError`, `InvalidInputError`)
    completes it if it is the error itself, its explicit cause, or each error of a group. After any other error, the
    event is to be delivered again.

    Args:
        error: What the handler raised; a cancellation is one, too.
    """
    has_effect = any(isinstance(one, ConnectlyError) and one.may_have_taken_effect for one in _walk(error))
    return FailureAction.COMPLETE if has_effect or _is_refusal(error) else FailureAction.REDELIVER


def _walk(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and all that led to it, each once, as chains may have cycles."""
    seen = set[int]()
    pending: list[BaseException | None] = [error]
    while pending:
        one = pending.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        pending.append(one.__cause__)
        # `from None` hides the context. Another cause does not: what was being handled had happened nevertheless.
        if one.__cause__ is not None or not one.__suppress_context__:
            pending.append(one.__context__)
        if isinstance(one, BaseExceptionGroup):
            pending += cast("BaseExceptionGroup[BaseException]", one).exceptions


def _is_refusal(error: BaseException) -> bool:
    """Return whether an error says that the same call would be refused again; each leaf of a group must."""
    seen = set[int]()
    pending = [error]
    while pending:
        one = pending.pop()
        if isinstance(one, _REFUSALS):
            continue
        if id(one) in seen:
            return False  # A cycle, which ends nowhere.
        seen.add(id(one))
        if isinstance(one, BaseExceptionGroup):
            pending += cast("BaseExceptionGroup[BaseException]", one).exceptions
        elif isinstance(one, ConnectlyError) or one.__cause__ is None:
            return False
        else:
            pending.append(one.__cause__)
    return True
