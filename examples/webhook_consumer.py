"""A webhook consumer with SQLite: it stores every event once and keeps the status of every message, across restarts.

    python -m examples.webhook_consumer          runs a demo on a sandbox, with a crash halfway
    python -m examples.webhook_consumer serve    serves the consumer, with the settings in the environment

To serve it, set `CONNECTLY_WEBHOOK_SECRET`, and register `https://<your host>/` for the topics `messages` and
`delivery_status`. The file contains what customers wrote: treat it as personal data.
"""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import sys
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from connectly_api.webhooks import DeliveryStatus, Event, StatusTracker, WebhookApp
from examples.transcript import Transcript

ADDRESS: Final = "https://consumer.example/"

SCHEMA: Final = """
    CREATE TABLE IF NOT EXISTS events (
        key TEXT PRIMARY KEY, kind TEXT NOT NULL, message_id TEXT, at TEXT, body TEXT NOT NULL
    );
    CREATE TABLE IF NOT EXISTS messages (
        id TEXT PRIMARY KEY, status TEXT, failure TEXT
    );
"""


class Inbox:
    """The events and messages, in a SQLite file."""

    def __init__(self, path: Path) -> None:
        """Create the tables, if they do not exist.

        Args:
            path: The file.
        """
        self.path: Final = path
        with closing(self._connect()) as connection:
            connection.executescript(SCHEMA)

    def record(self, event: Event) -> bool:
        """Store an event and the status that it reports: both or neither.

        The primary key ensures that this happens once, even if another process receives the event, or this one does
        again after a crash.

        Returns:
            Whether the event was new.
        """
        with closing(self._connect()) as connection, connection:
            at = event.timestamp.isoformat() if event.timestamp else None
            row = (event.key, event.kind, event.message_id, at, json.dumps(event.raw))
            is_new = connection.execute("INSERT OR IGNORE INTO events VALUES (?, ?, ?, ?, ?)", row).rowcount > 0
            if is_new and isinstance(event, DeliveryStatus) and event.message_id is not None:
                self._advance(connection, event.message_id, event)
            return is_new

    def messages(self) -> list[tuple[str, str | None, str | None]]:
        """Return the id, the status and the failure code of every message."""
        return self._all("SELECT id, status, failure FROM messages ORDER BY id")

    def counts(self) -> dict[str, int]:
        """Return how many events of each kind are stored."""
        return dict(self._all("SELECT kind, count(*) FROM events GROUP BY kind ORDER BY kind"))

    def _advance(self, connection: sqlite3.Connection, message_id: str, event: DeliveryStatus) -> None:
        found = connection.execute("SELECT status, failure FROM messages WHERE id = ?", (message_id,)).fetchone()
        status, failure = found or (None, None)
        tracker, _is_new = StatusTracker(status).advance(event)
        failure = failure or (event.failure.code if event.failure else None)
        connection.execute("INSERT OR REPLACE INTO messages VALUES (?, ?, ?)", (message_id, tracker.status, failure))

    def _all(self, query: str) -> list[Any]:
        with closing(self._connect()) as connection:
            return connection.execute(query).fetchall()

    def _connect(self) -> sqlite3.Connection:
        # Handlers run in threads and a connection belongs to one thread, so each call opens its own. IMMEDIATE takes
        # the write lock before reading, so that no other process writes in between.
        return sqlite3.connect(self.path, isolation_level="IMMEDIATE")


def create_app(inbox: Inbox, secret: str) -> WebhookApp:
    """Return the ASGI application, which responds with 200 once an event is stored.

    Args:
        inbox: Where events are stored.
        secret: The webhook secret.
    """
    app = WebhookApp(secret)
    app.on_any(inbox.record)
    return app


async def run_demo() -> int:
    """Send to a customer on a sandbox, crash the consumer, and return the exit status."""
    transcript = Transcript()
    sandbox, secret = transcript.sandbox, transcript.sandbox.settings.webhook_secret
    with TemporaryDirectory() as folder:
        path = Path(folder, "inbox.db")
        sandbox.attach(ADDRESS, create_app(Inbox(path), secret))
        async with transcript.open_client() as connectly:
            await connectly.webhooks.create("messages", ADDRESS)
            await connectly.webhooks.create("delivery_status", ADDRESS)
            sandbox.fault("duplicate_webhook", every=2)

            await transcript.says("Is my order on its way?")
            await connectly.send_text(str(transcript.ann.phone), "It is.")
            await transcript.advance(seconds=1.5)

            transcript.print_line("consumer", "crashes")
            sandbox.attach(ADDRESS, respond_without_consumer)
            await transcript.advance(seconds=2)
            transcript.print_line("consumer", "starts again, with the same file")
            inbox = Inbox(path)
            sandbox.attach(ADDRESS, create_app(inbox, secret))
            sandbox.fault("fail_delivery", next=1)
            await connectly.send_text(str(transcript.ann.phone), "It will be with you at noon.")
            await sandbox.settle()

        for message_id, status, failure in inbox.messages():
            transcript.print_line("inbox", f"message {message_id}: {status} {failure or ''}")
        transcript.print_line("inbox", f"{len(sandbox.deliveries)} deliveries, stored once: {inbox.counts()}")
        statuses = {message_id: status for message_id, status, _ in inbox.messages()}
        # The file must agree with the service.
        return 0 if statuses == {message.id: sandbox.status_of(message.id) for message in sandbox.messages} else 1


async def respond_without_consumer(_scope: object, _receive: object, send: Callable[[Any], Awaitable[None]]) -> None:
    """Act like the proxy of a consumer that is not running."""
    await send({"type": "http.response.start", "status": 502, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def main(arguments: list[str]) -> int:
    """Run the demo; or, with `serve`, serve on port 8000."""
    if arguments != ["serve"]:
        return asyncio.run(run_demo())
    import uvicorn  # noqa: PLC0415 (only here)

    uvicorn.run(create_app(Inbox(Path("inbox.db")), os.environ["CONNECTLY_WEBHOOK_SECRET"]))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
