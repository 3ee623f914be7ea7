"""pyreqwest's thread: how what it does is awaited, and that it never aborts a program that ends."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Generator
from pathlib import Path
from typing import cast

import pytest

from connectly_api.transport.adapters import pyreqwest_exit as runtime
from connectly_api.transport.adapters.pyreqwest_exit import await_cancellably
from tests.patience import wait_patiently
from tests.rough_server import RoughServer, rough_server, sent

ROOT = Path(__file__).parents[2]

PROGRAM = """
import asyncio, atexit, math, os, signal, sys, threading, time

from connectly_api import Connectly, Timeouts

FOREVER = Timeouts(total=math.inf, connect=math.inf, read=math.inf)


class Loop(asyncio.SelectorEventLoop):
    # A thread that wakes the loop is held where the loop is awake already: what an unlucky moment does, made certain.
    def call_soon_threadsafe(self, *arguments, **keywords):
        handle = super().call_soon_threadsafe(*arguments, **keywords)
        if threading.current_thread() not in PYTHONS_OWN:
            time.sleep(0.008)
        return handle


def connect():
    return Connectly(
        api_key="key", business_id="b", base_url=sys.argv[1], transport="pyreqwest", timeouts=FOREVER
    )


def start(connectly):
    return [asyncio.create_task(connectly.send_text("+16044441111", text)) for text in ("1", "2", "wait", "4", "wait")]


def run(main):
    with asyncio.Runner(loop_factory=Loop) as runner:
        runner.run(main())


PYTHONS_OWN = {threading.main_thread()}
"""

ENDINGS = {
    "closed": (
        0,
        """
async def main():
    async with connect() as connectly:
        await connectly.send_text("+16044441111", "1")
run(main)
""",
    ),
    "not closed": (
        0,
        """
async def main():
    await connect().send_text("+16044441111", "1")
run(main)
""",
    ),
    "a loop that is not closed": (
        0,
        """
async def main():
    global connectly
    connectly = connect()
    await connectly.send_text("+16044441111", "1")
loop = Loop()
loop.run_until_complete(main())
""",
    ),
    "requests in flight": (
        0,
        """
async def main():
    global tasks
    tasks = start(connect())
    await tasks[0]
loop = Loop()
loop.run_until_complete(main())
""",
    ),
    "requests cancelled": (
        0,
        """
async def main():
    tasks = start(connect())
    await asyncio.sleep(0.002)
    for task in tasks:
        task.cancel()
run(main)
""",
    ),
    "an exception": (
        1,
        """
async def main():
    await connect().send_text("+16044441111", "1")
    raise ValueError
run(main)
""",
    ),
    "sys.exit in a task": (
        7,
        """
async def leave():
    await start(connect())[0]
    sys.exit(7)
async def main():
    await asyncio.create_task(leave())
run(main)
""",
    ),
    "a signal": (
        -signal.SIGINT,
        """
async def main():
    await start(connect())[0]
    os.kill(os.getpid(), signal.SIGINT)
    await asyncio.Event().wait()
run(main)
""",
    ),
    "a daemon thread at work": (
        0,
        """
async def main():
    connectly = connect()
    while True:
        await asyncio.wait(start(connectly)[:2])
        ready.set()
ready = threading.Event()
thread = threading.Thread(target=run, args=[main], daemon=True)
PYTHONS_OWN.add(thread)
thread.start()
ready.wait()
""",
    ),
    "a daemon thread that begins a request": (
        0,
        """
def create_future(loop):
    ready.set()
    time.sleep(0.01)
    return asyncio.SelectorEventLoop.create_future(loop)
async def main():
    connectly = connect()
    await asyncio.wait(start(connectly)[:2])
    Loop.create_future = create_future
    while True:
        await start(connectly)[0]
ready = threading.Event()
thread = threading.Thread(target=run, args=[main], daemon=True)
PYTHONS_OWN.add(thread)
thread.start()
ready.wait()
""",
    ),
    "a last word at exit": (
        0,
        """
async def main():
    async with connect() as connectly:
        await connectly.send_text("+16044441111", "1")
atexit.register(run, main)
run(main)
""",
    ),
    "a last word at exit, not closed": (
        0,
        """
async def main():
    await connect().send_text("+16044441111", "1")
atexit.register(run, main)
run(main)
""",
    ),
    "a fork": (
        0,
        """
async def main():
    await connect().send_text("+16044441111", "1")
