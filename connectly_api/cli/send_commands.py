"""`connectly send`: lists, buttons, products, templates."""

from __future__ import annotations

from typing import Annotated

import attrs
import typer

from connectly_api.cli.exit_codes import CommandLineError
from connectly_api.cli.inputs import read_json, text_or_stdin
from connectly_api.cli.message_options import Sending, To, deliver
from connectly_api.cli.option_groups import verb
from connectly_api.cli.send import app
from connectly_api.cli.typed_values import (
    buttons_of,
    parameters_in,
    parameters_of,
    product_sections_in,
    product_sections_of,
    sections_in,
    sections_of,
)
from connectly_api.content import Document, Image, Video
from connectly_api.interactive import Header, ListMessage, ReplyButtons
from connectly_api.products import Product, ProductList
from connectly_api.template import Template

__all__ = ["Heading"]

Body = Annotated[str, typer.Argument(metavar="TEXT", help="The text, or - for standard input.")]
Footer = Annotated[str | None, typer.Option(help="A line at the bottom: up to 60 characters.")]
SectionsFile = Annotated[
    str | None, typer.Option("--sections", metavar="FILE", help="All sections as a JSON array, from a file or - .")
]


@attrs.frozen
class Heading:
    """What stands on top: one of these, or nothing."""

    header_text: Annotated[str | None, typer.Option(metavar="TEXT", help="On top: a text.")] = None
    header_image: Annotated[str | None, typer.Option(metavar="URL", help="On top: a picture.")] = None
    header_video: Annotated[str | None, typer.Option(metavar="URL", help="On top: a video.")] = None
    header_document: Annotated[str | None, typer.Option(metavar="URL", help="On top: a file.")] = None
    header_filename: Annotated[str | None, typer.Option(metavar="NAME", help="The name of the file on top.")] = None

    def header(self) -> Header | None:
        """Return what stands on top, or None.

        Raises:
            CommandLineError: Several are given, or a name without its file.
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
        """Check that at most one is given, and a name only with its file.

        Raises:
            CommandLineError: It is otherwise.
        """
        given = [self.header_text, self.header_image, self.header_video, self.header_document]
        if sum(value is not None for value in given) > 1:
            raise CommandLineError("--header-...: give one of text, image, video and document")
        if self.header_filename is not None and self.header_document is None:
            raise CommandLineError("--header-filename: goes with --header-document")


@verb(app, "list")
def _list(
    to: To,
    *,
    how: Sending,
    heading: Heading,
    button: Annotated[str, typer.Option(metavar="TITLE", help="What the button says that opens the list.")],
    row: Annotated[
        list[str] | None,
        typer.Option(metavar="ID=TITLE|DESCRIPTION", help="A row; repeatable. |DESCRIPTION may be missing."),
    ] = None,
    section: Annotated[
        list[str] | None, typer.Option(metavar="'TITLE: ROW; ROW'", help="A section with its rows; repeatable.")
    ] = None,
    sections: SectionsFile = None,
    text: Annotated[str | None, typer.Option(help="The message's text, or - for standard input.")] = None,
    footer: Footer = None,
) -> None:
    """Send a list, one row of which the customer may pick."""
    _check_sections(sections, row, section)
    found = (
        sections_of(row or (), section or ()) if sections is None else sections_in(read_json("--sections", sections))
    )
    body = None if text is None else text_or_stdin("--text", text)
    deliver(to, ListMessage(button, found, body, heading.header(), footer), how)


@verb(app, "buttons")
def _buttons(
    to: To,
    text: Body,
    *,
    how: Sending,
    heading: Heading,
    button: Annotated[list[str], typer.Option(metavar="ID=TITLE", help="A button; up to three.")],
    footer: Footer = None,
) -> None:
    """Send a text with one to three buttons."""
    deliver(to, ReplyButtons(text_or_stdin("TEXT", text), buttons_of(button), heading.header(), footer), how)


@verb(app, "product")
def _product(
    to: To,
    catalog: Annotated[str, typer.Argument(metavar="CATALOG", help="The catalogue's id.")],
    product: Annotated[str, typer.Argument(metavar="PRODUCT", help="The product's retailer id.")],
    *,
    how: Sending,
    text: Annotated[str | None, typer.Option(help="The message's text, or - for standard input.")] = None,
    footer: Footer = None,
) -> None:
    """Send one product of the catalogue."""
    deliver(to, Product(catalog, product, None if text is None else text_or_stdin("--text", text), footer), how)


@verb(app, "products")
def _products(
    to: To,
    text: Body,
    *,
    how: Sending,
    heading: Heading,
    catalog: Annotated[str, typer.Option(metavar="ID", help="The catalogue's id.")],
    product: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="A product's retailer id; repeatable.")
    ] = None,
    section: Annotated[
        list[str] | None, typer.Option(metavar="'TITLE: ID; ID'", help="A section with its products; repeatable.")
    ] = None,
    sections: SectionsFile = None,
    footer: Footer = None,
) -> None:
    """Send several products of the catalogue."""
    _check_sections(sections, product, section)
    if sections is None:
        found = product_sections_of(product or (), section or ())
    else:
        found = product_sections_in(read_json("--sections", sections))
    deliver(to, ProductList(text_or_stdin("TEXT", text), catalog, found, heading.header(), footer), how)


@verb(app, "template")
def _template(
    to: To,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The template's name.")],
    language: Annotated[str, typer.Argument(metavar="LANGUAGE", help="The code of a translation: en")],
    *,
    how: Sending,
    heading: Heading,
    body: Annotated[
        list[str] | None, typer.Option(metavar="TEXT", help="The next place in the body; repeatable.")
    ] = None,
    button_url: Annotated[
        list[str] | None, typer.Option(metavar="TEXT", help="The next button's part of an address; up to two.")
    ] = None,
    parameter: Annotated[
        list[str] | None, typer.Option(metavar="NAME=VALUE", help="Any parameter by its own name; repeatable.")
    ] = None,
    parameters: Annotated[
        str | None, typer.Option(metavar="FILE", help="Parameters as JSON, from a file or - .")
    ] = None,
) -> None:
    """Send a template, also to a customer who has not written for 24 hours."""
    heading.check()
    named = None if not parameter and parameters is None else parameters_of(parameter or ())
    if named is not None and parameters is not None:
        named += parameters_in(read_json("--parameters", parameters))
    document = heading.header_document
    template = Template(
        name,
        language,
        body=body,
        header_text=heading.header_text,
        header_image=heading.header_image,
        header_video=heading.header_video,
        header_document=document
        if document is None or heading.header_filename is None
        else (document, heading.header_filename),
        button_urls=button_url,
        parameters=named,
    )
    deliver(to, template, how)


def _check_sections(file: str | None, *typed: object) -> None:
    if file is not None and any(typed):
        raise CommandLineError("--sections: holds all sections; give no others beside it")
