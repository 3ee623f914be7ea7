"""Collects the calls that may have been carried out although they failed, for whoever runs code that makes calls.

A cancelled call raises the cancellation, with an `OutcomeUnknownError` as its cause. But that is often lost on its way:
`anyio.fail_after` raises a `TimeoutError` without a cause, and a task group drops the cancellations of its tasks when
one of them fails. Whoever would repeat the code, such as a receiver of webhooks, must know nevertheless.

So it is with an error that the code catches, or hides with `from None`, before it fails with another one.

The same is true of calls that still run when the code has failed, behind `asyncio.shield` or beside a failed call of
`asyncio.gather`: nobody waits for them, and they will be carried out.
"""

from __future__ import annotations

from contextvars import ContextVar, Token
from typing import Final

from connectly_api.errors import ConnectlyError, OutcomeUnknownError

# The tasks and threads that the code starts inherit the list.
_ERRORS: Final[ContextVar[list[ConnectlyError] | None]] = ContextVar("connectly_unknown_outcomes", default=None)


class UnknownOutcomes:
    """A block with a list to which each call that it makes adds its error, if its outcome is unknown.

    While a call that changes something runs, the list has an error for it, too.
    """

    # Every handler of every event runs in one: a generator's would take more than twice as long.
    __slots__ = ("_token",)

    def __enter__(self) -> list[ConnectlyError]:
        """Return the list."""
        errors: list[ConnectlyError] = []
        self._token: Token[list[ConnectlyError] | None] = _ERRORS.set(errors)
        return errors

    def __exit__(self, *_error: object) -> None:
        """Collect no more."""
        _ERRORS.reset(self._token)


def add_unknown_outcome(error: ConnectlyError) -> None:
    """Add the error of a call, cancelled or not, whose outcome is unknown to the list, if there is one."""
    errors = _ERRORS.get()
    if errors is not None:
        errors.append(error)


RunningCall = tuple[list[ConnectlyError], ConnectlyError]
"""A list, and the error that is in it while a call runs."""


def begin_call(operation: str) -> RunningCall | None:
    """Add an error to the list, if there is one, for a call that begins and changes something."""
    errors = _ERRORS.get()
    if errors is None:
        return None
    running = OutcomeUnknownError(f"{operation}: it still runs, and nothing waits for it")
    errors.append(running)
    return errors, running


def end_call(call: RunningCall | None) -> None:
    """Remove the error of a call that has ended."""
    if call is not None:
        errors, running = call
        errors.remove(running)
