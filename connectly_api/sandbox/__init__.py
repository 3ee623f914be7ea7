"""Connectly's Message API on your own machine, for tests, demonstrations and development without a key.

It needs an extra: `pip install 'connectly-api[sandbox]'`. There are three ways in: `Sandbox().app` in process, over any
ASGI adapter; `async with Sandbox().serve() as address` on a socket; `python -m connectly_api.sandbox` on a terminal.

How it works. Only the engine does anything: everything else is a function from values to values. A request, a verb of a
customer or a test, and a task whose time has come each lead to a list of changes. The engine applies them, one after
the other, to the one mutable object, the state. So the same settings and the same inputs in the same order lead to the
same state, ids included, and a recorded run can be replayed. The folders, each of which imports only those before it:

- `spec` reads the Swagger file, and checks whether a request fits it. It knows nothing of messages or customers.
- `model` is what a sandbox is set up with and what it remembers: settings, state, changes, records, fault rules.
- `delivery` writes webhook events, schedules them and the statuses of messages, and decides what follows when a
  receiver answers or does not. Its sender is the one way out to the network.
- `service` decides on a request: request + state -> response + changes. First whether the request fits the Swagger
  file, then the rules of the service (windows, templates, limits), then the faults that a test has injected.
- `verbs` is what customers and tests do: verb + state -> changes. Python, HTTP and recordings use the same verbs.
- `engine` applies changes, moves the clock, runs the tasks that are due, and delivers webhooks. A virtual clock stands
  still until a verb moves it; a real one is followed in the background. `recording` turns what happened into a file.
- `web` is the engine over HTTP: the service's routes, the control interface below `/__sandbox__/`, and the server.
- `Sandbox` and `Customer` are what tests call; `replay` repeats a recorded run.

One send, from end to end: `web.api` reads the request; `engine.receive` asks `service.decision`, which asks a handler;
the changes store the message and schedule its first status; the response is sent. When that status is due, the engine
runs the task, which records the status, schedules the next one, and schedules a webhook for each registration; these
are due at once, and the engine delivers them, records each attempt, and schedules a retry unless the answer was 200.
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
