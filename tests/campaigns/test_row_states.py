"""The table of the changes between a row's states."""

from __future__ import annotations

from graphlib import TopologicalSorter

import pytest

from connectly_api.campaigns import RowState
from connectly_api.campaigns.row_states import TRANSITIONS, Outcome


def find_names(source: RowState, target: RowState) -> set[str]:
    return {name for name, one in TRANSITIONS.items() if source in one.sources and target in one.targets}


def test_a_row_is_sent_again_only_if_it_provably_was_not_accepted_or_the_user_says_so() -> None:
    to_pending = {source: find_names(source, RowState.PENDING) for source in RowState}

    assert to_pending == {
        RowState.PENDING: set(),
        # By the process that has it: it sent nothing, or the service accepted nothing.
        RowState.SENDING: {"settle", "release"},
        RowState.ACCEPTED: set(),
        RowState.REFUSED: {"retry"},
        RowState.UNKNOWN: {"settle", "retry"},
    }


def test_only_a_pending_row_is_taken_and_nothing_else_makes_a_row_sending() -> None:
    assert {source for source in RowState if find_names(source, RowState.SENDING)} == {RowState.PENDING}
    assert find_names(RowState.PENDING, RowState.SENDING) == {"take"}


def test_an_accepted_row_stays_accepted() -> None:
    assert {name for name, one in TRANSITIONS.items() if RowState.ACCEPTED in one.sources} == {"observe"}


def test_every_state_can_become_accepted() -> None:
    graph = {source: {target for target in RowState if find_names(source, target)} for source in RowState}

    assert all(RowState.ACCEPTED in targets for targets in graph.values())
    del graph[RowState.SENDING]
    # Without a row that is sent again, no row goes in a circle.
    list(
        TopologicalSorter(
            {state: targets - {state, RowState.PENDING} for state, targets in graph.items()}
        ).static_order()
    )


@pytest.mark.parametrize("state", ["sending", "sent"])
def test_an_outcome_has_a_state_that_a_row_can_be_settled_with(state: str) -> None:
    with pytest.raises(ValueError, match=state):
        Outcome(1, 1, RowState(state))
