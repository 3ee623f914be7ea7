"""What a campaign costs: `python -m benchmarks.campaign_rates [PART...]`, with a target beside each figure.

- `sending`: a campaign beside the bare client, 64 in flight, a service that responds after 50 ms; rounds interleaved.
- `million`: one million rows are planned from a CSV file, found again by another process, and counted.
- `pace`: four processes share 180 a second; one process keeps 190 with a disk that takes 5 ms more.
- `postgres`: how long a turn takes at the beginning and at the end of a campaign, without vacuum.

Each figure comes from a process of its own. Judge the rates by their ratios: they depend on the machine.
"""

from __future__ import annotations

import asyncio
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from connectly_api import Connectly, Template
from connectly_api.campaigns import CampaignPace, Campaigns, InputRow, journal, rows
from connectly_api.campaigns.journal_protocol import PlannedRow, Turn
from connectly_api.campaigns.row_states import Outcome, RowState
from connectly_api.campaigns.sqlite_journal import SQLiteJournal
from connectly_api.transport import Rate
from tests.campaigns.counting_server import SENDER, CountingServer, Manners, find_busiest_second

NAME: Final = "spring"
IN_FLIGHT: Final = 64
ROUNDS: Final = 3
ROWS: Final = 5_000
MILLION: Final = 1_000_000
POSTGRES_ROWS: Final = 300_000
SECONDS: Final = 15
FREE: Final = CampaignPace(endpoint=None, number=None)
LAG_STEP: Final = 0.005


def list_rows(count: int) -> Iterator[dict[str, str]]:
    """Return rows, each with a number of its own."""
    return ({"phone": f"+1604{4_000_000 + number}", "name": f"Ann {number}"} for number in range(count))


def build_template(row: InputRow) -> Template:
    """Return the message of a row."""
    return Template("spring", "en", body=[row["name"]])


def open_client(url: str) -> Connectly:
    """Return a client of a server on this machine."""
    return Connectly(api_key="key", business_id="business", base_url=url)


async def measure(work: Awaitable[object], count: int) -> dict[str, float]:
    """Return the rate, the CPU time a row, and by how much the event loop is late, of one way to send."""
    lags: list[float] = []

    async def watch() -> None:
        while True:
            start = time.perf_counter()
            await asyncio.sleep(LAG_STEP)
            lags.append(time.perf_counter() - start - LAG_STEP)

    watching = asyncio.create_task(watch())
    start, cpu = time.perf_counter(), time.process_time()
    await work
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    watching.cancel()
    return {
        "per_second": count / seconds,
        "cpu_us": cpu / count * 1e6,
        "lag_p99_ms": statistics.quantiles(lags, n=100)[98] * 1000,
    }


async def send_bare(url: str, count: int) -> dict[str, float]:
    """Send by the client alone: workers that share an iterator."""
    async with open_client(url) as connectly:
        numbers = iter(range(count))

        async def work() -> None:
            for number in numbers:
                template = Template("spring", "en", body=[f"Ann {number}"])
                await connectly.send(f"+1604{4_000_000 + number}", template, sender=SENDER)

        await connectly.send("+16044441111", Template("spring", "en"), sender=SENDER)
        return await measure(asyncio.gather(*(work() for _ in range(IN_FLIGHT))), count)


async def send_campaign(url: str, count: int) -> dict[str, float]:
    """Send a campaign that is planned."""
    with tempfile.TemporaryDirectory() as folder:
        async with open_client(url) as connectly, journal(f"{folder}/campaigns.db") as campaigns:
            items = rows(list_rows(count), to="phone")
            campaign = await campaigns.plan(NAME, items, build_template, sender=SENDER, pace=FREE)
            await connectly.send("+16044441111", Template("spring", "en"), sender=SENDER)
            return await measure(campaign.run(connectly, max_in_flight=IN_FLIGHT), count)


