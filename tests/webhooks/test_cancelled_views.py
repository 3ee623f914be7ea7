"""Requests that end too early, behind a real server: the event is free at once, or it sends nothing again."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import pytest
from fastapi import FastAPI, Request, Response
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.responses import Response as StarletteResponse
from starlette.routing import Mount

from connectly_api import Connectly
from connectly_api.transport import MockTransport
from connectly_api.transport import Response as Received
from connectly_api.webhooks import (
    SIGNATURE_HEADER,
    Event,
    FailureAction,
    MemoryStore,
    SQLiteStore,
    Store,
    WebhookApp,
    decide_failure,
    receive,
    sign,
)

from .asgi_request import SECRET
from .documented_bodies import BODIES
from .serve_app import serve_app

pytestmark = pytest.mark.slow

LONG_LEASE = 3600.0
"""Seconds. Whatever a cancellation leaves locked is still locked when the test looks."""
BODY = BODIES["text"]


class Bot:
    """A handler whose first call never ends: before it has sent anything, or while its send awaits the response."""

    def __init__(self, moment: str) -> None:
        self.has_begun = threading.Event()
        self.calls = 0
        self.answered = 0
        self.transport = MockTransport(self._respond)
        self._moment = moment

    async def answer(self, event: Event) -> None:
        self.calls += 1
        if self._moment == "before a send":
            await self._hang()
        # A client belongs to one event loop, and the second delivery may have another.
        connectly = Connectly(
            api_key="k", business_id="b", sender="+14151111234", transport=self.transport, base_url="https://x.example"
        )
        await connectly.reply_text(event, "Hello!")
        self.answered += 1

    async def _respond(self, _request: object) -> Received:
        await self._hang()
        return Received(200, (), b'{"id": "01ARZ3NDEKTSV4RRFFQ69G5FAV"}')

    async def _hang(self) -> None:
        if not self.has_begun.is_set():
            self.has_begun.set()
            await asyncio.Event().wait()


class ClientGoneError(Exception):
    pass


async def give_up_with_client(request: Request, call_next: RequestResponseEndpoint) -> StarletteResponse:
    """A middleware that ends a request when its client is gone."""
    await request.body()  # Otherwise looking for the client's end takes the body away.

    async def watch(scope: anyio.CancelScope) -> None:
        while not await request.is_disconnected():  # noqa: ASYNC110 (Starlette has nothing else to wait for)
            await anyio.sleep(0.01)
        scope.cancel()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(watch, tasks.cancel_scope)
        response = await call_next(request)
        tasks.cancel_scope.cancel()
        return response
    # Only an error ends the application below; any response waits for it.
    raise ClientGoneError


MIDDLEWARE = [Middleware(BaseHTTPMiddleware, dispatch=give_up_with_client)]


def build_mounted(store: Store, bot: Bot) -> Any:
    webhooks = WebhookApp(SECRET, store=store)
    webhooks.on_any(bot.answer)
    return Starlette(routes=[Mount("/hooks", webhooks)], middleware=MIDDLEWARE)


def build_mounted_in_fastapi(store: Store, bot: Bot) -> Any:
    webhooks, app = WebhookApp(SECRET, store=store), FastAPI(middleware=MIDDLEWARE)
    webhooks.on_any(bot.answer)
    app.mount("/hooks", webhooks)
    return app


def build_routed_in_fastapi(store: Store, bot: Bot) -> Any:
    webhooks, app = WebhookApp(SECRET, store=store), FastAPI(middleware=MIDDLEWARE)
    webhooks.on_any(bot.answer)

    async def view(request: Request) -> Response:
        return Response(status_code=await webhooks.accept(request.headers, await request.body()))

    app.add_api_route("/hooks/", view, methods=["POST"])
    return app


def build_by_hand(store: Store, bot: Bot) -> Any:
    app = FastAPI(middleware=MIDDLEWARE)

    async def view(request: Request) -> Response:
        event = receive(request.headers, await request.body(), SECRET)
        claim = await store.claim(event.key)
        if not claim.is_granted:
            return Response(status_code=200 if claim.state.name == "COMPLETED" else 503)
        try:
            await bot.answer(event)
        except BaseException as error:
            is_complete = decide_failure(error) is FailureAction.COMPLETE
            await (store.complete if is_complete else store.release)(claim)
            raise
        await store.complete(claim)
        return Response()

    app.add_api_route("/hooks/", view, methods=["POST"])
    return app


def begin_request(port: int) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), timeout=60)
    headers = {"Host": "x", "Connection": "close", "Content-Length": len(BODY), SIGNATURE_HEADER: sign(BODY, SECRET)}
    lines = ["POST /hooks/ HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    connection.sendall("\r\n".join([*lines, "", ""]).encode() + BODY)
    return connection


def deliver(port: int) -> int:
    with begin_request(port) as connection:
        return int(connection.makefile("rb").readline().split()[1])


def deliver_until_free(port: int) -> int:
    """Deliver until the cancelled request has ended; a claim that is left locked stays so far longer than this."""
    for _ in range(500):
        if (status := deliver(port)) != 503:
            return status
        time.sleep(0.01)
    return 503


@pytest.mark.parametrize("build", [build_mounted, build_mounted_in_fastapi, build_routed_in_fastapi, build_by_hand])
@pytest.mark.parametrize("kind", ["memory", "sqlite"])
@pytest.mark.parametrize("end", ["client gone", "server stops"])
@pytest.mark.parametrize("moment", ["before a send", "during a send"])
def test_a_request_that_ends_early_is_handled_by_the_next_delivery_unless_it_may_have_sent(
    build: Callable[[Store, Bot], Any], kind: str, end: str, moment: str, tmp_path: Path
) -> None:
    store: Store = MemoryStore(lease=LONG_LEASE)
    if kind == "sqlite":
        store = SQLiteStore(tmp_path / "events.db", lease=LONG_LEASE)
    bot = Bot(moment)
    app = build(store, bot)
    # Without a time limit, uvicorn waits for every request.
    with serve_app(app, timeout_graceful_shutdown=0) as port, begin_request(port) as connection:
        assert bot.has_begun.wait(60)
        if end == "client gone":
            connection.close()
            assert deliver_until_free(port) == 200
    if end == "server stops":
        with serve_app(app) as port:
            assert deliver(port) == 200
    if isinstance(store, SQLiteStore):
        asyncio.run(store.aclose())
    assert (bot.calls, bot.answered) == ((2, 1) if moment == "before a send" else (1, 0))
    assert len(bot.transport.requests) == 1
