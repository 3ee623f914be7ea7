"""A WSGI application that receives webhooks, for Flask, Django and every other synchronous framework."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextvars import Context
from functools import partial
from http import HTTPStatus
from inspect import iscoroutinefunction
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar

from connectly_api.errors import InvalidInputError
from connectly_api.sync import portal
from connectly_api.sync.exit_drain import drain_at_exit, forget_at_exit, is_exiting
from connectly_api.sync.plain_store import Store, to_async_store
from connectly_api.sync.twin import ClosableTwin
from connectly_api.sync.waiting_thread import run
from connectly_api.sync.wsgi_body import read_body
from connectly_api.tracebacks import cut_traceback
from connectly_api.webhooks.app import EventWatcher, count_refused
from connectly_api.webhooks.app import WebhookApp as AsyncWebhookApp
from connectly_api.webhooks.decoding import MAX_BYTES
from connectly_api.webhooks.event_counts import WebhookCounts
from connectly_api.webhooks.events import Event
from connectly_api.webhooks.failure_policy import FailurePolicy, decide_failure
from connectly_api.webhooks.handler_registry import HandlerRegistry
from connectly_api.webhooks.http_response import build_response
from connectly_api.webhooks.plain_functions import call_plain
from connectly_api.webhooks.signature import HeadersLike, Secrets
from connectly_api.webhooks.stores.store import Store as AsyncStore

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

T = TypeVar("T")
Handlers = list[tuple[tuple[type, ...], Callable[[Any], object]]]


class WebhookApp(ClosableTwin[AsyncWebhookApp], HandlerRegistry):
    """A WSGI application to which the service delivers events; serve it by itself, mount it, or call it from a view.

        webhooks = WebhookApp(secrets, store=SQLiteStore("webhooks.db"))

        @webhooks.on(DeliveryStatus)
        def follow(event: DeliveryStatus) -> None: ...

    It does what `connectly_api.webhooks.WebhookApp` does, with the same statuses. From a view, call `accept`:

        @app.post("/webhooks")
        def receive() -> tuple[str, int]:
            return "", webhooks.accept(request.headers, request.get_data())

    Plain handlers run in the thread of the request, before the response: they have its context, its database connection
    and its transaction. With `acknowledge="first"` they run after the response, in threads of their own. Coroutine
    functions run on the event loop of `connectly_api.sync`.

    A process that ends first handles the events that it has acknowledged. Reading a request's body in time is up to the
    server, so there is neither 408 nor 429; a body that ends too early is 400, and one whose end is not known is 411.
    """

    @cut_traceback
    def __init__(
        self,
        secrets: Secrets,
        *,
        store: Store | AsyncStore | None = None,
        acknowledge: Literal["last", "first"] = "last",
        capacity: int = 1000,
        at_once: int = 10,
        max_bytes: int = MAX_BYTES,
        drift: EventWatcher | None = None,
        on_failure: FailurePolicy = decide_failure,
    ) -> None:
        """Create the application; nothing is opened yet.

        Args:
            secrets: The business's secret, or several during a rotation: visible characters and inner spaces.
            store: Remembers handled events: one of `connectly_api.sync` or `connectly_api.webhooks`, or your own; by
                default a `MemoryStore`, which is enough for a single process.
            acknowledge: `"last"` responds after the handlers, so that the service redelivers an event that failed;
                `"first"` responds at once, and a failure, or the death of the process, loses the event.
            capacity: With `"first"`, the maximum number of events that wait or are being handled.
            at_once: With `"first"`, the maximum number of events that are handled at the same time.
            max_bytes: The largest body that is accepted.
            drift: Reports what the service posts beyond its documentation: a `DriftMonitor`.
            on_failure: Decides, from what a handler or a step raised, whether the event is to be delivered again.

        Raises:
            InvalidInputError: As `connectly_api.webhooks.WebhookApp`.
        """
        self._handlers: Final[Handlers] = []
        self._is_first: Final = acknowledge == "first"
        self._max_bytes: Final = max_bytes
        super().__init__(
            partial(_create_app, self._handlers),
            secrets,
            store=store,
            acknowledge=acknowledge,
            capacity=capacity,
            at_once=at_once,
            max_bytes=max_bytes,
            drift=drift,
            on_failure=on_failure,
        )

    @property
    def counts(self) -> WebhookCounts:
        """What became of the deliveries to this process so far."""
        return self._get().counts

    @cut_traceback
    def accept(self, headers: HeadersLike, body: bytes) -> HTTPStatus:
        """Verify and parse a request, and handle its event; return the status to respond with.

        Args:
            headers: The request's headers, in any framework's form.
            body: The raw bytes as they came.

        Raises:
            UsageError: The calling thread runs an event loop, or the program is ending.
        """
        app = self._get()
        if not self._is_first:
            return run(app.accept, headers, body)
        drain_at_exit(app)
        # Handlers that run after the response see nothing of a request that is over.
        status = Context().run(portal.run, app.accept, headers, body)
        if is_exiting():
            portal.run(app.drain)
        return status

    def handle(self, event: Event) -> bool:
        """Handle an event that was verified elsewhere, such as in a worker of a queue, before returning.

        It runs the handlers under the event's claim, plain ones in this thread, whatever `acknowledge` says.

        Args:
            event: From `receive` or `parse`.

        Returns:
            Whether the event was handled, now or before, or has no handler. If not, deliver it again later: another
            delivery is being handled, a handler failed, or the store did.

        Raises:
            InvalidInputError: It is not an event.
        """
        return run(self._get().handle, event)

    def run_once(self, event: Event, step: str, work: Callable[[], T]) -> T | None:
        """Run a step of a plain handler, in its thread, unless an earlier delivery of the event has.

            webhooks.run_once(event, "receipt", lambda: connectly.send_text(customer, "Thank you!"))

        If the step fails, `on_failure` decides: either it counts as done, or the next delivery runs it again. The error
        is raised in both cases.

        Args:
            event: The handler's event.
            step: The step's name, without personal data; the same name for the same step of each delivery.
            work: A function without arguments.

        Returns:
            What `work` returns, or None if the step was done before.

        Raises:
            InvalidInputError: The event, the name or the function is something else.
            WebhookError: The step is being done for another delivery: the service should deliver the event again.
        """
        if not callable(work) or iscoroutinefunction(work):
            raise InvalidInputError("work: must be a plain function, not what it returns", field="work")
        return run(self._get().run_once, event, step, partial(call_plain, work))

    def check(self) -> None:
        """Open the store, if it can be opened, and check that it can be used.

        Raises:
            WebhookStoreError: It cannot be used as it is; the text says why.
        """
        run(self._get().check)

    def drain(self) -> None:
        """Wait until every accepted event has been handled, including those acknowledged first."""
        portal.run(self._get().drain)

    def close(self) -> None:
        """Drain, and close the store if it can be closed. Calling it twice is fine; a later use opens it again."""
        super().close()
        forget_at_exit(self._object)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Respond to one request."""
        status = self._respond(environ)
        headers, body = build_response(status)
        start_response(f"{status.value} {status.phrase}", headers)
        return [b"" if environ["REQUEST_METHOD"] == "HEAD" else body]

    def _respond(self, environ: WSGIEnvironment) -> HTTPStatus:
        if environ["REQUEST_METHOD"] != "POST":
            return HTTPStatus.METHOD_NOT_ALLOWED
        body = read_body(environ, self._max_bytes)
        if isinstance(body, bytes):
            return self.accept(environ, body)
        count_refused(self._get())
        return body

    def _add_handler(self, kinds: tuple[type, ...], handler: Callable[[Any], object]) -> None:
        self._get().on(*kinds)(handler)
        self._handlers.append((kinds, handler))


def _create_app(handlers: Handlers, secrets: Secrets, *, store: Any, **options: Any) -> AsyncWebhookApp:  # noqa: ANN401 (the constructor's)
    app = AsyncWebhookApp(secrets, store=to_async_store(store), **options)
    for kinds, handler in handlers:
        app.on(*kinds)(handler)
    return app