async def plan_million(path: str, source: str) -> dict[str, float]:
    """Plan a file."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    async with journal(path) as campaigns:
        start, cpu = time.perf_counter(), time.process_time()
        campaign = await campaigns.plan(NAME, rows(source, to="phone"), build_template, sender=SENDER, pace=FREE)
        seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "per_second": campaign.plan.rows / seconds,
        "per_cpu_second": campaign.plan.rows / cpu,
        "peak_mib": peak / 1024,
        "more_mib": (peak - before) / 1024,
        "file_mib": Path(path).stat().st_size / 1024**2,  # noqa: ASYNC240 (nothing else runs)
    }


async def resume_million(path: str, _: str) -> dict[str, float]:
    """Open the journal and take the first rows; then count all rows."""
    start = time.perf_counter()
    with closing(SQLiteJournal(path)) as opened:
        opened.open()
        record = opened.find(NAME)
        assert record is not None  # noqa: S101 (planned above)
        turn = opened.turn(record.id, "bench", [], IN_FLIGHT, [])
        assert len(turn.rows) == IN_FLIGHT  # noqa: S101 (likewise)
    resumed = time.perf_counter()
    async with journal(path) as campaigns:
        campaign = await campaigns.open(NAME)
        opened_at = time.perf_counter()
        await campaign.status()
        return {"resume_s": resumed - start, "status_s": time.perf_counter() - opened_at}


class SlowJournal(SQLiteJournal):
    """A journal on a disk that takes 5 ms more to confirm a turn."""

    def turn(self, *args: Any, **options: Any) -> Turn:  # noqa: ANN401 (passed through)
        """Take a turn, and wait for the disk."""
        turn = super().turn(*args, **options)
        time.sleep(0.005)
        return turn


async def run_shared(path: str, url: str) -> dict[str, float]:
    """Run a planned campaign, as one of several processes."""
    async with open_client(url) as connectly, journal(path) as campaigns:
        await (await campaigns.open(NAME)).run(connectly)
    return {}


async def run_slowly(path: str, url: str) -> dict[str, float]:
    """Run a planned campaign on a slow disk."""
    async with open_client(url) as connectly, Campaigns(lambda: SlowJournal(path)) as campaigns:
        await (await campaigns.open(NAME)).run(connectly)
    return {}


WORKS: Final[dict[str, Callable[[str, Any], Awaitable[dict[str, float]]]]] = {
    "bare": send_bare,
    "campaign": send_campaign,
    "plan": plan_million,
    "resume": resume_million,
    "shared": run_shared,
    "slow": run_slowly,
}


def start(work: str, first: str, second: object) -> subprocess.Popen[str]:
    """Start a process for one of the works."""
    command = [sys.executable, "-m", "benchmarks.campaign_rates", "--work", work, first, str(second)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603 (this module)


def finish(process: subprocess.Popen[str]) -> dict[str, float]:
    """Return what a process has measured."""
    output, _ = process.communicate()
    if process.returncode:
        raise SystemExit(f"exit status {process.returncode}")
    result: dict[str, float] = json.loads(output)
    return result


def show(what: str, value: str, target: str) -> None:
    """Print a figure."""
    print(f"  {what:52} {value:>12}   target {target}", flush=True)  # noqa: T201


def measure_sending() -> None:
    """Compare a campaign with the bare client."""
    found: dict[str, list[dict[str, float]]] = {"bare": [], "campaign": []}
    command = [sys.executable, "-m", "benchmarks.loopback_server", "50"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:  # noqa: S603
        assert server.stdout is not None  # noqa: S101 (asked for above)
        url = f"http://127.0.0.1:{int(server.stdout.readline())}"
        for _ in range(ROUNDS):
            for work, results in found.items():
                results.append(finish(start(work, url, ROWS)))
        server.terminate()
    bare, campaign = (
        {key: statistics.median(one[key] for one in results) for key in results[0]} for results in found.values()
    )
    show("rate of the bare client, a second", f"{bare['per_second']:,.0f}", "-")
    show("rate of a campaign, of the bare client's", f"{campaign['per_second'] / bare['per_second']:.2f}", ">= 0.90")
    show("CPU time a row more, in microseconds", f"{campaign['cpu_us'] - bare['cpu_us']:.0f}", "<= 100")
    show("CPU time a row of the bare client", f"{bare['cpu_us']:.0f}", "-")
    show("lag of the event loop, p99, in ms (bare client)", f"{bare['lag_p99_ms']:.1f}", "-")
    show("lag of the event loop, p99, in ms", f"{campaign['lag_p99_ms']:.1f}", "<= 10")


def measure_million() -> None:
    """Plan, resume and count one million rows."""
    with tempfile.TemporaryDirectory() as folder:
        source, path = f"{folder}/customers.csv", f"{folder}/campaigns.db"
        with Path(source).open("w", encoding="utf-8") as file:
            file.write("phone,name\n")
            file.writelines(f"{row['phone']},{row['name']}\n" for row in list_rows(MILLION))
        planned = finish(start("plan", path, source))
        show("plan, rows a second", f"{planned['per_second']:,.0f}", ">= 50,000")
        show("plan, rows a second of CPU time", f"{planned['per_cpu_second']:,.0f}", "-")
        show("plan, peak memory in MiB", f"{planned['peak_mib']:.0f}", "<= 60")
        show("plan, of these more than before it, in MiB", f"{planned['more_mib']:.0f}", "-")
        show("plan, size of the file in MiB", f"{planned['file_mib']:.0f}", "-")
        found = finish(start("resume", path, ""))
        show("resume, seconds to the first rows", f"{found['resume_s']:.2f}", "<= 0.5")
        show("status, seconds", f"{found['status_s']:.2f}", "<= 1")


async def plan_paced(path: str, count: int, rate: float) -> None:
    """Plan a campaign that keeps to a rate."""
    async with journal(path) as campaigns:
        pace = CampaignPace(endpoint=Rate(rate, 6), number=None)
        await campaigns.plan(NAME, rows(list_rows(count), to="phone"), build_template, sender=SENDER, pace=pace)


def measure_pace() -> None:
    """Let processes share a rate, and keep a rate on a slow disk."""
    for work, processes, rate, target in (("shared", 4, 180, ">= 175"), ("slow", 1, 190, ">= 185")):
        with tempfile.TemporaryDirectory() as folder, CountingServer(Manners()) as server:
            path = f"{folder}/campaigns.db"
            asyncio.run(plan_paced(path, rate * SECONDS, rate))
            fleet = [start(work, path, server.url) for _ in range(processes)]
            for process in fleet:
                finish(process)
            times = server.arrivals
        what = f"{rate} a second, {processes} processes" if processes > 1 else f"{rate} a second, fsync + 5 ms"
        show(f"{what}: rate", f"{(len(times) - 1) / (times[-1] - times[0]):.1f}", target)
        show(f"{what}: in the busiest second", f"{find_busiest_second(times)}", "<= 200" if processes > 1 else "-")


def measure_turns(url: str, count: int) -> Sequence[float]:
    """Return the seconds of each turn of a whole campaign in PostgreSQL."""
    from connectly_api.campaigns.postgres_journal import PostgresJournal  # noqa: PLC0415 (its extra may be missing)

    body = '{"templateName":"spring","language":"en","parameters":[{"name":"body_1","text":{"text":"Ann"}}]}'
    batches = (
        [PlannedRow(n + 2, str(n), f"+1604{4_000_000 + n}", body) for n in range(first, first + 1000)]
        for first in range(0, count, 1000)
    )
    seconds: list[float] = []
    with closing(PostgresJournal(url)) as opened:
        opened.create_schema()
        record, _ = opened.plan(NAME, "{}", 86_400.0, batches, lambda: "digest")
        outcomes: list[Outcome] = []
        after = 0
        rates = [("endpoint", Rate(1e6, 1000)), ("number", Rate(1e6, 1000))]
        while True:
            began = time.perf_counter()
            turn = opened.turn(record.id, "bench", outcomes, IN_FLIGHT, rates, after=after)
            if not turn.rows:
                return seconds
            seconds.append(time.perf_counter() - began)
            outcomes = [Outcome(row.n, row.attempt, RowState.ACCEPTED, f"message-{row.n}") for row in turn.rows]
            after = turn.rows[-1].n


def measure_postgres() -> None:
    """Compare the turns at the end of a campaign with those at its beginning."""
    from tests.database_servers import DatabaseServer  # noqa: PLC0415 (needs pytest)

    server = DatabaseServer("postgres", "-c", "autovacuum=off")
    try:
        server.start()
        seconds = measure_turns(server.url, POSTGRES_ROWS)
    finally:
        server.remove()
    tenth = len(seconds) // 10
    first, last = statistics.median(seconds[:tenth]), statistics.median(seconds[-tenth:])
    show(f"a turn of {IN_FLIGHT} rows, first tenth of {POSTGRES_ROWS:,}, in ms", f"{first * 1000:.2f}", "-")
    show("the last tenth, of the first", f"{last / first:.2f}", "<= 1.50")


PARTS: Final = {
    "sending": measure_sending,
    "million": measure_million,
    "pace": measure_pace,
    "postgres": measure_postgres,
}


def main(names: Sequence[str]) -> None:
    """Measure some parts, or all."""
    for name in names or PARTS:
        print(f"{name}:", flush=True)  # noqa: T201
        PARTS[name]()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--work"]:
        _, _, chosen, first_argument, second_argument = sys.argv
        argument = int(second_argument) if second_argument.isdigit() else second_argument
        print(json.dumps(asyncio.run(WORKS[chosen](first_argument, argument))))  # type: ignore[arg-type]  # noqa: T201
    else:
        main(sys.argv[1:])
