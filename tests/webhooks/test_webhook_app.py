from __future__ import annotations

import logging
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from connectly_api import InvalidInputError, UsageError
from connectly_api.webhooks import (
    ButtonReply,
    Claim,
    ClaimState,
    DeliveryStatus,
    Event,
    InboundMessage,
    MemoryStore,
    SQLiteStore,
    WebhookApp,
    WebhookStoreError,
    dispatch,
    sign,
)

from .asgi_request import SECRET, Answer, deliver, request
from .documented_bodies import BODIES, load_body

CANARY = "canary5511"
Run = Callable[[Callable[[], Awaitable[Any]]], Any]


@pytest.fixture(params=["asyncio", "trio"])
def run(request: pytest.FixtureRequest) -> Run:
    return lambda main: anyio.run(main, backend=request.param)


class BrokenStore:
    """A store that fails in the methods named."""

    def __init__(self, *broken: str) -> None:
        self.broken = broken
        self.inner = MemoryStore()

    async def claim(self, key: str) -> Claim:
        if "claim" in self.broken:
            raise OSError(CANARY)
        return await self.inner.claim(key)

    async def complete(self, claim: Claim) -> bool:
        if "complete" in self.broken:
            raise OSError(CANARY)
        return await self.inner.complete(claim)

    async def release(self, claim: Claim) -> bool:
        if "release" in self.broken:
            raise OSError(CANARY)
        return await self.inner.release(claim)


def _make_app(**options: Any) -> tuple[WebhookApp, list[Event]]:
    app, events = WebhookApp(SECRET, **options), []

    @app.on_any
    async def collect(event: Event) -> None:
        events.append(event)

    return app, events


# What is answered to what.


def _ask(run: Run, app: WebhookApp, chunks: list[bytes], **options: Any) -> Answer:
    answer = run(partial(request, app, chunks, **options))
    assert isinstance(answer, Answer)
    return answer


SIGNED = [(b"x-connectly-hmac-sha256", sign(BODIES["text"], SECRET).encode())]


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "post"])
def test_anything_but_a_post_is_405_and_says_what_is_allowed(run: Run, method: str) -> None:
    app, events = _make_app()
    answer = _ask(run, app, [BODIES["text"]], method=method, headers=SIGNED)
    assert (answer.status, answer.headers[b"allow"]) == (405, b"POST")
    assert (answer.body == b"") is (method == "HEAD")
    assert not events


def test_a_body_that_is_declared_too_large_is_413_before_it_is_read(run: Run) -> None:
    app, _ = _make_app(max_bytes=100)

    async def main() -> list[Any]:
        sent: list[Any] = []

        async def receive() -> Any:
            pytest.fail("the body was read")

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {"type": "http", "method": "POST", "headers": [(b"Content-Length", b"101")], "http_version": "1.1"}
        await app(scope, receive, send)
        return sent

    start, _body = run(main)
    assert start["status"] == 413
    assert (b"connection", b"close") in start["headers"]


@pytest.mark.parametrize("declared", [[], [(b"content-length", b"10")], [(b"content-length", b"-1")]])
def test_a_body_that_turns_out_too_large_is_413_as_soon_as_it_is(run: Run, declared: list[tuple[bytes, bytes]]) -> None:
    app, events = _make_app(max_bytes=100)
    answer = _ask(run, app, [b"x" * 60, b"x" * 41, b"never read" * 1000, b""], headers=declared)
    assert answer.status == 413
    assert not events


def test_a_connection_of_http_2_is_not_closed_by_a_header_that_it_forbids(run: Run) -> None:
    answer = _ask(run, WebhookApp(SECRET, max_bytes=1), [b"xx"], http_version="2")
    assert answer.status == 413
    assert b"connection" not in answer.headers


