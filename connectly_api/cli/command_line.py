"""The command line as one typer application, and the exit status of each outcome."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from typer.main import get_command

from connectly_api._version import __version__
from connectly_api.cli import campaign_commands, send_commands, trigger_commands, webhook_commands
from connectly_api.cli.exit_codes import (
    MEANINGS,
    OTHER,
    READER_GONE,
    USAGE,
    CommandLineError,
    describe_error,
    read_service_words,
)
from connectly_api.cli.option_groups import format_block
from connectly_api.cli.output import OutputError, flush_output, is_terminal, write_bytes, write_line, write_note
from connectly_api.cli.usage_errors import explain_usage_error
from connectly_api.errors import ConnectlyError
from connectly_api.transport.protocol import Transport

_EXAMPLES: Final = (
    'connectly send text "+1 604 444 1111" "Hello!" --dry-run',
    "connectly send template +16044441111 order_shipped en --body Ann",
    "connectly webhooks create messages https://example.com/webhooks",
    "connectly trigger message --to http://127.0.0.1:9000/webhooks",
)
_STATUSES: Final = tuple(f"{code:>3} {meaning}" for code, meaning in MEANINGS.items())
_TOOLS: Final = "Tools"

app = typer.Typer(
    name="connectly",
    epilog=f"{format_block('Examples', _EXAMPLES)}\n\n{format_block('Exit statuses', _STATUSES)}",
)
app.add_typer(send_commands.app, name="send")
app.add_typer(webhook_commands.app, name="webhooks")
app.add_typer(trigger_commands.app, name="trigger")
app.add_typer(campaign_commands.app, name="campaign")


def _write_version(is_requested: bool) -> None:  # noqa: FBT001  (typer passes the flag's value)
    if is_requested:
        write_line(f"connectly {__version__}")
        raise typer.Exit


@app.callback()
def _handle_options(
    *,
    version: Annotated[
        bool, typer.Option("--version", metavar="", is_eager=True, callback=_write_version, help="Print the version.")
    ] = False,
) -> None:
    """Send WhatsApp messages with Connectly's Message API, and manage its webhooks.

    Settings come from options, then the environment, then .env in the working
    directory: CONNECTLY_API_KEY, CONNECTLY_BUSINESS_ID, CONNECTLY_SENDER,
    CONNECTLY_BASE_URL and CONNECTLY_WEBHOOK_SECRET.
    """


@app.command(
    "sandbox",
    add_help_option=False,
    rich_help_panel=_TOOLS,
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
)
def _run_sandbox(context: typer.Context) -> None:
    """Run a local sandbox of the service, without a key.

    Takes the options of python -m connectly_api.sandbox: see connectly sandbox --help.
    """
    # Imported here, because it needs another extra and is slow to import.
    from connectly_api.sandbox.__main__ import main  # noqa: PLC0415

    sys.stdout.flush()
    raise typer.Exit(main(context.args))


@app.command(
    "spec", rich_help_panel=_TOOLS, epilog=format_block("Examples", ("connectly spec > service.swagger.json",))
)
def _print_spec(
    *,
    sha256: Annotated[bool, typer.Option("--sha256", metavar="", help="Print only the file's SHA-256.")] = False,
) -> None:
    """Print the Swagger file that this version was generated from."""
    content = (resources.files("connectly_api") / "lowlevel" / "service.swagger.json").read_bytes()
    if sha256:
        write_line(hashlib.sha256(content).hexdigest())
    else:
        write_bytes(content)


def run(arguments: Sequence[str], transport: Transport | None) -> int:
    """Run one command and return its exit status.

    Args:
        arguments: The command line.
        transport: The transport to use instead of HTTP, or None.
    """
    words = list(arguments) or ["--help"]
    _prepare_output()
    try:
        status = _to_status(get_command(app).main(words, "connectly", standalone_mode=False, obj=transport))
        flush_output()
    except Exception as error:  # noqa: BLE001  (_report raises unknown ones again)
        return _report(error, words)
    except SystemExit as end:
        # The sandbox's own options were invalid, or nothing read the help.
        return _end_silently() if isinstance(end.__context__, BrokenPipeError) else _to_status(end.code)
    return status


def _prepare_output() -> None:
    # Only a terminal gets boxes and colors.
    app.rich_markup_mode = "rich" if is_terminal() else None
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError):
            # Escape characters that the terminal's encoding lacks, instead of failing.
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]


def _to_status(value: object) -> int:
    return value if isinstance(value, int) else 0


def _report(error: Exception, arguments: list[str]) -> int:
    match error:
        case OutputError() if isinstance(error.reason, BrokenPipeError):
            return _end_silently()
        case ConnectlyError():
            return _write_error(describe_error(error), arguments, words=read_service_words(error))
        case CommandLineError():
            return _write_error(_to_document(error, USAGE), arguments)
        case OutputError():
            return _write_error(_to_document(error, OTHER), arguments)
        case ModuleNotFoundError() if "pip install" in str(error):
            return _write_error(_to_document(error, OTHER), arguments)
        case typer.TyperException():
            problem, path = explain_usage_error(error, arguments)
            return _write_error(_to_document(CommandLineError(problem), USAGE, f"see '{path} --help'"), arguments)
        case _:
            raise error


def _to_document(error: Exception, code: int, advice: str | None = None) -> dict[str, Any]:
    facts = {"advice": advice, "exitCode": code, "retrySafe": False, "mayHaveTakenEffect": False}
    return {"kind": type(error).__name__, "message": str(error), **facts}


def _write_error(document: dict[str, Any], arguments: list[str], *, words: Mapping[str, str] | None = None) -> int:
    options = arguments[: arguments.index("--")] if "--" in arguments else arguments
    shown: Mapping[str, str] = words if words and "--show-message" in options else {}
    with suppress(OSError):  # The exit status still shows it.
        if "--json" in options:
            sys.stderr.write(f"{json.dumps({'error': {**document, **shown}})}\n")
        else:
            write_note("; ".join(filter(None, (document["message"], document["advice"]))))
            if shown:
                write_note(f"the service says: {': '.join(shown.values())}")
    code: int = document["exitCode"]
    return code


def _end_silently() -> int:
    """Redirect standard output to the null device, so that the interpreter cannot fail to flush it at exit."""
    with suppress(OSError, ValueError), Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), sys.stdout.fileno())
    return READER_GONE
