"""Reads request bodies from unknown senders, with limits on the size and time of each, and on all together."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from http import HTTPStatus
from typing import Any, Final

from anyio import move_on_after

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]

_SMALL: Final = 16 * 1024
"""Every body may have this many bytes. The documented events have fewer than one thousand."""
_LARGE_AT_ONCE: Final = 16
"""How many bodies of the maximum size may be in flight at the same time."""


class BodyReader:
    """Reads the bodies of one application's requests.

    Only the signature of a whole body proves that the service sent it. Until then, a slow sender times out, and large
    bodies share a limit: many at once can neither fill the memory nor block small ones like the service's.
    """

    def __init__(self, *, limit: int, seconds: float) -> None:
        """Accept bodies up to `limit` bytes, and wait for each up to `seconds`."""
        self._limit: Final = limit
        self._seconds: Final = seconds
        # By request, because event loops in several threads may share this.
        self._large: Final[dict[object, int]] = {}

    async def read(self, receive: Receive) -> bytes | HTTPStatus | None:
        """Return the body, or the status to respond with, or None if the client disconnected."""
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
