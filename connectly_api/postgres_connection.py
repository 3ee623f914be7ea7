"""Connections to PostgreSQL: their settings, how long they wait, and what errors mean; needs the extra `fleet`.

There is no state in a session, neither settings nor prepared statements, so PgBouncer may pool transactions. That is
why a statement's time is limited on this side.
"""

from __future__ import annotations

import math
import time
from collections.abc import Generator, Mapping
from contextlib import suppress
from typing import Any, Final

import psycopg
from psycopg.conninfo import conninfo_to_dict

_REACTION: Final = 1.0
"""Seconds that a server has to cancel a statement."""

# By SQLSTATE, or its first characters.
_TEMPORARY: Final = {
    "08": "no connection: the server is away, or refuses the user, the password or the database",
    "25006": "it accepts no writes: it is a standby, or set to read only",
    "25P": "it ended the connection",
    "40": "other transactions were in the way",
    "53": "it has too little memory, room or free connections",
    "55P03": "others have locked its tables for too long",
    "57": "it ended the call or the connection",
    "58": "its machine has a fault",
}
_CONNECTION_ERRORS: Final = (psycopg.OperationalError, psycopg.InterfaceError)


class PostgresConnection(psycopg.Connection[tuple[Any, ...]]):
    """Cancels a statement that takes too long, and gives up a server that does not react to that.

    Attributes:
        patience: The most seconds to wait for a reply.
    """

    patience: float = math.inf

    def wait(self, gen: Generator[Any, Any, Any], *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 (the library's)
        """Wait for a reply; see the library."""
        return super().wait(self._limit(gen), *args, **kwargs)

    def _limit(self, steps: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
        """Take the library's steps, between which it waits for the network or, ten times a second, for nothing."""
        give_up_at, is_cancelled, ready = time.monotonic() + self.patience, False, None
        while True:
            try:
                wanted = steps.send(ready)
            except StopIteration as end:
                return end.value
            ready = yield wanted
            if not ready and time.monotonic() > give_up_at:
                if is_cancelled:
                    self.close()
                    raise psycopg.OperationalError("the server does not react")
                with suppress(psycopg.Error):
                    self.cancel_safe(timeout=_REACTION)
                give_up_at, is_cancelled = time.monotonic() + _REACTION, True


def build_settings(url: str, seconds: float) -> dict[str, Any] | None:
    """Return a URL's settings, with others that find out within some seconds that a server's machine is gone.

    None if the URL cannot be read: the error's text may have a password.
    """
    whole = math.ceil(seconds)
    try:
        given = conninfo_to_dict(url)
    except (psycopg.Error, TypeError, ValueError, AttributeError):
        return None
    return {
        "application_name": "connectly",
        "connect_timeout": whole,
        "tcp_user_timeout": 1000 * whole,
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        **given,
        "client_encoding": "UTF8",
    }


def connect(settings: Mapping[str, Any], patience: float = math.inf) -> PostgresConnection:
    """Connect; each statement is a transaction, unless one is begun."""
    connection = PostgresConnection.connect("", autocommit=True, prepare_threshold=None, **settings)
    connection.patience = patience
    return connection


def explain_failure(error: psycopg.Error, permanent: Mapping[str, str]) -> tuple[str, bool]:
    """Return what an error means, and whether the cause may pass; `permanent` has the meaning of other SQLSTATEs.

    The library's text is not shown: it may contain a password or a row.
    """
    code = error.sqlstate or ("08" if isinstance(error, _CONNECTION_ERRORS) else "")
    for part in (code, code[:3], code[:2]):
        if part in _TEMPORARY:
            return _TEMPORARY[part], True
    return permanent.get(code, f"it refused the call, SQLSTATE {code or 'unknown'}"), False
