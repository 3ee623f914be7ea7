"""What all ways of sending have in common: whom to, from which number, and what comes of it."""

from __future__ import annotations

from typing import Annotated, Any, Final

import attrs
import typer

from connectly_api.addresses import Recipient, to_recipient
from connectly_api.cli.client_call import call
from connectly_api.cli.config import Connection
from connectly_api.cli.exit_codes import CommandLineError
from connectly_api.cli.inputs import json_in
from connectly_api.cli.output import say, say_json
from connectly_api.limits import Limits
from connectly_api.sending import ChannelType, Content, SendOptions

__all__ = ["Sending", "To", "deliver"]

_PANEL: Final = "Message"

To = Annotated[str, typer.Argument(metavar="TO", help="Whom: a phone number (+16044441111), or a BSUID (US.1349...).")]


@attrs.frozen
class Sending(Connection):
    """What every command takes that sends a message."""

    sender: Annotated[
        str | None,
        typer.Option(
            metavar="PHONE",
            rich_help_panel=_PANEL,
            help="Which of the business's numbers sends. Default: CONNECTLY_SENDER.",
        ),
    ] = attrs.field(default=None, repr=False)
    bsuid: Annotated[
        str | None,
        typer.Option(metavar="ID", rich_help_panel=_PANEL, help="The customer's BSUID, beside a phone number."),
    ] = attrs.field(default=None, repr=False)
    recipient_name: Annotated[
        str | None,
        typer.Option(metavar="NAME", rich_help_panel=_PANEL, help="The customer's display name to send along."),
    ] = attrs.field(default=None, repr=False)
    callback_data: Annotated[
        str | None,
        typer.Option(
            metavar="JSON",
            rich_help_panel=_PANEL,
            help="Comes back with the message's events: at most 1024 bytes of JSON.",
        ),
    ] = attrs.field(default=None, repr=False)
    campaign: Annotated[
        str | None,
        typer.Option(metavar="NAME", rich_help_panel=_PANEL, help="A tag for analytics and webhook filters."),
    ] = None
    channel: Annotated[ChannelType, typer.Option(rich_help_panel=_PANEL, help="How a session message goes.")] = (
        "whatsapp"
    )
    limits: Annotated[
        Limits, typer.Option(rich_help_panel=_PANEL, help="WhatsApp's limits: refuse, warn and send, or send.")
    ] = "strict"


def deliver(to: str, content: Content, how: Sending) -> None:
    """Send a message, and print its id.

    Raises:
        CommandLineError: An option cannot be used.
        ConnectlyError: As `Connectly.send`.
    """
    options: SendOptions = {"campaign_name": how.campaign, "channel_type": how.channel, "timeout": how.timeout}
    if how.callback_data is not None:
        options["callback_data"] = json_in("--callback-data", how.callback_data)
    recipient = _recipient(to, how)
    sent = call(
        how, lambda connectly: connectly.send(recipient, content, **options), sender=how.sender, limits=how.limits
    )
    if sent is None:
        return
    if how.is_json:
        say_json({"id": sent.id, "status": sent.response.status})
    else:
        say(sent.id)


def _recipient(to: str, how: Sending) -> Recipient:
    recipient = to_recipient(to)
    if how.bsuid is not None and recipient.bsuid is not None:
        raise CommandLineError("--bsuid: TO is a BSUID already; give the phone number as TO")
    more: dict[str, Any] = {"bsuid": how.bsuid} if how.bsuid is not None else {}
    return attrs.evolve(recipient, name=how.recipient_name, **more)
