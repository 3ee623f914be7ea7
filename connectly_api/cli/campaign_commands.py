"""`connectly campaign`: one template to many customers, from a file to a report."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar

import anyio
import attrs
import typer

from connectly_api import campaigns
from connectly_api.cli.campaign_options import create_builder, find_doubts, parse_duration
from connectly_api.cli.campaign_report import describe_status, write_rejects, write_report
from connectly_api.cli.client_call import create_client, show_warnings
from connectly_api.cli.config import ConnectionOptions, EnvFile, IsJson, find_settings, load_settings
from connectly_api.cli.exit_codes import OTHER, CommandLineError, find_campaign_status, find_exit_status
from connectly_api.cli.inputs import parse_json
from connectly_api.cli.option_groups import command
from connectly_api.cli.output import write_json, write_line, write_note, write_table
from connectly_api.cli.progress_bar import Progress, format_seconds
from connectly_api.cli.typed_values import parse_columns, parse_parameters
from connectly_api.content.limits import Limits
from connectly_api.errors import ConnectlyError

if TYPE_CHECKING:
    from connectly_api.campaigns.campaign_status import CampaignStatus
    from connectly_api.campaigns.campaigns import Campaign, Campaigns

T = TypeVar("T")

app = typer.Typer(help="Send a template to many customers, to each at most once.")

_JOURNAL: Final = "campaigns.db"
_FILE: Final = "File"
_MESSAGE: Final = "Message"
_SENDING: Final = "Sending"
_SHOWN_LINES: Final = 3
_ENDS: Final = frozenset({"finished", "stopped"})

Name = Annotated[str, typer.Argument(metavar="NAME", help="The campaign's name.")]
Place = Annotated[
    str | None,
    typer.Option("--journal", metavar="FILE", help="The journal, a file or postgresql://... Default: campaigns.db."),
]


@attrs.frozen
class JournalOptions:
    """The options of the commands that need no client."""

    journal: Place = attrs.field(default=None, repr=False)
    is_json: IsJson = False
    env_file: EnvFile = None


@attrs.frozen
class SendingOptions(ConnectionOptions):
    """The options of the commands that need a client."""

    journal: Place = attrs.field(default=None, repr=False)


@attrs.frozen
class FileOptions:
    """How to read the file."""

    to: Annotated[str, typer.Option(metavar="COLUMN", rich_help_panel=_FILE, help="Of phone numbers or BSUIDs.")]
    region: Annotated[
        str | None,
        typer.Option(metavar="COUNTRY", rich_help_panel=_FILE, help="Read numbers as dialed there, such as DE."),
    ] = None
    has_country_code: Annotated[
        bool,
        typer.Option(
            "--has-country-code", metavar="", rich_help_panel=_FILE, help="All numbers start with it, + or not."
        ),
    ] = False
    delimiter: Annotated[
        str | None, typer.Option(metavar="CHARACTER", rich_help_panel=_FILE, help="Default: found from the header.")
    ] = None
    encoding: Annotated[
        str | None, typer.Option(metavar="NAME", rich_help_panel=_FILE, help="Default: UTF-8.")
    ] = None
    sheet: Annotated[
        str | None, typer.Option(metavar="NAME", rich_help_panel=_FILE, help="Of a spreadsheet.")
    ] = None
    rejects: Annotated[
        str | None, typer.Option(metavar="FILE", rich_help_panel=_FILE, help="Write all rejected lines as CSV.")
    ] = None


@attrs.frozen
class TemplateOptions:
    """What to send."""

    template: Annotated[str, typer.Option(metavar="NAME", rich_help_panel=_MESSAGE, help="The template's name.")]
    language: Annotated[
        str, typer.Option(metavar="CODE", rich_help_panel=_MESSAGE, help="The translation's code, such as en.")
    ]
    map_: Annotated[
        list[str] | None,
        typer.Option("--map", metavar="NAME=COLUMN", rich_help_panel=_MESSAGE, help="A parameter's column: body_1=name."),
    ] = None
    parameter: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", rich_help_panel=_MESSAGE, help="A parameter that is the same for all."),
    ] = None
    sender: Annotated[
        str | None,
        typer.Option(metavar="PHONE", rich_help_panel=_MESSAGE, help="Send from this number of the business."),
    ] = attrs.field(default=None, repr=False)
    campaign_name: Annotated[
        str | None, typer.Option(metavar="NAME", rich_help_panel=_MESSAGE, help="A tag for analytics and filters.")
    ] = None
    callback_data: Annotated[
        str | None, typer.Option(metavar="JSON", rich_help_panel=_MESSAGE, help="An object that webhooks return.")
    ] = attrs.field(default=None, repr=False)
    limits: Annotated[
        Limits, typer.Option(metavar="MODE", rich_help_panel=_MESSAGE, help="Content limits: strict, warn or off.")
    ] = "strict"


@attrs.frozen
class PaceOptions:
    """When and how fast to send."""

    key: Annotated[
        str | None, typer.Option(metavar="COLUMN", rich_help_panel=_SENDING, help="No two rows may share its value.")
    ] = None
    deadline: Annotated[
        str, typer.Option(metavar="TIME", rich_help_panel=_SENDING, help="Send nothing later than this: 90m, 24h, 2d.")
    ] = "24h"
    hours: Annotated[
        str | None, typer.Option(metavar="TIMES", rich_help_panel=_SENDING, help="Send at 09:00-20:00 only.")
    ] = None
    zone: Annotated[
        str | None, typer.Option(metavar="NAME", rich_help_panel=_SENDING, help="Of the hours: Europe/Berlin.")
    ] = None
    days: Annotated[
        str, typer.Option(metavar="DAYS", rich_help_panel=_SENDING, help="Of the hours: mon-fri.")
    ] = "mon-sun"
    rate: Annotated[
        float | None, typer.Option(metavar="NUMBER", rich_help_panel=_SENDING, help="Messages a second, at most.")
    ] = None
