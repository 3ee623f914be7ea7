"""Handlers that fail: who hears twice, what runs again, and what is counted and logged."""

from __future__ import annotations

import asyncio
import functools
import json
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from connectly_api import (
    Connectly,
    ConnectlyError,
    InvalidInputError,
    NotSentError,
    OutcomeUnknownError,
    OutsideWindowError,
)
from connectly_api.sandbox import Sandbox
from connectly_api.transport import AsgiTransport, Progress, Response, Timeouts, WireRequest
from connectly_api.webhooks import (
    SIGNATURE_HEADER,
    Claim,
    ClaimState,
    DeliveryStatus,
    Event,
    FailureAction,
    InboundMessage,
    MemoryStore,
    WebhookApp,
    WebhookCounts,
    WebhookError,
    parse,
    sign,
)

from .asgi_request import SECRET, deliver
from .documented_bodies import BODIES, load_body

CUSTOMER = "+16315555500"
CANARY = "canary5512"
LONG_LEASE = 3600.0
TEXT = load_body("text", message={"id": "m1", "text": "hello"})
Run = Callable[[Callable[[], Awaitable[Any]]], Any]


@pytest.fixture(params=["asyncio", "trio"])
def run(request: pytest.FixtureRequest) -> Run:
    return lambda main: anyio.run(main, backend=request.param)


def app_of(**options: Any) -> WebhookApp:
    return WebhookApp(SECRET, **({"store": MemoryStore(lease=LONG_LEASE)} | options))


def event_of(body: Any = TEXT) -> Event:
    return parse(json.dumps(body).encode())


def client_of(sandbox: Sandbox, transport: AsgiTransport | None = None) -> Connectly:
    settings = sandbox.settings
    return Connectly(
        api_key=settings.api_key,
        business_id=settings.business_id,
        transport=transport or AsgiTransport(sandbox.app),
    )


class SilentTransport(AsgiTransport):
    """Passes the request on, or loses it, and never returns the response."""

    def __init__(self, app: Any, *, is_lossy: bool = False) -> None:
        super().__init__(app)
        self.is_lossy = is_lossy
        self.reached = list[WireRequest]()

    async def exchange(self, request: WireRequest, timeouts: Timeouts, progress: Progress) -> Response:
        if not self.is_lossy:
            await super().exchange(request, timeouts, progress)
        self.reached.append(request)
        await anyio.sleep_forever()
        raise AssertionError


def redeliver(_error: BaseException) -> FailureAction:
    return FailureAction.REDELIVER


# Who hears twice.

FAULTS = pytest.mark.parametrize(
    ("fault", "options"), [("drop", {}), ("server_error", {"accepted": True}), ("cut_off", {}), ("truncated", {})]
)


@FAULTS
@pytest.mark.parametrize(("on_failure", "count"), [({}, 1), ({"on_failure": redeliver}, 2)])
def test_a_customer_whose_answer_may_have_been_accepted_hears_once(
    run: Run, fault: Any, options: dict[str, Any], on_failure: dict[str, Any], count: int
) -> None:
    sandbox = Sandbox(windows="open")
    sandbox.fault(fault, next=1, **options)

    async def main() -> list[int]:
        async with client_of(sandbox) as connectly:
            app = app_of(**on_failure)

            @app.on(InboundMessage)
            async def answer(_event: InboundMessage) -> None:
                await connectly.send_text(CUSTOMER, "hello to you")

            return [await deliver(app, TEXT) for _ in range(3)]

    statuses = run(main)
    assert len(sandbox.messages) == count
    assert statuses == ([200, 200, 200] if count == 1 else [500, 200, 200])


async def _wait_for(reached: list[Any]) -> None:
    while not reached:
        await anyio.lowlevel.checkpoint()


async def _cancel_natively(app: WebhookApp, reached: list[Any]) -> None:
    task = asyncio.ensure_future(deliver(app, TEXT))
    await _wait_for(reached)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def _cancel_by_scope(app: WebhookApp, reached: list[Any]) -> None:
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(deliver, app, TEXT)
        await _wait_for(reached)
        tasks.cancel_scope.cancel()


