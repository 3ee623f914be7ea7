from __future__ import annotations

from itertools import permutations, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectly_api.webhooks import DeliveryFailure, DeliveryStatus, StatusTracker

FIRST, SECOND = DeliveryFailure(code="FIRST"), DeliveryFailure(code="SECOND")
STATUSES = ("sent", "delivered", "read", "delivery_failed")


def _event(status: str | None, failure: DeliveryFailure | None = None) -> DeliveryStatus:
    return DeliveryStatus(message_id="01F", status=status, failure=failure)


def _follow(*events: DeliveryStatus) -> tuple[StatusTracker, list[bool]]:
    tracker, news = StatusTracker(), []
    for event in events:
        tracker, is_new = tracker.advance(event)
        news.append(is_new)
    return tracker, news


@pytest.mark.parametrize(
    ("statuses", "news", "last"),
    [
        (["sent", "delivered", "read"], [True, True, True], "read"),
        (["read", "delivered", "sent"], [True, False, False], "read"),
        (["delivered", "sent", "read"], [True, False, True], "read"),
        (["sent", "sent"], [True, False], "sent"),
        (["sent", "delivery_failed"], [True, True], "delivery_failed"),
        (["delivery_failed", "sent"], [True, False], "delivery_failed"),
        (["delivery_failed", "delivery_failed"], [True, False], "delivery_failed"),
        (["delivery_failed", "delivered"], [True, True], "delivered"),
        (["delivered", "delivery_failed"], [True, False], "delivered"),
        (["read", "delivery_failed", "delivered"], [True, False, False], "read"),
        (["played", "sent", "played"], [True, True, False], "sent"),
        (["sent", "played", "delivered"], [True, True, True], "delivered"),
        ([None, "sent", None], [False, True, False], "sent"),
    ],
    ids=repr,
)
def test_a_status_is_new_if_it_is_further_than_any_before(
    statuses: list[str | None], news: list[bool], last: str
) -> None:
    tracker, said = _follow(*map(_event, statuses))
    assert said == news
    assert tracker.status == last
    assert tracker.seen == {status for status in statuses if status is not None}


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_every_order_of_arrival_ends_alike(count: int) -> None:
    for statuses in product(STATUSES, repeat=count):
        ends = {_follow(*map(_event, order))[0] for order in permutations(statuses)}
        assert len(ends) == 1


@given(st.lists(st.sampled_from([*STATUSES, "played", None]), max_size=8))
def test_a_status_never_goes_back_and_no_news_comes_twice(statuses: list[str | None]) -> None:
    order = ["sent", "delivery_failed", "delivered", "read"]
    tracker, new = StatusTracker(), []
    for status in statuses:
        before = tracker.status
        tracker, is_new = tracker.advance(_event(status))
        assert before is None or (tracker.status is not None and order.index(tracker.status) >= order.index(before))
        new += [status] * is_new
    assert len(new) == len(set(new))
    assert None not in new


def test_the_first_reason_for_a_failure_is_kept_whatever_comes_after() -> None:
    tracker, _ = _follow(_event("delivery_failed", FIRST), _event("delivery_failed", SECOND), _event("delivered"))
    assert tracker.failure == FIRST
    late, _ = _follow(_event("delivery_failed"), _event("delivery_failed", SECOND))
    assert late.failure == SECOND
    too_late, news = _follow(_event("read"), _event("delivery_failed", FIRST))
    assert (too_late.status, too_late.failure, news) == ("read", FIRST, [True, False])
    unreadable, _ = _follow(_event(None, FIRST))
    assert unreadable.failure == FIRST


def test_a_tracker_can_go_on_from_a_stored_status() -> None:
    tracker, is_new = StatusTracker(status="delivered").advance(_event("sent"))
    assert (tracker.status, is_new) == ("delivered", False)
    assert StatusTracker(status="delivered").advance(_event("read"))[1]
