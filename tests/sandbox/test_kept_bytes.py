"""What a sandbox keeps is bounded by bytes, whoever sends whatever, and without the key next to nothing is kept."""

from __future__ import annotations

import json
from typing import Any

import anyio
import attrs
import pytest
from anyio.lowlevel import checkpoint

from connectly_api import InvalidInputError
from connectly_api.sandbox import Sandbox, replay
from connectly_api.sandbox.model.bounded_collections import BoundedMap, BoundedQueue, measure
from connectly_api.sandbox.model.state import State
from connectly_api.sandbox.sandbox import get_engine
from tests.contract.service_file import find_place
from tests.sandbox.calls import CREATE, answer, ask, client_of, path_of, register, session

PHONE = "+16044441111"
MEGABYTE = 2**20


def measure_kept(sandbox: Sandbox) -> int:
    """Add up what is kept, each record once, however many collections have it."""
    state = get_engine(sandbox).state
    timeline = [entry.record for entry in state.timeline]
    kept = [*timeline, *state.requests, *state.deliveries, *state.messages.values(), *state.texts.values()]
    return sum(measure(record) for record in {id(record): record for record in kept}.values())


async def test_a_stream_of_large_bodies_to_unknown_paths_keeps_next_to_nothing_of_them() -> None:
    sandbox = Sandbox()
    body = b"x" * MEGABYTE
    flood = tuple((f"x-{number}", "y" * 1000) for number in range(100))
    for number in range(100):
        ask(sandbox, body, path=f"/unknown/{number}", headers=flood, query="q=" + "z" * 10_000)
        ask(sandbox, body, headers=(("x-api-key", "wrong"), *flood), query="q=" + "z" * 10_000)
    assert measure_kept(sandbox) < 200 * 4 * 1024
    for request in sandbox.requests:
        assert (len(request.body), request.body_size, len(request.query)) == (1024, MEGABYTE, 1024)
        assert sum(len(name) + len(value) for name, value in request.headers) <= 1024
    async with client_of(sandbox) as client:
        shown = (await client.get("/__sandbox__/requests")).json()["requests"][0]
    assert (shown["bodySize"], len(shown["body"])) == (MEGABYTE, 1024)


