"""Kill processes that run a campaign, again and again, and check after each kill that nothing was sent twice or lost.

What is checked is what the service counted, not what a process says of itself.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import anyio
import attrs

from connectly_api import Template
from connectly_api.campaigns import Campaign, Campaigns, InputRow, journal, rows
from connectly_api.webhooks import parse

from .counting_server import SENDER, CountingServer, Manners

ROOT = Path(__file__).parents[2]
NAME = "spring"
IN_FLIGHT = 64


@attrs.frozen
class Trial:
    """What is tried.

    Attributes:
        journal: A file, or the URL of a database.
        rows: How many rows the campaign has.
        kills: How many processes are killed.
        processes: How many run the campaign at the same time.
        module: The program that each of them runs.
        manners: How the service behaves.
        seed: Of everything that is random.
        pace: Messages a second, of all processes together; None for no limit.
    """

    journal: str
    rows: int
    kills: int
    processes: int = 1
    module: str = "tests.campaigns.kill_worker"
    manners: Manners = Manners()
    seed: int = 0
    pace: float | None = None


@attrs.frozen
class Result:
    """What came of it: the rows by state before and after the webhooks, and what the service accepted."""

    before: Counter[str]
    after: Counter[str]
    accepted: int
    kills: int


def build_rows(count: int) -> Iterator[dict[str, str]]:
    return ({"phone": f"+1604{4_000_000 + number}", "name": f"Ann {number}"} for number in range(count))


def build_template(row: InputRow) -> Template:
    return Template("spring", "en", body=[row["name"]])


async def try_kills(trial: Trial, log: Path) -> Result:
    """Plan a campaign, kill its processes until enough are dead, let the rest finish it, and deliver the webhooks.

    Raises:
        AssertionError: Something was sent twice, or cannot be accounted for.
    """
    dice = random.Random(trial.seed)  # noqa: S311 (repeatable, not secret)
    with CountingServer(trial.manners, trial.seed) as server, log.open("ab") as errors:
        async with journal(trial.journal) as campaigns:
            campaign = await campaigns.plan(
                NAME,
                rows(build_rows(trial.rows), to="phone"),
                build_template,
                sender=SENDER,
                **_build_settings(trial.pace),
            )
            fleet = [_start(trial, server.url, errors) for _ in range(trial.processes)]
            try:
                kills = await _kill(trial, fleet, server, campaign, dice, errors)
                for process in fleet:
                    await _wait(process, log)
            finally:
                for process in fleet:
                    process.kill()
                    process.wait()
            status = await campaign.status()
            assert status.state == "finished", (status, log.read_text("utf-8")[-2000:])
            before = await check_books(server, campaign, trial, kills)
            await deliver_webhooks(server, campaigns, dice)
            after = await check_books(server, campaign, trial, kills)
            accepted = {line.n async for line in campaign.report() if line.state == "accepted"}
            assert accepted == set(server.count_rows()), "what the service accepted is what the journal knows"
            return Result(before, after, len(accepted), kills)


def _build_settings(pace: float | None) -> dict[str, Any]:
    from connectly_api.campaigns import CampaignPace, StopRules  # noqa: PLC0415
    from connectly_api.transport import Rate  # noqa: PLC0415

    rates = CampaignPace(endpoint=None if pace is None else Rate(pace, 6), number=None)
    return {"pace": rates, "stop": StopRules(in_a_row=None, share=None, failed_share=None)}


def _start(trial: Trial, url: str, errors: Any) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", trial.module, trial.journal, NAME, url]
    return subprocess.Popen(command, cwd=ROOT, stderr=errors)


async def _wait(process: subprocess.Popen[bytes], log: Path) -> None:
    while process.poll() is None:
        await anyio.sleep(0.02)
    assert process.returncode == 0, log.read_text("utf-8")[-2000:]


async def _kill(
    trial: Trial,
    fleet: list[subprocess.Popen[bytes]],
    server: CountingServer,
    campaign: Campaign,
    dice: random.Random,
    errors: Any,
) -> int:
    kills = 0
    # A kill comes at any moment: before the first row of a process, in a turn, on the wire, between two turns.
    each = max(2, trial.rows * 6 // 10 // trial.kills)
    while kills < trial.kills:
        seen, step = len(server.arrivals), dice.randint(0, 2 * each)
        while len(server.arrivals) < seen + step and any(process.poll() is None for process in fleet):
            await anyio.sleep(0.001)
        if all(process.poll() is not None for process in fleet):
            break  # The campaign has ended.
        place = dice.randrange(len(fleet))
        fleet[place].kill()
        fleet[place].wait()
        kills += 1
        await check_books(server, campaign, trial, kills)
        fleet[place] = _start(trial, server.url, errors)
    return kills


async def check_books(server: CountingServer, campaign: Campaign, trial: Trial, kills: int) -> Counter[str]:
    """Compare the journal with what the service counted, while other processes may be sending."""
    received_before = set(server.count_rows())
    lines = [line async for line in campaign.report()]
    counted = server.count_rows()
    states = Counter(str(line.state) for line in lines)
    by_state: dict[str, set[int]] = {}
    for line in lines:
        by_state.setdefault(str(line.state), set()).add(line.n)
    twice = [n for n, count in counted.items() if count > 1]
    assert not twice, f"sent twice: rows {twice[:10]}"
    assert by_state.get("accepted", set()) <= set(counted), "accepted without having been received"
    lost = received_before & by_state.get("pending", set())
    assert not lost, f"received, and to be sent again: rows {sorted(lost)[:10]}"
    assert sum(states.values()) == trial.rows, states
    doubts = states["unknown"] + states["sending"]
    share = (trial.manners.lost + trial.manners.failed) * 2
    assert doubts <= (kills + trial.processes) * IN_FLIGHT + share * trial.rows, states
    return states


async def deliver_webhooks(server: CountingServer, campaigns: Campaigns, dice: random.Random) -> None:
    """Deliver the statuses of all that was accepted: some twice, in any order."""
    bodies = [*server.build_statuses("sent"), *server.build_statuses("delivered"), *server.build_statuses("sent")]
    dice.shuffle(bodies)
    async with anyio.create_task_group() as tasks:
        for body in bodies:
            tasks.start_soon(campaigns.observe, parse(json.dumps(body).encode()))


def describe(results: Sequence[tuple[str, Result]]) -> str:
    """Return a table of what was tried, in Markdown."""
    head = "| | kills | accepted | unknown before the webhooks | after |\n|---|---:|---:|---:|---:|"
    return "\n".join([
        head,
        *(
            f"| {name} | {result.kills} | {result.accepted} | {result.before['unknown']} | {result.after['unknown']} |"
            for name, result in results
        ),
    ])
