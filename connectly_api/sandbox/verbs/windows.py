"""The 24-hour window of a sender and a customer. Pure.

Source: the service's documentation, https://docs.connectly.ai: free-form messages reach only customers who wrote within
the last 24 hours.
"""

from __future__ import annotations

import math
from typing import Final

from connectly_api.errors import InvalidInputError
from connectly_api.sandbox.model.settings import Settings

__all__ = ["chosen_senders", "open_until"]

_OPEN_FOR: Final = 24 * 3600.0
"""Seconds."""


def open_until(settings: Settings, now: float) -> float:
    """Return until when the window is open for a customer who writes now."""
    return math.inf if settings.windows == "open" else now + _OPEN_FOR


def chosen_senders(settings: Settings, sender: object) -> tuple[str, ...]:
    """Return the one of the business's numbers that is named, or all of them where None is.

    Raises:
        InvalidInputError: It is none of them.
    """
    if sender is None:
        return settings.senders
    if not isinstance(sender, str) or sender not in settings.senders:
        raise InvalidInputError("sender: is not one of the sandbox's senders", field="sender")
    return (sender,)