def test_the_largest_body_is_read(run: Run) -> None:
    app, events = _make_app(max_bytes=len(BODIES["text"]))
    headers = [*SIGNED, (b"content-length", b"%d" % len(BODIES["text"]))]
    assert _ask(run, app, [BODIES["text"]], headers=headers).status == 200
    assert len(events) == 1


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [(b"x-connectly-hmac-sha256", b"")],
        [(b"x-connectly-hmac-sha256", b"\xff")],
        [(b"x-connectly-hmac-sha256", sign(BODIES["text"], "other").encode())],
        [(b"x-connectly-hmac-sha256", sign(BODIES["media"], SECRET).encode())],
        [*SIGNED, (b"x-connectly-hmac-sha256", b"other")],
    ],
    ids=repr,
)
def test_a_body_without_its_signature_is_401(run: Run, headers: list[tuple[bytes, bytes]]) -> None:
    app, events = _make_app()
    answer = _ask(run, app, [BODIES["text"]], headers=headers)
    assert (answer.status, answer.headers[b"www-authenticate"]) == (401, b"x-connectly-hmac-sha256")
    assert not events


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff", b'{"a": NaN}', b'{"a":' + b"[" * 5000], ids=repr)
def test_an_authentic_body_that_cannot_be_read_is_400(run: Run, body: bytes) -> None:
    app, events = _make_app()
    assert run(partial(deliver, app, body)) == 400
    assert not events


def test_an_answer_is_short_and_gives_nothing_away(run: Run) -> None:
    app, _ = _make_app()
    for answer in (
        _ask(run, app, [BODIES["text"]], headers=SIGNED),
        _ask(run, app, [CANARY.encode()]),
        _ask(run, app, [], method="GET"),
    ):
        assert len(answer.body) < 30
        assert CANARY.encode() not in answer.body
        assert answer.headers[b"content-length"] == b"%d" % len(answer.body)
        assert answer.headers.get(b"content-type", b"text/plain").startswith(b"text/plain")
        assert (answer.body == b"") is (answer.status == 200)


@pytest.mark.parametrize("size", [1, 7, 100])
def test_a_body_may_come_in_any_chunks(run: Run, size: int) -> None:
    app, events = _make_app()
    chunks = [BODIES["text"][start : start + size] for start in range(0, len(BODIES["text"]), size)]
    assert _ask(run, app, chunks, headers=SIGNED).status == 200
    assert len(events) == 1


def test_a_client_that_leaves_before_its_end_gets_no_answer_and_no_handler(run: Run) -> None:
    app, events = _make_app()
    assert run(partial(request, app, [BODIES["text"]], headers=SIGNED, leave=True)) is None
    assert not events


def test_mounted_anywhere_and_signed_with_any_secret_it_answers(run: Run) -> None:
    app, _ = _make_app()
    assert run(partial(deliver, app, load_body("text"), root_path="/hooks", path="/hooks/x")) == 200
    rotating = WebhookApp(["old", b"new"])
    assert run(partial(deliver, rotating, BODIES["text"], key="old")) == 200
    assert run(partial(deliver, rotating, BODIES["text"], key="new")) == 200
    assert run(partial(deliver, rotating, BODIES["text"], key="older")) == 401


async def _silent(app: WebhookApp, *chunks: bytes) -> int:
    """Send the beginning of a body, and nothing more."""
    sent: list[Any] = []
    incoming = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks]

    async def receive() -> Any:
        if incoming:
            return incoming.pop(0)
        return await anyio.sleep_forever()

    async def send(message: Any) -> None:
        sent.append(message)

    await app({"type": "http", "method": "POST", "headers": [], "http_version": "1.1"}, receive, send)
    assert (b"connection", b"close") in sent[0]["headers"]
    status: int = sent[0]["status"]
    return status


def test_a_body_that_does_not_come_is_408_and_the_connection_ends(run: Run) -> None:
    app, events = _make_app(body_timeout=0.01)
    assert run(partial(_silent, app)) == 408
    assert run(partial(_silent, app, BODIES["text"][:50])) == 408
    assert not events


def test_many_large_bodies_at_once_are_429_and_a_small_one_comes_through(run: Run) -> None:
    app, events = _make_app(max_bytes=100_000, body_timeout=0.5)
    statuses: list[int] = []

    async def one() -> None:
        statuses.append(await _silent(app, b"x" * 99_999))

    async def main() -> int:
        async with anyio.create_task_group() as tasks:
            for _ in range(150):
                tasks.start_soon(one)
            await anyio.wait_all_tasks_blocked()
            held = sum(app._bodies._large.values())
            assert await deliver(app, BODIES["text"]) == 200
        return held

    held = run(main)
    assert 15 * 100_000 < held <= 16 * 100_000
    assert (statuses.count(408), statuses.count(429)) == (16, 134)
    assert not app._bodies._large
    assert len(events) == 1


