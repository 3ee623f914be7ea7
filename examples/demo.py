"""Sends every documented request with `Connectly`, over a real socket, to the sandbox, and receives the webhooks.

Run it with `make demo`. The exit status is 0 only if everything happened as expected.
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
from examples.round_trip import send_and_collect

DOCUMENTED = Path(__file__).resolve().parent.parent / "tests" / "data" / "requests"
SILENT_CUSTOMER = "+16045550142"

# The number of documented calls that create a registration.
REGISTRATIONS = sum(name.startswith("webhook_create") for name in WEBHOOK_CALLS)

# The statuses that webhooks report for each message, except for the failing one and the one whose button is tapped.
STATUSES = ("sent", "delivered", "read")
FAILING = "session_video"
TAPPED = "session_reply_buttons"

# A session message to a customer known only by BSUID gets a 400, as documented.
REFUSED_AS_DOCUMENTED = "session_text_bsuid"


@attrs.frozen
class Line:
    """A row of a table.

    Attributes:
        what: The call or event.
        outcome: The result.
        milliseconds: How long it took.
        is_right: Whether the result is the expected one.
        to: The documented recipient or URL; or the message's status.
    """

    what: str
    outcome: str
    milliseconds: float
    is_right: bool
    to: str = ""


async def time_call(call: Awaitable[Any]) -> tuple[Any, float]:
    """Return the result of a call, or the error that it raised, and the milliseconds that it took."""
    start = time.perf_counter()
    try:
        result = await call
    except ConnectlyError as error:
        result = error
    return result, (time.perf_counter() - start) * 1000


def load_body(name: str) -> Any:  # noqa: ANN401 (JSON)
    """Return a documented body."""
    return json.loads((DOCUMENTED / f"{name}.json").read_bytes())


def find_recipient(body: dict[str, Any]) -> str:
    """Return the recipient of a documented body, or the URL of a registration."""
    recipient = body.get("recipient", {})
    return str(body.get("number") or recipient.get("id") or recipient.get("userId") or body.get("address", ""))


async def send_everything(connectly: Connectly, sandbox: Sandbox) -> list[Line]:
    """Send each documented message and compare what the sandbox received."""
    lines: list[Line] = []
    for name, send in SENDS.items():
        result, took = await time_call(send(connectly))
        body = load_body(name)
        is_same = sandbox.requests[-1].json() == body
        if name == REFUSED_AS_DOCUMENTED:
            is_right = is_same and isinstance(result, RequestRejectedError)
            lines.append(Line(name, f"refused, as documented: {result}", took, is_right, find_recipient(body)))
        else:
            is_right = is_same and not isinstance(result, ConnectlyError) and sandbox.messages[-1].id == result.id
            lines.append(Line(name, str(getattr(result, "id", result)), took, is_right, find_recipient(body)))
    return lines


async def register_webhooks(connectly: Connectly, sandbox: Sandbox) -> list[Line]:
    """Create and update each documented registration, list the registrations, and delete them."""
    lines: list[Line] = []
    last_id = ""
    for name, call in WEBHOOK_CALLS.items():
        result, took = await time_call(call(connectly, last_id))
        last_id = getattr(result, "id", last_id)
        is_right = not isinstance(result, ConnectlyError) and sandbox.requests[-1].json() == load_body(name)
        lines.append(Line(name, str(getattr(result, "id", "updated")), took, is_right, find_recipient(load_body(name))))
    result, took = await time_call(connectly.webhooks.list())
    registrations = () if isinstance(result, ConnectlyError) else result
    lines.append(
        Line(
            "webhooks.list",
            f"{len(registrations)} registrations",
            took,
            len(registrations) == len(sandbox.registrations) == REGISTRATIONS,
        )
    )
    for registration in registrations:
        result, took = await time_call(connectly.webhooks.delete(registration.id))
        lines.append(Line("webhooks.delete", registration.id, took, not isinstance(result, ConnectlyError)))
    return lines


async def try_refusals(connectly: Connectly, sandbox: Sandbox) -> list[Line]:
    """Make three calls that are refused, the first two before anything is sent."""
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
        result, took = await time_call(call())
        is_right = isinstance(result, expected) and len(sandbox.requests) - before == requests
        lines.append(Line(what, f"{type(result).__name__}: {result}", took, is_right))
    return lines


async def collect_events(connectly: Connectly, sandbox: Sandbox) -> tuple[list[Line], str]:
    """Send each documented message with its name as callback data, and compare the events that arrive."""
    await sandbox.settle()
    tap = (TAPPED, CUSTOMER, "Button 2")
    histories, address = await send_and_collect(connectly, sandbox, SENDS, failing=FAILING, tap=tap)
    expected: dict[str, tuple[str, ...]] = dict.fromkeys(SENDS.keys() - {REFUSED_AS_DOCUMENTED}, STATUSES)
    expected |= {FAILING: ("sent", "delivery_failed"), TAPPED: (*STATUSES, "tapped 'Button 2'")}
    lines = [
        Line(name, str(history), 0, history.events == expected.get(name), history.tracker.status or "")
        for name, history in histories.items()
    ]
    lines += [Line(name, "no event", 0, is_right=False) for name in expected.keys() - histories.keys()]
    return lines, address


def print_table(console: Console, title: str, headings: tuple[str, ...], lines: list[Line]) -> None:
    """Print a table; without a third heading, omit the times."""
    table = Table(title=title, title_justify="left", title_style="bold", header_style="bold")
    for name in ("", "what", *headings[:2]):
        table.add_column(name, overflow="fold")
    for name in headings[2:]:
        table.add_column(name, justify="right")
    for line in lines:
        cells = ["ok" if line.is_right else "WRONG", line.what, line.to, line.outcome, f"{line.milliseconds:.1f}"]
        table.add_row(*cells[: len(table.columns)])
    console.print(table)


async def open_windows(sandbox: Sandbox) -> None:
    """Write as each customer: a free-form message needs a customer who wrote to the sending number within 24 hours."""
    bodies = [load_body(name) for name in SENDS if name.startswith("session_")]
    recipients = {(body["recipient"].get("id"), body["recipient"].get("userId")) for body in bodies}
    for phone, bsuid in sorted(recipients, key=str):
        await sandbox.customer(phone, bsuid=bsuid).says("Hi!")


async def main(console: Console) -> int:
    """Run everything and return the exit status."""
    sandbox = Sandbox()
    await open_windows(sandbox)
    async with sandbox.serve() as address:
        console.print(f"The sandbox listens on {address}\n")
        async with Connectly(
            api_key=sandbox.settings.api_key, business_id=sandbox.settings.business_id, base_url=address
        ) as connectly:
            messages = await send_everything(connectly, sandbox)
            registrations = await register_webhooks(connectly, sandbox)
            refusals = await try_refusals(connectly.with_sender(SENDER), sandbox)
            events, receiver = await collect_events(connectly, sandbox)
    print_table(console, "Every documented message, over a socket", ("to", "id", "ms"), messages)
    print_table(console, "Every documented webhook registration", ("to", "id", "ms"), registrations)
    print_table(console, "Three refusals", ("to", "error", "ms"), refusals)
    title = f"Webhooks received on {receiver}, by callback data"
    print_table(console, title, ("status", "events in order of arrival"), events)
    lines = [*messages, *registrations, *refusals, *events]
    wrong = [line.what for line in lines if not line.is_right]
    console.print(f"{len(lines) - len(wrong)} of {len(lines)} as expected" + "".join(f"\nWRONG: {w}" for w in wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    # A pipe has no width; the default of 80 columns would fold the ids.
    sys.exit(asyncio.run(main(Console(width=None if sys.stdout.isatty() else 140))))
