"""`connectly trigger`: one command for each kind of event, to try a webhook receiver without a running sandbox."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

import anyio
import attrs
import typer

from connectly_api.cli.config import EnvFile, IsJson, find_settings, read_webhook_secrets
from connectly_api.cli.exit_codes import NOT_HANDLED, CommandLineError
from connectly_api.cli.inputs import parse_json, read_value
from connectly_api.cli.option_groups import command
from connectly_api.cli.output import write_json, write_line, write_note
from connectly_api.cli.typed_values import parse_buttons, parse_sections
from connectly_api.errors import InvalidInputError
from connectly_api.setting_rules import name_origin
from connectly_api.transport.adapters.auto import AutoTransport
from connectly_api.transport.failure_text import explain_failure
from connectly_api.transport.protocol import Progress, Timeouts, Transport, WireRequest
from connectly_api.web_address import find_web_address_problem
from connectly_api.webhooks.signature import SIGNATURE_HEADER, sign

app = typer.Typer(help="Send an event to a webhook address, signed as the service signs it.")

_OK: Final = 200
_UNAUTHORIZED: Final = 401
_SECONDS: Final = 10.0
_MAX_ANSWER: Final = 2048
_ABOUT: Final = "About"
_TARGET: Final = "Receiver"
_ORIGINS: Final = {"customer": "--from", "senders[0]": "--sender", "latitude": "--at", "longitude": "--at"}
"""Where the arguments of events come from, if not from the option of the same name."""

TO: Final = "--to http://127.0.0.1:9000/webhooks"


@attrs.frozen
class TargetOptions:
    """Where an event is sent, and how."""

    to: Annotated[str, typer.Option("--to", metavar="URL", rich_help_panel=_TARGET, help="The receiver's URL.")]
    secret_file: Annotated[
        str | None,
        typer.Option(
            metavar="FILE", rich_help_panel=_TARGET,
            help="Read the secret from FILE, or stdin for -. Default: $CONNECTLY_WEBHOOK_SECRET.",
        ),
    ] = None  # fmt: skip
    times: Annotated[
        int, typer.Option("--times", metavar="NUMBER", min=1, rich_help_panel=_TARGET, help="Send it so many times.")
    ] = 1
    bad_signature: Annotated[
        bool, typer.Option("--bad-signature", metavar="", rich_help_panel=_TARGET, help="Sign with another secret.")
    ] = False
    env_file: EnvFile = None
    is_json: IsJson = False
    transport: Transport | None = attrs.field(default=None, repr=False)


@attrs.frozen
class AboutOptions:
    """Whom and what an event is about."""

    customer: Annotated[
        str, typer.Option("--from", metavar="PHONE", rich_help_panel=_ABOUT, help="The customer: a number or a BSUID.")
    ] = attrs.field(default="+16044441111", repr=False)
    customer_name: Annotated[
        str | None, typer.Option("--from-name", metavar="NAME", rich_help_panel=_ABOUT, help="The customer's name.")
    ] = attrs.field(default=None, repr=False)
    sender: Annotated[
        str | None,
        typer.Option(metavar="PHONE", rich_help_panel=_ABOUT, help="Your number. Default: $CONNECTLY_SENDER."),
    ] = attrs.field(default=None, repr=False)
    message_id: Annotated[
        str | None, typer.Option(metavar="ID", rich_help_panel=_ABOUT, help="Your message. Default: a new one.")
    ] = None
    callback_data: Annotated[
        str | None, typer.Option(metavar="JSON", rich_help_panel=_ABOUT, help="Your message's callback data.")
    ] = attrs.field(default=None, repr=False)
    campaign: Annotated[
        str | None, typer.Option(metavar="NAME", rich_help_panel=_ABOUT, help="Your message's campaign.")
    ] = None


@command(app, "message", f"connectly trigger message {TO}", f'connectly trigger message {TO} --text "Hi" --times 2')
def _send_message(
    *,
    text: Annotated[str, typer.Option("--text", metavar="TEXT", help="The text, or - for stdin.")] = "Hi",
    about: AboutOptions,
    target: TargetOptions,
) -> None:
    """A customer writes a text; with --message-id, it is a reply."""
    _trigger(about, target, "says", {"text": read_value("--text", text), "reply_to": about.message_id})


@command(app, "file", f"connectly trigger file {TO} --type image --url https://example.com/cat.png")
def _send_file(
    *,
    type_: Annotated[str, typer.Option("--type", metavar="TYPE", help="image, video, audio or document.")] = "image",
    url: Annotated[str, typer.Option("--url", metavar="URL", help="The file.")] = "https://example.com/cat.png",
    caption: Annotated[str | None, typer.Option("--caption", metavar="TEXT", help="The text below it.")] = None,
    filename: Annotated[str | None, typer.Option("--filename", metavar="NAME", help="The document's name.")] = None,
    about: AboutOptions,
    target: TargetOptions,
) -> None:
    """A customer sends a file."""
    _trigger(about, target, "sends", {"type": type_, "url": url, "caption": caption, "filename": filename})


@command(app, "location", f"connectly trigger location {TO} --at 37.7749,-122.4194")
def _send_location(
    *,
    at: Annotated[str, typer.Option("--at", metavar="LATITUDE,LONGITUDE", help="In degrees.")] = "37.7749,-122.4194",
    about: AboutOptions,
    target: TargetOptions,
) -> None:
    """A customer shares a location."""
    latitude, _, longitude = at.partition(",")
    try:
        arguments = {"latitude": float(latitude), "longitude": float(longitude)}
    except ValueError:
        raise CommandLineError("--at: write LATITUDE,LONGITUDE, such as 37.7749,-122.4194") from None
    _trigger(about, target, "shares_location", arguments)


@command(app, "button", f'connectly trigger button {TO} --button yes="Yes, please"')
def _tap_button(
    *,
    button: Annotated[str, typer.Option("--button", metavar="ID=TITLE", help="The button.")] = "yes=Yes",
    about: AboutOptions,
    target: TargetOptions,
) -> None:
    """A customer taps a button of your message."""
    (tapped,) = parse_buttons([button])
    buttons = [{"id": tapped.id, "text": tapped.title}]
    _trigger(about, target, "taps", {"button": tapped.id}, {"replyButtonMessage": {"buttons": buttons}})


@command(app, "row", f"connectly trigger row {TO} --row s=Small")
def _pick_row(
    *,
    row: Annotated[str, typer.Option("--row", metavar="ID=TITLE", help="The row.")] = "s=Small",
    about: AboutOptions,
    target: TargetOptions,
) -> None:
    """A customer picks a row of your list."""
    (section,) = parse_sections([row], ())
    rows = [{"id": one.id, "text": one.title} for one in section.rows]
    _trigger(about, target, "picks", {"row": rows[0]["id"]}, {"listMessage": {"sections": [{"rows": rows}]}})


@command(app, "reaction", f"connectly trigger reaction {TO} --message-id 01KDVDNA00TBFQ4529X20A5JF0")
def _react(
    *,
    emoji: Annotated[
        str,
        typer.Option(
            "--emoji", metavar="EMOJI", show_default=False, help="Empty takes the reaction back. Default: thumbs up."
        ),
    ] = "\N{THUMBS UP SIGN}",
    about: AboutOptions,
    target: TargetOptions,
) -> None:
    """A customer reacts to your message."""
    _trigger(about, target, "reacts", {"emoji": emoji or None})


@command(
    app,
    "status",
    f"connectly trigger status {TO} --status read",
    f"connectly trigger status {TO} --status failed --callback-data '{{\"order\": 7}}'",
)
def _change_status(
    *,
    status: Annotated[
        Literal["sent", "delivered", "read", "failed"],
        typer.Option("--status", metavar="STATUS", help="sent, delivered, read or failed."),
    ] = "delivered",
    code: Annotated[
        str, typer.Option("--code", metavar="CODE", help="The error code, if it failed.")
    ] = "ERROR_CODE_UNSPECIFIED",
    about: AboutOptions,
    target: TargetOptions,
) -> None:
    """Your message gets a status."""
    is_failure = status == "failed"
    arguments = {"status": "delivered" if is_failure else status, "code": code if is_failure else None}
    _trigger(about, target, "status", arguments)


@command(app, "report", f"connectly trigger report {TO} --url https://example.com/report.csv")
def _finish_report(
    *,
    name: Annotated[str | None, typer.Option("--name", metavar="NAME", help="The report's name.")] = None,
    url: Annotated[str | None, typer.Option("--url", metavar="URL", help="Where to download it.")] = None,
    target: TargetOptions,
) -> None:
    """A report is ready."""
    _trigger(AboutOptions(), target, "report_ready", {"name": name, "url": url})


def _trigger(
    about: AboutOptions,
    target: TargetOptions,
    verb: str,
    arguments: Mapping[str, Any],
    message: Mapping[str, Any] | None = None,
) -> None:
    """Send an event, print what the receiver responds, and end with a status.

    Args:
        about: Whom and what it is about.
        target: Where it is sent.
        verb: The sandbox's verb that has such an event.
        arguments: The verb's arguments.
        message: The content of the business's message that it is about.
    """
    # Imported here, because it needs another extra and is slow to import.
    from connectly_api.sandbox.sample_events import Sample, build_sample_event  # noqa: PLC0415

    if (problem := find_web_address_problem(target.to)) is not None:
        raise CommandLineError(f"--to: {problem}")
    secret = read_webhook_secrets(() if target.secret_file is None else (target.secret_file,), target.env_file)[0]
    body: dict[str, Any] = {"message": message or {}}
    if about.callback_data is not None:
        body["callbackData"] = parse_json("--callback-data", about.callback_data)
    sender = find_settings({"CONNECTLY_SENDER": about.sender}, target.env_file).get("CONNECTLY_SENDER")
    sample = Sample(
        customer=about.customer,
        name=about.customer_name,
        sender=None if sender is None else sender.value,
        message_id=about.message_id,
        campaign_name=about.campaign,
        body=body,
    )
    try:
        event = build_sample_event(sample, verb, arguments, now=time.time(), seed=secrets.randbits(64))
    except InvalidInputError as error:
        raise name_origin(error, {**{name: f"--{name}" for name in arguments}, **_ORIGINS}) from None
    signature = sign(event, f"not {secret}" if target.bad_signature else secret)
    responses = anyio.run(_deliver, target, event, signature)
    _write_responses(target, {"body": event.decode(), "signature": signature, "responses": responses})


async def _deliver(target: TargetOptions, event: bytes, signature: str) -> list[dict[str, Any]]:
    transport = target.transport or AutoTransport()
    request = WireRequest(
        "POST", target.to, (("content-type", "text/plain; charset=utf-8"), (SIGNATURE_HEADER, signature)), event
    )
    try:
        return [await _exchange(transport, request) for _ in range(target.times)]
    finally:
        with anyio.CancelScope(shield=True):
            await transport.aclose()


async def _exchange(transport: Transport, request: WireRequest) -> dict[str, Any]:
    try:
        with anyio.fail_after(_SECONDS):
            timeouts = Timeouts(total=_SECONDS, connect=_SECONDS, read=_SECONDS)
            response = await transport.exchange(request, timeouts, Progress())
    except Exception as error:  # noqa: BLE001  (an HTTP library may raise anything)
        return {"status": None, "answer": None, "problem": explain_failure(error) or type(error).__name__}
    answer = response.body[:_MAX_ANSWER].decode(errors="replace")
    problem = None if response.complete else "the response ended in the middle, or is too long"
    return {"status": response.status, "answer": answer, "problem": problem}


def _write_responses(target: TargetOptions, document: Mapping[str, Any]) -> None:
    responses: list[dict[str, Any]] = document["responses"]
    if target.is_json:
        write_json(document)
    for response in () if target.is_json else responses:
        shown = " ".join((response["problem"] or response["answer"]).split())
        write_line(f"{response['status'] or '---'}  {shown}".rstrip())
    statuses = {response["status"] for response in responses}
    if _UNAUTHORIZED in statuses and not target.is_json and not target.bad_signature:
        write_note("the receiver does not accept the signature: does it have the same secret?")
    if statuses != {_OK} or any(response["problem"] for response in responses):
        raise typer.Exit(NOT_HANDLED)
