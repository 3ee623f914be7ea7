"""An ASGI application that calls a WSGI one, such as Flask's, so that webhooks can be delivered to it in process.

Source: PEP 3333, https://peps.python.org/pep-3333/.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from connectly_api.errors import InvalidInputError
from connectly_api.transport.adapters.asgi import Application, Message
from connectly_api.webhooks.failure_watch import FAILURE_WATCH
from connectly_api.webhooks.plain_functions import call_plain

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

Answer = tuple[str, list[tuple[str, str]], bytes]


def bridge_wsgi(app: WSGIApplication) -> Application:
    """Return an ASGI application that calls a WSGI one: in the thread that waits for this task, or in another."""
    if not callable(app):
        raise InvalidInputError(f"app: must be a WSGI application, not {type(app).__name__}", field="app")

    async def serve(scope: Message, receive: Callable[[], Any], send: Callable[[Message], Any]) -> None:
        body: bytes = (await receive())["body"]  # The transport in process sends it whole.
        watch = FAILURE_WATCH.get()

        def call() -> Answer:
            token = FAILURE_WATCH.set(watch)  # It may be another thread, with a context of its own.
            try:
                return _call(app, _build_environ(scope, body))
            finally:
                FAILURE_WATCH.reset(token)

        status, headers, content = await call_plain(call)
        pairs = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        await send({"type": "http.response.start", "status": int(status.partition(" ")[0]), "headers": pairs})
        await send({"type": "http.response.body", "body": content})

    return serve


def _build_environ(scope: Message, body: bytes) -> dict[str, Any]:
    host, port = scope["server"]
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": scope["path"].encode().decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_NAME": host,
        "SERVER_PORT": str(port),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "REMOTE_ADDR": scope["client"][0],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in scope["headers"]:
        variable = name.decode("latin-1").upper().replace("-", "_")
        is_own = variable in {"CONTENT_TYPE", "CONTENT_LENGTH"}
        environ[variable if is_own else f"HTTP_{variable}"] = value.decode("latin-1")
    return environ


def _call(app: WSGIApplication, environ: dict[str, Any]) -> Answer:
    started: list[tuple[str, list[tuple[str, str]]]] = []
    parts: list[bytes] = []

    def start_response(status: str, headers: list[tuple[str, str]], _error: object = None) -> Callable[[bytes], object]:
        started.append((status, headers))
        return parts.append

    iterable = app(environ, start_response)
    try:
        parts.extend(iterable)
    finally:
        close = getattr(iterable, "close", None)
        if close is not None:
            close()
    status, headers = started[-1]
    return status, headers, b"".join(parts)