@pytest.mark.parametrize("is_accepted", [True, False])
@pytest.mark.parametrize("how", ["natively", "by a scope", "on trio"])
def test_a_request_that_is_cancelled_while_its_answer_is_under_way_is_not_answered_twice(
    how: str, is_accepted: bool, caplog: pytest.LogCaptureFixture
) -> None:
    sandbox = Sandbox(windows="open")
    transport = SilentTransport(sandbox.app, is_lossy=not is_accepted)
    app = app_of()

    async def main() -> int:
        async with client_of(sandbox, transport) as connectly:

            @app.on(InboundMessage)
            async def answer(_event: InboundMessage) -> None:
                await connectly.send_text(CUSTOMER, "hello to you")

            await (_cancel_natively if how == "natively" else _cancel_by_scope)(app, transport.reached)
            return await deliver(app, TEXT)

    assert anyio.run(main, backend="trio" if how == "on trio" else "asyncio") == 200
    assert len(sandbox.messages) == is_accepted
    assert app.counts == WebhookCounts(completed_after_failure=1, repeated=1)
    assert "this counts as handled" in caplog.text


@pytest.mark.parametrize("how", ["natively", "by a scope", "on trio"])
def test_a_request_that_is_cancelled_before_its_answer_leaves_is_handled_again(how: str) -> None:
    app, calls = app_of(), list[Event]()

    @app.on_any
    async def wait(event: Event) -> None:
        calls.append(event)
        if len(calls) == 1:
            await anyio.sleep_forever()

    async def main() -> int:
        await (_cancel_natively if how == "natively" else _cancel_by_scope)(app, calls)
        return await deliver(app, TEXT)

    assert anyio.run(main, backend="trio" if how == "on trio" else "asyncio") == 200
    assert app.counts == WebhookCounts(redelivered=1, handled=1)


def test_a_send_whose_cancellation_is_lost_on_the_way_is_not_repeated(run: Run) -> None:
    sandbox = Sandbox(windows="open")

    async def main() -> list[int]:
        async with client_of(sandbox, SilentTransport(sandbox.app)) as connectly:
            app = app_of()

            @app.on(InboundMessage)
            async def answer(_event: InboundMessage) -> None:
                with anyio.fail_after(0.1):
                    await connectly.send_text(CUSTOMER, "hello to you")

            return [await deliver(app, TEXT) for _ in range(2)]

    assert run(main) == [200, 200]
    assert len(sandbox.messages) == 1


@FAULTS
def test_an_unknown_outcome_that_the_handler_hid_before_it_failed_is_not_repeated(
    run: Run, fault: Any, options: dict[str, Any]
) -> None:
    sandbox = Sandbox(windows="open")
    sandbox.fault(fault, next=1, **options)

    async def main() -> list[int]:
        async with client_of(sandbox) as connectly:
            app = app_of()

            @app.on(InboundMessage)
            async def answer(_event: InboundMessage) -> None:
                try:
                    await connectly.send_text(CUSTOMER, "hello to you")
                except ConnectlyError:
                    raise LookupError from None

            return [await deliver(app, TEXT) for _ in range(2)]

    assert run(main) == [200, 200]
    assert len(sandbox.messages) == 1


async def _leave_behind_a_shield(send: Callable[[], Awaitable[Any]]) -> None:
    await asyncio.wait_for(asyncio.shield(send()), 0.01)


async def _fail_beside(send: Callable[[], Awaitable[Any]]) -> None:
    async def fail() -> None:
        raise NotSentError(CANARY)

    await asyncio.gather(send(), fail())


async def _leave_the_cancelled(send: Callable[[], Awaitable[Any]]) -> None:
    task = asyncio.ensure_future(send())
    await asyncio.sleep(0.01)
    task.cancel()
    raise LookupError


