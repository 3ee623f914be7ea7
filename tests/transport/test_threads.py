"""The fast transport in threads, forks and servers: programs of their own, as what goes wrong ends the interpreter."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest

from tests.patience import wait_patiently
from tests.rough_server import answering, rough_server, sent

ROOT = Path(__file__).parents[2]

PROGRAM = """
import asyncio, multiprocessing, os, sys, threading

import anyio

from connectly_api import Connectly, UsageError

url, transport, count = sys.argv[1], sys.argv[2], int(sys.argv[3])


def connect(transport=transport):
    return Connectly(api_key="key", business_id="b", base_url=url, transport=transport)


async def send(connectly):
    await connectly.send_text("+16044441111", "1")


async def one(transport=transport):
    async with connect(transport) as connectly:
        await send(connectly)
        inner = connectly.transport._transport
        return type(getattr(inner, "_chosen", inner)).__name__


async def not_closed():
    connectly = connect()
    task = asyncio.create_task(connectly.send_text("+16044441111", "2"))
    await send(connectly)


def in_thread(function, *arguments):
    results = []
    thread = threading.Thread(target=lambda: results.append(function(*arguments)))
    thread.start()
    thread.join()
    return results[0]


def one_after_the_other(main=one, count=count):
    for _ in range(count):
        in_thread(asyncio.run, main())


