"""The page on campaigns on several machines: rights, commands, and programs for task queues."""

from __future__ import annotations

import asyncio
import runpy
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml
from psycopg.conninfo import make_conninfo
from taskiq.receiver import Receiver
from typer.main import get_command

from connectly_api import Template
from connectly_api.campaigns import CampaignStatus, JournalError, RowState, journal, rows
from connectly_api.campaigns.journal_protocol import Observation, PlannedRow, Reject
from connectly_api.campaigns.postgres_journal import PostgresJournal
from connectly_api.campaigns.row_states import Outcome
from connectly_api.cli.command_line import app
from connectly_api.sandbox import Sandbox
from connectly_api.transport.rates import Rate
from tests.docs.pages import ROOT, blocks_of
from tests.left_out import search_path

pytestmark = [pytest.mark.slow, pytest.mark.once]

BLOCKS = blocks_of(ROOT / "docs" / "fleets.md")
FILES = {block.title: block.text for block in BLOCKS if block.title is not None}
ROLES = ("connectly_runner", "connectly_planner")


# Rights


@pytest.fixture
def as_role(postgres_url: str) -> Iterator[Callable[[str], PostgresJournal]]:
    """Return a function that opens a journal with a role's rights, on tables that another user owns."""
    with closing(PostgresJournal(postgres_url)) as owner:
        owner.create_schema()
    opened: list[PostgresJournal] = []

    def open_journal(role: str) -> PostgresJournal:
        opened.append(PostgresJournal(make_conninfo(postgres_url, user=role)))
        opened[-1].open()
        return opened[-1]

    with psycopg.connect(postgres_url, autocommit=True) as admin:
        try:
            for block in BLOCKS:
                if block.language == "sql":
                    admin.execute(block.text.encode())
            yield open_journal
        finally:
            for one in opened:
                one.close()
            for role in ROLES:
                admin.execute(f"DROP OWNED BY {role}; DROP ROLE {role}".encode())


def test_each_role_can_do_its_work_and_no_more(as_role: Callable[[str], PostgresJournal]) -> None:
    planner, runner = map(as_role, reversed(ROLES))
    rates = [("endpoint", Rate(100.0, 50))]

    def plan(journal: PostgresJournal, name: str) -> Any:
        rows = [PlannedRow(n, str(n), f"+1604444{n:04d}", "{}") for n in range(5)]
        return journal.plan(name, "{}", 3600.0, iter([[*rows, Reject(9, None, "empty")]]), lambda: "digest")[0]

    campaign = plan(planner, "spring")
    # The runner's work.
    first, second, *_ = runner.turn(campaign.id, "a", [], 4, rates).rows
    outcomes = [
        Outcome(first.n, first.attempt, RowState.REFUSED),
        Outcome(second.n, second.attempt, RowState.PENDING, is_rate_limited=True),
    ]
    runner.turn(campaign.id, "a", outcomes, 0, rates)
    assert runner.release(campaign.id, "a", []) == 2
    assert runner.turn(campaign.id, "a", [], 1, []).rows
    assert runner.abandon(campaign.id, 0.0) == 1
    assert runner.observe([Observation(campaign.token, 5, "wamid.1", "read", "x")]) == 1
    runner.replace_settings(campaign.id, "{}", '{"sender":1}')
    runner.mark(campaign.id, "paused", deadline=60.0)
    assert runner.summary(campaign.id) == planner.summary(campaign.id)
    assert runner.find("spring") == planner.find("spring")
    # `open` counts the rejects by their reason.
    assert len(runner.rejects(campaign.id, 0, 9)) == 1
    # The planner's.
    assert len(planner.lines(campaign.id, 0, 9)) == 5
    assert len(planner.rejects(campaign.id, 0, 9)) == 1
    assert planner.evidence(campaign.id)
    assert planner.retry(campaign.id, RowState.REFUSED) == 1

    for refused in (
        lambda: plan(runner, "autumn"),
        lambda: runner.forget(campaign.id),
        lambda: planner.turn(campaign.id, "b", [], 1, rates),
        lambda: planner.observe([Observation(campaign.token, 1)]),
        runner.create_schema,
        planner.create_schema,
    ):
        with pytest.raises(JournalError, match="lacks a right"):
            refused()
    for change in (b"body = ''", b"recipient = ''", b"campaign = 2", b"line = 2"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            runner._connect().execute(b"UPDATE connectly_row SET " + change)
    planner.forget(campaign.id)
    assert planner.lines(campaign.id, 0, 9) == []


# Containers


def list_commands() -> Iterator[list[str]]:
    for service in yaml.safe_load(FILES["compose.yaml"])["services"].values():
        if "command" in service:
            yield service["command"]
    pod = yaml.safe_load(FILES["campaign-job.yaml"])["spec"]["template"]["spec"]
    for container in pod["containers"]:
        yield container["command"]


@pytest.mark.parametrize("command", list(list_commands()), ids=" ".join)
def test_what_containers_run_are_commands_with_options_of_theirs(command: list[str]) -> None:
    program, group, name, *words = command
    root: Any = get_command(app)
    found = root.commands[group].commands[name]

    assert program == "connectly"
    assert {word for word in words if word.startswith("--")} <= {one for param in found.params for one in param.opts}


def test_services_start_after_those_that_they_need() -> None:
    services = yaml.safe_load(FILES["compose.yaml"])["services"]
    needed = {name for service in services.values() for name in service.get("depends_on", ())}
    assert needed < set(services)


# Task queues


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, "utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CONNECTLY_JOURNAL", "campaigns.db")
    return tmp_path


