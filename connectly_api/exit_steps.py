"""What this package does when the program ends, in one exit handler, so that the order is certain.

Python runs exit handlers in the reverse order of their registration. This one is registered when what needs it is
imported, so those that a program registers afterwards run earlier, and can still send.
"""

from __future__ import annotations

import atexit
from collections.abc import Callable
from enum import IntEnum
from operator import itemgetter
from typing import Final


class ExitStep(IntEnum):
    """The steps, in order."""

    END_LOOP = 1
    """Ends the event loop of synchronous code, whose calls may await pyreqwest's thread."""
    DRAIN_PYREQWEST = 2
    """Lets pyreqwest's thread finish; see `transport.adapters.pyreqwest_exit`."""


_FUNCTIONS: Final[list[tuple[ExitStep, Callable[[], None]]]] = []


def run_at_exit(step: ExitStep, function: Callable[[], None]) -> None:
    """Run a function in a step of the exit."""
    _FUNCTIONS.append((step, function))


@atexit.register
def _run_steps() -> None:
    for _, function in sorted(_FUNCTIONS, key=itemgetter(0)):
        function()
