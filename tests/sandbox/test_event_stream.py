import json
from contextlib import AsyncExitStack

import anyio
import httpx
import pytest
import trio

from connectly_api.sandbox import Sandbox
from connectly_api.sandbox.sandbox import get_engine
from tests.sandbox.calls import CREATE, ask, session
from tests.sandbox.event_streams import open_stream

PHONE = "+16044441111"


def declare(sandbox: Sandbox, count: int) -> None:
    """Make so many entries."""
    for number in range(count):
        sandbox.customer(f"+1604{number % 5:07}")


async def get_run(http: httpx.AsyncClient) -> str:
    run: str = (await http.get("/__sandbox__/state")).json()["run"]
    return run


async def test_a_stream_goes_on_from_the_state_that_a_client_has_read(
    sandbox: Sandbox, http: httpx.AsyncClient
) -> None:
    declare(sandbox, 1)
    state = (await http.get("/__sandbox__/state")).json()
    ask(sandbox, session())
    async with open_stream(sandbox, f"run={state['run']}&after={state['entry']}") as stream:
        update = await stream.read_update()
        assert stream.head["status"] == 200
        assert dict(stream.head["headers"])[b"content-type"] == b"text/event-stream; charset=utf-8"
        assert (update.id, update.entries) == (f"{state['run']}:2", [2])
        history = (await http.get("/__sandbox__/timeline")).json()["timeline"]
        state = (await http.get("/__sandbox__/state")).json()
        assert update.data["timeline"] == history[1:]
        (customer,) = update.data.pop("customers")
        assert customer in state["customers"]
        assert customer["phone"] == PHONE
        assert {name: value for name, value in update.data.items() if name != "timeline"}.items() <= state.items()
        await sandbox.customer(PHONE).says("Hi")
        update = await stream.read_update()
        assert (update.id, update.entries) == (f"{state['run']}:4", [3, 4])
        assert {"registrations", "templates", "rules"}.isdisjoint(update.data)


async def test_an_update_has_what_was_declared_only_if_it_has_changed(sandbox: Sandbox) -> None:
    async with open_stream(sandbox) as stream:
        first = await stream.read_update()
        assert (first.data["registrations"], first.data["templates"], first.data["rules"]) == ([], [], [])
        ask(sandbox, {"topic": "messages", "address": "http://127.0.0.1:1/", "type": "custom"}, path=CREATE)
        second = await stream.read_update()
        assert [one["topic"] for one in second.data["registrations"]] == ["messages"]
        assert {"templates", "rules"}.isdisjoint(second.data)
        sandbox.fault("server_error", next=1)
        ask(sandbox, session())
        third = await stream.read_update()
        assert [(rule["what"], rule["next"], rule["isUsedUp"]) for rule in third.data["rules"]] == [
            ("server_error", 1, True)
        ]
        assert "registrations" not in third.data


@pytest.mark.parametrize("query", ["after=3", "run=other&after=9", ""])
async def test_a_browser_that_connects_again_gets_what_it_missed(
    sandbox: Sandbox, http: httpx.AsyncClient, query: str
) -> None:
    declare(sandbox, 5)
    async with open_stream(sandbox, query, f"{await get_run(http)}:3") as stream:
        assert (await stream.read_update()).entries == [4, 5]


@pytest.mark.parametrize("query", ["", "run={run}", "after=5", "run={run}&after=5", "run="])
async def test_a_stream_without_a_place_begins_now(sandbox: Sandbox, http: httpx.AsyncClient, query: str) -> None:
    declare(sandbox, 5)
    async with open_stream(sandbox, query.format(run=await get_run(http))) as stream:
        first = await stream.read_update()
        assert (first.data["entry"], first.entries) == (5, [])


@pytest.mark.parametrize(
    ("query", "header"),
    [
        ("run=other", None),
        ("run=other&after=5", None),
        ("after=6", None),
        ("after=999999999999999", None),
        ("", "other:5"),
        ("", "{run}:6"),
        ("", "{run}:-1"),
        ("", "{run}:4_0"),
        ("", "{run}:\xb2"),
        ("", f"{{run}}:{'9' * 5000}"),
        ("", "{run}"),
        ("", ":"),
        ("", ""),
        ("", "\x00\xff"),
    ],
)
async def test_a_place_that_is_not_in_this_run_is_a_gap_after_which_the_stream_goes_on_from_now(
    sandbox: Sandbox, http: httpx.AsyncClient, query: str, header: str | None
) -> None:
    declare(sandbox, 5)
    run = await get_run(http)
    async with open_stream(sandbox, query, header and header.format(run=run)) as stream:
        gap = await stream.read()
        assert (gap.name, gap.id, gap.data) == ("gap", f"{run}:5", {"run": run, "entry": 5})
        assert (await stream.read_update()).entries == []
        declare(sandbox, 1)
        assert (await stream.read_update()).entries == [6]


async def test_a_reset_is_a_gap_to_another_run(sandbox: Sandbox, http: httpx.AsyncClient) -> None:
    declare(sandbox, 2)
    async with open_stream(sandbox) as stream:
        first = await stream.read_update()
        sandbox.reset()
        declare(sandbox, 2)
        gap = await stream.read()
        run = await get_run(http)
        assert (gap.name, gap.data) == ("gap", {"run": run, "entry": 2})
        assert run != first.data["run"]


async def test_two_sandboxes_have_different_runs() -> None:
    assert get_engine(Sandbox(seed=1)).run != get_engine(Sandbox(seed=1)).run


