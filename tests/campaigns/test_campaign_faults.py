"""What goes wrong while a campaign is planned and run: each row is sent once, and every row is accounted for.

`test_kills` kills processes while they run; the journals' own tests lose replies and set the clock back, too.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import signal
from collections.abc import Iterator
from contextlib import closing
from itertools import count
from pathlib import Path

import anyio
import pytest
from trio.testing import MockClock

from connectly_api import Connectly, Template, Timeouts
from connectly_api.campaigns import (
    Campaign,
    CampaignPace,
    Campaigns,
    CampaignStatus,
    InputRow,
    StopRules,
    journal,
    rows,
)
from connectly_api.sandbox import Sandbox
from connectly_api.sandbox.model.fault_rules import FaultKind
from connectly_api.transport import MockTransport, Rate
from connectly_api.transport.adapters.asgi import AsgiTransport
from connectly_api.transport.protocol import Progress, Response, WireRequest
from connectly_api.webhooks import WebhookApp, parse
from tests.database_servers import DatabaseServer

from .campaign_runs import Spring, run_on_trio
from .counting_server import SENDER, CountingServer, Manners

PROCESSES = multiprocessing.get_context("forkserver")
FREE = CampaignPace(endpoint=None, number=None)
NEVER = StopRules(in_a_row=None, share=None, failed_share=None)


def build_rows(count: int, dies_after: int | None = None) -> Iterator[dict[str, str]]:
    for number in range(count):
        if number == dies_after:
            os.kill(os.getpid(), signal.SIGKILL)
        yield {"phone": f"+1604{4_000_000 + number}", "name": f"Ann {number}"}


def build_template(row: InputRow) -> Template:
    return Template("spring", "en", body=[row["name"]])


async def plan(campaigns: Campaigns, count: int, dies_after: int | None = None, pace: CampaignPace = FREE) -> Campaign:
    items = rows(build_rows(count, dies_after), to="phone")
    return await campaigns.plan("spring", items, build_template, sender=SENDER, pace=pace, stop=NEVER)


def plan_and_run(path: str, count: int, dies_after: int | None, url: str) -> None:
    """Do what a script does, in a process of its own."""

    async def main() -> None:
        async with Connectly(api_key="k", business_id="b", base_url=url) as connectly, journal(path) as campaigns:
            await (await plan(campaigns, count, dies_after)).run(connectly)

    asyncio.run(main())


async def read_states(campaign: Campaign) -> list[str]:
    return [str(line.state) async for line in campaign.report()]


@pytest.mark.slow
@pytest.mark.once
async def test_a_process_that_is_killed_while_it_plans_leaves_nothing_and_two_at_once_share_the_rows(
    tmp_path: Path,
) -> None:
    path = str(tmp_path / "campaigns.db")
    with CountingServer(Manners()) as server:

        async def run_script(dies_after: int | None = None) -> int | None:
            process = PROCESSES.Process(target=plan_and_run, args=(path, 2_000, dies_after, server.url), daemon=True)
            process.start()
            await anyio.to_thread.run_sync(process.join)
            return process.exitcode

        assert await run_script(dies_after=1_500) == -signal.SIGKILL
        async with journal(path) as campaigns:
            assert await campaigns.list() == []
        assert not server.arrivals
        assert [*await asyncio.gather(run_script(), run_script())] == [0, 0]
        async with journal(path) as campaigns:
            assert await read_states(await campaigns.open("spring")) == ["accepted"] * 2_000
        assert server.count_rows() == dict.fromkeys(range(1, 2_001), 1)


async def test_a_lease_that_ends_while_a_row_is_on_the_wire_does_no_harm(tmp_path: Path) -> None:
    with Spring(tmp_path, 60) as spring:
        inner = AsgiTransport(spring.sandbox.app)

        class Slow(AsgiTransport):
            async def exchange(self, request: WireRequest, timeouts: Timeouts, progress: Progress) -> Response:
                response = await inner.exchange(request, timeouts, progress)
                spring.journal.abandon(spring.record.id, 0.0)
                assert not spring.find("sending")
                return response

        spring.client = spring.build_client(Slow(spring.sandbox.app))
        status = await spring.run(max_in_flight=10)
        spring.check()
    assert (status.state, status.accepted) == ("finished", 60)


async def test_webhooks_come_before_the_response_and_after_it_twice_and_in_any_order(tmp_path: Path) -> None:
    lost = {3, 4, 9}
    async with journal(tmp_path / "campaigns.db") as campaigns:

        async def observe(body: dict[str, object], status: str) -> None:
            event = {
                "topic": "delivery_status",
                "timestamp": "1767225600",
                "sender": {"id": SENDER, "channelType": "whatsapp"},
                "recipient": {"id": body["number"], "channelType": "whatsapp"},
                "statusUpdate": {"id": "01", "status": status, "error": None},
                "callbackData": body["callbackData"],
            }
            await campaigns.observe(parse(json.dumps(event).encode()))

        sent: list[dict[str, object]] = []

        async def answer(request: WireRequest) -> Response:
            body = json.loads(request.content or b"")
            sent.append(body)
            if len(sent) % 2:
                await observe(body, "delivered")
            if len(sent) in lost:
                raise ConnectionResetError
            return Response(200, (), b'{"id":"01"}')

        async with Connectly(api_key="k", business_id="b", transport=MockTransport(answer)) as connectly:
            campaign = await plan(campaigns, 10)
            status = await campaign.run(connectly)
        assert (status.accepted, status.unknown) == (9, 1)
        for name in ("sent", "read", "sent", "delivered", "read"):
            for body in sent:
                await observe(body, name)
        found = {line.n: (line.state, line.status, line.message_id) async for line in campaign.report()}
        assert found == dict.fromkeys(range(1, 11), ("accepted", "read", "01"))
        assert len(sent) == 10


def test_a_disk_that_fills_up_and_is_emptied_costs_no_row(tmp_path: Path) -> None:
    async def main(clock: MockClock) -> None:
        seen: list[str | None] = []
        with Spring(tmp_path, 400, clock=clock.current_time) as spring:

            def watch(status: CampaignStatus) -> None:
                seen.append(status.waiting_for)
                ((pages,),) = spring.journal._connection.execute("PRAGMA page_count")
                most = 1_000_000 if "full" in str(status.waiting_for) else pages
                spring.journal._connection.execute(f"PRAGMA max_page_count = {most}")

            status = await spring.run(on_progress=watch, max_in_flight=20)
            spring.check()
        assert (status.state, status.accepted) == ("finished", 400)
        assert any("full" in str(waiting_for) for waiting_for in seen)

    run_on_trio(main)


async def test_a_clock_that_is_set_back_in_the_middle_costs_no_row(tmp_path: Path) -> None:
    calls = count(1)

    def read_clock() -> float:
        number = next(calls)
        return 1_000_000.0 + number / 100 - (7200.0 if number > 10 else 0.0)

    with Spring(tmp_path, 300, clock=read_clock) as spring:
        status = await spring.run(rates=[("endpoint", Rate(1e5, 100))], max_in_flight=20)
        spring.check()
    assert (status.state, status.accepted) == ("finished", 300)
    assert next(calls) > 15


@pytest.mark.slow
@pytest.mark.once
async def test_a_database_that_is_restarted_while_a_campaign_runs_costs_no_row(own_postgres: DatabaseServer) -> None:
    from connectly_api.campaigns.postgres_journal import PostgresJournal  # noqa: PLC0415 (its extra may be missing)

    with closing(PostgresJournal(own_postgres.url)) as opened:
        opened.create_schema()
    has_restarted = False

    async def watch(status: CampaignStatus) -> None:
        nonlocal has_restarted
        if status.accepted > 100 and not has_restarted:
            has_restarted = True
            await anyio.to_thread.run_sync(own_postgres.stop)
            await anyio.to_thread.run_sync(own_postgres.start)

    with CountingServer(Manners(most_delay=0.2)) as server:
        async with (
            Connectly(api_key="k", business_id="b", base_url=server.url) as connectly,
            journal(own_postgres.url) as campaigns,
        ):
            campaign = await plan(campaigns, 1_500)
            status = await campaign.run(connectly, on_progress=watch)
        assert has_restarted
        assert (status.state, status.accepted) == ("finished", 1_500)
        assert server.count_rows() == dict.fromkeys(range(1, 1_501), 1)


@pytest.mark.slow
async def test_a_campaign_gets_through_all_that_the_sandbox_does_to_it(tmp_path: Path) -> None:
    sandbox = Sandbox(clock="real", rate_limit=50, number_limit=40, sent_after=0.0, delivered_after=0.0)
    sandbox.template("spring", "en", parameters=["body_1"])
    sandbox.fault("fail_delivery", every=20)
    faults: list[FaultKind] = ["reset", "drop", "cut_off", "truncated", "server_error"]
    for fault in faults:
        sandbox.fault(fault, operation="send_whatsapp_templated_message", next=2)
    sandbox.fault("early_webhook", every=9)
    sandbox.fault("delay_webhook", seconds=0.2, every=5)
    sandbox.fault("duplicate_webhook", every=7)
    sandbox.fault("reorder_webhook", every=11)
    sandbox.fault("drop_webhook", topic="delivery_status", next=3)
    webhooks = WebhookApp(sandbox.settings.webhook_secret)
    sandbox.attach("https://shop.example/", webhooks)

    def build(row: InputRow) -> Template:
        return Template("spring", "en", body=[row["name"], "too much"] if row["name"] == "Ann 50" else [row["name"]])

    async with (
        sandbox,
        Connectly(
            api_key=sandbox.settings.api_key,
            business_id=sandbox.settings.business_id,
            transport=AsgiTransport(sandbox.app),
        ) as connectly,
        journal(tmp_path / "campaigns.db") as campaigns,
    ):
        campaigns.follow(webhooks)
        await connectly.webhooks.create("delivery_status", "https://shop.example/")
        pace = CampaignPace(endpoint=Rate(400, 45), number=None)
        items = rows(build_rows(60), to="phone")
        campaign = await campaigns.plan("spring", items, build, sender=SENDER, pace=pace, stop=NEVER, limits="off")
        status = await campaign.run(connectly)
        assert status.state == "finished"
        await sandbox.settle()
        status = await campaign.status()
    assert 429 in {request.status for request in sandbox.requests}
    assert (status.refused, status.failed) == (1, 2)
    assert status.accepted == sandbox.accepted == len({message.phone for message in sandbox.messages})
    assert status.accepted + status.unknown == 59
    assert 0 < status.unknown < 10
