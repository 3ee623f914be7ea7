"""Clients of Redis that neither repeat nor wait by themselves; needs the extra `redis`."""

from __future__ import annotations

from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry


def build_client(url: object, timeout: float) -> redis.Redis | None:
    """Return a client that is not connected yet; None if the URL cannot be read, as the error may have a password."""
    library: Any = redis.Redis  # Its types are incomplete, as are those of its clients.
    try:
        client = library.from_url(
            url, retry=Retry(NoBackoff(), 0), socket_timeout=timeout, socket_connect_timeout=timeout
        )
        # Without this, a URL with an unknown setting is refused at the first use.
        client.connection_pool.connection_class(**client.get_connection_kwargs())
    except (ValueError, TypeError, AttributeError, redis.RedisError):
        return None
    found: redis.Redis = client
    return found
