"""What the sandbox keeps of a receiver's response, and of what an attached application raised."""

import logging
from collections.abc import Iterable
from typing import Any

import flask
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from connectly_api.sandbox import Delivery, Sandbox
from connectly_api.sync import run
from connectly_api.transport.adapters.asgi import Application
from connectly_api.webhooks import InboundMessage, WebhookApp
from tests.sandbox.calls import register

PHONE = "+16044441111"


async def deliver_to(app: Application) -> Delivery:
    """Let a customer write to an application; return the attempt."""
    sandbox = Sandbox(webhook_retries=[])
    sandbox.attach("https://bot.example/", app)
    register(sandbox, "messages")
    await sandbox.customer(PHONE).says("Hi")
    return sandbox.deliveries[0]


class UnreadableError(Exception):
    """An exception without a text."""

    def __str__(self) -> str:
        raise self


async def raise_error(_scope: Any, _receive: Any, _send: Any) -> None:
    raise LookupError("no such order")


async def test_the_text_and_the_traceback_of_an_exception_are_kept_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    delivery = await deliver_to(raise_error)
    assert (delivery.status, delivery.problem) == (None, "LookupError: no such order")
    lines = str(delivery.traceback).splitlines()
    assert lines[1].endswith(", in raise_error")
    assert lines[2:] == ['    raise LookupError("no such order")', "LookupError: no such order"]
    assert [(record.name, record.levelname) for record in caplog.records] == [("connectly_api.sandbox", "ERROR")]
    assert "no such order" not in repr(delivery)
    assert "problem='LookupError'" in repr(delivery)


async def test_an_exception_is_kept_although_the_framework_responds() -> None:
    async def receive(_request: Request) -> Response:
        raise LookupError("no such order")

    delivery = await deliver_to(Starlette(routes=[Route("/", receive, methods=["POST"])]))
    assert (delivery.status, delivery.problem) == (500, "LookupError: no such order")
    assert delivery.answer == b"Internal Server Error"


async def test_an_exception_of_a_handler_is_kept_although_its_log_hides_the_text() -> None:
    app = WebhookApp("sandbox-secret")

    @app.on(InboundMessage)
    async def handle(_event: InboundMessage) -> None:
        raise LookupError("no such order")

    delivery = await deliver_to(app)
    assert (delivery.status, delivery.problem) == (500, "LookupError: no such order")
    assert str(delivery.traceback).splitlines()[1].endswith(", in handle")


def create_failing_flask_app() -> flask.Flask:
    app = flask.Flask(__name__)

    @app.post("/")
    def receive() -> str:
        raise LookupError("no such order")

    return app


def test_an_exception_that_flask_logs_is_kept() -> None:
    sandbox = Sandbox(webhook_retries=[])
    sandbox.attach_wsgi("https://bot.example/", create_failing_flask_app())
    register(sandbox, "messages")
    run(sandbox.customer(PHONE).says, "Hi")
    (delivery,) = sandbox.deliveries
    assert (delivery.status, delivery.problem) == (500, "LookupError: no such order")
    assert "in receive" in str(delivery.traceback)


async def test_only_the_receivers_own_log_counts_and_only_exceptions() -> None:
    async def receive(_request: Request) -> Response:
        logging.getLogger("bot").error("a message without an exception")
        return Response("é" * 2000)

    delivery = await deliver_to(Starlette(routes=[Route("/", receive, methods=["POST"])]))
    assert (delivery.status, delivery.problem, delivery.traceback) == (200, None, None)
    assert delivery.answer == "é".encode() * 1024


async def test_without_any_handler_of_logs_none_is_added(monkeypatch: pytest.MonkeyPatch) -> None:
    handlers: list[list[logging.Handler]] = []

    async def receive(_request: Request) -> Response:
        handlers.append([*logging.getLogger().handlers])
        return Response()

    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    await deliver_to(Starlette(routes=[Route("/", receive, methods=["POST"])]))
    assert handlers == [[]]


async def test_an_exception_without_a_readable_text_and_an_endless_one_are_kept_shortened() -> None:
    async def be_unreadable(_scope: Any, _receive: Any, _send: Any) -> None:
        raise UnreadableError

    async def be_endless(_scope: Any, _receive: Any, _send: Any) -> None:
        raise LookupError("x" * 1_000_000)

    assert (await deliver_to(be_unreadable)).problem == "UnreadableError: its text cannot be read"
    delivery = await deliver_to(be_endless)
    assert len(str(delivery.problem)) < 520
    assert len(str(delivery.traceback)) < 8300


async def test_a_response_that_ends_in_the_middle_is_none() -> None:
    async def break_off(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"half", "more_body": True})

    delivery = await deliver_to(break_off)
    assert (delivery.status, delivery.problem) == (None, "the response ended in the middle")
    assert delivery.answer == b"half"


def test_a_wsgi_app_that_raises_while_it_responds_is_kept() -> None:
    def app(_environ: Any, start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [])
        yield b"half"
        raise LookupError("no such order")

    sandbox = Sandbox(webhook_retries=[])
    sandbox.attach_wsgi("https://bot.example/", app)
    register(sandbox, "messages")
    run(sandbox.customer(PHONE).says, "Hi")
    (entry,) = (one for one in sandbox.timeline if one["what"] == "delivery")
    assert (entry["status"], entry["problem"], entry["answer"]) == (None, "LookupError: no such order", "")
    assert ", in app" in entry["traceback"]


async def test_neither_the_key_nor_the_secret_is_kept_of_what_a_receiver_says() -> None:
    async def receive(_request: Request) -> Response:
        raise LookupError("canary-key and canary-secret")

    async def repeat_secrets(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 500, "headers": []})
        await send({"type": "http.response.body", "body": b"x" * 2040 + b"canary-key canary-secret"})

    sandbox = Sandbox(webhook_retries=[], api_key="canary-key", webhook_secret="canary-secret")  # noqa: S106
    for app in (Starlette(routes=[Route("/", receive, methods=["POST"])]), repeat_secrets):
        sandbox.attach("https://bot.example/", app)
        await sandbox.run_verb("register", topic="messages", address="https://bot.example/")
        await sandbox.customer(PHONE).says("Hi")
    first, second = sandbox.deliveries
    assert first.problem == "LookupError: [redacted] and [redacted]"
    assert first.traceback is not None
    assert second.answer.endswith(b"x[redacte")
    assert "canary" not in sandbox.recording()
