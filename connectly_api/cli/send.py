"""`connectly send`: text, files, places."""

from __future__ import annotations

from typing import Annotated

import typer

from connectly_api.cli.exit_codes import CommandLineError
from connectly_api.cli.inputs import text_or_stdin
from connectly_api.cli.message_options import Sending, To, deliver
from connectly_api.cli.option_groups import verb
from connectly_api.content import Audio, Document, Image, Location, Text, Video

__all__ = ["app"]

app = typer.Typer(help="Send one message, and print its id.")

Url = Annotated[str, typer.Argument(metavar="URL", help="The file's public address.")]
Caption = Annotated[str | None, typer.Option(help="A text below it.")]


@verb(app, "text")
def _text(
    to: To,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="The text, or - for standard input.")],
    how: Sending,
) -> None:
    """Send a text."""
    deliver(to, Text(text_or_stdin("TEXT", text)), how)


@verb(app, "image")
def _image(to: To, url: Url, how: Sending, caption: Caption = None) -> None:
    """Send a picture: JPEG or PNG."""
    deliver(to, Image(url, caption), how)


@verb(app, "video")
def _video(to: To, url: Url, how: Sending, caption: Caption = None) -> None:
    """Send a video: MP4 or 3GPP."""
    deliver(to, Video(url, caption), how)


@verb(app, "audio")
def _audio(to: To, url: Url, how: Sending) -> None:
    """Send a recording."""
    deliver(to, Audio(url), how)


@verb(app, "document")
def _document(
    to: To,
    url: Url,
    how: Sending,
    filename: Annotated[str | None, typer.Option(help="The name under which the customer sees it.")] = None,
    caption: Caption = None,
) -> None:
    """Send a file of any type."""
    deliver(to, Document(url, filename, caption), how)


@verb(app, "location")
def _location(
    to: To,
    at: Annotated[str, typer.Option("--at", metavar="LATITUDE,LONGITUDE", help="In degrees: 37.7749,-122.4194")],
    how: Sending,
    name: Annotated[str | None, typer.Option(help="What the place is called.")] = None,
    address: Annotated[str | None, typer.Option(help="Where it is, in words.")] = None,
) -> None:
    """Send a place on the map."""
    try:
        latitude, longitude = map(float, at.split(","))
    except ValueError:
        raise CommandLineError("--at: write LATITUDE,LONGITUDE in degrees, as 37.7749,-122.4194") from None
    deliver(to, Location(latitude, longitude, name, address), how)
