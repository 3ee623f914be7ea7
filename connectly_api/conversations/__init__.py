"""Conversations: until when each customer may be written to freely, and who a customer is.

Theory of operation. A customer's message opens a window of 24 hours in which free-form content is delivered; outside
it, only templates are. A handler records events, and two questions are answered from them:

    conversations = SQLiteConversations("conversations.db")
    webhooks.on_any(conversations.record)

    await conversations.closes_at("+16044441111", sender="+14151111234")
    await conversations.find_contact("US.13491208655302741918")

1. `sightings`: what an event says about a customer's ids, a phone number and a BSUID: seen when, on which of the
   business's numbers, together with which other id, under which name. Of two sightings, the newer fact wins, so any
   order of events gives the same result, and so does an event that comes twice.
2. `lookup_keys`: a phone number is looked up by a key, because WhatsApp writes some countries' numbers in two ways.
3. `conversation_store`: the protocol, and the questions over any place that keeps sightings.
4. `memory_conversations` and `sqlite_conversations`: the two places.

Two ids belong to one customer while each is the other's newest partner. So a phone number with a new owner leads to the
new owner, and the BSUID that it had before leads to no number.

All of this is advice, and the service decides. Where events leave doubt, a window counts as open: sending a text into a
closed window costs one refused call, and a template in an open one costs money. So a file that cannot be read never
fails an event or a send: nothing is known then.

Importing this package loads no database and no HTTP library.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connectly_api.lazy import lazy_names

if TYPE_CHECKING:
    from connectly_api.conversations.conversation_store import Conversations
    from connectly_api.conversations.lookup_keys import same_customer, to_lookup_key
    from connectly_api.conversations.memory_conversations import MemoryConversations
    from connectly_api.conversations.sightings import Contact
    from connectly_api.conversations.sqlite_conversations import SQLiteConversations

__all__ = [
    "Contact",
    "Conversations",
    "MemoryConversations",
    "SQLiteConversations",
    "same_customer",
    "to_lookup_key",
]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "conversation_store": ["Conversations"],
        "lookup_keys": ["same_customer", "to_lookup_key"],
        "memory_conversations": ["MemoryConversations"],
        "sightings": ["Contact"],
        "sqlite_conversations": ["SQLiteConversations"],
    },
)
