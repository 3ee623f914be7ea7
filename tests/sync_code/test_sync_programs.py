"""Synchronous code in forked processes, at the end of programs, and under Ctrl-C: programs of their own."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest

from tests.patience import wait_patiently
from tests.rough_server import RoughServer, rough_server, sent

ROOT = Path(__file__).parents[2]
# Later versions warn of every fork of a process with threads.
FLAGS = ("-Xfaulthandler", "-Werror", "-Wignore:This process:DeprecationWarning")

PROGRAM = """
import asyncio, atexit, multiprocessing, os, signal, sys, threading

from connectly_api import ConnectlyError, UsageError
from connectly_api.sync import Connectly, SQLiteStore
from connectly_api.transport.adapters.httpx import HttpxTransport

url, transport, folder = sys.argv[1:]


def connect(**settings):
    return Connectly(**{"api_key": "key", "business_id": "b", "base_url": url, "transport": transport} | settings)


def send(connectly, text="x"):
    assert connectly.send_text("+16044441111", text).id


def refuses(words, function, *arguments):
    try:
        function(*arguments)
    except UsageError as error:
        assert words in str(error), error
    else:
        raise AssertionError


def start(function, *arguments, count=8, daemon=False):
    threads = [threading.Thread(target=function, args=arguments, daemon=daemon) for _ in range(count)]
    for thread in threads:
        thread.start()
    return threads


def fork(function, *arguments):
    # Both ends are tried: with exit handlers, and without.
    for end in (sys.exit, os._exit):
        child = os.fork()
        if not child:
            signal.alarm(60)
            function(*arguments)
            end(0)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        assert status == 0, status


# What a child can do whose parent has sent something: pyreqwest does not survive a fork, and says so.
def send_in_child(connectly):
    if transport == "pyreqwest":
        refuses("does not survive a fork", send, connectly)
    else:
        send(connectly)


connectly = connect()
"""

FORKS = {
    "before anything is sent": "fork(send, connectly)\nsend(connectly)\n",
    "after sending": "send(connectly)\nfork(send_in_child, connectly)\nsend(connectly)\n",
    "twice": "send(connectly)\nfork(fork, send_in_child, connectly)\nsend(connectly)\n",
    "without any use in the child": "send(connectly)\nfork(print)\n",
    "views and registrations of the parent": """
view, webhooks = connectly.with_sender("+14151111234"), connectly.webhooks
send(view)
webhooks.list()

def use():
    send_in_child(view)
    if transport != "pyreqwest":
        webhooks.list()
        assert webhooks is connectly.webhooks

fork(use)
""",
    "a client that the parent has closed": """
send(connectly)
connectly.close()
fork(refuses, "closed", send, connectly)
""",
    "a client that the child closes": """
send(connectly)

def close():
    connectly.close()
    refuses("closed", send, connectly)

fork(close)
send(connectly)
""",
    "an adapter of the user's": """
connectly = connect(transport=HttpxTransport())
send(connectly)
fork(refuses, "adapter belongs to the parent", send, connectly)
send(connectly)
""",
    "while threads send": """
is_over = False

def send_on():
    while not is_over:
        send(connectly)

send(connectly)
threads = start(send_on)

def send_in_threads():
    for thread in start(send_in_child, connectly, count=4):
        thread.join()

for _ in range(3):
    fork(send_in_threads)
is_over = True
for thread in threads:
    thread.join()
""",
    "in the event loop's own thread": """
async def fork_within(client):
    child = os.fork()
    if not child:
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

assert connectly.run(fork_within) == 0
send(connectly)
""",
    "a pool of processes": """
def work(_):
    send_in_child(connectly)

send(connectly)
with multiprocessing.get_context("fork").Pool(2) as pool:
    pool.map(work, range(10))
""",
    "a store": """
store = SQLiteStore(f"{folder}/webhooks.db")
claim = store.claim("a")

def use():
    assert not store.claim("a").is_granted
    assert store.complete(store.claim(str(os.getpid())))

fork(use)
assert store.complete(claim)
fork(store.close)
store.check()
""",
}
WITH_AUTO = ("before anything is sent", "after sending", "while threads send")

ENDS = {
    "not closed": "send(connectly)\n",
    "never used": "",
    "calls of daemon threads that get no answer": """
start(send, connectly, "hang", daemon=True)
send(connectly)
""",
    "threads that end after the main thread": """
def send_later():
    threading.main_thread().join()
    for _ in range(5):
        send(connectly)

send(connectly)
start(send_later)
""",
    "a thread that resolves a name after the main thread": """
def send_later():
    threading.main_thread().join()
    send(connect(base_url=url.replace("127.0.0.1", "localhost")))

start(send_later)
""",
    "daemon threads that go on": """
def send_on():
    try:
        while True:
            send(connectly)
    except UsageError as error:
        assert "the program is ending" in str(error), error

send(connectly)
start(send_on, daemon=True)
send(connectly)
""",
    "an exit handler that sends": """
@atexit.register
def say_goodbye():
    send(connectly)
    connectly.close()
    refuses("closed", send, connectly)

send(connectly)
""",
    "an exit handler of a program that has sent before": "send(connectly)\natexit.register(send, connectly)\n",
    "sys.exit in what runs on the event loop": """
async def leave(client):
    sys.exit(0)

send(connectly)
connectly.run(leave)
raise AssertionError
""",
    "something that still runs on the event loop": """
async def go_on():
    await asyncio.Event().wait()

async def leave_running(client):
    global task
    task = asyncio.create_task(go_on())

connectly.run(leave_running)
send(connectly)
""",
    "Ctrl-C": """
main_thread = threading.main_thread()

def interrupt():
    os.kill(os.getpid(), signal.SIGINT)

async def wait(client):
    threading.Thread(target=interrupt).start()
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        ended.append(True)
        raise

ended = []
send(connectly)
try:
    connectly.run(wait)
except KeyboardInterrupt:
    assert ended
else:
    raise AssertionError
send(connectly)
""",
}


async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, server: RoughServer) -> None:
    """Answer each request, unless it is to hang."""
    while (body := await server.read(reader)) is not None:
        if b"hang" not in body:
            writer.write(sent())
            await writer.drain()


async def run(program: str, transport: str, folder: Path) -> None:
    """Run a program with warnings as errors, and see that it ends well and says nothing."""
    async with rough_server(behave) as server:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, *FLAGS, "-c", PROGRAM + program, server.base_url, transport, str(folder)),
            cwd=ROOT,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env={**os.environ, "RUST_BACKTRACE": "1"},
        )
        output, _ = await wait_patiently(process.communicate())

    assert (process.returncode, output.decode().strip()) == (0, "")


@pytest.mark.long
@pytest.mark.parametrize(
    ("when", "transport"),
    [*((when, name) for when in FORKS for name in ("httpx", "pyreqwest")), *((when, "auto") for when in WITH_AUTO)],
)
@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
async def test_a_forked_process_has_connections_of_its_own(when: str, transport: str, tmp_path: Path) -> None:
    await run(FORKS[when], transport, tmp_path)


@pytest.mark.long
@pytest.mark.parametrize("transport", ["httpx", "pyreqwest"])
@pytest.mark.parametrize("what", ENDS)
async def test_a_program_ends_by_itself_and_without_a_word(what: str, transport: str, tmp_path: Path) -> None:
    await run(ENDS[what], transport, tmp_path)
