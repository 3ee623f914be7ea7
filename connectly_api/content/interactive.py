"""Lists and reply buttons, which a customer answers with a tap.

Sources: https://docs.connectly.ai (send a session message); the limits are WhatsApp's,
https://developers.facebook.com/docs/whatsapp/cloud-api/messages/interactive-list-messages and the pages next to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import attrs

from connectly_api.content import limits
from connectly_api.content.basic import Document, Image, Video
from connectly_api.content.fields import show_count, show_length, to_optional, to_tuple
from connectly_api.content.parts import BODY, FOOTER, TITLE, Header, check_header, check_sections, to_footer, to_header
from connectly_api.errors import Violation
from connectly_api.lowlevel import models
from connectly_api.tracebacks import cut_init_traceback

_LIST_BODY: Final = 4096
_ROWS: Final = 10


@attrs.frozen
class Button:
    """A reply button.

    Attributes:
        id: Returned when the customer taps the button: 1 to 256 characters, unique in the message, without leading or
            trailing spaces.
        title: The label: 1 to 20 characters, unique in the message.
    """

    id: str = attrs.field(repr=show_length)
    title: str = attrs.field(repr=show_length)


def _to_buttons(values: Iterable[Button]) -> tuple[Button, ...]:
    return to_tuple(values, "buttons")


@cut_init_traceback
@attrs.frozen
class ReplyButtons:
    """A text with one to three buttons, of which the customer can tap one.

    Attributes:
        text: 1 to 1024 characters.
        buttons: 1 to 3.
        header: Text of up to 60 characters, an image, a video or a document without a caption, or None.
        footer: Up to 60 characters, or None.
    """

    text: str = attrs.field(repr=show_length)
    buttons: tuple[Button, ...] = attrs.field(converter=_to_buttons, repr=show_count)
    header: Header | None = attrs.field(default=None, repr=show_length)
    footer: str | None = attrs.field(default=None, repr=show_length)

    def violations(self) -> Iterator[Violation]:
        """Yield each limit that this content breaks."""
        yield from limits.check_text("text", self.text, BODY)
        yield from limits.check_count("buttons", self.buttons, 3, what="buttons")
        yield from limits.check_instances("buttons", self.buttons, Button)
        known = [(i, button) for i, button in enumerate(self.buttons) if isinstance(button, Button)]
        for index, button in known:
            yield from _check_identifier(f"buttons[{index}].id", button.id, 256)
            yield from limits.check_text(f"buttons[{index}].title", button.title, 20)
        yield from limits.check_distinct("buttons", [button.id for _, button in known], what="ids")
        yield from limits.check_distinct("buttons", [button.title for _, button in known], what="titles")
        yield from check_header(self.header)
        yield from limits.check_text("footer", self.footer, FOOTER, required=False)

    def to_message(self) -> models.Message:
        """Return the low-level message."""
        return models.Message(
            text=self.text,
            reply_button_message=models.ReplyButtonMessage(
                header=to_header(self.header),
                footer=to_footer(self.footer),
                buttons=[models.Button(id=button.id, text=button.title) for button in self.buttons],
            ),
        )


@attrs.frozen
class Row:
    """A row of a list.

    Attributes:
        id: Returned when the customer picks the row: 1 to 200 characters, unique in the list.
        title: 1 to 24 characters.
        description: Up to 72 characters, shown below the title, or None.
    """

    id: str = attrs.field(repr=show_length)
    title: str = attrs.field(repr=show_length)
    description: str | None = attrs.field(default=None, repr=show_length)


def _to_rows(values: Iterable[Row]) -> tuple[Row, ...]:
    return to_tuple(values, "rows")


@cut_init_traceback
@attrs.frozen
class Section:
    """A group of rows.

    Attributes:
        title: Up to 24 characters; required if the list has several sections.
        rows: At least one, and at most 10 in all sections together.
    """

    title: str | None = attrs.field(repr=show_length)
    rows: tuple[Row, ...] = attrs.field(converter=_to_rows, repr=show_count)


def _to_sections(values: Iterable[Section]) -> tuple[Section, ...]:
    return to_tuple(values, "sections")


@cut_init_traceback
@attrs.frozen
class ListMessage:
    """A button that opens a list, from which the customer can pick one row.

    Attributes:
        button: The label of the button: 1 to 20 characters.
        sections: 1 to 10.
        text: The body, up to 4096 characters, or None. (The service's example has none; WhatsApp's always has one.)
        header: Text of up to 60 characters, or None. Media, which the service documents and WhatsApp does not, are sent
            with a warning.
        footer: Up to 60 characters, or None.
    """

    button: str = attrs.field(repr=show_length)
    sections: tuple[Section, ...] = attrs.field(converter=_to_sections, repr=show_count)
    text: str | None = attrs.field(default=None, repr=show_length)
    header: Header | None = attrs.field(default=None, repr=show_length)
    footer: str | None = attrs.field(default=None, repr=show_length)

    def violations(self) -> Iterator[Violation]:
        """Yield each limit that this content breaks."""
        yield from limits.check_text("button", self.button, 20)
        yield from limits.check_text("text", self.text, _LIST_BODY, required=False)
        yield from limits.check_instances("sections", self.sections, Section)
        known = [(i, section) for i, section in enumerate(self.sections) if isinstance(section, Section)]
        yield from check_sections(self.sections, [(i, section.title, len(section.rows)) for i, section in known])
        rows: list[Row] = []
        for index, section in known:
            yield from limits.check_instances(f"sections[{index}].rows", section.rows, Row)
            given_rows: tuple[object, ...] = section.rows
            for position, row in enumerate(given_rows):
                if isinstance(row, Row):
                    rows.append(row)
                    yield from _check_row(f"sections[{index}].rows[{position}]", row)
        yield from limits.check_count("sections", rows, _ROWS, what="rows in all sections together")
        yield from limits.check_distinct("sections", [row.id for row in rows], what="row ids")
        yield from check_header(self.header)
        if isinstance(self.header, (Image, Video, Document)):
            yield Violation("header", "WhatsApp documents a text header only on lists", level="doubt")
        yield from limits.check_text("footer", self.footer, FOOTER, required=False)

    def to_message(self) -> models.Message:
        """Return the low-level message."""
        return models.Message(
            text=to_optional(self.text),
            list_message=models.ListMessage(
                header=to_header(self.header),
                footer=to_footer(self.footer),
                button=models.Button(text=self.button),
                sections=[
                    models.ListSection(
                        title=to_optional(section.title),
                        rows=[
                            models.ListRow(id=row.id, text=row.title, description=to_optional(row.description))
                            for row in section.rows
                        ],
                    )
                    for section in self.sections
                ],
            ),
        )


def _check_identifier(field: str, value: object, most: int) -> Iterator[Violation]:
    yield from limits.check_text(field, value, most)
    if isinstance(value, str) and value.strip() and value != value.strip():
        yield Violation(field, "begins or ends with white space", len(value))


def _check_row(path: str, row: Row) -> Iterator[Violation]:
    yield from limits.check_text(f"{path}.id", row.id, 200)
    yield from limits.check_text(f"{path}.title", row.title, TITLE)
    yield from limits.check_text(f"{path}.description", row.description, 72, required=False)
