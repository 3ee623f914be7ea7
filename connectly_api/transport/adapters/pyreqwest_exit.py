"""How to exit the interpreter without stopping pyreqwest's thread, and how to await its results.

**The exit.** pyreqwest runs its requests on one Rust thread per process. That thread wakes an asyncio task by a call
into Python. In the middle of that call, while it writes to the event loop's pipe, it gives up the GIL: the task goes
on, the program ends, and the interpreter, which is exiting, stops the thread when it takes the GIL again. A Rust
thread cannot be stopped there without aborting the process. So at exit

1. nothing may be left that the thread could wake: `_PENDING` has everything awaited, and `_drain_at_exit` closes it;
2. the thread must be past each wake-up that it had begun: `drain_thread` gives it one more request, and waits until
   it is done. The thread itself refuses that request, so no byte is sent.

Daemon threads may keep running meanwhile. One that begins to await after `_EXITING` is set gets an error; one that was
awaiting before is in `_PENDING` and closed. Registering first and looking at `_EXITING` second leaves no gap between
the two. A generator that a daemon thread is executing at that moment cannot be closed: `_close` waits for it to pause.

**Cancellation.** pyreqwest's awaitables raise a `CancelledError` of their own, which anyio's cancel scopes, going by
the message, would not recognise as theirs; and if the result or an error arrives together with the cancellation, they
return or raise that and forget the cancellation. `await_cancellably` raises the original `CancelledError`.
"""

from __future__ import annotations

import asyncio
import os
import threading
import time
import types
from collections.abc import Awaitable, Generator
from contextlib import suppress
from functools import cache, partial
from typing import Any, Final, TypeVar, cast

from pyreqwest.client import ClientBuilder, SyncClient, SyncClientBuilder
from pyreqwest.exceptions import PyreqwestError

from connectly_api.exit_steps import ExitStep, run_at_exit

T = TypeVar("T")

_PENDING: Final[set[Generator[Any, Any, Any]]] = set()
_EXITING: Final = threading.Event()
_LONGEST_WAIT: Final = 5000
"""Milliseconds."""


def create_client_builder() -> ClientBuilder:
    """Return the builder of a client whose requests run on the one thread that is drained at exit."""
    _get_refusing_client()
    return ClientBuilder().runtime_multithreaded(enable=False)


@types.coroutine
def await_cancellably(awaitable: Awaitable[T]) -> Generator[Any, None, T]:
    """Await pyreqwest's thread, and raise a cancellation unchanged."""
    steps = awaitable.__await__()
    _PENDING.add(steps)
    thrown: BaseException | None = None
    try:
        if _EXITING.is_set() and threading.current_thread() is not threading.main_thread():
            raise RuntimeError("the interpreter is ending")  # noqa: TRY301 (what cleans up is here)
        waiting_for = next(steps)
        while True:
            try:
                yield waiting_for
            except GeneratorExit:
                thrown = None
                steps.close()
                raise
            except BaseException as error:  # noqa: BLE001 (it is thrown into what is awaited)
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
        _PENDING.discard(steps)
        if _EXITING.is_set() and threading.current_thread() is threading.main_thread():
            drain_thread()  # Another exit handler awaited something, and nothing drains the thread after it.


def drain_thread() -> None:
    """Wait until the thread has finished each wake-up that it has begun: about 30 µs, or until the current one ends."""
    with suppress(PyreqwestError):
        _get_refusing_client().get("http://localhost/").build().send()


@cache
def _get_refusing_client() -> SyncClient:
    # The thread refuses its only request, as it is not https, before any I/O.
    client = SyncClientBuilder().runtime_multithreaded(enable=False).no_proxy().https_only(enable=True).build()
    # Registered only now: without a client, there is no thread to wait for.
    run_at_exit(ExitStep.DRAIN_PYREQWEST, partial(_drain_at_exit, os.getpid()))
    return client


def _drain_at_exit(process: int) -> None:
    if os.getpid() != process:
        return  # A forked child has no such thread.
    _EXITING.set()
    for steps in tuple(_PENDING):
        _close(steps)
    drain_thread()


def _close(steps: Generator[Any, Any, Any]) -> None:
    for _ in range(_LONGEST_WAIT):
        with suppress(RuntimeError, ValueError):
            steps.close()
            break
        time.sleep(0.001)
