from __future__ import annotations

import asyncio
import contextvars
import io
import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from pathlib import Path
from typing import Any

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectly_api import InvalidInputError, OutcomeUnknownError, UsageError
from connectly_api.sync import MemoryStore, SQLiteStore, WebhookApp, exit_drain, portal, wsgi_app
from connectly_api.unknown_outcomes import add_unknown_outcome
from connectly_api.webhooks import ButtonReply, Claim, ClaimState, DeliveryStatus, Event, InboundMessage, sign
from connectly_api.webhooks import MemoryStore as AsyncMemoryStore
from connectly_api.webhooks import WebhookApp as AsyncWebhookApp
from tests.webhooks.asgi_request import SECRET, request
from tests.webhooks.documented_bodies import BODIES, load_body, read

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


class Overflowing(io.BytesIO):
    def read(self, _size: int | None = -1) -> bytes:
        return b"x" * 200


@pytest.mark.parametrize(
    ("environ", "status"),
    [
        ({"CONTENT_LENGTH": "50"}, 400),
        ({"CONTENT_LENGTH": "", "wsgi.input_terminated": True}, 413),
    ],
)
def test_over_wsgi_an_input_that_returns_more_than_it_is_asked_for_is_refused(
    environ: dict[str, Any], status: int
) -> None:
    app, events = _make_app(max_bytes=100)
    assert call_wsgi(app, TEXT, **(SIGNED | environ), **{"wsgi.input": Overflowing()}).status == status
    assert not events


class Unread(io.BytesIO):
    def read(self, _size: int | None = -1) -> bytes:
        pytest.fail("the body was read")


@pytest.mark.parametrize("declared", ["101", "9" * 19, "9" * 4000])
def test_over_wsgi_a_body_that_is_declared_too_large_is_413_and_not_read(declared: str) -> None:
    app, _ = _make_app(max_bytes=100)
    environ: dict[str, Any] = {"CONTENT_LENGTH": declared, "wsgi.input": Unread()}
    assert call_wsgi(app, **environ).status == 413
    assert app.counts.refused == 1


def test_over_wsgi_a_chunked_body_is_read_to_its_end_or_to_the_limit() -> None:
    app, events = _make_app(max_bytes=len(TEXT))
    chunked: dict[str, Any] = {
        "CONTENT_LENGTH": None,
        "HTTP_TRANSFER_ENCODING": "chunked",
        "wsgi.input_terminated": True,
    }
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
        lambda status, _headers, _error=None: started.append(status),  # type: ignore[arg-type]
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
        assert deliver_wsgi(app, TEXT, **dict[str, Any]({"wsgi.input": Broken()})) == 400
    assert type(error).__name__ in caplog.text
    assert CANARY not in caplog.text
    assert not events


def test_over_wsgi_a_body_without_its_signature_is_401_and_says_what_is_required() -> None:
    app, events = _make_app()
    answer = call_wsgi(app, TEXT)
    assert (answer.status, answer.headers["www-authenticate"]) == (401, "x-connectly-hmac-sha256")
    assert deliver_wsgi(app, TEXT, _key="other") == 401
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


def test_what_interrupts_a_call_that_may_have_been_carried_out_completes_the_event() -> None:
    app, calls = WebhookApp(SECRET), list[Event]()

    async def send() -> None:
        add_unknown_outcome(OutcomeUnknownError("lost"))

    @app.on_any
    def handle(event: Event) -> None:
        calls.append(event)
        portal.run(send)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        deliver_wsgi(app, TEXT)
    assert deliver_wsgi(app, TEXT) == 200
    assert len(calls) == 1


def test_an_ordinary_error_that_cancelled_a_call_completes_the_event_and_no_later_one() -> None:
    app, calls = WebhookApp(SECRET), list[Event]()

    async def send() -> None:
        add_unknown_outcome(OutcomeUnknownError("lost"))

    @app.on_any
    def handle(event: Event) -> None:
        calls.append(event)
        portal.run(send)
        raise TimeoutError  # As Celery's time limit, in the middle of a send.

    @app.on_any
    def fail(_event: Event) -> None:
        calls.append(_event)
        if len(calls) == 2:
            raise LookupError

    assert [deliver_wsgi(app, TEXT) for _ in range(3)] == [500, 200, 200]
    assert len(calls) == 3
    assert app.counts.redelivered == 1


