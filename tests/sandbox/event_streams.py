"""Reads the sandbox's event stream in process, chunk by chunk, which httpx cannot."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import attrs

from connectly_api.sandbox import Sandbox


@attrs.frozen
class SentEvent:
    """An event of a stream; a comment has no name."""

    name: str
    id: str = ""
    data: Any = None

    @property
    def entries(self) -> list[int]:
        """The numbers of its entries."""
        return [entry["entry"] for entry in self.data["timeline"]]


class EventStream:
    """A connected stream, which waits until each of its chunks is read."""

    def __init__(self) -> None:
        self.head: dict[str, Any] = {}
        self._sending, self._chunks = anyio.create_memory_object_stream[bytes]()

    async def receive(self) -> dict[str, Any]:
        """Pass the request, and never disconnect."""
        await anyio.sleep_forever()
        raise AssertionError

    async def send(self, message: dict[str, Any]) -> None:
        """Take a part of the response."""
        if message["type"] == "http.response.start":
            self.head = message
        elif message["body"]:
            await self._sending.send(message["body"])

    async def read(self) -> SentEvent:
        """Return the next event or comment."""
        text = (await self._chunks.receive()).decode()
        assert text.endswith("\n\n")
        if text.startswith(":"):
            return SentEvent("")
        fields = dict(line.split(": ", 1) for line in text.splitlines() if line)
        assert list(fields) == ["event", "id", "data"]
        return SentEvent(fields["event"], fields["id"], json.loads(fields["data"]))

    async def read_update(self) -> SentEvent:
        """Return the next event, which is an update."""
        event = await self.read()
        assert event.name == "update"
        return event

    def close(self) -> None:
        """Close both ends."""
        self._sending.close()
        self._chunks.close()


@asynccontextmanager
async def open_stream(
    sandbox: Sandbox, query: str = "", last_event_id: str | None = None
) -> AsyncGenerator[EventStream]:
    """Connect to a sandbox's event stream until the block ends."""
    stream = EventStream()
    headers = [] if last_event_id is None else [(b"last-event-id", last_event_id.encode("latin-1"))]
    scope: dict[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": "/__sandbox__/events",
        "raw_path": b"/__sandbox__/events",
        "query_string": query.encode(),
        "root_path": "",
        "headers": headers,
    }
    app: Any = sandbox.app
    async with anyio.create_task_group() as group:
        group.start_soon(app, scope, stream.receive, stream.send)
        try:
            with anyio.fail_after(10):
                yield stream
        finally:
            group.cancel_scope.cancel()
            stream.close()
