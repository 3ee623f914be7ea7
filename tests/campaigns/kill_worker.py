"""Processes that run a campaign, to be killed: alone, or as workers of procrastinate."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import procrastinate

from connectly_api import Connectly, Timeouts
from connectly_api.campaigns import journal
from connectly_api.campaigns.procrastinate import keep_running

TIMEOUT = 1.0
LEASE = 1.2
"""Seconds; the service responds much faster."""


def work(journal: str, name: str, url: str, log: str, *, is_supervised: bool) -> None:
    """Run a campaign until it has ended, or, as a worker of procrastinate, until the process is killed."""
    # multiprocessing writes to it at the very end.
    sys.stderr = Path(log).open("a", encoding="utf-8")  # noqa: SIM115
    asyncio.run(_serve(journal, url) if is_supervised else _run(journal, name, url))


async def start_supervised(journal: str, name: str) -> None:
    """Prepare the database for procrastinate, and put workers to a campaign."""
    app, start = _create_app(journal, "")
    async with app.open_async():
        await app.schema_manager.apply_schema_async()
        await start(name)


async def _run(path: str, name: str, url: str) -> None:
    async with _create_client(url) as connectly, journal(path) as campaigns:
        campaign = await campaigns.open(name)
        await campaign.run(connectly, lease=LEASE)


async def _serve(path: str, url: str) -> None:
    app, _ = _create_app(path, url)
    async with app.open_async():
        await app.run_worker_async(queues=["connectly"], concurrency=8, install_signal_handlers=False)


def _create_app(path: str, url: str) -> tuple[procrastinate.App, Callable[[str], Awaitable[None]]]:
    app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=path))
    every_second = "* * * * * */1"
    return app, keep_running(app, path, lambda: _create_client(url), lanes=3, cron=every_second, lease=LEASE)


def _create_client(url: str) -> Connectly:
    return Connectly(
        api_key="key", business_id="business", base_url=url, transport="httpx", timeouts=Timeouts(total=TIMEOUT)
    )
