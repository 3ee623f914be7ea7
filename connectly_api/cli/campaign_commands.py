"""`connectly campaign`: one template to many customers, from a file to a report."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections import deque
from collections.abc import Awaitable, Callable, Generator, Mapping
from contextlib import closing, contextmanager, nullcontext
from functools import partial
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar

import anyio
import attrs
import typer

from connectly_api import campaigns
from connectly_api.campaigns.postgres_schema import VERSION, build_schema
from connectly_api.cli.campaign_options import create_builder, find_doubts, parse_duration, parse_hours, parse_rate
from connectly_api.cli.campaign_report import describe_status, write_rejects, write_report
from connectly_api.cli.client_call import create_client, show_warnings
from connectly_api.cli.config import ConnectionOptions, EnvFile, IsJson, find_settings, load_settings
from connectly_api.cli.exit_codes import (
    CommandLineError,
    describe_error,
    find_campaign_advice,
    find_campaign_code,
    quote_command,
)
from connectly_api.cli.inputs import parse_object
from connectly_api.cli.option_groups import command
from connectly_api.cli.output import is_terminal, write_bytes, write_json, write_line, write_note, write_table
from connectly_api.cli.plan_summary import Lines, PlanSummary, add_line, format_reasons
from connectly_api.cli.progress_bar import Progress
from connectly_api.cli.typed_values import parse_columns, parse_parameters
from connectly_api.content.limits import Limits
from connectly_api.errors import ConnectlyError, InvalidInputError
from connectly_api.setting_rules import name_origin

if TYPE_CHECKING:
    from connectly_api.campaigns import Campaign, Campaigns, CampaignStatus

T = TypeVar("T")

app = typer.Typer(help="Send a template to many customers, to each at most once.")

_JOURNAL: Final = "campaigns.db"
_POSTGRES: Final = ("postgresql://", "postgres://")
_OPTIONS: Final = ("name", "region", "delimiter", "encoding", "sheet", "sender", "campaign_name", "zone", "days")
_ORIGINS: Final = {
    **{name: f"--{name.replace('_', '-')}" for name in _OPTIONS},
    "source": "FILE",
    "start": "--hours",
    "end": "--hours",
    "per_second": "--rate",
}
"""Where the arguments of a plan come from."""
_COUNTS: Final = ("total", "pending", "sending", "accepted", "refused", "unknown")
_WATCH_EVERY: Final = 1.0
_pause_watching = anyio.sleep
_ENDS: Final = frozenset({"finished", "stopped"})
_ASK_FOR: Final = 10.0


def _build_option(panel: str, metavar: str, text: str, *names: str) -> Any:  # noqa: ANN401 (the parser's)
    return typer.Option(*names, metavar=metavar, rich_help_panel=panel, help=text)


_file = partial(_build_option, "File")
_message = partial(_build_option, "Message")
_sending = partial(_build_option, "Sending")

Name = Annotated[str, typer.Argument(metavar="NAME", help="The campaign's name.")]
Deadline = Annotated[
    str | None, _sending("TIME", "Send nothing later than this from now: 90m, 24h (the default), 2d.", "--deadline")
]
Place = Annotated[
    str | None,
    typer.Option(
        "--journal", metavar="FILE", help="A file or postgresql:// URL. Default: $CONNECTLY_JOURNAL, or campaigns.db."
    ),
]


@attrs.frozen
class JournalOptions:
    """The options of commands that only need the journal."""

    journal: Place = attrs.field(default=None, repr=False)
    is_json: IsJson = False
    env_file: EnvFile = None


@attrs.frozen
class SendingOptions(ConnectionOptions):
    """The options of commands that also call the service."""

    journal: Place = attrs.field(default=None, repr=False)


@attrs.frozen
class FileOptions:
    """How to read the customers from a file."""

    to: Annotated[str, _file("COLUMN", "The column of phone numbers, or of BSUIDs.")]
    bsuid: Annotated[str | None, _file("COLUMN", "A second column, of BSUIDs.")] = None
    region: Annotated[str | None, _file("COUNTRY", "Read numbers as dialed in this country: DE.")] = None
    has_country_code: Annotated[
        bool, _file("", "Every number starts with its country code, also without +.", "--has-country-code")
    ] = False
    delimiter: Annotated[str | None, _file("TEXT", "Default: found from the header.")] = None
    encoding: Annotated[str | None, _file("NAME", "Default: UTF-8.")] = None
    sheet: Annotated[str | None, _file("NAME", "The spreadsheet's sheet, if several.")] = None


@attrs.frozen
class TemplateOptions:
    """What to send."""

    template: Annotated[str, _message("NAME", "The template's name.")]
    language: Annotated[str, _message("CODE", "The translation's code, such as en.")]
    columns: Annotated[
        list[str] | None,
        _message("NAME=COLUMN", "A parameter and its column, such as body_1=name; repeatable.", "--map"),
    ] = None
    parameter: Annotated[
        list[str] | None, _message("NAME=VALUE", "A parameter that is the same in every row; repeatable.")
    ] = None
    sender: Annotated[
        str | None, _message("PHONE", "Send from this number. Default: $CONNECTLY_SENDER of the first run.")
    ] = attrs.field(default=None, repr=False)
    callback_data: Annotated[str | None, _message("JSON", "An object that the messages' webhooks return.")] = (
        attrs.field(default=None, repr=False)
    )
    campaign_name: Annotated[str | None, _message("NAME", "A tag for analytics and webhook filters.")] = None
    limits: Annotated[Limits, _message("MODE", "WhatsApp's content limits: strict, warn or off.")] = "strict"


@attrs.frozen
class PaceOptions:
    """When and how fast to send."""

    key: Annotated[str | None, _sending("COLUMN", "No two rows may share its value. Default: the recipient.")] = None
    deadline: Deadline = None
    hours: Annotated[
        str | None, _sending("TIMES", "Send only between these times of day: 09:00-20:00; needs --zone.")
    ] = None
    zone: Annotated[str | None, _sending("NAME", "The time zone of --hours: Europe/Berlin.")] = None
    days: Annotated[str, _sending("DAYS", "The days of --hours: mon-fri, or sat,sun.", "--days")] = "mon-sun"
    rate: Annotated[
        float | None, _sending("NUMBER", "Messages a second at most, for the sending number. Default: 70.")
    ] = None


@command(
    app,
    "plan",
    "connectly campaign plan customers.csv --name spring --template offer --language en --to phone --map body_1=name",
)
def _plan(
    file: Annotated[str, typer.Argument(metavar="FILE", help="CSV, JSON Lines, or a spreadsheet such as .xlsx.")],
    *,
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="The campaign's name in the journal.")],
    rejects: Annotated[
        str | None, typer.Option(metavar="FILE", help="Write every rejected line and its reason to FILE, as CSV.")
    ] = None,
    show_personal_data: Annotated[
        bool, typer.Option("--show-personal-data", metavar="", help="Show the whole phone numbers of the sample.")
    ] = False,
    template: TemplateOptions,
    source: FileOptions,
    pace: PaceOptions,
    options: SendingOptions,
) -> None:
    """Build and check the message of every row of a file. Nothing is sent.

    Rows that cannot be sent are rejected, with line and reason; the others are planned. Planning the same file again
    changes nothing.
    """
    columns = parse_columns(template.columns or ())
    constants = [(one.name, one.value) for one in parse_parameters(template.parameter or ())]
    for doubt in find_doubts([parameter for parameter, _ in (*columns, *constants)]):
        write_note(f"warning: {doubt}")
    build = create_builder(template.template, template.language, columns, constants)
    places = {source.to: "--to", source.bsuid: "--bsuid", pace.key: "--key"}
    places |= {column: f"--map {parameter}" for parameter, column in columns}
    with _name_options(places):
        settings: dict[str, Any] = {
            "key": pace.key,
            "sender": template.sender,
            "campaign_name": template.campaign_name,
            "callback_data": template.callback_data and parse_object("--callback-data", template.callback_data),
            "limits": template.limits,
            "deadline": parse_duration("--deadline", pace.deadline or "24h"),
            "hours": parse_hours(pace.hours, pace.zone, pace.days),
            "pace": parse_rate(pace.rate),
        }

    async def plan(journal: Campaigns) -> None:
        with _name_options(places), show_warnings():
            rows = campaigns.rows(file, **attrs.asdict(source))
            try:
                campaign = await journal.plan(name, rows, build, **settings)
            except campaigns.NothingToSendError as error:
                if not options.is_json:
                    _write_reasons(error)
                raise
        lines: Lines = {}
        async for reject in campaign.rejects():
            add_line(lines, reject)
        if rejects is not None:
            await write_rejects(campaign, rejects)
        summary = PlanSummary(
            campaign.plan,
            lines,
            settings["pace"],
            settings["deadline"],
            is_masked=not show_personal_data,
            status=await campaign.status(),
            empty=rows.empty,
        )
        if options.is_json:
            write_json({"name": name, **summary.to_json()})
        else:
            for line in summary.format_lines(name):
                write_line(line)
        if (doubt := await _check_registrations(options)) is not None:
            write_note(doubt)

    _use_journal(options, plan, may_be_new=True)


@command(app, "run", "connectly campaign run spring", "connectly campaign run spring --max-in-flight 200")
def _run(
    name: Name,
    *,
    max_in_flight: Annotated[int, _sending("NUMBER", "How many to send at the same time.")] = 64,
    options: SendingOptions,
) -> None:
    """Send what is pending; also continues what was interrupted.

    Any number may run at once, in any number of terminals: no row is sent twice. Ctrl-C finishes what is in flight; a
    second one stops at once.
    """
    settings = load_settings(options)

    async def run(campaign: Campaign) -> CampaignStatus:
        async with create_client(settings, "strict", options.transport) as connectly:
            with Progress() as progress, _drain_on_interrupt():
                try:
                    return await campaign.run(connectly, max_in_flight=max_in_flight, on_progress=progress.show)
                except asyncio.CancelledError:
                    progress.show(await campaign.status())
                    raise

    try:
        status = _use_campaign(options, name, run)
    except (KeyboardInterrupt, asyncio.CancelledError):
        write_note(f"interrupted; {quote_command('run', name)} continues")
        raise KeyboardInterrupt from None
    _write_status(options, status)
    if not options.is_json and (advice := find_campaign_advice(status)) is not None:
        write_note(advice)
    raise typer.Exit(find_campaign_code(status))


@command(app, "status", "connectly campaign status", "connectly campaign status spring")
def _show_status(
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="The campaign's name; without it, all.")] = None,
    *,
    watch: Annotated[bool, typer.Option("--watch", metavar="", help="Show it until the campaign ends.")] = False,
    options: JournalOptions,
) -> None:
    """Show how far a campaign is, or list all campaigns."""
    if watch and name is None:
        raise CommandLineError("--watch: needs the campaign's NAME")

    async def show_all(journal: Campaigns) -> None:
        found = await journal.list()
        if options.is_json:
            write_json({"campaigns": list(map(describe_status, found))})
        elif not found:
            write_note("there are no campaigns")
        else:
            columns = ("name", "state", *_COUNTS)
            write_table(columns, [[str(getattr(one, column)) for column in columns] for one in found])

    async def show(campaign: Campaign) -> None:
        status = await campaign.status()
        with Progress() if watch else nullcontext() as progress:
            while progress is not None and status.state not in _ENDS:
                progress.show(status)
                await _pause_watching(_WATCH_EVERY)
                status = await campaign.status()
        _write_status(options, status)

    if name is None:
        _use_journal(options, show_all)
    else:
        _use_campaign(options, name, show)


@command(app, "pause", "connectly campaign pause spring")
def _pause(name: Name, options: JournalOptions) -> None:
    """Stop sending, in all processes; what is in flight is finished."""

    async def pause(campaign: Campaign) -> None:
        await campaign.pause()
        _write_status(options, await campaign.status())

    _use_campaign(options, name, pause)


@command(app, "resume", "connectly campaign resume spring --deadline 24h")
def _resume(name: Name, *, deadline: Deadline = None, options: JournalOptions) -> None:
    """Let a paused or stopped campaign be run again; this sends nothing."""
    extension = None if deadline is None else parse_duration("--deadline", deadline)

    async def resume(campaign: Campaign) -> None:
        await campaign.resume(deadline=extension)
        _write_status(options, await campaign.status())

    _use_campaign(options, name, resume)


@command(app, "retry", "connectly campaign retry spring --refused", "connectly campaign retry spring --unknown")
def _retry(
    name: Name,
    *,
    refused: Annotated[bool, typer.Option("--refused", metavar="", help="Rows that the service refused.")] = False,
    unknown: Annotated[
        bool, typer.Option("--unknown", metavar="", help="Rows that were not accepted, as webhooks prove.")
    ] = False,
    options: JournalOptions,
) -> None:
    """Make refused or unknown rows pending again.

    Unknown rows only where 99 % of the rows accepted around that time have a delivery status, and theirs is missing.
    """
    if not (refused or unknown):
        raise CommandLineError("retry: use --refused, --unknown or both")

    async def retry(campaign: Campaign) -> None:
        count = await campaign.retry(refused=refused, unknown=unknown)
        status = await campaign.status()
        if options.is_json:
            write_json({"name": name, "rows": count, "unknown": status.unknown})
            return
        write_line(f"{count:,} {'row is' if count == 1 else 'rows are'} pending again")
        if unknown and status.unknown:
            write_note(f"{status.unknown:,} rows stay unknown: too few webhooks prove that they were not accepted")

    _use_campaign(options, name, retry)


@command(
    app, "report", "connectly campaign report spring --output report.csv", "connectly campaign report spring --json"
)
def _report(
    name: Name,
    *,
    output: Annotated[
        str | None, typer.Option("--output", "-o", metavar="FILE", help="Write to FILE, which only you can read.")
    ] = None,
    csv: Annotated[bool, typer.Option("--csv", metavar="", help="Print CSV, the default.")] = False,
    options: JournalOptions,
) -> None:
    """Print what became of each line of the file.

    Rejected lines are included, and numbers are shown whole. With --json, each line is a JSON object.
    """
    if csv and options.is_json:
        raise CommandLineError("--csv, --json: use only one")
    _use_campaign(options, name, lambda campaign: write_report(campaign, output, is_json=options.is_json))


@command(app, "forget", "connectly campaign forget spring --yes")
def _forget(
    name: Name,
    *,
    yes: Annotated[bool, typer.Option("--yes", metavar="", help="Do not ask for confirmation.")] = False,
    options: JournalOptions,
) -> None:
    """Delete the rows of a campaign, with all personal data. This cannot be undone."""

    async def forget(campaign: Campaign) -> bool:
        if not (yes or _confirm(f"delete {campaign.plan.rows:,} rows of {name}")):
            return False
        await campaign.forget()
        return True

    if not _use_campaign(options, name, forget):
        raise CommandLineError("nothing was deleted; use --yes where nobody can be asked")
    if options.is_json:
        write_json({"name": name, "forgotten": True})
    else:
        write_line(f"Forgotten: {name}" if is_terminal() else "forgotten")


@command(app, "schema", "connectly campaign schema --print")
def _schema(
    *,
    is_printed: Annotated[bool, typer.Option("--print", metavar="", help="Print the SQL, and do nothing.")] = False,
    options: JournalOptions,
) -> None:
    """Create the tables of a journal in PostgreSQL, or upgrade them.

    Run it before the first campaign, and after upgrading connectly-api, as the user that owns the tables.
    """
    if is_printed:
        write_bytes(build_schema().encode())
        return
    place = _find_journal(options)
    if not place.startswith(_POSTGRES):
        raise CommandLineError("--journal: must be postgresql://…; a file needs no schema")
    # It looks whether the extra is installed.
    campaigns.journal(place)
    from connectly_api.campaigns.postgres_journal import PostgresJournal  # noqa: PLC0415 (an extra)

    with closing(PostgresJournal(place)) as journal:
        journal.create_schema()
    if options.is_json:
        write_json({"version": VERSION})
    else:
        write_line(f"The tables of campaigns are there, version {VERSION}.")


def _find_journal(options: JournalOptions | SendingOptions) -> str:
    setting = find_settings({"CONNECTLY_JOURNAL": options.journal}, options.env_file).get("CONNECTLY_JOURNAL")
    return _JOURNAL if setting is None else setting.value


def _use_journal(
    options: JournalOptions | SendingOptions, work: Callable[[Campaigns], Awaitable[T]], *, may_be_new: bool = False
) -> T:
    """Do some work with the journal that the options name.

    Raises:
        CommandLineError: There is no such file.
    """
    place = _find_journal(options)
    if not (may_be_new or place.startswith(_POSTGRES) or Path(place).is_file()):
        raise CommandLineError("--journal: there is no such file; plan a campaign first, or set CONNECTLY_JOURNAL")

    async def main() -> T:
        async with campaigns.journal(place) as journal:
            return await work(journal)

    return anyio.run(main)


def _use_campaign(options: JournalOptions | SendingOptions, name: str, work: Callable[[Campaign], Awaitable[T]]) -> T:
    async def open_campaign(journal: Campaigns) -> T:
        return await work(await journal.open(name))

    return _use_journal(options, open_campaign)


async def _check_registrations(options: SendingOptions) -> str | None:
    """Return a note if no webhook tells the outcomes of messages, or nobody knows."""
    try:
        async with create_client(load_settings(options), "strict", options.transport) as connectly:
            found = await connectly.webhooks.list(timeout=_ASK_FOR)
    except (CommandLineError, ConnectlyError) as error:
        reason = describe_error(error)["message"] if isinstance(error, ConnectlyError) else error
        return f"the webhook registrations were not checked: {reason}"
    if any(one.topic == "delivery_status" for one in found):
        return None
    return (
        "warning: delivery_status has no webhook registration, so nothing will tell what was delivered, or settle"
        " unknown rows; see 'connectly webhooks ensure --help'"
    )


def _write_reasons(error: campaigns.NothingToSendError) -> None:
    lines: Lines = {}
    for reject in error.rejects:
        add_line(lines, reject)
    for line in format_reasons(error.reasons, lines):
        write_note(line.strip())
    if error.reasons:
        error.args = ("there is nothing to send: every row was rejected",)


def _write_status(options: JournalOptions | SendingOptions, status: CampaignStatus) -> None:
    if options.is_json:
        write_json(describe_status(status))
    else:
        write_line(str(status))


def _confirm(what: str) -> bool:
    sys.stderr.write(f"connectly: {what}? [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in {"y", "yes"}


@contextmanager
def _name_options(places: Mapping[str | None, str]) -> Generator[None]:
    """Let errors about a plan name the options that they come from.

    Args:
        places: By the name of each column, the option that asks for it.
    """
    try:
        yield
    except (InvalidInputError, campaigns.CampaignError) as error:
        cause = error.__cause__ or error
        if isinstance(cause, campaigns.UnknownColumnError):
            raise CommandLineError(f"{places[cause.field]}: {cause}") from None
        raise name_origin(error, _ORIGINS) if isinstance(error, InvalidInputError) else error from None
    except OSError as error:
        raise CommandLineError(f"FILE: cannot be read: {error.strerror}") from None


@contextmanager
def _drain_on_interrupt() -> Generator[None]:
    """Let Ctrl-C cancel the task, and so the run in it; SIGTERM, by which services are stopped, does the same.

    A run finishes what is in flight after the first cancellation, and settles what is unknown after the second.
    """
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    notes = deque(
        ["finishing what is in flight; Ctrl-C again stops at once", "stopping; rows in flight become unknown"]
    )

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        if task is None or not notes:
            raise KeyboardInterrupt
        write_note(notes.popleft())
        loop.call_soon_threadsafe(task.cancel)

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
