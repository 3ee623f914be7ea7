"""A sandbox on a socket, in an event loop of another thread, so that a test's own thread can call synchronously."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from connectly_api.sandbox import Sandbox

T = TypeVar("T")


class SandboxThread:
    """The sandbox, its address, and a way to its loop."""

    def __init__(self, sandbox: Sandbox, base_url: str, loop: asyncio.AbstractEventLoop) -> None:
        self.sandbox = sandbox
        self.base_url = base_url
        self._loop = loop

    def run(self, function: Callable[[], Coroutine[Any, Any, T]]) -> T:
        return asyncio.run_coroutine_threadsafe(function(), self._loop).result()


@contextmanager
def serve_sandbox(**settings: Any) -> Iterator[SandboxThread]:
    served: list[SandboxThread] = []
    ready, over = threading.Event(), threading.Event()

    async def main() -> None:
        sandbox = Sandbox(**settings)
        async with sandbox.serve() as address:
            served.append(SandboxThread(sandbox, address, asyncio.get_running_loop()))
            ready.set()
            await asyncio.get_running_loop().run_in_executor(None, over.wait)

    thread = threading.Thread(target=asyncio.run, args=[main()])
    thread.start()
    try:
        ready.wait()
        yield served[0]
    finally:
        over.set()
        thread.join()