async def test_a_slow_client_gets_updates_of_at_most_500_entries_each_of_them_once(sandbox: Sandbox) -> None:
    async with open_stream(sandbox, "after=0") as stream:
        assert (await stream.read_update()).entries == []
        declare(sandbox, 1100)
        got = [(await stream.read_update()).entries for _ in range(3)]
        assert list(map(len, got)) == [500, 500, 100]
        assert [number for entries in got for number in entries] == list(range(1, 1101))


async def test_a_client_that_falls_behind_what_is_kept_gets_a_gap() -> None:
    sandbox = Sandbox(keep=2)
    async with open_stream(sandbox) as stream:
        # The stream waits until its first update is read.
        await anyio.wait_all_tasks_blocked()
        declare(sandbox, 20)
        assert (await stream.read_update()).data["entry"] == 0
        gap = await stream.read()
        assert (gap.name, gap.data["entry"]) == ("gap", 20)


async def test_an_update_ends_before_it_gets_too_long(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectly_api.sandbox.web.live_state._MAX_CHARACTERS", 300)
    declare(sandbox, 5)
    async with open_stream(sandbox, "after=0") as stream:
        got = [(await stream.read_update()).entries for _ in range(2)]
        assert all(len(entries) < 5 for entries in got)
        assert [number for entries in got for number in entries] == list(range(1, sum(map(len, got)) + 1))


async def test_a_silent_stream_sends_comments(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectly_api.sandbox.web.event_stream._HEARTBEAT", 0.01)
    async with open_stream(sandbox) as stream:
        await stream.read_update()
        assert [(await stream.read()).name for _ in range(2)] == ["", ""]
        declare(sandbox, 1)
        while not (event := await stream.read()).name:
            pass
        assert event.entries == [1]


async def test_what_changes_nothing_is_no_update(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectly_api.sandbox.web.event_stream._HEARTBEAT", 0.01)
    async with open_stream(sandbox) as stream:
        await stream.read_update()
        await get_engine(sandbox).deliver_due()
        assert (await stream.read()).name == ""


async def test_the_customers_of_an_update_are_those_of_its_entries_as_they_are_now(sandbox: Sandbox) -> None:
    sandbox.customer(PHONE)
    sandbox.customer(bsuid="US.1")
    declare(sandbox, 5)
    async with open_stream(sandbox) as stream:
        await stream.read_update()
        await sandbox.customer(PHONE, bsuid="US.1", name="Ann").says("Hi")
        ((customer,),) = [(await stream.read_update()).data["customers"]]
        assert (customer["number"], customer["name"], customer["bsuid"]) == (1, "Ann", "US.1")
        assert customer["mergedNumbers"] == [2]
        assert customer["windows"] == {"+14151111234": None}


async def test_several_streams_get_the_same(sandbox: Sandbox) -> None:
    async with open_stream(sandbox) as one, open_stream(sandbox) as other:
        await one.read_update()
        await other.read_update()
        declare(sandbox, 1)
        assert await one.read() == await other.read()


@pytest.mark.parametrize("query", ["after=-1", "after=1.0", "after=x", "after=", "after=1&after=2", "run=1&run=2"])
async def test_a_bad_value_is_refused_by_name(http: httpx.AsyncClient, query: str) -> None:
    response = await http.get(f"/__sandbox__/events?{query}")
    assert response.status_code == 400
    assert response.json()["message"].startswith(f"{query[: query.index('=')]}: ")


async def test_a_head_request_ends(http: httpx.AsyncClient) -> None:
    response = await http.head("/__sandbox__/events")
    assert (response.status_code, response.headers["cache-control"]) == (200, "no-store")


def test_a_stream_runs_on_trio() -> None:
    async def run() -> list[int]:
        sandbox = Sandbox()
        async with open_stream(sandbox) as stream:
            await stream.read_update()
            declare(sandbox, 1)
            return (await stream.read_update()).entries

    assert trio.run(run) == [1]


async def test_every_waiter_learns_of_a_change_once(sandbox: Sandbox) -> None:
    engine = get_engine(sandbox)
    woken: list[int] = []

    async def wait(name: int) -> None:
        await engine.wait_for_change(engine.version)
        woken.append(name)

    async with anyio.create_task_group() as group:
        for name in range(3):
            group.start_soon(wait, name)
        await anyio.wait_all_tasks_blocked()
        assert woken == []
        declare(sandbox, 1)
    assert sorted(woken) == [0, 1, 2]
    version = engine.version
    sandbox.reset()
    await engine.wait_for_change(version)


@pytest.mark.slow
async def test_over_a_socket_a_stream_is_live_and_ends_at_once_when_the_server_stops(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectly_api.sandbox.web.server._SHUTDOWN_SECONDS", 60)
    with anyio.fail_after(30):
        async with AsyncExitStack() as stack:
            async with sandbox.serve() as address:
                client = await stack.enter_async_context(httpx.AsyncClient(timeout=30))
                response = await stack.enter_async_context(client.stream("GET", f"{address}/__sandbox__/events"))
                events = (line async for line in response.aiter_lines() if line.startswith("data: "))
                assert json.loads((await anext(events))[6:])["timeline"] == []
                await sandbox.customer(PHONE).says("Hi")
                assert [entry["name"] for entry in json.loads((await anext(events))[6:])["timeline"]] == [
                    "customer",
                    "says",
                ]
            with pytest.raises(StopAsyncIteration):  # The response is whole: a browser logs no error.
                await anext(events)
