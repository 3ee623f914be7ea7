"""Lets the sandbox see what a handler raised, of which the log shows neither the text nor the source."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Final

FAILURE_WATCH: Final[ContextVar[Callable[[BaseException], None] | None]] = ContextVar(
    "connectly_failure_watch", default=None
)
"""Called with what is raised while the current delivery is handled; None if nobody watches."""


def tell_watch(error: BaseException) -> None:
    """Pass an exception to the watch of the current delivery, if there is one."""
    if (watch := FAILURE_WATCH.get()) is not None:
        watch(error)
