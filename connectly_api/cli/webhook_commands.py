"""`connectly webhooks`: the registrations."""

from __future__ import annotations

from typing import Annotated, Any

import attrs
import typer

from connectly_api.cli.client_call import call
from connectly_api.cli.config import Connection
from connectly_api.cli.exit_codes import CommandLineError
from connectly_api.cli.inputs import read_secret
from connectly_api.cli.option_groups import verb
from connectly_api.cli.output import note, say, say_json, say_table
from connectly_api.cli.typed_values import filters_of
from connectly_api.lowlevel.models import Topic, WebhookType
from connectly_api.registrations import Webengage
from connectly_api.results import WebhookRegistration

__all__ = ["app"]

app = typer.Typer(help="Where the service posts events, and whether they are the service's.")

Id = Annotated[str, typer.Argument(metavar="ID", help="The registration's id.")]


@attrs.frozen
class Registration:
    """What can be set when a registration is made, and changed afterwards."""

    echo: Annotated[bool | None, typer.Option("--echo/--no-echo", help="Deliver the business's own messages, too.")] = (
        None
    )
    channel: Annotated[list[str] | None, typer.Option(help="Of this channel alone; repeatable.")] = None
    campaign: Annotated[
        list[str] | None, typer.Option(metavar="PATTERN", help="Of campaigns whose name fits: summer-*; repeatable.")
    ] = None
    filter_: Annotated[
        list[str] | None, typer.Option("--filter", metavar="FIELD=PATTERN", help="By another field; repeatable.")
    ] = None
    webengage_url: Annotated[str | None, typer.Option(metavar="URL", help="For the type webengage: its address.")] = (
        None
    )
    webengage_token_file: Annotated[
        str | None, typer.Option(metavar="FILE", help="For the type webengage: a file with its token, or - .")
    ] = None

    def given(self) -> tuple[dict[str, Any], tuple[str, ...]]:
        """Return what is given as the facade's keywords, and the secrets in it.

        Raises:
            CommandLineError: An option cannot be used.
        """
        found: dict[str, Any] = {"echo": self.echo, "channel_types": self.channel or None}
        found["filters"] = filters_of(self.campaign or (), self.filter_ or ()) or None
        if (self.webengage_url is None) is not (self.webengage_token_file is None):
            raise CommandLineError("--webengage-url, --webengage-token-file: give both, or neither")
        if self.webengage_url is None or self.webengage_token_file is None:
            return found, ()
        token = read_secret("--webengage-token-file", self.webengage_token_file)
        return {**found, "webengage": Webengage(token, self.webengage_url)}, (token,)


@verb(app, "list")
def _list(connection: Connection) -> None:
    """List the registrations."""
    found = call(connection, lambda connectly: connectly.webhooks.list(timeout=connection.timeout))
    if found is None:
        return
    if connection.is_json:
        say_json({"webhooks": [_document(one) for one in found]})
    elif not found:
        note("there are no registrations")
    else:
        say_table(("id", "topic", "address", "type", "further"), map(_row, found))


@verb(app, "create")
def _create(
    topic: Annotated[Topic, typer.Argument(help="What about.")],
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="Where to: a public https:// address.")],
    connection: Connection,
    registration: Registration,
    type_: Annotated[WebhookType | None, typer.Option("--type", help="What receives them. Default: custom.")] = None,
) -> None:
    """Register an address for a topic, and print the registration's id."""
    options, secrets = registration.given()
    options |= {"type": type_, "timeout": connection.timeout}
    made = call(connection, lambda connectly: connectly.webhooks.create(topic, address, **options), secrets=secrets)
    if made is not None:
        _say_done(connection, made.id, {"id": made.id})


@verb(app, "update")
def _update(
    id_: Id,
    *,
    connection: Connection,
    registration: Registration,
    address: Annotated[str | None, typer.Option("--address", metavar="URL", help="Where to from now on.")] = None,
    all_channels: Annotated[bool, typer.Option("--all-channels", help="Of all channels.")] = False,
    no_filters: Annotated[bool, typer.Option("--no-filters", help="Of all campaigns.")] = False,
) -> None:
    """Change a registration: what is not given stays as it is."""
    options, secrets = registration.given()
    for flag, name, is_set in (
        ("--all-channels", "channel_types", all_channels),
        ("--no-filters", "filters", no_filters),
    ):
        if is_set and options[name] is not None:
            raise CommandLineError(f"{flag}: contradicts another option")
        options[name] = [] if is_set else options[name]
    options |= {"address": address, "timeout": connection.timeout}
    if call(connection, lambda connectly: connectly.webhooks.update(id_, **options), secrets=secrets) is not None:
        _say_done(connection, "updated", {"id": id_, "updated": True})


@verb(app, "delete")
def _delete(id_: Id, connection: Connection) -> None:
    """Delete a registration. This cannot be undone."""
    if call(connection, lambda connectly: connectly.webhooks.delete(id_, timeout=connection.timeout)) is not None:
        _say_done(connection, "deleted", {"id": id_, "deleted": True})


def _say_done(connection: Connection, text: str, document: dict[str, Any]) -> None:
    if connection.is_json:
        say_json(document)
    else:
        say(text)


def _document(one: WebhookRegistration) -> dict[str, Any]:
    return {
        "id": one.id,
        "topic": one.topic,
        "address": one.address,
        "type": one.type,
        "echo": one.echo,
        "channelTypes": list(one.channel_types),
        "filters": [{"field": pattern.field, "expression": pattern.expression} for pattern in one.filters],
    }


def _row(one: WebhookRegistration) -> tuple[str, ...]:
    further = ["echo"] if one.echo else []
    further += [*one.channel_types, *(f"{pattern.field}={pattern.expression}" for pattern in one.filters)]
    return one.id, one.topic or "", one.address or "", one.type or "", ", ".join(further)
