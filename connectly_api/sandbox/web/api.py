"""The sandbox's ASGI edge: it turns a request into a value, asks for the verdict, and gives it as it says."""

from __future__ import annotations

from functools import lru_cache
from typing import Final, Protocol
from urllib.parse import quote

import anyio
from starlette.requests import ClientDisconnect, Request
from starlette.routing import Router
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketClose

from connectly_api.sandbox.model.settings import Settings
from connectly_api.sandbox.service.decision import Incoming, Verdict
from connectly_api.sandbox.web.bodies import read_body
from connectly_api.sandbox.web.connection import drop, hold
from connectly_api.sandbox.web.control import Inspected, inspection_routes

__all__ = ["build_app"]

_NO_CONTENT: Final = 204


class Answering(Inspected, Protocol):
    """What the edge needs of a sandbox."""

    @property
    def settings(self) -> Settings:
        """The fixed side, for the body's limit."""
        ...

    def reset_unread(self, request: Incoming) -> Verdict | None:
        """Decide on a request of which only the head has come; None where it is to be read."""
        ...

    async def answer(self, request: Incoming) -> Verdict:
        """Decide on a request and carry out what follows."""
        ...


def build_app(sandbox: Answering) -> ASGIApp:
    """Return the ASGI application: inspection below its prefix, the service everywhere else."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await WebSocketClose()(scope, receive, send)
            return
        request = Request(scope, receive)
        head = _head(request)
        verdict = sandbox.reset_unread(head)
        if verdict is None:
            try:
                body = await read_body(request, sandbox.settings.max_body_bytes)
            except ClientDisconnect:
                return
            verdict = await sandbox.answer(Incoming(head.method, head.path, head.query, head.headers, body))
        await _give(verdict, scope, receive, send)

    return Router(inspection_routes(sandbox), redirect_slashes=False, default=serve)


async def _give(verdict: Verdict, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer in the verdict's manner.

    Raises:
        ConnectionResetError: The connection is to be dropped, and there is none of our own server's.
    """
    manner = verdict.manner
    if manner.ending == "hang":
        await hold(scope, receive)
        return
    if manner.before:
        await anyio.sleep(manner.before)
    if manner.ending == "reset":
        await drop(scope, receive)
        return
    await send(_start(verdict))
    half = len(verdict.content) // 2 if manner.between or manner.ending == "cut_off" else 0
    if half:
        await send({"type": "http.response.body", "body": verdict.content[:half], "more_body": True})
        await anyio.sleep(manner.between)
    if manner.ending == "cut_off":
        await drop(scope, receive)
        return
    await send({"type": "http.response.body", "body": verdict.content[half:]})


def _start(verdict: Verdict) -> Message:
    headers = dict(verdict.headers)
    if verdict.content:
        headers.setdefault("content-type", "application/json")
    if verdict.status != _NO_CONTENT:
        headers["content-length"] = str(len(verdict.content))
    encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    return {"type": "http.response.start", "status": verdict.status, "headers": encoded}


def _head(request: Request) -> Incoming:
    return Incoming(
        method=request.method.upper(),
        path=_raw_path(request.scope),
        query=request.scope.get("query_string", b"").decode("latin-1"),
        headers=tuple((name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in request.headers.raw),
        body=b"",
    )


def _raw_path(scope: Scope) -> str:
    """Return the path as it came: a slash within an id stays distinct from one between segments."""
    raw = scope.get("raw_path")
    path = quote(scope["path"]) if raw is None else _quoted(raw)
    return path.removeprefix(quote(scope.get("root_path", "")))


@lru_cache(maxsize=1024)
def _quoted(raw: bytes) -> str:
    return quote(raw.decode("latin-1"), safe="/%!$&'()*+,;=:@~")
