"""`connectly send`: one command for each kind of message."""

from __future__ import annotations

from typing import Annotated, Final

import attrs
import typer

from connectly_api.cli.config import CallOptions
from connectly_api.cli.exit_codes import CommandLineError
from connectly_api.cli.inputs import read_json, read_value
from connectly_api.cli.message_options import MessageOptions, To, send_content
from connectly_api.cli.option_groups import command
from connectly_api.cli.typed_values import (
    parse_buttons,
    parse_parameters,
    parse_product_sections,
    parse_sections,
    to_parameters,
    to_product_sections,
    to_sections,
)
from connectly_api.content.basic import Audio, Document, Image, Location, Text, Video
from connectly_api.content.interactive import ListMessage, ReplyButtons
from connectly_api.content.parts import Header
from connectly_api.content.products import Product, ProductList
from connectly_api.content.template import Template

app = typer.Typer(help="Send a message and print its id.")

_HEADER: Final = "Header"

Url = Annotated[str, typer.Argument(metavar="URL", help="The file's public URL.")]
Caption = Annotated[str | None, typer.Option(metavar="TEXT", help="A text shown below the file.")]
Body = Annotated[str, typer.Argument(metavar="TEXT", help="The text, or - for stdin.")]
BodyOption = Annotated[str | None, typer.Option("--text", metavar="TEXT", help="The text, or - for stdin.")]
Footer = Annotated[str | None, typer.Option(metavar="TEXT", help="The last line, up to 60 characters.")]
SectionsFile = Annotated[
    str | None, typer.Option("--sections", metavar="FILE", help="All sections as JSON, from FILE or - for stdin.")
]


@attrs.frozen
class HeaderOptions:
    """The options for a message's header, at most one of them."""

    header_text: Annotated[str | None, typer.Option(metavar="TEXT", rich_help_panel=_HEADER, help="A text.")] = None
    header_image: Annotated[str | None, typer.Option(metavar="URL", rich_help_panel=_HEADER, help="An image.")] = None
    header_video: Annotated[str | None, typer.Option(metavar="URL", rich_help_panel=_HEADER, help="A video.")] = None
    header_document: Annotated[str | None, typer.Option(metavar="URL", rich_help_panel=_HEADER, help="A document.")] = (
        None
    )
    header_filename: Annotated[
        str | None, typer.Option(metavar="NAME", rich_help_panel=_HEADER, help="The document's file name.")
    ] = None

    def to_header(self) -> Header | None:
        """Return the header, or None.

        Raises:
            CommandLineError: Several are given, or a file name without a document.
        """
        self.check()
        if self.header_image is not None:
            return Image(self.header_image)
        if self.header_video is not None:
            return Video(self.header_video)
        if self.header_document is not None:
            return Document(self.header_document, self.header_filename)
        return self.header_text

    def check(self) -> None:
        """Check that at most one header is given, and a file name only with a document.

        Raises:
            CommandLineError: Several are given, or a file name without a document.
        """
        headers = (self.header_text, self.header_image, self.header_video, self.header_document)
        if sum(header is not None for header in headers) > 1:
            raise CommandLineError("--header-...: use only one of text, image, video and document")
        if self.header_filename is not None and self.header_document is None:
            raise CommandLineError("--header-filename: needs --header-document")


@command(
    app,
    "text",
    'connectly send text +16044441111 "Hello!"',
    'connectly send text "+1 (604) 444-1111" "Hello!" --dry-run',
    'connectly send text -- +16044441111 "-10 % today"',
)
def _send_text(to: To, text: Body, message: MessageOptions, options: CallOptions) -> None:
    """Send a text."""
    send_content(to, Text(read_value("TEXT", text)), message, options)


@command(app, "image", "connectly send image +16044441111 https://example.com/a.jpg --caption Look")
def _send_image(to: To, url: Url, message: MessageOptions, options: CallOptions, caption: Caption = None) -> None:
    """Send an image: JPEG or PNG."""
    send_content(to, Image(url, caption), message, options)


@command(app, "video", "connectly send video +16044441111 https://example.com/video.mp4")
def _send_video(to: To, url: Url, message: MessageOptions, options: CallOptions, caption: Caption = None) -> None:
    """Send a video: MP4 or 3GPP."""
    send_content(to, Video(url, caption), message, options)


@command(app, "audio", "connectly send audio +16044441111 https://example.com/audio.mp3")
def _send_audio(to: To, url: Url, message: MessageOptions, options: CallOptions) -> None:
    """Send an audio file."""
    send_content(to, Audio(url), message, options)


@command(app, "document", "connectly send document +16044441111 https://example.com/a.pdf --filename a.pdf")
def _send_document(
    to: To,
    url: Url,
    *,
    filename: Annotated[str | None, typer.Option(metavar="NAME", help="The name that the customer sees.")] = None,
    caption: Caption = None,
    message: MessageOptions,
    options: CallOptions,
) -> None:
    """Send a file of any type."""
    send_content(to, Document(url, filename, caption), message, options)


@command(app, "location", "connectly send location +16044441111 --at 37.7749,-122.4194 --name Shop")
def _send_location(
    to: To,
    *,
    at: Annotated[str, typer.Option("--at", metavar="LATITUDE,LONGITUDE", help="In degrees.")],
    name: Annotated[str | None, typer.Option(metavar="TEXT", help="The name of the place.")] = None,
    address: Annotated[str | None, typer.Option(metavar="TEXT", help="Its address.")] = None,
    message: MessageOptions,
    options: CallOptions,
) -> None:
    """Send a location on the map."""
    try:
        latitude, longitude = map(float, at.split(","))
    except ValueError:
        raise CommandLineError("--at: write LATITUDE,LONGITUDE in degrees, such as 37.7749,-122.4194") from None
    send_content(to, Location(latitude, longitude, name, address), message, options)


