"""Keeps campaigns running on the workers of procrastinate (https://procrastinate.readthedocs.io).

    app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=URL))
    start = keep_running(app, URL, Connectly.from_env, lanes=3)

A job carries a campaign's name and no row: the journal is the queue. So whatever happens to jobs, lost or given twice,
no row is.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, suppress
from os import PathLike
from typing import Final

from procrastinate import App
from procrastinate.exceptions import AlreadyEnqueued

from connectly_api.campaigns.campaigns import journal
from connectly_api.client import Connectly

__all__ = ["keep_running"]

QUEUE: Final = "connectly"
"""The queue of the jobs."""


def keep_running(
    app: App,
    path: str | PathLike[str],
    connect: Callable[[], AbstractAsyncContextManager[Connectly]],
    *,
    lanes: int = 1,
    cron: str = "* * * * *",
    max_in_flight: int = 64,
    lease: float = 120.0,
) -> Callable[[str], Awaitable[None]]:
    """Add tasks to an app that run campaigns, and that start them again after workers died.

    A campaign begins when it is started, and is then kept running until it is finished, paused or stopped. The jobs are
    in the queue `connectly`. A worker needs a concurrency above the number of campaigns that run at the same time, and
    a `shutdown_graceful_timeout`, after which its runs drain.

    Args:
        app: The app. Its workers need what `connect` needs.
        path: The journal, as for `journal`.
        connect: Returns a client, such as `Connectly.from_env`.
        lanes: How many workers to put to each campaign.
        cron: When to look for campaigns that nobody runs any more.
        max_in_flight: As for `Campaign.run`.
        lease: Likewise.

    Returns:
        A function that starts a campaign by its name.
    """
    names: set[str] = set()

    @app.task(name="connectly_api.run_campaign", queue=QUEUE)
    async def run(name: str) -> None:
        # A second run in the same process would gain nothing.
        if name not in names:
            names.add(name)
            try:
                async with connect() as connectly, journal(path) as campaigns:
                    campaign = await campaigns.open(name)
                    await campaign.run(connectly, max_in_flight=max_in_flight, lease=lease)
            finally:
                names.remove(name)

    async def start(name: str) -> None:
        for lane in range(lanes):
            # A job that waits for a worker is enough.
            with suppress(AlreadyEnqueued):
                await run.configure(queueing_lock=f"{run.name}/{name}/{lane}").defer_async(name=name)

    @app.periodic(cron=cron)
    @app.task(name="connectly_api.keep_running", queue=QUEUE, queueing_lock="connectly_api.keep_running")
    async def keep(timestamp: int) -> None:
        del timestamp
        async with journal(path) as campaigns:
            for status in await campaigns.list():
                # What was only planned is not sent.
                if status.state in {"ready", "running"} and status.pending < status.total:
                    await start(status.name)

    return start
