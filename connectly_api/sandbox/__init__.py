"""Connectly's Message API on your own machine, for tests, demonstrations and development without a key.

Needs the extra: `pip install 'connectly-api[sandbox]'`. Three ways in: `Sandbox().app` in process, over any ASGI
adapter; `async with Sandbox().serve() as address` on a socket; `python -m connectly_api.sandbox` on a terminal.
"""

from __future__ import annotations

try:
    from connectly_api.sandbox.replayer import ReplayError, replay
    from connectly_api.sandbox.sandbox import Sandbox
    from connectly_api.sandbox.web.server import ServeError
except ModuleNotFoundError as error:
    if (error.name or "").startswith("connectly_api"):
        raise
    message = f"the sandbox needs {error.name}: pip install 'connectly-api[sandbox]'"
    raise ModuleNotFoundError(message, name=error.name) from error

from connectly_api.sandbox.customer import Customer
from connectly_api.sandbox.model.records import AcceptedMessage, Delivery, ReceivedRequest, Registration
from connectly_api.sandbox.model.settings import Settings

__all__ = [
    "AcceptedMessage",
    "Customer",
    "Delivery",
    "ReceivedRequest",
    "Registration",
    "ReplayError",
    "Sandbox",
    "ServeError",
    "Settings",
    "replay",
]