def test_a_step_whose_function_returns_a_coroutine_awaits_it() -> None:
    app, calls = WebhookApp(SECRET), list[str]()

    async def send(text: str) -> None:
        calls.append(text)

    @app.on_any
    def handle(event: Event) -> None:
        app.run_once(event, "answer", lambda: send("sent"))

    assert [deliver_wsgi(app, TEXT) for _ in range(2)] == [200, 200]
    assert calls == ["sent"]


def test_what_interrupts_the_wait_for_the_loop_leaves_no_claim_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    app, calls = WebhookApp(SECRET), list[Event]()

    @app.on_any
    def handle(event: Event) -> None:
        calls.append(event)
        if len(calls) == 1:
            # As soon as this has returned, while the thread takes the result back to the loop.
            monkeypatch.setattr(portal, "run", interrupt)

    def interrupt(*given: Any) -> Any:
        monkeypatch.undo()
        portal.run(*given)
        raise KeyboardInterrupt

    @app.on_any
    def second(event: Event) -> None:
        calls.append(event)

    with pytest.raises(KeyboardInterrupt):
        deliver_wsgi(app, TEXT)
    assert len(calls) == 1
    assert deliver_wsgi(app, TEXT) == 200
    assert len(calls) == 2


# Answer first, handle after.


def test_answered_first_an_event_is_handled_in_another_thread_and_sees_no_request() -> None:
    app, seen = WebhookApp(SECRET, acknowledge="first"), list[object]()
    variable = contextvars.ContextVar[str]("variable", default="none")
    release = threading.Event()

    @app.on_any
    def handle(_event: Event) -> None:
        assert release.wait(30)
        seen.append((threading.current_thread() is threading.main_thread(), variable.get()))

    @app.on_any
    async def on_loop(_event: Event) -> None:
        seen.append(variable.get())

    def respond() -> int:
        variable.set("of the request")
        return deliver_wsgi(app, TEXT)

    assert contextvars.copy_context().run(respond) == 200
    assert not seen
    release.set()
    app.drain()
    assert seen == [(False, "none"), "none"]


def test_answered_first_events_beyond_the_capacity_are_503_and_delivered_again() -> None:
    app, seen = WebhookApp(SECRET, acknowledge="first", capacity=2, at_once=1), list[str]()
    release = threading.Event()

    @app.on_any
    def handle(event: Event) -> None:
        assert release.wait(30)
        seen.append(event.kind)

    with app:
        statuses = [deliver_wsgi(app, body) for body in BODIES.values()]
        assert statuses == [200, 200] + [503] * (len(BODIES) - 2)
        release.set()
        app.drain()
        assert deliver_wsgi(app, TEXT) == 200
    assert len(seen) == 3


