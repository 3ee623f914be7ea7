"""Reads bodies, and drops or holds connections.

An ASGI application cannot reset a connection. The sandbox's own server makes it possible by putting the connection
into the scope's `state`. Otherwise, in process or on another server, an exception ends the request without a response.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable
from typing import Any, Final

from starlette.requests import Request
from starlette.types import Receive, Scope

KEY: Final = "connectly_api.sandbox.connection"
"""The connection's name in the scope's `state`."""

_RESET_ON_CLOSE: Final = struct.pack("ii", 1, 0)
"""SO_LINGER: on, for no time, so that closing sends RST."""


class Connection:
    """One connection of the sandbox's own server.

    Attributes:
        end: Ends a request on it that would go on, when the server shuts down.
    """

    def __init__(self, get_transport: Callable[[], asyncio.Transport]) -> None:
        self._get_transport = get_transport
        self.end: Callable[[], None] = lambda: None

    def reset(self) -> None:
        """Close the connection with RST instead of FIN, unless it is already closed."""
        transport = self._get_transport()
        if not transport.is_closing():
            peer: socket.socket = transport.get_extra_info("socket")
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
            transport.abort()


async def read_body(request: Request, limit: int) -> bytes | None:
    """Return the body, or None if it has more than `limit` bytes.

    A body that is too long is still read to its end: a client that is still sending would miss the response.

    Raises:
        ClientDisconnect: The client disconnected.
    """
    body: bytearray | None = bytearray()
    async for chunk in request.stream():
        if body is not None and len(body) + len(chunk) <= limit:
            body += chunk
        else:
            body = None
    return None if body is None else bytes(body)


async def drop(scope: Scope, receive: Receive) -> None:
    """Reset the connection of a request, and wait until it is gone.

    Raises:
        ConnectionResetError: The server is not the sandbox's own.
    """
    connection = _get_connection(scope)
    if connection is None:
        raise ConnectionResetError("the sandbox dropped the connection, as a fault says")
    connection.reset()
    await wait_for_disconnect(receive)


async def hold(scope: Scope, receive: Receive) -> None:
    """Wait until the client disconnects; the sandbox's own server does not wait for this when it shuts down."""
    set_end(scope, Connection.reset)
    await wait_for_disconnect(receive)


def set_end(scope: Scope, end: Callable[[Connection], None]) -> None:
    """Let the sandbox's own server end a request by a function when it shuts down, instead of waiting for it."""
    connection = _get_connection(scope)
    if connection is not None:
        connection.end = lambda: end(connection)


async def wait_for_disconnect(receive: Receive) -> None:
    """Wait until the client disconnects."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _get_connection(scope: Scope) -> Connection | None:
    state: dict[str, Any] = scope.get("state", {})
    connection: Connection | None = state.get(KEY)
    return connection
