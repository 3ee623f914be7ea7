"""Finds out what an attached application raised while it received a webhook.

Few receivers let an exception through: a `WebhookApp` responds with a 500, and so do Flask and Django, which log it.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from traceback import TracebackException
from types import TracebackType
from typing import Any, Final

from connectly_api.transport.adapters.asgi import Application, Message
from connectly_api.webhooks.failure_watch import FAILURE_WATCH, tell_watch

_LOG: Final = logging.getLogger("connectly_api.sandbox")
_LIBRARY: Final = frozenset({"anyio", "asyncio", "concurrent", "connectly_api"})
"""Packages between the sandbox and the application; the traceback begins after their frames."""


class ErrorWatch(logging.Handler):
    """Keeps the first exception that the receiver of the current delivery lets through, or that it logs.

    Attributes:
        error: The exception, or None.
    """

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.error: BaseException | None = None

    def watch(self, error: BaseException) -> None:
        """Keep an exception, unless there is one."""
        self.error = self.error or error

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the exception of a log record, if the receiver of this delivery wrote it."""
        error = record.exc_info[1] if record.exc_info else None
        if error is not None and FAILURE_WATCH.get() == self.watch:
            self.watch(error)


@contextmanager
def watch_errors() -> Generator[ErrorWatch]:
    """Watch what is raised and logged within the block."""
    watch, root = ErrorWatch(), logging.getLogger()
    token = FAILURE_WATCH.set(watch.watch)
    # As the only handler, it would keep Python from printing what nobody else logs.
    if root.handlers:
        root.addHandler(watch)
    try:
        yield watch
    finally:
        root.removeHandler(watch)
        FAILURE_WATCH.reset(token)


def watch_application(app: Application) -> Application:
    """Return an application that logs what `app` lets through, as a server does, and tells the watch."""

    async def serve(
        scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
    ) -> None:
        try:
            await app(scope, receive, send)
        except Exception as error:
            _LOG.exception("an attached application raised an exception")
            tell_watch(error)
            raise

    return serve


def describe_error(error: BaseException) -> str:
    """Return the type and the message of an exception."""
    try:
        text = str(error)
    except Exception:  # noqa: BLE001  (an application's exception may be anything)
        text = "its text cannot be read"
    return f"{type(error).__name__}: {text}".removesuffix(": ")


def format_traceback(error: BaseException) -> str:
    """Return the traceback of an exception from the application's first frame on."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None and _is_library(trace):
        trace = trace.tb_next
    return "".join(TracebackException(type(error), error, trace).format())


def _is_library(trace: TracebackType) -> bool:
    name: Any = trace.tb_frame.f_globals.get("__name__", "")
    return str(name).partition(".")[0] in _LIBRARY
