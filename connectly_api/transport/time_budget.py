"""The seconds of a call that makes several requests."""

from __future__ import annotations

import time

from connectly_api.errors import NotSentError


class TimeBudget:
    """Counts down from the moment when it is created."""

    def __init__(self, seconds: float) -> None:
        """Start to count.

        Args:
            seconds: For the whole call; `math.inf` for no limit.
        """
        self._end = time.monotonic() + seconds

    def get_remaining(self, operation: str) -> float:
        """Return the seconds that are left for the next request.

        Args:
            operation: The request's, for the error.

        Raises:
            NotSentError: None are left, so the request is not made.
        """
        remaining = self._end - time.monotonic()
        if remaining <= 0:
            raise NotSentError(f"{operation}: not sent: the call's timeout had passed", timed_out=True)
        return remaining
