from __future__ import annotations

import asyncio
import contextvars
import io
import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectly_api import OutcomeUnknownError
from connectly_api.sync import MemoryStore, WebhookApp
from connectly_api.webhooks import ButtonReply, DeliveryStatus, Event, InboundMessage, sign
from connectly_api.webhooks import WebhookApp as AsyncWebhookApp
from tests.webhooks.asgi_request import SECRET, request
from tests.webhooks.documented_bodies import BODIES

from .wsgi_request import call_wsgi, deliver_wsgi

CANARY = "canary6622"
TEXT = BODIES["text"]
SIGNED = {"HTTP_X_CONNECTLY_HMAC_SHA256": sign(TEXT, SECRET)}


def _make_app(**options: Any) -> tuple[WebhookApp, list[Event]]:
    app, events = WebhookApp(SECRET, **options), list[Event]()
    app.on_any(events.append)
    return app, events


# What is answered to what.


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "post"])
def test_over_wsgi_anything_but_a_post_is_405_and_says_what_is_allowed(method: str) -> None:
    app, events = _make_app()
    answer = call_wsgi(app, TEXT, REQUEST_METHOD=method, **SIGNED)
    assert (answer.status, answer.headers["allow"]) == (405, "POST")
    assert (answer.body == b"") is (method == "HEAD")
    assert answer.headers["content-length"] == str(len(b"Method Not Allowed\n"))
    assert not events


class Unread(io.BytesIO):
    def read(self, _size: int | None = -1) -> bytes:
        pytest.fail("the body was read")


@pytest.mark.parametrize("declared", ["101", "9" * 19, "9" * 4000])
def test_over_wsgi_a_body_that_is_declared_too_large_is_413_and_not_read(declared: str) -> None:
    app, _ = _make_app(max_bytes=100)
    environ = {"CONTENT_LENGTH": declared, "wsgi.input": Unread()}
    assert call_wsgi(app, **environ).status == 413
    assert app.counts.refused == 1


