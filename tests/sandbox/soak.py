"""A soak: many messages through a sandbox under mixed faults, with webhooks, in bounded memory, all accounted for.

`python -m tests.sandbox.soak` sends 100,000 in a process whose address space is capped; the tests send fewer.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import math
import resource
import sys
import tracemalloc
from collections import Counter
from pathlib import Path
from typing import Any

import attrs

from connectly_api import (
    Connectly,
    ConnectlyError,
    OutcomeUnknownError,
    RateLimitError,
    Retry,
    SentMessage,
    ServerError,
    Timeouts,
    UnexpectedResponseError,
)
from connectly_api.sandbox import Sandbox
from connectly_api.transport import AsgiTransport
from tests.sandbox.calls import ask, register, session

FAULTS = ("rate_limited", "server_error", "drop", "reset", "truncated", "wrong_types", "nulls", "new_values")
WEBHOOK_FAULTS = ("duplicate_webhook", "reorder_webhook", "delay_webhook", "drop_webhook", "bad_signature")
CUSTOMERS = 200
MEASURED_AFTER = 0.3
"""Of the run: by then everything that is kept is full, and every customer is known."""


@attrs.frozen
class Report:
    """What a soak found.

    Attributes:
        outcomes: How many calls ended how.
        accepted: How many messages the sandbox accepted.
        webhooks: How many webhooks came.
        early_bytes: Memory in use once everything that is kept was full.
        late_bytes: Memory in use at the end.
    """

    outcomes: Counter[str]
    accepted: int
    webhooks: int
    early_bytes: int
    late_bytes: int


async def soak(count: int, keep: int) -> Report:
    """Send `count` messages, a hundred at a time, and look whether the sandbox holds what the client reports.

    Raises:
        AssertionError: It does not.
    """
    webhooks = 0

    async def receiver(_scope: Any, receive: Any, send: Any) -> None:
        nonlocal webhooks
        webhooks += bool((await receive())["body"])
        await send({"type": "http.response.start", "status": 200 if webhooks % 10 else 500, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    sandbox = Sandbox(windows="open", rate_limit=None, keep=keep, seed=1, webhook_retries=[5, 10])
    sandbox.attach("https://bot.example/", receiver)
    register(sandbox, "delivery_status")
    for what in (*FAULTS, *WEBHOOK_FAULTS):
        sandbox.fault(what, probability=0.01)  # type: ignore[arg-type]
    sandbox.fault("server_error", accepted=True, probability=0.01)
    outcomes, lost, early = Counter[str](), 0, 0
    settings = sandbox.settings
    async with Connectly(
        api_key=settings.api_key, business_id=settings.business_id, transport=AsgiTransport(sandbox.app),
        retry=Retry(attempts=1), timeouts=Timeouts(total=math.inf, read=math.inf),
    ) as connectly:  # fmt: skip
        for start in range(0, count, 100):
            seen = sandbox.received
            batch = await asyncio.gather(*(_outcome(connectly, number) for number in range(start, start + 100)))
            outcomes.update(batch)
            new = list(sandbox.requests)[-(sandbox.received - seen) :]
            lost += sum(one.message is not None and one.fault not in {None, "new_values"} for one in new)
            await sandbox.advance(30)
            if not early and start >= count * MEASURED_AFTER:
                early = _bytes_in_use()
        await sandbox.settle()
    assert sum(outcomes.values()) == sandbox.received - 1 == count
    assert sandbox.accepted == outcomes["accepted"] + lost
    assert lost <= outcomes["unknown"]
    assert len(sandbox.messages) <= keep
    return Report(outcomes, sandbox.accepted, webhooks, early, _bytes_in_use())


def _bytes_in_use() -> int:
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


def flood(count: int) -> int:
    """Send bodies of 1 MiB without and with the key, and messages to ever new customers; return the resident bytes."""
    sandbox = Sandbox(windows="open", rate_limit=None)
    body = b"x" * 2**20
    for number in range(count):
        ask(sandbox, body, path="/unknown", headers=())
        ask(sandbox, body, path="/unknown")
        for customer in range(100):
            identity = f"+1{604_000_0000 + number * 100 + customer}"
            ask(sandbox, session(recipient={"id": identity, "channelType": "whatsapp"}))
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * resource.getpagesize()


async def _outcome(connectly: Connectly, number: int) -> str:
    try:
        sent: SentMessage = await connectly.send_text(
            f"+1604444{number % CUSTOMERS:04}", "Hello!", callback_data=number
        )
    except RateLimitError:
        return "refused"
    except (OutcomeUnknownError, ServerError, UnexpectedResponseError):
        return "unknown"
    except ConnectlyError as error:
        return type(error).__name__
    return "accepted" if sent.id else "without id"


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.sandbox.soak")
    parser.add_argument("--messages", type=int, default=100_000)
    parser.add_argument("--keep", type=int, default=2_000)
    parser.add_argument(
        "--megabytes", type=int, default=600, help="the cap of the address space (default: %(default)s)"
    )
    parser.add_argument("--flood", type=int, default=1_000, help="rounds of 2 MiB and 100 new customers")
    options = parser.parse_args(arguments)
    resource.setrlimit(resource.RLIMIT_AS, (options.megabytes * 2**20, resource.getrlimit(resource.RLIMIT_AS)[1]))
    tracemalloc.start(1)
    report = asyncio.run(soak(options.messages, options.keep))
    told = (
        f"{dict(report.outcomes)}; {report.accepted} messages, {report.webhooks} webhooks; memory "
        f"{report.early_bytes / 2**20:.1f} MB once full, {report.late_bytes / 2**20:.1f} MB at the end"
    )
    sys.stdout.write(f"{told}\n")
    tracemalloc.stop()
    sys.stdout.write(f"after a flood: {flood(options.flood) / 2**20:.0f} MB resident\n")
    return 0 if report.late_bytes < report.early_bytes * 1.2 else 1


if __name__ == "__main__":
    sys.exit(main())
