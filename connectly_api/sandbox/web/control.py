"""The control interface of a running sandbox, over HTTP, below a prefix that the service does not use.

    GET  /__sandbox__/                  the page
    GET  /__sandbox__/messages          the kept accepted messages, with their statuses
    GET  /__sandbox__/requests          the kept requests, refused ones included
    GET  /__sandbox__/deliveries        the kept delivery attempts of webhooks
    GET  /__sandbox__/registrations     the webhook registrations
    GET  /__sandbox__/state             customers, registrations, templates, rules, clock and counts
    GET  /__sandbox__/timeline          what happened, in order, in pages: after=, before=, limit=, customer=
    GET  /__sandbox__/events            what happens, as Server-Sent Events
    GET  /__sandbox__/recording         the run as a file that can be replayed
    POST /__sandbox__/advance           {"hours": 24}: move the clock
    POST /__sandbox__/settle            {}: move the clock until nothing is due
    POST /__sandbox__/says              {"customer": "+1604…", "text": "hi"}: play the customer
    POST /__sandbox__/fault             {"what": "reset", "next": 1}: inject a fault
    POST /__sandbox__/reset             {}: forget everything that happened

and every other verb of `Sandbox` and of its customers by its name, with its arguments as a JSON object.

No key is needed: whoever can reach the sandbox can control it, apart from other websites (see `access`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route, Router
from starlette.types import Receive, Scope, Send

from connectly_api.errors import InvalidInputError
from connectly_api.json_values import is_object
from connectly_api.sandbox.engine import Engine
from connectly_api.sandbox.model.documents import (
    serialize_delivery,
    serialize_message,
    serialize_request,
)
from connectly_api.sandbox.model.state import State
from connectly_api.sandbox.spec.protojson import NotJsonError, decode_json
from connectly_api.sandbox.verbs.setup import CLOCK_VERBS, VERBS
from connectly_api.sandbox.web.access_guard import AccessGuard
from connectly_api.sandbox.web.connection import read_body
from connectly_api.sandbox.web.event_stream import build_timeline_routes
from connectly_api.sandbox.web.page_files import build_page_response

PREFIX: Final = "/__sandbox__"


def build_control_routes(engine: Engine) -> list[BaseRoute]:
    """Return the routes; every other path below the prefix gets a 404."""

    async def redirect(_request: Request) -> Response:
        return RedirectResponse(f"{PREFIX[1:]}/")

    async def show_page(request: Request) -> Response:
        found = build_page_response(request, request.path_params.get("name", "index.html"))
        return found or _refuse("the page has no such file", 404)

    async def show_records(request: Request) -> Response:
        name = _get_last_segment(request)
        return _respond({name: _RECORDS[name](engine.state)})

    async def show_recording(_request: Request) -> Response:
        try:
            return Response(engine.build_recording().encode(), media_type="application/json")
        except InvalidInputError as error:
            return _refuse(str(error), 409)

    async def reset(_request: Request) -> Response:
        engine.reset()
        return _respond({})

    async def run_verb(request: Request) -> Response:
        return await _run_verb(request, engine)

    async def refuse_path(scope: Scope, receive: Receive, send: Send) -> None:
        await _refuse("there is nothing to inspect at that path", 404)(scope, receive, send)

    routes = [
        Route("/", show_page, methods=["GET"]),
        Route("/page/{name}", show_page, methods=["GET"]),
        *build_timeline_routes(engine),
        Route("/recording", show_recording, methods=["GET"]),
        Route("/reset", reset, methods=["POST"]),
        *(Route(f"/{name}", show_records, methods=["GET"]) for name in _RECORDS),
        *(Route(f"/{verb}", run_verb, methods=["POST"]) for verb in (*VERBS, *CLOCK_VERBS)),
    ]
    router = Router(routes, redirect_slashes=False, default=refuse_path)
    guard = Middleware(AccessGuard, allow_hosts=engine.settings.allow_hosts)
    return [
        Route(PREFIX, redirect, methods=["GET"], middleware=[guard]),
        Mount(PREFIX, app=router, middleware=[guard]),
    ]


_RECORDS: Final[Mapping[str, Callable[[State], list[dict[str, Any]]]]] = {
    "messages": lambda state: [serialize_message(one, state.statuses.get(one.id)) for one in state.messages.values()],
    "requests": lambda state: list(map(serialize_request, state.requests)),
    "deliveries": lambda state: list(map(serialize_delivery, state.deliveries)),
    "registrations": lambda state: [registration.to_dict() for registration in state.registrations.values()],
}


async def _run_verb(request: Request, engine: Engine) -> Response:
    try:
        content = await read_body(request, engine.settings.max_body_bytes)
        arguments = decode_json(b"" if content is None else content or b"{}")
    except ClientDisconnect:
        return _refuse("the client went away")
    except NotJsonError as error:
        return _refuse(f"the body is {error}")
    if not is_object(arguments):
        return _refuse("the body is not a JSON object")
    try:
        await engine.run_verb(_get_last_segment(request), arguments)
    except InvalidInputError as error:
        return _refuse(str(error))
    return _respond({"now": engine.state.now})


def _get_last_segment(request: Request) -> str:
    return request.url.path.rpartition("/")[2]


def _refuse(message: str, status: int = 400) -> Response:
    return _respond({"message": message}, status)


def _respond(value: object, status: int = 200) -> Response:
    # ASCII only, so it is readable whatever a request contained.
    return Response(json.dumps(value).encode(), status, media_type="application/json")