def test_over_wsgi_a_chunked_body_is_read_to_its_end_or_to_the_limit() -> None:
    app, events = _make_app(max_bytes=len(TEXT))
    chunked = {"CONTENT_LENGTH": None, "HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True}
    assert deliver_wsgi(app, TEXT, **chunked) == 200
    assert deliver_wsgi(app, TEXT + b"\n", **chunked) == 413
    assert len(events) == 1


def test_over_wsgi_a_body_whose_end_the_server_does_not_know_is_411() -> None:
    app, _ = _make_app()
    assert deliver_wsgi(app, TEXT, CONTENT_LENGTH=None, HTTP_TRANSFER_ENCODING="chunked") == 411


@pytest.mark.parametrize("declared", [None, "", "-5", "five", "٣"])
def test_over_wsgi_without_a_length_there_is_no_body(declared: str | None) -> None:
    app, _ = _make_app()
    environ = {"CONTENT_LENGTH": declared, "wsgi.input": Unread()}
    started: list[str] = []
    # Without the validator, which itself refuses a length that is no number.
    app(
        {name: value for name, value in ({"REQUEST_METHOD": "POST"} | environ).items() if value is not None},
        lambda status, _headers, _error=None: started.append(status),  # type: ignore[arg-type,return-value]
    )
    assert started == ["401 Unauthorized"]


def test_over_wsgi_a_body_that_is_shorter_than_declared_is_400_and_has_no_handler() -> None:
    app, events = _make_app()
    assert deliver_wsgi(app, TEXT, CONTENT_LENGTH=str(len(TEXT) + 1)) == 400
    assert not events


@pytest.mark.parametrize("error", [OSError(CANARY), ValueError(CANARY), EOFError()])
def test_over_wsgi_a_client_that_leaves_during_its_body_is_400(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(io.BytesIO):
        def read(self, _size: int | None = -1) -> bytes:
            raise error

    app, events = _make_app()
    with caplog.at_level(logging.DEBUG):
        assert deliver_wsgi(app, TEXT, **{"wsgi.input": Broken()}) == 400
    assert type(error).__name__ in caplog.text
    assert CANARY not in caplog.text
    assert not events


def test_over_wsgi_a_body_without_its_signature_is_401_and_says_what_is_required() -> None:
    app, events = _make_app()
    answer = call_wsgi(app, TEXT)
    assert (answer.status, answer.headers["www-authenticate"]) == (401, "x-connectly-hmac-sha256")
    assert deliver_wsgi(app, TEXT, key="other") == 401
    assert deliver_wsgi(app, b"[]") == 400
    assert not events


def test_over_wsgi_any_path_below_its_mount_point_is_served() -> None:
    app, events = _make_app()
    assert deliver_wsgi(app, TEXT, SCRIPT_NAME="/hooks", PATH_INFO="/a/b") == 200
    assert len(events) == 1


_TEXT_OF_HEADERS = st.text(st.characters(max_codepoint=255), max_size=60)


@given(
    method=st.sampled_from(["POST", "POST", "POST", "GET", "HEAD", "PUT"]),
    body=st.one_of(
        st.sampled_from([*BODIES.values()]),
        st.binary(max_size=300),
        st.recursive(st.none() | st.integers() | st.text(), st.lists, max_leaves=5).map(lambda it: repr(it).encode()),
    ),
    signature=st.one_of(st.none(), st.just("signed"), _TEXT_OF_HEADERS),
    doubled=st.booleans(),
    is_chunked=st.booleans(),
)
def test_over_wsgi_the_status_is_that_of_asgi(
    *, method: str, body: bytes, signature: str | None, doubled: bool, is_chunked: bool
) -> None:
    settings: dict[str, Any] = {"max_bytes": 290}
    wsgi, asgi = WebhookApp(SECRET, **settings), AsyncWebhookApp(SECRET, **settings)
    text = sign(body, SECRET) if signature == "signed" else signature
    values = [] if text is None else [text] * (2 if doubled else 1)
    environ: dict[str, Any] = {"HTTP_X_CONNECTLY_HMAC_SHA256": ",".join(values)} if values else {}
    if is_chunked:
        environ |= {"CONTENT_LENGTH": None, "wsgi.input_terminated": True}
    headers = [(b"x-connectly-hmac-sha256", value.encode("latin-1")) for value in values]
    if not is_chunked:
        headers.append((b"content-length", b"%d" % len(body)))

    async def ask() -> Any:
        return await request(asgi, [body], method=method, headers=headers)

    expected, answer = anyio.run(ask), call_wsgi(wsgi, body, REQUEST_METHOD=method, **environ)
    assert (answer.status, answer.body) == (expected.status, expected.body)
    asgi_headers = {name.decode(): value.decode() for name, value in expected.headers.items()}
    assert answer.headers == {name: value for name, value in asgi_headers.items() if name != "connection"}
    assert wsgi.counts == asgi.counts


# Where handlers run.


def test_a_plain_handler_runs_in_the_thread_and_the_context_of_the_request() -> None:
    app, seen = WebhookApp(SECRET), list[object]()
    variable = contextvars.ContextVar[str]("variable")

    @app.on_any
    def handle(_event: Event) -> None:
        seen.append((threading.current_thread(), variable.get()))
        variable.set("changed")

    def respond() -> tuple[int, str]:
        variable.set("of the request")
        return deliver_wsgi(app, TEXT), variable.get()

    context = contextvars.copy_context()
    assert context.run(respond) == (200, "changed")
    assert seen == [(threading.current_thread(), "of the request")]


def test_coroutine_functions_run_on_the_loop_and_what_a_plain_handler_returns_is_awaited_there() -> None:
    app, seen = WebhookApp(SECRET), list[str]()

    @app.on(InboundMessage)
    async def on_loop(_event: InboundMessage) -> None:
        await asyncio.sleep(0)
        seen.append(threading.current_thread().name)

    app.on(InboundMessage)(lambda event: on_loop(event))  # noqa: PLW0108 (a plain function)
    app.on(ButtonReply, DeliveryStatus)(lambda _event: pytest.fail("another class"))
    assert deliver_wsgi(app, TEXT) == 200
    assert seen == ["connectly-api"] * 2


def test_handlers_of_a_request_and_their_failures_come_in_order(caplog: pytest.LogCaptureFixture) -> None:
    app, calls = WebhookApp(SECRET), list[str]()

    @app.on_any
    def first(_event: Event) -> None:
        calls.append("first")

    @app.on_any
    def second(_event: Event) -> None:
        calls.append("second")
        if len(calls) == 2:
            raise ValueError(CANARY)

    assert [deliver_wsgi(app, TEXT) for _ in range(3)] == [500, 200, 200]
    assert calls == ["first", "second", "second"]
    assert "in second" in caplog.text
    assert CANARY not in caplog.text
    assert (app.counts.handled, app.counts.redelivered, app.counts.repeated) == (1, 1, 1)


def test_a_handler_may_raise_what_no_future_can_hold() -> None:
    app = WebhookApp(SECRET)
    app.on_any(lambda _event: next(iter(())))
    assert deliver_wsgi(app, TEXT) == 500


def test_a_handler_that_sends_with_the_synchronous_client_uses_the_loop_meanwhile() -> None:
    app, store = WebhookApp(SECRET), MemoryStore()

    @app.on_any
    def handle(event: Event) -> None:
        assert store.claim(event.key).is_granted

    assert deliver_wsgi(app, TEXT) == 200


def test_a_failure_whose_outcome_is_unknown_is_not_made_to_happen_again() -> None:
    app, calls = WebhookApp(SECRET), list[Event]()

    @app.on_any
    def send(event: Event) -> None:
        calls.append(event)
        raise OutcomeUnknownError("lost")

    assert [deliver_wsgi(app, TEXT) for _ in range(2)] == [200, 200]
    assert len(calls) == 1
    assert app.counts.completed_after_failure == 1


def test_one_event_delivered_at_once_by_eight_threads_is_handled_once() -> None:
    app, calls = WebhookApp(SECRET), list[Event]()
    barrier = threading.Barrier(8)

    @app.on_any
    def handle(event: Event) -> None:
        calls.append(event)

    def deliver(_number: int) -> int:
        barrier.wait(30)
        return deliver_wsgi(app, TEXT)

    with ThreadPoolExecutor(8) as pool:
        for number in range(20):
            app, calls = WebhookApp(SECRET), []
            app.on_any(calls.append)
            statuses = list(pool.map(deliver, range(8)))
            assert 200 in statuses
            assert set(statuses) <= {200, 503}
            assert len(calls) == 1, number


# Interrupted.


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_what_interrupts_a_handler_passes_through_and_the_next_delivery_is_handled(
    interruption: type[BaseException],
) -> None:
    app, calls = WebhookApp(SECRET), list[Event]()

    @app.on_any
    def handle(event: Event) -> None:
        calls.append(event)
        if len(calls) == 1:
            raise interruption

    with pytest.raises(interruption):
        deliver_wsgi(app, TEXT)
    assert deliver_wsgi(app, TEXT) == 200
    assert len(calls) == 2


def test_what_interrupts_a_handler_after_an_unknown_outcome_completes_the_event() -> None:
    app, calls = WebhookApp(SECRET), list[Event]()

    def lose_response() -> None:
        raise OutcomeUnknownError("lost")

    @app.on_any
    def handle(event: Event) -> None:
        calls.append(event)
        try:
            lose_response()
        finally:
            raise KeyboardInterrupt

    @app.on_any
    def last(_event: Event) -> None: ...

    with pytest.raises(KeyboardInterrupt):
        deliver_wsgi(app, TEXT)
    assert deliver_wsgi(app, TEXT) == 200
    assert len(calls) == 1
