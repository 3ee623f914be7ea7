"""A whole receiver: an ASGI application that verifies and reads events, and has each handled once."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from types import UnionType
from typing import Any, Final, Literal, TypeVar, get_args, overload

from connectly_api.errors import (
    InvalidInputError,
    UsageError,
    WebhookPayloadError,
    WebhookSignatureError,
    WebhookStoreError,
)
from connectly_api.setting_rules import check_kind
from connectly_api.tracebacks import cut_traceback
from connectly_api.webhooks.backlog import Backlog
from connectly_api.webhooks.bodies import BodyReader, Message, Receive
from connectly_api.webhooks.decoding import MAX_BYTES
from connectly_api.webhooks.dispatch import Dispatcher, Outcome
from connectly_api.webhooks.events import Event
from connectly_api.webhooks.receiving import parse
from connectly_api.webhooks.signature import SIGNATURE_HEADER, Secrets, check_signature, secret_keys, signature_in
from connectly_api.webhooks.stores.memory import MemoryStore
from connectly_api.webhooks.stores.store import Store, above_zero

__all__ = ["WebhookApp"]

E = TypeVar("E")
F = TypeVar("F")
R = TypeVar("R")
Send = Callable[[Message], Awaitable[None]]

_LOG: Final = logging.getLogger("connectly_api.webhooks")
_KINDS: Final = get_args(Event)
_TOO_LARGE: Final = HTTPStatus(413)
# After these the rest of the body may still be on its way.
_UNREAD: Final = frozenset({_TOO_LARGE, HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS})
_STATUSES: Final = {
    Outcome.DONE: HTTPStatus.OK,
    Outcome.FAILED: HTTPStatus.INTERNAL_SERVER_ERROR,
    Outcome.BUSY: HTTPStatus.SERVICE_UNAVAILABLE,
}


class WebhookApp:
    """An ASGI application to which the service delivers events; serve it by itself, or mount it in another.

    webhooks = WebhookApp(secrets, store=SQLiteStore("webhooks.db"))

    @webhooks.on(DeliveryStatus)
    async def follow(event: DeliveryStatus) -> None: ...

    Answers: 200 handled, now or before, or nobody's business; 400 authentic but unreadable; 401 not signed with a
    secret; 405 not a POST; 408 the body did not come in time; 413 too large; 429 many large bodies are coming in at
    once; 500 a handler failed; 503 the same event is being handled at this moment, or the store failed, or the backlog
    is full. The service may deliver an event again that was not answered with 200
    (https://docs.connectly.ai/webhooks/overview), so an event that was not handled is not lost here.

    A failing handler brings the event again, to all its handlers: what they do should bear repetition. Handlers of one
    event run one after the other, in the order in which they were added; those that are no coroutine functions run in a
    thread. A failure is logged by the error's type and place, without its text, which may be personal.

    A request that is cancelled, as servers do when a graceful shutdown takes too long, leaves nothing half done: an
    event whose handlers have finished is recorded as handled before the request ends, and any other event is released
    at once.

    Served by itself, it starts and ends with the server. At the start the store is checked: where it cannot be used,
    the server does not start, and says why. At the end events that are waiting are handled, and the store is closed.
    Where another application mounts it, that one hears of the server's start and end, and should call `check` and
    `aclose`. Every path below its root is accepted.
    """

    @cut_traceback
    def __init__(
        self,
        secrets: Secrets,
        *,
        store: Store | None = None,
        acknowledge: Literal["last", "first"] = "last",
        capacity: int = 1000,
        at_once: int = 10,
        max_bytes: int = MAX_BYTES,
        body_timeout: float = 10.0,
    ) -> None:
        """Set the receiver up; nothing is opened yet.

        Args:
            secrets: The business's secret, or several during a rotation: visible characters and inner spaces.
            store: What remembers handled events; by default the memory of this process, which is enough for one process
                and until it ends.
            acknowledge: `"last"` answers when the handlers have finished, so that a failure brings the event again;
                `"first"` answers at once, and a failure, or the end of the process, loses the event.
            capacity: With `"first"`, events that may wait and be handled together.
            at_once: With `"first"`, events that may be handled at the same time.
            max_bytes: The largest body that is read.
            body_timeout: Seconds in which a request's whole body must have come.

        Raises:
            InvalidInputError: No secret, or one that cannot be; no store; a number that is not above 0, or a time that
                is infinite; another `acknowledge`.
        """
        try:
            self._keys: Final = secret_keys(secrets)
        except WebhookSignatureError as error:
            raise InvalidInputError(f"secrets: {error}", field="secrets") from None
        given: object = acknowledge
        if not isinstance(given, str) or given not in {"last", "first"}:
            raise InvalidInputError("acknowledge: must be 'last' or 'first'", field="acknowledge")
        for name, value in (("capacity", capacity), ("at_once", at_once), ("max_bytes", max_bytes)):
            above_zero(name, value)
        check_kind("store", store, ("claim", "complete", "release"), "a store, such as SQLiteStore('webhooks.db')")
        seconds = above_zero("body_timeout", body_timeout, finite=True)
        self._bodies: Final = BodyReader(limit=max_bytes, seconds=seconds)
        self._max_bytes: Final = max_bytes
        self._backlog: Final = Backlog(capacity=capacity, at_once=at_once) if acknowledge == "first" else None
        self._store: Final[Store] = MemoryStore() if store is None else store
        self._dispatcher: Final = Dispatcher(self._store, self._backlog)

    @overload
    def on(self, kind: type[E], /) -> Callable[[Callable[[E], R]], Callable[[E], R]]: ...

    @overload
    def on(self, kind: type[E], other: type[F], /) -> Callable[[Callable[[E | F], R]], Callable[[E | F], R]]: ...

    @overload
    def on(self, *kinds: type | UnionType) -> Callable[[Callable[[Any], R]], Callable[[Any], R]]: ...

    def on(self, *kinds: type | UnionType) -> Callable[[Callable[[Any], Any]], Callable[[Any], Any]]:
        """Return a decorator that adds a handler for one class of events, or for several.

        Args:
            kinds: `InboundMessage`, `ButtonReply`, `Echo`, `DeliveryStatus`, `ReportReady`, `UnknownEvent`, or unions
                of them such as `Event`. Type checkers follow one or two classes into the handler.

        Raises:
            InvalidInputError: Something else, or nothing.
        """
        classes: tuple[Any, ...] = tuple(one for kind in kinds for one in get_args(kind) or (kind,))
        if not classes or not all(one in _KINDS for one in classes):
            raise InvalidInputError("kinds: must be classes of events", field="kinds")

        def add(handler: Callable[[Any], Any]) -> Callable[[Any], Any]:
            self._dispatcher.add(classes, handler)
            return handler

        return add

    def on_any(self, handler: Callable[[Event], R]) -> Callable[[Event], R]:
        """Add a handler for every event: a decorator."""
        self._dispatcher.add(_KINDS, handler)
        return handler

    async def check(self) -> None:
        """See whether the store can be used, and open it if it can be opened.

        Raises:
            WebhookStoreError: It cannot, and will not by itself; the text says why.
        """
        check = getattr(self._store, "check", None)
        if check is not None:
            await check()

    async def drain(self) -> None:
        """Return when every event that was taken on has been handled, whether it is acknowledged before or after."""
        await self._dispatcher.drain()
        if self._backlog is not None:
            await self._backlog.drain()

    async def aclose(self) -> None:
        """Drain, and close the store if it can be closed. A later use of a `SQLiteStore` opens it again."""
        await self.drain()
        close = getattr(self._store, "aclose", None)
        if close is not None:
            await close()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one ASGI connection.

        Raises:
            UsageError: The server speaks a protocol other than HTTP, WebSocket (which is refused) and lifespan.
        """
        # Not wrapped itself: servers call an application without arguments to see whether it makes applications.
        connection = self._serve(scope, receive, send)
        del scope, receive, send
        await connection

    @cut_traceback
    async def _serve(self, scope: Message, receive: Receive, send: Send) -> None:
        match scope["type"]:
            case "http":
                status = await self._answer(scope, receive)
                if status is not None:
                    await _send(scope, send, status)
            case "lifespan":
                await self._live(receive, send)
            case "websocket":
                await receive()
                await send({"type": "websocket.close"})
            case other:
                raise UsageError(f"webhooks: an ASGI connection of type {other!r}; http is served")

    async def _live(self, receive: Receive, send: Send) -> None:
        while (await receive())["type"] != "lifespan.shutdown":
            try:
                await self.check()
            except Exception as error:  # noqa: BLE001  (any store, in any way: the server must hear of it)
                # Only our own sentences hold nothing that was not meant to be shown.
                is_ours = isinstance(error, WebhookStoreError)
                message = (
                    str(error) if is_ours else f"webhooks: the store's check failed with {type(error).__qualname__}"
                )
                _LOG.error("%s", message)
                await send({"type": "lifespan.startup.failed", "message": message})
                return
            await send({"type": "lifespan.startup.complete"})
        await self.aclose()
        await send({"type": "lifespan.shutdown.complete"})

    async def _answer(self, scope: Message, receive: Receive) -> HTTPStatus | None:
        """Return the status to answer with, or None where the client is gone."""
        if scope["method"] != "POST":
            return HTTPStatus.METHOD_NOT_ALLOWED
        headers: list[tuple[bytes, bytes]] = list(scope["headers"])
        if _declared_length(headers) > self._max_bytes:
            return _TOO_LARGE
        body = await self._bodies.read(receive)
        return await self._accept(headers, body) if isinstance(body, bytes) else body

    async def _accept(self, headers: list[tuple[bytes, bytes]], body: bytes) -> HTTPStatus:
        try:
            check_signature(body, signature_in(headers), self._keys)
            event = parse(body, max_bytes=self._max_bytes)
        except WebhookSignatureError as error:
            _LOG.info("refused: %s", error)
            return HTTPStatus.UNAUTHORIZED
        except WebhookPayloadError as error:
            _LOG.warning("refused: %s", error)
            return HTTPStatus.BAD_REQUEST
        return _STATUSES[await self._dispatcher.accept(event)]


def _declared_length(headers: list[tuple[bytes, bytes]]) -> int:
    declared = next((value for name, value in headers if name.lower() == b"content-length"), b"")
    return int(declared) if declared.isdigit() and len(declared) < _LONGEST_LENGTH else 0


_LONGEST_LENGTH: Final = 20


async def _send(scope: Message, send: Send, status: HTTPStatus) -> None:
    # 200 says all there is to say; without a body it goes out in one write, which no server holds back for another.
    body = b"" if status is HTTPStatus.OK else f"{status.phrase}\n".encode()
    headers = [(b"content-length", b"%d" % len(body))]
    if body:
        headers.append((b"content-type", b"text/plain; charset=utf-8"))
    if status is HTTPStatus.METHOD_NOT_ALLOWED:
        headers.append((b"allow", b"POST"))
    if status is HTTPStatus.UNAUTHORIZED:
        # RFC 9110, section 11.6.1: a 401 names the scheme that it wants.
        headers.append((b"www-authenticate", SIGNATURE_HEADER.encode()))
    if status in _UNREAD and scope.get("http_version", "").startswith("1"):
        # What was not read must not be taken for the next request.
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": int(status), "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})