async def _fail_beside_several(send: Callable[[], Awaitable[Any]]) -> None:
    async def fail() -> None:
        raise NotSentError(CANARY)

    await asyncio.gather(send(), send(), send(), fail())


@pytest.mark.parametrize("leave", [_leave_behind_a_shield, _fail_beside, _leave_the_cancelled, _fail_beside_several])
@pytest.mark.parametrize("is_step", [False, True])
async def test_a_send_that_still_runs_when_its_handler_has_failed_is_not_repeated(leave: Any, is_step: bool) -> None:
    sandbox, tasks = Sandbox(windows="open"), list[object]()
    app = app_of()
    async with client_of(sandbox, SilentTransport(sandbox.app)) as connectly:

        async def send() -> None:
            tasks.append(asyncio.current_task())
            await connectly.send_text(CUSTOMER, "hello to you")

        @app.on(InboundMessage)
        async def answer(event: InboundMessage) -> None:
            if is_step:
                await app.run_once(event, "answer", lambda: leave(send))
            else:
                await leave(send)

        statuses = [await deliver(app, TEXT) for _ in range(3)]
        await anyio.wait_all_tasks_blocked()
        for task in tasks:
            assert isinstance(task, asyncio.Task)
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)  # type: ignore[call-overload]
    assert statuses == [500 if is_step else 200, 200, 200]
    assert len(sandbox.messages) == len(tasks) == (3 if leave is _fail_beside_several else 1)


async def test_a_read_that_still_runs_when_its_handler_has_failed_does_not_complete_the_event() -> None:
    sandbox, app, tasks = Sandbox(windows="open"), app_of(), list[asyncio.Task[Any]]()
    async with client_of(sandbox, SilentTransport(sandbox.app)) as connectly:

        @app.on(InboundMessage)
        async def answer(_event: InboundMessage) -> None:
            tasks.append(asyncio.create_task(connectly.webhooks.list()))
            await asyncio.sleep(0)
            raise LookupError

        assert await deliver(app, TEXT) == 500
        tasks[0].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


# The policy.


def test_a_failure_that_completes_the_event_is_logged_without_its_text(
    run: Run, caplog: pytest.LogCaptureFixture
) -> None:
    app = app_of()

    @app.on_any
    async def fail(_event: Event) -> None:
        raise OutcomeUnknownError(CANARY)

    assert run(lambda: deliver(app, TEXT)) == 200
    (record,) = [record for record in caplog.records if record.name == "connectly_api.webhooks"]
    first, *places = record.getMessage().splitlines()
    assert record.levelno == logging.ERROR
    assert first.endswith("fail failed with OutcomeUnknownError; this counts as handled")
    assert len(places) == 1
    assert CANARY not in caplog.text
    assert app.counts == WebhookCounts(completed_after_failure=1)


def _raise_canary(_error: BaseException) -> FailureAction:
    raise ValueError(CANARY)


@pytest.mark.parametrize(("policy", "name"), [(_raise_canary, "ValueError"), (lambda _error: "complete", "str")])
def test_a_policy_that_fails_loses_no_event(run: Run, policy: Any, name: str, caplog: pytest.LogCaptureFixture) -> None:
    app = app_of(on_failure=policy)

    @app.on_any
    async def fail(_event: Event) -> None:
        raise OutcomeUnknownError(CANARY)

    assert run(lambda: deliver(app, TEXT)) == 500
    assert f"on_failure gave no FailureAction, but {name};" in caplog.text
    assert CANARY not in caplog.text
    assert app.counts == WebhookCounts(redelivered=1)


async def _async_policy(_error: BaseException) -> FailureAction:
    return FailureAction.COMPLETE


@pytest.mark.parametrize("policy", [None, FailureAction.COMPLETE, _async_policy])
def test_what_is_no_plain_function_is_refused_as_a_policy(policy: Any) -> None:
    with pytest.raises(InvalidInputError, match=r"^on_failure: ") as caught:
        WebhookApp(SECRET, on_failure=policy)
    assert caught.value.field == "on_failure"


