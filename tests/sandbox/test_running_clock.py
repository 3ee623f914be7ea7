"""One clock: it stands still or runs, at any speed, and never goes back."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import anyio
import pytest
import trio

from connectly_api import InvalidInputError
from connectly_api.sandbox import Sandbox, replay
from connectly_api.sandbox.model.settings import MAX_TIME
from connectly_api.sandbox.sandbox import get_engine
from tests.sandbox.calls import Receiver, answer, ask, attach_receiver, client_of, register, session

PHONE = "+16044441111"


class Machine:
    """The clocks of a machine, which a test sets."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.date, self.uptime, self.reads = 1_800_000_000.0, 100.0, 0
        monkeypatch.setattr("connectly_api.sandbox.engine.time", SimpleNamespace(time=self._tell, monotonic=self._read))

    def _tell(self) -> float:
        return self.date

    def _read(self) -> float:
        self.reads += 1
        return self.uptime


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(monkeypatch)


async def test_a_clock_that_starts_stopped_runs_pauses_and_runs_faster() -> None:
    sandbox, receiver = await attach_receiver(windows="open")
    async with sandbox:
        clock = get_engine(sandbox)
        assert clock.clock == {"now": 1_767_225_600.0, "running": False, "speed": 1.0}
        sent = answer(ask(sandbox, session()))["id"]
        await sandbox.set_clock(running=True, speed=86_400)
        with anyio.fail_after(10):
            await receiver.wait_for(3)
        assert sandbox.status_of(sent) == "read"
        await sandbox.set_clock(running=False)
        assert (clock.clock["running"], clock.clock["speed"]) == (False, 86_400)
        assert sandbox.now == sandbox.now >= 1_767_225_607
        ask(sandbox, session())
        await sandbox.advance(7)
        await receiver.wait_for(6)


async def test_a_clock_that_runs_can_be_advanced_and_settled_and_stands_still_after_the_block(machine: Machine) -> None:
    sandbox = Sandbox(clock="real", windows="open")
    assert (sandbox.now, get_engine(sandbox).clock["running"]) == (machine.date, False)
    async with sandbox:
        assert get_engine(sandbox).clock["running"]
        machine.uptime += 2
        assert sandbox.now == machine.date + 2
        sent = answer(ask(sandbox, session()))["id"]
        await sandbox.advance(hours=1)
        assert (sandbox.status_of(sent), sandbox.now) == ("read", machine.date + 3602)
        again = answer(ask(sandbox, session()))["id"]
        await sandbox.settle()
        assert (sandbox.status_of(again), sandbox.now) == ("read", machine.date + 3609)
        machine.uptime += 1
    machine.uptime += 1000
    assert sandbox.now == machine.date + 3610
    async with sandbox:
        assert sandbox.now == machine.date + 3610


async def test_settling_waits_for_what_the_running_clock_has_begun_and_for_its_retries(machine: Machine) -> None:
    sandbox, statuses, may_answer = Sandbox(clock="real", windows="open"), iter((500, 200)), anyio.Event()
    is_settled = False

    async def wait(scope: Any, receive: Any, send: Any) -> None:
        await may_answer.wait()
        await Receiver(next(statuses))(scope, receive, send)

    async def settle() -> None:
        nonlocal is_settled
        await sandbox.settle()
        is_settled = True

    sandbox.attach("https://bot.example/", wait)
    async with sandbox, anyio.create_task_group() as tasks:
        register(sandbox, "report")
        get_engine(sandbox).apply_verb("report_ready", {})
        machine.uptime += 1
        ask(sandbox, session())  # The clock catches up, and begins to deliver the report.
        tasks.start_soon(settle)
        await anyio.wait_all_tasks_blocked()
        assert not is_settled
        may_answer.set()
    assert [delivery.status for delivery in sandbox.deliveries] == [500, 200]


async def test_what_the_clock_cannot_deliver_after_a_callback_raised_is_left_to_the_next_verb(machine: Machine) -> None:
    outcomes: list[Any] = []

    def complain(delivery: Any) -> None:
        outcomes.append(delivery)
        if len(outcomes) == 1:
            raise ZeroDivisionError

    options: dict[str, Any] = {"windows": "open", "clock": "real", "rate_limit": 1000}
    sandbox, receiver = await attach_receiver(on_delivery=complain, **options)

    async def run() -> None:
        async with sandbox:
            for _ in range(101):  # One more than are delivered at once.
                ask(sandbox, session())
            machine.uptime += 1
            ask(sandbox, session())
            await anyio.wait_all_tasks_blocked()
            assert not get_engine(sandbox).clock["running"]
            await sandbox.settle()

    with pytest.raises(ExceptionGroup, match="unhandled"):
        await run()
    assert len(receiver.get_statuses()) >= len(outcomes) == 3 * 102


async def test_neither_a_date_that_is_set_back_nor_a_reset_takes_a_running_clock_back(machine: Machine) -> None:
    async with Sandbox(clock="real", windows="open") as sandbox:
        start = sandbox.now
        machine.date -= 86_400
        machine.uptime += 5
        assert ask(sandbox, session()).status == 200
        assert sandbox.now == start + 5
        sandbox.reset()
        assert sandbox.now == start + 5


