"""A consumer of webhooks with SQLite: every event stored once, the state of every message, restarts survived.

    python -m examples.webhook_consumer          plays on a sandbox, with a crash in between, and ends
    python -m examples.webhook_consumer serve    serves the consumer, with the settings in the environment

To serve it, set `CONNECTLY_WEBHOOK_SECRET`, and register `https://<your address>/` for the topics `messages` and
`delivery_status`. The file holds what customers wrote: keep it as you keep other personal data.
"""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import sys
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
    """What was received, in a SQLite file."""

    def __init__(self, path: Path) -> None:
        """Open the file, or make it.

        Args:
            path: Where it is.
        """
        self.path: Final = path
        with closing(self._connect()) as connection:
            connection.executescript(SCHEMA)

    def record(self, event: Event) -> bool:
        """Store an event, and with it what it says of a message: both, or neither.

        The key is what makes it once, whoever delivers the event again, and whenever: another process, after a crash.

        Returns:
            Whether it was new.
        """
        with closing(self._connect()) as connection, connection:
            at = event.timestamp.isoformat() if event.timestamp else None
            row = (event.key, event.kind, event.message_id, at, json.dumps(event.raw))
            is_new = connection.execute("INSERT OR IGNORE INTO events VALUES (?, ?, ?, ?, ?)", row).rowcount > 0
            if is_new and isinstance(event, DeliveryStatus) and event.message_id is not None:
                self._advance(connection, event.message_id, event)
            return is_new

    def messages(self) -> list[tuple[str, str | None, str | None]]:
        """Return every message's id, status, and the code of its failure."""
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
        # One for each piece of work: handlers run in threads, and a connection belongs to one. The lock is taken at
        # once, so that no other process changes what is read here before it is written.
        return sqlite3.connect(self.path, isolation_level="IMMEDIATE")


def create_app(inbox: Inbox, secret: str) -> WebhookApp:
    """Return the receiver, an ASGI application: it answers with 200 once an event is stored.

    Args:
        inbox: Where events are stored.
        secret: The secret of the webhooks' signatures.
    """
    app = WebhookApp(secret)
    app.on_any(inbox.record)
    return app


async def play() -> int:
    """Send to a customer on a sandbox, let the consumer crash, and return the exit status."""
    stage = Transcript()
    sandbox, secret = stage.sandbox, stage.sandbox.settings.webhook_secret
    with TemporaryDirectory() as folder:
        path = Path(folder, "inbox.db")
        sandbox.attach(ADDRESS, create_app(Inbox(path), secret))
        async with stage.client() as connectly:
            await connectly.webhooks.create("messages", ADDRESS)
            await connectly.webhooks.create("delivery_status", ADDRESS)
            sandbox.fault("duplicate_webhook", every=2)

            await stage.says("Is my order on its way?")
            await connectly.send_text(str(stage.ann.phone), "It is.")
            await stage.later(seconds=1.5)

            stage.line("consumer", "crashes")
            sandbox.attach(ADDRESS, nobody)
            await stage.later(seconds=2)
            stage.line("consumer", "starts again, with the same file")
            inbox = Inbox(path)
            sandbox.attach(ADDRESS, create_app(inbox, secret))
            sandbox.fault("fail_delivery", next=1)
            await connectly.send_text(str(stage.ann.phone), "It will be with you at noon.")
            await sandbox.settle()

        for message_id, status, failure in inbox.messages():
            stage.line("inbox", f"message {message_id}: {status} {failure or ''}")
        stage.line("inbox", f"{len(sandbox.deliveries)} deliveries, stored once: {inbox.counts()}")
        told = {message_id: status for message_id, status, _ in inbox.messages()}
        # The file says of each message what the service says.
        return 0 if told == {message.id: sandbox.status_of(message.id) for message in sandbox.messages} else 1


async def nobody(_scope: object, _receive: object, _send: object) -> None:
    """Stand in for a consumer that does not run."""
    raise ConnectionRefusedError


def main(arguments: list[str]) -> int:
    """Play on a sandbox; or, with `serve`, serve on port 8000."""
    if arguments != ["serve"]:
        return asyncio.run(play())
    import uvicorn  # noqa: PLC0415 (only here)

    uvicorn.run(create_app(Inbox(Path("inbox.db")), os.environ["CONNECTLY_WEBHOOK_SECRET"]))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