# Several handlers.


def add_handlers(app: WebhookApp, calls: list[str], errors: dict[str, list[BaseException]]) -> None:
    """Add three handlers, two of them with the same name, which raise their errors one after the other."""

    def make(name: str) -> Callable[[Event], Awaitable[None]]:
        async def handle(_event: Event) -> None:
            calls.append(name)
            if errors.get(name):
                raise errors[name].pop(0)

        return handle

    for name in ("first", "second", "third"):
        app.on_any(make(name))


def test_handlers_that_succeeded_do_not_run_again_because_another_failed(run: Run) -> None:
    store = MemoryStore(lease=LONG_LEASE)
    calls: list[str] = []

    async def main() -> list[int]:
        statuses: list[int] = []
        errors: dict[str, list[BaseException]] = {"second": [ValueError()], "third": [ValueError(), ValueError()]}
        for _ in range(5):
            # As after a restart: the names and their order are the same.
            app = app_of(store=store)
            add_handlers(app, calls, errors)
            statuses.append(await deliver(app, TEXT))
        return statuses

    assert run(main) == [500, 500, 500, 200, 200]
    assert calls == ["first", "second", "second", "third", "third", "third"]


@pytest.mark.parametrize("error", [OutcomeUnknownError(""), OutsideWindowError(status=400)])
def test_the_other_handlers_run_although_one_is_not_to_run_again(run: Run, error: Exception) -> None:
    app, calls = app_of(), list[str]()
    add_handlers(app, calls, {"first": [error], "third": [ValueError()]})

    async def main() -> list[int]:
        return [await deliver(app, TEXT) for _ in range(3)]

    assert run(main) == [500, 200, 200]
    assert calls == ["first", "second", "third", "third"]
    assert app.counts == WebhookCounts(redelivered=1, handled=1, repeated=1)


@pytest.mark.parametrize(("name", "rest"), [("first", ["second", "third"]), ("third", [])])
async def test_handlers_that_a_cancellation_kept_from_running_run_later(name: str, rest: list[str]) -> None:
    app, calls = app_of(), list[str]()
    cancelled = asyncio.CancelledError()
    cancelled.__cause__ = OutcomeUnknownError("")
    add_handlers(app, calls, {name: [cancelled]})
    with pytest.raises(asyncio.CancelledError):
        await deliver(app, TEXT)
    calls.clear()
    assert await deliver(app, TEXT) == 200
    assert calls == rest


class BrokenStore(MemoryStore):
    """A store that fails, or says that another delivery holds it, for the n-th claims."""

    def __init__(self, failing: set[int], held: set[int]) -> None:
        super().__init__(lease=LONG_LEASE)
        self.claims = 0
        self.failing = failing
        self.held = held

    async def claim(self, key: str) -> Claim:
        self.claims += 1
        if self.claims in self.failing:
            raise OSError(CANARY)
        if self.claims in self.held:
            return Claim(key, ClaimState.IN_PROGRESS)
        return await super().claim(key)


@pytest.mark.parametrize(("failing", "held"), [({2}, set()), (set(), {2})])
def test_an_event_one_of_whose_handlers_cannot_be_claimed_is_delivered_again(
    run: Run, failing: set[int], held: set[int]
) -> None:
    app, calls = app_of(store=BrokenStore(failing, held)), list[str]()
    add_handlers(app, calls, {})

    async def main() -> list[int]:
        return [await deliver(app, TEXT) for _ in range(2)]

    assert run(main) == [503, 200]
    assert calls == ["first", "second", "third"]


def test_a_single_handler_costs_one_claim(run: Run) -> None:
    store = BrokenStore(set(), set())
    app = app_of(store=store)
    app.on_any(lambda _event: None)
    app.on(DeliveryStatus)(lambda _event: None)
    assert run(lambda: deliver(app, TEXT)) == 200
    assert store.claims == 1


# Steps.


