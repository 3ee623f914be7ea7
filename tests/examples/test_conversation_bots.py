"""The bots of the documentation meet 500 customers under faults: each is answered once, and the bot knows it."""

from __future__ import annotations

import importlib
import logging
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any, Literal

import attrs
import pytest
from anyio import to_thread
from flask import Flask

from connectly_api import Connectly, Retry
from connectly_api.sandbox import ReceivedRequest, Sandbox
from connectly_api.sync import Connectly as SyncConnectly
from connectly_api.sync.portal import run
from connectly_api.transport import AsgiTransport
from connectly_api.webhooks import ButtonReply, Event, InboundMessage, ListReply, parse
from connectly_api.webhooks.event_counts import WebhookCounts
from tests.examples.answer_check import Answers, check_answers, list_statuses
from tests.examples.conversations import add_conversations, add_faults, converse, open_sandbox

ROOT = Path(__file__).resolve().parent.parent.parent
BOTS = ("conversation_bot", "flask_bot")
ADDRESS = "https://bot.example/webhooks"
STATUS = re.compile(r"([0-9A-Z]{26}) (sent|delivered|read|delivery_failed)$")


def expect(event: Event) -> str | None:
    match event:
        case InboundMessage():
            return "How can we help?"
        case ButtonReply(text="Find a shop"):
            return "Where are you?"
        case ButtonReply():
            return "It arrives tomorrow."
        case ListReply(title="Lisbon"):
            return "Rua Augusta 1"
        case ListReply():
            return "Rua das Flores 2"
        case _:
            return None


def import_bot(name: str, monkeypatch: pytest.MonkeyPatch, folder: Path) -> Iterator[ModuleType]:
    """Import a bot as its server does; its store is in the folder."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("CONNECTLY_API_KEY", "sandbox-key")
    monkeypatch.setenv("CONNECTLY_BUSINESS_ID", "sandbox-business")
    monkeypatch.setenv("CONNECTLY_WEBHOOK_SECRET", "sandbox-secret")
    monkeypatch.setenv("WEBHOOK_ADDRESS", ADDRESS)
    yield importlib.import_module(f"examples.{name}")
    del sys.modules[f"examples.{name}"]


@pytest.fixture
def bot(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[ModuleType]:
    for bot in import_bot(request.param, monkeypatch, tmp_path):
        yield bot
        run(bot.app.aclose) if not isinstance(bot.app, Flask) else bot.webhooks.close()


def attach(bot: ModuleType, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Connect a bot and a sandbox without sockets, and let the client's retries not wait."""
    is_flask = isinstance(bot.app, Flask)
    settings, kind = sandbox.settings, SyncConnectly if is_flask else Connectly
    connectly = kind(
        api_key=settings.api_key,
        business_id=settings.business_id,
        transport=AsgiTransport(sandbox.app),
        retry=Retry(base=0),
    )
    monkeypatch.setattr(bot, "connectly", connectly)
    if is_flask:
        sandbox.attach_wsgi(ADDRESS, bot.app)
    else:
        sandbox.attach(ADDRESS, bot.app)


async def register(bot: ModuleType) -> None:
    if isinstance(bot.app, Flask):
        await to_thread.run_sync(bot.app.test_cli_runner().invoke, bot.register)
    else:
        for topic in ("messages", "delivery_status"):
            await bot.connectly.webhooks.ensure(topic, ADDRESS)


async def meet_customers(bot: ModuleType, sandbox: Sandbox, count: int, add: Callable[[Sandbox], None]) -> None:
    random = Random(count)  # noqa: S311  (the same customers in every run)
    await register(bot)
    add(sandbox)
    await converse(sandbox, add_conversations(sandbox, count, random), random)


def read_counts(bot: ModuleType) -> WebhookCounts:
    counts: WebhookCounts = bot.webhooks.counts if isinstance(bot.app, Flask) else bot.app.counts
    return counts