# Handlers.


def test_handlers_are_called_by_class_in_order_and_each_event_by_all_of_them(run: Run) -> None:
    app, calls = WebhookApp(SECRET), []

    @app.on(DeliveryStatus)
    async def first(event: DeliveryStatus) -> None:
        calls.append(("first", event.status))

    @app.on(InboundMessage, ButtonReply)
    async def replies(event: InboundMessage | ButtonReply) -> None:
        calls.append(("replies", event.text))

    @app.on_any
    async def everything(event: Event) -> None:
        calls.append(("everything", event.kind))

    async def main() -> set[int]:
        return {await deliver(app, body) for body in BODIES.values()}

    assert run(main) == {200}
    assert calls == [
        ("replies", "TEST 11"),
        ("everything", "button_reply"),
        ("first", "delivered"),
        ("everything", "delivery_status"),
        ("first", "delivery_failed"),
        ("everything", "delivery_status"),
        ("replies", None),
        ("everything", "message"),
        ("replies", "TEST 11"),
        ("everything", "message"),
        ("everything", "report"),
        ("replies", "TEST 11"),
        ("everything", "message"),
    ]


class Callable_:  # noqa: N801 (a class whose objects can be called)
    def __init__(self, calls: list[str]) -> None:
        self.calls = calls

    async def __call__(self, event: Event) -> None:
        await anyio.lowlevel.checkpoint()
        self.calls.append(event.kind)


def test_a_handler_may_be_any_callable_and_a_plain_function_runs_in_a_thread(run: Run) -> None:
    app, calls = WebhookApp(SECRET), []

    @app.on_any
    def plain(event: Event) -> None:
        assert threading.current_thread() is not threading.main_thread()
        calls.append(f"plain {event.kind}")

    async def with_argument(prefix: str, event: Event) -> None:
        calls.append(prefix + event.kind)

    app.on_any(Callable_(calls))
    app.on_any(partial(with_argument, "partial "))
    app.on_any(lambda event: with_argument("lambda ", event))
    assert run(partial(deliver, app, BODIES["text"])) == 200
    assert calls == ["plain message", "message", "partial message", "lambda message"]


def test_a_union_of_classes_can_be_handled(run: Run) -> None:
    app, calls = WebhookApp(SECRET), []
    app.on(Event)(lambda event: calls.append(event.kind))
    app.on(InboundMessage | ButtonReply)(lambda event: calls.append(event.text))
    assert run(partial(deliver, app, BODIES["text"])) == 200
    assert calls == ["message", "TEST 11"]


@pytest.mark.parametrize(
    "kinds",
    [
        *(
            [str],
            ["delivery_status"],
            [None],
            [int | str],
            [list[Event]],
            [DeliveryStatus()],
            [lambda event: event],
            [],
        ),
        [DeliveryStatus, str],
    ],
)
def test_a_handler_for_something_else_is_refused(kinds: list[Any]) -> None:
    with pytest.raises(InvalidInputError, match="classes of events"):
        WebhookApp(SECRET).on(*kinds)


def test_an_event_that_nobody_wants_is_200_and_claims_nothing(run: Run) -> None:
    app = WebhookApp(SECRET, store=BrokenStore("claim"))
    app.on(ButtonReply)(lambda event: event)
    assert run(partial(deliver, app, BODIES["text"])) == 200


# Nothing lost.


def test_a_failing_handler_answers_500_and_the_next_delivery_is_handled(
    run: Run, caplog: pytest.LogCaptureFixture
) -> None:
    app, calls = WebhookApp(SECRET), []

    @app.on_any
    async def fails_at_first(event: Event) -> None:
        calls.append(event)
        if len(calls) == 1:
            raise ValueError(f"{CANARY} {event.raw}")

    @app.on_any
    async def after(event: Event) -> None:
        calls.append(event)

    async def main() -> list[int]:
        return [await deliver(app, load_body("text", callbackData=CANARY)) for _ in range(3)]

    with caplog.at_level(logging.DEBUG):
        assert run(main) == [500, 200, 200]
    assert len(calls) == 3
    assert "fails_at_first failed with ValueError" in caplog.text
    assert "in fails_at_first" in caplog.text
    assert CANARY not in caplog.text
    assert "+16315555500" not in caplog.text