def test_a_step_that_was_done_is_not_done_again(run: Run) -> None:
    app, calls = app_of(), list[str]()

    async def step(name: str) -> str:
        calls.append(name)
        if calls == ["first", "second"]:
            raise NotSentError(CANARY)
        return name

    results: list[str | None] = []

    @app.on_any
    async def handle(event: Event) -> None:
        results.append(await app.run_once(event, "first", lambda: step("first")))
        results.append(await app.run_once(event, "second", lambda: step("second")))

    async def main() -> list[int]:
        return [await deliver(app, TEXT) for _ in range(3)]

    assert run(main) == [500, 200, 200]
    assert calls == ["first", "second", "second"]
    assert results == ["first", None, "second"]


def test_a_step_whose_failure_counts_as_done_raises_and_is_not_done_again(run: Run) -> None:
    app, calls = app_of(), list[str]()

    async def fail() -> None:
        calls.append("fail")
        raise OutcomeUnknownError(CANARY)

    async def main() -> None:
        with pytest.raises(OutcomeUnknownError):
            await app.run_once(event_of(), "step", fail)
        await app.run_once(event_of(), "step", fail)

    run(main)
    assert calls == ["fail"]


def test_a_step_that_forgot_to_await_is_awaited(run: Run) -> None:
    app, calls = app_of(), list[str]()

    async def send() -> str:
        calls.append("sent")
        return "id"

    async def forget() -> object:
        return send()

    async def main() -> list[object]:
        return [await app.run_once(event_of(), "step", forget) for _ in range(2)]

    assert run(main) == ["id", None]
    assert calls == ["sent"]


def test_a_step_that_another_delivery_is_doing_asks_for_the_event_again(run: Run) -> None:
    app = app_of()

    async def nested() -> None:
        await app.run_once(event_of(), "step", anyio.lowlevel.checkpoint)

    async def main() -> None:
        with pytest.raises(WebhookError, match="another delivery") as caught:
            await app.run_once(event_of(), "step", nested)
        assert app._dispatcher._on_failure(caught.value) is FailureAction.REDELIVER
        await app.run_once(event_of(), "step", anyio.lowlevel.checkpoint)

    run(main)


async def test_a_step_that_is_cancelled_at_any_turn_of_the_loop_is_done_once() -> None:
    class SlowStore(MemoryStore):
        async def claim(self, key: str) -> Claim:
            await anyio.lowlevel.checkpoint()
            claim = await super().claim(key)
            await anyio.lowlevel.checkpoint()
            return claim

    for turns in range(20):
        app, done = app_of(store=SlowStore(lease=LONG_LEASE)), list[str]()

        async def work(done: list[str] = done) -> None:
            await anyio.lowlevel.checkpoint()
            done.append("step")

        task = asyncio.ensure_future(app.run_once(event_of(), "step", work))
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait({task})
        await app.run_once(event_of(), "step", work)
        assert done == ["step"], turns


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"event": TEXT}, "event"), ({"step": ""}, "step"), ({"step": 1}, "step"), ({"work": 1}, "work")],
)
async def test_what_is_no_step_is_refused(changes: dict[str, Any], field: str) -> None:
    arguments: dict[str, Any] = {"event": event_of(), "step": "step", "work": anyio.lowlevel.checkpoint} | changes
    with pytest.raises(InvalidInputError) as caught:
        await app_of().run_once(**arguments)
    assert caught.value.field == field


# Without ASGI.


async def test_a_request_is_accepted_with_the_headers_of_any_framework() -> None:
    app, events = app_of(max_bytes=1000), list[Event]()
    app.on_any(events.append)
    body = json.dumps(TEXT).encode()
    signature = sign(body, SECRET)
    assert await app.accept({SIGNATURE_HEADER.title(): signature}, body) == 200
    assert await app.accept([(SIGNATURE_HEADER.encode(), signature.encode())], body) == 200
    assert await app.accept({}, body) == 401
    assert await app.accept({SIGNATURE_HEADER: sign(b"[]", SECRET)}, b"[]") == 400
    assert await app.accept({}, b" " * 1001) == 413
    wrong: Any = body.decode()
    with pytest.raises(TypeError, match="raw bytes"):
        await app.accept({SIGNATURE_HEADER: signature}, wrong)
    assert len(events) == 1
    assert app.counts == WebhookCounts(handled=1, repeated=1, refused=3)


