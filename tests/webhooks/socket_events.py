"""Events for a receiver on a socket."""

from __future__ import annotations

import http.client
import json
import socket
from contextlib import closing

from connectly_api.webhooks import SIGNATURE_HEADER, sign

from .asgi_request import SECRET
from .documented_bodies import load_body


def is_listening(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def post_event(port: int, number: int) -> int | None:
    body = json.dumps(load_body("text", message={"id": f"m{number}", "text": "hello"})).encode()
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as line:
        try:
            line.request("POST", "/", body, {SIGNATURE_HEADER: sign(body, SECRET)})
            return line.getresponse().status
        except (OSError, http.client.HTTPException):
            return None
