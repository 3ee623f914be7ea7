"""A process that runs one campaign until it has ended: `python -m tests.campaigns.kill_worker JOURNAL NAME URL [FLEET]`.

With a fourth argument it is a worker of procrastinate, which is told by its own periodic task to run what is ready.
"""

from __future__ import annotations

import asyncio
import sys

from connectly_api import Connectly, Timeouts
from connectly_api.campaigns import journal

LEASE = 4.0
TIMEOUT = 2.0


def create_client(url: str) -> Connectly:
    return Connectly(
        api_key="key", business_id="business", base_url=url, transport="httpx", timeouts=Timeouts(total=TIMEOUT)
    )


async def run(path: str, name: str, url: str) -> None:
    async with create_client(url) as connectly, journal(path) as campaigns:
        campaign = await campaigns.open(name)
        await campaign.run(connectly, lease=LEASE)


if __name__ == "__main__":
    asyncio.run(run(*sys.argv[1:4]))