def test_nothing_personal_is_logged_at_any_level(run: Run, caplog: pytest.LogCaptureFixture) -> None:
    app = WebhookApp(SECRET, store=BrokenStore("claim"))
    app.on_any(lambda event: event)
    body = load_body("text", callbackData=CANARY, message={"text": CANARY})

    async def main() -> list[int]:
        return [
            await deliver(app, body),
            await deliver(app, body, key="wrong"),
            await deliver(app, CANARY.encode()),
        ]

    with caplog.at_level(logging.DEBUG):
        assert run(main) == [503, 401, 400]
    assert len([record for record in caplog.records if record.name == "connectly_api.webhooks"]) == 3
    for secret in (CANARY, SECRET, "+16315555500", sign(CANARY.encode(), SECRET)):
        assert secret not in caplog.text


@pytest.mark.parametrize("broken", ["claim", "complete", "release"])
def test_a_failing_store_loses_nothing(run: Run, broken: str, caplog: pytest.LogCaptureFixture) -> None:
    store = BrokenStore(broken)
    app, calls = WebhookApp(SECRET, store=store), []

    @app.on_any
    async def handle(event: Event) -> None:
        calls.append(event)
        if broken == "release" and len(calls) == 1:
            raise ValueError

    async def main() -> list[int]:
        statuses = [await deliver(app, BODIES["text"])]
        store.broken = ()
        return [*statuses, await deliver(app, BODIES["text"])]

    # What cannot be recorded stays claimed until the lease ends, and the service delivers it again.
    assert run(main) == {"claim": [503, 200], "complete": [200, 503], "release": [500, 503]}[broken]
    assert len(calls) == 1
    assert "the store failed with OSError" in caplog.text
    assert CANARY not in caplog.text


def test_a_cancelled_handler_gives_its_event_back(run: Run) -> None:
    store = MemoryStore()
    app, calls = WebhookApp(SECRET, store=store), []

    @app.on_any
    async def slow(event: Event) -> None:
        calls.append(event)
        if len(calls) == 1:
            await anyio.sleep_forever()

    async def main() -> int:
        with anyio.move_on_after(0.05) as scope:
            await deliver(app, BODIES["text"])
        assert scope.cancelled_caught
        return await deliver(app, BODIES["text"])

    assert run(main) == 200
    assert len(calls) == 2


# Nothing twice.


def test_a_second_delivery_is_503_while_the_first_is_handled_and_200_after_it(run: Run) -> None:
    app, calls = WebhookApp(SECRET), []

    async def main() -> list[int]:
        started, go = anyio.Event(), anyio.Event()
        statuses = []

        @app.on_any
        async def handle(event: Event) -> None:
            calls.append(event)
            started.set()
            await go.wait()

        async def first() -> None:
            statuses.append(await deliver(app, BODIES["text"]))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(first)
            await started.wait()
            statuses.append(await deliver(app, BODIES["text"]))
            go.set()
        return [*statuses, await deliver(app, BODIES["text"])]

    assert run(main) == [503, 200, 200]
    assert len(calls) == 1


def test_of_many_deliveries_at_the_same_instant_one_is_handled(run: Run) -> None:
    app, events = _make_app()

    async def main() -> list[int]:
        statuses = []

        async def one() -> None:
            await anyio.lowlevel.checkpoint()
            statuses.append(await deliver(app, BODIES["text"]))

        async with anyio.create_task_group() as tasks:
            for _ in range(50):
                tasks.start_soon(one)
        return statuses

    assert set(run(main)) <= {200, 503}
    assert len(events) == 1


