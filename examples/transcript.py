"""A sandbox whose events are printed as they happen: what the examples are played on, without a key or a network."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from connectly_api import Connectly
from connectly_api.sandbox import Customer, Sandbox
from connectly_api.sandbox.model.records import Delivery, ReceivedRequest
from connectly_api.transport import AsgiTransport

__all__ = ["Transcript"]

CUSTOMER = "+16044441111"


class Transcript:
    """Prints who did what, and when, by the sandbox's clock."""

    def __init__(self) -> None:
        """Make a sandbox in which nothing has happened yet."""
        self.sandbox = Sandbox(on_request=self._requested, on_delivery=self._delivered)
        self.ann: Customer = self.sandbox.customer(CUSTOMER, name="Ann")
        self._start = self.sandbox.now

    @asynccontextmanager
    async def client(self) -> AsyncGenerator[Connectly]:
        """Make a client on the sandbox."""
        settings = self.sandbox.settings
        transport = AsgiTransport(self.sandbox.app)
        async with Connectly(
            api_key=settings.api_key, business_id=settings.business_id, transport=transport
        ) as connectly:
            yield connectly

    async def says(self, text: str) -> None:
        """Let Ann write."""
        self.line("Ann", text)
        await self.ann.says(text)

    async def taps(self, title: str) -> None:
        """Let Ann tap a button."""
        self.line("Ann", f"taps [{title}]")
        await self.ann.taps(title)

    async def later(self, **time: float) -> None:
        """Let time go by: `hours=25`."""
        await self.sandbox.advance(**time)
        self.line("", f"... {', '.join(f'{amount:g} {unit}' for unit, amount in time.items())} later")

    def line(self, who: str, what: str) -> None:
        """Print one line."""
        clock = timedelta(seconds=int(self.sandbox.now - self._start))
        print(f"{clock!s:>16}  {who:<9} {what}".rstrip(), flush=True)  # noqa: T201  (what a play is for)

    def _requested(self, request: ReceivedRequest) -> None:
        if request.message is not None:
            self.line("business", _spoken(request.message.body))
        elif request.code is not None:
            self.line("service", f"refuses: {request.code}")

    def _delivered(self, delivery: Delivery) -> None:
        answer = f"{delivery.status or 'nobody answers'}"
        match delivery.json():
            case {"statusUpdate": {"status": str(status)}}:
                self.line("webhook", f"{status} -> {answer}")
            case {"buttonResponse": {}}:
                self.line("webhook", f"a button was tapped -> {answer}")
            case _:
                self.line("webhook", f"a customer wrote -> {answer}")


def _spoken(body: dict[str, Any]) -> str:
    """Return what a message says, with its buttons in brackets."""
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
