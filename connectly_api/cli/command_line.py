"""The whole command line as one application, and how its ends become exit statuses."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from typer.main import get_command

from connectly_api._version import __version__
from connectly_api.cli import event_output, send, send_commands, spec, webhook_commands
from connectly_api.cli.exit_codes import (
    CODES,
    INTERRUPTED,
    OTHER,
    READER_GONE,
    USAGE,
    CommandLineError,
    failure,
    service_words,
)
from connectly_api.cli.output import OutputError, note, say, writing
from connectly_api.cli.sandbox import run_sandbox
from connectly_api.cli.usage_errors import explain_usage
from connectly_api.errors import ConnectlyError
from connectly_api.transport.protocol import Transport

__all__ = ["app", "run"]

_EXITS: Final = "Exit statuses: " + "; ".join(f"{code} {meaning}" for code, meaning in CODES.items()) + "."

app = typer.Typer(name="connectly", epilog=_EXITS)
app.add_typer(send.app, name="send")
app.add_typer(webhook_commands.app, name="webhooks")
app.command(
    "sandbox",
    add_help_option=False,
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
)(run_sandbox)
app.add_typer(spec.app, name="spec")

# Imported for the commands that they add to the applications of their neighbours.
_ADDED: Final = (send_commands, event_output)


def _version(is_asked: bool) -> None:  # noqa: FBT001  (typer passes the flag's value)
    if is_asked:
        say(f"connectly {__version__}")
        raise typer.Exit


@app.callback()
def _connectly(
    *,
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_version, help="Show the version, and end.")
    ] = False,
) -> None:
    """Send WhatsApp messages by Connectly's Message API, and look after its webhooks.

    Settings come from options, from the environment (CONNECTLY_API_KEY, CONNECTLY_BUSINESS_ID, CONNECTLY_SENDER,
    CONNECTLY_BASE_URL, CONNECTLY_WEBHOOK_SECRET), and from .env in the working directory, in that order.
    """


def run(arguments: Sequence[str], transport: Transport | None) -> int:
    """Run one command and say how it ended.

    Args:
        arguments: Those of the command line.
        transport: What carries requests instead of HTTP, or None.

    Returns:
        The exit status.
    """
    given = list(arguments) or ["--help"]
    _prepare()
    try:
        status = _status(get_command(app).main(given, "connectly", standalone_mode=False, obj=transport))
        with writing():
            sys.stdout.flush()
    except Exception as error:  # noqa: BLE001  (looked at below, where an unknown one is raised again)
        return _ended(error, given)
    except SystemExit as ended:
        # The sandbox's own options were wrong; or help went to a reader that is gone.
        gone = isinstance(ended.__context__, BrokenPipeError)
        return _leave_quietly() if gone else _status(ended.code)
    if status == INTERRUPTED:
        note("interrupted; a message that was under way may have been sent")
    return status


def _prepare() -> None:
    # Boxes are for people; what reads a pipe wants plain lines.
    app.rich_markup_mode = "rich" if sys.stdout.isatty() else None
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError):
            # A terminal that lacks a character gets its escape, and no traceback.
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]


def _status(value: object) -> int:
    return value if isinstance(value, int) else 0


def _ended(error: Exception, arguments: list[str]) -> int:
    match error:
        case OutputError() if isinstance(error.reason, BrokenPipeError):
            return _leave_quietly()
        case ConnectlyError():
            return _tell(failure(error), arguments, words=service_words(error))
        case CommandLineError():
            return _tell(_told(error, USAGE), arguments)
        case OutputError():
            return _tell(_told(error, OTHER), arguments)
        case ModuleNotFoundError() if "pip install" in str(error):
            return _tell(_told(error, OTHER), arguments)
        case typer.TyperException():
            problem, command = explain_usage(error, arguments)
            return _tell(_told(CommandLineError(problem), USAGE, f"see '{command} --help'"), arguments)
        case _:
            raise error


def _told(error: Exception, code: int, advice: str | None = None) -> dict[str, Any]:
    kind = type(error).__name__
    facts = {"retrySafe": False, "mayHaveTakenEffect": False}
    return {"kind": kind, "message": str(error), "advice": advice, "exitCode": code, **facts}


def _tell(told: dict[str, Any], arguments: list[str], *, words: Mapping[str, str] | None = None) -> int:
    options = arguments[: arguments.index("--")] if "--" in arguments else arguments
    asked_for: Mapping[str, str] = words if words and "--show-message" in options else {}
    with suppress(OSError):  # Nobody may be there to read it; the exit status says it all the same.
        if "--json" in options:
            sys.stderr.write(f"{json.dumps({'error': {**told, **asked_for}})}\n")
        else:
            note("; ".join(filter(None, (told["message"], told["advice"]))))
            if asked_for:
                note(f"the service says: {': '.join(asked_for.values())}")
    code: int = told["exitCode"]
    return code


def _leave_quietly() -> int:
    """End without a word, also when the interpreter tries to write what is left."""
    with suppress(OSError, ValueError), Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), sys.stdout.fileno())
    return READER_GONE
