"""The control interface of a running sandbox, over HTTP, below a prefix that the service does not use.

    GET    /__sandbox__/                  the page
    GET    /__sandbox__/openapi.json      what follows, as an OpenAPI description
    GET    /__sandbox__/state             customers, registrations, templates, rules, clock and counts
    GET    /__sandbox__/timeline          what happened, in order, in pages: after=, before=, limit=, customer=
    GET    /__sandbox__/events            what happens, as Server-Sent Events
    GET    /__sandbox__/messages          the kept accepted messages, with their statuses
    GET    /__sandbox__/requests          the kept requests, refused ones included
    GET    /__sandbox__/deliveries        the kept delivery attempts of webhooks
    GET    /__sandbox__/registrations     the webhook registrations
    GET    /__sandbox__/recording         the run as a file that can be replayed
    POST   /__sandbox__/expect            {"to": "+1604…", "text": "hi"}: wait for a message
    POST   /__sandbox__/files?name=a.png  keep a file that a customer can send
    DELETE /__sandbox__/rules/1           remove a fault rule
    POST   /__sandbox__/reset             {}: forget everything that happened
    POST   /__sandbox__/says              {"customer": "+1604…", "text": "hi"}: play the customer

and every other verb by its name, with its arguments as a JSON object.

No key is needed: whoever can reach the sandbox can control it, except for other websites (see `access`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final
from urllib.parse import quote

import attrs
from starlette.background import BackgroundTask
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
from connectly_api.sandbox.model.stored_files import MAX_FILE_BYTES
from connectly_api.sandbox.spec.protojson import NotJsonError, decode_json
from connectly_api.sandbox.verbs.declarations import BOOLEAN, DECLARATIONS
from connectly_api.sandbox.web.access_guard import AccessGuard
from connectly_api.sandbox.web.connection import read_body
from connectly_api.sandbox.web.control_endpoints import Endpoint, Handler, build_content_schema, build_description
from connectly_api.sandbox.web.control_schemas import OBJECT, TEXT, build_list_schema, build_object_schema, refer_to
from connectly_api.sandbox.web.event_stream import show_events, show_state, show_timeline
from connectly_api.sandbox.web.expect import DECLARATION as EXPECT
from connectly_api.sandbox.web.expect import expect_message
from connectly_api.sandbox.web.live_state import MAX_ENTRIES
from connectly_api.sandbox.web.page_files import build_page_response

PREFIX: Final = "/__sandbox__"

_ENTRY: Final = {"type": "integer", "minimum": 0, "maximum": 10**15 - 1}
_WAIT: Final = {
    "wait": {**BOOLEAN.schema, "default": True, "description": "If false, the response comes before the webhooks."}
}
_PAGE_PARAMETERS: Final = {
    **dict.fromkeys(("after", "before", "customer"), _ENTRY),
    "limit": {"type": "integer", "minimum": 1, "maximum": MAX_ENTRIES},
}


def build_control_routes(engine: Engine) -> list[BaseRoute]:
    """Return the routes; every other path below the prefix gets a 404."""
    paths: dict[str, dict[str, Handler]] = {"/": {"GET": _show_page}, "/page/{name}": {"GET": _show_page}}
    for endpoint in _ENDPOINTS:
        paths.setdefault(endpoint.path, {})[endpoint.method] = endpoint.handler
    routes = [Route(path, _Endpoints(engine, handlers)) for path, handlers in paths.items()]
    router = Router(routes, redirect_slashes=False, default=_refuse_path)
    guard = Middleware(AccessGuard, allow_hosts=engine.settings.allow_hosts)
    return [
        Route(PREFIX, _Endpoints(engine, {"GET": _redirect_to_page}), middleware=[guard]),
        Mount(PREFIX, app=router, middleware=[guard]),
    ]


@attrs.frozen
class _Endpoints:
    """The application of one path."""

    engine: Engine
    handlers: Mapping[str, Handler]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        response = await self._answer(request)
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        handler = self.handlers.get("GET" if request.method == "HEAD" else request.method)
        if handler is None:
            allowed = ", ".join(self.handlers)
            return _refuse(f"use {allowed}", 405, headers={"allow": allowed})
        try:
            return await handler(self.engine, request)
        except InvalidInputError as error:
            return _refuse(str(error))
        except ClientDisconnect:
            return _refuse("the client went away")


async def _refuse_path(scope: Scope, receive: Receive, send: Send) -> None:
    await _refuse("there is nothing at that path", 404)(scope, receive, send)


async def _redirect_to_page(_engine: Engine, _request: Request) -> Response:
    return RedirectResponse(f"{PREFIX[1:]}/")


async def _show_page(_engine: Engine, request: Request) -> Response:
    found = build_page_response(request, request.path_params.get("name", "index.html"))
    return found or _refuse("the page has no such file", 404)


async def _show_records(name: str, engine: Engine, _request: Request) -> Response:
    return _respond({name: _RECORDS[name](engine.state)})


async def _show_recording(engine: Engine, _request: Request) -> Response:
    try:
        return Response(engine.build_recording().encode(), media_type="application/json")
    except InvalidInputError as error:
        return _refuse(str(error), 409)


async def _show_description(_engine: Engine, request: Request) -> Response:
    return _respond(build_description(_ENDPOINTS, request.scope["root_path"]))


async def _reset(engine: Engine, _request: Request) -> Response:
    engine.reset()
    return _respond({})


async def _run_verb(verb: str, engine: Engine, request: Request) -> Response:
    arguments = await _read_object(engine, request)
    is_waiting = arguments.pop("wait", True)
    if not BOOLEAN.is_valid(is_waiting):
        raise InvalidInputError(f"wait: {BOOLEAN.problem}", field="wait")
    created, finish = engine.start_verb(verb, arguments)
    result: dict[str, Any] = {} if created is None else {"id": created}
    if verb == "fault":
        result["rule"] = engine.state.rule_count
    if is_waiting:
        await finish()
    return _respond({"now": engine.state.now, **result}, background=None if is_waiting else BackgroundTask(finish))


async def _expect(engine: Engine, request: Request) -> Response:
    found = await expect_message(engine, request, await _read_object(engine, request))
    if isinstance(found, str):
        return _refuse(found, 422)
    return _respond({"message": serialize_message(found, engine.state.statuses.get(found.id))})


async def _remove_rule(engine: Engine, request: Request) -> Response:
    number = request.path_params["number"]
    if re.fullmatch("[0-9]{1,15}", number) is None or int(number) not in engine.state.rule_matches:
        return _refuse("there is no rule of that number", 404)
    await engine.run_verb("remove_fault", {"number": int(number)})
    return _respond({"now": engine.state.now})


async def _store_file(engine: Engine, request: Request) -> Response:
    content = await read_body(request, MAX_FILE_BYTES)
    if content is None:
        return _refuse(f"the file has more than {MAX_FILE_BYTES >> 20} MiB", 413)
    file = engine.store_file(request.query_params.get("name", ""), content)
    url = f"{request.url.replace(query='')}/{file.id}/{quote(file.name, safe='')}"
    return _respond({"url": url, "name": file.name, "type": file.type, "size": len(content)})


async def _show_file(engine: Engine, request: Request) -> Response:
    file = engine.state.files.get(request.path_params["id"])
    if file is None or file.name != request.path_params["name"]:
        return _refuse("there is no such file, or not any more", 404)
    disposition = "inline" if file.is_shown else "attachment"
    headers = {"content-disposition": f"{disposition}; filename*=UTF-8''{quote(file.name, safe='')}"}
    # Not as Starlette's media type, which would add a charset.
    return Response(file.content, headers={**headers, "content-type": file.type})


_RECORDS: Final[Mapping[str, Callable[[State], list[dict[str, Any]]]]] = {
    "messages": lambda state: [serialize_message(one, state.statuses.get(one.id)) for one in state.messages.values()],
    "requests": lambda state: list(map(serialize_request, state.requests)),
    "deliveries": lambda state: list(map(serialize_delivery, state.deliveries)),
    "registrations": lambda state: [registration.to_dict() for registration in state.registrations.values()],
}

_ENDPOINTS: Final = (
    Endpoint(
        method="GET",
        path="/state",
        handler=show_state,
        summary="Everything but what happened: customers, registrations, templates, rules, clock and counts.",
        result=refer_to("State"),
    ),
    Endpoint(
        method="GET",
        path="/timeline",
        handler=show_timeline,
        summary="What happened, in order. `next` is the `after` of the next page.",
        result=refer_to("Timeline"),
        query=_PAGE_PARAMETERS,
        refusals=(400,),
    ),
    Endpoint(
        method="GET",
        path="/events",
        handler=show_events,
        summary="What happens, as Server-Sent Events: `update` with an Update, or `gap` if entries were missed.",
        result="text/event-stream",
        query={"run": TEXT, "after": _ENTRY},
        refusals=(400,),
    ),
    *(
        Endpoint(
            method="GET",
            path=f"/{name}",
            handler=partial(_show_records, name),
            summary=f"The {name} that are kept, oldest first.",
            result=build_object_schema({name: build_list_schema(refer_to(schema))}),
        )
        for name, schema in zip(_RECORDS, ("Message", "Request", "Delivery", "Registration"), strict=True)
    ),
    Endpoint(
        method="GET",
        path="/recording",
        handler=_show_recording,
        summary="The run as a file that can be replayed.",
        result=OBJECT,
        refusals=(409,),
    ),
    Endpoint(
        method="POST",
        path="/expect",
        handler=_expect,
        summary=EXPECT.summary,
        result=build_object_schema({"message": refer_to("Message")}),
        content=build_content_schema(EXPECT),
        refusals=(400, 422),
    ),
    Endpoint(
        method="POST",
        path="/reset",
        handler=_reset,
        summary="Forgets everything that happened.",
        result=OBJECT,
    ),
    Endpoint(
        method="DELETE",
        path="/rules/{number}",
        handler=_remove_rule,
        summary="Removes a fault rule.",
        result=refer_to("VerbResult"),
        refusals=(404,),
    ),
    Endpoint(
        method="POST",
        path="/files",
        handler=_store_file,
        summary="Keeps a file, whose URL a customer can then send.",
        result=refer_to("File"),
        query={"name": TEXT},
        content="application/octet-stream",
        refusals=(413,),
    ),
    Endpoint(
        method="GET",
        path="/files/{id}/{name}",
        handler=_show_file,
        summary="A file that is kept.",
        result="application/octet-stream",
        refusals=(404,),
    ),
    *(
        Endpoint(
            method="POST",
            path=f"/{verb}",
            handler=partial(_run_verb, verb),
            summary=declaration.summary,
            result=refer_to("VerbResult"),
            content=build_content_schema(declaration, _WAIT),
            refusals=(400,),
        )
        for verb, declaration in DECLARATIONS.items()
    ),
    Endpoint(
        method="GET",
        path="/openapi.json",
        handler=_show_description,
        summary="This description.",
        result=OBJECT,
    ),
)
"""The endpoints for programs, in the order of the description."""


async def _read_object(engine: Engine, request: Request) -> dict[str, Any]:
    """Return the JSON object of the body; an empty body is an empty one."""
    content = await read_body(request, engine.settings.max_body_bytes)
    try:
        value = decode_json(b"" if content is None else content or b"{}")
    except NotJsonError as error:
        raise InvalidInputError(f"the body is {error}", field="body") from None
    if not is_object(value):
        raise InvalidInputError("the body is not a JSON object", field="body")
    return value


def _refuse(message: str, status: int = 400, headers: Mapping[str, str] | None = None) -> Response:
    return _respond({"message": message}, status, headers)


def _respond(
    value: object, status: int = 200, headers: Mapping[str, str] | None = None, background: BackgroundTask | None = None
) -> Response:
    # ASCII only, so it is readable whatever a request contained.
    content = json.dumps(value).encode()
    return Response(content, status, headers, media_type="application/json", background=background)
