"""Sends messages and collects the webhooks about each, over sockets, as part of `make demo`."""

from __future__ import annotations

import asyncio
import socket
from collections import defaultdict
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final, cast

import attrs
import uvicorn

from connectly_api import Connectly, ConnectlyError
from connectly_api.sandbox import Sandbox
from connectly_api.webhooks import ButtonReply, DeliveryStatus, Event, InboundMessage, StatusTracker, WebhookApp

Sends = Mapping[str, Callable[[Connectly], Awaitable[Any]]]

UNMATCHED: Final = "unmatched events"


@attrs.frozen
class History:
    """The events about one message.

    Attributes:
        events: A summary of each, in order of arrival.
        tracker: The message's status, whatever the order of its events.
    """

    events: tuple[str, ...] = ()
    tracker: StatusTracker = attrs.field(factory=StatusTracker)

    def add(self, event: Event) -> History:
        """Return the history with one more event."""
        tracker = self.tracker
        match event:
            case DeliveryStatus():
                tracker, _ = tracker.advance(event)
                summary = str(event.status)
            case ButtonReply():
                summary = f"tapped {event.text!r}"
            case InboundMessage():
                summary = f"answered {event.text!r}"
            case _:
                summary = type(event).__name__
        return History((*self.events, summary), tracker)

    def __str__(self) -> str:
        """Return one line."""
        failure = self.tracker.failure
        return " → ".join(self.events) + (f" ({failure.code}: {failure.message})" if failure else "")


@asynccontextmanager
async def serve(app: WebhookApp) -> AsyncGenerator[str]:
    """Serve an application on a free port until the block ends, and yield its URL."""
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
    # A client that connects before the server has started waits in the socket's queue.
    with socket.create_server(("127.0.0.1", 0)) as listener:
        task = asyncio.create_task(server.serve([listener]))
        try:
            host, port = listener.getsockname()
            yield f"http://{host}:{port}/webhooks"
        finally:
            server.should_exit = True
            await task


class TaggedClient:
    """A client that replaces the callback data of every message with its own."""

    def __init__(self, connectly: Connectly, callback_data: Mapping[str, str]) -> None:
        """Wrap a client."""
        self._connectly = connectly
        self._callback_data = callback_data

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        """Return the client's method with the callback data replaced."""
        send = getattr(self._connectly, name)
        return lambda *arguments, **options: send(*arguments, **{**options, "callback_data": self._callback_data})


def create_receiver(secret: str, histories: dict[str, History]) -> WebhookApp:
    """Return an application that adds each event to the history of its message."""
    app = WebhookApp(secret)

    @app.on_any
    def record(event: Event) -> None:
        match event.callback_data:
            case {"message": str(name)}:
                histories[name] = histories[name].add(event)
            case _:
                histories[UNMATCHED] = histories[UNMATCHED].add(event)

    return app


async def send_and_collect(
    connectly: Connectly, sandbox: Sandbox, sends: Sends, *, failing: str, tap: tuple[str, str, str]
) -> tuple[dict[str, History], str]:
    """Send messages, each with its name as callback data, and return the events about each, by name.

    Args:
        connectly: A client on the sandbox.
        sandbox: Delivers the webhooks.
        sends: The messages by name; refused ones are left out.
        failing: The name of a message that the sandbox accepts but cannot deliver.
        tap: The name of a message with buttons, its customer, and the button to tap once everything is delivered.

    Returns:
        The histories, and the receiver's URL.
    """
    histories: dict[str, History] = defaultdict(History)
    ids: dict[str, str] = {}
    async with serve(create_receiver(sandbox.settings.webhook_secret, histories)) as address:
        registrations = [await connectly.webhooks.create(topic, address) for topic in ("messages", "delivery_status")]
        for name, send in sends.items():
            if name == failing:
                sandbox.fault("fail_delivery", next=1)
            try:
                sent = await send(cast("Connectly", TaggedClient(connectly, {"message": name})))
            except ConnectlyError:
                continue
            ids[name] = sent.id
        await sandbox.settle()
        name, customer, button = tap
        await sandbox.customer(customer).taps(button, message=ids[name])
        for registration in registrations:
            await connectly.webhooks.delete(registration.id)
    return histories, address
