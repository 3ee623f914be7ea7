"""The name of a row in callback data, on its way out and back."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectly_api.callback_data import LIMIT, check_callback_data
from connectly_api.campaigns.journal_protocol import Observation
from connectly_api.campaigns.row_callback import KEY, ROOM, compose_callback, encode_own_data, read_observation
from connectly_api.webhooks import (
    ButtonReply,
    DeliveryFailure,
    DeliveryStatus,
    Echo,
    Event,
    InboundMessage,
    ReportReady,
    UnknownEvent,
)

TOKEN = "abcDEF_123-x"  # noqa: S105 (names a campaign)
ID = "01J9ZC5V3W8Q2R4T6Y8A0B1C2D"
NAMED = {KEY: f"{TOKEN}/17"}


@given(
    own=st.none() | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), st.integers(), max_size=3),
    n=st.integers(1, 999_999_999),
)
def test_the_users_own_data_and_the_name_of_the_row_come_back(own: dict[str, int] | None, n: int) -> None:
    text = compose_callback(TOKEN, n, None if own is None else encode_own_data(own))
    data = json.loads(text)

    assert data == {**(own or {}), KEY: f"{TOKEN}/{n}"}
    assert read_observation(InboundMessage(callback_data=data)) == Observation(TOKEN, n)


def test_own_data_that_just_fits_makes_1024_bytes_with_the_longest_name() -> None:
    own = {"x": "y" * (ROOM - len('{"x":""}'))}
    text = compose_callback(TOKEN, 999_999_999, encode_own_data(own))

    assert len(text.encode()) == check_callback_data(json.loads(text)) == LIMIT


@pytest.mark.parametrize(
    ("event", "message_id", "status", "problem"),
    [
        (DeliveryStatus(message_id=ID, status="sent"), ID, "sent", None),
        (DeliveryStatus(message_id=ID, status="read", failure=DeliveryFailure(code="UNKNOWN")), ID, "read", None),
        (
            DeliveryStatus(
                message_id=ID,
                status="delivery_failed",
                failure=DeliveryFailure(code="ERROR_CODE_MESSAGE_TEXT_EMPTY"),
            ),
            ID,
            "delivery_failed",
            "ERROR_CODE_MESSAGE_TEXT_EMPTY",
        ),
        (
            DeliveryStatus(message_id=ID, status="delivery_failed", failure=DeliveryFailure(code="Anna")),
            ID,
            "delivery_failed",
            None,
        ),
        (DeliveryStatus(message_id=ID, status="delivery_failed"), ID, "delivery_failed", None),
        (DeliveryStatus(message_id=ID, status="brand_new"), ID, None, None),
        (DeliveryStatus(message_id="x" * 256), None, None, None),
        (DeliveryStatus(message_id="a\x00"), None, None, None),
        (DeliveryStatus(), None, None, None),
        (Echo(message_id=ID), ID, None, None),
        (ButtonReply(message_id="another", reply_to_id=ID), ID, None, None),
        (InboundMessage(message_id="another", reply_to_id=ID), ID, None, None),
        (UnknownEvent(message_id="another"), None, None, None),
        (ReportReady(), None, None, None),
    ],
)
def test_any_event_with_the_name_proves_that_the_row_was_accepted(
    event: Any, message_id: str | None, status: str | None, problem: str | None
) -> None:
    named: Event = type(event)(
        **{field: value for field, value in vars(event).items() if not field.startswith("_")} | {"callback_data": NAMED}
    )

    assert read_observation(named) == Observation(TOKEN, 17, message_id, status, problem)


@pytest.mark.parametrize(
    "data",
    [
        None,
        "x",
        NAMED[KEY],
        5,
        [NAMED],
        {},
        {KEY: None},
        {KEY: 5},
        {KEY: [NAMED[KEY]]},
        {KEY: f"{TOKEN}/0"},
        {KEY: f"{TOKEN}/01"},
        {KEY: f"{TOKEN}/-1"},
        {KEY: f"{TOKEN}/1000000000"},
        {KEY: f"{TOKEN}/٣"},
        {KEY: f"{TOKEN}/1\n"},
        {KEY: f"x{TOKEN}/1"},
        {KEY: f"{TOKEN}"},
        {KEY: "\ud800" * 12 + "/1"},
    ],
)
def test_any_other_callback_data_is_no_campaigns(data: Any) -> None:
    assert read_observation(DeliveryStatus(message_id=ID, status="sent", callback_data=data)) is None


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.floats()
    | st.text()
    | st.from_regex("[A-Za-z0-9_-]{12}/[0-9]{1,12}", fullmatch=True),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.just(KEY) | st.text(), inner, max_size=2),
    max_leaves=4,
)


@given(data=JSON, status=st.none() | st.text(), message_id=st.none() | st.text(), code=st.none() | st.text())
def test_no_event_makes_it_fail(data: Any, status: str | None, message_id: str | None, code: str | None) -> None:
    event = DeliveryStatus(message_id=message_id, status=status, failure=DeliveryFailure(code=code), callback_data=data)
    observation = read_observation(event)

    if observation is not None:
        assert 1 <= observation.n < 10**9
        assert len(observation.token) == 12
        assert "\x00" not in f"{observation.token}{observation.message_id}{observation.status}{observation.problem}"
