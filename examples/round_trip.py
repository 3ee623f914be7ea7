"""The way back: signed events over a socket, and a receiver that says what became of each message.

Part of `make demo`.
"""

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

__all__ = ["Arrived", "Sends", "send_and_follow"]

Sends = Mapping[str, Callable[[Connectly], Awaitable[Any]]]

UNMATCHED: Final = "an event of no message of ours"


@attrs.frozen
class Arrived:
    """What came back for one message.

    Attributes:
        events: What was received, in the order of arrival.
        tracker: How far the message is, in whatever order its statuses came.
    """

    events: tuple[str, ...] = ()
    tracker: StatusTracker = attrs.field(factory=StatusTracker)

    def after(self, event: Event) -> Arrived:
        """Return what has arrived when an event is added."""
        tracker = self.tracker
        match event:
            case DeliveryStatus():
                tracker, _ = tracker.advance(event)
                told = str(event.status)
            case ButtonReply():
                told = f"tapped {event.text!r}"
            case InboundMessage():
                told = f"answered {event.text!r}"
            case _:
                told = type(event).__name__
        return Arrived((*self.events, told), tracker)

    def __str__(self) -> str:
        """Tell it in a line."""
        failure = self.tracker.failure
        return " → ".join(self.events) + (f" ({failure.code}: {failure.message})" if failure else "")


@asynccontextmanager
async def listening(app: WebhookApp) -> AsyncGenerator[str]:
    """Serve a receiver on a port of its own until the block ends, and yield its address."""
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
    # Whoever connects before the server has started waits in the socket's queue.
    with socket.create_server(("127.0.0.1", 0)) as listener:
        serving = asyncio.create_task(server.serve([listener]))
        try:
            host, port = listener.getsockname()
            yield f"http://{host}:{port}/webhooks"
        finally:
            server.should_exit = True
            await serving


class Tagging:
    """A client whose sends all carry the same callback data, whatever the call says."""

    def __init__(self, connectly: Connectly, callback_data: Mapping[str, str]) -> None:
        """Take the client and what its messages are to carry."""
        self._connectly = connectly
        self._callback_data = callback_data

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        """Return a method of the client that adds the callback data."""
        send = getattr(self._connectly, name)
        return lambda *arguments, **options: send(*arguments, **{**options, "callback_data": self._callback_data})


def receiver(secret: str, arrived: dict[str, Arrived]) -> WebhookApp:
    """Return an application that notes each event under the message that it is about."""
    app = WebhookApp(secret)

    @app.on_any
    def note(event: Event) -> None:
        match event.callback_data:
            case {"message": str(name)}:
                arrived[name] = arrived[name].after(event)
            case _:
                arrived[UNMATCHED] = arrived[UNMATCHED].after(event)

    return app


async def send_and_follow(
    connectly: Connectly, sandbox: Sandbox, sends: Sends, *, failing: str, tapped: tuple[str, str, str]
) -> tuple[dict[str, Arrived], str]:
    """Send messages, each with its name as callback data, and return what arrived for each, by these names.

    Args:
        connectly: A client on the sandbox.
        sandbox: What delivers.
        sends: The messages, by name; those that are refused are left out.
        failing: The name of one that the sandbox accepts and cannot deliver.
        tapped: The name of one with buttons, its customer, and the button that is tapped when everything was delivered.

    Returns:
        What arrived, and the address where it did.
    """
    arrived: dict[str, Arrived] = defaultdict(Arrived)
    ids: dict[str, str] = {}
    async with listening(receiver(sandbox.settings.webhook_secret, arrived)) as address:
        registered = [await connectly.webhooks.create(topic, address) for topic in ("messages", "delivery_status")]
        for name, send in sends.items():
            if name == failing:
                sandbox.fault("fail_delivery", next=1)
            try:
                sent = await send(cast("Connectly", Tagging(connectly, {"message": name})))
            except ConnectlyError:
                continue
            ids[name] = sent.id
        await sandbox.settle()
        name, customer, button = tapped
        await sandbox.customer(customer).taps(button, message=ids[name])
        for registration in registered:
            await connectly.webhooks.delete(registration.id)
    return arrived, address
