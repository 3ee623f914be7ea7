"""Asks a store of conversations whether a customer's window is closed. It is advice: the service decides."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

import anyio

if TYPE_CHECKING:
    from connectly_api.conversations import Conversations
    from connectly_api.recipients import Phone, Recipient

_LOG: Final = logging.getLogger("connectly_api")
_LONGEST: Final = 1.0
"""Seconds to wait for the store: to send the content first costs less than a store that hangs."""


async def is_window_closed(
    conversations: Conversations, recipient: Recipient, sender: Phone | None, seconds: float
) -> bool:
    """Return whether the window is known to be closed; False if the store fails, or does not answer in time.

    Args:
        conversations: The store.
        recipient: The customer.
        sender: The business's number, or None if it has only one.
        seconds: How long to wait at most.
    """
    try:
        # Half of the time at most: the other half is for the message.
        with anyio.fail_after(min(seconds / 2, _LONGEST)):
            # By the store's clock, which may be the sandbox's.
            if await conversations.is_open(recipient, sender=sender):
                return False
            return await conversations.closes_at(recipient, sender=sender) is not None
    except Exception as error:  # noqa: BLE001 (whatever a store raises)
        _LOG.warning("send: the store of conversations failed with %s", type(error).__qualname__)
        return False
