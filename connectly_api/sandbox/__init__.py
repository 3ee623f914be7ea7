"""Connectly's Message API on your own machine, for tests, demonstrations and development without a key.

Needs the extra: `pip install 'connectly-api[sandbox]'`. Three ways in: `Sandbox().app` in process, over any ASGI
adapter; `async with Sandbox().serve() as address` on a socket; `python -m connectly_api.sandbox` on a terminal.
"""

from __future__ import annotations

try:
    from connectly_api.sandbox.sandbox import Sandbox
    from connectly_api.sandbox.server import ServeError
except ModuleNotFoundError as error:
    if (error.name or "").startswith("connectly_api"):
        raise
    message = f"the sandbox needs {error.name}: pip install 'connectly-api[sandbox]'"
    raise ModuleNotFoundError(message, name=error.name) from error

from connectly_api.sandbox.settings import Settings
from connectly_api.sandbox.state import AcceptedMessage, ReceivedRequest, Registration

__all__ = ["AcceptedMessage", "ReceivedRequest", "Registration", "Sandbox", "ServeError", "Settings"]
