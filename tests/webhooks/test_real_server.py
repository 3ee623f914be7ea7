"""The receiver behind a real server, over real sockets."""

from __future__ import annotations

import http.client
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from connectly_api.webhooks import SIGNATURE_HEADER, Event, WebhookApp, sign

from .asgi_request import SECRET
from .documented_bodies import BODIES
from .serve_app import serve_app


def _deliver(
    port: int, body: bytes, *, chunked: bool = False, connection: http.client.HTTPConnection | None = None
) -> int:
    line = connection or http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    headers = {SIGNATURE_HEADER: sign(body, SECRET), "Content-Type": "text/plain; charset=utf-8"}
    pieces = (body[start : start + 50] for start in range(0, len(body), 50))
    line.request("POST", "/hooks", pieces if chunked else body, headers, encode_chunked=chunked)
    answer = line.getresponse()
    answer.read()
    if connection is None:
        line.close()
    return answer.status


def test_events_arrive_whole_in_chunks_and_over_one_connection() -> None:
    app, kinds = WebhookApp(SECRET), []

    @app.on_any
    async def collect(event: Event) -> None:
        kinds.append(event.kind)

    with serve_app(app) as port:
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        statuses = [_deliver(port, body, connection=line) for body in BODIES.values()]
        line.close()
        statuses += [_deliver(port, body + b"\n", chunked=True) for body in BODIES.values()]
    assert statuses == [200] * (2 * len(BODIES))
    # The second deliveries differ in white space only, so they are the same events.
    assert len(kinds) == len(BODIES)


@pytest.mark.parametrize(
    "start",
    [b"Content-Length: 5000\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n" + b"400\r\n" + b"x" * 1024 + b"\r\n"],
    ids=["declared", "chunked"],
)
def test_a_body_that_is_too_large_is_413_at_once_and_the_connection_ends(start: bytes) -> None:
    with serve_app(WebhookApp(SECRET, max_bytes=1000)) as port:
        with socket.create_connection(("127.0.0.1", port), timeout=30) as line:
            line.sendall(b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\n" + start)
            answer = b"".join(iter(lambda: line.recv(4096), b""))
        assert answer.startswith(b"HTTP/1.1 413 ")
        assert _deliver(port, BODIES["text"]) == 200


def test_fifty_deliveries_at_once_of_ten_events_run_ten_handlers() -> None:
    app, seen = WebhookApp(SECRET), []

    @app.on_any
    def collect(event: Event) -> None:
        time.sleep(0.01)
        seen.append(event.key)

    bodies = [BODIES["text"].replace(b"TEST 11", b"TEST %d" % number) for number in range(10)] * 5
    with serve_app(app) as port, ThreadPoolExecutor(50) as pool:
        statuses = list(pool.map(lambda body: _deliver(port, body), bodies))
        again = list(pool.map(lambda body: _deliver(port, body), bodies[:10]))
    assert set(statuses) <= {200, 503}
    assert again == [200] * 10
    assert len(seen) == len(set(seen)) == 10


def test_the_end_of_the_server_waits_for_what_was_acknowledged_first() -> None:
    app, done = WebhookApp(SECRET, acknowledge="first", at_once=1), []
    held = threading.Event()

    @app.on_any
    def collect(event: Event) -> None:
        held.wait(30)
        done.append(event.kind)

    with serve_app(app) as port:
        assert [_deliver(port, body) for body in BODIES.values()] == [200] * len(BODIES)
        assert not done
        held.set()
    assert len(done) == len(BODIES)
