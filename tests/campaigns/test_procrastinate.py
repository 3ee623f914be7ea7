"""Campaigns that procrastinate's workers keep running."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest
from procrastinate import App, PsycopgConnector
from procrastinate.testing import InMemoryConnector

from connectly_api import Connectly, Template
from connectly_api.campaigns import CampaignStatus, journal, rows
from connectly_api.campaigns.journal_protocol import Journal
from connectly_api.campaigns.postgres_journal import PostgresJournal
from connectly_api.campaigns.procrastinate import keep_running
from connectly_api.campaigns.sqlite_journal import SQLiteJournal
from connectly_api.sandbox import Sandbox
from connectly_api.transport.adapters.asgi import AsgiTransport

pytestmark = [pytest.mark.slow, pytest.mark.once]

Start = Callable[[str], Awaitable[None]]


class Fleet:
    """A journal, an app whose workers run its campaigns, and the sandbox that they send to."""

    def __init__(self, path: str, connector: Any, *, lanes: int = 1) -> None:
        self.path = path
        self.sandbox = Sandbox(rate_limit=None)
        self.app = App(connector=connector)
        self.start: Start = keep_running(self.app, path, self.connect, lanes=lanes)

    def connect(self) -> Connectly:
        known = self.sandbox.settings
        transport = AsgiTransport(self.sandbox.app)
        return Connectly(api_key=known.api_key, business_id=known.business_id, transport=transport)

    async def plan(self, name: str, count: int = 3) -> None:
        customers = [{"phone": f"+1604444{number:04d}"} for number in range(count)]
        async with journal(self.path) as campaigns:
            await campaigns.plan(name, rows(customers, to="phone"), lambda _: Template("spring", "en"))

    async def read_status(self, name: str) -> CampaignStatus:
        async with journal(self.path) as campaigns:
            return await (await campaigns.open(name)).status()

    async def work(self, *names: str) -> None:
        """Let a worker do what is to do; the named tasks are due first."""
        for name in names:
            await self.app.configure_task(name).defer_async(timestamp=0)
        await self.app.run_worker_async(wait=False, concurrency=4, delete_jobs="always", install_signal_handlers=False)


@asynccontextmanager
async def open_fleet(path: str, connector: Any, **options: int) -> AsyncGenerator[Fleet]:
    fleet = Fleet(path, connector, **options)
    async with fleet.app.open_async():
        yield fleet


async def test_what_is_started_is_run_by_as_many_workers_as_there_are_lanes(tmp_path: Path) -> None:
    connector = InMemoryConnector()
    async with open_fleet(str(tmp_path / "campaigns.db"), connector, lanes=2) as fleet:
        await fleet.plan("spring")
        await fleet.plan("autumn")
        for _ in range(2):
            await fleet.start("spring")
        assert [job["task_name"] for job in connector.jobs.values()] == ["connectly_api.run_campaign"] * 2

        await fleet.work()

        assert (await fleet.read_status("spring")).accepted == 3
        assert (await fleet.read_status("autumn")).pending == 3
        assert len(fleet.sandbox.requests) == 3


async def test_a_campaign_that_has_begun_is_taken_up_again_and_one_that_was_only_planned_is_not(tmp_path: Path) -> None:
    path = str(tmp_path / "campaigns.db")
    async with open_fleet(path, InMemoryConnector()) as fleet:
        for name in ("begun", "planned", "paused"):
            await fleet.plan(name)
        with closing(SQLiteJournal(path)) as journal:
            release_some(journal, "begun")
            release_some(journal, "paused")
            record = journal.find("paused")
            assert record is not None
            journal.mark(record.id, "paused")

        await fleet.work("connectly_api.keep_running")
        await fleet.work()

        assert [(await fleet.read_status(name)).accepted for name in ("begun", "planned", "paused")] == [2, 0, 0]


def release_some(journal: Journal, name: str) -> None:
    """Do what a process does that was killed: one row is abandoned, the others are pending."""
    journal.open()
    record = journal.find(name)
    assert record is not None
    journal.turn(record.id, "died", [], 1, [])
    journal.abandon(record.id, 0.0)


async def test_the_same_database_holds_the_journal_and_the_jobs(postgres_url: str) -> None:
    with closing(PostgresJournal(postgres_url)) as journal:
        journal.create_schema()
    async with open_fleet(postgres_url, PsycopgConnector(conninfo=postgres_url), lanes=3) as fleet:
        await fleet.app.schema_manager.apply_schema_async()
        await fleet.plan("spring", 50)
        await fleet.start("spring")

        await fleet.work("connectly_api.keep_running")

        assert (await fleet.read_status("spring")).accepted == 50
        assert len(fleet.sandbox.requests) == 50
