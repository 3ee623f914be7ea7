"""pyreqwest's thread, of which a process has one: awaited faithfully, and at rest when the interpreter ends.

The thread wakes an asyncio task by a call into Python, and in the middle of that call, while it writes to the event
loop's pipe, others may run: the task goes on, the program ends, and Python stops the thread where it is. A thread of
Rust cannot be stopped there without aborting the process. So nothing may be left at exit that the thread could wake,
and it has to be past every wake-up that it had begun, which it shows by carrying out one thing more.
"""

from __future__ import annotations

import asyncio
import atexit
import os
import threading
import time
import types
from collections.abc import Awaitable, Generator
from contextlib import suppress
from functools import cache
from typing import Any, Final, TypeVar, cast

from pyreqwest.client import ClientBuilder, SyncClient, SyncClientBuilder
from pyreqwest.exceptions import PyreqwestError

__all__ = ["come_to_rest", "faithful", "on_the_thread"]

T = TypeVar("T")

_UNDER_WAY: Final[set[Generator[Any, Any, Any]]] = set()
"""What the thread may wake."""

_ENDED: Final = threading.Event()

_PATIENCE: Final = 5000
"""Milliseconds."""


def on_the_thread() -> ClientBuilder:
    """Return the beginning of a client whose requests run on the one thread that will be at rest at exit."""
    _refusing()
    return ClientBuilder().runtime_multithreaded(enable=False)


@types.coroutine
def faithful(awaitable: Awaitable[T]) -> Generator[Any, None, T]:
    """Await what does strange things when it is cancelled, and raise the very `CancelledError` that came.

    pyreqwest raises one of its own, which anyio's cancel scopes, going by the message, would not know as theirs; and
    where its result or its failure has just arrived, it returns or raises that and forgets that it was cancelled.
    """
    steps = awaitable.__await__()
    # Before it begins, and before the end is looked for: whoever ends sees either this, or is seen here.
    _UNDER_WAY.add(steps)
    thrown: BaseException | None = None
    try:
        if _ENDED.is_set() and threading.current_thread() is not threading.main_thread():
            raise RuntimeError("the interpreter is ending")  # noqa: TRY301 (what cleans up is here)
        waiting_for = next(steps)
        while True:
            try:
                yield waiting_for
            except GeneratorExit:
                thrown = None
                steps.close()
                raise
            except BaseException as error:  # noqa: BLE001 (it goes on to whom it is meant for)
                thrown = error
            else:
                thrown = None
            waiting_for = next(steps) if thrown is None else steps.throw(thrown)
    except (Exception, asyncio.CancelledError) as end:
        if isinstance(thrown, asyncio.CancelledError):
            raise thrown from None
        if isinstance(end, StopIteration):
            return cast("T", end.value)
        raise
    finally:
        _UNDER_WAY.discard(steps)
        if _ENDED.is_set() and threading.current_thread() is threading.main_thread():
            come_to_rest()  # A last word at exit: nothing waits for the thread after it.


def come_to_rest() -> None:
    """Wait until the thread is past every wake-up that it has begun: some 30 µs, or as long as it is still in one."""
    with suppress(PyreqwestError):
        _refusing().get("http://localhost/").build().send()


@cache
def _refusing() -> SyncClient:
    # It refuses the only address that it is ever given, before any I/O, but on the thread.
    client = SyncClientBuilder().runtime_multithreaded(enable=False).no_proxy().https_only(enable=True).build()
    # Only now: where there is no client, there is no thread to wait for.
    atexit.register(_end, os.getpid())
    return client


def _end(process: int) -> None:
    if os.getpid() != process:
        return  # a fork, in which there is no such thread to wait for
    _ENDED.set()
    for steps in tuple(_UNDER_WAY):
        _close(steps)
    come_to_rest()


def _close(steps: Generator[Any, Any, Any]) -> None:
    # A daemon thread that is within them at this moment has to come out first: it would be stopped there, too.
    for _ in range(_PATIENCE):
        with suppress(RuntimeError, ValueError):
            steps.close()
            break
        time.sleep(0.001)
