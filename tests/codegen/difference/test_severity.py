from __future__ import annotations

import pytest

from codegen.difference.changes import BUMPS, Place
from codegen.difference.severity import KINDS, classify


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_a_class_and_a_reason_of_one_sentence_on_each_of_its_sides(kind: str) -> None:
    assert KINDS[kind]
    for side, (impact, reason) in KINDS[kind].items():
        assert side in {"request", "response", "service"}
        assert impact in BUMPS
        assert reason[0].isupper()
        assert reason.endswith(".")
        assert reason.count(".") == 1


def test_a_change_is_judged_by_its_side() -> None:
    asked = classify("enum-value-removed", "request", Place("GET /a"), "gone")
    answered = classify("enum-value-removed", "response", Place("GET /a"), "gone")
    assert (asked.impact, answered.impact) == ("breaking", "cosmetic")
    assert (asked.what, asked.places) == ("gone", (Place("GET /a"),))
