"""An ASGI application that receives webhooks: it verifies and parses events, and handles each once."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from inspect import iscoroutinefunction
from typing import Any, Final, Literal, Protocol, TypeVar, get_args

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
from connectly_api.webhooks.body_reader import BodyReader, Message, Receive
from connectly_api.webhooks.decoding import MAX_BYTES
from connectly_api.webhooks.dispatch import Dispatcher
from connectly_api.webhooks.event_counts import WebhookCounts
from connectly_api.webhooks.events import Event
from connectly_api.webhooks.failure_policy import FailurePolicy, decide_failure
from connectly_api.webhooks.handler_registry import HandlerRegistry
from connectly_api.webhooks.http_response import build_response
from connectly_api.webhooks.parsing import parse
from connectly_api.webhooks.signature import HeadersLike, Secrets, check_signature, find_signature, parse_secrets
from connectly_api.webhooks.stores.memory import MemoryStore
from connectly_api.webhooks.stores.store import Store, check_above_zero, check_seconds

R = TypeVar("R")
Send = Callable[[Message], Awaitable[None]]

_LOG: Final = logging.getLogger("connectly_api.webhooks")
_KINDS: Final = get_args(Event)
_TOO_LARGE: Final = HTTPStatus(413)
_MAX_LENGTH_DIGITS: Final = 19
# After these statuses, the rest of the body may still be on its way.
_UNREAD: Final = frozenset({_TOO_LARGE, HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS})


class EventWatcher(Protocol):
    """Watches authentic events; `connectly_api.drift.DriftMonitor` is one."""

    def watch_event(self, event: Event) -> None:
        """Look at an event. Never raises."""
        ...


class WebhookApp(HandlerRegistry):
    """An ASGI application to which the service delivers events; serve it by itself, or mount it in another.

        webhooks = WebhookApp(secrets, store=SQLiteStore("webhooks.db"))

        @webhooks.on(DeliveryStatus)
        async def follow(event: DeliveryStatus) -> None: ...

    Responses: 200 handled, now or before, or without a handler; 400 authentic but not readable; 401 not signed with a
    secret; 405 not a POST; 408 the body timed out; 413 too large; 429 too many large bodies at once; 500 a handler
    failed; 503 another delivery of the event is being handled, the store failed, or the backlog is full. The service
    may deliver an event again after any response but 200 (https://docs.connectly.ai/webhooks/overview), so an event
    that was not handled is not lost.

    If a handler fails, `on_failure` decides by its error whether the event is delivered again: by default not after an
    unknown outcome or a refusal that would come again; see `decide_failure`. The handlers of one event run one after
    the other, in the order in which they were added, and those that have ended do not run again because a later one
    fails; plain functions run in a thread. A failure is logged with the error's type and place, but without its
    message, which may be personal.

    Servers cancel a request when a graceful shutdown takes too long. If an event's handlers have finished, it is still
    recorded as handled before the request ends; any other event is released at once.

    Served by itself, the application checks the store at startup: if it cannot be used, the server does not start, and
    says why. At shutdown it handles the waiting events and closes the store. A mounted app gets no startup or shutdown
    event: call `check` and `aclose` in the outer application's lifespan. Every path below its root is accepted.
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
        drift: EventWatcher | None = None,
        on_failure: FailurePolicy = decide_failure,
    ) -> None:
        """Create the application; nothing is opened yet.

        Args:
            secrets: The business's secret, or several during a rotation: visible characters and inner spaces.
            store: Remembers handled events; by default a `MemoryStore`, which is enough for a single process.
            acknowledge: `"last"` responds after the handlers, so that the service redelivers an event that failed;
                `"first"` responds at once, and a failure, or the end of the process, loses the event.
            capacity: With `"first"`, the maximum number of events that wait or are being handled.
            at_once: With `"first"`, the maximum number of events that are handled at the same time.
            max_bytes: The largest body that is accepted.
            body_timeout: Seconds until a request's whole body must have arrived.
            drift: Reports what the service posts beyond its documentation: a `DriftMonitor`.
            on_failure: Decides, from what a handler or a step raised, whether the event is to be delivered again.

        Raises:
            InvalidInputError: A secret is missing or invalid, `store` is not a store, a number is not above 0, the
                timeout is infinite, `acknowledge` has another value, `drift` is not a monitor, or `on_failure` is not a
                plain function.
        """
        try:
            self._keys: Final = parse_secrets(secrets)
        except WebhookSignatureError as error:
            raise InvalidInputError(f"secrets: {error}", field="secrets") from None
        if acknowledge not in ("last", "first"):
            raise InvalidInputError("acknowledge: must be 'last' or 'first'", field="acknowledge")
        for name, value in (("capacity", capacity), ("at_once", at_once), ("max_bytes", max_bytes)):
            check_above_zero(name, value)
        check_kind("store", store, ("claim", "complete", "release"), "a store, such as SQLiteStore('webhooks.db')")
        check_kind("drift", drift, ("watch_event",), "a DriftMonitor value")
        self._drift: Final = drift
        self._bodies: Final = BodyReader(limit=max_bytes, seconds=check_seconds("body_timeout", body_timeout))
        self._max_bytes: Final = max_bytes
        self._store: Final[Store] = MemoryStore() if store is None else store
        backlog = Backlog(capacity=capacity, at_once=at_once) if acknowledge == "first" else None
        if not callable(on_failure) or iscoroutinefunction(on_failure):
            raise InvalidInputError("on_failure: must be a plain function, such as decide_failure", field="on_failure")
        self._dispatcher: Final = Dispatcher(self._store, backlog, on_failure)

    @property
    def counts(self) -> WebhookCounts:
        """What became of the deliveries so far."""
        return self._dispatcher.outcomes.read()

    @cut_traceback
    async def accept(self, headers: HeadersLike, body: bytes) -> HTTPStatus:
        """Verify, parse and handle one request, and return the status to respond with: for servers without ASGI.

        Args:
            headers: As your framework has them: a mapping or pairs, of `str` or `bytes`.
            body: The raw bytes as they came.

        Raises:
            TypeError: The body is not bytes: decoded text may differ from what was signed.
        """
        return await self._accept(headers, body)

    async def handle(self, event: Event) -> bool:
        """Handle an event that was verified elsewhere, such as in a worker of a queue, before returning.

        It runs the handlers under the event's claim, whatever `acknowledge` says.

        Args:
            event: From `receive` or `parse`.

        Returns:
            Whether the event was handled, now or before, or has no handler. If not, deliver it again later: another
            delivery is being handled, a handler failed, or the store did.

        Raises:
            InvalidInputError: It is not an event.
        """
        if not isinstance(event, _KINDS):
            raise InvalidInputError("event: must be an event, from receive or parse", field="event")
        if self._drift is not None:
            self._drift.watch_event(event)
        return await self._dispatcher.handle(event)

    async def run_once(self, event: Event, step: str, work: Callable[[], Awaitable[R]]) -> R | None:
        """Run a step of a handler, unless an earlier delivery of the event has; call it within a handler.

            await webhooks.run_once(event, "receipt", lambda: connectly.send_text(customer, "Thank you!"))

        If the step fails, `on_failure` decides: either it counts as done, or the next delivery runs it again. The error
        is raised in both cases.

        Args:
            event: The handler's event.
            step: The step's name, without personal data; the same name for the same step of each delivery.
            work: An async function without arguments.

        Returns:
            What `work` returns, or None if the step was done before.

        Raises:
            InvalidInputError: The event, the name or the function is something else.
            WebhookError: The step is being done for another delivery: the service should deliver the event again.
        """
        if not isinstance(event, _KINDS):
            raise InvalidInputError("event: must be an event, from receive or parse", field="event")
        if not isinstance(step, str) or not step:  # pyright: ignore[reportUnnecessaryIsInstance]
            raise InvalidInputError("step: must be a name", field="step")
        if not callable(work):
            raise InvalidInputError("work: must be an async function, not what it returns", field="work")
        return await self._dispatcher.run_once(event, step, work)

    async def check(self) -> None:
        """Open the store, if it can be opened, and check that it can be used.

        Raises:
            WebhookStoreError: It cannot be used as it is; the text says why.
        """
        check = getattr(self._store, "check", None)
        if check is not None:
            await check()

    async def drain(self) -> None:
        """Wait until every accepted event has been handled, including those acknowledged first."""
        await self._dispatcher.drain()

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
        # Not wrapped: servers call an application without arguments to find out whether it is a factory.
        connection = self._serve(scope, receive, send)
        del scope, receive, send
        await connection

    def _add_handler(self, kinds: tuple[type, ...], handler: Callable[[Any], object]) -> None:
        self._dispatcher.add(kinds, handler)

    @cut_traceback
    async def _serve(self, scope: Message, receive: Receive, send: Send) -> None:
        match scope["type"]:
            case "http":
                status = await self._respond(scope, receive)
                if status is not None:
                    await _send(scope, send, status)
            case "lifespan":
                await self._serve_lifespan(receive, send)
            case "websocket":
                await receive()
                await send({"type": "websocket.close"})
            case other:
                raise UsageError(f"webhooks: an ASGI connection of type {other!r}; only http is served")

    async def _serve_lifespan(self, receive: Receive, send: Send) -> None:
        while (await receive())["type"] != "lifespan.shutdown":
            try:
                await self.check()
            except Exception as error:  # noqa: BLE001  (a store may raise anything, and the server must know)
                message = f"webhooks: the store's check failed with {type(error).__qualname__}"
                if isinstance(error, WebhookStoreError):  # Any other error's text may be personal.
                    message = str(error)
                _LOG.error("%s", message)
                await send({"type": "lifespan.startup.failed", "message": message})
                return
            await send({"type": "lifespan.startup.complete"})
        await self.aclose()
        await send({"type": "lifespan.shutdown.complete"})

    async def _respond(self, scope: Message, receive: Receive) -> HTTPStatus | None:
        if scope["method"] != "POST":
            return HTTPStatus.METHOD_NOT_ALLOWED
        headers: list[tuple[bytes, bytes]] = list(scope["headers"])
        if _get_declared_length(headers) > self._max_bytes:
            self._dispatcher.outcomes.count("refused")
            return _TOO_LARGE
        body = await self._bodies.read(receive)
        if isinstance(body, bytes):
            return await self._accept(headers, body)
        if body is not None:
            self._dispatcher.outcomes.count("refused")
        return body

    async def _accept(self, headers: HeadersLike, body: bytes) -> HTTPStatus:
        outcomes = self._dispatcher.outcomes
        if len(body) > self._max_bytes:
            outcomes.count("refused")
            return _TOO_LARGE
        try:
            check_signature(body, find_signature(headers), self._keys)
            event = parse(body, max_bytes=self._max_bytes)
        except WebhookSignatureError as error:
            _LOG.info("refused: %s", error)
            outcomes.count("refused")
            return HTTPStatus.UNAUTHORIZED
        except WebhookPayloadError as error:
            _LOG.warning("refused: %s", error)
            outcomes.count("refused")
            return HTTPStatus.BAD_REQUEST
        if self._drift is not None:
            self._drift.watch_event(event)
        return await self._dispatcher.accept(event)


def count_refused(app: WebhookApp) -> None:
    """Count a request whose body was not read, for receivers that read it themselves."""
    app._dispatcher.outcomes.count("refused")  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  (its own module)


def _get_declared_length(headers: list[tuple[bytes, bytes]]) -> int:
    declared = next((value for name, value in headers if name.lower() == b"content-length"), b"")
    return int(declared) if declared.isdigit() and len(declared) <= _MAX_LENGTH_DIGITS else 0


async def _send(scope: Message, send: Send, status: HTTPStatus) -> None:
    texts, body = build_response(status)
    headers = [(name.encode(), value.encode()) for name, value in texts]
    if status in _UNREAD and scope.get("http_version", "").startswith("1"):
        # The unread rest of the body must not be parsed as the next request.
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": int(status), "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})
