"""Follow the quick start or the README as a reader does, in real processes.

Only the ports of the sandbox and the receiver differ, because the usual ones may be in use, and curl is not needed.
"""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import attrs
import httpx

from tests.docs.pages import ROOT, Block, blocks_of
from tests.docs.shell import Command, Place, check, commands
from tests.left_out import search_path
from tests.rough_server import free_port

BLOCKS = blocks_of(ROOT / "docs" / "quick-start.md")
PATIENCE = 60.0
"""Seconds, for what takes one or two."""


@attrs.define
class Reader:
    """Follows a page.

    Attributes:
        folder: Where files are written.
        ports: The page's ports, and those that are taken instead.
        environment: What has been exported.
        stack: What ends the servers.
        servers: Programs that go on, and where their output goes.
        printed: What the last command printed that ended.
    """

    folder: Path
    ports: dict[str, int]
    environment: dict[str, str]
    stack: ExitStack
    servers: list[Path] = attrs.field(factory=list)
    printed: str = ""

    def follow(self, block: Block) -> None:
        text = self._here(block.text)
        if block.title:
            (self.folder / block.title).write_text(text, "utf-8")
        elif block.language == "text":
            self.compare(block.text)
        else:
            for command in commands(text):
                self.give(command)

    def give(self, command: Command) -> None:
        program, *words = command.words
        if program == "pip":
            check(command, Place(self.folder, ""))
        elif program == "export":
            self.environment |= dict(word.split("=", 1) for word in words)
        elif program == "curl":
            check(attrs.evolve(command, words=tuple(map(self._as_on_the_page, command.words))), self._place())
        elif program == "uvicorn":
            # Who reads and types is slower than this program: by now, all that was to come of the first message came.
            httpx.post(f"http://127.0.0.1:{self.ports['8750']}/__sandbox__/settle", timeout=PATIENCE).raise_for_status()
            self.start(["-m", program, *words], self.ports["8000"])
        elif words[:2] == ["-m", "connectly_api.sandbox"]:
            self.start([*words, "--port", str(self.ports["8750"])], self.ports["8750"])
        else:
            assert program in {"python", "connectly"}
            arguments = words if program == "python" else ["-m", "connectly_api.cli", *words]
            done = subprocess.run(
                [sys.executable, "-W", "error", *arguments], cwd=self.folder, env=self.environment, capture_output=True,
                text=True, timeout=PATIENCE, check=False,
            )  # fmt: skip
            assert (done.returncode, done.stderr) == (0, "")
            self.printed = done.stdout

    def start(self, words: list[str], port: int) -> None:
        output = self.folder / f"server-{len(self.servers)}.txt"
        self.servers.append(output)
        self.stack.enter_context(run_server([sys.executable, *words], self.folder, self.environment, output))
        wait_until(lambda: is_listening(port), output)

    def compare(self, expected: str) -> None:
        """Wait until the last command, or else the last server, has printed what the page shows."""
        pattern = re.compile(".*?".join(map(re.escape, expected.strip().split("…"))), re.DOTALL)
        if not pattern.fullmatch(self.printed.strip()):
            server = self.servers[-1]
            wait_until(lambda: pattern.fullmatch(server.read_text("utf-8").strip()) is not None, server)

    def _here(self, text: str) -> str:
        for usual, port in self.ports.items():
            text = text.replace(f"127.0.0.1:{usual}", f"127.0.0.1:{port}").replace(f"--port {usual}", f"--port {port}")
        return text

    def _as_on_the_page(self, word: str) -> str:
        return word.replace(f"127.0.0.1:{self.ports['8750']}", "127.0.0.1:8750")

    def _place(self) -> Place:
        return Place(self.folder, f"http://127.0.0.1:{self.ports['8750']}")


@contextmanager
def run_server(command: list[str], folder: Path, environment: dict[str, str], output: Path) -> Iterator[None]:
    with (
        output.open("w") as file,
        subprocess.Popen(command, cwd=folder, env=environment, stdout=file, stderr=subprocess.STDOUT) as process,
    ):
        try:
            yield
        finally:
            process.terminate()


def is_listening(port: int) -> bool:
    with socket.socket() as connection:
        return connection.connect_ex(("127.0.0.1", port)) == 0


def wait_until(condition: Callable[[], bool], server: Path) -> None:
    last = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < last, f"it did not happen; the server says:\n{server.read_text('utf-8')}"
        time.sleep(0.05)


@contextmanager
def open_reader(folder: Path) -> Iterator[Reader]:
    """Begin in an empty folder with an environment that names no service; end the servers with the block."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CONNECTLY_")}
    environment |= {"PYTHONPATH": search_path(ROOT)}
    with ExitStack() as stack:
        yield Reader(folder, {"8750": free_port(), "8000": free_port()}, environment, stack)