async def test_what_became_due_happens_at_its_time_before_a_later_request(machine: Machine) -> None:
    async with Sandbox(clock="real", windows="open") as sandbox:
        ask(sandbox, session())
        machine.uptime += 100
        ask(sandbox, session())
        passed = [round(entry["at"] - sandbox.timeline[0]["at"]) for entry in sandbox.timeline]
        assert passed == [0, 1, 2, 7, 100]


async def test_a_slow_clock_loses_nothing_and_a_fast_one_ends_with_the_year_9999(machine: Machine) -> None:
    async with Sandbox(start=0.0) as sandbox:
        await sandbox.advance(1e9)
        await sandbox.set_clock(running=True, speed=1e-9)
        for _ in range(1000):
            machine.uptime += 1.0
            ask(sandbox, session())
        assert sandbox.now == pytest.approx(1e9 + 1e-6, abs=2e-7)
    async with Sandbox(start=MAX_TIME - 1) as sandbox:
        await sandbox.set_clock(running=True, speed=86_400)
        machine.uptime += 1.0
        assert sandbox.now == MAX_TIME


async def test_time_that_passes_while_the_clock_is_paused_does_not_count(machine: Machine) -> None:
    async with Sandbox() as sandbox:
        start = sandbox.now
        machine.uptime += 50
        await sandbox.set_clock(running=True)
        machine.uptime += 1
        await sandbox.set_clock(running=False)
        machine.uptime += 50
        await sandbox.set_clock(running=True, speed=2)
        machine.uptime += 1
        assert sandbox.now == start + 3


async def test_an_idle_clock_wakes_for_what_is_due_and_for_nothing_else(machine: Machine) -> None:
    async with Sandbox(clock="real", windows="open", sent_after=1e6) as sandbox:
        ask(sandbox, session())
        await asyncio.sleep(0)
        before = machine.reads
        for _ in range(1000):
            await asyncio.sleep(0)
        assert machine.reads == before


@pytest.mark.parametrize("arguments", [{"running": True}, {"running": False}, {"speed": 2}])
async def test_without_a_background_the_clock_is_refused_with_what_to_do(arguments: dict[str, Any]) -> None:
    sandbox = Sandbox()
    with pytest.raises(InvalidInputError, match="async with sandbox"):
        await sandbox.set_clock(**arguments)
    async with client_of(sandbox) as client:
        response = await client.post("/__sandbox__/clock", json=arguments)
    assert (response.status_code, "advance or settle" in response.json()["message"]) == (400, True)


@pytest.mark.parametrize("arguments", [{"speed": 0}, {"speed": -1}, {"speed": 86_401}, {"speed": "1"}, {"running": 1}])
async def test_a_clock_that_cannot_run_so_is_refused_and_stays_as_it_is(arguments: dict[str, Any]) -> None:
    async with Sandbox() as sandbox:
        with pytest.raises(InvalidInputError, match=f"^{next(iter(arguments))}: "):
            await sandbox.set_clock(**arguments)
        assert get_engine(sandbox).clock["speed"] == 1.0
        assert not get_engine(sandbox).clock["running"]


async def test_a_run_with_changes_of_the_clock_can_be_replayed(tmp_path: Path, machine: Machine) -> None:
    async with Sandbox(rate_limit=1, windows="open", read_after=0.0) as sandbox:
        statuses = [ask(sandbox, session()).status]
        await sandbox.set_clock(running=True, speed=60)
        machine.uptime += 1
        statuses.append(ask(sandbox, session()).status)
        await sandbox.set_clock(running=False)
        machine.uptime += 1
        statuses.append(ask(sandbox, session()).status)
        await sandbox.advance(1)
        statuses.append(ask(sandbox, session()).status)
    assert statuses == [200, 200, 429, 200]
    sandbox.save(tmp_path / "run.json")
    again = await replay(tmp_path / "run.json")
    assert again.timeline == sandbox.timeline
    assert not get_engine(again).state.is_running


async def test_a_block_may_end_in_another_task_than_it_began_in_and_raises_what_a_callback_raised() -> None:
    has_raised = asyncio.Event()

    def refuse(_: object) -> None:
        has_raised.set()
        raise LookupError

    sandbox, _receiver = await attach_receiver(windows="open", on_delivery=refuse)
    await asyncio.create_task(sandbox.__aenter__())
    await sandbox.set_clock(running=True, speed=86_400)
    ask(sandbox, session())
    with anyio.fail_after(10):
        await has_raised.wait()
    with pytest.raises(ExceptionGroup) as caught:
        await asyncio.create_task(sandbox.__aexit__(None, None, None))
    assert caught.group_contains(LookupError)


def test_a_clock_runs_on_trio() -> None:
    async def run() -> None:
        sandbox, receiver = await attach_receiver(windows="open")
        async with sandbox:
            await sandbox.set_clock(running=True, speed=86_400)
            ask(sandbox, session())
            with anyio.fail_after(10):
                await receiver.wait_for(3)

    trio.run(run)


async def test_a_loop_that_ends_before_the_clock_began_does_not_wait_for_it() -> None:
    async with Sandbox(clock="real") as sandbox:
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
    assert sandbox.now <= time.time()
