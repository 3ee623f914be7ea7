"""A receiver to be stopped in the middle of its work: `uvicorn tests.webhooks.busy_app:app`, with `FOLDER` set."""

from __future__ import annotations

import os
from pathlib import Path

import anyio

from connectly_api.webhooks import Event, SQLiteStore, WebhookApp

from .asgi_request import SECRET

FOLDER = Path(os.environ["FOLDER"])
app = WebhookApp(SECRET, store=SQLiteStore(FOLDER / "events.db", lease=3600.0, busy_timeout=30.0))


@app.on_any
async def handle(event: Event) -> None:
    """Wait for the test's word, then write down that the event was handled."""
    while not (FOLDER / "go").exists():  # noqa: ASYNC110  (the word comes from another process)
        await anyio.sleep(0.01)
    with (FOLDER / "handled").open("a") as handled:
        handled.write(f"{event.message_id}\n")
