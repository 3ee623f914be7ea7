"""The client, stores and more for synchronous code: the same methods, without `await`.

    with Connectly(api_key=..., business_id=..., sender="+14151111234") as connectly:
        sent = connectly.send_text("+16044441111", "Hello!")

Theory of operation. Nothing is implemented twice. Each class here is a twin of an async class, keeps an object of it,
and runs its methods on an event loop, which has a thread of its own and which all threads of the process share:

- `portal` is the loop: how a call gets there and back, and what happens at Ctrl-C, at a fork and at the exit.
- `twin` is the base class: one async object in each process, created anew after a fork.
- `blocking_…` are the twins. `tools/twins.py` generates them from the async classes' signatures.
- `wsgi_app` is the twin of the ASGI receiver. `waiting_thread` runs plain handlers in the request's thread, and
  `exit_drain` lets a process finish what it has acknowledged.

So arguments, results, errors, time-outs and retries are those of the async classes. Any number of threads may use one
object. In a thread that runs an event loop of its own, each call raises `UsageError`: use the async classes there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connectly_api.lazy import lazy_names

if TYPE_CHECKING:
    from connectly_api.sync.blocking_client import Connectly
    from connectly_api.sync.blocking_conversations import MemoryConversations, SQLiteConversations
    from connectly_api.sync.blocking_postgres import PostgresStore
    from connectly_api.sync.blocking_redis import RedisStore
    from connectly_api.sync.blocking_registrations import Registrations
    from connectly_api.sync.blocking_stores import MemoryStore, SQLiteStore
    from connectly_api.sync.plain_store import Store
    from connectly_api.sync.waiting_thread import run
    from connectly_api.sync.wsgi_app import WebhookApp

__all__ = [
    "Connectly",
    "MemoryConversations",
    "MemoryStore",
    "PostgresStore",
    "RedisStore",
    "Registrations",
    "SQLiteConversations",
    "SQLiteStore",
    "Store",
    "WebhookApp",
    "run",
]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "blocking_client": ["Connectly"],
        "blocking_conversations": ["MemoryConversations", "SQLiteConversations"],
        "blocking_postgres": ["PostgresStore"],
        "blocking_redis": ["RedisStore"],
        "blocking_registrations": ["Registrations"],
        "blocking_stores": ["MemoryStore", "SQLiteStore"],
        "plain_store": ["Store"],
        "waiting_thread": ["run"],
        "wsgi_app": ["WebhookApp"],
    },
)
