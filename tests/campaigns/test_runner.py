"""Runs of campaigns against the sandbox: what is sent, what the journal says, and why a run ends."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any
from unittest.mock import patch

import anyio
import pytest
from trio.testing import MockClock

from connectly_api import InvalidInputError, Response, UsageError
from connectly_api.campaigns.campaign_errors import JournalError
from connectly_api.campaigns.campaign_status import CampaignStatus
from connectly_api.campaigns.journal_protocol import Observation
from connectly_api.campaigns.sending_hours import Hours
from connectly_api.campaigns.stop_rules import StopRules
from connectly_api.transport import MockTransport, Rate
from tests.campaigns.campaign_runs import Spring, run_on_trio

BACKENDS = pytest.mark.parametrize("backend", ["asyncio", "trio"])
NEVER = StopRules(in_a_row=None, share=None, failed_share=None)


@BACKENDS
def test_every_row_is_sent_once_and_the_status_says_so(backend: str, tmp_path: Path) -> None:
    async def main() -> None:
        seen: list[CampaignStatus] = []
        with Spring(tmp_path, 150) as spring:
            status = await spring.run(on_progress=seen.append, max_in_flight=16)
            spring.check()
        assert seen[-1] is status
        assert {each.state for each in seen[:-1]} == {"running"}
        assert (status.state, status.total, status.accepted, status.pending) == ("finished", 150, 150, 0)
        assert (status.reason, status.remaining_seconds, status.waiting_for) == (None, None, None)
        assert str(status) == "spring: finished: 150 of 150 accepted"

    anyio.run(main, backend=backend)


async def test_two_runs_of_one_campaign_share_its_rows(tmp_path: Path) -> None:
    with Spring(tmp_path, 200) as spring:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(spring.run)
            tasks.start_soon(spring.run)
        spring.check()
        assert spring.states == {"accepted": 200}


async def test_a_campaign_that_is_finished_or_paused_sends_nothing(tmp_path: Path) -> None:
    with Spring(tmp_path, 3) as spring:
        spring.journal.mark(spring.record.id, "paused", "lunch")
        status = await spring.run()
        assert (status.state, status.reason, status.pending) == ("paused", "lunch", 3)
        assert str(status) == "spring: paused (lunch): 0 of 3 accepted, 3 pending"
        spring.journal.mark(spring.record.id, "ready")
        await spring.run()
        assert (await spring.run()).state == "finished"
        assert spring.sandbox.accepted == 3


async def test_a_pause_lets_what_is_in_flight_finish(tmp_path: Path) -> None:
    with Spring(tmp_path, 100) as spring:
        spring.sandbox.fault("slow_head", seconds=0.05)

        async def pause(_status: object) -> None:
            spring.journal.mark(spring.record.id, "paused")

        status = await spring.run(on_progress=pause, max_in_flight=10)
        spring.check()
        assert (status.state, status.accepted, status.pending) == ("paused", 10, 90)


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ({"status": 401}, "401 Unauthorized: the API key is missing, wrong or revoked"),
        ({"status": 403}, "403 Forbidden: the API key may not do this"),
        ({"status": 404}, "404 Not Found: there is no such business or registration"),
    ],
)
async def test_an_error_about_every_row_stops_the_campaign_at_once(
    tmp_path: Path, fault: dict[str, int], reason: str
) -> None:
    with Spring(tmp_path, 100) as spring:
        spring.client = spring.build_client(MockTransport(lambda _request: Response(fault["status"])))
        status = await spring.run(max_in_flight=10)
        assert (status.state, status.reason) == ("stopped", reason)
        assert spring.states == {"pending": 100}
        # Other processes do not even start.
        spring.client = spring.build_client()
        assert (await spring.run()).state == "stopped"
        assert spring.sandbox.received == 0


async def test_a_missing_template_stops_the_campaign(tmp_path: Path) -> None:
    with Spring(tmp_path, 100, undeclared_templates="refuse") as spring:
        status = await spring.run(max_in_flight=5)
        assert status.state == "stopped"
        assert "there is no template of that name and language" in str(status.reason)
        assert spring.states == {"pending": 100}


async def test_too_many_refusals_in_a_row_stop_the_campaign_for_all(tmp_path: Path) -> None:
    with Spring(tmp_path, 100) as spring:
        spring.client = spring.build_client(MockTransport(lambda _request: Response(400)))
        status = await spring.run(max_in_flight=1)
        assert (status.state, status.reason) == ("stopped", "20 rows in a row were not accepted")
        assert spring.states == {"pending": 80, "refused": 20}


def test_failed_deliveries_stop_the_campaign(tmp_path: Path) -> None:
    async def main(clock: MockClock) -> None:
        with Spring(tmp_path, 1000, clock=clock.current_time) as spring:

            def follow(status: CampaignStatus) -> None:
                token, statuses = spring.record.token, ["delivered", "delivery_failed"]
                spring.journal.observe(
                    [Observation(token, n, status=statuses[n % 2]) for n in range(1, status.accepted + 1)]
                )

            status = await spring.run(on_progress=follow, rates=[("r", Rate(100.0, 6))])
            spring.check()
        assert status.state == "stopped"
        assert str(status.reason).endswith("messages with a delivery status have failed")
        assert 0 < status.failed < status.accepted < 1000

    run_on_trio(main)


def test_a_row_without_an_id_in_its_response_is_unknown(tmp_path: Path) -> None:
    async def main() -> None:
        with Spring(tmp_path, 2) as spring:
            spring.client = spring.build_client(MockTransport(lambda _request: Response(200, (), b'{"id":""}')))
            await spring.run()
            assert [(line.state, line.problem) for line in spring.lines] == [("unknown", "UnexpectedResponse")] * 2

    anyio.run(main)


def test_a_429_slows_the_campaign_down_and_its_row_is_sent_again(tmp_path: Path) -> None:
    async def main(clock: MockClock) -> None:
        seen: list[CampaignStatus] = []
        with Spring(tmp_path, 100, clock=clock.current_time) as spring:
            spring.sandbox.fault("rate_limited", next=5, retry_after="10")
            status = await spring.run(on_progress=seen.append, rates=[("r", Rate(50.0, 6))])
            spring.check()
        assert status.accepted == 100
        assert {"its own rate limit", "the service's rate limit (429)"} <= {each.waiting_for for each in seen}

    run_on_trio(main)


def test_rate_and_remaining_time_follow_the_pace(tmp_path: Path) -> None:
    async def main(clock: MockClock) -> None:
        seen: list[CampaignStatus] = []
        with Spring(tmp_path, 120, clock=clock.current_time) as spring:
            await spring.run(on_progress=seen.append, rates=[("r", Rate(10.0, 1))])
        late = [each for each in seen if each.accepted > 60]
        assert {round(each.rate) for each in late[:-1]} == {10}
        assert all(round(each.remaining_seconds or 0) in range(8) for each in late)
        assert "/s, 0:00:0" in str(late[-2])

    run_on_trio(main)


def test_outside_its_hours_a_campaign_waits_and_says_until_when(tmp_path: Path) -> None:
    async def main(clock: MockClock) -> None:
        seen: list[CampaignStatus] = []
        hours = Hours("09:00", "20:00", "UTC")
        with Spring(tmp_path, 5, clock=clock.current_time) as spring:
            opening = 9 * 3600.0
            status = await spring.run(
                on_progress=seen.append, hours=hours, now=lambda: opening - 100 + clock.current_time()
            )
            assert status.accepted == 5
            assert clock.current_time() >= 100
        assert {each.waiting_for for each in seen} >= {"the hours, until 1970-01-01 09:00 UTC"}

    run_on_trio(main)


def test_a_clock_that_is_set_back_within_the_hours_holds_nothing_up(tmp_path: Path) -> None:
    async def main(clock: MockClock) -> None:
        with Spring(tmp_path, 200, clock=clock.current_time) as spring:
            noon = 12 * 3600.0
            await spring.run(
                hours=Hours("09:00", "20:00", "UTC"),
                rates=[("r", Rate(50.0, 1))],
                now=lambda: noon + clock.current_time() - (3600 if clock.current_time() > 2 else 0),
            )
            spring.check()
            assert clock.current_time() < 60

    run_on_trio(main)


def test_a_row_whose_lease_ended_before_it_left_is_not_sent_by_who_took_it(tmp_path: Path) -> None:
    async def main(clock: MockClock) -> None:
        with Spring(tmp_path, 3, clock=clock.current_time) as spring:
            suspended = 0.0

            async def wait_for_turn() -> None:
                nonlocal suspended
                suspended += 50.0

            with patch.object(spring.client.transport, "take_turn", wait_for_turn):
                status = await spring.run(lease=120.0, now=lambda: suspended)
            spring.check()
            assert status.accepted == 3
            # Trio starts tasks in any order.
            assert sorted(line.attempts for line in spring.lines) == [1, 1, 2]

    run_on_trio(main)


def test_a_deadline_passes_while_a_campaign_waits(tmp_path: Path) -> None:
    async def main(clock: MockClock) -> None:
        with Spring(tmp_path, 5, clock=clock.current_time) as spring:
            spring.journal.mark(spring.record.id, "ready", deadline=50.0)
            hours = Hours("09:00", "20:00", "UTC")
            status = await spring.run(hours=hours, now=clock.current_time)
            assert (status.state, status.pending) == ("stopped", 5)
            assert "deadline" in str(status.reason)
            assert spring.sandbox.received == 0

    run_on_trio(main)


def test_rows_of_a_process_that_died_are_waited_for_until_their_lease_ends(tmp_path: Path) -> None:
    async def main(clock: MockClock) -> None:
        seen: list[CampaignStatus] = []
        with Spring(tmp_path, 10, clock=clock.current_time) as spring:
            spring.journal.turn(spring.record.id, "dead", [], 3, [])
            status = await spring.run(on_progress=seen.append, lease=60.0)
            spring.check()
        assert (status.state, status.accepted, status.unknown) == ("finished", 7, 3)
        assert "3 rows of another process" in {each.waiting_for for each in seen}
        assert clock.current_time() >= 60

    run_on_trio(main)


def test_a_service_that_cannot_be_reached_is_tried_again_with_one_row(tmp_path: Path) -> None:
    async def main(clock: MockClock) -> None:
        seen: list[CampaignStatus] = []
        attempts = 0

        def answer(_request: object) -> Response:
            nonlocal attempts
            attempts += 1
            if clock.current_time() < 60:
                raise ConnectionRefusedError
            return Response(200, (), b'{"id":"01"}')

        with Spring(tmp_path, 50, clock=clock.current_time) as spring:
            spring.client = spring.build_client(MockTransport(answer, may_have_left=False))
            status = await spring.run(on_progress=seen.append, max_in_flight=20)
        assert (status.state, status.accepted) == ("finished", 50)
        assert "the service, which cannot be reached" in {each.waiting_for for each in seen}
        assert attempts < 20 + 10 + 50

    run_on_trio(main)


def test_a_429_slows_a_campaign_without_rates_down_too(tmp_path: Path) -> None:
    async def main(clock: MockClock) -> None:
        seen: list[CampaignStatus] = []
        attempts = 0

        async def answer(_request: object) -> Response:
            nonlocal attempts
            attempts += 1
            await anyio.sleep(0.01)
            return Response(429 if clock.current_time() < 60 else 200, (), b'{"id":"01"}')

        with Spring(tmp_path, 50, clock=clock.current_time) as spring:
            spring.client = spring.build_client(MockTransport(answer))
            status = await spring.run(on_progress=seen.append, max_in_flight=20)
        assert (status.state, status.accepted) == ("finished", 50)
        assert "the service's rate limit (429)" in {each.waiting_for for each in seen}
        assert attempts < 20 + 10 + 50

    run_on_trio(main)


async def test_a_closed_client_ends_the_run_and_leaves_the_campaign_as_it_is(tmp_path: Path) -> None:
    with Spring(tmp_path, 5) as spring:
        await spring.client.aclose()
        with pytest.raises(UsageError, match="the client is closed"):
            await spring.run()
        assert spring.states == {"pending": 5}
        found = spring.journal.find("spring")
        assert found is not None
        assert found.state == "ready"


@pytest.mark.parametrize("is_async", [False, True])
async def test_an_error_of_on_progress_is_raised_when_nothing_is_in_flight(tmp_path: Path, is_async: bool) -> None:
    async def fail_later(_status: object) -> None:
        raise ZeroDivisionError

    def fail(_status: object) -> None:
        raise ZeroDivisionError

    with Spring(tmp_path, 100) as spring:
        with pytest.raises(ZeroDivisionError):
            await spring.run(on_progress=fail_later if is_async else fail, max_in_flight=10)
        spring.check()
        assert spring.states == {"accepted": 10, "pending": 90}


@pytest.mark.parametrize("method", ["turn", "release", "abandon", "summary", "mark"])
@pytest.mark.parametrize("fault", ["before", "after"])
def test_a_journal_that_comes_back_loses_nothing(tmp_path: Path, method: str, fault: str) -> None:
    async def main(clock: MockClock) -> None:
        seen: list[CampaignStatus] = []
        with Spring(tmp_path, 60, clock=clock.current_time) as spring:
            calls = 0

            def fail(called: str) -> str | None:
                nonlocal calls
                calls += called == method
                return fault if called == method and calls in {1, *range(2 if method == "mark" else 3, 10)} else None

            spring.rough.fault = fail
            spring.sandbox.fault("server_error", next=1)
            rules = StopRules(in_a_row=1) if method == "mark" else NEVER
            status = await spring.run(on_progress=seen.append, max_in_flight=7, stop=rules)
            spring.check()
        assert status.sending == 0
        assert (status.state, status.unknown) == ("stopped" if method == "mark" else "finished", 1)
        away = "it is away" if fault == "before" else "its reply is lost"
        assert f"the journal: {away}" in {each.waiting_for for each in seen}

    run_on_trio(main)


@pytest.mark.parametrize("is_temporary", [True, False])
def test_a_journal_that_stays_away_ends_the_run_with_the_number_of_outcomes(tmp_path: Path, is_temporary: bool) -> None:
    async def main(clock: MockClock) -> None:
        with Spring(tmp_path, 60, clock=clock.current_time) as spring:
            spring.rough.is_temporary = is_temporary
            turns = 0

            def fail(method: str) -> str | None:
                nonlocal turns
                turns += method == "turn"
                return "before" if turns > 1 else None

            spring.rough.fault = fail
            with pytest.raises(JournalError, match="the outcomes of 7 rows were not written") as caught:
                await spring.run(max_in_flight=7)
            assert caught.value.retry_safe is is_temporary
            spring.rough.fault = lambda _method: None
            # Another process finds them when their lease has ended.
            status = await spring.run()
            spring.check()
            assert (status.accepted, status.unknown) == (53, 7)

    run_on_trio(main)


async def test_when_a_journal_cannot_be_used_any_more_what_is_in_flight_is_finished_first(tmp_path: Path) -> None:
    with Spring(tmp_path, 20) as spring:
        spring.rough.is_temporary = False
        spring.sandbox.fault("slow_head", recipient="+16040000001", seconds=0.2)
        turns = 0

        def fail(method: str) -> str | None:
            nonlocal turns
            turns += method == "turn"
            return "before" if turns == 2 else None

        spring.rough.fault = fail
        with pytest.raises(JournalError, match="it is away"):
            await spring.run(max_in_flight=5)
        # The error did not last, so nothing is left unwritten.
        assert spring.states == {"accepted": 5, "pending": 15}


async def test_a_journal_that_cannot_be_used_at_all_ends_the_run_with_its_error(tmp_path: Path) -> None:
    spring = Spring(tmp_path, 1)
    spring.journal.close()
    with pytest.raises(JournalError, match="it is not open"):
        await spring.run()


@pytest.mark.parametrize("values", [{"max_in_flight": 0}, {"lease": 10.0}, {"lease": math.inf}, {"lease": "120"}])
async def test_settings_without_meaning_are_refused_before_anything_is_sent(
    tmp_path: Path, values: dict[str, Any]
) -> None:
    with Spring(tmp_path, 1) as spring:
        with pytest.raises(InvalidInputError) as caught:
            await spring.run(**values)
        assert caught.value.field == next(iter(values))
        assert spring.states == {"pending": 1}
