"""Looking into a running sandbox over HTTP, below a prefix that the service does not use.

    GET  /__sandbox__/                  settings and counts
    GET  /__sandbox__/messages          the accepted messages that are kept
    GET  /__sandbox__/requests          the requests that are kept, refused ones included
    POST /__sandbox__/close_window      {"customer": "+1604…", "sender": null}
    POST /__sandbox__/open_window       likewise
    POST /__sandbox__/reset             forget everything that happened

No key is asked for: whoever can reach the sandbox may look.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final, Protocol

import attrs
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route, Router
from starlette.types import Receive, Scope, Send

from connectly_api.errors import InvalidInputError
from connectly_api.json_kinds import is_object
from connectly_api.sandbox.bodies import read_body
from connectly_api.sandbox.reading import NotJsonError, decode
from connectly_api.sandbox.settings import Settings
from connectly_api.sandbox.state import AcceptedMessage, ReceivedRequest, Registration

__all__ = ["PREFIX", "Inspected", "inspection_routes"]

PREFIX: Final = "/__sandbox__"


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

    def close_window(self, customer: str, *, sender: str | None = None) -> None:
        """Let the 24 hours be over."""
        ...

    def open_window(self, customer: str, *, sender: str | None = None) -> None:
        """Let the customer have written."""
        ...

    def reset(self) -> None:
        """Forget everything."""
        ...


def inspection_routes(sandbox: Inspected) -> list[BaseRoute]:
    """Return the routes; whatever else stands below the prefix is answered with 404."""

    async def overview(_request: Request) -> Response:
        return _json({"settings": _shown_settings(sandbox), "kept": _counts(sandbox)})

    async def messages(_request: Request) -> Response:
        return _json({"messages": [message_document(message) for message in sandbox.messages]})

    async def requests(_request: Request) -> Response:
        return _json({"requests": [request_document(request) for request in sandbox.requests]})

    async def reset(_request: Request) -> Response:
        sandbox.reset()
        return _json({})

    async def close_window(request: Request) -> Response:
        return await _on_window(request, sandbox, sandbox.close_window)

    async def open_window(request: Request) -> Response:
        return await _on_window(request, sandbox, sandbox.open_window)

    async def unknown(_scope: Scope, receive: Receive, send: Send) -> None:
        await _problem("there is nothing to inspect at that path", 404)(_scope, receive, send)

    routes = [
        Route("/", overview, methods=["GET"]),
        Route("/messages", messages, methods=["GET"]),
        Route("/requests", requests, methods=["GET"]),
        Route("/reset", reset, methods=["POST"]),
        Route("/close_window", close_window, methods=["POST"]),
        Route("/open_window", open_window, methods=["POST"]),
    ]
    below = Router(routes, redirect_slashes=False, default=unknown)
    return [Route(PREFIX, overview, methods=["GET"]), Mount(PREFIX, app=below)]


def message_document(message: AcceptedMessage) -> dict[str, Any]:
    """Return a message as JSON."""
    return {
        "id": message.id,
        "kind": message.kind,
        "sender": message.sender,
        "phone": message.phone,
        "bsuid": message.bsuid,
        "campaignName": message.campaign_name,
        "acceptedAt": message.accepted_at,
        "traceId": message.trace_id,
        "body": message.body,
    }


def request_document(request: ReceivedRequest) -> dict[str, Any]:
    """Return a request as JSON; bytes of its body that are not UTF-8 are replaced."""
    return {
        "number": request.number,
        "method": request.method,
        "path": request.path,
        "query": request.query,
        "headers": request.headers,
        "body": request.body.decode(errors="replace"),
        "operation": request.operation,
        "status": request.status,
        "code": request.code,
        "violations": [{"field": one.field, "problem": one.problem} for one in request.violations],
        "unknownFields": request.unknown_fields,
        "messageId": None if request.message is None else request.message.id,
        "traceId": request.trace_id,
        "receivedAt": request.received_at,
    }


def _shown_settings(sandbox: Inspected) -> dict[str, Any]:
    return attrs.asdict(sandbox.settings, filter=lambda attribute, _: attribute.name != "api_key")


def _counts(sandbox: Inspected) -> dict[str, int]:
    return {
        "messages": len(sandbox.messages),
        "requests": len(sandbox.requests),
        "registrations": len(sandbox.registrations),
    }


async def _on_window(request: Request, sandbox: Inspected, act: Callable[..., None]) -> Response:
    try:
        window = decode(await read_body(request, sandbox.settings.max_body_bytes) or b"")
    except ClientDisconnect:
        return _problem("the client went away")
    except NotJsonError as error:
        return _problem(f"the body is {error}")
    if not is_object(window):
        return _problem("the body is not a JSON object")
    try:
        act(window.get("customer"), sender=window.get("sender"))
    except InvalidInputError as error:
        return _problem(str(error))
    return _json({})


def _problem(message: str, status: int = 400) -> Response:
    return _json({"message": message}, status)


def _json(value: object, status: int = 200) -> Response:
    """All ASCII: readable whatever a request held."""
    return Response(json.dumps(value).encode(), status, media_type="application/json")
