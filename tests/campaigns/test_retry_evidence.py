"""Where webhooks prove that unknown rows were not accepted, so that they may be sent again."""

from __future__ import annotations

import pytest

from connectly_api.campaigns.journal_protocol import Evidence
from connectly_api.campaigns.retry_evidence import find_proven_spans

NOON = 1_790_000_040.0
MINUTE = 60.0


def minute(index: int, accepted: int = 0, confirmed: int = 0, unknown: int = 0, age: float = 3600.0) -> Evidence:
    return Evidence(NOON + index * MINUTE, age, accepted, confirmed, unknown)


SPAN = (NOON, NOON + MINUTE)


@pytest.mark.parametrize(
    ("evidence", "spans"),
    [
        pytest.param([minute(0, 100, 99, 1)], [SPAN], id="99 % of the minute have a status"),
        pytest.param([minute(0, 100, 98, 1)], [], id="98 % have"),
        pytest.param([minute(0, 20, 20, 1)], [SPAN], id="20 rows are enough"),
        pytest.param([minute(0, 19, 19, 1)], [], id="19 are not"),
        pytest.param([minute(0, 20, 20, 0)], [], id="nothing is unknown"),
        pytest.param([minute(0, 0, 0, 1)], [], id="nothing else was sent"),
        pytest.param([minute(-5, 10, 10), minute(0, 0, 0, 1), minute(5, 10, 10)], [SPAN], id="neighbours count"),
        pytest.param([minute(-6, 10, 10), minute(0, 0, 0, 1), minute(6, 10, 10)], [], id="further ones do not"),
        pytest.param([minute(0, 9, 8, 1), minute(1, 900, 900)], [], id="the minute itself lacks a status"),
        pytest.param([minute(0, 9, 9, 1), minute(1, 900, 800)], [], id="its neighbours lack some"),
        pytest.param([], [], id="nothing was sent"),
    ],
)
def test_unknown_rows_may_be_sent_again_where_nearly_all_accepted_ones_have_a_status(
    evidence: list[Evidence], spans: list[tuple[float, float]]
) -> None:
    assert find_proven_spans(evidence) == spans


def test_a_minute_counts_when_statuses_had_five_minutes_to_come() -> None:
    assert find_proven_spans([minute(0, 100, 100, 1, age=5 * MINUTE - 1)]) == []
    assert find_proven_spans([minute(0, 100, 100, 1, age=5 * MINUTE)]) == [SPAN]


def test_each_minute_is_judged_for_itself() -> None:
    evidence = [minute(0, 100, 100, 1), minute(20, 100, 50, 5), minute(40, 100, 100, 2)]

    assert [start for start, _ in find_proven_spans(evidence)] == [NOON, NOON + 40 * MINUTE]
