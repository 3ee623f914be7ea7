"""Reading request bodies from strangers: each within a size and a time, and all of them together within a size."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from http import HTTPStatus
from typing import Any, Final

from anyio import move_on_after

__all__ = ["BodyReader", "Message", "Receive"]

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]

_SMALL: Final = 16 * 1024
"""Bytes that every body may have. The documented events have less than one thousand."""

_LARGE_AT_ONCE: Final = 16
"""How many bodies of the greatest size may be coming in at the same time."""


class BodyReader:
    """Reads the bodies of one application's requests.

    A sender is known to be the service only when the whole body is there. So a slow or silent sender is given up in the
    end, and large bodies are counted together: many of them at once cannot fill the memory, and cannot keep small ones,
    as all of the service's are, from coming in.
    """

    def __init__(self, *, limit: int, seconds: float) -> None:
        """Start with nothing to read.

        Args:
            limit: The largest body, in bytes.
            seconds: For which a body is waited for.
        """
        self._limit: Final = limit
        self._seconds: Final = seconds
        # By request, as event loops in several threads may share this.
        self._large: Final[dict[object, int]] = {}

    async def read(self, receive: Receive) -> bytes | HTTPStatus | None:
        """Return the body, or the status to answer with instead, or None where the client left before the end."""
        request = object()
        try:
            with move_on_after(self._seconds):
                return await self._read(receive, request)
            return HTTPStatus.REQUEST_TIMEOUT
        finally:
            self._large.pop(request, None)

    async def _read(self, receive: Receive, request: object) -> bytes | HTTPStatus | None:
        body = bytearray()
        while True:
            message = await receive()
            if message["type"] != "http.request":
                return None
            chunk: bytes = message.get("body", b"")
            if len(body) + len(chunk) > self._limit:
                return HTTPStatus(413)
            body += chunk
            if not message.get("more_body", False):
                return bytes(body)
            if len(body) > _SMALL:
                self._large[request] = len(body)
                if sum(list(self._large.values())) > _LARGE_AT_ONCE * self._limit:
                    return HTTPStatus.TOO_MANY_REQUESTS
