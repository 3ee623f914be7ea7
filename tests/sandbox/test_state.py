from typing import Any

import attrs
import pytest

from connectly_api.sandbox.model.records import AcceptedMessage
from connectly_api.sandbox.model.state import State
from connectly_api.sandbox.model.state_changes import (
    WindowSet,
)


def message(number: int, **changes: Any) -> AcceptedMessage:
    values: dict[str, Any] = {
        "id": f"m{number}",
        "kind": "text",
        "sender": "+14151111234",
        "phone": "+16044441111",
        "bsuid": None,
        "campaign_name": None,
        "accepted_at": 0.0,
        "trace_id": "1",
        "body": '{"message":{"text":"secret words"},"callbackData":[1]}',
    }
    return AcceptedMessage(**values | changes)


def test_a_window_is_open_as_long_as_the_latest_of_the_names_wrote() -> None:
    state = State(now=0.0, keep=1)
    assert state.get_window_end("+1", ("US.1",)) is None
    state.apply(WindowSet(sender="+1", ids=("US.1",), until=5.0))
    state.apply(WindowSet(sender="+1", ids=("+16044441111",), until=7.0))
    assert state.get_window_end("+1", ("+16044441111", "US.1")) == 7.0
    assert state.get_window_end("+2", ("US.1",)) is None


def test_what_was_received_cannot_be_changed_from_outside() -> None:
    kept = message(1)
    kept.body["message"]["text"] = "other words"
    assert kept.body["message"]["text"] == "secret words"
    assert kept.callback_data == [1]
    assert message(1, body="{}").callback_data is None
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        kept.id = "m2"  # type: ignore[misc]


def test_nothing_personal_is_in_a_messages_repr() -> None:
    shown = repr(message(1, bsuid="US.13491208655302741918"))
    assert not any(word in shown for word in ("6044441111", "4151111234", "13491208655302741918", "secret"))
