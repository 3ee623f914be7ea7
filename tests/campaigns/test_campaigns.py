"""Campaigns from the outside: planned, run, followed, reported and forgotten, on both event loops."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Sequence
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any, cast
from unittest.mock import AsyncMock

import anyio
import anyio.lowlevel
import pytest

from connectly_api import Connectly, InvalidInputError, Phone, Template, sync
from connectly_api.campaigns import (
    Campaign,
    CampaignError,
    CampaignExistsError,
    CampaignNotFoundError,
    CampaignPace,
    Campaigns,
    Hours,
    InputRow,
    JournalError,
    NothingToSendError,
    PlanResult,
    Reject,
    Rows,
    RowState,
    StopRules,
    journal,
    rows,
)
from connectly_api.campaigns.campaign_settings import CampaignSettings
from connectly_api.campaigns.journal_protocol import CampaignRecord, Observation
from connectly_api.campaigns.row_callback import KEY
from connectly_api.campaigns.row_states import Outcome
from connectly_api.campaigns.sqlite_journal import SQLiteJournal
from connectly_api.sandbox import Sandbox
from connectly_api.transport import Rate
from connectly_api.transport.adapters.asgi import AsgiTransport
from connectly_api.webhooks import DeliveryStatus, InboundMessage, WebhookApp

SENDER = "+14151111234"
FAST = CampaignPace(endpoint=None, number=None)
COLUMNS = dict.fromkeys(["phone", "name"])

Run = Callable[[Callable[[Campaigns], Awaitable[Any]]], Any]


def number(n: int) -> str:
    return f"+1604444{n:04}"


class Source:
    """Rows as `rows()` gives them."""

    def __init__(self, items: Iterable[InputRow | Reject], *, size: int = 1000, then: Exception | None = None) -> None:
        self.items = list(items)
        self.size = size
        self.then = then

    async def read(self) -> AsyncGenerator[list[InputRow | Reject]]:
        for start in range(0, len(self.items), self.size):
            await anyio.lowlevel.checkpoint()
            yield self.items[start : start + self.size]
        if self.then is not None:
            raise self.then


def source(count: int, *rejects: Reject, name: str = "Anna", **options: Any) -> Rows:
    items = [InputRow(n + 1, number(n), {"name": f"{name} {n}"}, COLUMNS) for n in range(1, count + 1)]
    return cast("Rows", Source([*items, *rejects], **options))


def build(row: InputRow) -> Template:
    return Template("spring", "de", body=[row["name"]])


async def plan(campaigns: Campaigns, count: int = 3, **options: Any) -> Campaign:
    return await campaigns.plan("spring", source(count), build, **{"pace": FAST, **options})


@pytest.fixture(params=["asyncio", "trio"])
def run(request: pytest.FixtureRequest, path: Path) -> Run:
    """Return a function that runs a test with the campaigns of a file."""

    async def main(test: Callable[[Campaigns], Awaitable[Any]]) -> Any:
        async with journal(path) as campaigns:
            return await test(campaigns)

    return lambda test: anyio.run(main, test, backend=request.param)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "campaigns.db"


@pytest.fixture
def sandbox() -> Sandbox:
    return Sandbox(senders=(SENDER,))


def connect(sandbox: Sandbox, **settings: Any) -> Connectly:
    known = {
        "api_key": sandbox.settings.api_key,
        "business_id": sandbox.settings.business_id,
        "transport": AsgiTransport(sandbox.app),
    }
    return Connectly(**{**known, **settings})


async def find(campaigns: Campaigns) -> CampaignRecord:
    _, record = await campaigns._find("spring")
    return record


def settle(path: Path, *states: RowState, **options: Any) -> None:
    """Let rows be taken, and get these states."""
    file = SQLiteJournal(path, **options)
    file.open()
    record = file.find("spring")
    assert record is not None
    taken = file.turn(record.id, "other", [], len(states), []).rows
    outcomes = [Outcome(row.n, row.attempt, state) for row, state in zip(taken, states, strict=True)]
    file.turn(record.id, "other", outcomes, 0, [])
    file.close()


# From a plan to a report.


def test_a_campaign_is_planned_run_followed_and_reported(run: Run, sandbox: Sandbox) -> None:
    async def test(campaigns: Campaigns) -> None:
        webhooks = WebhookApp(sandbox.settings.webhook_secret)
        campaigns.follow(webhooks)
        sandbox.attach("https://bot.example/", webhooks)
        sandbox.fault("drop", operation="send_whatsapp_templated_message", next=1)
        async with connect(sandbox) as connectly:
            await connectly.webhooks.create("delivery_status", "https://bot.example/")
            spring = await plan(campaigns, 5, sender=SENDER, campaign_name="Spring", callback_data={"order": 7})
            assert (await spring.run(connectly)).state == "finished"
            await sandbox.settle()
        after = await spring.status()
        assert (after.accepted, after.unknown, after.read + after.delivered) == (5, 0, 5)
        lines = [line async for line in spring.report()]
        assert [(line.n, line.line, line.recipient, line.key) for line in lines] == [
            (n, n + 1, number(n), number(n)) for n in range(1, 6)
        ]
        assert {line.message_id for line in lines} == {message.id for message in sandbox.messages}

    run(test)
    assert sandbox.accepted == 5
    (first, *_) = sandbox.messages
    assert isinstance(first.callback_data, dict)
    assert first.callback_data["order"] == 7
    assert first.sender == SENDER


def test_a_file_is_planned_and_what_cannot_be_sent_is_listed(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "customers.csv"
    file.write_text(
        "phone,name\n+1 604 444-0001,Anna\n+16044440002,\n+16044440001,Anna again\n16044440003,Bert\n"
        '+16044440004,"two\nlines"\n+16044440005,Cem\n'
    )

    async def test(campaigns: Campaigns) -> None:
        spring = await campaigns.plan("spring", rows(file, to="phone"), build)
        assert [(line.line, line.recipient) async for line in spring.report()] == [(2, number(1)), (8, number(5))]
        rejects = [(one.line, one.field, one.reason) async for one in spring.rejects()]
        assert [one[:2] for one in rejects] == [(3, "name"), (4, None), (5, "phone"), (6, "body[0]")]
        assert [one[2] for one in rejects[:2]] == ["is empty", "duplicate of line 2"]
        assert spring.plan.rejected == 4

    run(test)


def test_the_sample_of_a_plan_is_the_request_that_is_sent(run: Run, sandbox: Sandbox) -> None:
    async def test(campaigns: Campaigns) -> str | None:
        spring = await plan(campaigns, 1, sender=SENDER, campaign_name="Spring")
        async with connect(sandbox) as connectly:
            await spring.run(connectly)
        return spring.plan.sample

    sample = run(test)
    assert sandbox.requests[0].body.decode() == sample


# Plans.


def test_the_same_rows_resume_and_others_are_refused(run: Run) -> None:
    async def test(campaigns: Campaigns) -> None:
        first = await plan(campaigns)
        again = await plan(campaigns, deadline=timedelta(hours=1), stop=StopRules(share=None))
        assert (first.plan.is_resumed, again.plan.is_resumed) == (False, True)
        assert first.plan.digest == again.plan.digest
        others: list[tuple[dict[str, Any], str]] = [
            ({"count": 2}, "it was planned from 3 rows, not from 2"),
            ({"campaign_name": "x"}, "its campaign_name is another"),
            ({"sender": SENDER}, "its sender is another"),
            ({"callback_data": {"a": 1}}, "its recipients, contents, keys, sender or callback data are others"),
        ]
        for options, difference in others:
            with pytest.raises(CampaignExistsError, match=f"^the journal has a campaign 'spring', and {difference}; "):
                await plan(campaigns, **options)
        with pytest.raises(CampaignExistsError):
            await campaigns.plan("spring", source(3, name="Bert"), build)

    run(test)


def test_a_plan_says_what_was_planned_and_rejected(run: Run) -> None:
    rejects = [Reject(100 + n, "phone", f"{n} digits") for n in range(1500)]

    async def test(campaigns: Campaigns) -> None:
        once = source(2, *rejects, Reject(5000, None, "left out by build"))
        twice = cast("Rows", Source([*cast("Source", once).items, InputRow(9, number(1), {"name": "x"}, COLUMNS)]))
        spring = await campaigns.plan("spring", twice, build)
        result = spring.plan
        reasons = {"phone: … digits": 1500, "duplicate of line …": 1, "left out by build": 1}
        assert (result.rows, result.rejected, result.reasons) == (2, 1502, reasons)
        assert str(result) == (
            "2 rows, 1,502 rejected: 1,500 × phone: … digits; 1 × duplicate of line …; 1 × left out by build"
        )
        lines = [reject.line async for reject in spring.rejects()]
        assert sorted(lines) == [9, *range(100, 1600), 5000]
        reopened = (await campaigns.open("spring")).plan
        assert reopened == PlanResult(2, 1502, reasons, is_resumed=True, digest=result.digest)
        assert str(reopened).startswith("2 rows (planned before), 1,502 rejected: ")

    run(test)


def test_a_plan_without_rejects_is_short(run: Run) -> None:
    async def test(campaigns: Campaigns) -> None:
        spring = await plan(campaigns, 1200)
        assert str(spring.plan) == "1,200 rows, 0 rejected"
        assert repr(spring) == "Campaign(name='spring')"
        assert number(1) not in repr(spring.plan)
        assert [line.n async for line in spring.report()] == list(range(1, 1201))

    run(test)


def fail(_: InputRow) -> Template:
    raise ZeroDivisionError


@pytest.mark.parametrize(
    ("items", "by", "error"),
    [
        (source(2000, size=10, then=ConnectionError("away")), build, ConnectionError),
        (source(2000, size=10), fail, CampaignError),
        (source(0), build, NothingToSendError),
        (source(0, Reject(1, "phone", "is empty")), build, NothingToSendError),
    ],
)
def test_a_plan_that_fails_leaves_nothing_behind(run: Run, items: Rows, by: Any, error: type[Exception]) -> None:
    async def test(campaigns: Campaigns) -> None:
        with pytest.raises(error):
            await campaigns.plan("spring", items, by)
        assert await campaigns.list() == []

    run(test)


class Endless:
    """A source that reads on and on, and says when it has begun."""

    def __init__(self) -> None:
        self.has_begun = anyio.Event()

    async def read(self) -> AsyncGenerator[list[InputRow]]:
        yield cast("Source", source(1)).items  # type: ignore[misc]
        yield []
        yield []
        self.has_begun.set()
        await anyio.sleep_forever()


def test_a_plan_that_fails_does_not_wait_for_its_source(run: Run) -> None:
    async def test(campaigns: Campaigns) -> None:
        with pytest.raises(CampaignError, match=r"^line 2: build failed with ZeroDivisionError$"):
            await campaigns.plan("spring", cast("Rows", Endless()), fail)

    run(test)


def test_a_cancelled_plan_leaves_nothing_behind(run: Run) -> None:
    async def test(campaigns: Campaigns) -> None:
        endless = Endless()
        async with anyio.create_task_group() as group:
            group.start_soon(campaigns.plan, "spring", cast("Rows", endless), build)
            await endless.has_begun.wait()
            group.cancel_scope.cancel()
        assert await campaigns.list() == []

    run(test)


async def test_a_plan_that_asyncio_cancels_leaves_nothing_behind(path: Path) -> None:
    async def main() -> None:
        async with journal(path) as campaigns:
            endless = Endless()
            task = asyncio.ensure_future(campaigns.plan("spring", cast("Rows", endless), build))
            await endless.has_begun.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert await campaigns.list() == []

    await main()


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": 5}, "name"),
        ({"name": "\ud800"}, "name"),
        ({"campaign_name": "\ud800"}, "campaign_name"),
        ({"rows": [{"phone": SENDER}]}, "rows"),
        ({"build": None}, "build"),
        ({"key": 5}, "key"),
        ({"sender": "x"}, "sender"),
        ({"campaign_name": " x"}, "campaign_name"),
        ({"callback_data": 5}, "callback_data"),
        ({"limits": "no"}, "limits"),
        ({"deadline": 5}, "deadline"),
        ({"deadline": None}, "deadline"),
        ({"deadline": timedelta()}, "deadline"),
        ({"hours": 5}, "hours"),
        ({"pace": 5}, "pace"),
        ({"stop": 5}, "stop"),
    ],
)
def test_an_invalid_argument_is_refused(run: Run, options: dict[str, Any], field: str) -> None:
    async def test(campaigns: Campaigns) -> None:
        known: dict[str, Any] = {"name": "spring", "rows": source(1), "build": build}
        with pytest.raises(InvalidInputError, match=f"^{field}: "):
            await campaigns.plan(**{**known, **options})
        assert await campaigns.list() == []

    run(test)


# Settings.


def test_settings_come_back_from_the_journal() -> None:
    settings = CampaignSettings(
        "biz",
        SENDER,
        "Spring",
        Hours("09:00", "20:00", "Europe/Berlin", days="mon-sat"),
        StopRules(in_a_row=5, share=None),
        CampaignPace(endpoint=None, number=Rate(5.0, 2)),
    )

    assert CampaignSettings.from_json(settings.to_json()) == settings
    assert CampaignSettings.from_json(CampaignSettings().to_json()) == CampaignSettings()
    assert SENDER not in repr(settings)


def test_the_first_sender_that_a_client_names_is_kept() -> None:
    bound = CampaignSettings().bind("biz", None)

    assert (bound.business_id, bound.sender) == ("biz", None)
    assert bound.bind("biz", SENDER).bind("biz", "+14151119999").sender == SENDER


def test_all_campaigns_of_a_business_and_a_number_share_their_rates() -> None:
    default = CampaignSettings("biz", SENDER)

    assert default.list_rates() == [
        ("biz/send_whatsapp_templated_message", Rate(180.0, 6)),
        (f"biz/{SENDER}", Rate(70.0, 4)),
    ]
    assert CampaignSettings("biz").list_rates()[1][0] == "biz/"
    assert CampaignSettings("biz", pace=FAST).list_rates() == []
    with pytest.raises(InvalidInputError, match=r"^number: must be a Rate"):
        CampaignPace(number=5)  # type: ignore[arg-type]


# Runs.


def test_the_first_run_decides_about_the_business_and_the_sender(run: Run) -> None:
    first, second = Sandbox(senders=(SENDER, "+14151119999")), Sandbox(business_id="another")

    async def test(campaigns: Campaigns) -> None:
        spring = await plan(campaigns)
        async with connect(first, sender=SENDER) as connectly, connect(second) as other:
            await spring.pause()
            await spring.run(connectly)
            await spring.resume()
            with pytest.raises(InvalidInputError, match=r"^connectly: the campaign was first run for another business"):
                await spring.run(other)
            await spring.run(connectly.with_sender("+14151119999"))

    run(test)
    assert [message.sender for message in first.messages] == [SENDER] * 3
    assert second.received == 0


def test_a_planned_sender_counts_whatever_the_clients_default_is(run: Run) -> None:
    sandbox = Sandbox(senders=(SENDER, "+14151119999"))

    async def test(campaigns: Campaigns) -> None:
        async with connect(sandbox, sender="+14151119999") as connectly:
            await (await plan(campaigns, sender=Phone(SENDER))).run(connectly)

    run(test)
    assert {message.sender for message in sandbox.messages} == {SENDER}


def test_two_first_runs_at_once_agree_on_the_business(
    run: Run, path: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test(campaigns: Campaigns) -> None:
        spring = await plan(campaigns)
        record = await find(campaigns)
        file = SQLiteJournal(path)
        file.open()
        bound = CampaignSettings.from_json(record.settings).bind("another", None)
        file.replace_settings(record.id, record.settings, bound.to_json())
        file.close()

        # This process has read the settings before that.
        thread, _ = await campaigns._find("spring")
        monkeypatch.setattr(spring, "_find", AsyncMock(return_value=(thread, record)))
        async with connect(sandbox) as connectly:
            with pytest.raises(InvalidInputError, match=r"^connectly: "):
                await spring.run(connectly)

    run(test)
    assert sandbox.received == 0


def test_code_without_async_runs_a_campaign_through_its_client(path: Path, sandbox: Sandbox) -> None:
    async def send(connectly: Connectly) -> int:
        async with journal(path) as campaigns:
            spring = await plan(campaigns)
            return (await spring.run(connectly)).accepted

    keys: dict[str, Any] = {"api_key": sandbox.settings.api_key, "business_id": sandbox.settings.business_id}
    with sync.Connectly(**keys, transport=AsgiTransport(sandbox.app)) as connectly:
        assert connectly.run(send) == 3


@pytest.mark.parametrize("client", [None, object(), Connectly, sync.Connectly])
def test_anything_but_an_async_client_is_refused(run: Run, client: Any) -> None:
    async def test(campaigns: Campaigns) -> None:
        spring = await plan(campaigns)
        with pytest.raises(InvalidInputError, match=r"^connectly: "):
            await spring.run(client)

    run(test)


def test_a_pause_holds_until_the_campaign_is_resumed(run: Run, sandbox: Sandbox) -> None:
    async def test(campaigns: Campaigns) -> None:
        async with connect(sandbox) as connectly:
            spring = await plan(campaigns)
            await spring.pause()
            assert (await spring.run(connectly)).state == "paused"
            assert sandbox.accepted == 0
            await spring.resume()
            assert (await spring.run(connectly)).state == "finished"

    run(test)


def test_a_campaign_can_be_resumed_with_another_deadline(run: Run) -> None:
    async def test(campaigns: Campaigns) -> None:
        spring = await plan(campaigns)
        before = (await find(campaigns)).deadline
        await spring.resume()
        assert (await find(campaigns)).deadline == before
        await spring.resume(deadline=timedelta(hours=48))
        assert 23 * 3600 < (await find(campaigns)).deadline - before < 25 * 3600
        with pytest.raises(InvalidInputError, match=r"^deadline: must be above 0$"):
            await spring.resume(deadline=timedelta(hours=-1))

    run(test)


def test_refused_rows_are_sent_again_if_asked_for(run: Run, path: Path) -> None:
    async def test(campaigns: Campaigns) -> None:
        spring = await plan(campaigns)
        settle(path, RowState.REFUSED, RowState.UNKNOWN, RowState.ACCEPTED)
        with pytest.raises(InvalidInputError, match="choose refused=True"):
            await spring.retry()
        assert await spring.retry(unknown=True) == 0
        assert await spring.retry(refused=True, unknown=True) == 1
        assert await spring.retry(refused=True) == 0
        status = await spring.status()
        assert (status.pending, status.unknown, status.accepted) == (1, 1, 1)

    run(test)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_unknown_rows_are_sent_again_where_webhooks_prove_that_they_were_not_accepted(path: Path, backend: str) -> None:
    now = 1_790_000_000.0

    def clock() -> float:
        return now

    async def main() -> None:
        nonlocal now
        async with Campaigns(lambda: SQLiteJournal(path, clock=clock)) as campaigns:
            spring = await plan(campaigns, 21)
            settle(path, *[RowState.ACCEPTED] * 20, RowState.UNKNOWN, clock=clock)
            now += 600
            assert await spring.retry(unknown=True) == 0
            for n in range(1, 21):
                await observe(campaigns, n)
            assert await spring.retry(unknown=True) == 1
            assert (await spring.status()).pending == 1

    anyio.run(main, backend=backend)


async def test_a_campaign_whose_process_died_is_not_running_for_ever(path: Path) -> None:
    now = 1_790_000_000.0
    async with Campaigns(lambda: SQLiteJournal(path, clock=lambda: now)) as campaigns:
        spring = await plan(campaigns)
        assert (await spring.status()).state == "ready"
        with closing(SQLiteJournal(path, clock=lambda: now)) as other:
            other.open()
            other.turn((await find(campaigns)).id, "other", [], 3, [])
        assert (await spring.status()).state == "running"
        now += 121
        status = await spring.status()
        assert (status.state, status.sending) == ("ready", 3)


# Events.


async def observe(campaigns: Campaigns, n: int) -> None:
    token = (await find(campaigns)).token
    await campaigns.observe(DeliveryStatus(message_id="m1", status="sent", callback_data={KEY: f"{token}/{n}"}))


def test_an_event_settles_an_unknown_row(run: Run, path: Path) -> None:
    async def test(campaigns: Campaigns) -> None:
        spring = await plan(campaigns)
        settle(path, RowState.UNKNOWN, RowState.UNKNOWN)
        await observe(campaigns, 2)
        await observe(campaigns, 2)
        lines = [(line.state, line.status, line.message_id) async for line in spring.report()]
        assert lines == [
            (RowState.UNKNOWN, None, None),
            (RowState.ACCEPTED, "sent", "m1"),
            (RowState.PENDING, None, None),
        ]

    run(test)


def test_events_of_other_messages_are_ignored(run: Run) -> None:
    async def test(campaigns: Campaigns) -> None:
        spring = await plan(campaigns)
        await campaigns.observe(InboundMessage(text="Hello"))
        await campaigns.observe(DeliveryStatus(status="sent", callback_data={KEY: "abcdefghijkl/1"}))
        assert (await spring.status()).pending == 3

    run(test)


class RoughJournal(SQLiteJournal):
    """Counts the transactions of events, and lets one of them fail."""

    def __init__(self, path: Path, sizes: list[int], failing: int) -> None:
        super().__init__(path)
        self.sizes = sizes
        self.failing = failing

    def observe(self, observations: Sequence[Observation]) -> int:
        self.sizes.append(len(observations))
        if len(self.sizes) == self.failing:
            raise JournalError("the disk is full", retry_safe=True)
        return super().observe(observations)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
@pytest.mark.parametrize("failing", [0, 1, 2])
def test_events_that_come_together_are_written_together(path: Path, backend: str, failing: int) -> None:
    sizes: list[int] = []
    errors: list[JournalError] = []

    async def deliver(campaigns: Campaigns, n: int) -> None:
        try:
            await observe(campaigns, n)
        except JournalError as error:
            errors.append(error)
            await observe(campaigns, n)

    async def main() -> None:
        async with Campaigns(lambda: RoughJournal(path, sizes, failing)) as campaigns:
            spring = await plan(campaigns, 50)
            async with anyio.create_task_group() as group:
                for n in range(1, 51):
                    group.start_soon(deliver, campaigns, n)
            assert (await spring.status()).sent == 50

    anyio.run(main, backend=backend)
    # Who did not fail has written for all who waited with it.
    assert len(errors) == (failing > 0)
    assert len(sizes) < 50


def test_customers_who_share_a_bsuid_are_one_unless_keys_are_given(run: Run) -> None:
    people = [
        *({"phone": number(1), "bsuid": "US.1"}, {"phone": "", "bsuid": "US.1"}, {"phone": number(1), "bsuid": ""}),
        *({"phone": "", "bsuid": "US.2"}, {"phone": number(2), "bsuid": "US.2"}, {"phone": number(3), "bsuid": "US.3"}),
    ]

    async def test(campaigns: Campaigns) -> None:
        given = rows([{**one, "order": str(n)} for n, one in enumerate(people)], to="phone", bsuid="bsuid")
        spring = await campaigns.plan("spring", given, lambda _row: Template("spring", "de"))
        assert [(one.line, one.reason) async for one in spring.rejects()] == [
            (2, "duplicate of line 1"),
            (3, "duplicate of line 1"),
            (5, "duplicate of line 4"),
        ]
        orders = await campaigns.plan("orders", given, lambda _row: Template("spring", "de"), key="order")
        assert orders.plan.rows == 6

    run(test)


def test_events_may_come_on_other_event_loops(path: Path) -> None:
    async def main() -> None:
        async with journal(path) as campaigns:
            spring = await plan(campaigns, 200)

            async def deliver(first: int) -> None:
                await asyncio.gather(*[observe(campaigns, n) for n in range(first, first + 100)])

            threads = [asyncio.to_thread(asyncio.run, deliver(first)) for first in (1, 101)]
            await asyncio.gather(*threads)
            assert (await spring.status()).sent == 200

    anyio.run(main)


# The journal.


def test_campaigns_are_found_and_listed(run: Run) -> None:
    async def test(campaigns: Campaigns) -> None:
        await plan(campaigns)
        await campaigns.plan("summer", source(2), build)
        assert [(one.name, one.total) for one in await campaigns.list()] == [("summer", 2), ("spring", 3)]
        assert (await campaigns.open("summer")).plan.rows == 2
        with pytest.raises(CampaignNotFoundError, match="there is no campaign 'autumn' in the journal"):
            await campaigns.open("autumn")

    run(test)


def test_a_campaign_that_was_forgotten_has_no_rows_and_is_not_sent_again(run: Run, sandbox: Sandbox) -> None:
    async def test(campaigns: Campaigns) -> None:
        spring = await plan(campaigns)
        async with connect(sandbox) as connectly:
            accepted = (await spring.run(connectly)).accepted
            await spring.forget()
            assert [line async for line in spring.report()] == []
            again = await plan(campaigns)
            status = await again.run(connectly)
        assert sandbox.accepted == accepted
        assert (status.state, status.reason) == ("stopped", "forgotten")
        await again.resume()
        assert (await again.status()).state == "stopped"

    run(test)


def test_a_receiver_opens_the_journal_at_its_first_event(run: Run, path: Path) -> None:
    receiver = journal(path)

    async def test(campaigns: Campaigns) -> None:
        spring = await plan(campaigns)
        record = await find(campaigns)
        async with anyio.create_task_group() as group:
            for n in (1, 2):
                name = f"{record.token}/{n}"
                group.start_soon(receiver.observe, DeliveryStatus(status="sent", callback_data={KEY: name}))
        assert (await spring.status()).sent == 2
        await receiver.aclose()
        await receiver.aclose()
        assert [one.sent for one in await receiver.list()] == [2]
        await receiver.aclose()

    run(test)


def test_a_file_that_is_no_journal_cannot_be_opened(run: Run, path: Path) -> None:
    path.write_bytes(b"Dear diary" * 1000)

    async def test(_: Campaigns) -> None:
        raise AssertionError

    with pytest.raises(JournalError):
        run(test)


@pytest.mark.parametrize("where", [":memory:", "", "a\0b", 5, None])
def test_anything_but_a_path_is_refused(where: Any) -> None:
    with pytest.raises(InvalidInputError, match=r"^path: must be the path of a file"):
        journal(where)


@pytest.mark.parametrize("scheme", ["postgresql", "postgres"])
async def test_a_database_is_connected_to_when_the_block_begins(scheme: str) -> None:
    campaigns = journal(f"{scheme}://user:secret@127.0.0.1:1/db")
    assert "secret" not in repr(campaigns)
    with pytest.raises(JournalError) as failure:
        await campaigns.__aenter__()
    assert "secret" not in str(failure.value)


def test_postgresql_needs_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(InvalidInputError, match=r"pip install 'connectly-api\[fleet\]'") as failure:
        journal("postgresql://user:secret@host/db")
    assert "secret" not in str(failure.value)


@pytest.mark.parametrize("webhooks", [None, sync, WebhookApp])
def test_only_a_webhook_app_can_be_followed(path: Path, webhooks: Any) -> None:
    with pytest.raises(InvalidInputError, match=r"^webhooks: must be a WebhookApp, not "):
        journal(path).follow(webhooks)


def test_a_webhook_app_for_code_without_async_can_be_followed(path: Path, sandbox: Sandbox) -> None:
    webhooks = sync.WebhookApp(sandbox.settings.webhook_secret)
    receiver = journal(path)
    receiver.follow(webhooks)
    sandbox.attach_wsgi("https://bot.example/", webhooks)

    async def main() -> int:
        async with journal(path) as campaigns, connect(sandbox) as connectly:
            await connectly.webhooks.create("delivery_status", "https://bot.example/")
            spring = await plan(campaigns)
            await spring.run(connectly)
            await sandbox.settle()
            status = await spring.status()
            return status.delivered + status.read

    assert anyio.run(main) == 3
    sync.run(receiver.aclose)
