"""`connectly webhooks`: manages registrations, and verifies received webhooks."""

from __future__ import annotations

from typing import Annotated, Any, Final

import attrs
import typer

from connectly_api.cli.client_call import call_service
from connectly_api.cli.config import CallOptions, EnvFile, IsJson, read_webhook_secrets
from connectly_api.cli.event_output import format_lines, to_document
from connectly_api.cli.exit_codes import CommandLineError
from connectly_api.cli.inputs import read_bytes, read_secret
from connectly_api.cli.option_groups import command
from connectly_api.cli.output import is_terminal, write_json, write_line, write_note, write_table
from connectly_api.cli.typed_values import parse_filters
from connectly_api.errors import WebhookSignatureError
from connectly_api.lowlevel.models import Topic, WebhookType
from connectly_api.registrations import Webengage
from connectly_api.results import WebhookRegistration
from connectly_api.webhooks.parsing import parse
from connectly_api.webhooks.signature import verify

app = typer.Typer(help="Manage webhook registrations, and verify webhooks.")

_WEBENGAGE: Final = "Webengage"

Id = Annotated[str, typer.Argument(metavar="ID", help="The registration's id.")]
TopicArgument = Annotated[
    Topic, typer.Argument(metavar="TOPIC", show_choices=False, help="delivery_status, messages or report.")
]
Address = Annotated[str, typer.Argument(metavar="URL", help="A public https:// URL.")]
Type = Annotated[
    WebhookType | None,
    typer.Option("--type", metavar="TYPE", help="custom (default), integromat_make, webengage or zapier."),
]


@attrs.frozen
class RegistrationOptions:
    """The options of a registration, for `create`, `ensure` and `update`."""

    echo: Annotated[
        bool | None, typer.Option("--echo/--no-echo", metavar="", help="Also deliver the business's own messages.")
    ] = None
    channel: Annotated[
        list[str] | None, typer.Option("--channel", metavar="CHANNEL", help="Only events of this channel; repeatable.")
    ] = None
    campaign: Annotated[
        list[str] | None, typer.Option(metavar="PATTERN", help="Only these campaigns: summer-*; repeatable.")
    ] = None
    filter_: Annotated[
        list[str] | None, typer.Option("--filter", metavar="FIELD=PATTERN", help="By another field; repeatable.")
    ] = None
    webengage_url: Annotated[
        str | None, typer.Option(metavar="URL", rich_help_panel=_WEBENGAGE, help="Webengage's URL.")
    ] = None
    webengage_token_file: Annotated[
        str | None,
        typer.Option(
            metavar="FILE", rich_help_panel=_WEBENGAGE, help="Read Webengage's token from FILE, or stdin for -."
        ),
    ] = None

    def to_keywords(self) -> tuple[dict[str, Any], tuple[str, ...]]:
        """Return the keywords for `connectly.webhooks`, and the secrets in them.

        Raises:
            CommandLineError: An option is invalid.
        """
        filters = parse_filters(self.campaign or (), self.filter_ or ())
        keywords: dict[str, Any] = {
            "echo": self.echo,
            "channel_types": self.channel or None,
            "filters": filters or None,
        }
        if (self.webengage_url is None) is not (self.webengage_token_file is None):
            raise CommandLineError("--webengage-url, --webengage-token-file: use both, or neither")
        if self.webengage_url is None or self.webengage_token_file is None:
            return keywords, ()
        token = read_secret("--webengage-token-file", self.webengage_token_file)
        return {**keywords, "webengage": Webengage(token, self.webengage_url)}, (token,)


@attrs.frozen
class OpeningOptions:
    """The options that remove a registration's restrictions, for `ensure` and `update`."""

    all_channels: Annotated[
        bool, typer.Option("--all-channels", metavar="", help="Deliver events of all channels.")
    ] = False
    no_filters: Annotated[bool, typer.Option("--no-filters", metavar="", help="Deliver events of all campaigns.")] = (
        False
    )

    def apply_to(self, keywords: dict[str, Any]) -> None:
        """Complete the keywords for `connectly.webhooks`.

        Raises:
            CommandLineError: Another option adds the restriction that one of these removes.
        """
        for flag, name, is_set in (
            ("--all-channels", "channel_types", self.all_channels),
            ("--no-filters", "filters", self.no_filters),
        ):
            if is_set and keywords[name] is not None:
                raise CommandLineError(f"{flag}: contradicts another option")
            keywords[name] = [] if is_set else keywords[name]


@command(app, "list", "connectly webhooks list")
def _list(options: CallOptions) -> None:
    """List the registrations."""
    found = call_service(options, lambda connectly: connectly.webhooks.list(timeout=options.timeout))
    if found is None:
        return
    if options.is_json:
        write_json({"webhooks": list(map(_to_registration_document, found))})
    elif not found:
        write_note("there are no registrations")
    else:
        write_table(("id", "topic", "address", "type", "filters"), map(_to_row, found))


@command(
    app,
    "create",
    "connectly webhooks create messages https://example.com/webhooks",
    'connectly webhooks create report https://example.com/w --campaign "summer-*"',
)
def _create(
    topic: TopicArgument,
    address: Address,
    *,
    type_: Type = None,
    registration: RegistrationOptions,
    options: CallOptions,
) -> None:
    """Register a URL for a topic, and print the registration's id."""
    keywords, secrets = registration.to_keywords()
    keywords |= {"type": type_, "timeout": options.timeout}
    created = call_service(
        options, lambda connectly: connectly.webhooks.create(topic, address, **keywords), secrets=secrets
    )
    if created is not None:
        _write_done(options, "Created", created.id, piped=created.id, document={"id": created.id})