def test_an_event_from_a_queue_is_handled_before_returning_although_requests_are_acknowledged_first(run: Run) -> None:
    app, calls = app_of(acknowledge="first"), list[str]()

    @app.on_any
    async def handle(_event: Event) -> None:
        calls.append("handle")
        if len(calls) == 1:
            raise ValueError

    async def main() -> list[bool]:
        return [await app.handle(event_of()) for _ in range(3)]

    assert run(main) == [False, True, True]
    assert calls == ["handle", "handle"]
    assert app.counts == WebhookCounts(redelivered=1, handled=1, repeated=1)


def test_an_event_from_a_queue_that_is_being_handled_elsewhere_comes_again(run: Run) -> None:
    app, results = app_of(), list[bool]()

    @app.on_any
    async def handle(event: Event) -> None:
        results.append(await app.handle(event))

    async def main() -> None:
        results.append(await app.handle(event_of()))

    run(main)
    assert results == [False, True]
    assert app.counts == WebhookCounts(in_progress=1, handled=1)


async def test_an_event_from_a_queue_is_watched_for_drift() -> None:
    class Watcher:
        def __init__(self) -> None:
            self.events: list[Event] = []

        def watch_event(self, event: Event) -> None:
            self.events.append(event)

    watcher = Watcher()
    app = app_of(drift=watcher)
    assert await app.handle(event_of())
    assert watcher.events == [event_of()]
    assert app.counts == WebhookCounts(unhandled=1)


async def test_what_is_no_event_is_not_handled() -> None:
    wrong: Any = TEXT
    with pytest.raises(InvalidInputError, match=r"^event: "):
        await app_of().handle(wrong)


# Counts.


async def test_a_repeated_event_is_logged_with_its_key(caplog: pytest.LogCaptureFixture) -> None:
    app = app_of()
    app.on_any(lambda _event: None)
    with caplog.at_level(logging.DEBUG, "connectly_api.webhooks"):
        await deliver(app, TEXT)
        assert not caplog.records
        await deliver(app, TEXT)
    assert f"{event_of().key}: not handled again, as an earlier delivery was handled" in caplog.text


async def test_each_delivery_is_counted_once() -> None:
    app = app_of(acknowledge="first", capacity=1)
    go = asyncio.Event()

    @app.on(InboundMessage)
    async def wait(_event: InboundMessage) -> None:
        await go.wait()

    other = load_body("text", message={"id": "m2", "text": "hello"})
    assert [await deliver(app, body) for body in (TEXT, TEXT, other, BODIES["delivered"])] == [200, 503, 503, 200]
    assert app.counts == WebhookCounts(in_progress=1, redelivered=1, unhandled=1)
    go.set()
    await app.drain()
    assert app.counts == WebhookCounts(handled=1, in_progress=1, redelivered=1, unhandled=1)


# What a handler returns.


def _decorate(handler: Callable[[Event], Awaitable[None]]) -> Callable[[Event], Awaitable[None]]:
    @functools.wraps(handler)
    def wrapper(event: Event) -> Awaitable[None]:
        return handler(event)

    return wrapper


class _Callable:
    def __init__(self, handler: Callable[[Event], Awaitable[None]]) -> None:
        self.handler = handler

    def __call__(self, event: Event) -> Awaitable[None]:
        return self.handler(event)


class _AsyncCallable(_Callable):
    async def __call__(self, event: Event) -> None:
        await self.handler(event)


class _LaterValue:
    """An awaitable that is no coroutine, as libraries make them."""

    def __init__(self, work: Awaitable[None]) -> None:
        self.work = work

    def __await__(self) -> Generator[Any, Any, None]:
        return self.work.__await__()


