"""The sandbox on a socket, for synchronous tests of a bot that runs elsewhere."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from wsgiref.simple_server import WSGIRequestHandler, make_server

import flask
import pytest

from connectly_api import UsageError
from connectly_api.sandbox import Customer, Sandbox, SandboxServer, ServeError, SyncCustomer
from connectly_api.sync import Connectly, WebhookApp
from connectly_api.webhooks import InboundMessage

ANN = "+16044441111"

pytestmark = pytest.mark.slow


class QuietHandler(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the standard library's own)
        """Print nothing."""


@contextmanager
def serve_bot(server: SandboxServer) -> Generator[str]:
    """Serve a Flask application in another thread, with a client that calls the sandbox over its socket."""
    settings = server.settings
    app, webhooks = flask.Flask(__name__), WebhookApp(settings.webhook_secret)

    @app.post("/webhooks")
    def receive() -> tuple[str, int]:
        return "", webhooks.accept(flask.request.headers, flask.request.get_data())

    with Connectly(api_key=settings.api_key, business_id=settings.business_id, base_url=server.url) as connectly:

        @webhooks.on(InboundMessage)
        def answer(event: InboundMessage) -> None:
            connectly.reply_text(event, f"You said {event.text}.")

        with make_server("127.0.0.1", 0, app, handler_class=QuietHandler) as bot:
            thread = threading.Thread(target=bot.serve_forever, args=[0.01])
            thread.start()
            try:
                address = f"http://127.0.0.1:{bot.server_port}/webhooks"
                connectly.webhooks.create("messages", address)
                yield address
            finally:
                bot.shutdown()
                thread.join()


def test_a_bot_in_another_thread_answers_customers_of_several_threads() -> None:
    with SandboxServer(Sandbox()) as server, serve_bot(server):
        numbers = [f"+1604444{number}" for number in range(1111, 1119)]

        def talk(number: str) -> str:
            customer = server.customer(number)
            customer.says("Hi")
            (sent,) = customer.messages
            assert server.assert_sent_once(number, text="You said Hi.") == sent
            return sent.id

        with ThreadPoolExecutor(8) as threads:
            found = set(threads.map(talk, numbers))
        assert found == {message.id for message in server.messages}
        assert len(found) == 8
        assert [delivery.status for delivery in server.deliveries] == [200] * 8
        assert len(server.requests) == 9
        with pytest.raises(AssertionError, match="8 of 8 match"):
            server.assert_nothing_sent()


def test_a_customer_has_the_same_verbs_and_keeps_the_ids() -> None:
    with SandboxServer(Sandbox()) as server:
        ann = server.customer(ANN, bsuid="US.1", name="Ann")
        assert (ann.phone, ann.bsuid) == (ANN, "US.1")
        assert ann.says("Hi") != ann.says("Hi again")
        new = ann.changes_phone("+16045552222", bsuid="US.2")
        assert (new.phone, new.bsuid) == ("+16045552222", "US.2")
        server.advance(hours=24)
        server.settle()
        server.reset()
        assert server.messages == ()


@pytest.mark.parametrize(("blocking", "kind"), [(SyncCustomer, Customer), (SandboxServer, Sandbox)])
def test_every_method_of_the_async_class_is_there_with_its_arguments(blocking: type, kind: type) -> None:
    methods = {name for name, value in vars(kind).items() if inspect.isfunction(value) and not name.startswith("_")}
    for name in methods - {"serve"}:
        own, theirs = (inspect.signature(getattr(one, name)).parameters for one in (blocking, kind))
        assert list(own.values()) == list(theirs.values()), name


def test_the_server_says_why_it_cannot_listen_and_when_it_does() -> None:
    server = SandboxServer(Sandbox())
    with pytest.raises(UsageError, match="only within its `with` block"):
        assert server.url
    with server:
        port = int(server.url.rpartition(":")[2])
        taken = SandboxServer(Sandbox(), port=port)
        with pytest.raises(ServeError, match=f"port {port}"):
            taken.__enter__()
        taken.__exit__(None, None, None)
    with pytest.raises(UsageError):
        assert server.url
    with server:
        assert server.url
    SandboxServer(Sandbox()).__exit__(None, None, None)


async def test_in_an_event_loop_the_server_says_so() -> None:
    with pytest.raises(UsageError, match="running event loop"):
        SandboxServer(Sandbox()).__enter__()
