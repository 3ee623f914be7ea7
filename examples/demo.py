"""The main job on real input: every documented request, through the facade, over a real socket, to the sandbox.

Run as `make demo`. It ends with status 0 only if everything went as it should.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import attrs
from rich.console import Console
from rich.table import Table

from connectly_api import (
    CallbackDataTooLongError,
    Connectly,
    ConnectlyError,
    InvalidRecipientError,
    OutsideWindowError,
    RequestRejectedError,
)
from connectly_api.sandbox import Sandbox
from examples.documented_requests import CUSTOMER, SENDER, SENDS, WEBHOOK_CALLS
from examples.round_trip import send_and_follow

DOCUMENTED = Path(__file__).resolve().parent.parent / "tests" / "data" / "requests"
SILENT_CUSTOMER = "+16045550142"

# How many of the documented calls create a registration.
CREATED = sum(name.startswith("webhook_create") for name in WEBHOOK_CALLS)

# What comes of each message on the way back, but for the one that fails and the one that is answered.
STATUSES = ("sent", "delivered", "read")
FAILING = "session_video"
ANSWERED = "session_reply_buttons"

# A customer known by BSUID alone cannot be written to yet: the service documents a 400 for it.
REFUSED_AS_DOCUMENTED = "session_text_bsuid"


@attrs.frozen
class Line:
    """A row of a table.

    Attributes:
        what: What was tried.
        outcome: What came of it.
        milliseconds: How long it took.
        is_right: Whether that is as it should be.
        to: The recipient, or the address, as it was documented; or how far the message came.
    """

    what: str
    outcome: str
    milliseconds: float
    is_right: bool
    to: str = ""


async def outcome_of(call: Awaitable[Any]) -> tuple[Any, float]:
    """Return what a call came to, or the error that it raised, and the milliseconds that it took."""
    start = time.perf_counter()
    try:
        result = await call
    except ConnectlyError as error:
        result = error
    return result, (time.perf_counter() - start) * 1000


def documented(name: str) -> Any:  # noqa: ANN401 (JSON)
    """Return a documented body."""
    return json.loads((DOCUMENTED / f"{name}.json").read_bytes())


def addressee(body: dict[str, Any]) -> str:
    """Return whom or what a documented body addresses."""
    recipient = body.get("recipient", {})
    return str(body.get("number") or recipient.get("id") or recipient.get("userId") or body.get("address", ""))


async def send_everything(connectly: Connectly, sandbox: Sandbox) -> list[Line]:
    """Send each documented message and look at what the sandbox received."""
    lines: list[Line] = []
    for name, send in SENDS.items():
        result, took = await outcome_of(send(connectly))
        body = documented(name)
        is_same = sandbox.requests[-1].json() == body
        if name == REFUSED_AS_DOCUMENTED:
            is_right = is_same and isinstance(result, RequestRejectedError)
            lines.append(Line(name, f"refused, as documented: {result}", took, is_right, addressee(body)))
        else:
            is_right = is_same and not isinstance(result, ConnectlyError) and sandbox.messages[-1].id == result.id
            lines.append(Line(name, str(getattr(result, "id", result)), took, is_right, addressee(body)))
    return lines


async def register_webhooks(connectly: Connectly, sandbox: Sandbox) -> list[Line]:
    """Create and update each documented registration, list what there is, and take it away again."""
    lines: list[Line] = []
    last_id = ""
    for name, call in WEBHOOK_CALLS.items():
        result, took = await outcome_of(call(connectly, last_id))
        last_id = getattr(result, "id", last_id)
        is_right = not isinstance(result, ConnectlyError) and sandbox.requests[-1].json() == documented(name)
        lines.append(Line(name, str(getattr(result, "id", "updated")), took, is_right, addressee(documented(name))))
    listed, took = await outcome_of(connectly.webhooks.list())
    found = () if isinstance(listed, ConnectlyError) else listed
    lines.append(
        Line("webhooks.list", f"{len(found)} registrations", took, len(found) == len(sandbox.registrations) == CREATED)
    )
    for registration in found:
        result, took = await outcome_of(connectly.webhooks.delete(registration.id))
        lines.append(Line("webhooks.delete", registration.id, took, not isinstance(result, ConnectlyError)))
    return lines


async def be_refused(connectly: Connectly, sandbox: Sandbox) -> list[Line]:
    """Run into three refusals, the first two before anything is sent."""
    calls: list[tuple[str, type[ConnectlyError], int, Callable[[], Awaitable[Any]]]] = [
        (
            "callback data of 1025 bytes",
            CallbackDataTooLongError,
            0,
            lambda: connectly.send_text(CUSTOMER, "Hello!", callback_data="x" * 1023),
        ),
        ("a bad recipient", InvalidRecipientError, 0, lambda: connectly.send_text("604-444-1111", "Hello!")),
        ("a closed 24-hour window", OutsideWindowError, 1, lambda: connectly.send_text(SILENT_CUSTOMER, "Hello!")),
    ]
    lines: list[Line] = []
    for what, expected, requests, call in calls:
        before = len(sandbox.requests)
        result, took = await outcome_of(call())
        is_right = isinstance(result, expected) and len(sandbox.requests) - before == requests
        lines.append(Line(what, f"{type(result).__name__}: {result}", took, is_right))
    return lines


async def hear_back(connectly: Connectly, sandbox: Sandbox) -> tuple[list[Line], str]:
    """Send each documented message with its name as callback data, and look at what a receiver heard of it."""
    await sandbox.settle()
    tapped = (ANSWERED, CUSTOMER, "Button 2")
    arrived, address = await send_and_follow(connectly, sandbox, SENDS, failing=FAILING, tapped=tapped)
    expected: dict[str, tuple[str, ...]] = dict.fromkeys(SENDS.keys() - {REFUSED_AS_DOCUMENTED}, STATUSES)
    expected |= {FAILING: ("sent", "delivery_failed"), ANSWERED: (*STATUSES, "tapped 'Button 2'")}
    lines = [
        Line(name, str(heard), 0, heard.events == expected.get(name), heard.tracker.status or "")
        for name, heard in arrived.items()
    ]
    lines += [Line(name, "nothing arrived", 0, is_right=False) for name in expected.keys() - arrived.keys()]
    return lines, address


def show(console: Console, title: str, headings: tuple[str, ...], lines: list[Line]) -> None:
    """Print a table; the third and last heading, of the times, may be left out."""
    table = Table(title=title, title_justify="left", title_style="bold", header_style="bold")
    for name in ("", "what", *headings[:2]):
        table.add_column(name, overflow="fold")
    for name in headings[2:]:
        table.add_column(name, justify="right")
    for line in lines:
        cells = ["ok" if line.is_right else "WRONG", line.what, line.to, line.outcome, f"{line.milliseconds:.1f}"]
        table.add_row(*cells[: len(table.columns)])
    console.print(table)


async def let_customers_write(sandbox: Sandbox) -> None:
    """Open the 24-hour windows: free-form messages reach only customers who wrote, from the number they wrote to."""
    bodies = [documented(name) for name in SENDS if name.startswith("session_")]
    recipients = {(body["recipient"].get("id"), body["recipient"].get("userId")) for body in bodies}
    for phone, bsuid in sorted(recipients, key=str):
        await sandbox.customer(phone, bsuid=bsuid).says("Hi!")


async def main(console: Console) -> int:
    """Run everything and return the exit status."""
    sandbox = Sandbox()
    await let_customers_write(sandbox)
    async with sandbox.serve() as address:
        console.print(f"The sandbox listens on {address}\n")
        async with Connectly(
            api_key=sandbox.settings.api_key, business_id=sandbox.settings.business_id, base_url=address
        ) as connectly:
            sent = await send_everything(connectly, sandbox)
            registered = await register_webhooks(connectly, sandbox)
            refused = await be_refused(connectly.with_sender(SENDER), sandbox)
            heard, receiver = await hear_back(connectly, sandbox)
    show(console, "Every documented message, through the facade, over a socket", ("to", "id", "ms"), sent)
    show(console, "Every documented webhook registration", ("to", "id", "ms"), registered)
    show(console, "Three refusals", ("to", "error", "ms"), refused)
    title = f"What a receiver on {receiver} heard of each message, by its callback data"
    show(console, title, ("status", "signed events, in the order of arrival"), heard)
    lines = [*sent, *registered, *refused, *heard]
    wrong = [line.what for line in lines if not line.is_right]
    console.print(
        f"{len(lines) - len(wrong)} of {len(lines)} went as they should" + "".join(f"\nWRONG: {w}" for w in wrong)
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    # A pipe has no width of its own; 80 columns would fold the ids.
    sys.exit(asyncio.run(main(Console(width=None if sys.stdout.isatty() else 140))))
