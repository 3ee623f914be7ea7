"""When too much of a campaign fails."""

from __future__ import annotations

import pytest

from connectly_api import InvalidInputError
from connectly_api.campaigns.stop_rules import StopRules, StopWatch


def count(watch: StopWatch, rows: str) -> list[str]:
    """Count rows, `+` for one that was accepted; return why to stop."""
    return [reason for row in rows if (reason := watch.count_row(is_accepted=row == "+")) is not None]


def test_twenty_rows_in_a_row_stop_a_campaign() -> None:
    rules = StopRules(share=None)
    assert count(StopWatch(rules), ("-" * 19 + "+") * 50) == []
    assert count(StopWatch(rules), "+" + "-" * 20) == ["20 rows in a row were not accepted"]


def test_more_than_a_tenth_of_the_last_two_hundred_rows_stops_a_campaign() -> None:
    assert count(StopWatch(StopRules()), ("-" + "+" * 9) * 100) == []
    assert count(StopWatch(StopRules()), "-+" * 21) == ["21 of the last 41 rows were not accepted"]
    assert count(StopWatch(StopRules()), "+" * 1000 + ("-" + "+" * 7) * 20 + "-") == [
        "21 of the last 200 rows were not accepted"
    ]


def test_rules_can_be_turned_off() -> None:
    watch = StopWatch(StopRules(in_a_row=None, share=None, failed_share=None))
    assert count(watch, "-" * 1000) == []
    watch.compare_statuses(0, 0)
    assert watch.compare_statuses(1000, 1000) is None


def test_failed_deliveries_stop_a_campaign_by_their_share_of_the_newest_statuses() -> None:
    watch = StopWatch(StopRules())
    # What failed before this run says nothing about it.
    assert watch.compare_statuses(1000, 900) is None
    assert watch.compare_statuses(1199, 950) is None
    assert watch.compare_statuses(1200, 920) is None
    assert watch.compare_statuses(1399, 999) is None
    assert watch.compare_statuses(1410, 942) == "22 of the last 210 messages with a delivery status have failed"


@pytest.mark.parametrize("values", [{"in_a_row": 0}, {"share": 0}, {"share": 1.1}, {"failed_share": "0.1"}])
def test_rules_without_meaning_are_refused(values: dict[str, int]) -> None:
    with pytest.raises(InvalidInputError) as caught:
        StopRules(**values)
    assert caught.value.field == next(iter(values))