def test_a_handler_that_outlives_its_lease_is_not_completed_twice(run: Run, caplog: pytest.LogCaptureFixture) -> None:
    now = [0.0]
    store = MemoryStore(lease=10, clock=lambda: now[0])
    app, calls = WebhookApp(SECRET, store=store), []

    async def main() -> list[int]:
        first_started, second_done = anyio.Event(), anyio.Event()
        statuses = []

        @app.on_any
        async def handle(event: Event) -> None:
            calls.append(event)
            if len(calls) == 1:
                now[0] += 10
                first_started.set()
                await second_done.wait()

        async def first() -> None:
            statuses.append(await deliver(app, BODIES["text"]))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(first)
            await first_started.wait()
            statuses.append(await deliver(app, BODIES["text"]))
            second_done.set()
        return statuses

    assert run(main) == [200, 200]
    assert len(calls) == 2
    assert "its claim had expired" in caplog.text


# Acknowledging first.


def test_acknowledging_first_answers_at_once_and_drain_waits_for_the_handlers(run: Run) -> None:
    app, done = WebhookApp(SECRET, acknowledge="first"), []

    async def main() -> list[int]:
        go = anyio.Event()

        @app.on_any
        async def handle(event: Event) -> None:
            await go.wait()
            done.append(event)

        statuses = [await deliver(app, BODIES[name]) for name in ("text", "media", "text")]
        assert not done
        go.set()
        await app.drain()
        assert len(done) == 2
        return [*statuses, await deliver(app, BODIES["text"])]

    # A second delivery during the first is 503: the first may yet fail.
    assert run(main) == [200, 200, 503, 200]


def test_a_full_backlog_is_503_and_leaves_the_event_free(run: Run) -> None:
    app, done = WebhookApp(SECRET, acknowledge="first", capacity=3, at_once=1), []

    async def main() -> list[int]:
        go = anyio.Event()

        @app.on_any
        async def handle(event: Event) -> None:
            await go.wait()
            done.append(event.raw["timestamp"])

        bodies = [load_body("text", timestamp=str(1639083206 + number)) for number in range(5)]
        statuses = [await deliver(app, body) for body in bodies]
        go.set()
        await app.drain()
        assert done == sorted(done)
        statuses += [await deliver(app, body) for body in bodies]
        await app.drain()
        return statuses

    assert run(main) == [200, 200, 200, 503, 503, 200, 200, 200, 200, 200]
    assert len(done) == 5


def test_after_acknowledging_first_a_failure_is_logged_and_the_event_is_free(
    run: Run, caplog: pytest.LogCaptureFixture
) -> None:
    app, calls = WebhookApp(SECRET, acknowledge="first"), []

    @app.on_any
    async def handle(event: Event) -> None:
        calls.append(event)
        if len(calls) == 1:
            raise ValueError(CANARY)

    async def main() -> list[int]:
        first = await deliver(app, BODIES["text"])
        await app.drain()
        second = await deliver(app, BODIES["text"])
        await app.drain()
        return [first, second]

    assert run(main) == [200, 200]
    assert len(calls) == 2
    assert "failed with ValueError" in caplog.text
    assert CANARY not in caplog.text


class Turncoat(BrokenStore):
    """A store in which another delivery takes a waiting event: before its claim is renewed, or while it is."""

    def __init__(self, moment: str) -> None:
        super().__init__()
        self.moment = moment
        self.claims = 0

    async def release(self, claim: Claim) -> bool:
        return self.moment != "before" and await self.inner.release(claim)

    async def claim(self, key: str) -> Claim:
        self.claims += 1
        return await self.inner.claim(key) if self.claims == 1 else Claim(key, ClaimState.IN_PROGRESS)


@pytest.mark.parametrize("moment", ["before", "between"])
def test_a_waiting_event_that_another_delivery_took_over_is_left_to_it(
    run: Run, moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatch, "_SHORT_WAIT", -1.0)
    app, events = _make_app(acknowledge="first", store=Turncoat(moment))

    async def main() -> int:
        status = await deliver(app, BODIES["text"])
        await app.drain()
        return status

    assert run(main) == 200
    assert not events


def test_an_acknowledged_event_is_handled_even_if_the_store_fails(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dispatch, "_SHORT_WAIT", -1.0)
    app, events = _make_app(acknowledge="first", store=BrokenStore("release"))

    async def main() -> int:
        status = await deliver(app, BODIES["text"])
        await app.drain()
        return status

    assert run(main) == 200
    assert len(events) == 1


