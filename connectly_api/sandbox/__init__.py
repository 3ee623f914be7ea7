"""Connectly's Message API on your own machine, for tests, demonstrations and development without a key.

It needs an extra: `pip install 'connectly-api[sandbox]'`. There are three ways to use it: `Sandbox().app` in process,
over any ASGI adapter; `async with Sandbox().serve() as address` on a socket; `python -m connectly_api.sandbox` on a
terminal.

Theory of operation. Only the engine has effects: everything else is a pure function. A request, a verb of a customer or
a test, and a due task each result in a list of changes. The engine applies them, one after
the other, to the one mutable object, the state. So the same settings and the same inputs in the same order lead to the
same state, ids included, and a recorded run can be replayed. The folders, each of which imports only those before it:

- `spec` reads the Swagger file, and checks whether a request fits it. It does not know about messages or customers.
- `model` has the data: settings, state, changes, records, fault rules. Customers and the entries of the timeline have
  numbers, by which whoever watches goes on.
- `delivery` writes webhook events, schedules them and the statuses of messages, and decides what follows a
  receiver's response, or its absence. Only its sender uses the network.
- `service` decides on a request: request + state -> response + changes. It first checks the request against the
  Swagger file, then applies the rules of the service (windows, templates, limits), then injected faults.
- `verbs` has the actions of customers and tests: verb + state -> changes. Python, HTTP and recordings use the same
  verbs, and check their arguments by one table.
- `engine` applies changes, moves the clock, runs the tasks that are due, and delivers webhooks. The clock stands
  still until a verb moves it, or runs in the background. `recording` writes a run to a file.
- `web` serves the engine over HTTP: the service's routes, the control interface and the page below `/__sandbox__/`,
  which other websites cannot use, and the server. One table of endpoints and the declarations of the verbs are both
  what is served and its description in OpenAPI.
- `Sandbox` and `Customer` are what tests call; `replay` repeats a recorded run.

One send, from end to end: `web.api` reads the request; `engine.receive` calls `service.decision`, which calls a
handler; the changes store the message and schedule its first status; the response is sent. When that status is due, the
engine runs the task, which records the status, schedules the next one, and schedules a webhook for each registration;
these are due at once, and the engine delivers them, records each attempt, and schedules a retry unless the response was
a 200.
"""

from __future__ import annotations

try:
    from connectly_api.sandbox.replayer import ReplayError, replay
    from connectly_api.sandbox.sandbox import Sandbox
    from connectly_api.sandbox.sync_server import SandboxServer, SyncCustomer
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
    "SandboxServer",
    "ServeError",
    "Settings",
    "SyncCustomer",
    "replay",
]
