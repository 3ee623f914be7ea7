"""The sandbox's ASGI edge: it turns a request into a value, asks for the verdict, and sends it."""

from __future__ import annotations

from typing import Protocol
from urllib.parse import quote

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Router
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocketClose

from connectly_api.sandbox.bodies import read_body
from connectly_api.sandbox.decision import Incoming, Verdict
from connectly_api.sandbox.inspection import Inspected, inspection_routes
from connectly_api.sandbox.settings import Settings

__all__ = ["build_app"]


class Answering(Inspected, Protocol):
    """What the edge needs of a sandbox."""

    @property
    def settings(self) -> Settings:
        """The fixed side, for the body's limit."""
        ...

    def receive(self, request: Incoming) -> Verdict:
        """Decide on a request and carry out what follows."""
        ...


def build_app(sandbox: Answering) -> ASGIApp:
    """Return the ASGI application: inspection below its prefix, the service everywhere else."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await WebSocketClose()(scope, receive, send)
            return
        try:
            incoming = await _incoming(Request(scope, receive), sandbox.settings.max_body_bytes)
        except ClientDisconnect:
            return
        verdict = sandbox.receive(incoming)
        headers = dict(verdict.headers)
        media_type = "application/json" if verdict.content else None
        response = Response(verdict.content, verdict.status, headers, media_type)
        await response(scope, receive, send)

    return Router(inspection_routes(sandbox), redirect_slashes=False, default=serve)


async def _incoming(request: Request, limit: int) -> Incoming:
    return Incoming(
        method=request.method.upper(),
        path=_raw_path(request.scope),
        query=request.scope.get("query_string", b"").decode("latin-1"),
        headers=tuple((name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in request.headers.raw),
        body=await read_body(request, limit),
    )


def _raw_path(scope: Scope) -> str:
    """Return the path as it came: a slash within an id stays distinct from one between segments."""
    raw = scope.get("raw_path")
    path = quote(scope["path"]) if raw is None else quote(raw.decode("latin-1"), safe="/%!$&'()*+,;=:@~")
    return path.removeprefix(quote(scope.get("root_path", "")))
