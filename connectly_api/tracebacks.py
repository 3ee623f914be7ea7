"""Keeps arguments out of tracebacks: no frame's locals may contain a key, a number or a text.

Sentry, rich and `pytest -l` show the locals of each frame that an error passes through. They would contain what was
being sent: arguments, a request's dictionaries, an HTTP library's headers. So each public function that takes such
values is wrapped. When an exception leaves it, the wrapper drops its own arguments and cuts the traceback to the
caller's frames and its own, which pytest does not show (`__tracebackhide__`).

An error of another class is a bug, here or in an adapter. To help fix it, it gets a note with the files and lines that
were cut.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from functools import wraps
from inspect import iscoroutinefunction
from typing import Any, Final, TypeVar, cast

from connectly_api.errors import ConnectlyError

F = TypeVar("F", bound=Callable[..., Any])
C = TypeVar("C", bound=type)

_NOTE: Final = "raised within connectly_api: "
_LONGEST: Final = 8
"""Places in a note."""


def cut_traceback(function: F) -> F:
    """Wrap a function, or a coroutine function, so that no frame below the caller's shows its arguments.

    The wrapper keeps its name, docstring and signature, and is a coroutine function if it is one.
    """
    if iscoroutinefunction(function):

        @wraps(function)
        async def call_async(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 (the wrapped function's own)
            __tracebackhide__ = True
            outer = sys.exception()
            try:
                return await function(*args, **kwargs)
            except BaseException as error:
                args, kwargs = (), {}
                hide_frames(error, outer)
                outer = None
                raise

        return cast("F", call_async)

    @wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 (the wrapped function's own)
        __tracebackhide__ = True
        outer = sys.exception()
        try:
            return function(*args, **kwargs)
        except BaseException as error:
            args, kwargs = (), {}
            hide_frames(error, outer)
            outer = None
            raise

    return cast("F", call)


def cut_init_traceback(kind: C) -> C:
    """Wrap a class's constructor as `cut_traceback` wraps a function; put it above `@frozen`."""
    constructor: Any = kind
    constructor.__init__ = cut_traceback(constructor.__init__)
    return kind


def hide_frames(error: BaseException, outer: BaseException | None) -> None:
    """Cut the traceback of an error and of its causes, up to `outer`, which the caller was already handling."""
    seen = {id(outer)}
    pending: list[BaseException | None] = [error]
    while pending:
        one = pending.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        if isinstance(one, Exception) and not isinstance(one, ConnectlyError):
            _note_places(one)
        one.__traceback__ = None
        pending += [one.__cause__, one.__context__]
        if isinstance(one, BaseExceptionGroup):
            pending += cast("BaseExceptionGroup[BaseException]", one).exceptions


def _note_places(error: Exception) -> None:
    """Add the files, lines and functions that an error came through, without wrappers, unless it has notes already."""
    frames = [
        f"{frame.f_code.co_filename}:{line} in {frame.f_code.co_name}"
        for frame, line in traceback.walk_tb(error.__traceback__)
        if frame.f_code.co_filename != __file__
    ]
    if frames and not hasattr(error, "__notes__"):
        error.add_note(f"{_NOTE}{'; '.join(frames[-_LONGEST:])}")