async def test_with_the_key_the_oldest_are_dropped_beyond_the_bytes_and_the_latest_is_whole() -> None:
    limit = 5 * MEGABYTE
    sandbox = Sandbox(windows="open", keep_bytes=limit)
    register(sandbox, "delivery_status")
    for number in range(30):
        ask(sandbox, session(callbackData={"n": number, "x": "x" * 900}))
        ask(sandbox, json.dumps({"n": number}).encode() + b" " * (MEGABYTE // 2), path="/unknown")
        await sandbox.customer(PHONE).says("x" * 4_000)
    await sandbox.settle()
    ask(sandbox, b"y" * MEGABYTE, path="/unknown")
    assert measure_kept(sandbox) <= limit + MEGABYTE
    assert len(sandbox.requests) < 10
    latest = next(reversed(sandbox.requests))
    assert latest.body == b"y" * MEGABYTE
    assert sandbox.received == 62
    state = get_engine(sandbox).state
    assert state.timeline[-1].number == state.entry_count
    assert state.due_bytes == 0
    with pytest.raises(InvalidInputError, match="keep_bytes"):
        sandbox.recording()


async def test_a_request_that_was_cut_can_be_replayed(tmp_path: Any) -> None:
    sandbox = Sandbox()
    ask(sandbox, b"x" * 5000, path="/unknown", headers=(), query="q=" + "z" * 5000)
    ask(sandbox, b"x" * 5000, headers=(("x-api-key", "z" * 5000),), query="q=" + "z" * 5000)
    sandbox.save(tmp_path / "run.json")
    again = await replay(tmp_path / "run.json")
    assert [request.status for request in again.requests] == [404, 401]


def test_a_violation_for_each_item_of_a_long_body_counts_as_well() -> None:
    sandbox = Sandbox(keep_bytes=MEGABYTE)
    for _ in range(5):
        ask(sandbox, {**session(), "message": {"listMessage": {"sections": [{"rows": [1] * 10_000}]}}})
    assert len(sandbox.requests) == 1


def test_new_customers_without_end_are_bounded_and_the_latest_are_known() -> None:
    sandbox = Sandbox(windows="open", keep=50, rate_limit=None)
    for number in range(300):
        ask(sandbox, session(recipient={"id": f"+1604{number:07}", "channelType": "whatsapp"}))
        sandbox.customer(f"+1605{number:07}", name="x")
    state = get_engine(sandbox).state
    assert len(list(state.customers)) == 50
    kept = {name: getattr(state, name) for name in attrs.fields_dict(State) if name != "schedule"}
    assert max(len(value) for value in kept.values() if hasattr(value, "__len__")) <= 200


def test_what_is_declared_is_limited_in_number_and_size() -> None:
    sandbox = Sandbox()
    for number in range(1_000):
        sandbox.template(f"template_{number}")
        sandbox.fault("drop_webhook", recipient=PHONE, next=number + 1)
    with pytest.raises(InvalidInputError, match=r"^templates: there are 1000"):
        sandbox.template("another")
    with pytest.raises(InvalidInputError, match=r"^rules: there are 1000"):
        sandbox.fault("drop_webhook")
    changed = path_of("update_webhook", register(sandbox, "messages"))
    body = {"topic": "delivery_status", "address": f"https://bot.example/{'x' * 20_000}"}
    refused = [
        ask(sandbox, body, path=CREATE),
        ask(sandbox, {"address": body["address"]}, path=changed, method=find_place("update_webhook").method),
    ]
    for one in refused:
        assert (one.status, answer(one)["message"]) == (400, "registrations: one has more than 16384 bytes")
    sandbox.reset()
    with pytest.raises(InvalidInputError, match=r"^templates: one has more than 16384 bytes"):
        sandbox.template("large", parameters=[f"body_{number}" for number in range(10_000)])


async def test_more_than_can_be_due_is_refused_until_the_clock_moves() -> None:
    sandbox = Sandbox(windows="open", keep_bytes=MEGABYTE, read_after=None)
    data = {"callbackData": {"x": "x" * 900}}
    statuses = [ask(sandbox, session(**data)).status for _ in range(4)]
    get_engine(sandbox).state.keep_bytes = 1_000
    assert ask(sandbox, session(**data)).status == 503
    with pytest.raises(InvalidInputError, match="move the clock"):
        await sandbox.customer(PHONE).says("Hi")
    await sandbox.settle()
    await sandbox.customer(PHONE).says("Hi")
    assert statuses == [200] * 4
    assert ask(sandbox, session(**data)).status == 200


async def test_what_a_receiver_does_not_answer_counts_as_due_and_only_so_much_is_sent_at_once() -> None:
    begun, has_begun = 0, anyio.Event()

    async def hang(*_: object) -> None:
        nonlocal begun
        begun += 1
        has_begun.set()
        await anyio.sleep_forever()

    sandbox = Sandbox(windows="open", clock="real", keep_bytes=100_000, sent_after=0, rate_limit=10_000)
    sandbox.attach("https://bot.example/", hang)
    register(sandbox, "delivery_status")
    async with sandbox:
        statuses = [ask(sandbox, session(callbackData={"x": "x" * 900})).status for _ in range(400)]
        await has_begun.wait()
        for _ in range(20):
            await checkpoint()
    assert begun == 100
    assert (statuses[0], statuses[-1]) == (200, 503)
    state = get_engine(sandbox).state
    assert state.due_bytes == sum(measure(task) for _, _, task in state.schedule)


def test_collections_forget_the_oldest_beyond_a_number_or_a_size_but_never_the_latest() -> None:
    queue, kept = BoundedQueue[str](3, 10), BoundedMap[bytes](3, 10)
    queue.extend(["a", "b", "c", "d"])
    assert (list(queue), queue.size) == (["b", "c", "d"], 3)
    queue.append("e" * 8)
    assert (list(queue), queue.size) == (["c", "d", "e" * 8], 10)
    queue.append("f" * 20)
    assert (list(queue), queue.size) == (["f" * 20], 20)
    assert [kept.keep(key, b"x" * 4) for key in "abc"] == [[], [], ["a"]]
    assert kept.keep("d", b"x" * 100) == ["b", "c"]
    assert (list(kept), kept.size) == (["d"], 100)
