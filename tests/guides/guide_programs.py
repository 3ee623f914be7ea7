"""A page's program: its files are written to a folder, and its commands run there as processes."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Final

import attrs

from connectly_api.sandbox import Settings
from tests.docs.pages import ROOT, Block, blocks_of
from tests.docs.shell import commands
from tests.guides.crowd import Crowd
from tests.left_out import search_path
from tests.patience import wait_patiently
from tests.rough_server import free_port

PATIENCE: Final = 60.0
"""Seconds, for what takes one or two."""

_SERVERS: Final = frozenset({"gunicorn", "uvicorn", "celery"})
_USUAL_PORT: Final = "8000"
"""The port of the pages: a free one is taken instead."""


@attrs.frozen
class Page:
    """A page of docs/guides.

    Attributes:
        programs: The files of each program, by path.
        commands: The words of each command in the page's shell blocks.
    """

    programs: Sequence[Mapping[str, str]]
    commands: Sequence[tuple[str, ...]]

    def write_files(self, folder: Path, number: int = 0) -> None:
        """Write a program's files, as a reader does."""
        for title, text in self.programs[number].items():
            path = folder / title
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")

    def find_servers(self) -> list[tuple[str, ...]]:
        """Return the commands that start a server or a worker, in the order of the page."""
        return [words for words in self.commands if words[0] in _SERVERS]


def read_page(name: str) -> Page:
    """Read docs/guides/<name>.md."""
    blocks = blocks_of(ROOT / "docs" / "guides" / f"{name}.md")
    shell = [block.text for block in blocks if block.language == "sh"]
    return Page(
        programs=read_programs(blocks),
        commands=tuple(command.words for text in shell for command in commands(text) if command.words),
    )


def read_programs(blocks: Iterable[Block]) -> list[dict[str, str]]:
    """Return the programs of a page: where a file comes again, a second begins, with the other files of the first."""
    programs: list[dict[str, str]] = [{}]
    for block in blocks:
        if block.title is not None:
            if block.title in programs[0] and len(programs) == 1:
                programs.append(dict(programs[0]))
            programs[-1][block.title] = block.text
    return programs


def build_environment(settings: Settings, base_url: str, **more: str) -> dict[str, str]:
    """Return the environment of a terminal in which the page's program runs against a sandbox."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CONNECTLY_")}
    return environment | {
        "PYTHONPATH": search_path(ROOT),
        "PYTHONUNBUFFERED": "1",
        "CONNECTLY_API_KEY": settings.api_key,
        "CONNECTLY_BUSINESS_ID": settings.business_id,
        "CONNECTLY_WEBHOOK_SECRET": settings.webhook_secret,
        "CONNECTLY_BASE_URL": base_url,
        **more,
    }


def use_port(words: tuple[str, ...], port: int) -> tuple[str, ...]:
    """Return a server's command on another port than the pages' 8000, which it must name once."""
    assert sum(_USUAL_PORT in word for word in words) == 1, f"{' '.join(words)}: name the port {_USUAL_PORT} once"
    return tuple(word.replace(_USUAL_PORT, str(port)) for word in words)


@attrs.frozen
class RunningProgram:
    """A program of Python that runs as a process.

    Attributes:
        name: `gunicorn`, `uvicorn` …
        process: The process, which leads a group of its own.
        log: The file with all that it and its children print.
    """

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def read_output(self) -> str:
        """Return what it has printed so far."""
        return self.log.read_text("utf-8", errors="replace")

    async def wait_for_port(self, port: int) -> None:
        """Wait until something listens."""
        await self.wait_until(lambda: _is_listening(port), f"nothing listens on port {port}")

    async def wait_until(self, condition: Callable[[], bool], problem: str) -> None:
        """Wait for a condition while the program runs.

        Raises:
            AssertionError: The program ended before, or the condition did not come true within a generous time.
        """

        async def poll() -> None:
            while not condition():
                assert self.process.poll() is None, f"the program ended:\n{self.read_output()}"
                await asyncio.sleep(0.02)

        try:
            await wait_patiently(poll(), PATIENCE)
        except TimeoutError:
            raise AssertionError(f"{problem}; the program says:\n{self.read_output()}") from None

    async def stop(self) -> None:
        """End it by SIGTERM.

        Raises:
            AssertionError: It ended with another exit status than 0, with a traceback, or not at all.
        """
        before = len(self.read_output())
        self.process.terminate()
        try:
            await wait_patiently(asyncio.to_thread(self.process.wait), PATIENCE)
        except TimeoutError:
            raise AssertionError(f"SIGTERM does not end the program:\n{self.read_output()}") from None
        after = self.read_output()[before:]
        # uvicorn without workers shuts down, and then lets the signal end it, so that its parent sees why it ended.
        expected = {0, -signal.SIGTERM} if self.name == "uvicorn" else {0}
        assert self.process.returncode in expected, f"exit status {self.process.returncode}:\n{after}"
        assert "Traceback" not in after, f"a traceback at its end:\n{after}"


@asynccontextmanager
async def run_program(
    words: tuple[str, ...], folder: Path, environment: Mapping[str, str]
) -> AsyncGenerator[RunningProgram]:
    """Run `python -m` with a command's words; what still runs at the end of the block is killed, children included."""
    log = folder / f"{words[0]}.log"
    arguments = words[1:] if words[0] == "python" else ("-m", *words)
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: ASYNC220  (starting it takes a moment)
            [sys.executable, *arguments],
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield RunningProgram(words[0], process, log)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


async def meet_crowd(
    crowd: Crowd,
    commands: Sequence[tuple[str, ...]],
    folder: Path,
    *,
    path: str = "/webhooks/connectly",
    read_statuses: Callable[[], str] | None = None,
    **environment: str,
) -> None:
    """Run a program, let a crowd meet it, and end it.

    Args:
        crowd: The customers; their sandbox is served on a socket.
        commands: The server, then its workers, if it has any. They run in the folder.
        folder: The folder with the program's files.
        path: Where the server receives webhooks.
        read_statuses: Returns what the program knows of its messages, as lines with a message's id, a space and a
            status; by default it prints them.
        environment: More variables.

    Raises:
        AssertionError: The program or an answer was not as it should be; the text has all problems, a line for each.
    """
    port = free_port()
    async with crowd.sandbox.serve() as url, AsyncExitStack() as stack:
        variables = build_environment(crowd.sandbox.settings, url, **environment)
        server, *workers = [
            await stack.enter_async_context(run_program(words, folder, variables))
            for words in (use_port(commands[0], port), *commands[1:])
        ]
        await server.wait_for_port(port)
        await crowd.register(f"http://127.0.0.1:{port}{path}")
        await crowd.converse()

        def read_all() -> str:
            return "".join(program.read_output() for program in (server, *workers))

        read = read_statuses or read_all
        with contextlib.suppress(AssertionError):  # The report says what the matter is.
            assert not crowd.find_problems()
            await server.wait_until(lambda: not crowd.find_unfollowed(read()), "not all statuses are followed")
        for program in (server, *workers):
            await program.stop()
    problems = [*crowd.find_problems(), *crowd.find_unfollowed(read())]
    assert not problems, "\n".join([*problems, read_all()])


def _is_listening(port: int) -> bool:
    with socket.socket() as connection:
        return connection.connect_ex(("127.0.0.1", port)) == 0