def test_answered_first_while_the_process_ends_an_event_is_handled_before_the_response(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app, events = _make_app(acknowledge="first")
    monkeypatch.setattr(wsgi_app, "is_exiting", lambda: True)
    assert deliver_wsgi(app, TEXT) == 200
    assert len(events) == 1


def test_when_the_main_thread_has_ended_what_is_not_closed_is_drained(monkeypatch: pytest.MonkeyPatch) -> None:
    drained: list[str] = []

    class Work:
        def __init__(self, name: str) -> None:
            self.name = name

        async def drain(self) -> None:
            drained.append(self.name)

    end = threading.Event()
    main = threading.Thread(target=end.wait)
    main.start()
    monkeypatch.setattr(threading, "main_thread", lambda: main)
    exits, closed = exit_drain._ExitDrain(), Work("closed")
    for work in (Work("open"), closed, closed):
        exits.add(work)
    exits.discard(closed)
    thread = exits._thread
    assert thread is not None
    assert thread.is_alive()
    assert not exit_drain.is_exiting()
    end.set()
    thread.join()
    assert exit_drain.is_exiting()
    assert drained == ["open"]


def test_handle_runs_the_handlers_in_the_calling_thread_before_it_returns_whatever_is_answered_first() -> None:
    app, seen = WebhookApp(SECRET, acknowledge="first"), list[threading.Thread]()
    app.on_any(lambda _event: seen.append(threading.current_thread()))
    assert app.handle(read(load_body("text")))
    assert app.handle(read(load_body("text")))
    assert seen == [threading.current_thread()]
    with pytest.raises(InvalidInputError, match="must be an event"):
        app.handle("event")  # type: ignore[arg-type]


# Steps.


def test_a_step_runs_in_the_thread_of_its_handler_and_only_once() -> None:
    app, steps, results = WebhookApp(SECRET), list[threading.Thread](), list[object]()

    def work() -> str:
        steps.append(threading.current_thread())
        return "result"

    @app.on_any
    def handle(event: Event) -> None:
        results.append(app.run_once(event, "charge", work))
        if len(results) == 1:
            raise ValueError

    assert [deliver_wsgi(app, TEXT) for _ in range(2)] == [500, 200]
    assert results == ["result", None]
    assert steps == [threading.current_thread()]


def test_a_step_that_fails_raises_its_error_and_is_done_again() -> None:
    app, steps = WebhookApp(SECRET), list[Event]()

    @app.on_any
    def handle(event: Event) -> None:
        def work() -> None:
            steps.append(event)
            if len(steps) == 1:
                raise ValueError(CANARY)

        if len(steps) == 0:
            with pytest.raises(ValueError, match=CANARY):
                app.run_once(event, "charge", work)
        app.run_once(event, "charge", work)

    assert deliver_wsgi(app, TEXT) == 200
    assert len(steps) == 2


def test_a_step_must_be_a_plain_function() -> None:
    app = WebhookApp(SECRET)
    event = read(load_body("text"))

    async def work() -> None: ...

    for wrong in (work, None, "result"):
        with pytest.raises(InvalidInputError, match="plain function"):
            app.run_once(event, "charge", wrong)  # type: ignore[arg-type]


# Stores.


class PlainStore:
    """A store of plain functions, which fails in the methods named."""

    lease = 0.01

    def __init__(self, *broken: str) -> None:
        self.broken = broken
        self.threads: set[threading.Thread] = set()
        self.inner = MemoryStore()

    def claim(self, key: str) -> Claim:
        self._enter("claim")
        return self.inner.claim(key)

    def complete(self, claim: Claim) -> bool:
        self._enter("complete")
        return self.inner.complete(claim)

    def release(self, claim: Claim) -> bool:
        self._enter("release")
        return self.inner.release(claim)

    def _enter(self, method: str) -> None:
        self.threads.add(threading.current_thread())
        if method in self.broken:
            raise OSError(CANARY)


class CheckedStore(PlainStore):
    def __init__(self) -> None:
        super().__init__()
        self.calls: list[str] = []

    def check(self) -> None:
        self.calls.append("check")

    def close(self) -> None:
        self.calls.append("close")


def test_a_store_of_plain_functions_runs_in_the_thread_of_the_request() -> None:
    store = PlainStore()
    app, events = _make_app(store=store)
    assert [deliver_wsgi(app, TEXT) for _ in range(2)] == [200, 200]
    assert len(events) == 1
    assert store.threads == {threading.current_thread()}
    with app:
        app.check()


def test_what_interrupts_a_handler_leaves_no_claim_in_a_store_of_plain_functions() -> None:
    app, calls = WebhookApp(SECRET, store=PlainStore()), list[Event]()

    @app.on_any
    def handle(event: Event) -> None:
        calls.append(event)
        if len(calls) == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        deliver_wsgi(app, TEXT)
    assert deliver_wsgi(app, TEXT) == 200
    assert len(calls) == 2


def test_what_interrupts_a_request_before_it_begins_passes_through(monkeypatch: pytest.MonkeyPatch) -> None:
    app, events = _make_app()
    original = portal.run

    def interrupt(*_given: Any) -> Any:
        monkeypatch.setattr(portal, "run", original)
        raise KeyboardInterrupt

    monkeypatch.setattr(portal, "run", interrupt)
    with pytest.raises(KeyboardInterrupt):
        deliver_wsgi(app, TEXT)
    assert deliver_wsgi(app, TEXT) == 200
    assert len(events) == 1


def test_a_forked_process_has_a_receiver_of_its_own_with_the_same_handlers(monkeypatch: pytest.MonkeyPatch) -> None:
    app, events = _make_app()
    assert deliver_wsgi(app, TEXT) == 200
    monkeypatch.setattr(app, "_process", -1)
    assert deliver_wsgi(app, TEXT) == 200
    assert len(events) == 2


def test_a_store_of_plain_functions_is_checked_and_closed_if_it_can_be() -> None:
    store = CheckedStore()
    with WebhookApp(SECRET, store=store) as app:
        app.check()
    assert store.calls == ["check", "close"]


@pytest.mark.parametrize("mode", ["last", "first"])
def test_a_store_may_return_what_is_to_be_awaited(mode: Any) -> None:
    class Undeclared:
        def __init__(self) -> None:
            inner = AsyncMemoryStore()
            self.claim = lambda key: inner.claim(key)  # noqa: PLW0108 (a plain function)
            self.complete = lambda claim: inner.complete(claim)  # noqa: PLW0108
            self.release = lambda claim: inner.release(claim)  # noqa: PLW0108

    app, events = _make_app(store=Undeclared(), acknowledge=mode)
    assert deliver_wsgi(app, TEXT) == 200
    app.drain()
    assert deliver_wsgi(app, TEXT) == 200
    assert len(events) == 1


@pytest.mark.parametrize("broken", ["claim", "complete", "release"])
def test_a_failing_plain_store_loses_nothing(broken: str, caplog: pytest.LogCaptureFixture) -> None:
    store = PlainStore(broken)
    app, calls = WebhookApp(SECRET, store=store), list[Event]()

    @app.on_any
    def handle(event: Event) -> None:
        calls.append(event)
        if broken == "release" and len(calls) == 1:
            raise ValueError

    statuses = [deliver_wsgi(app, TEXT)]
    store.broken = ()
    statuses.append(deliver_wsgi(app, TEXT))
    # What cannot be recorded stays claimed until the lease ends, and the service delivers it again.
    assert statuses == {"claim": [503, 200], "complete": [200, 503], "release": [500, 503]}[broken]
    assert len(calls) == 1
    assert CANARY not in caplog.text


@pytest.mark.parametrize("store", ["webhooks.db", MemoryStore, object(), AsyncMemoryStore])
def test_what_is_no_store_is_refused_at_once_for_wsgi_too(store: Any) -> None:
    with pytest.raises(InvalidInputError, match=r"^store: "):
        WebhookApp(SECRET, store=store)


def test_a_file_is_shared_with_the_synchronous_store_that_was_given(tmp_path: Path) -> None:
    with SQLiteStore(tmp_path / "a.db") as store, WebhookApp(SECRET, store=store) as app:
        app.check()
        app.on_any(lambda _event: None)
        assert deliver_wsgi(app, TEXT) == 200
        assert store.claim(read(load_body("text")).key).state is ClaimState.COMPLETED


# From views.


def test_accept_takes_any_headers_and_returns_a_status() -> None:
    app, events = _make_app(max_bytes=len(TEXT))
    signature = sign(TEXT, SECRET)
    assert app.accept({"X-Connectly-Hmac-Sha256": signature}, TEXT) is HTTPStatus.OK
    assert app.accept([(b"x-connectly-hmac-sha256", signature.encode())], TEXT) is HTTPStatus.OK
    assert app.accept({}, TEXT) is HTTPStatus.UNAUTHORIZED
    assert app.accept({}, TEXT + b" ") == 413
    assert len(events) == 1
    with pytest.raises(TypeError, match="raw bytes"):
        app.accept({"X-Connectly-Hmac-Sha256": signature}, TEXT.decode())  # type: ignore[arg-type]


async def test_within_an_event_loop_it_is_a_clear_error() -> None:
    app, _ = _make_app()
    with pytest.raises(UsageError, match="within a running event loop"):
        deliver_wsgi(app, TEXT)


@pytest.mark.parametrize(
    "options",
    [{"secrets": ""}, {"acknowledge": "never"}, {"capacity": 0}, {"max_bytes": "1 MiB"}, {"on_failure": None}],
)
def test_over_wsgi_a_setting_that_makes_no_sense_is_refused_at_once(options: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError):
        WebhookApp(**({"secrets": SECRET} | options))


def test_a_handler_that_is_none_is_refused_at_once() -> None:
    app = WebhookApp(SECRET)
    with pytest.raises(InvalidInputError, match="classes of events"):
        app.on(str)
    with pytest.raises(InvalidInputError, match="handler"):
        app.on_any(None)  # type: ignore[arg-type]
