"""Runs the plain handlers of a request in the request's thread, while its coroutine runs on the event loop.

Frameworks tie a request to its thread: its context, its database connection, its transaction. So the thread that waits
for the result does the work that the coroutine hands back to it. It calls the event loop in steps: each step ends when
the coroutine has ended, or has work for the thread, and the next step takes the outcome of the work along.

Whatever interrupts the thread, such as Ctrl-C or a server's time limit, cancels the coroutine, which leaves no claim
behind; the thread waits for that. If it interrupted a call of the client whose request may have left, the cancellation
says so. A time limit may also be an ordinary exception, such as Celery's, with which the function fails: so the calls
that were cancelled in the thread go back to the coroutine with the outcome.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, Final, ParamSpec, TypeVar, cast

import attrs
from anyio import to_thread

from connectly_api.errors import ConnectlyError, UsageError
from connectly_api.sync import portal
from connectly_api.unknown_outcomes import UnknownOutcomes, add_unknown_outcome
from connectly_api.webhooks.plain_functions import WAITING_THREAD

P = ParamSpec("P")
T = TypeVar("T")
_Outcome = tuple[Any, BaseException | None, Sequence[ConnectlyError]]
"""What a function returned or raised, and the calls that were cancelled in it."""


@attrs.frozen(eq=False)
class _Work:
    """A function for the thread, and the future of its outcome; a future cannot hold every exception."""

    function: Callable[[], Any]
    outcome: asyncio.Future[_Outcome]


class _WaitingThread:
    """A thread that waits for one coroutine. The coroutine functions run on the event loop."""

    def __init__(self) -> None:
        self._steps: Final[asyncio.Queue[_Work | None]] = asyncio.Queue()
        self._unfinished: Final[set[_Work]] = set()
        self._task: asyncio.Task[Any] | None = None
        self._interruption: BaseException | None = None

    def run(self, function: Callable[[], Coroutine[Any, Any, T]]) -> T:
        __tracebackhide__ = True
        step = partial(self._begin, function)
        unknown_outcomes: list[ConnectlyError] = []
        try:
            while (work := portal.run(step)) is not None:
                with UnknownOutcomes() as unknown_outcomes:
                    result, error = _try(work.function)
                step = partial(self._resume, work, (result, error, tuple(unknown_outcomes)))
                unknown_outcomes = []
        except BaseException as interruption:
            with suppress(UsageError):  # The program is ending.
                portal.run(self._interrupt, next(iter(unknown_outcomes), interruption))
            raise
        return cast("asyncio.Task[T]", self._task).result()

    async def _begin(self, function: Callable[[], Coroutine[Any, Any, Any]]) -> _Work | None:
        WAITING_THREAD.set(self._hand_over)
        self._task = asyncio.create_task(function())
        self._task.add_done_callback(lambda _task: self._steps.put_nowait(None))
        return await self._steps.get()

    async def _resume(self, work: _Work, outcome: _Outcome) -> _Work | None:
        work.outcome.set_result(outcome)
        return await self._steps.get()

    async def _interrupt(self, error: BaseException) -> None:
        self._interruption = error
        for work in self._unfinished:
            work.outcome.set_result((None, error, ()))
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    async def _hand_over(self, function: Callable[[], Any]) -> Any:  # noqa: ANN401 (the function's)
        if self._interruption is not None:
            # The store's, to release the claim: no handler begins any more.
            return await to_thread.run_sync(function)
        work = _Work(function, asyncio.get_running_loop().create_future())
        self._unfinished.add(work)
        self._steps.put_nowait(work)
        try:
            result, error, unknown_outcomes = await work.outcome
        finally:
            self._unfinished.discard(work)
        for call in unknown_outcomes:
            add_unknown_outcome(call)
        if error is None:
            return result
        if self._interruption is None:
            raise error
        # What interrupts the thread must not end the event loop. The cause shows what the function was doing.
        raise asyncio.CancelledError from error


def _try(function: Callable[[], Any]) -> tuple[Any, Exception | None]:
    try:
        return function(), None
    except Exception as error:  # noqa: BLE001 (it is raised in the coroutine)
        return None, error


def run(function: Callable[P, Coroutine[Any, Any, T]], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Run an async function on the process's event loop, and return its result or raise its exception.

        run(customer.says, "Hi")

    Plain handlers and WSGI applications that it calls run in this thread.

    Args:
        function: The function. It sees the context variables of the caller.
        args: Its arguments.
        kwargs: Its keyword arguments.

    Raises:
        UsageError: The calling thread runs an event loop, asyncio's or Trio's, or the program is ending.
    """
    __tracebackhide__ = True  # A test's own frames are enough.
    return _WaitingThread().run(partial(function, *args, **kwargs))
