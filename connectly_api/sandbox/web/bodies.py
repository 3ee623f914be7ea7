"""Reading a request's body at the edge, up to a limit."""

from __future__ import annotations

from starlette.requests import Request

__all__ = ["read_body"]


async def read_body(request: Request, limit: int) -> bytes | None:
    """Return the body, or None where it has more than `limit` bytes.

    The rest of too long a body is read and dropped: a client that is still sending would not see the answer.

    Raises:
        ClientDisconnect: The client went away.
    """
    body: bytearray | None = bytearray()
    async for chunk in request.stream():
        if body is not None and len(body) + len(chunk) <= limit:
            body += chunk
        else:
            body = None
    return None if body is None else bytes(body)