async def _forget_to_await(handler: Callable[[Event], Awaitable[None]], event: Event) -> Awaitable[None]:
    return handler(event)


FORMS: list[Callable[[Callable[[Event], Awaitable[None]]], Callable[[Event], Any]]] = [
    lambda handler: handler,
    lambda handler: lambda event: (handler)(event),  # noqa: PLW0108  (a lambda is what is tested)
    functools.partial,
    lambda handler: functools.partial(lambda event: handler(event)),  # noqa: PLW0108
    lambda handler: functools.partial(_forget_to_await, handler),
    _decorate,
    _Callable,
    _AsyncCallable,
    lambda handler: lambda event: _LaterValue(handler(event)),
    lambda handler: lambda event: _forget_to_await(handler, event),
]


@pytest.mark.parametrize("form", FORMS)
def test_whatever_a_handler_returns_to_be_awaited_is_awaited(
    run: Run, form: Callable[[Callable[[Event], Awaitable[None]]], Callable[[Event], Any]]
) -> None:
    app, calls = app_of(), list[Event]()

    async def handle(event: Event) -> None:
        await anyio.lowlevel.checkpoint()
        calls.append(event)

    app.on_any(form(handle))
    assert run(lambda: deliver(app, TEXT)) == 200
    assert len(calls) == 1


async def test_a_task_that_a_handler_returns_is_awaited() -> None:
    app, calls = app_of(), list[Event]()

    async def work(event: Event) -> None:
        await anyio.lowlevel.checkpoint()
        calls.append(event)

    @app.on_any
    async def handle(event: Event) -> asyncio.Task[None]:
        return asyncio.create_task(work(event))

    assert await deliver(app, TEXT) == 200
    assert len(calls) == 1


async def _work(_event: Event) -> None:
    raise AssertionError


async def _generate(_event: Event) -> AsyncGenerator[None]:
    yield


def _yield(_event: Event) -> Generator[None]:
    yield


FORGOTTEN: list[tuple[Callable[[Event], Any], str]] = [
    (lambda event: [_work(event), _work(event)], "list"),
    (lambda event: (None, _work(event)), "tuple"),
    (lambda _event: _work, "function"),
    (lambda _event: functools.partial(_work), "partial"),
    (_decorate(_generate), "async_generator"),  # type: ignore[arg-type]
    (lambda event: _yield(event), "generator"),  # noqa: PLW0108  (a lambda hides that it is one)
]


@pytest.mark.parametrize(("make", "kind"), FORGOTTEN)
@pytest.mark.parametrize("is_async", [True, False])
def test_work_that_a_handler_returns_and_that_would_never_run_is_an_error(
    run: Run, make: Callable[[Event], Any], kind: str, is_async: bool, caplog: pytest.LogCaptureFixture
) -> None:
    app = app_of()

    async def handle(event: Event) -> Any:
        return make(event)

    app.on_any(handle if is_async else make)
    assert run(lambda: deliver(app, TEXT)) == 500
    assert f"it returned work that would never run ({kind})" in caplog.text


@pytest.mark.parametrize("value", [0, "text", [1, "text"], {"a": 1}, (), object()])
def test_any_other_value_that_a_handler_returns_is_dropped(run: Run, value: object) -> None:
    app = app_of()
    app.on_any(lambda _event: value)
    assert run(lambda: deliver(app, TEXT)) == 200


async def test_a_usage_error_is_logged_with_what_to_do(caplog: pytest.LogCaptureFixture) -> None:
    connectly = Connectly(api_key="key-1", business_id="biz_1")
    await connectly.aclose()
    app = WebhookApp(SECRET)

    @app.on(InboundMessage)
    async def answer(event: InboundMessage) -> None:
        await connectly.reply_text(event, CANARY)

    assert not await app.handle(event_of())
    assert "failed with UsageError: the client is closed; create a new one" in caplog.text
    assert CANARY not in caplog.text
