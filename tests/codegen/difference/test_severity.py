from __future__ import annotations

import re
from pathlib import Path

import pytest

from codegen import difference
from codegen.difference.changes import BUMPS, KINDS, Place, Side, classify

SOURCE = "".join(path.read_text(encoding="utf-8") for path in sorted(Path(difference.__path__[0]).glob("*.py")))


@pytest.mark.parametrize(("kind", "side"), KINDS)
def test_every_kind_has_a_class_and_a_reason_of_one_sentence(kind: str, side: Side) -> None:
    impact, reason = KINDS[kind, side]
    assert impact in BUMPS
    assert re.fullmatch(r"[A-Z][^.]*\.", reason)


# The names of these kinds are put together; the tests of operations and of limits have all of them.
COMPOSED = re.compile(r"(type|format|limit)-|.*(parameter|body|header|success|error)-(added|removed)")


@pytest.mark.parametrize("kind", sorted({kind for kind, _ in KINDS if not COMPOSED.match(kind)}))
def test_every_kind_can_occur(kind: str) -> None:
    assert SOURCE.count(kind) > 1


def test_a_change_is_judged_by_its_side() -> None:
    sent = classify("enum-value-removed", "request", "gone", Place("GET /a"))
    read = classify("enum-value-removed", "response", "gone", Place("GET /a"))
    assert (sent.impact, read.impact) == ("breaking", "cosmetic")
    assert (sent.what, sent.places) == ("gone", (Place("GET /a"),))
