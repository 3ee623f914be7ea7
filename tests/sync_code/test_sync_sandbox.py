"""Synchronous tests of a bot: the sandbox in process, and webhooks to a WSGI application."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIEnvironment
from wsgiref.validate import validator

import flask
import pytest

from connectly_api import Connectly as AsyncConnectly
from connectly_api import InvalidInputError, Text
from connectly_api.sandbox import Sandbox
from connectly_api.sync import Connectly, WebhookApp, run
from connectly_api.transport import AsgiTransport
from connectly_api.webhooks import InboundMessage


@pytest.fixture
def sandbox() -> Sandbox:
    return Sandbox()


@pytest.fixture
def client(sandbox: Sandbox) -> Connectly:
    settings = sandbox.settings
    return Connectly(api_key=settings.api_key, business_id=settings.business_id, transport=AsgiTransport(sandbox.app))


ANN = "+16044441111"
ADDRESS = "https://bot.example/webhooks/ü?key=value"


def test_a_flask_app_answers_a_customer_in_the_thread_and_context_of_the_test(
    sandbox: Sandbox, client: Connectly
) -> None:
    app, webhooks = flask.Flask(__name__), WebhookApp(sandbox.settings.webhook_secret)
    variable, seen = contextvars.ContextVar[str]("variable"), list[object]()

    @webhooks.on(InboundMessage)
    def greet(event: InboundMessage) -> None:
        seen.append((threading.current_thread(), variable.get(), flask.request.url))
        client.reply(event, Text("Hello!"))

    @app.post("/webhooks/ü")
    def receive() -> tuple[str, int]:
        return "", webhooks.accept(flask.request.headers, flask.request.get_data())

    sandbox.attach_wsgi("https://bot.example", app)
    client.webhooks.create("messages", "https://bot.example/webhooks/%C3%BC?key=value")
    variable.set("of the test")
    run(sandbox.customer(ANN).says, "Hi")
    sandbox.assert_sent_once(ANN, text="Hello!")
    assert seen == [(threading.current_thread(), "of the test", ADDRESS)]
    assert [delivery.status for delivery in sandbox.deliveries] == [200]


async def test_from_an_async_test_a_wsgi_app_is_called_in_another_thread(sandbox: Sandbox) -> None:
    webhooks, seen = WebhookApp(sandbox.settings.webhook_secret), list[threading.Thread]()
    webhooks.on_any(lambda _event: seen.append(threading.current_thread()))
    sandbox.attach_wsgi("https://bot.example", webhooks)
    settings = sandbox.settings
    async with AsyncConnectly(
        api_key=settings.api_key, business_id=settings.business_id, transport=AsgiTransport(sandbox.app)
    ) as connectly:
        await connectly.webhooks.create("messages", "https://bot.example")
    await sandbox.customer(ANN).says("Hi")
    assert len(seen) == 1
    assert seen != [threading.current_thread()]


def test_a_wsgi_app_may_use_all_of_its_protocol(sandbox: Sandbox, client: Connectly) -> None:
    environs, closed = list[WSGIEnvironment](), list[bool]()

    class Parts(list[bytes]):
        def close(self) -> None:
            closed.append(True)

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        environs.append(environ)
        start_response("500 First", [("content-type", "text/plain")])
        write = start_response("202 Accepted", [("content-type", "text/plain")], (None, None, None))
        write(b"one")
        return Parts([b"two"])

    sandbox.attach_wsgi("https://bot.example", validator(app))
    client.webhooks.create("messages", "https://bot.example")
    run(sandbox.customer(ANN).says, "Hi")
    assert [(delivery.status, delivery.problem) for delivery in sandbox.deliveries] == [(202, None)]
    (environ,) = environs
    assert (environ["HTTP_HOST"], environ["CONTENT_TYPE"]) == ("bot.example", "text/plain; charset=utf-8")
    assert closed == [True]


def test_an_error_of_a_wsgi_app_is_a_delivery_that_failed(sandbox: Sandbox, client: Connectly) -> None:
    def app(_environ: WSGIEnvironment, _start_response: StartResponse) -> Iterable[bytes]:
        raise LookupError

    sandbox.attach_wsgi("https://bot.example", app)
    client.webhooks.create("messages", "https://bot.example")
    run(sandbox.customer(ANN).says, "Hi")
    assert [(delivery.status, delivery.problem) for delivery in sandbox.deliveries] == [(None, "LookupError")]


def test_what_is_no_wsgi_app_is_refused_at_once(sandbox: Sandbox) -> None:
    with pytest.raises(InvalidInputError, match="must be a WSGI application, not str"):
        sandbox.attach_wsgi("https://bot.example", "app")  # type: ignore[arg-type]