@pytest.mark.long
@pytest.mark.parametrize(
    ("bot", "bsuids"), [("conversation_bot", "accept"), ("flask_bot", "templates")], indirect=["bot"]
)
def test_each_of_500_customers_is_answered_once_whatever_goes_wrong(
    bot: ModuleType,
    bsuids: Literal["accept", "templates"],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    sandbox = open_sandbox(1, bsuids)
    attach(bot, sandbox, monkeypatch)
    caplog.set_level(logging.INFO)

    run(meet_customers, bot, sandbox, 500, add_faults)

    answers = check_answers(sandbox.entries, expect)
    assert answers.problems == ()
    assert min(answers.exact, answers.unknown, answers.late) > 30
    assert (answers.refused > 0) == (bsuids == "templates")  # Those who are known by a BSUID alone.
    faults = {one.fault for one in sandbox.requests} | {one.fault for one in sandbox.deliveries}
    assert faults == {
        *(None, "drop", "server_error", "rate_limited"),
        *("delay_webhook", "duplicate_webhook", "reorder_webhook", "bad_signature"),
    }
    # The bot's own record: what it logs of its messages, and what became of the deliveries.
    told = Counter(found.groups() for found in map(STATUS.fullmatch, caplog.messages) if found)
    assert told == Counter(list_statuses(sandbox.entries))
    assert len({message_id for message_id, _ in told}) == sandbox.accepted
    statuses = Counter(delivery.status for delivery in sandbox.deliveries)
    keys = {parse(delivery.content).key for delivery in sandbox.deliveries if delivery.delivered}
    assert read_counts(bot) == WebhookCounts(
        handled=len(keys) - answers.unknown - answers.refused,
        completed_after_failure=answers.unknown + answers.refused,
        repeated=statuses[200] - len(keys),
        redelivered=statuses[500],
        refused=statuses[401],
    )


def add_more_faults(sandbox: Sandbox) -> None:
    """Let responses be late, cut off and malformed, too."""
    for fault in ("slow_head", "slow_body"):
        sandbox.fault(fault, operation="send_message", probability=0.05, seconds=0.5)
    for fault in ("cut_off", "truncated", "wrong_types", "nulls", "fail_delivery"):
        sandbox.fault(fault, operation="send_message", probability=0.02)  # type: ignore[arg-type]
    add_faults(sandbox)


@pytest.mark.long
@pytest.mark.parametrize("bot", ["conversation_bot"], indirect=True)
def test_a_bot_whose_requests_the_service_gives_up_answers_nobody_twice(
    bot: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox = Sandbox(seed=3, bsuid_recipients="accept", rate_limit=None, keep=100_000, webhook_timeout=0.1)
    attach(bot, sandbox, monkeypatch)

    run(meet_customers, bot, sandbox, 60, add_more_faults)

    answers = check_answers(sandbox.entries, expect)
    # Whether a call was cancelled before or after its response is a matter of milliseconds.
    assert [problem for problem in answers.problems if "not answered" not in problem] == []
    assert answers.exact > 50
    assert "TimeoutError" in {delivery.problem for delivery in sandbox.deliveries}


@pytest.fixture(scope="module")
def entries(tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    """What a sandbox kept of conversations in which nothing went wrong."""
    sandbox = open_sandbox(2, "accept")
    with pytest.MonkeyPatch.context() as monkeypatch:
        for bot in import_bot("conversation_bot", monkeypatch, tmp_path_factory.mktemp("bot")):
            attach(bot, sandbox, monkeypatch)
            run(meet_customers, bot, sandbox, 5, lambda _: None)
            run(bot.app.aclose)
    return list(sandbox.entries)


def find_answer(entries: list[Any]) -> int:
    return next(
        number
        for number, entry in enumerate(entries)
        if isinstance(entry, ReceivedRequest) and entry.message is not None and entry.message.kind == "text"
    )


def change_answer(entries: list[Any], **changes: Any) -> list[Any]:
    place = find_answer(entries)
    changed = attrs.evolve(entries[place], message=attrs.evolve(entries[place].message, **changes))
    return [*entries[:place], changed, *entries[place + 1 :]]


def fail_delivery(entries: list[Any]) -> list[Any]:
    place = find_answer(entries) + 1
    return [*entries[:place], attrs.evolve(entries[place], status=500), *entries[place + 1 :]]


def repeat_answer(entries: list[Any], **first: Any) -> list[Any]:
    place = find_answer(entries)
    return [*entries[:place], attrs.evolve(entries[place], **first), *entries[place:]]


def lose_answer(entries: list[Any], **changes: Any) -> list[Any]:
    place = find_answer(entries)
    lost = attrs.evolve(entries[place], message=None, **changes)
    return [*entries[:place], lost, *entries[place + 1 :]]


def test_nothing_is_found_where_nothing_went_wrong(entries: list[Any]) -> None:
    answers = check_answers(entries, expect)
    assert attrs.evolve(answers, exact=0) == Answers()
    assert answers.exact > 10


@pytest.mark.parametrize(
    ("plant", "problem"),
    [
        (repeat_answer, "answered 2 times"),
        (partial(repeat_answer, fault="drop"), "answered 2 times"),
        (partial(repeat_answer, message=None, status=500, fault="server_error"), "sent again after an unknown outcome"),
        (lose_answer, "not answered, after [200]"),
        (partial(lose_answer, status=429, fault="rate_limited"), "not answered, after [429]"),
        (lambda entries: [*entries, entries[find_answer(entries)]], "messages were sent for no event"),
        (partial(change_answer, sender="+14150000000"), "answered from another number"),
        (partial(change_answer, phone="+16040000000", bsuid=None), "another customer was answered"),
        (partial(change_answer, body='{"message": {"text": "Hi"}}'), "another answer"),
        (partial(change_answer, kind="template"), "answered by a template within the window"),
        (fail_delivery, "is not handled, but answered"),
    ],
)
def test_a_planted_fault_is_found(entries: list[Any], plant: Callable[[list[Any]], list[Any]], problem: str) -> None:
    assert any(problem in line for line in check_answers(plant(entries), expect).problems)


@pytest.mark.parametrize("name", BOTS)
def test_a_bot_has_forty_lines_or_fewer(name: str) -> None:
    lines = (ROOT / "examples" / f"{name}.py").read_text("utf-8").splitlines()
    assert len([line for line in lines if line.strip()]) <= 40


@pytest.mark.parametrize("name", BOTS)
def test_the_page_shows_a_bot_as_it_is(name: str) -> None:
    program = (ROOT / "examples" / f"{name}.py").read_text("utf-8")
    assert f'```python title="{name}.py"\n{program}```\n' in (ROOT / "docs" / "examples.md").read_text("utf-8")
