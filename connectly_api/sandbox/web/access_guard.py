"""Keeps other websites out of the control interface, and its responses from being anything but data to a browser."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from connectly_api.sandbox.web.access import find_access_problem

_FORBIDDEN: Final = 403

_HEADERS: Final = {
    "content-security-policy": "default-src 'none'; sandbox",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}
"""For responses that do not set them themselves."""


class AccessGuard:
    """Refuses requests of other websites, and adds headers to every response."""

    def __init__(self, app: ASGIApp, allow_hosts: Iterable[str]) -> None:
        """Stand before an application."""
        self._app = app
        self._allow_hosts = tuple(allow_hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        headers = [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in scope["headers"]]
        server = scope.get("server")
        scheme = scope.get("scheme", "http")
        problem = find_access_problem(headers, scheme, None if server is None else server[0], self._allow_hosts)
        app = self._app if problem is None else _build_refusal(problem)
        await app(scope, receive, send_with_headers)


def _build_refusal(problem: str) -> Response:
    return Response(json.dumps({"message": problem}).encode(), _FORBIDDEN, media_type="application/json")
