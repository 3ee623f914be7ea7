"""Where a reply goes: from an event and the caller's options to a recipient and the options of `send`. Pure.

Nothing here imports `connectly_api.webhooks`, which programs that only send need not load: an event is known by its
attributes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast, get_args

from connectly_api.errors import InvalidInputError, InvalidRecipientError
from connectly_api.recipients import Recipient
from connectly_api.send_request import ChannelType, SendOptions
from connectly_api.setting_rules import describe_kind
from connectly_api.wire.writing import drop_unspecified

if TYPE_CHECKING:
    from connectly_api.webhooks.events import Event

_CHANNELS: Final = get_args(ChannelType)


def build_reply_options(event: Event, options: SendOptions) -> tuple[Recipient, SendOptions]:
    """Return the recipient of a reply, and its options: the caller's, and what they leave to the event.

    Args:
        event: The event.
        options: The caller's options; one that is None counts as left out, as in `send`.

    Raises:
        InvalidRecipientError: The event names no customer who could be read.
        InvalidInputError: It is no event, or the business's own message, or from a channel that is not known.
    """
    _check_event(event)
    recipient = event.customer.recipient
    if recipient is None:
        raise InvalidRecipientError(
            "event: names no customer with a phone number or a BSUID that could be read; see event.raw", field="event"
        )
    completed: SendOptions = {**options}
    if options.get("sender") is None:
        completed["sender"] = event.business.phone
    if options.get("channel_type") is None:
        completed["channel_type"] = _find_channel_type(event)
    return recipient, completed


def _check_event(event: object) -> None:
    kind = None if isinstance(event, type) else getattr(event, "kind", None)
    if not (isinstance(kind, str) and hasattr(event, "customer") and hasattr(event, "business")):
        raise InvalidInputError(f"event: must be an event of a webhook, not {describe_kind(event)}", field="event")
    if kind == "echo":
        raise InvalidInputError(
            "event: is the business's own message, and replies to those never end; use send", field="event"
        )
    if kind == "report":
        raise InvalidRecipientError("event: is a report, which no customer wrote; use send", field="event")


def _find_channel_type(event: Event) -> ChannelType | None:
    for side in (event.customer, event.business):
        if (channel_type := drop_unspecified(side.channel_type)) is not None:
            if channel_type not in _CHANNELS:
                raise InvalidInputError(
                    f"channel_type: the event's is none of {', '.join(_CHANNELS)}; pass channel_type=",
                    field="channel_type",
                )
            return cast("ChannelType", channel_type)
    return None
