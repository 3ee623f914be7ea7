"""Cancelled runs: the first cancellation lets what is in flight finish, the second does not, and no row is lost."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import anyio
import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st
from trio.testing import MockClock

from connectly_api import Response
from connectly_api.campaigns.campaign_errors import JournalError
from connectly_api.campaigns.stop_rules import StopRules
from connectly_api.transport import MockTransport
from tests.campaigns.campaign_runs import Spring, run_on_trio
from tests.thoroughness import up_to

NEVER = StopRules(in_a_row=None, share=None, failed_share=None)


async def wait_for_requests(spring: Spring, number: int) -> None:
    while spring.sandbox.received < number:  # noqa: ASYNC110 (the sandbox counts them, and has no event for it)
        await anyio.sleep(0.005)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_cancelled_run_finishes_what_is_in_flight(backend: str, tmp_path: Path) -> None:
    async def main() -> None:
        with Spring(tmp_path, 50) as spring:
            spring.sandbox.fault("slow_head", seconds=0.1)
            async with anyio.create_task_group() as tasks:

                async def run() -> None:
                    await spring.run(max_in_flight=5)
                    raise AssertionError

                tasks.start_soon(run)
                await wait_for_requests(spring, 5)
                tasks.cancel_scope.cancel()
            spring.check()
            assert spring.states == {"accepted": 5, "pending": 45}

    anyio.run(main, backend=backend)


def test_progress_that_hangs_holds_neither_the_run_nor_its_cancellation_up(tmp_path: Path) -> None:
    async def main(clock: MockClock) -> None:
        async def hang(_status: object) -> None:
            await anyio.sleep_forever()

        with Spring(tmp_path, 50, clock=clock.current_time) as spring:
            with anyio.move_on_after(100):
                await spring.run(on_progress=hang)
            spring.check()
            assert spring.states == {"accepted": 50}
        assert clock.current_time() < 200

    run_on_trio(main)


async def test_a_run_that_is_cancelled_before_it_begins_takes_nothing(tmp_path: Path) -> None:
    with Spring(tmp_path, 50) as spring:
        with anyio.CancelScope() as scope:
            scope.cancel()
            await spring.run()
        assert scope.cancelled_caught
        task = asyncio.create_task(spring.run())
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert spring.states == {"pending": 50}


async def test_the_second_cancellation_of_a_task_waits_for_nothing(tmp_path: Path) -> None:
    with Spring(tmp_path, 50) as spring:
        spring.sandbox.fault("slow_head", recipient="+16040000001", seconds=0.2)
        spring.sandbox.fault("hang")
        task = asyncio.create_task(spring.run(max_in_flight=5))
        await wait_for_requests(spring, 5)
        task.cancel()
        await asyncio.wait([task], timeout=0.3)
        assert not task.done()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        spring.check()
        # The requests had left, so nothing says what became of them.
        assert spring.states == {"accepted": 1, "pending": 45, "unknown": 4}


def test_the_first_interrupt_of_asyncio_drains_and_the_second_stops(tmp_path: Path) -> None:
    async def main(spring: Spring) -> None:
        loop = asyncio.get_running_loop()
        spring.sandbox.fault("hang")
        run = asyncio.ensure_future(spring.run(max_in_flight=5))
        run.add_done_callback(lambda _run: None)
        await wait_for_requests(spring, 5)
        loop.call_soon(signal.raise_signal, signal.SIGINT)
        loop.call_later(0.2, signal.raise_signal, signal.SIGINT)
        await run

    with Spring(tmp_path, 50) as spring:
        with pytest.raises(KeyboardInterrupt):
            asyncio.run(main(spring))
        assert spring.states == {"pending": 45, "unknown": 5}


@pytest.mark.parametrize("is_hanging", [False, True])
def test_an_interrupt_of_trio_drains_and_a_second_one_stops(tmp_path: Path, is_hanging: bool) -> None:
    @trio.lowlevel.enable_ki_protection
    def interrupt() -> None:
        """Interrupt protected code, so that Trio raises it in the main task."""
        signal.raise_signal(signal.SIGINT)

    async def main(spring: Spring) -> None:
        async def interrupt_twice() -> None:
            await wait_for_requests(spring, 5)
            interrupt()
            if is_hanging:
                await trio.sleep(0.1)
                interrupt()

        trio.lowlevel.spawn_system_task(interrupt_twice)
        await spring.run(max_in_flight=5)

    with Spring(tmp_path, 50) as spring:
        spring.sandbox.fault("slow_head", seconds=60.0 if is_hanging else 0.1)
        with pytest.raises(KeyboardInterrupt):
            trio.run(main, spring)
        assert spring.states == {"pending": 45, "unknown" if is_hanging else "accepted": 5}


# A task that is cancelled before its first step leaves a coroutine that nobody has awaited.
@pytest.mark.filterwarnings("ignore:coroutine:RuntimeWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("cycles", range(12))
async def test_a_run_in_an_event_loop_that_ends_hangs_nowhere_and_loses_nothing(tmp_path: Path, cycles: int) -> None:
    with Spring(tmp_path, 10) as spring:
        task = asyncio.create_task(spring.run())
        for _ in range(cycles):
            await asyncio.sleep(0)
        # As `asyncio.run` does at its end.
        for each in asyncio.all_tasks() - {asyncio.current_task()}:
            each.cancel()
        await asyncio.wait([task])
        assert task.cancelled()
        spring.check()


def test_an_interrupt_while_the_journal_is_away_has_a_note(tmp_path: Path) -> None:
    async def main(spring: Spring) -> None:
        @trio.lowlevel.enable_ki_protection
        async def interrupt() -> None:
            await wait_for_requests(spring, 5)
            spring.rough.fault = lambda _method: "before"
            signal.raise_signal(signal.SIGINT)

        trio.lowlevel.spawn_system_task(interrupt)
        await spring.run(max_in_flight=5)

    with Spring(tmp_path, 50) as spring:
        spring.rough.is_temporary = False
        spring.sandbox.fault("slow_head", seconds=0.1)
        with pytest.raises(KeyboardInterrupt) as caught:
            trio.run(main, spring)
        assert caught.value.__notes__ == ["the outcomes of 5 rows were not written, which become unknown: it is away"]


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_an_exception_of_no_ordinary_class_makes_its_row_unknown(backend: str, tmp_path: Path) -> None:
    class EndError(BaseException):
        pass

    def answer(_request: object) -> Response:
        raise EndError

    async def main() -> None:
        with Spring(tmp_path, 3) as spring:
            spring.client = spring.build_client(MockTransport(answer))
            with pytest.raises(BaseExceptionGroup) as caught:
                await spring.run(max_in_flight=1)
            assert caught.value.subgroup(EndError)
            assert spring.states == {"pending": 2, "unknown": 1}

    anyio.run(main, backend=backend)


def test_a_cancelled_run_whose_journal_stays_away_says_so(tmp_path: Path) -> None:
    async def main(clock: MockClock) -> None:
        with Spring(tmp_path, 50, clock=clock.current_time) as spring:
            spring.sandbox.fault("slow_head", seconds=5)

            async def break_off(scope: anyio.CancelScope) -> None:
                await wait_for_requests(spring, 5)
                spring.rough.fault = lambda _method: "before"
                scope.cancel()

            async with anyio.create_task_group() as tasks:
                with anyio.CancelScope() as scope:
                    tasks.start_soon(break_off, scope)
                    with pytest.raises(JournalError, match="the outcomes of 5 rows were not written"):
                        await spring.run(max_in_flight=5)

    run_on_trio(main)


FAULTS = {
    "drop": {},
    "reset": {},
    "server_error": {"accepted": True},
    "truncated": {},
    "cut_off": {},
    "hang": {"accepted": True},
    "rate_limited": {"retry_after": "3"},
}


DOUBTFUL = FAULTS.keys() - {"rate_limited"}


@pytest.mark.slow
@up_to(60)
@given(
    service=st.dictionaries(st.sampled_from(sorted(FAULTS)), st.integers(4, 30), max_size=3),
    journal=st.dictionaries(st.integers(1, 60), st.sampled_from(["before", "after"]), max_size=20),
    cancellations=st.lists(st.floats(0, 8), max_size=3),
    in_flight=st.integers(1, 12),
)
def test_whatever_fails_and_whenever_it_is_cancelled_each_row_is_sent_once_and_only_a_doubt_is_unknown(
    tmp_path_factory: pytest.TempPathFactory,
    service: dict[str, int],
    journal: dict[int, str],
    cancellations: list[float],
    in_flight: int,
) -> None:
    async def main(clock: MockClock) -> None:
        calls = 0

        def fail(_method: str) -> str | None:
            nonlocal calls
            calls += 1
            return journal.get(calls)

        with Spring(tmp_path_factory.mktemp("run"), 60, clock=clock.current_time) as spring:
            spring.client = spring.build_client(timeout=5.0)
            spring.rough.fault = fail
            for fault, every in service.items():
                spring.sandbox.fault(fault, every=every, **FAULTS[fault])  # type: ignore[arg-type]
            for seconds in cancellations:
                with anyio.move_on_after(seconds):
                    await spring.run(stop=NEVER, max_in_flight=in_flight)
                spring.check()
                # Nothing waits for its lease: every row was settled, or handed back.
                assert "sending" not in spring.states
            status = await spring.run(stop=NEVER, max_in_flight=in_flight)
            spring.check()
            assert (status.state, spring.states.keys() <= {"accepted", "unknown"}) == ("finished", True)
            doubtful = [request for request in spring.sandbox.requests if request.fault in DOUBTFUL]
            assert status.unknown == len(doubtful)

    run_on_trio(main)


@pytest.mark.slow
@up_to(60)
@given(
    slow=st.floats(0.001, 0.05),
    first=st.floats(0, 0.15),
    second=st.floats(0, 0.06),
    journal=st.dictionaries(st.integers(1, 30), st.sampled_from(["before", "after"]), max_size=6),
)
def test_whenever_a_task_is_cancelled_twice_no_row_is_lost_or_sent_twice(
    tmp_path_factory: pytest.TempPathFactory, slow: float, first: float, second: float, journal: dict[int, str]
) -> None:
    async def main() -> None:
        calls = 0

        def fail(_method: str) -> str | None:
            nonlocal calls
            calls += 1
            return journal.get(calls)

        with Spring(tmp_path_factory.mktemp("run"), 60) as spring:
            spring.sandbox.fault("slow_head", seconds=slow)
            spring.rough.fault = fail
            task = asyncio.create_task(spring.run(max_in_flight=7))
            for seconds in (first, second):
                await asyncio.wait([task], timeout=seconds)
                task.cancel()
            await asyncio.wait([task])
            spring.check()
            is_written = task.cancelled() or task.exception() is None
            assert not (is_written and spring.find("sending"))

    asyncio.run(main())
