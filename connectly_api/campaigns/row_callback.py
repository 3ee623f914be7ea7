"""The name of a row in callback data: put beside the user's own, and read back from the events of its message. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, cast

from connectly_api.callback_data import LIMIT
from connectly_api.campaigns.journal_protocol import Observation
from connectly_api.error_codes import is_documented_code
from connectly_api.errors import CallbackDataTooLongError, InvalidInputError
from connectly_api.webhooks.event_values import STATUSES
from connectly_api.webhooks.events import DeliveryStatus, Echo, Event
from connectly_api.wire.encoding import encode_json

KEY: Final = "connectly_campaign"
"""The entry of a campaign in callback data: its token, a slash, and the number of the row."""

# A row's number fits into 32 bits, so that no event can make a database fail.
_NAME: Final = re.compile("([A-Za-z0-9_-]{12})/([1-9][0-9]{0,8})")
_LONGEST_ID: Final = 255
ROOM: Final = LIMIT - len(f',"{KEY}":"{"t" * 12}/{"9" * 9}"')
"""Bytes that are left for the user's own object, whatever the number of the row."""


def encode_own_data(value: Mapping[str, Any]) -> str:
    """Return the user's own callback data as JSON.

    Raises:
        CallbackDataTooLongError: It does not fit beside the entry of the campaign.
        InvalidInputError: It is not JSON, or has an entry of that name itself.
    """
    if KEY in value:
        raise InvalidInputError(f"callback_data: {KEY!r} is the campaign's own entry", field="callback_data")
    content = encode_json(dict(value), field="callback_data")
    if len(content) > ROOM:
        raise CallbackDataTooLongError(len(content), ROOM)
    return content.decode()


def compose_callback(token: str, n: int, own: str | None) -> str:
    """Return the callback data of a row as JSON.

    Args:
        token: The campaign's.
        n: The number of the row.
        own: The user's own, from `encode_own_data`, or None.
    """
    before = "{" if own is None or own == "{}" else f"{own[:-1]},"
    return f'{before}"{KEY}":"{token}/{n}"}}'


def read_observation(event: Event) -> Observation | None:
    """Return what an event says about a row; None if it is about no campaign's message.

    Nothing of the event is trusted to have a form, even though it is signed.
    """
    data: object = event.callback_data
    name = cast("Mapping[object, object]", data).get(KEY) if isinstance(data, Mapping) else None
    found = _NAME.fullmatch(name) if isinstance(name, str) else None
    if found is None:
        return None
    message_id = event.message_id if isinstance(event, DeliveryStatus | Echo) else event.reply_to_id
    status = failure = None
    if isinstance(event, DeliveryStatus):
        status = event.status if event.status in STATUSES else None
        failure = event.failure if status == "delivery_failed" else None
    code = failure.code if failure is not None and is_documented_code(failure.code) else None
    return Observation(found[1], int(found[2]), message_id if _is_plain(message_id) else None, status, code)


def _is_plain(message_id: str | None) -> bool:
    return message_id is not None and len(message_id) <= _LONGEST_ID and message_id.isprintable()
