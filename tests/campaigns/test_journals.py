"""What every journal promises. A place is a file or a database; any number of journals are opened on it."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from operator import methodcaller
from pathlib import Path

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectly_api.campaigns import CampaignExistsError, CampaignNotFoundError, Reject, RowState
from connectly_api.campaigns.journal_protocol import (
    DEADLINE_PASSED,
    FORGOTTEN,
    LEASE_ENDED,
    CampaignRecord,
    Evidence,
    Journal,
    Observation,
    PlannedRow,
    TakenRow,
    Turn,
)
from connectly_api.campaigns.row_states import TRANSITIONS, Outcome
from connectly_api.campaigns.sqlite_journal import SQLiteJournal
from connectly_api.transport.rates import Rate
from connectly_api.webhooks import DeliveryStatus, StatusTracker
from tests.campaigns.clocked_postgres import ClockedJournal, prepare_postgres

LEASE = 120.0
DAY = 86_400.0
PENDING, SENDING, ACCEPTED, REFUSED, UNKNOWN = RowState
Place = Callable[[], Journal]


class Clock:
    """The clock of a place, which tests turn, back as well."""

    def __init__(self) -> None:
        self.now = 1_200_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.slow)])
def place(request: pytest.FixtureRequest, clock: Clock, tmp_path: Path) -> Iterator[Place]:
    """Return a function that opens a journal on one and the same place."""
    url: str | None = None
    if request.param == "postgres":
        url = prepare_postgres(request.getfixturevalue("postgres_url"))

    def build() -> Journal:
        return SQLiteJournal(tmp_path / "campaigns.db", clock=clock) if url is None else ClockedJournal(url, clock)

    with ExitStack() as stack:

        def open_journal() -> Journal:
            journal = build()
            journal.open()
            stack.callback(journal.close)
            return journal

        yield open_journal


def make_row(number: int, key: str | None = None) -> PlannedRow:
    phone = f"+1604444{number:04d}"
    callback = None if number % 2 else f'{{"customer":{number}}}'
    return PlannedRow(number + 1, key or phone, phone, f'{{"templateName":"spring","n":{number}}}', callback)


def plan(journal: Journal, count: int = 4, name: str = "spring", deadline: float = DAY) -> CampaignRecord:
    record, is_resumed = journal.plan(
        name, "{}", deadline, iter([[make_row(number) for number in range(1, count + 1)]]), lambda: "digest"
    )
    assert not is_resumed
    return record


def take(journal: Journal, campaign: CampaignRecord, want: int = 100, owner: str = "a") -> Sequence[TakenRow]:
    return journal.turn(campaign.id, owner, [], want, []).rows


def settle(journal: Journal, campaign: CampaignRecord, *outcomes: Outcome, owner: str = "a") -> Turn:
    return journal.turn(campaign.id, owner, outcomes, 0, [])


def read_states(journal: Journal, campaign: CampaignRecord) -> list[RowState]:
    return [line.state for line in journal.lines(campaign.id, 0, 1000)]


def bring(journal: Journal, campaign: CampaignRecord, state: RowState) -> TakenRow:
    """Take the first pending row and bring it into a state; it has an attempt then, whatever the state."""
    (row,) = take(journal, campaign, 1)
    if state is not SENDING:
        settle(journal, campaign, Outcome(row.n, row.attempt, state))
    return row


# Planning


def test_a_plan_numbers_its_rows_and_keeps_the_rejects_in_the_order_of_their_lines(place: Place, clock: Clock) -> None:
    journal = place()
    rows = [make_row(number) for number in (1, 2, 3)]
    wrong = [Reject(9, "phone", "not a phone number"), Reject(3, None, "empty")]

    campaign, is_resumed = journal.plan(
        "spring", '{"x":1}', 60.0, iter([rows[:2], [wrong[0]], [], [rows[2], wrong[1]]]), lambda: "d"
    )

    assert not is_resumed
    assert campaign == CampaignRecord(
        id=campaign.id,
        token=campaign.token,
        name="spring",
        digest="d",
        settings='{"x":1}',
        state="ready",
        reason=None,
        deadline=clock.now + 60,
        created=clock.now,
        total=3,
        rejected=2,
    )
    assert len(campaign.token) == 12
    lines = journal.lines(campaign.id, 0, 10)
    assert [(line.n, line.line, line.key, line.recipient) for line in lines] == [
        (number, row.line, row.key, row.recipient) for number, row in enumerate(rows, 1)
    ]
    assert {(line.state, line.attempts, line.message_id, line.status, line.problem, line.at) for line in lines} == {
        (PENDING, 0, None, None, None, None)
    }
    assert journal.rejects(campaign.id, 0, 10) == [wrong[1], wrong[0]]


def test_lines_and_rejects_are_read_page_by_page(place: Place) -> None:
    journal = place()
    other = plan(journal, 3, "other")
    rejects = [Reject(line, "phone", "empty") for line in range(5)]
    campaign, _ = journal.plan("spring", "{}", DAY, iter([[*map(make_row, range(5)), *rejects]]), lambda: "d")

    assert [line.n for line in journal.lines(campaign.id, 2, 2)] == [3, 4]
    assert [line.n for line in journal.lines(campaign.id, 4, 2)] == [5]
    assert journal.rejects(campaign.id, 3, 3) == rejects[3:]
    assert [line.n for line in journal.lines(other.id, 0, 10)] == [1, 2, 3]
    assert not journal.rejects(other.id, 0, 10)


def test_rejects_are_counted_by_field_and_reason_the_earliest_first(place: Place) -> None:
    journal = place()
    other = plan(journal, 3, "other")
    wrong = [Reject(8, "phone", "empty"), Reject(9, None, "100% wrong"), Reject(10, "phone", "empty")]
    repeated = [*map(make_row, range(2)), *map(make_row, range(2)), make_row(2)]
    campaign, _ = journal.plan("spring", "{}", DAY, iter([[*repeated, *wrong]]), lambda: "d")

    duplicates = (None, "duplicate of line 0", 2)
    counts = journal.count_rejects(campaign.id)
    assert sorted(counts, key=repr) == sorted([duplicates, ("phone", "empty", 2), (None, "100% wrong", 1)], key=repr)
    assert [one for one in counts if one != duplicates] == [("phone", "empty", 2), (None, "100% wrong", 1)]
    assert not journal.count_rejects(other.id)


def test_of_rows_with_the_same_key_the_first_is_planned(place: Place) -> None:
    journal = place()
    keys = ["a", "b", "a", "c", "a", "b"]
    rows = [make_row(number, key) for number, key in enumerate(keys, 1)]

    campaign, _ = journal.plan("spring", "{}", DAY, iter([rows[:3], [Reject(5, None, "empty")], rows[3:]]), lambda: "d")

    assert [(line.n, line.line, line.key) for line in journal.lines(campaign.id, 0, 10)] == [
        (1, 2, "a"),
        (2, 3, "b"),
        (3, 5, "c"),
    ]
    assert Counter(journal.rejects(campaign.id, 0, 10)) == Counter(
        [
            Reject(4, None, "duplicate of line 2"),
            Reject(5, None, "empty"),
            Reject(6, None, "duplicate of line 2"),
            Reject(7, None, "duplicate of line 3"),
        ]
    )
    assert (campaign.total, campaign.rejected) == (3, 4)


def test_the_same_plan_again_finds_the_campaign_as_it_is(place: Place) -> None:
    journal = place()
    campaign = plan(journal)
    bring(journal, campaign, ACCEPTED)
    batches = iter([[make_row(1)], [make_row(2)]])

    assert place().plan("spring", "{}", 5.0, batches, lambda: "digest") == (campaign, True)
    # A digest is complete only when everything was read.
    assert list(batches) == []
    assert read_states(journal, campaign) == [ACCEPTED, PENDING, PENDING, PENDING]


def test_another_plan_of_the_same_name_is_refused(place: Place) -> None:
    journal = place()
    campaign = plan(journal)

    with pytest.raises(CampaignExistsError, match="'spring'"):
        journal.plan("spring", "{}", DAY, iter([[make_row(9)]]), lambda: "another digest")

    assert journal.list_campaigns() == [campaign]
    assert len(read_states(journal, campaign)) == 4


@pytest.mark.parametrize("is_same", [True, False])
def test_of_two_that_plan_the_same_name_at_once_one_does(place: Place, is_same: bool) -> None:
    both_have_staged = threading.Barrier(2)

    def plan_one(number: int) -> CampaignRecord | None:
        def batches() -> Iterator[Sequence[PlannedRow]]:
            yield [make_row(number) for number in range(1, 4)]
            both_have_staged.wait(30)

        try:
            campaign, _ = place().plan("spring", "{}", DAY, batches(), lambda: "d" if is_same else f"d{number}")
        except CampaignExistsError:
            return None
        return campaign

    with ThreadPoolExecutor(2) as threads:
        found = set(threads.map(plan_one, range(2)))

    (campaign,) = place().list_campaigns()
    assert found == ({campaign} if is_same else {campaign, None})
    assert len(read_states(place(), campaign)) == 3


def test_a_plan_that_fails_leaves_nothing(place: Place) -> None:
    journal = place()

    def batches() -> Iterator[Sequence[PlannedRow]]:
        yield [make_row(1)]
        raise LookupError("the source")

    with pytest.raises(LookupError, match="the source"):
        journal.plan("spring", "{}", DAY, batches(), lambda: "d")
    assert journal.find("spring") is None
    assert [line.key for line in journal.lines(plan(journal, 2).id, 0, 10)] == [make_row(1).key, make_row(2).key]


def test_others_work_on_while_a_plan_reads_its_source(place: Place) -> None:
    journal, other = place(), place()
    campaign = plan(other, name="other")

    def batches() -> Iterator[Sequence[PlannedRow]]:
        for number in range(4):
            yield [make_row(number)]
            assert len(take(other, campaign, 1)) == 1

    planned, _ = journal.plan("spring", "{}", DAY, batches(), lambda: "d")

    assert planned.total == 4


def test_campaigns_are_found_by_name_and_listed_in_the_order_of_their_planning(place: Place) -> None:
    journal = place()
    campaigns = [plan(journal, 1, name) for name in ("spring", "autumn", "summer")]

    assert place().list_campaigns() == campaigns
    assert place().find("autumn") == campaigns[1]
    assert place().find("winter") is None
    assert len({campaign.token for campaign in campaigns}) == 3


# Turns


def test_a_turn_hands_out_pending_rows_in_their_order(place: Place, clock: Clock) -> None:
    journal = place()
    campaign = plan(journal, 4)

    first = journal.turn(campaign.id, "a", [], 3, [])
    second = place().turn(campaign.id, "b", [], 3, [], after=3)

    assert first.rows == [
        TakenRow(number, row.recipient, row.body, row.callback, 1)
        for number, row in enumerate(map(make_row, range(1, 4)), 1)
    ]
    assert [row.n for row in second.rows] == [4]
    assert (first.wait, first.state, first.reason) == (0.0, "ready", None)
    assert second.wait is None
    assert journal.turn(campaign.id, "a", [], 3, []).rows == []
    lines = journal.lines(campaign.id, 0, 10)
    assert {(line.state, line.attempts, line.at) for line in lines} == {(SENDING, 1, clock.now)}


def test_rows_before_the_last_one_are_found_too(place: Place) -> None:
    journal = place()
    campaign = plan(journal, 3)
    rows = take(journal, campaign)
    settle(journal, campaign, Outcome(1, rows[0].attempt, PENDING))

    assert [row.n for row in journal.turn(campaign.id, "a", [], 3, [], after=3).rows] == [1]


def test_many_at_once_never_take_the_same_row(place: Place) -> None:
    campaign = plan(place(), 400)

    def take_all(owner: str) -> list[int]:
        journal, taken = place(), list[int]()
        while rows := take(journal, campaign, 7, owner):
            taken += [row.n for row in rows]
        return taken

    with ThreadPoolExecutor(4) as threads:
        taken = [n for numbers in threads.map(take_all, "abcd") for n in numbers]

    assert sorted(taken) == list(range(1, 401))


@pytest.mark.parametrize(
    ("outcome", "line"),
    [
        (Outcome(1, 1, ACCEPTED, "wamid.1"), (ACCEPTED, "wamid.1", None)),
        (Outcome(1, 1, REFUSED, problem="ERROR_CODE_X"), (REFUSED, None, "ERROR_CODE_X")),
        (Outcome(1, 1, UNKNOWN, problem="timeout"), (UNKNOWN, None, "timeout")),
        (Outcome(1, 1, PENDING, problem="not_sent", retry_after=1.0), (PENDING, None, "not_sent")),
    ],
    ids=lambda value: value.state if isinstance(value, Outcome) else "",
)
def test_an_outcome_settles_its_row_once(
    place: Place, clock: Clock, outcome: Outcome, line: tuple[RowState, str | None, str | None]
) -> None:
    journal = place()
    campaign = plan(journal, 2)
    take(journal, campaign)
    taken_at = clock.now
    clock.now += 5

    for _ in range(2):
        settle(journal, campaign, outcome)
        first, second = journal.lines(campaign.id, 0, 10)
        assert (first.state, first.message_id, first.problem) == line
        assert first.at == taken_at
        assert second.state == SENDING


@pytest.mark.parametrize("state", [ACCEPTED, REFUSED])
def test_a_final_state_is_not_settled_again(place: Place, state: RowState) -> None:
    journal = place()
    campaign = plan(journal, 1)
    row = bring(journal, campaign, state)

    for other in set(TRANSITIONS["settle"].targets) - {state}:
        settle(journal, campaign, Outcome(row.n, row.attempt, other, "wamid.2", "late"))

    (line,) = journal.lines(campaign.id, 0, 10)
    assert (line.state, line.message_id, line.problem) == (state, None, None)


def test_an_unknown_outcome_can_be_settled_later(place: Place) -> None:
    journal = place()
    campaign = plan(journal, 1)
    row = bring(journal, campaign, UNKNOWN)

    settle(journal, campaign, Outcome(row.n, row.attempt, ACCEPTED, "wamid.1"))

    assert read_states(journal, campaign) == [ACCEPTED]


def test_only_the_owner_settles_a_row(place: Place) -> None:
    journal = place()
    campaign = plan(journal, 1)
    other = plan(journal, 1, "other")
    (row,) = take(journal, campaign)

    settle(journal, campaign, Outcome(row.n, row.attempt, ACCEPTED), owner="b")
    settle(journal, other, Outcome(row.n, row.attempt, ACCEPTED))

    assert read_states(journal, campaign) == [SENDING]
    assert read_states(journal, other) == [PENDING]


def test_the_outcome_of_an_earlier_attempt_does_not_settle_a_later_one(place: Place) -> None:
    """The reply of a turn that settled a row and took it again is lost: the outcome is given once more."""
    journal = place()
    campaign = plan(journal, 1)
    (row,) = take(journal, campaign)
    late = Outcome(row.n, row.attempt, PENDING)

    (again,) = journal.turn(campaign.id, "a", [late], 1, []).rows
    assert again.attempt == 2
    assert journal.turn(campaign.id, "a", [late], 1, []).rows == []

    assert read_states(journal, campaign) == [SENDING]


def test_an_outcome_of_no_row_is_skipped(place: Place) -> None:
    journal = place()
    campaign = plan(journal, 1)

    assert settle(journal, campaign, Outcome(7, 1, ACCEPTED)).state == "ready"


def test_a_campaign_that_is_not_there_is_refused(place: Place) -> None:
    journal = place()
    with pytest.raises(CampaignNotFoundError, match="77"):
        journal.turn(77, "a", [], 1, [])
    with pytest.raises(CampaignNotFoundError, match="77"):
        journal.mark(77, "ready")
    with pytest.raises(CampaignNotFoundError, match="77"):
        journal.forget(77)


def test_an_id_with_characters_that_cannot_be_stored_settles_its_row(place: Place) -> None:
    journal = place()
    campaign = plan(journal, 1)
    (row,) = take(journal, campaign)

    settle(journal, campaign, Outcome(row.n, row.attempt, ACCEPTED, "wamid.\ud800\0é"))

    assert journal.lines(campaign.id, 0, 1)[0].message_id == "wamid.??é"


def test_a_row_that_was_not_accepted_waits_for_as_long_as_it_was_told_to(place: Place, clock: Clock) -> None:
    journal = place()
    campaign = plan(journal, 2)
    rows = take(journal, campaign)

    turn = journal.turn(
        campaign.id,
        "a",
        [
            Outcome(row.n, row.attempt, PENDING, retry_after=after)
            for row, after in zip(rows, (7.0, 900.0), strict=True)
        ],
        5,
        [],
    )
    assert (turn.rows, turn.wait) == ([], 7.0)
    clock.now += 6.5
    assert journal.turn(campaign.id, "a", [], 5, []).wait == 0.5
    clock.now += 0.5
    turn = journal.turn(campaign.id, "a", [], 5, [])
    assert [row.n for row in turn.rows] == [1]
    # Nothing waits for longer than a minute.
    assert turn.wait == 53.0
    clock.now += 53
    assert [row.n for row in take(journal, campaign)] == [2]


def test_a_paused_or_stopped_campaign_hands_out_no_rows_but_settles_outcomes(place: Place) -> None:
    journal = place()
    campaign = plan(journal, 3)
    rows = take(journal, campaign, 2)
    for row, state in zip(rows, ("paused", "stopped"), strict=True):
        place().mark(campaign.id, "paused" if state == "paused" else "stopped", f"{state} by hand")

        turn = journal.turn(campaign.id, "a", [Outcome(row.n, row.attempt, ACCEPTED)], 5, [])

        assert turn == Turn(turn.rows, None, turn.state, f"{state} by hand")
        assert not turn.rows
        assert turn.state == state
        found = journal.find("spring")
        assert found == attrs.evolve(campaign, state=turn.state, reason=turn.reason)
    assert read_states(journal, campaign) == [ACCEPTED, ACCEPTED, PENDING]
    place().mark(campaign.id, "ready")
    assert journal.find("spring") == campaign
    assert [row.n for row in take(journal, campaign)] == [3]


def test_only_the_first_who_replaces_settings_does(place: Place) -> None:
    journal, other = place(), place()
    campaign = plan(journal)

    assert journal.replace_settings(campaign.id, campaign.settings, '{"a":1}') == '{"a":1}'
    assert other.replace_settings(campaign.id, campaign.settings, '{"a":2}') == '{"a":1}'
    assert [one.settings for one in journal.list_campaigns()] == ['{"a":1}']
    assert other.replace_settings(campaign.id, '{"a":1}', '{"a":3}') == '{"a":3}'


def test_from_the_deadline_on_no_row_is_handed_out_until_it_is_moved(place: Place, clock: Clock) -> None:
    journal = place()
    campaign = plan(journal, 3, deadline=60.0)
    clock.now += 59
    (row,) = take(journal, campaign, 1)
    clock.now += 1

    turn = journal.turn(campaign.id, "a", [Outcome(row.n, row.attempt, ACCEPTED)], 1, [])
    assert turn == Turn(turn.rows, None, "stopped", DEADLINE_PASSED)
    assert not turn.rows
    # It stays stopped if the clock is set back.
    clock.now -= 30
    assert journal.turn(campaign.id, "a", [], 1, []) == turn
    journal.mark(campaign.id, "ready", deadline=100.0)
    clock.now += 99
    assert [row.n for row in take(journal, campaign, 1)] == [2]
    clock.now += 1
    assert not take(journal, campaign, 1)
    assert read_states(journal, campaign) == [ACCEPTED, SENDING, PENDING]


# Rates


def test_rates_hold_for_all_journals_and_campaigns_that_use_their_keys(place: Place, clock: Clock) -> None:
    one, two = place(), place()
    campaigns = [plan(one, 20, name) for name in ("spring", "autumn")]
    fast, slow = ("endpoint", Rate(10.0, 4)), ("number", Rate(1.0, 2))

    assert len(one.turn(campaigns[0].id, "a", [], 3, [fast]).rows) == 3
    turn = two.turn(campaigns[1].id, "b", [], 3, [fast])
    assert len(turn.rows) == 1
    # Until two are free: half the burst.
    assert turn.wait == pytest.approx(0.2)
    clock.now += 0.4
    # A rate takes as many as the slowest grants, and is charged for as many as were taken.
    turn = one.turn(campaigns[0].id, "a", [], 9, [fast, slow])
    assert len(turn.rows) == 2
    assert turn.wait == pytest.approx(1.0)
    turn = one.turn(campaigns[0].id, "a", [], 9, [fast])
    assert len(turn.rows) == 2


def test_a_turn_without_rows_costs_nothing_of_a_rate(place: Place) -> None:
    journal = place()
    campaign = plan(journal, 1)
    rates = [("endpoint", Rate(1.0, 2))]
    (row,) = journal.turn(campaign.id, "a", [], 1, rates).rows

    for _ in range(3):
        assert journal.turn(campaign.id, "a", [], 5, rates).wait is None
    settle(journal, campaign, Outcome(row.n, row.attempt, PENDING))

    assert len(journal.turn(campaign.id, "a", [], 5, rates).rows) == 1


def test_a_turn_that_the_rate_holds_up_says_whether_a_row_is_pending(place: Place) -> None:
    journal = place()
    campaign = plan(journal, 2)
    rates = [("endpoint", Rate(1.0, 1))]

    assert len(journal.turn(campaign.id, "a", [], 1, rates).rows) == 1
    turn = journal.turn(campaign.id, "a", [], 1, rates)
    assert not turn.rows
    assert turn.wait == pytest.approx(1.0)
    take(journal, campaign)
    assert journal.turn(campaign.id, "a", [], 1, rates) == Turn([], None, "ready", None)


def test_a_rate_limited_outcome_slows_the_rates_for_all_once(place: Place, clock: Clock) -> None:
    journal = place()
    campaign = plan(journal, 50)
    rates = [("endpoint", Rate(10.0, 1)), ("number", Rate(20.0, 1))]
    rows = take(journal, campaign, 3)
    limited = [
        Outcome(row.n, row.attempt, PENDING, retry_after=after, is_rate_limited=True)
        for row, after in zip(rows, (None, 2.0, 1.0), strict=True)
    ]

    assert journal.turn(campaign.id, "a", limited, 1, rates).wait == pytest.approx(2.0)
    clock.now += 2
    other = place()
    assert len(other.turn(campaign.id, "b", [], 5, rates).rows) == 1
    # At first it was half of the rate.
    wait = other.turn(campaign.id, "b", [], 5, rates).wait
    assert wait is not None
    assert 0.1 < wait < 0.2
    clock.now += 30
    assert len(other.turn(campaign.id, "b", [], 5, rates).rows) == 1
    assert other.turn(campaign.id, "b", [], 5, rates).wait == pytest.approx(0.1)


# Crashes, and clocks that are set back


def test_rows_of_a_turn_whose_reply_was_lost_are_released(place: Place) -> None:
    journal = place()
    campaign = plan(journal, 6)
    row, other, _ = take(journal, campaign, 3)
    journal.turn(campaign.id, "a", [Outcome(3, 1, PENDING)], 2, [])  # its reply, rows 3 and 4, is lost
    take(journal, campaign, 1, "b")

    assert journal.release(campaign.id, "a", [(row.n, row.attempt), (other.n, other.attempt), (3, 1)]) == 2

    assert read_states(journal, campaign) == [SENDING, SENDING, PENDING, PENDING, SENDING, PENDING]
    assert journal.release(campaign.id, "a", []) == 2
    assert journal.release(campaign.id, "a", []) == 0
    assert [(one.n, one.attempt) for one in take(journal, campaign)] == [(1, 2), (2, 2), (3, 3), (4, 2), (6, 1)]


def test_rows_that_are_sending_for_longer_than_the_lease_become_unknown(place: Place, clock: Clock) -> None:
    journal = place()
    campaign = plan(journal, 4)
    (first,) = take(journal, campaign, 1)
    clock.now += LEASE - 1
    take(journal, campaign, 1)
    assert journal.abandon(campaign.id, LEASE) == 0
    assert journal.summary(campaign.id).oldest_sending == LEASE - 1
    clock.now += 1

    assert place().abandon(campaign.id, LEASE) == 1
    assert journal.abandon(campaign.id, LEASE) == 0

    assert read_states(journal, campaign) == [UNKNOWN, SENDING, PENDING, PENDING]
    assert journal.lines(campaign.id, 0, 1)[0].problem == LEASE_ENDED
    assert [row.n for row in take(journal, campaign)] == [3, 4]
    # A lease that ended too early does no harm.
    settle(journal, campaign, Outcome(first.n, first.attempt, ACCEPTED, "wamid.1"))
    assert read_states(journal, campaign)[0] == ACCEPTED


def test_a_clock_that_is_set_back_holds_up_no_row(place: Place, clock: Clock) -> None:
    journal = place()
    campaign = plan(journal, 3)
    rates = [("endpoint", Rate(1.0, 1))]
    first, _ = take(journal, campaign, 2)
    settle(journal, campaign, Outcome(first.n, first.attempt, PENDING, retry_after=30.0))
    assert len(journal.turn(campaign.id, "a", [], 1, rates).rows) == 1
    clock.now -= 3600

    # One second, as if the clock had stood still.
    assert journal.turn(campaign.id, "a", [], 5, rates).wait == pytest.approx(1.0)
    clock.now += 1
    assert [row.n for row in journal.turn(campaign.id, "a", [], 5, rates).rows] == [1]
    assert journal.summary(campaign.id).oldest_sending == 0
    assert journal.abandon(campaign.id, LEASE) == 2
    assert read_states(journal, campaign) == [SENDING, UNKNOWN, UNKNOWN]


# Webhooks


@pytest.mark.parametrize("state", RowState)
def test_an_event_proves_that_a_row_was_accepted_whatever_its_state(place: Place, state: RowState) -> None:
    journal = place()
    campaign = plan(journal, 2)
    row = bring(journal, campaign, state)
    observation = Observation(campaign.token, row.n, "wamid.1", "delivered")

    assert place().observe([observation]) == 1
    assert place().observe([observation, observation]) == 0

    def check() -> None:
        first, second = journal.lines(campaign.id, 0, 10)
        assert (first.state, first.message_id, first.status, first.problem) == (ACCEPTED, "wamid.1", "delivered", None)
        assert second.state == PENDING

    check()
    for outcome in TRANSITIONS["settle"].targets:
        settle(journal, campaign, Outcome(row.n, row.attempt, outcome, "wamid.2", "late"))
    journal.release(campaign.id, "a", [])
    journal.abandon(campaign.id, 0.0)
    assert [one.n for one in take(journal, campaign)] == [2]
    journal.release(campaign.id, "a", [])
    check()


def test_an_event_without_status_or_id_is_a_proof_too(place: Place) -> None:
    journal = place()
    campaign = plan(journal, 1)
    row = bring(journal, campaign, UNKNOWN)

    assert journal.observe([Observation(campaign.token, row.n)]) == 1
    assert journal.observe([Observation(campaign.token, row.n, status="a new one")]) == 0
    (line,) = journal.lines(campaign.id, 0, 10)
    assert (line.state, line.message_id, line.status, line.problem) == (ACCEPTED, None, None, None)
    assert journal.observe([Observation(campaign.token, row.n, "wamid.1")]) == 1
    assert journal.observe([Observation(campaign.token, row.n, "wamid.2")]) == 0
    assert journal.lines(campaign.id, 0, 1)[0].message_id == "wamid.1"


def test_the_first_id_and_the_first_problem_are_kept(place: Place) -> None:
    journal = place()
    campaign = plan(journal, 1)
    row = bring(journal, campaign, SENDING)

    for number, status in enumerate(["delivery_failed", "delivered", "read"]):
        journal.observe([Observation(campaign.token, row.n, f"wamid.{number}", status, f"problem {number}")])

    (line,) = journal.lines(campaign.id, 0, 10)
    assert (line.message_id, line.status, line.problem) == ("wamid.0", "read", "problem 0")


def test_events_of_other_campaigns_and_rows_are_skipped(place: Place) -> None:
    journal = place()
    campaign = plan(journal, 1)

    assert journal.observe([Observation("another-tokn", 1), Observation(campaign.token, 2)]) == 0
    assert journal.observe([]) == 0
    assert read_states(journal, campaign) == [PENDING]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30, deadline=None)
@given(
    events=st.lists(
        st.tuples(
            st.sampled_from(["sent", "delivered", "read", "delivery_failed", "deleted", None]),
            st.sampled_from(["blocked", "expired"]),
        ),
        max_size=6,
    )
)
def test_in_any_order_events_move_a_status_as_a_tracker_does(
    place: Place, events: list[tuple[str | None, str]]
) -> None:
    journal = place()
    with closing(journal):
        campaign = plan(journal, 1, name=f"campaign {len(journal.list_campaigns())}")
        row = bring(journal, campaign, ACCEPTED)
        tracker, failure = StatusTracker(), None
        for status, code in events:
            problem = code if status == "delivery_failed" else None
            failure = failure or problem
            tracker, _ = tracker.advance(DeliveryStatus(status=status))
            journal.observe([Observation(campaign.token, row.n, "wamid.1", status, problem)])

        (line,) = journal.lines(campaign.id, 0, 10)

    assert (line.status, line.problem) == (tracker.status, failure)


# Counting, retrying, forgetting


def test_a_summary_counts_the_rows(place: Place, clock: Clock) -> None:
    journal = place()
    other = plan(journal, 3, "other")
    campaign = plan(journal, 12)
    assert journal.summary(campaign.id).oldest_sending is None
    for state, count in ((ACCEPTED, 4), (REFUSED, 1), (UNKNOWN, 2), (SENDING, 1)):
        for _ in range(count):
            bring(journal, campaign, state)
    for n, status in enumerate(["sent", "delivered", "read"], 1):
        journal.observe([Observation(campaign.token, n, None, status)])
    journal.observe([Observation(campaign.token, 4, None, "delivery_failed", "blocked")])
    clock.now += 3

    counts = place().summary(campaign.id)

    assert counts.states == {PENDING: 4, SENDING: 1, ACCEPTED: 4, REFUSED: 1, UNKNOWN: 2}
    assert counts.statuses == {"sent": 1, "delivered": 1, "read": 1, "delivery_failed": 1}
    assert counts.oldest_sending == 3
    assert journal.summary(other.id).states == {PENDING: 3, SENDING: 0, ACCEPTED: 0, REFUSED: 0, UNKNOWN: 0}


def test_evidence_tells_by_minute_what_webhooks_confirmed(place: Place, clock: Clock) -> None:
    journal = place()
    campaign = plan(journal, 9)
    plan(journal, 1, "other")
    start = clock.now
    for state in (ACCEPTED, ACCEPTED, UNKNOWN, REFUSED):
        bring(journal, campaign, state)
    clock.now += 61
    for state in (ACCEPTED, SENDING):
        bring(journal, campaign, state)
    journal.observe([Observation(campaign.token, 1, None, "read"), Observation(campaign.token, 2)])

    assert journal.evidence(campaign.id) == [
        Evidence(start, 1, accepted=2, confirmed=1, unknown=1),
        Evidence(start + 60, -59, accepted=1, confirmed=0, unknown=0),
    ]


def test_rows_that_only_an_event_made_accepted_are_no_evidence(place: Place, clock: Clock) -> None:
    journal = place()
    campaign = plan(journal, 4)
    start = clock.now
    for state in (ACCEPTED, UNKNOWN, SENDING):
        bring(journal, campaign, state)
    # The last one was never taken, as far as this journal knows: it is a copy from before that.
    journal.observe([Observation(campaign.token, n, None, "sent") for n in (2, 3, 4)])

    assert read_states(journal, campaign) == [ACCEPTED] * 4
    assert journal.evidence(campaign.id) == [Evidence(start, -60, accepted=1, confirmed=0, unknown=0)]


def test_refused_and_unknown_rows_become_pending_on_the_users_word(place: Place, clock: Clock) -> None:
    journal = place()
    campaign = plan(journal, 6)
    start = clock.now
    unknown = []
    for state in (REFUSED, UNKNOWN, UNKNOWN, ACCEPTED, SENDING):
        row = bring(journal, campaign, state)
        unknown += [row] * (state is UNKNOWN)
        clock.now += 60

    for state in (PENDING, SENDING, ACCEPTED):
        assert journal.retry(campaign.id, state) == 0
    assert journal.retry(campaign.id, UNKNOWN, []) == 0
    assert journal.retry(campaign.id, UNKNOWN, [(0.0, start), (start + 120, start + 180)]) == 1
    assert read_states(journal, campaign) == [REFUSED, UNKNOWN, PENDING, ACCEPTED, SENDING, PENDING]
    assert journal.retry(campaign.id, REFUSED) == 1
    assert journal.retry(campaign.id, UNKNOWN) == 1
    # A late outcome of the attempt before settles nothing.
    settle(journal, campaign, *(Outcome(row.n, row.attempt, REFUSED) for row in unknown))
    assert [(row.n, row.attempt) for row in take(journal, campaign)] == [(1, 2), (2, 2), (3, 2), (6, 1)]


def test_a_campaign_that_is_forgotten_keeps_its_record_and_sends_nothing(place: Place) -> None:
    journal = place()
    other = plan(journal, 2, "other")
    campaign, _ = journal.plan(
        "spring", "{}", DAY, iter([[make_row(1), make_row(2), Reject(9, "phone", "empty")]]), lambda: "digest"
    )
    (row,) = take(journal, campaign, 1)

    place().forget(campaign.id)
    place().forget(campaign.id)

    record = attrs.evolve(campaign, state="stopped", reason=FORGOTTEN)
    assert not journal.turn(campaign.id, "a", [Outcome(row.n, row.attempt, ACCEPTED)], 5, []).rows
    assert journal.observe([Observation(campaign.token, 1)]) == 0
    assert not journal.lines(campaign.id, 0, 10)
    assert not journal.rejects(campaign.id, 0, 10)
    assert journal.plan("spring", "{}", DAY, iter([[make_row(1), make_row(2)]]), lambda: "digest") == (record, True)
    journal.mark(campaign.id, "ready")
    assert not take(journal, campaign)
    assert read_states(journal, other) == [PENDING, PENDING]


def test_a_campaign_that_is_forgotten_before_its_first_row_was_taken_leaves_its_name(place: Place) -> None:
    journal = place()
    campaign, _ = journal.plan("spring", "{}", DAY, iter([[make_row(1), Reject(9, None, "empty")]]), lambda: "wrong")

    place().forget(campaign.id)

    with pytest.raises(CampaignNotFoundError):
        take(journal, campaign)
    with pytest.raises(CampaignNotFoundError):
        journal.forget(campaign.id)
    again, is_resumed = journal.plan("spring", "{}", DAY, iter([[make_row(1)]]), lambda: "right")
    assert (again.id != campaign.id, again.token != campaign.token, again.digest, is_resumed) == (
        True,
        True,
        "right",
        False,
    )
    assert not journal.rejects(again.id, 0, 9)
    assert len(take(journal, again)) == 1


def test_a_campaign_whose_rows_only_webhooks_know_keeps_its_name(place: Place) -> None:
    journal = place()
    campaign = plan(journal, 2)
    journal.observe([Observation(campaign.token, 2)])

    journal.forget(campaign.id)

    assert journal.find(campaign.name) == attrs.evolve(campaign, state="stopped", reason=FORGOTTEN)


# Whatever happens, in whatever order


@attrs.define
class Process:
    """A process that sends: what it holds is lost when it dies."""

    name: str
    in_hand: dict[int, TakenRow] = attrs.field(factory=dict[int, TakenRow])
    outcomes: list[Outcome] = attrs.field(factory=list[Outcome])
    is_in_doubt: bool = False


class World:
    """Processes that share a journal, and a service that counts what it gets."""

    def __init__(self, place: Place, clock: Clock) -> None:
        self.clock = clock
        self.place = place
        self.journal = place()
        self.campaign = plan(self.journal, 8, name=f"campaign {len(self.journal.list_campaigns())}")
        self.processes = [Process("a0"), Process("b0")]
        self.born = 0
        self.received = Counter[int]()
        self.states = dict.fromkeys(range(1, 9), PENDING)

    def turn(self, index: int, want: int, is_reply_lost: bool) -> None:
        process = self.processes[index]
        if process.is_in_doubt:
            held = [(row.n, row.attempt) for row in process.in_hand.values()]
            held += [(one.n, one.attempt) for one in process.outcomes]
            self.journal.release(self.campaign.id, process.name, held)
            self.check("release")
        turn = self.journal.turn(self.campaign.id, process.name, process.outcomes, want, [])
        self.check("settle", "take")
        process.is_in_doubt = is_reply_lost
        if not is_reply_lost:
            process.outcomes.clear()
            for row in turn.rows:
                assert row.n not in process.in_hand
                process.in_hand[row.n] = row

    def send(self, index: int, result: str) -> None:
        process = self.processes[index]
        if not process.in_hand:
            return
        _, row = process.in_hand.popitem()
        if result in {"accepted", "lost"}:
            self.received[row.n] += 1
        state = {"accepted": ACCEPTED, "lost": UNKNOWN, "refused": REFUSED}.get(result, PENDING)
        process.outcomes.append(Outcome(row.n, row.attempt, state, retry_after=1.0 if result == "limited" else None))

    def kill(self, index: int) -> None:
        self.born += 1
        self.processes[index] = Process(f"{'ab'[index]}{self.born}")

    def abandon(self) -> None:
        self.journal.abandon(self.campaign.id, LEASE)
        self.check("abandon")

    def observe(self, number: int) -> None:
        sent = sorted(self.received)
        if sent:
            self.journal.observe([Observation(self.campaign.token, sent[number % len(sent)], "wamid", "sent")] * 2)
            self.check("observe")

    def wait(self, seconds: float) -> None:
        self.clock.now += seconds

    def check(self, *transitions: str) -> None:
        """Check that rows changed as the table allows, and that nothing that was received can be sent again."""
        after = {line.n: line.state for line in self.journal.lines(self.campaign.id, 0, 100)}
        for n, state in after.items():
            reached = {self.states[n]}
            for name in transitions:
                if reached & set(TRANSITIONS[name].sources):
                    reached |= set(TRANSITIONS[name].targets)
            assert state in reached
            assert state is not PENDING or not self.received[n]
        assert all(count == 1 for count in self.received.values())
        self.states = after

    def finish(self) -> None:
        """Let the processes end, run the campaign to its end, and deliver all webhooks."""
        for index in range(2):
            while self.processes[index].in_hand:
                self.send(index, "accepted")
            self.turn(index, 0, is_reply_lost=False)
        self.wait(2 * LEASE)
        self.abandon()
        self.processes.append(Process("last"))
        while PENDING in self.states.values():
            self.wait(1)
            self.turn(2, 3, is_reply_lost=False)
            while self.processes[2].in_hand:
                self.send(2, "accepted")
        self.turn(2, 0, is_reply_lost=False)
        for number in range(len(self.received)):
            self.observe(number)
        assert {n for n, state in self.states.items() if state is ACCEPTED} == set(self.received)
        assert set(self.states.values()) <= {ACCEPTED, REFUSED, UNKNOWN}
        assert len(self.states) == 8


INDEXES = st.integers(0, 1)
RESULTS = st.sampled_from(["accepted", "lost", "refused", "limited", "unreached"])
EVENTS = st.one_of(
    st.builds(methodcaller, st.just("turn"), INDEXES, st.integers(0, 3), st.booleans()),
    st.builds(methodcaller, st.just("send"), INDEXES, RESULTS),
    st.builds(methodcaller, st.just("kill"), INDEXES),
    st.builds(methodcaller, st.just("abandon")),
    st.builds(methodcaller, st.just("observe"), st.integers(0, 7)),
    st.builds(methodcaller, st.just("wait"), st.sampled_from([0.5, 2.0, LEASE, -30.0, -4000.0])),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(events=st.lists(EVENTS, max_size=40))
def test_whatever_happens_nothing_is_sent_twice_or_lost(
    place: Place, clock: Clock, events: list[Callable[[World], None]]
) -> None:
    world = World(place, clock)
    with closing(world.journal):
        for event in events:
            event(world)
        world.finish()
