"""An adapter that calls an ASGI application in the same process, such as the sandbox, without a socket.

Source: the ASGI specification, HTTP connection scope, https://asgi.readthedocs.io/en/latest/specs/www.html.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import unquote, urlsplit

import anyio

from connectly_api.errors import InvalidInputError
from connectly_api.transport.protocol import BrokenExchangeError, LateError, Progress, Response, Timeouts, WireRequest

Message = MutableMapping[str, Any]
Application = Callable[
    [Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]
]


class AsgiTransport:
    """Passes each request to an ASGI application, on the caller's event loop."""

    def __init__(self, app: Application) -> None:
        """Use an application; you run its lifespan yourself, if it has one.

        Args:
            app: An ASGI 3 application.

        Raises:
            InvalidInputError: It cannot be called.
        """
        given: object = app
        if not callable(given):
            problem = f"must be an ASGI application, not {type(given).__name__}"
            raise InvalidInputError(f"app: {problem}", field="app")
        self._app = app

    async def exchange(self, request: WireRequest, timeouts: Timeouts, progress: Progress) -> Response:
        """Run the application on one request; see `Transport.exchange`.

        `timeouts.connect` has no effect. Until the response is complete, a wait longer than `timeouts.read`
        raises `TimeoutError`. What the application does after its response is awaited. If it returns or raises before
        its response is complete, the outcome is unknown, as with a server that drops the connection.
        """
        progress.may_have_left = True
        silence = anyio.CancelScope(deadline=anyio.current_time() + timeouts.read)
        conversation = _Conversation(request.content or b"", silence, timeouts.read)
        with silence:
            try:
                await self._app(_build_scope(request), conversation.receive, conversation.send)
            except Exception:
                if conversation.status is None:
                    raise
        if silence.cancelled_caught:
            raise LateError(f"no response within {timeouts.read:g} s")
        return conversation.build_response()

    async def aclose(self) -> None:
        """Do nothing: there is no connection."""


class _Conversation:
    """The ASGI messages of one request."""

    def __init__(self, content: bytes, silence: anyio.CancelScope, seconds: float) -> None:
        self._content: bytes | None = content
        self._silence = silence
        self._seconds = seconds
        self._answered = anyio.Event()
        self._headers: tuple[tuple[str, str], ...] = ()
        self._body = bytearray()
        self.status: int | None = None

    async def receive(self) -> Message:
        if self._content is None:
            await self._answered.wait()
            return {"type": "http.disconnect"}
        content, self._content = self._content, None
        return {"type": "http.request", "body": content, "more_body": False}

    async def send(self, message: Message) -> None:
        if self._answered.is_set():
            return  # The response was already complete.
        self._silence.deadline = anyio.current_time() + self._seconds
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self._headers = tuple(
                (bytes(k).decode("latin-1"), bytes(v).decode("latin-1")) for k, v in message.get("headers", ())
            )
        elif message["type"] == "http.response.body":
            self._body += message.get("body", b"")
            if not message.get("more_body", False):
                self._answered.set()
                self._silence.deadline = math.inf

    def build_response(self) -> Response:
        if self.status is None:
            raise BrokenExchangeError("the application ended without a response")
        return Response(self.status, self._headers, bytes(self._body), self._answered.is_set())


def _build_scope(request: WireRequest) -> Message:
    parts = urlsplit(request.url)
    headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in request.headers]
    headers.append((b"host", parts.netloc.encode("latin-1")))
    if request.content is not None:
        headers.append((b"content-length", str(len(request.content)).encode()))
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": parts.scheme,
        "path": unquote(parts.path),
        "raw_path": parts.path.encode("ascii"),
        "query_string": parts.query.encode("ascii"),
        "root_path": "",
        "headers": headers,
        "client": ("127.0.0.1", 0),
        "server": (parts.hostname, parts.port or (443 if parts.scheme == "https" else 80)),
    }
