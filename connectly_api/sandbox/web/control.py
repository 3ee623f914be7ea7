"""Looking into a running sandbox over HTTP, below a prefix that the service does not use.

    GET  /__sandbox__/                  settings, clock and counts
    GET  /__sandbox__/messages          the accepted messages that are kept, and what they have come to
    GET  /__sandbox__/requests          the requests that are kept, refused ones included
    GET  /__sandbox__/deliveries        the attempts to deliver webhooks that are kept
    GET  /__sandbox__/registrations     the webhook registrations
    GET  /__sandbox__/timeline          all of it in the order in which it happened
    GET  /__sandbox__/recording         the run as a file that can be replayed
    POST /__sandbox__/advance           {"hours": 24}: let time go by
    POST /__sandbox__/settle            {}: let time go by until nothing is due any more
    POST /__sandbox__/says              {"customer": "+1604…", "text": "hi"}: be the customer
    POST /__sandbox__/fault             {"what": "reset", "next": 1}: let something go wrong
    POST /__sandbox__/reset             {}: forget everything that happened

and every other verb of `Sandbox` and of its customers by its name, with its arguments as a JSON object.

No key is asked for: whoever can reach the sandbox may look.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

import attrs
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route, Router
from starlette.types import Receive, Scope, Send

from connectly_api.errors import InvalidInputError
from connectly_api.json_values import is_object
from connectly_api.sandbox.model.documents import delivery_document, message_document, request_document
from connectly_api.sandbox.model.records import AcceptedMessage, Delivery, ReceivedRequest, Registration
from connectly_api.sandbox.model.settings import Settings
from connectly_api.sandbox.spec.protojson import NotJsonError, decode
from connectly_api.sandbox.verbs.setup import ACTS
from connectly_api.sandbox.web.bodies import read_body

__all__ = ["PREFIX", "Inspected", "inspection_routes"]

PREFIX: Final = "/__sandbox__"
_SECRETS: Final = frozenset({"api_key", "webhook_secret"})


class Inspected(Protocol):
    """What inspection needs of a sandbox."""

    @property
    def settings(self) -> Settings:
        """The fixed side."""
        ...

    @property
    def messages(self) -> tuple[AcceptedMessage, ...]:
        """The accepted messages."""
        ...

    @property
    def requests(self) -> tuple[ReceivedRequest, ...]:
        """The received requests."""
        ...

    @property
    def registrations(self) -> tuple[Registration, ...]:
        """The webhook registrations."""
        ...

    @property
    def deliveries(self) -> tuple[Delivery, ...]:
        """The attempts to deliver webhooks."""
        ...

    @property
    def timeline(self) -> list[dict[str, Any]]:
        """Everything in the order in which it happened."""
        ...

    @property
    def now(self) -> float:
        """The clock."""
        ...

    def status_of(self, message_id: str) -> str | None:
        """Return what a message has come to."""
        ...

    def recording(self) -> str:
        """Return the run as text."""
        ...

    async def act(self, verb: str, /, **arguments: Any) -> None:  # noqa: ANN401  (JSON)
        """Do something by its name."""
        ...

    def reset(self) -> None:
        """Forget everything."""
        ...


def inspection_routes(sandbox: Inspected) -> list[BaseRoute]:
    """Return the routes; whatever else stands below the prefix is answered with 404."""

    async def overview(_request: Request) -> Response:
        return _json({"settings": _shown_settings(sandbox), "now": sandbox.now, "kept": _counts(sandbox)})

    async def look(request: Request) -> Response:
        return _json(_LOOKS[_last_segment(request)](sandbox))

    async def recording(_request: Request) -> Response:
        try:
            return Response(sandbox.recording().encode(), media_type="application/json")
        except InvalidInputError as error:
            return _problem(str(error), 409)

    async def reset(_request: Request) -> Response:
        sandbox.reset()
        return _json({})

    async def act(request: Request) -> Response:
        return await _on_act(request, sandbox)

    async def unknown(_scope: Scope, receive: Receive, send: Send) -> None:
        await _problem("there is nothing to inspect at that path", 404)(_scope, receive, send)

    routes = [
        Route("/", overview, methods=["GET"]),
        Route("/recording", recording, methods=["GET"]),
        Route("/reset", reset, methods=["POST"]),
        *(Route(f"/{name}", look, methods=["GET"]) for name in _LOOKS),
        *(Route(f"/{verb}", act, methods=["POST"]) for verb in (*ACTS, "advance", "settle")),
    ]
    below = Router(routes, redirect_slashes=False, default=unknown)
    return [Route(PREFIX, overview, methods=["GET"]), Mount(PREFIX, app=below)]


def _messages(sandbox: Inspected) -> dict[str, Any]:
    return {"messages": [message_document(one, sandbox.status_of(one.id)) for one in sandbox.messages]}


def _requests(sandbox: Inspected) -> dict[str, Any]:
    return {"requests": [request_document(request) for request in sandbox.requests]}


def _deliveries(sandbox: Inspected) -> dict[str, Any]:
    return {"deliveries": [delivery_document(delivery) for delivery in sandbox.deliveries]}


def _registrations(sandbox: Inspected) -> dict[str, Any]:
    return {"registrations": [registration.document() for registration in sandbox.registrations]}


def _timeline(sandbox: Inspected) -> dict[str, Any]:
    return {"now": sandbox.now, "timeline": sandbox.timeline}


_LOOKS: Final[Mapping[str, Callable[[Inspected], dict[str, Any]]]] = {
    "messages": _messages,
    "requests": _requests,
    "deliveries": _deliveries,
    "registrations": _registrations,
    "timeline": _timeline,
}


def _last_segment(request: Request) -> str:
    return request.url.path.rpartition("/")[2]


def _shown_settings(sandbox: Inspected) -> dict[str, Any]:
    return attrs.asdict(sandbox.settings, filter=lambda attribute, _: attribute.name not in _SECRETS)


def _counts(sandbox: Inspected) -> dict[str, int]:
    return {
        "messages": len(sandbox.messages),
        "requests": len(sandbox.requests),
        "deliveries": len(sandbox.deliveries),
        "registrations": len(sandbox.registrations),
    }


async def _on_act(request: Request, sandbox: Inspected) -> Response:
    try:
        content = await read_body(request, sandbox.settings.max_body_bytes)
        arguments = decode(b"" if content is None else content or b"{}")
    except ClientDisconnect:
        return _problem("the client went away")
    except NotJsonError as error:
        return _problem(f"the body is {error}")
    if not is_object(arguments):
        return _problem("the body is not a JSON object")
    try:
        await sandbox.act(_last_segment(request), **arguments)
    except InvalidInputError as error:
        return _problem(str(error))
    return _json({"now": sandbox.now})


def _problem(message: str, status: int = 400) -> Response:
    return _json({"message": message}, status)


def _json(value: object, status: int = 200) -> Response:
    """All ASCII: readable whatever a request held."""
    return Response(json.dumps(value).encode(), status, media_type="application/json")
