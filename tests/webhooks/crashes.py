"""Kill receivers in the middle of their handlers, again and again, and write down what they did.

    python -m tests.webhooks.crashes FOLDER ROUNDS SEED

In each round two processes, with one SQLite file between them, are given every event that is not acknowledged yet, and
both are killed with SIGKILL when handlers have been started so many times. At the end one process is left alone until
every event is acknowledged. Everything goes into `FOLDER/log`, one line each, of which the last is complete or missing:
`start N`, `end N`, `completed N`, `acknowledged N`, and `killed` for each process that did not end by itself.
"""

from __future__ import annotations

import os
import random
import signal
import sys
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

import anyio

from connectly_api.webhooks import Claim, Event, SQLiteStore, WebhookApp

from .asgi_request import SECRET, deliver
from .documented_bodies import load_body

LEASE = 0.05
NEW_EACH_ROUND = 4


class Journal:
    """A file to which several processes append whole lines."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.file = os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY)

    def write(self, line: str) -> None:
        os.write(self.file, f"{line}\n".encode())

    def numbers(self, what: str) -> set[int]:
        lines = self.path.read_text("ascii").splitlines()
        return {int(line.split()[1]) for line in lines if line.startswith(f"{what} ")}


class JournallingStore(SQLiteStore):
    """The store, which writes down each completion that it accepted."""

    def __init__(self, path: Path, journal: Journal, numbers: dict[str, int]) -> None:
        super().__init__(path, lease=LEASE)
        self.journal = journal
        self.numbers = numbers

    async def complete(self, claim: Claim) -> bool:
        held = await super().complete(claim)
        if held:
            self.journal.write(f"completed {self.numbers[claim.key]}")
        return held


async def receive(folder: Path, journal: Journal, events: list[int], dice: random.Random, started: int | None) -> None:
    """Be a process that receives events until each is acknowledged, three at a time."""
    numbers: dict[str, int] = {}
    app = WebhookApp(SECRET, store=JournallingStore(folder / "events.db", journal, numbers))

    @app.on_any
    async def handle(event: Event) -> None:
        number = int(event.message_id or "")
        numbers[event.key] = number
        journal.write(f"start {number}")
        if started is not None:
            os.write(started, b".")
        await anyio.sleep(dice.uniform(0, 0.004))
        journal.write(f"end {number}")

    async def redeliver(number: int, places: anyio.Semaphore) -> None:
        while True:
            async with places:
                status = await deliver(app, load_body("text", message={"id": str(number), "text": "hello"}))
            if status == 200:
                journal.write(f"acknowledged {number}")
                return
            await anyio.sleep(dice.uniform(0, LEASE))

    places = anyio.Semaphore(3)
    async with anyio.create_task_group() as tasks:
        for number in dice.sample(events, len(events)):
            tasks.start_soon(redeliver, number, places)


def fork(work: Callable[[], Awaitable[None]]) -> int:
    """Start a process that does some work and nothing else; return its id."""
    if child := os.fork():
        return child
    try:
        anyio.run(work)
    finally:
        os._exit(0)


def kill_two(folder: Path, journal: Journal, events: list[int], dice: random.Random) -> None:
    """Let two processes receive events, and kill both after some handlers have been started."""
    reading, writing = os.pipe()
    works = [partial(receive, folder, journal, events, random.Random(dice.random()), writing) for _ in range(2)]  # noqa: S311 (repeatable, not secret)
    children = [fork(work) for work in works]
    os.close(writing)
    for _ in range(dice.randint(1, 7)):
        os.read(reading, 1)
    for child in children:
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        if os.WIFSIGNALED(status):
            journal.write("killed")
    os.close(reading)


def main(folder: Path, rounds: int, seed: str) -> None:
    journal, dice = Journal(folder / "log"), random.Random(seed)  # noqa: S311 (repeatable, not secret)
    for number in range(1, rounds + 1):
        events = sorted(set(range(number * NEW_EACH_ROUND)) - journal.numbers("acknowledged"))
        kill_two(folder, journal, events, dice)
    left = sorted(set(range(rounds * NEW_EACH_ROUND)) - journal.numbers("acknowledged"))
    os.waitpid(fork(partial(receive, folder, journal, left, dice, None)), 0)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
