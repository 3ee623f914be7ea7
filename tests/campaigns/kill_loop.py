"""Kill processes that run a campaign, again and again, and check after each kill that nothing was sent twice or lost.

What is checked is what the service counted, not what a process says of itself.
"""

from __future__ import annotations

import json
import multiprocessing
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Final

import anyio
import attrs

from connectly_api import Template
from connectly_api.campaigns import Campaign, CampaignPace, Campaigns, InputRow, StopRules, journal, rows
from connectly_api.campaigns.journal_protocol import Line
from connectly_api.transport import Rate
from connectly_api.webhooks import parse

from .counting_server import ROUGH, SENDER, CountingServer
from .kill_worker import LEASE, start_supervised, work

NAME: Final = "spring"
IN_FLIGHT: Final = 64
_BATCH: Final = 5_000
# Even after some 429, the processes are as fast as they can; without a rate, each 429 holds one up for a second.
_RATE: Final = Rate(100_000, 1_000)
# A process that is forked from one that has imported everything starts within milliseconds.
_PROCESSES: Final = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload(["pytest", "tests.campaigns.kill_worker"])


@attrs.frozen
class Trial:
    """What is tried.

    Attributes:
        journal: A file, or the URL of a database.
        rows: How many rows the campaign has.
        kills: How many processes are killed.
        processes: How many run the campaign at the same time.
        is_supervised: Whether they are workers of procrastinate, which gives them the campaign.
        seed: Of everything that is random.
    """

    journal: str
    rows: int
    kills: int
    processes: int = 1
    is_supervised: bool = False
    seed: int = 0


@attrs.frozen
class Result:
    """What came of it: the rows by state before and after the webhooks, and what the service accepted."""

    before: Counter[str]
    after: Counter[str]
    accepted: int
    kills: int


async def try_kills(trial: Trial, log: Path) -> Result:
    """Plan a campaign, kill its processes until enough are dead, let the rest finish it, and deliver the webhooks.

    Raises:
        AssertionError: Something was sent twice, or cannot be accounted for.
    """
    with CountingServer(ROUGH, trial.seed) as server:
        async with journal(trial.journal) as campaigns:
            campaign = await campaigns.plan(
                NAME,
                rows(_build_rows(trial.rows), to="phone"),
                _build_template,
                sender=SENDER,
                pace=CampaignPace(endpoint=_RATE, number=None),
                stop=StopRules(in_a_row=None, share=None, failed_share=None),
            )
            if trial.is_supervised:
                await start_supervised(trial.journal, NAME)
            loop = _KillLoop(trial, server, campaign, log)
            try:
                await loop.kill()
                await loop.finish()
            finally:
                loop.end()
            before = await loop.check()
            await _deliver_webhooks(server, campaigns, random.Random(trial.seed))  # noqa: S311 (repeatable, not secret)
            after = await loop.check()
            known = {line.n for line in await _read_lines(campaign) if line.state == "accepted"}
            assert known == set(server.count_rows()), "the journal does not know all that the service accepted"
            return Result(before, after, len(known), loop.kills)


class _KillLoop:
    """The processes that run a campaign, and what the service counted of them."""

    def __init__(self, trial: Trial, server: CountingServer, campaign: Campaign, log: Path) -> None:
        self.kills = 0
        self._trial = trial
        self._server = server
        self._campaign = campaign
        self._log = log
        self._log.touch()
        self._dice = random.Random(trial.seed)  # noqa: S311 (repeatable, not secret)
        self._fleet = [self._start() for _ in range(trial.processes)]

    async def kill(self) -> None:
        """Kill one process after the other at random moments, start another for each, and check the books."""
        while self.kills < self._trial.kills:
            # It hits a process that has sent nothing yet, in a turn, on the wire, or between two turns.
            seen = len(self._server.arrivals)
            most = (self._trial.rows - seen) // (self._trial.kills - self.kills)
            until = seen + self._dice.randint(0, most)
            with anyio.move_on_after(LEASE):
                while len(self._server.arrivals) < until:
                    self._check_processes()
                    await anyio.sleep(0.001)
            place = self._dice.randrange(len(self._fleet))
            self._fleet[place].kill()
            self._fleet[place].join()
            self.kills += 1
            await self.check()
            self._fleet[place] = self._start()

    async def finish(self) -> None:
        """Wait until the campaign has ended."""
        while (await self._campaign.status()).state != "finished":
            self._check_processes()
            await anyio.sleep(0.05)

    def end(self) -> None:
        """End all processes."""
        for process in self._fleet:
            process.kill()
            process.join()

    async def check(self) -> Counter[str]:
        """Compare the journal with what the service counted, while processes may be sending."""
        received_before = set(self._server.count_rows())
        found: dict[str, set[int]] = {
            state: set() for state in ("pending", "sending", "accepted", "refused", "unknown")
        }
        for line in await _read_lines(self._campaign):
            found[line.state].add(line.n)
        counted = self._server.count_rows()
        twice = [n for n, count in counted.items() if count > 1]
        assert not twice, f"sent twice: rows {twice[:10]}"
        assert found["accepted"] <= counted.keys(), "accepted without having been received"
        lost = received_before & found["pending"]
        assert not lost, f"received, and to be sent again: rows {sorted(lost)[:10]}"
        states = Counter({state: len(numbers) for state, numbers in found.items()})
        assert states.total() == self._trial.rows, states
        doubts = states["unknown"] + states["sending"]
        in_flight = (self.kills + len(self._fleet)) * IN_FLIGHT
        assert doubts <= in_flight + self._server.spoiled, (states, self._server.spoiled)
        return states

    def _start(self) -> BaseProcess:
        process = _PROCESSES.Process(
            target=work,
            args=(self._trial.journal, NAME, self._server.url, str(self._log)),
            kwargs={"is_supervised": self._trial.is_supervised},
            daemon=True,
        )
        process.start()
        return process

    def _check_processes(self) -> None:
        assert not any(process.exitcode for process in self._fleet), self._log.read_text("utf-8")[-3000:]


async def _read_lines(campaign: Campaign) -> list[Line]:
    return [line async for line in campaign.report()]


def _build_rows(count: int) -> Iterator[dict[str, str]]:
    return ({"phone": f"+1604{4_000_000 + number}", "name": f"Ann {number}"} for number in range(count))


def _build_template(row: InputRow) -> Template:
    return Template("spring", "en", body=[row["name"]])


async def _deliver_webhooks(server: CountingServer, campaigns: Campaigns, dice: random.Random) -> None:
    """Deliver the statuses of all that was accepted: some twice, in any order."""
    bodies = [*server.build_statuses("sent"), *server.build_statuses("delivered"), *server.build_statuses("sent")]
    dice.shuffle(bodies)
    for start in range(0, len(bodies), _BATCH):
        async with anyio.create_task_group() as tasks:
            for body in bodies[start : start + _BATCH]:
                tasks.start_soon(campaigns.observe, parse(json.dumps(body).encode()))


def build_table(results: Sequence[tuple[str, Result]]) -> str:
    """Return what came of trials as a table in Markdown."""
    head = "| | kills | accepted | unknown before the webhooks | after |\n|---|---:|---:|---:|---:|"
    lines = [
        f"| {name} | {one.kills} | {one.accepted:,} | {one.before['unknown']:,} | {one.after['unknown']:,} |"
        for name, one in results
    ]
    return "\n".join([head, *lines])
