"""Shared by the values in an event: reprs without personal data, and pickling of JSON of any depth. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final, Literal

import attrs

from connectly_api.json_values import is_array, is_object
from connectly_api.webhooks.decoding import is_deeper_than

# The service's ids are ULIDs, https://github.com/ulid/spec, and UUIDs, some after a word (`wh_…`). Other ids may hold
# personal data: WhatsApp's own (`wamid.…`) contain the customer's number.
_ID: Final = re.compile(
    r"(?:[a-z]{2,4}_)?(?:(?=.*[A-Z])[0-7][0-9A-HJKMNP-TV-Z]{25}|(?=.*[a-f])[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
)
# The documented values of fields, https://docs.connectly.ai/webhooks/payload-types; all are open to new ones.
TOPICS: Final = ("messages", "delivery_status", "report")
STATUSES: Final = ("sent", "delivered", "read", "delivery_failed")
CHANNEL_TYPES: Final = ("whatsapp", "sms")
ATTACHMENT_TYPES: Final = ("image", "video", "audio", "document")
SOURCE_TYPES: Final = ("ad", "post")
MEDIA_TYPES: Final = ("image", "video")
REPORT_TYPES: Final = ("campaign.daily.custom",)
RUN_STATUSES: Final = ("completed",)

# Where a customer's reply stands, in a message or beside it. Only `buttonResponse` is documented; the others are what
# the service may call a tapped button, a picked row and a reaction. `interactive` is the Cloud API's, around buttons
# and rows.
REPLY_KINDS: Final[Mapping[str, Literal["button", "list", "reaction"]]] = {
    **dict.fromkeys(("buttonResponse", "button_response", "buttonReply", "button_reply"), "button"),
    **dict.fromkeys(("listResponse", "list_response", "listReply", "list_reply"), "list"),
    "reaction": "reaction",
}
REPLY_NAMES: Final = (*REPLY_KINDS, "interactive")

_DEEP: Final = 50
"""The depth from which JSON is pickled as text. The documented events have fewer than ten."""


def is_id(text: str | None) -> bool:
    """Return whether a text has the form of the service's own ids, and is not a number."""
    return text is not None and _ID.fullmatch(text) is not None


def show_if(is_documented: Callable[[str | None], bool]) -> Callable[[str | None], str]:
    """Return a repr that shows a text only if it is documented: any other may contain personal data."""
    return lambda value: repr(value) if value is None or is_documented(value) else "…"


def show_known(*documented: str) -> Callable[[str | None], str]:
    """Return a repr that shows a text only if it is one of these."""
    return show_if(lambda value: value in documented)


@attrs.frozen
class _Text:
    json: str = attrs.field(repr=False)


class DeepValue:
    """Base of values without slots that hold JSON: `pickle` and `copy` recurse, and fail at depths that we accept."""

    def __getstate__(self) -> dict[str, Any]:
        """Return the fields, deep JSON as text."""
        return {name: _pack(value) for name, value in self.__dict__.items()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Set the fields."""
        self.__dict__.update(
            (name, json.loads(value.json) if isinstance(value, _Text) else value) for name, value in state.items()
        )


def _pack(value: object) -> object:
    if not (is_object(value) or is_array(value)) or not is_deeper_than(value, _DEEP):
        return value
    try:
        return _Text(json.dumps(value))
    except (TypeError, ValueError, RecursionError):
        return value  # The event was built by hand, from something other than JSON.