def at_once(main=one, count=count):
    threads = [threading.Thread(target=asyncio.run, args=[main()]) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def in_a_fork(function, *arguments):
    is_main = threading.current_thread() is threading.main_thread()
    child = os.fork()
    if not child:
        function(*arguments)
        sys.exit() if is_main else os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert status == 0, status
"""

FAST, SLOW = "PyreqwestTransport", "HttpxTransport"

PROGRAMS = {
    "threads one after the other": "one_after_the_other()",
    "threads at once": "at_once()\nat_once()",
    "threads whose clients are not closed": "one_after_the_other(not_closed)\nat_once(not_closed)",
    "the main thread, then others": "asyncio.run(one())\none_after_the_other()\nat_once()",
    "others, then the main thread": "one_after_the_other()\nasyncio.run(one())\nat_once()",
    "an event loop in a thread that lasts": """
loop = asyncio.new_event_loop()
thread = threading.Thread(target=loop.run_forever)
thread.start()
for _ in range(count):
    asyncio.run_coroutine_threadsafe(one(), loop).result()
loop.call_soon_threadsafe(loop.stop)
thread.join()
one_after_the_other()
""",
    # Python lets no thread start while it ends, and the daemon says so; what may not happen is that it crashes.
    "a daemon thread at the end": """
threading.excepthook = lambda _: None
threading.Thread(target=one_after_the_other, args=[one, 10**6], daemon=True).start()
in_thread(asyncio.run, one())
""",
    "a client that is made in another thread": """
connectly = in_thread(connect)
asyncio.run(send(connectly))
one_after_the_other()
""",
    "a fork before anything is sent": """
connectly = connect()
for _ in range(2):
    in_a_fork(one_after_the_other)
    in_a_fork(at_once)
    in_a_fork(asyncio.run, send(connectly))
""",
    "a fork in a thread": "in_thread(in_a_fork, one_after_the_other)",
    "a process pool before anything is sent": """
with multiprocessing.get_context("fork").Pool(2) as pool:
    assert pool.map(asyncio_run, range(count)) == [None] * count
""",
}
PROGRAMS["a process pool before anything is sent"] = (
    "def asyncio_run(_):\n    asyncio.run(send_once())\nasync def send_once():\n    await one()\n"
    + PROGRAMS["a process pool before anything is sent"]
)

# What `auto` takes after a fork, and what a client says that cannot be used there.
FORKED = f"""
def works():
    assert asyncio.run(one("auto")) == "{SLOW}"
    for _ in range(count):
        assert in_thread(asyncio.run, one("auto")) == "{SLOW}"
    at_once(lambda: one("auto"))


def refuses(run, words, connectly):
    try:
        run(send(connectly))
    except UsageError as error:
        assert words in str(error), error
    else:
        raise AssertionError


def in_child(run=asyncio.run):
    refuses(run, "does not survive a fork", connect("pyreqwest"))
    works()
"""

FORKS = {
    "after the program's own use of pyreqwest": """
from pyreqwest.client import SyncClientBuilder
SyncClientBuilder().build().get(url).build().send()
in_a_fork(in_child)
""",
    "after sending in the main thread": "asyncio.run(one())\nin_a_fork(in_child)",
    "after sending in another thread": "in_thread(asyncio.run, one())\nin_a_fork(in_child)",
    "in another thread, after sending": "asyncio.run(one())\nin_thread(in_a_fork, in_child)",
    "twice": "asyncio.run(one())\nin_a_fork(in_a_fork, in_child)",
    "while the parent goes on": """
in_thread(asyncio.run, one())
child = os.fork()
one_after_the_other()
if child:
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
""".replace("one_after_the_other()", "one_after_the_other() if child else in_child()"),
}

SHARED = """
async def main():
    async with connect() as connectly:
        await send(connectly)
        child = os.fork()
        if not child:
            code = 1
            try:
                await send(connectly)
            except UsageError as error:
                code = 2 if "forked" in str(error) else 3
            try:
                await connectly.aclose()
            except UsageError as error:
                code += 10 if "forked" in str(error) else 20
            os._exit(code)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 12
        await send(connectly)
asyncio.run(main())
"""

LOADED_IN_A_THREAD_THAT_ENDED = f"""
in_thread(__import__, "pyreqwest.client")
for _ in range(4):
    assert in_thread(asyncio.run, one("auto")) == "{SLOW}"
    assert asyncio.run(one("auto")) == "{SLOW}"
at_once(lambda: one("auto"), 4)
"""

LOADED_BY_THE_MAIN_THREAD = f"""
import pyreqwest.client
assert in_thread(asyncio.run, one("auto")) == "{SLOW}"
assert asyncio.run(one("auto")) == "{SLOW}"
assert asyncio.run(one("pyreqwest")) == "{FAST}"
assert asyncio.run(one("auto")) == "{SLOW}"
"""

WITHOUT_DESCRIPTORS = """
import resource
from connectly_api import NotSentError

async def main():
    async with connect() as connectly:
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
        kept = []
        try:
            while True:
                kept.append(os.open(os.devnull, os.O_RDONLY))
        except OSError:
            pass
        try:
            await send(connectly)
        except NotSentError as error:
            assert error.retry_safe, error
        else:
            raise AssertionError
        if count == 1:
            for one in kept:
                os.close(one)
            await send(connectly)
        else:
            os.close(kept.pop())
asyncio.run(main())
"""

CHOSEN = f"""
assert in_thread(asyncio.run, one("auto")) == "{FAST}"
assert asyncio.run(one("auto")) == "{FAST}"
"""


async def run(program: str, transport: str, *, count: int, runs: int) -> int:
    """Run a program several times at once, see it end well, and return how many connections its server accepted."""

    async def once(url: str) -> tuple[int | None, str]:
        command = [sys.executable, "-Wignore", "-Xfaulthandler", "-c", PROGRAM + program, url, transport, str(count)]
        process = await asyncio.create_subprocess_exec(
            *command,
            cwd=ROOT,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, "RUST_BACKTRACE": "1"},
        )
        _, said = await wait_patiently(process.communicate())
        return process.returncode, said.decode()

    async with rough_server(answering(sent())) as server:
        ended = await asyncio.gather(*(once(server.base_url) for _ in range(runs)))
    for code, said in ended:
        assert code == 0, said
        assert not [word for word in ("Fatal", "FATAL", "panicked", "Traceback") if word in said], said
    return server.connections


@pytest.mark.slow
@pytest.mark.parametrize("program", PROGRAMS)
async def test_threads_and_forks_send_and_end(program: str) -> None:
    await run(PROGRAMS[program], "pyreqwest", count=4, runs=1)


@pytest.mark.long
@pytest.mark.parametrize("program", PROGRAMS)
async def test_many_threads_and_forks_send_and_end(program: str) -> None:
    await run(PROGRAMS[program], "pyreqwest", count=20, runs=2)


@pytest.mark.slow
@pytest.mark.parametrize("when", FORKS)
async def test_a_child_of_a_process_that_has_sent_says_so_or_takes_httpx(when: str) -> None:
    await run(FORKED + FORKS[when], "pyreqwest", count=2, runs=1)


@pytest.mark.slow
@pytest.mark.parametrize("transport", ["httpx", "pyreqwest", "auto"])
async def test_a_client_that_has_sent_is_not_shared_with_a_child(transport: str) -> None:
    assert await run(SHARED, transport, count=1, runs=1) == 1


@pytest.mark.slow
@pytest.mark.parametrize("program", [CHOSEN, LOADED_IN_A_THREAD_THAT_ENDED, LOADED_BY_THE_MAIN_THREAD])
async def test_auto_takes_pyreqwest_where_it_is_known_not_to_crash(program: str) -> None:
    await run(program, "auto", count=1, runs=1)


@pytest.mark.slow
@pytest.mark.parametrize("count", [0, 1])
async def test_without_descriptors_the_first_send_is_not_sent_and_the_program_goes_on_and_ends(count: int) -> None:
    assert await run(WITHOUT_DESCRIPTORS, "pyreqwest", count=count, runs=1) == count
