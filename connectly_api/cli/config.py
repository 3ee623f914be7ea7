"""The settings of a command: from its options, then the environment, then a `.env` file."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Final, Literal

import attrs
import typer
from dotenv import dotenv_values

from connectly_api.cli.exit_codes import CommandLineError
from connectly_api.cli.inputs import decode_text, read_bytes, read_secret
from connectly_api.transport.protocol import Transport

_OPTIONS: Final = {
    "CONNECTLY_API_KEY": "--api-key-file",
    "CONNECTLY_BUSINESS_ID": "--business-id",
    "CONNECTLY_SENDER": "--sender",
    "CONNECTLY_BASE_URL": "--base-url",
    "CONNECTLY_WEBHOOK_SECRET": "--secret-file",
    "CONNECTLY_JOURNAL": "--journal",
}
"""The variables, read from the environment and from a file, and the option that takes precedence."""

_DIRECTORY_FILE: Final = ".env"
_CONNECTION: Final = "Connection"
_OUTPUT: Final = "Output"

EnvFile = Annotated[
    str | None,
    typer.Option(
        "--env-file", metavar="FILE", rich_help_panel=_CONNECTION, help="Read settings from FILE instead of .env."
    ),
]
IsJson = Annotated[
    bool, typer.Option("--json", metavar="", rich_help_panel=_OUTPUT, help="Print JSON, errors included.")
]


@attrs.frozen
class ConnectionOptions:
    """The options of every command that needs a client."""

    is_json: IsJson = False
    api_key_file: Annotated[
        str | None,
        typer.Option(
            metavar="FILE", rich_help_panel=_CONNECTION,
            help="Read the API key from FILE, or stdin for -. Default: $CONNECTLY_API_KEY.",
        ),
    ] = None  # fmt: skip
    business_id: Annotated[
        str | None,
        typer.Option(metavar="ID", rich_help_panel=_CONNECTION, help="Default: $CONNECTLY_BUSINESS_ID."),
    ] = None
    base_url: Annotated[
        str | None,
        typer.Option(metavar="URL", rich_help_panel=_CONNECTION, help="Default: $CONNECTLY_BASE_URL, or production."),
    ] = None
    env_file: EnvFile = None
    transport: Transport | None = attrs.field(default=None, repr=False)


@attrs.frozen
class CallOptions(ConnectionOptions):
    """The options of every command that makes one call."""

    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", metavar="", rich_help_panel=_OUTPUT, help="Print the request without sending it."),
    ] = False
    show_message: Annotated[
        bool,
        typer.Option(
            "--show-message", metavar="", rich_help_panel=_OUTPUT,
            help="Show the service's own error message, which may repeat numbers and texts.",
        ),
    ] = False  # fmt: skip
    timeout: Annotated[
        float | None,
        typer.Option(
            metavar="SECONDS", rich_help_panel=_CONNECTION, help="Limit the whole call, retries included. Default: 30."
        ),
    ] = None


@attrs.frozen
class Setting:
    """A setting and where it was found."""

    value: str = attrs.field(repr=False)
    origin: Literal["option", "environment", "file", "directory"]


@attrs.frozen
class ClientSettings:
    """The settings of a client.

    Attributes:
        api_key: Never shown.
        business_id: The business.
        sender: One of the business's numbers, or None.
        base_url: The URL of the service, or None for production.
        origins: The option or the variable that each setting came from.
    """

    api_key: str = attrs.field(repr=False)
    business_id: str
    sender: str | None = attrs.field(repr=False)
    base_url: str | None
    origins: Mapping[str, str]


def load_settings(options: ConnectionOptions, sender: str | None = None, *, is_dry_run: bool = False) -> ClientSettings:
    """Find a client's settings.

    Args:
        options: The command's options.
        sender: The option `--sender`.
        is_dry_run: Whether nothing is sent, so that neither a key nor a business is needed.

    Raises:
        CommandLineError: The key or the business is missing, a file cannot be read, or `.env` in the working directory
            would send the user's key to a URL that the user did not choose.
    """
    settings = find_settings(
        {
            "CONNECTLY_API_KEY": None
            if options.api_key_file is None
            else read_secret("--api-key-file", options.api_key_file),
            "CONNECTLY_BUSINESS_ID": options.business_id,
            "CONNECTLY_SENDER": sender,
            "CONNECTLY_BASE_URL": options.base_url,
        },
        options.env_file,
    )
    if is_dry_run:
        settings.setdefault("CONNECTLY_API_KEY", Setting("none", "option"))  # Neither shown nor sent.
        settings.setdefault("CONNECTLY_BUSINESS_ID", Setting("YOUR_BUSINESS_ID", "option"))
    key, business, sending, address = map(settings.get, tuple(_OPTIONS)[:4])
    if key is None:
        raise CommandLineError("no API key: set CONNECTLY_API_KEY, add it to .env, or use --api-key-file FILE")
    if business is None:
        raise CommandLineError("no business: set CONNECTLY_BUSINESS_ID, add it to .env, or use --business-id ID")
    is_foreign = address is not None and address.origin == "directory" and key.origin != "directory"
    if is_foreign and not is_dry_run:
        # Otherwise any directory that you happen to work in could redirect your key to another server.
        raise CommandLineError(
            "CONNECTLY_BASE_URL: comes from .env in this directory, but the API key does not"
            "; use --base-url URL or --env-file .env"
        )
    return ClientSettings(
        key.value,
        business.value,
        None if sending is None else sending.value,
        None if address is None else address.value,
        {
            name.removeprefix("CONNECTLY_").lower(): _OPTIONS[name] if setting.origin == "option" else name
            for name, setting in settings.items()
        },
    )


def find_settings(options: Mapping[str, str | None], env_file: str | None) -> dict[str, Setting]:
    """Return every setting that is given, by its variable's name.

    Args:
        options: Values of options, by their variables' names; None if an option is not given.
        env_file: The option `--env-file`.

    Raises:
        CommandLineError: The file cannot be read.
    """
    file = _read_env_file(env_file)
    settings: dict[str, Setting] = {}
    for name in _OPTIONS:
        if (value := options.get(name)) is not None:
            settings[name] = Setting(value, "option")
        elif value := os.environ.get(name):
            settings[name] = Setting(value, "environment")
        elif value := file.get(name):
            settings[name] = Setting(value, "directory" if env_file is None else "file")
    return settings


def read_webhook_secrets(files: Sequence[str], env_file: str | None) -> list[str]:
    """Return the secrets in files, or else the one in the settings.

    Raises:
        CommandLineError: There is none, or a file cannot be read.
    """
    if files:
        return [read_secret("--secret-file", file) for file in files]
    setting = find_settings({}, env_file).get("CONNECTLY_WEBHOOK_SECRET")
    if setting is None:
        raise CommandLineError("no secret: set CONNECTLY_WEBHOOK_SECRET, add it to .env, or use --secret-file FILE")
    return [setting.value]


def _read_env_file(env_file: str | None) -> Mapping[str, str | None]:
    if env_file is None and not Path(_DIRECTORY_FILE).is_file():
        return {}
    option, path = (_DIRECTORY_FILE, _DIRECTORY_FILE) if env_file is None else ("--env-file", env_file)
    text = decode_text(option, read_bytes(option, path))
    # Without interpolation: a dollar sign in a value is not a reference to another variable.
    return dotenv_values(stream=io.StringIO(text), interpolate=False)
