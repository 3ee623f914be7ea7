"""Connections that a fault drops or holds.

Over ASGI an application cannot reset a connection. Our own server lets it, by putting the connection into the scope's
`state`; without that, in process or on another server, an exception ends the request without an answer.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable
from typing import Any, Final

from starlette.types import Receive, Scope

__all__ = ["KEY", "Connection", "drop", "hold"]

KEY: Final = "connectly_api.sandbox.connection"
"""Under this name the server puts the connection into the scope's `state`."""

_AT_ONCE: Final = struct.pack("ii", 1, 0)
"""SO_LINGER: on, for no time, so that closing sends RST."""


class Connection:
    """One connection of our own server.

    Attributes:
        is_held: Whether a request on it waits without end.
    """

    def __init__(self, transport: Callable[[], asyncio.Transport]) -> None:
        """Take what returns the connection's transport, once it has one."""
        self._transport = transport
        self.is_held = False

    def reset(self) -> None:
        """Drop it with RST instead of FIN; one that is closed already stays so."""
        transport = self._transport()
        if not transport.is_closing():
            peer: socket.socket = transport.get_extra_info("socket")
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
            transport.abort()


async def drop(scope: Scope, receive: Receive) -> None:
    """Reset the connection of a request, and wait until it is gone.

    Raises:
        ConnectionResetError: The connection is not known.
    """
    connection = _of(scope)
    if connection is None:
        raise ConnectionResetError("the sandbox dropped the connection, as a rule wants")
    connection.reset()
    await _gone(receive)


async def hold(scope: Scope, receive: Receive) -> None:
    """Wait until the client goes away; where the connection is known, the server need not wait for that."""
    connection = _of(scope)
    if connection is not None:
        connection.is_held = True
    await _gone(receive)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _of(scope: Scope) -> Connection | None:
    state: dict[str, Any] = scope.get("state", {})
    connection: Connection | None = state.get(KEY)
    return connection
