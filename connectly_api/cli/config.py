"""Where a command's settings come from: its options, the environment, a `.env` file, in that order."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final, Literal

import attrs
import typer
from dotenv import dotenv_values

from connectly_api.cli.exit_codes import CommandLineError
from connectly_api.cli.inputs import decoded, read_bytes, read_secret
from connectly_api.transport.protocol import Transport

__all__ = ["Connection", "EnvFile", "Found", "Settings", "find", "settings_of"]

NAMES: Final = (
    "CONNECTLY_API_KEY",
    "CONNECTLY_BUSINESS_ID",
    "CONNECTLY_SENDER",
    "CONNECTLY_BASE_URL",
    "CONNECTLY_WEBHOOK_SECRET",
)
"""The only names that are read from a file."""

_SETTINGS: Final = {
    "api_key": ("CONNECTLY_API_KEY", "--api-key-file"),
    "business_id": ("CONNECTLY_BUSINESS_ID", "--business-id"),
    "sender": ("CONNECTLY_SENDER", "--sender"),
    "base_url": ("CONNECTLY_BASE_URL", "--base-url"),
}
"""A client's settings: the variable and the option that each comes from."""

_DIRECTORY_FILE: Final = ".env"
_PANEL: Final = "Connection"

Origin = Literal["option", "environment", "file", "directory"]

EnvFile = Annotated[
    str | None,
    typer.Option(
        "--env-file", metavar="FILE", rich_help_panel=_PANEL,
        help="Read CONNECTLY_* settings from this file, instead of .env in the working directory.",
    ),
]  # fmt: skip


@attrs.frozen
class Connection:
    """What every command takes that calls the service."""

    api_key_file: Annotated[
        str | None,
        typer.Option(
            "--api-key-file", metavar="FILE", rich_help_panel=_PANEL,
            help="Read the API key from a file, or from standard input (-). Default: CONNECTLY_API_KEY.",
        ),
    ] = None  # fmt: skip
    business_id: Annotated[
        str | None,
        typer.Option(metavar="ID", rich_help_panel=_PANEL, help="The business. Default: CONNECTLY_BUSINESS_ID."),
    ] = None
    base_url: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS", rich_help_panel=_PANEL, help="The service. Default: CONNECTLY_BASE_URL, or Connectly's."
        ),
    ] = None
    env_file: EnvFile = None
    timeout: Annotated[
        float | None,
        typer.Option(metavar="SECONDS", rich_help_panel=_PANEL, help="For the whole call. Default: 30."),
    ] = None
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the request, and send nothing.")] = False
    is_json: Annotated[bool, typer.Option("--json", help="Print JSON, errors included.")] = False
    show_message: Annotated[
        bool,
        typer.Option(
            "--show-message", help="Show what the service says of an error, which may repeat numbers and texts."
        ),
    ] = False
    transport: Transport | None = attrs.field(default=None, repr=False)


@attrs.frozen
class Found:
    """A setting, and where it was found."""

    value: str = attrs.field(repr=False)
    origin: Origin


@attrs.frozen
class Settings:
    """What a client is made with.

    Attributes:
        api_key: Never shown.
        business_id: Opaque.
        sender: One of the business's numbers, or None.
        base_url: Where requests go; None for the service itself.
        origins: What each is called where it was found: an option, or a variable.
    """

    api_key: str = attrs.field(repr=False)
    business_id: str
    sender: str | None = attrs.field(default=None, repr=False)
    base_url: str | None = None
    origins: Mapping[str, str] = attrs.field(factory=dict[str, str])


def settings_of(connection: Connection, sender: str | None = None) -> Settings:
    """Return a client's settings.

    Args:
        connection: What the options say.
        sender: What the option for the sender says.

    Raises:
        CommandLineError: The key or the business is nowhere to be found, a file cannot be read, or the working
            directory's file would send a key to an address that the key's owner did not name.
    """
    options = {
        "CONNECTLY_API_KEY": None
        if connection.api_key_file is None
        else read_secret("--api-key-file", connection.api_key_file),
        "CONNECTLY_BUSINESS_ID": connection.business_id,
        "CONNECTLY_SENDER": sender,
        "CONNECTLY_BASE_URL": connection.base_url,
    }
    found = find(options, os.environ, connection.env_file)
    key, business, address = (
        found.get(name) for name in ("CONNECTLY_API_KEY", "CONNECTLY_BUSINESS_ID", "CONNECTLY_BASE_URL")
    )
    if key is None and connection.dry_run:
        key = Found("none", "option")  # It is not shown, and goes nowhere.
    if key is None:
        raise CommandLineError("no API key: set CONNECTLY_API_KEY, write it into .env, or give --api-key-file FILE")
    if business is None:
        raise CommandLineError("no business: set CONNECTLY_BUSINESS_ID, write it into .env, or give --business-id ID")
    if address is not None and address.origin == "directory" and key.origin != "directory":
        # Otherwise any directory that one happens to work in could have one's key sent to an address of its own.
        raise CommandLineError(
            "CONNECTLY_BASE_URL: is named by .env in this directory, and the API key is not"
            "; give --base-url ADDRESS or --env-file .env"
        )
    return Settings(
        key.value,
        business.value,
        found["CONNECTLY_SENDER"].value if "CONNECTLY_SENDER" in found else None,
        None if address is None else address.value,
        {
            setting: option if name in found and found[name].origin == "option" else name
            for setting, (name, option) in _SETTINGS.items()
        },
    )


def find(options: Mapping[str, str | None], environment: Mapping[str, str], env_file: str | None) -> dict[str, Found]:
    """Return every setting that is given somewhere, by its name: the first of options, environment, file.

    Args:
        options: Names and values, None where an option was not given.
        environment: The process's.
        env_file: The file that an option names, or None for the working directory's, if there is one.

    Raises:
        CommandLineError: The file cannot be read.
    """
    file = _values(env_file)
    origin: Origin = "directory" if env_file is None else "file"
    found: dict[str, Found] = {}
    for name in NAMES:
        if (given := options.get(name)) is not None:
            found[name] = Found(given, "option")
        elif environment.get(name):
            found[name] = Found(environment[name], "environment")
        elif value := file.get(name):
            found[name] = Found(value, origin)
    return found


def _values(env_file: str | None) -> Mapping[str, str | None]:
    if env_file is None and not Path(_DIRECTORY_FILE).is_file():
        return {}
    option, path = (_DIRECTORY_FILE, _DIRECTORY_FILE) if env_file is None else ("--env-file", env_file)
    text = decoded(option, read_bytes(option, path))
    # As they stand: a value with a dollar sign is no reference to another.
    return dotenv_values(stream=io.StringIO(text), interpolate=False)
