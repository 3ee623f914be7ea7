"""One request to a WSGI application, under the eyes of the standard library's validator."""

from __future__ import annotations

import io
import json
from typing import Any
from wsgiref.types import WSGIApplication
from wsgiref.util import setup_testing_defaults
from wsgiref.validate import validator

import attrs

from connectly_api.webhooks import sign
from tests.webhooks.asgi_request import SECRET


@attrs.frozen
class WsgiAnswer:
    status: int
    headers: dict[str, str]
    body: bytes


def call_wsgi(app: WSGIApplication, body: bytes = b"", **environ: Any) -> WsgiAnswer:
    """Post a body, with the environment changed; None removes a variable."""
    found: dict[str, Any] = {"REQUEST_METHOD": "POST", "CONTENT_LENGTH": str(len(body)), "QUERY_STRING": ""}
    setup_testing_defaults(found)
    found |= {"wsgi.input": io.BytesIO(body)} | environ
    started: list[tuple[str, dict[str, str]]] = []
    # The validator knows fewer methods than there are.
    checked: Any = validator(app) if found["REQUEST_METHOD"].isupper() else app
    parts: Any = checked(
        {name: value for name, value in found.items() if value is not None},
        lambda status, headers, _error=None: started.append((status, dict(headers))),
    )
    answer = b"".join(parts)
    if hasattr(parts, "close"):
        parts.close()
    ((status, headers),) = started
    return WsgiAnswer(int(status.split()[0]), headers, answer)


def deliver_wsgi(app: WSGIApplication, body: object, *, _key: str = SECRET, **environ: Any) -> int:
    """Deliver a body as the service does; return the status of the answer."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return call_wsgi(app, raw, HTTP_X_CONNECTLY_HMAC_SHA256=sign(raw, _key), **environ).status
