"""The consumer: every event once, whoever delivers it again, and the state of every message."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from itertools import permutations
from pathlib import Path

import anyio
import pytest
from anyio import to_thread

from connectly_api.webhooks import Event, parse
from examples.webhook_consumer import Inbox


def status(message_id: str, reached: str, code: str | None = None) -> Event:
    update = {"id": message_id, "status": reached, "error": None if code is None else {"code": code}}
    return parse(json.dumps({"topic": "delivery_status", "statusUpdate": update}).encode())


def said(text: str) -> Event:
    body = {"sender": {"id": "+16044441111"}, "timestamp": "1639083207", "message": {"text": text}}
    return parse(json.dumps(body).encode())


@pytest.fixture
def inbox(tmp_path: Path) -> Inbox:
    return Inbox(tmp_path / "inbox.db")


def test_an_event_is_stored_once_also_by_a_consumer_that_started_again(inbox: Inbox) -> None:
    events = [said("Hi"), said("Hello"), status("a", "sent")]

    first = [inbox.record(event) for event in events]
    again = [Inbox(inbox.path).record(event) for event in events]

    assert (first, again) == ([True] * 3, [False] * 3)
    assert inbox.counts() == {"delivery_status": 1, "message": 2}


@pytest.mark.parametrize("order", list(permutations(["sent", "delivered", "read"])))
def test_statuses_in_any_order_end_alike(inbox: Inbox, order: tuple[str, ...]) -> None:
    for reached in order:
        inbox.record(status("a", reached))

    assert inbox.messages() == [("a", "read", None)]


def test_the_first_reason_of_a_failure_stays(inbox: Inbox) -> None:
    for event in (status("a", "delivery_failed", "ERROR_CODE_A"), status("a", "sent"), status("b", "new_status")):
        inbox.record(event)

    assert inbox.messages() == [("a", "delivery_failed", "ERROR_CODE_A"), ("b", None, None)]


def test_a_status_that_names_no_message_is_kept_as_an_event(inbox: Inbox) -> None:
    assert inbox.record(parse(b'{"topic": "delivery_status", "statusUpdate": {"status": "sent"}}'))
    assert (inbox.messages(), inbox.counts()) == ([], {"delivery_status": 1})


def test_what_cannot_be_stored_whole_is_not_stored_at_all(inbox: Inbox) -> None:
    with closing(sqlite3.connect(inbox.path)) as connection, connection:
        connection.execute("DROP TABLE messages")

    with pytest.raises(sqlite3.OperationalError):
        inbox.record(status("a", "sent"))
    assert inbox.counts() == {}
    assert Inbox(inbox.path).record(status("a", "sent"))


async def test_many_at_the_same_time_store_each_event_once(inbox: Inbox) -> None:
    new: list[bool] = []

    async def record(event: Event) -> None:
        new.append(await to_thread.run_sync(Inbox(inbox.path).record, event))

    async with anyio.create_task_group() as tasks:
        for _ in range(4):
            for reached in ("read", "sent", "delivered"):
                tasks.start_soon(record, status("a", reached))

    assert sum(new) == 3
    assert inbox.messages() == [("a", "read", None)]
