"""A receiver to be stopped in the middle of its work: `gunicorn tests.sync_code.busy_wsgi_app:app`, see below."""

from __future__ import annotations

import atexit
import os
import time
from pathlib import Path
from typing import Any

from connectly_api.sync import SQLiteStore, WebhookApp
from connectly_api.webhooks import Event
from tests.webhooks.asgi_request import SECRET

FOLDER = Path(os.environ["FOLDER"])
MODE: Any = os.environ["ACKNOWLEDGE"]
store = SQLiteStore(FOLDER / "events.db", lease=float(os.environ["LEASE"]))
app = WebhookApp(SECRET, store=store, acknowledge=MODE, at_once=2)


def write_line(name: str, line: str) -> None:
    with (FOLDER / name).open("a") as file:
        file.write(f"{line}\n")


@app.on_any
def handle(event: Event) -> None:
    """Wait for the test's word, then write down that the event was handled."""
    write_line("started", f"{event.message_id} {os.getpid()}")
    while not (FOLDER / "go").exists():
        time.sleep(0.01)
    write_line("handled", f"{event.message_id} {os.getpid()}")


@atexit.register
def note_exit() -> None:
    """Write down that this process now runs its exit handlers."""
    write_line("handled", f"exit {os.getpid()}")