def set_client(monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox, address: str) -> None:
    monkeypatch.setenv("CONNECTLY_API_KEY", sandbox.settings.api_key)
    monkeypatch.setenv("CONNECTLY_BUSINESS_ID", sandbox.settings.business_id)
    monkeypatch.setenv("CONNECTLY_BASE_URL", address)


async def plan_spring(path: str) -> None:
    async with journal(path) as campaigns:
        customers = [{"phone": f"+1604444{number:04d}"} for number in range(12)]
        await campaigns.plan("spring", rows(customers, to="phone"), lambda _: Template("spring", "en"))


async def read_status(path: str) -> CampaignStatus:
    async with journal(path) as campaigns:
        return await (await campaigns.open("spring")).status()


async def test_the_workers_of_procrastinate_run_what_is_started(
    place: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(PostgresJournal(postgres_url)) as owner:
        owner.create_schema()
    await plan_spring(postgres_url)
    sandbox = Sandbox()
    async with sandbox.serve() as address:
        set_client(monkeypatch, sandbox, address)
        monkeypatch.setenv("CONNECTLY_JOURNAL", postgres_url)
        program = runpy.run_path(str(place / "workers.py"))
        async with program["app"].open_async() as engine:
            await engine.schema_manager.apply_schema_async()
            await program["start"]("spring")
            await engine.run_worker_async(
                wait=False, queues=["connectly"], concurrency=10, install_signal_handlers=False
            )

    assert (await read_status(postgres_url)).accepted == len(sandbox.requests) == 12


async def test_the_ticks_of_taskiq_run_a_campaign(place: Path, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    await plan_spring("campaigns.db")
    sandbox = Sandbox()
    async with sandbox.serve() as address:
        set_client(monkeypatch, sandbox, address)
        monkeypatch.setenv("REDIS_URL", redis_url)
        program = runpy.run_path(str(place / "ticks.py"), run_name="ticks")
        (source,) = program["scheduler"].sources
        await source.startup()
        (tick,) = await source.get_schedules()
        broker, is_over = program["broker"], asyncio.Event()
        worker = asyncio.create_task(Receiver(broker, run_startup=True, max_async_tasks=10).listen(is_over))
        # The second tick comes while the first run is under way, or when nothing is left.
        for _ in range(2):
            await program["scheduler"].on_ready(source, tick)
        while (await read_status("campaigns.db")).state != "finished":  # noqa: ASYNC110 (a journal tells nobody)
            await asyncio.sleep(0.01)
        is_over.set()
        await worker
        await broker.shutdown()

    assert tick.cron == "* * * * *"
    assert (await read_status("campaigns.db")).accepted == len(sandbox.requests) == 12


async def test_the_task_of_celery_runs_the_command(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await plan_spring("campaigns.db")
    sandbox = Sandbox()
    async with sandbox.serve() as address:
        set_client(monkeypatch, sandbox, address)
        monkeypatch.setenv("CELERY_BROKER_URL", "memory://")
        monkeypatch.setenv("PYTHONPATH", search_path(ROOT))
        program = runpy.run_path(str(place / "beats.py"))
        (beat,) = program["app"].conf.beat_schedule.values()
        assert beat["task"] == program["run_campaign"].name
        assert await asyncio.to_thread(program["run_campaign"], *beat["args"]) == 0

    assert (await read_status("campaigns.db")).accepted == len(sandbox.requests) == 12
