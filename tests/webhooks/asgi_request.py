"""One request to an ASGI application, message by message."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import attrs

from connectly_api.webhooks import SIGNATURE_HEADER, WebhookApp, sign

SECRET = "wh-secret-01"  # noqa: S105 (of these tests)


@attrs.frozen
class Answer:
    status: int
    headers: dict[bytes, bytes]
    body: bytes


async def deliver(app: WebhookApp, body: object, *, key: str = SECRET, **options: Any) -> int:
    """Deliver a body as the service does; return the status of the answer."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = await request(app, [raw], headers=[(SIGNATURE_HEADER.encode(), sign(raw, key).encode())], **options)
    assert answer is not None
    return answer.status


async def request(
    app: WebhookApp,
    chunks: Sequence[bytes],
    *,
    method: str = "POST",
    headers: Sequence[tuple[bytes, bytes]] = (),
    leave: bool = False,
    **scope: Any,
) -> Answer | None:
    """Send a request in chunks; return the answer, or None where there was none. `leave` goes away before its end."""
    incoming: list[dict[str, Any]] = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks]
    incoming += [{"type": "http.disconnect"}] if leave else [{"type": "http.request"}]
    if not leave:
        incoming[-2:] = [incoming[-2] | {"more_body": False}] if chunks else [incoming[-1]]
    outgoing: list[dict[str, Any]] = []

    async def receive() -> Any:
        return incoming.pop(0)

    async def send(message: Any) -> None:
        outgoing.append(message)

    http = {"type": "http", "method": method, "path": "/", "headers": list(headers), "http_version": "1.1"}
    await app(http | scope, receive, send)
    if not outgoing:
        return None
    start, *bodies = outgoing
    assert [message["type"] for message in outgoing] == ["http.response.start", "http.response.body"]
    return Answer(start["status"], dict(start["headers"]), bodies[0]["body"])
