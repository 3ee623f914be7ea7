"""A campaign: one template to the customers of a CSV file, to each at most once, whatever goes wrong.

    python -m examples.campaign

Runs on a sandbox that limits the rate, loses responses, and fails deliveries. It plans the campaign from a file with
typical mistakes, sends it, follows the webhooks, and prints what became of each line.
"""

from __future__ import annotations

import asyncio
import csv
import sys
from collections import Counter
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from connectly_api import Connectly, Rate, Template
from connectly_api.campaigns import Campaign, CampaignPace, CampaignStatus, InputRow, RowState, journal, rows
from connectly_api.sandbox import Sandbox
from connectly_api.transport import AsgiTransport
from connectly_api.webhooks import WebhookApp

ADDRESS: Final = "https://shop.example/webhooks"
CUSTOMERS: Final = 300
MISTAKES: Final = [
    ["Eve", "1.60444E+10", "SPRING-X"],  # What Excel makes of a number.
    ["", "+16045550001", "SPRING-Y"],  # Nobody to greet.
    ["Ann", "(604) 444-0000", "SPRING-0"],  # The first customer once more.
]
OPERATION: Final = "send_whatsapp_templated_message"


def write_customers(path: Path) -> None:
    """Write the file of customers."""
    customers = [["Ann", f"+1 604 444 {number:04}", f"SPRING-{number}"] for number in range(CUSTOMERS)]
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["name", "phone", "code"], *customers, *MISTAKES])


def build_message(row: InputRow) -> Template:
    """Return the message of a row."""
    return Template("spring", "en", body=[row["name"], row["code"]])


def inject_faults(sandbox: Sandbox) -> None:
    """Let the sandbox do what services do on a bad day."""
    sandbox.fault("rate_limited", operation=OPERATION, retry_after=0.2, next=2)
    sandbox.fault("drop", operation=OPERATION, every=50)  # Accepted, but the response is lost.
    sandbox.fault("server_error", operation=OPERATION, every=140)  # Not accepted, but nobody can know.
    sandbox.fault("fail_delivery", every=100)
    sandbox.fault("duplicate_webhook", every=3)
    sandbox.fault("reorder_webhook", every=5)


def print_line(what: str, value: object) -> None:
    """Print one line."""
    print(f"{what:<9} {value}", flush=True)  # noqa: T201  (the purpose of a demo)


async def print_report(campaign: Campaign) -> None:
    """Print the lines that somebody should look at, and count the others."""
    counts: Counter[str] = Counter()
    async for reject in campaign.rejects():
        print_line("report", f"line {reject.line}: rejected: {': '.join(filter(None, (reject.field, reject.reason)))}")
    async for line in campaign.report():
        counts[line.status or line.state] += 1
        if line.state is not RowState.ACCEPTED or line.status == "delivery_failed":
            print_line("report", f"line {line.line}: {line.status or line.state}: {line.problem}")
    print_line("report", ", ".join(f"{count} {what}" for what, count in counts.most_common()))


async def wait_for_webhooks(sandbox: Sandbox, campaign: Campaign) -> CampaignStatus:
    """Return the status once the webhooks have named every row that the sandbox accepted."""
    async with asyncio.timeout(60):
        await sandbox.settle()
        while (status := await campaign.status()).accepted < sandbox.accepted:  # noqa: ASYNC110 (a file sends no event)
            await asyncio.sleep(0.05)
    return status


async def run_demo() -> int:
    """Plan, send, follow and report, and return the exit status."""
    sandbox = Sandbox(clock="real", sent_after=0.1, delivered_after=0.1, read_after=None)
    settings = sandbox.settings
    app = WebhookApp(settings.webhook_secret)
    sandbox.attach(ADDRESS, app)
    connectly = Connectly(
        api_key=settings.api_key, business_id=settings.business_id, transport=AsgiTransport(sandbox.app)
    )
    with TemporaryDirectory() as folder:
        customers = Path(folder, "customers.csv")
        write_customers(customers)
        async with sandbox, connectly, journal(Path(folder, "campaigns.db")) as campaigns:
            campaigns.follow(app)
            await connectly.webhooks.create("delivery_status", ADDRESS)
            pace = CampaignPace(number=Rate(150, 4))
            spring = await campaigns.plan("spring", rows(customers, to="phone", region="CA"), build_message, pace=pace)
            print_line("plan", spring.plan)

            inject_faults(sandbox)
            print_line("sent", await spring.run(connectly, on_progress=partial(print_line, "progress")))
            status = await wait_for_webhooks(sandbox, spring)
            print_line("webhooks", status)
            await print_report(spring)
        return 0 if is_consistent(sandbox, status) else 1


def is_consistent(sandbox: Sandbox, status: CampaignStatus) -> bool:
    """Return whether nobody got two messages, and exactly what the sandbox accepted counts as accepted."""
    received = Counter(message.body["number"] for message in sandbox.messages)
    return max(received.values()) == 1 and len(received) == status.accepted


if __name__ == "__main__":
    sys.exit(asyncio.run(run_demo()))