@command(
    app,
    "list",
    "connectly send list +16044441111 --button Choose --row s=Small --row l=Large",
    'connectly send list +16044441111 --button Go --section "Sizes: s=Small; l=Large"',
)
def _send_list(
    to: To,
    *,
    button: Annotated[str, typer.Option(metavar="TITLE", help="The button that opens the list.")],
    text: BodyOption = None,
    row: Annotated[
        list[str] | None, typer.Option("--row", metavar="ROW", help="ID=TITLE or 'ID=TITLE|DESCRIPTION'.")
    ] = None,
    section: Annotated[
        list[str] | None, typer.Option("--section", metavar="SECTION", help="'TITLE: ROW; ROW'.")
    ] = None,
    sections: SectionsFile = None,
    footer: Footer = None,
    header: HeaderOptions,
    message: MessageOptions,
    options: CallOptions,
) -> None:
    """Send a list of rows; the customer picks one. Repeat --row or --section for more."""
    _check_sections(sections, row, section)
    found = (
        parse_sections(row or (), section or ()) if sections is None else to_sections(read_json("--sections", sections))
    )
    body = None if text is None else read_value("--text", text)
    send_content(to, ListMessage(button, found, body, header.to_header(), footer), message, options)


@command(app, "buttons", 'connectly send buttons +16044441111 "On Friday?" --button y=Yes --button n=No')
def _send_buttons(
    to: To,
    text: Body,
    *,
    button: Annotated[list[str], typer.Option(metavar="ID=TITLE", help="A button; repeat for up to three.")],
    footer: Footer = None,
    header: HeaderOptions,
    message: MessageOptions,
    options: CallOptions,
) -> None:
    """Send a text with one to three reply buttons."""
    content = ReplyButtons(read_value("TEXT", text), parse_buttons(button), header.to_header(), footer)
    send_content(to, content, message, options)


@command(app, "product", 'connectly send product +16044441111 my-catalog sku-1 --text "Back in stock"')
def _send_product(
    to: To,
    catalog: Annotated[str, typer.Argument(metavar="CATALOG", help="The catalog's id.")],
    product: Annotated[str, typer.Argument(metavar="PRODUCT", help="The product's retailer id.")],
    *,
    text: BodyOption = None,
    footer: Footer = None,
    message: MessageOptions,
    options: CallOptions,
) -> None:
    """Send one product of a catalog."""
    body = None if text is None else read_value("--text", text)
    send_content(to, Product(catalog, product, body, footer), message, options)


@command(
    app,
    "products",
    'connectly send products +16044441111 "For you" --catalog shop --product sku-1',
)
def _send_products(
    to: To,
    text: Body,
    *,
    catalog: Annotated[str, typer.Option(metavar="ID", help="The catalog's id.")],
    product: Annotated[list[str] | None, typer.Option(metavar="ID", help="A product's retailer id.")] = None,
    section: Annotated[list[str] | None, typer.Option("--section", metavar="SECTION", help="'TITLE: ID; ID'.")] = None,
    sections: SectionsFile = None,
    footer: Footer = None,
    header: HeaderOptions,
    message: MessageOptions,
    options: CallOptions,
) -> None:
    """Send several products of a catalog. Repeat --product or --section for more."""
    _check_sections(sections, product, section)
    if sections is None:
        found = parse_product_sections(product or (), section or ())
    else:
        found = to_product_sections(read_json("--sections", sections))
    content = ProductList(read_value("TEXT", text), catalog, found, header.to_header(), footer)
    send_content(to, content, message, options)


@command(
    app,
    "template",
    "connectly send template +16044441111 order_shipped en --body Ann --body 12345",
    "connectly send template +16044441111 offer en --parameter copy_code=15OFF",
)
def _send_template(
    to: To,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The template's name.")],
    language: Annotated[str, typer.Argument(metavar="LANGUAGE", help="The translation's code, such as en.")],
    *,
    body: Annotated[
        list[str] | None, typer.Option(metavar="TEXT", help="The next placeholder in the body; repeatable.")
    ] = None,
    button_url: Annotated[
        list[str] | None, typer.Option(metavar="TEXT", help="The next button's part of its URL; up to two.")
    ] = None,
    parameter: Annotated[
        list[str] | None, typer.Option(metavar="NAME=VALUE", help="Any parameter by name; repeatable.")
    ] = None,
    parameters: Annotated[
        str | None, typer.Option(metavar="FILE", help="Parameters as JSON, from FILE or - for stdin.")
    ] = None,
    header: HeaderOptions,
    message: MessageOptions,
    options: CallOptions,
) -> None:
    """Send a template, which also reaches customers who have not written for 24 hours."""
    header.check()
    named = None if not parameter and parameters is None else parse_parameters(parameter or ())
    if named is not None and parameters is not None:
        named += to_parameters(read_json("--parameters", parameters))
    document = header.header_document
    template = Template(
        name,
        language,
        body=body,
        header_text=header.header_text,
        header_image=header.header_image,
        header_video=header.header_video,
        header_document=document
        if document is None or header.header_filename is None
        else (document, header.header_filename),
        button_urls=button_url,
        parameters=named,
    )
    send_content(to, template, message, options)


def _check_sections(file: str | None, *others: object) -> None:
    if file is not None and any(others):
        raise CommandLineError("--sections: contains all sections; do not combine it with others")
