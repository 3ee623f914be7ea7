"""Shared by all commands that send a message: the recipient, the options, the call and its result."""

from __future__ import annotations

from typing import Annotated, Final

import attrs
import typer

from connectly_api.cli.client_call import call_service
from connectly_api.cli.config import CallOptions
from connectly_api.cli.exit_codes import CommandLineError
from connectly_api.cli.inputs import parse_json
from connectly_api.cli.output import is_terminal, write_json, write_line
from connectly_api.content.limits import Limits
from connectly_api.errors import InvalidInputError
from connectly_api.recipients import Bsuid, Phone, Recipient, to_recipient
from connectly_api.send_request import ChannelType, Content, SendOptions
from connectly_api.setting_rules import name_origin

_PANEL: Final = "Message"

To = Annotated[str, typer.Argument(metavar="TO", help='A phone number ("+1 604 444 1111") or a BSUID (US.1349...).')]


@attrs.frozen
class MessageOptions:
    """The options of every command that sends a message."""

    sender: Annotated[
        str | None,
        typer.Option(
            metavar="PHONE",
            rich_help_panel=_PANEL,
            help="Send from this number of the business. Default: $CONNECTLY_SENDER.",
        ),
    ] = attrs.field(default=None, repr=False)
    region: Annotated[
        str | None,
        typer.Option(
            metavar="COUNTRY",
            rich_help_panel=_PANEL,
            help="Read TO as dialed in this country, such as CO. Needs the extra phone.",
        ),
    ] = None
    bsuid: Annotated[
        str | None,
        typer.Option(metavar="ID", rich_help_panel=_PANEL, help="The customer's BSUID, in addition to a phone number."),
    ] = attrs.field(default=None, repr=False)
    recipient_name: Annotated[
        str | None,
        typer.Option(metavar="NAME", rich_help_panel=_PANEL, help="The customer's display name."),
    ] = attrs.field(default=None, repr=False)
    callback_data: Annotated[
        str | None,
        typer.Option(
            metavar="JSON",
            rich_help_panel=_PANEL,
            help="Data that the message's webhooks return: JSON, up to 1024 bytes.",
        ),
    ] = attrs.field(default=None, repr=False)
    campaign: Annotated[
        str | None,
        typer.Option(metavar="NAME", rich_help_panel=_PANEL, help="A tag for analytics and webhook filters."),
    ] = None
    channel: Annotated[
        ChannelType,
        typer.Option(
            "--channel", metavar="CHANNEL", rich_help_panel=_PANEL, help="whatsapp or sms; templates ignore it."
        ),
    ] = "whatsapp"
    limits: Annotated[
        Limits,
        typer.Option(
            metavar="MODE", rich_help_panel=_PANEL, help="WhatsApp's content limits: strict (refuse), warn or off."
        ),
    ] = "strict"


def send_content(to: str, content: Content, message: MessageOptions, options: CallOptions) -> None:
    """Send a message and print its id.

    Raises:
        CommandLineError: An option is invalid.
        ConnectlyError: As for `Connectly.send`.
    """
    settings: SendOptions = {
        "campaign_name": message.campaign,
        "channel_type": message.channel,
        "timeout": options.timeout,
    }
    if message.callback_data is not None:
        settings["callback_data"] = parse_json("--callback-data", message.callback_data)
    recipient = _parse_recipient(to, message)
    sent = call_service(
        options,
        lambda connectly: connectly.send(recipient, content, **settings),
        sender=message.sender,
        limits=message.limits,
    )
    if sent is None:
        return
    if options.is_json:
        write_json({"id": sent.id, "status": sent.response.status})
    else:
        write_line(f"Sent: {sent.id}" if is_terminal() else sent.id)


def _parse_recipient(text: str, message: MessageOptions) -> Recipient:
    recipient = to_recipient(text) if text[:1].isalpha() else Recipient(_parse_phone(text, message.region))
    if message.bsuid is not None and recipient.bsuid is not None:
        raise CommandLineError("--bsuid: TO is already a BSUID; pass the phone number as TO")
    bsuid = recipient.bsuid if message.bsuid is None else Bsuid(message.bsuid)
    return attrs.evolve(recipient, name=message.recipient_name, bsuid=bsuid)


def _parse_phone(text: str, region: str | None) -> Phone:
    try:
        return Phone.parse(text, region=region)
    except InvalidInputError as error:
        raise name_origin(error, {"phone": "recipient", "region": "--region"}) from None
