"""Collects the calls that were cancelled when their request may have left, for whoever runs code that makes calls.

A cancelled call raises the cancellation, with an `OutcomeUnknownError` as its cause. But that is often lost on its way:
`anyio.fail_after` raises a `TimeoutError` without a cause, and a task group drops the cancellations of its tasks when
one of them fails. Whoever would repeat the code, such as a receiver of webhooks, must know nevertheless.
"""

from __future__ import annotations

from contextvars import ContextVar, Token
from typing import Final

from connectly_api.errors import ConnectlyError

# The tasks and threads that the code starts inherit the list.
_ERRORS: Final[ContextVar[list[ConnectlyError] | None]] = ContextVar("connectly_cancelled_calls", default=None)


class CancelledCalls:
    """A block with a list to which each call that it makes, and that is cancelled too late, adds its error."""

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


def add_cancelled_call(error: ConnectlyError) -> None:
    """Add the error of a cancelled call to the list, if there is one."""
    errors = _ERRORS.get()
    if errors is not None:
        errors.append(error)
