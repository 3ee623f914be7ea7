"""The sandbox's ASGI application: it passes each request to the engine, and sends the response."""

from __future__ import annotations

from functools import lru_cache
from typing import Final
from urllib.parse import quote

import anyio
from starlette.requests import ClientDisconnect
from starlette.requests import Request as HttpRequest
from starlette.routing import Router
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketClose

from connectly_api.sandbox.engine import Engine
from connectly_api.sandbox.model.exchange import Decision, Request
from connectly_api.sandbox.web.connection import drop, hold, read_body
from connectly_api.sandbox.web.control import build_control_routes

_NO_CONTENT: Final = 204


def build_app(engine: Engine) -> ASGIApp:
    """Return the application: the control interface below its prefix, the service everywhere else."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await WebSocketClose()(scope, receive, send)
            return
        request = HttpRequest(scope, receive)
        head = _read_head(request)
        decision = engine.reset_unread(head)
        if decision is None:
            try:
                body = await read_body(request, engine.settings.max_body_bytes)
            except ClientDisconnect:
                return
            decision = await engine.answer(Request(head.method, head.path, head.query, head.headers, body))
        if decision.behavior.ending != "whole":
            await engine.deliver_after_request()  # No response comes before them.
        await _respond(decision, scope, receive, send)
        await engine.deliver_after_request()

    return Router(build_control_routes(engine), redirect_slashes=False, default=serve)


async def _respond(decision: Decision, scope: Scope, receive: Receive, send: Send) -> None:
    behavior = decision.behavior
    if behavior.ending == "hang":
        await hold(scope, receive)
        return
    if behavior.before:
        await anyio.sleep(behavior.before)
    if behavior.ending == "reset":
        await drop(scope, receive)
        return
    await send(_build_start(decision))
    half = len(decision.content) // 2 if behavior.between or behavior.ending == "cut_off" else 0
    if half:
        await send({"type": "http.response.body", "body": decision.content[:half], "more_body": True})
        await anyio.sleep(behavior.between)
    if behavior.ending == "cut_off":
        await drop(scope, receive)
        return
    await send({"type": "http.response.body", "body": decision.content[half:]})


def _build_start(decision: Decision) -> Message:
    headers = dict(decision.headers)
    if decision.content:
        headers.setdefault("content-type", "application/json")
    if decision.status != _NO_CONTENT:
        headers["content-length"] = str(len(decision.content))
    encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    return {"type": "http.response.start", "status": decision.status, "headers": encoded}


def _read_head(request: HttpRequest) -> Request:
    return Request(
        method=request.method.upper(),
        path=_get_raw_path(request.scope),
        query=request.scope.get("query_string", b"").decode("latin-1"),
        headers=tuple((name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in request.headers.raw),
        body=b"",
    )


def _get_raw_path(scope: Scope) -> str:
    """Return the raw path: a slash within an id stays distinct from one between segments."""
    raw = scope.get("raw_path")
    path = quote(scope["path"]) if raw is None else _quote(raw)
    return path.removeprefix(quote(scope.get("root_path", "")))


@lru_cache(maxsize=1024)
def _quote(raw: bytes) -> str:
    return quote(raw.decode("latin-1"), safe="/%!$&'()*+,;=:@~")