@command(
    app,
    "ensure",
    "connectly webhooks ensure messages https://example.com/webhooks",
    "connectly webhooks ensure delivery_status https://example.com/w --no-filters",
)
def _ensure(
    topic: TopicArgument,
    address: Address,
    *,
    type_: Type = None,
    opening: OpeningOptions,
    registration: RegistrationOptions,
    options: CallOptions,
) -> None:
    """Create or update a topic's registration, if it is not as given, and print its id.

    Safe at every deployment. Options that you leave out stay unchanged. A dry run shows the request for a topic that
    has no registration.
    """
    keywords, secrets = registration.to_keywords()
    opening.apply_to(keywords)
    keywords |= {"type": type_, "timeout": options.timeout}
    ensured = call_service(
        options, lambda connectly: connectly.webhooks.ensure(topic, address, **keywords), secrets=secrets
    )
    if ensured is not None:
        document = {"id": ensured.id, "action": ensured.action}
        _write_done(options, ensured.action.capitalize(), ensured.id, piped=ensured.id, document=document)


@command(app, "update", "connectly webhooks update wh_1 --address https://example.com/new")
def _update(
    id_: Id,
    *,
    address: Annotated[str | None, typer.Option("--address", metavar="URL", help="The new URL.")] = None,
    opening: OpeningOptions,
    registration: RegistrationOptions,
    options: CallOptions,
) -> None:
    """Change a registration. Options that you leave out stay unchanged."""
    keywords, secrets = registration.to_keywords()
    opening.apply_to(keywords)
    keywords |= {"address": address, "timeout": options.timeout}
    if call_service(options, lambda connectly: connectly.webhooks.update(id_, **keywords), secrets=secrets) is not None:
        _write_done(options, "Updated", id_, piped="updated", document={"id": id_, "updated": True})


@command(app, "delete", "connectly webhooks delete wh_1")
def _delete(id_: Id, options: CallOptions) -> None:
    """Delete a registration. This cannot be undone."""
    if call_service(options, lambda connectly: connectly.webhooks.delete(id_, timeout=options.timeout)) is not None:
        _write_done(options, "Deleted", id_, piped="deleted", document={"id": id_, "deleted": True})


@command(
    app,
    "verify",
    'connectly webhooks verify body.json --signature "$SIGNATURE"',
)
def _verify(
    body: Annotated[str, typer.Argument(metavar="BODY", help="A file with the raw request body, or - for stdin.")],
    *,
    signature: Annotated[str, typer.Option(metavar="BASE64", help="The x-connectly-hmac-sha256 header.")],
    secret_file: Annotated[
        list[str] | None,
        typer.Option(metavar="FILE", help="Read a secret from FILE; repeatable. Default: $CONNECTLY_WEBHOOK_SECRET."),
    ] = None,
    show_personal_data: Annotated[
        bool, typer.Option("--show-personal-data", metavar="", help="Show numbers, names, texts and callback data.")
    ] = False,
    is_json: IsJson = False,
    env_file: EnvFile = None,
) -> None:
    """Verify the signature of a webhook, and show its event."""
    secrets = read_webhook_secrets(secret_file or (), env_file)
    raw = read_bytes("BODY", body)
    try:
        verify(raw, signature, secrets)
    except WebhookSignatureError:
        if not is_json:
            _explain_line_end(raw, signature, secrets)
        raise
    event = parse(raw)
    document = to_document(event, personal=show_personal_data)
    if is_json:
        write_json({"valid": True, "event": document})
        return
    write_line(f"valid: {type(event).__name__}")
    for line in format_lines(document):
        write_line(f"  {line}")


def _explain_line_end(raw: bytes, signature: str, secrets: list[str]) -> None:
    """Print a note if the signature matches the body without its final line end, which editors and shells add."""
    try:
        verify(raw.rstrip(b"\r\n"), signature, secrets)
    except WebhookSignatureError:
        return
    write_note("the signature matches the body without its final line end, which the request did not have")


def _write_done(options: CallOptions, word: str, identifier: str, *, piped: str, document: dict[str, Any]) -> None:
    if options.is_json:
        write_json(document)
    else:
        write_line(f"{word}: {identifier}" if is_terminal() else piped)


def _to_registration_document(registration: WebhookRegistration) -> dict[str, Any]:
    return {
        "id": registration.id,
        "topic": registration.topic,
        "address": registration.address,
        "type": registration.type,
        "echo": registration.echo,
        "channelTypes": list(registration.channel_types),
        "filters": [{"field": filter_.field, "expression": filter_.expression} for filter_ in registration.filters],
    }


def _to_row(registration: WebhookRegistration) -> tuple[str, ...]:
    filters = [
        *(["echo"] if registration.echo else ()),
        *registration.channel_types,
        *(f"{filter_.field}={filter_.expression}" for filter_ in registration.filters),
    ]
    return (
        registration.id,
        registration.topic or "",
        registration.address or "",
        registration.type or "",
        ", ".join(filters),
    )