@pytest.mark.parametrize(("capacity", "at_once"), [(1, 1), (5, 1), (5, 2), (5, 5), (5, 50), (2, 3)])
def test_so_many_events_are_handled_at_once_so_many_are_held_and_the_rest_are_503(
    run: Run, capacity: int, at_once: int
) -> None:
    app = WebhookApp(SECRET, acknowledge="first", capacity=capacity, at_once=at_once)
    bodies = [load_body("text", message={"id": f"m{number}", "text": "x"}) for number in range(capacity + 3)]

    async def main() -> None:
        go, running, done = anyio.Event(), [0], []

        @app.on_any
        async def handle(_event: Event) -> None:
            running[0] += 1
            await go.wait()
            done.append(running[0])
            running[0] -= 1

        statuses = [await deliver(app, body) for body in bodies]
        assert statuses == [200] * capacity + [503] * 3
        await anyio.wait_all_tasks_blocked()
        assert running == [min(capacity, at_once)]
        go.set()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(app.drain)
            tasks.start_soon(app.drain)
        assert len(done) == capacity
        assert max(done) <= at_once
        assert await deliver(app, bodies[-1]) == 200
        await app.drain()
        assert len(done) == capacity + 1

    run(main)


def test_drain_waits_for_events_that_come_while_it_waits(run: Run) -> None:
    app, done = WebhookApp(SECRET, acknowledge="first", at_once=1), []

    @app.on_any
    async def handle(event: Event) -> None:
        number = int(event.message_id or "")
        done.append(number)
        if number < 5:
            assert await deliver(app, load_body("text", message={"id": f"{number + 1}", "text": "x"})) == 200

    async def main() -> None:
        assert await deliver(app, load_body("text", message={"id": "0", "text": "x"})) == 200
        await app.drain()

    run(main)
    assert done == [0, 1, 2, 3, 4, 5]


def test_the_end_of_the_event_loop_ends_the_handlers(run: Run) -> None:
    app, ended = WebhookApp(SECRET, acknowledge="first"), []

    @app.on_any
    async def handle(event: Event) -> None:
        try:
            await anyio.sleep_forever()
        finally:
            ended.append(event)

    async def main() -> None:
        assert await deliver(app, BODIES["text"]) == 200
        await anyio.wait_all_tasks_blocked()

    run(main)
    assert len(ended) == 1


def test_with_nothing_waiting_drain_returns_at_once(run: Run) -> None:
    run(WebhookApp(SECRET).drain)
    run(WebhookApp(SECRET, acknowledge="first").drain)


# Other protocols.


@asynccontextmanager
async def _lifespan(app: WebhookApp) -> AsyncGenerator[list[str]]:
    to_app, from_app = anyio.create_memory_object_stream[Any](1), anyio.create_memory_object_stream[Any](1)
    said: list[str] = []
    async with to_app[0], to_app[1], from_app[0], from_app[1], anyio.create_task_group() as tasks:
        tasks.start_soon(app, {"type": "lifespan"}, to_app[1].receive, from_app[0].send)
        await to_app[0].send({"type": "lifespan.startup"})
        said.append((await from_app[1].receive())["type"])
        yield said
        await to_app[0].send({"type": "lifespan.shutdown"})
        said.append((await from_app[1].receive())["type"])


def test_at_the_end_of_its_life_it_drains(run: Run) -> None:
    app, done = WebhookApp(SECRET, acknowledge="first"), []

    @app.on_any
    async def handle(event: Event) -> None:
        await anyio.sleep(0.01)
        done.append(event)

    async def main() -> list[str]:
        async with _lifespan(app) as said:
            assert await deliver(app, BODIES["text"]) == 200
            assert not done
        return said

    assert run(main) == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert len(done) == 1


def test_at_the_end_of_its_life_its_store_is_closed_and_a_later_event_opens_it_again(run: Run, tmp_path: Path) -> None:
    store = SQLiteStore(tmp_path / "a.db")
    app, events = _make_app(store=store)

    async def main() -> list[int]:
        async with _lifespan(app):
            statuses = [await deliver(app, BODIES["text"])]
        assert store._get_opened().connection is None
        statuses.append(await deliver(app, BODIES["text"]))
        await app.aclose()
        return statuses

    assert run(main) == [200, 200]
    assert len(events) == 1


