"""The service's documented bodies, and ways to change them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from connectly_api.webhooks import Event, parse

FOLDER = Path(__file__).parent.parent / "data" / "webhooks"
BODIES: dict[str, bytes] = {path.stem: path.read_bytes() for path in sorted(FOLDER.glob("*.json"))}

Json = dict[str, Any]


def load_body(name: str, **changes: Any) -> Json:
    """Return a documented body with some of its top-level fields replaced or added."""
    body: Json = json.loads(BODIES[name])
    return body | changes


def read(body: object) -> Event:
    """Return the event that a JSON value describes, by way of its text."""
    return parse(json.dumps(body).encode())
