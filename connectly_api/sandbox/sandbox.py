"""The sandbox as one object: fixed settings, a state, and the three ways in."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Unpack

from starlette.types import ASGIApp

from connectly_api.errors import InvalidInputError
from connectly_api.sandbox.app import build_app
from connectly_api.sandbox.decision import Incoming, Verdict, decide
from connectly_api.sandbox.inspection import PREFIX
from connectly_api.sandbox.parties import as_bsuid, as_phone
from connectly_api.sandbox.record import recorded
from connectly_api.sandbox.schemas import refuse_swagger
from connectly_api.sandbox.server import serving
from connectly_api.sandbox.settings import Options, Settings
from connectly_api.sandbox.state import (
    AcceptedMessage,
    ReceivedRequest,
    Registration,
    State,
    WindowClosed,
    WindowOpened,
)
from connectly_api.sandbox.swagger import load

__all__ = ["Sandbox"]


class Sandbox:
    """Connectly's Message API on your own machine: same routes, same refusals, same error bodies, no network.

    ```python
    async with Sandbox().serve() as address:
        ...  # address is "http://127.0.0.1:…"
    ```

    In process, hand `sandbox.app` to anything that speaks ASGI. The same settings and the same requests in the same
    order give the same ids. A sandbox belongs to one event loop at a time.

    Attributes:
        app: The ASGI application.
        settings: What it was made with.
    """

    def __init__(
        self,
        *,
        swagger: str | Path | bytes | Mapping[str, Any] | None = None,
        on_request: Callable[[ReceivedRequest], None] | None = None,
        **options: Unpack[Options],
    ) -> None:
        """Set up a sandbox in which nothing has happened yet.

        Args:
            swagger: Another Swagger 2.0 file than the package's: its path, its bytes, or the decoded file.
            on_request: Called with each request when its answer is decided.
            **options: Keywords that `connectly_api.sandbox.Settings` describes: `api_key`, `business_id`, `senders`,
                `seed`, and one for each question that the documentation answers twice or not at all.

        Raises:
            InvalidInputError: A setting has a value that cannot be; or the Swagger file cannot be read or served, or
                has a path below `/__sandbox__`.
        """
        self.settings = Settings(**options)
        self._service = load(swagger)
        if any(f"{operation.template}/".startswith(f"{PREFIX}/") for operation in self._service.operations):
            raise refuse_swagger(f"has a path below {PREFIX}, where the sandbox answers for itself")
        self._on_request = on_request
        self._state = State(now=self.settings.start, keep=self.settings.keep)
        self.app: ASGIApp = build_app(self)

    def __repr__(self) -> str:
        """Show the counts; never the key or what was received."""
        return f"Sandbox(received={self._state.received}, accepted={self._state.accepted})"

    @property
    def messages(self) -> tuple[AcceptedMessage, ...]:
        """The accepted messages that are kept, oldest first."""
        return tuple(self._state.messages)

    @property
    def requests(self) -> tuple[ReceivedRequest, ...]:
        """The requests that are kept, refused ones included, oldest first."""
        return tuple(self._state.requests)

    @property
    def registrations(self) -> tuple[Registration, ...]:
        """The webhook registrations, in the order of their creation."""
        return tuple(self._state.registrations.values())

    def close_window(self, customer: str, *, sender: str | None = None) -> None:
        """Let the 24 hours since a customer wrote be over: session messages are refused, templates pass.

        Windows are open until they are closed.

        Args:
            customer: The customer's phone number (E.164) or BSUID.
            sender: One of the business's numbers; None for all of them.

        Raises:
            InvalidInputError: The customer is neither, or the sender is none of the business's.
        """
        for number in self._chosen(customer, sender):
            self._state.apply(WindowClosed(sender=number, customer=customer))

    def open_window(self, customer: str, *, sender: str | None = None) -> None:
        """Let a customer have written just now: session messages pass again.

        Args:
            customer: The customer's phone number (E.164) or BSUID.
            sender: One of the business's numbers; None for all of them.

        Raises:
            InvalidInputError: The customer is neither, or the sender is none of the business's.
        """
        for number in self._chosen(customer, sender):
            self._state.apply(WindowOpened(sender=number, customer=customer))

    def reset(self) -> None:
        """Forget everything that happened: messages, requests, registrations, closed windows, counters."""
        self._state = State(now=self.settings.start, keep=self.settings.keep)

    def receive(self, request: Incoming) -> Verdict:
        """Decide on a request, carry out what follows, and keep it for inspection."""
        verdict = decide(self._service, self.settings, self._state, request)
        for change in verdict.changes:
            self._state.apply(change)
        self._state.received += 1
        received = recorded(request, verdict, self._state.received, self._state.now, self.settings.api_key)
        self._state.requests.append(received)
        if self._on_request is not None:
            self._on_request(received)
        return verdict

    @asynccontextmanager
    async def serve(self, *, host: str = "127.0.0.1", port: int = 0) -> AsyncGenerator[str]:
        """Serve on a socket, in the running asyncio loop, until the block ends.

        Args:
            host: The interface to listen on. Whoever can reach it can read what the sandbox keeps.
            port: 0 picks a free one.

        Yields:
            The address, `http://127.0.0.1:…`.

        Raises:
            ServeError: The port is in use or not to be had, or the host is none of this machine's.
            UsageError: The running loop is not asyncio's.
        """
        async with serving(self.app, host, port) as address:
            yield address

    def _chosen(self, customer: object, sender: str | None) -> tuple[str, ...]:
        if not isinstance(customer, str) or (as_phone(customer) is None and as_bsuid(customer) is None):
            raise InvalidInputError("customer: is neither a phone number (E.164) nor a BSUID", field="customer")
        if sender is None:
            return self.settings.senders
        if sender not in self.settings.senders:
            raise InvalidInputError("sender: is not one of the sandbox's senders", field="sender")
        return (sender,)