run(main)
child = os.fork()
if child:
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
""",
    ),
}


async def answer_or_wait(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, server: RoughServer) -> None:
    while (body := await server.read(reader)) is not None:
        if b"wait" in body:
            await reader.read()
        writer.write(sent())
        await writer.drain()


# What an unlucky moment does is made certain by the loop above; several at a time look for moments that it misses.
@pytest.mark.slow
@pytest.mark.parametrize("runs", [1, pytest.param(4, marks=pytest.mark.long)])
@pytest.mark.parametrize("ending", ENDINGS)
async def test_a_program_ends_with_its_own_status_whatever_the_thread_is_at(ending: str, runs: int) -> None:
    status, program = ENDINGS[ending]

    async def run(url: str) -> tuple[int | None, str]:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-Wignore",
            "-c",
            PROGRAM + program,
            url,
            cwd=ROOT,
            stderr=asyncio.subprocess.PIPE,
        )
        _, said = await wait_patiently(process.communicate())
        return process.returncode, said.decode()

    async with rough_server(answer_or_wait) as server:
        ended = await asyncio.gather(*(run(server.base_url) for _ in range(runs)))
    for code, said in ended:
        assert code == status, said
        assert not [word for word in ("Fatal", "FATAL", "panicked", "atexit") if word in said], said


async def test_what_is_awaited_may_cancel_itself() -> None:
    future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    future.cancel("by itself")
    with pytest.raises(asyncio.CancelledError, match="by itself"):
        await await_cancellably(future)


async def test_what_is_awaited_may_cancel_itself_later() -> None:
    class Cancelling:
        def __await__(self) -> Generator[None, None, None]:
            yield None
            raise asyncio.CancelledError("by itself")

    with pytest.raises(asyncio.CancelledError, match="by itself"):
        await await_cancellably(Cancelling())


async def test_a_failure_that_arrives_with_a_cancellation_gives_way_to_it() -> None:
    async def waiting() -> None:
        try:
            await asyncio.sleep(10)
        except asyncio.CancelledError:
            raise ValueError("on its way") from None

    task = asyncio.create_task(_wrapped(waiting()))
    await asyncio.sleep(0)
    task.cancel("enough")
    with pytest.raises(asyncio.CancelledError, match="enough"):
        await task


async def test_a_failure_by_itself_arrives() -> None:
    async def failing() -> None:
        await asyncio.sleep(0)
        raise ValueError("on its way")

    task = asyncio.create_task(_wrapped(failing()))
    with pytest.raises(ValueError, match="on its way"):
        await task


async def test_a_cancellation_that_is_swallowed_is_raised_all_the_same() -> None:
    async def deaf() -> str:
        try:
            await asyncio.sleep(10)
        except asyncio.CancelledError:
            return "the result"
        return "too late"

    task = asyncio.create_task(_wrapped(deaf()))
    await asyncio.sleep(0)
    task.cancel("enough")
    with pytest.raises(asyncio.CancelledError, match="enough"):
        await task


async def _wrapped(awaitable: object) -> None:
    await await_cancellably(awaitable)  # type: ignore[arg-type]


async def test_what_is_given_up_is_closed() -> None:
    closed = asyncio.Event()

    class Waiting:
        def __await__(self) -> Generator[None, None, None]:
            try:
                yield None
            finally:
                closed.set()

    steps = cast("Generator[None, None, None]", await_cancellably(Waiting()))
    next(steps)
    steps.close()
    assert closed.is_set()


class AtOnce:
    def __await__(self) -> Generator[None, None, None]:
        return iter(())  # type: ignore[return-value]


async def test_at_the_end_nothing_is_left_to_be_woken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime, "_EXITING", threading.Event())
    task = asyncio.create_task(_wrapped(asyncio.get_running_loop().create_future()))
    await asyncio.sleep(0)
    runtime._drain_at_exit(os.getpid() + 1)
    assert vars(runtime)["_PENDING"]
    runtime._drain_at_exit(os.getpid())
    task.cancel()
    await asyncio.wait([task])
    assert not vars(runtime)["_PENDING"]
    with pytest.raises(RuntimeError, match="the interpreter is ending"):
        await asyncio.to_thread(asyncio.run, _wrapped(AtOnce()))
    await _wrapped(AtOnce())


def test_what_runs_at_this_moment_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime, "_LONGEST_WAIT", 3)
    tries: list[str] = []

    def within() -> Generator[None, None, None]:
        runtime._close(itself[0])
        tries.append("waited, and gave up")
        yield

    itself = [within()]
    next(itself[0])
    runtime._close(itself[0])
    assert tries == ["waited, and gave up"]
    assert list(itself[0]) == []
