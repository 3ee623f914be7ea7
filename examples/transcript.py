"""A sandbox that prints what happens. The examples run their demos on it, without a key or a network."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from connectly_api import Connectly
from connectly_api.sandbox import Customer, Sandbox
from connectly_api.sandbox.model.records import Delivery, ReceivedRequest
from connectly_api.transport import AsgiTransport

CUSTOMER = "+16044441111"


class Transcript:
    """Prints who did what, with the time on the sandbox's clock."""

    def __init__(self) -> None:
        """Create an empty sandbox with one customer, Ann."""
        self.sandbox = Sandbox(on_request=self._print_request, on_delivery=self._print_delivery)
        self.ann: Customer = self.sandbox.customer(CUSTOMER, name="Ann")
        self._start = self.sandbox.now

    @asynccontextmanager
    async def open_client(self) -> AsyncGenerator[Connectly]:
        """Open a client on the sandbox."""
        settings = self.sandbox.settings
        transport = AsgiTransport(self.sandbox.app)
        async with Connectly(
            api_key=settings.api_key, business_id=settings.business_id, transport=transport
        ) as connectly:
            yield connectly

    async def says(self, text: str) -> None:
        """Send a text as Ann."""
        self.print_line("Ann", text)
        await self.ann.says(text)

    async def taps(self, title: str) -> None:
        """Tap a button as Ann."""
        self.print_line("Ann", f"taps [{title}]")
        await self.ann.taps(title)

    async def advance(self, **time: float) -> None:
        """Move the clock: `hours=25`."""
        await self.sandbox.advance(**time)
        self.print_line("", f"... {', '.join(f'{amount:g} {unit}' for unit, amount in time.items())} later")

    def print_line(self, who: str, what: str) -> None:
        """Print one line with the time."""
        clock = timedelta(seconds=int(self.sandbox.now - self._start))
        print(f"{clock!s:>16}  {who:<9} {what}".rstrip(), flush=True)  # noqa: T201  (the purpose of a demo)

    def _print_request(self, request: ReceivedRequest) -> None:
        if request.message is not None:
            self.print_line("business", _summarize(request.message.body))
        elif request.code is not None:
            self.print_line("service", f"refuses: {request.code}")

    def _print_delivery(self, delivery: Delivery) -> None:
        response = f"{delivery.status or 'no response'}"
        match delivery.json():
            case {"statusUpdate": {"status": str(status)}}:
                self.print_line("webhook", f"{status} -> {response}")
            case {"buttonResponse": {}}:
                self.print_line("webhook", f"a button was tapped -> {response}")
            case _:
                self.print_line("webhook", f"a customer wrote -> {response}")


def _summarize(body: dict[str, Any]) -> str:
    """Return a message's text, with its buttons in brackets."""
    match body:
        case {"templateName": str(name)}:
            values = [parameter["value"] for parameter in body.get("parameters", ())]
            return f"template {name}({', '.join(values)})"
        case {"message": {"text": str(text), "replyButtonMessage": {"buttons": buttons}}}:
            return " ".join([text, *(f"[{button['text']}]" for button in buttons)])
        case {"message": {"text": str(text)}}:
            return text
        case _:
            return "something else"