def test_a_store_that_cannot_be_used_ends_the_life_before_it_begins(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    path.write_text("no database" * 100)

    async def main() -> list[Any]:
        app, sent = WebhookApp(SECRET, store=SQLiteStore(path)), []

        async def receive() -> Any:
            return {"type": "lifespan.startup"}

        async def send(message: Any) -> None:
            sent.append(message)

        await app({"type": "lifespan"}, receive, send)
        with pytest.raises(WebhookStoreError, match="it is not a SQLite database"):
            await app.check()
        return sent

    (message,) = run(main)
    assert message["type"] == "lifespan.startup.failed"
    assert message["message"] == f"webhook store {str(path)!r}: it is not a SQLite database"


def test_a_check_that_fails_in_any_way_ends_the_life_before_it_begins(
    run: Run, caplog: pytest.LogCaptureFixture
) -> None:
    class Store(MemoryStore):
        async def check(self) -> None:
            raise OSError(CANARY)

    async def main() -> list[Any]:
        sent = []

        async def receive() -> Any:
            return {"type": "lifespan.startup"}

        async def send(message: Any) -> None:
            sent.append(message)

        await WebhookApp(SECRET, store=Store())({"type": "lifespan"}, receive, send)
        return sent

    failed = "webhooks: the store's check failed with OSError"
    assert run(main) == [{"type": "lifespan.startup.failed", "message": failed}]
    assert failed in caplog.text
    assert CANARY not in caplog.text


def test_a_store_that_has_no_check_passes_it(run: Run) -> None:
    run(WebhookApp(SECRET).check)


def test_the_end_waits_for_what_is_being_handled_before_it_closes_the_store(run: Run, tmp_path: Path) -> None:
    store = SQLiteStore(tmp_path / "a.db")
    app, done = WebhookApp(SECRET, store=store), []

    async def main() -> list[int]:
        statuses: list[int] = []
        started = anyio.Event()

        @app.on_any
        async def handle(event: Event) -> None:
            started.set()
            await anyio.sleep(0.05)
            done.append(event)

        async def first() -> None:
            statuses.append(await deliver(app, BODIES["text"]))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(first)
            await started.wait()
            await app.aclose()
            assert len(done) == 1
            assert store._get_opened().connection is None
        return statuses

    assert run(main) == [200]


def test_a_websocket_is_closed(run: Run) -> None:
    async def main() -> list[Any]:
        sent: list[Any] = []

        async def receive() -> Any:
            return {"type": "websocket.connect"}

        async def send(message: Any) -> None:
            sent.append(message)

        await WebhookApp(SECRET)({"type": "websocket"}, receive, send)
        return sent

    assert run(main) == [{"type": "websocket.close"}]


def test_a_protocol_that_does_not_exist_yet_is_a_clear_error(run: Run) -> None:
    with pytest.raises(UsageError, match="'telepathy'"):
        run(partial(request, WebhookApp(SECRET), [], type="telepathy"))


@pytest.mark.parametrize(
    ("field", "options"),
    [
        ("secrets", {"secrets": ""}),
        ("secrets", {"secrets": []}),
        ("secrets", {"secrets": [SECRET, ""]}),
        ("secrets", {"secrets": None}),
        ("acknowledge", {"acknowledge": "never"}),
        ("capacity", {"capacity": 0}),
        ("at_once", {"at_once": -1}),
        ("secrets", {"secrets": f"{SECRET}\n"}),
        ("secrets", {"secrets": b"\0"}),
        ("body_timeout", {"body_timeout": 0}),
        ("body_timeout", {"body_timeout": float("nan")}),
        ("max_bytes", {"max_bytes": 0}),
        ("max_bytes", {"max_bytes": "1 MiB"}),
        ("body_timeout", {"body_timeout": float("inf")}),
        ("acknowledge", {"acknowledge": []}),
        ("store", {"store": "webhooks.db"}),
        ("store", {"store": MemoryStore}),
        ("store", {"store": object()}),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused_at_once(field: str, options: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError, match=f"^{field}: ") as caught:
        WebhookApp(**({"secrets": SECRET} | options))
    assert caught.value.field == field
    assert SECRET not in str(caught.value)
