"""Session messages that a customer answers with a tap: lists and reply buttons.

Like the kinds in `connectly_api.content.basic`, each has `violations()` and `to_message()`. Sources: https://docs.connectly.ai
(send a session message); the limits are WhatsApp's,
https://developers.facebook.com/docs/whatsapp/cloud-api/messages/interactive-list-messages and its neighbours.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import attrs

from connectly_api.content import limits
from connectly_api.content.basic import Document, Image, Video, given, many, shown
from connectly_api.errors import Violation
from connectly_api.lowlevel import models
from connectly_api.tracebacks import cut_init_traceback
from connectly_api.wire.encoding import UNSET, Unset

__all__ = [
    "Button",
    "Header",
    "ListMessage",
    "ReplyButtons",
    "Row",
    "Section",
    "check_header",
    "check_sections",
    "size",
    "to_footer",
    "to_header",
]

Header = str | Image | Video | Document
"""What may stand on top: up to 60 characters of text, or one medium without a caption."""

_LIST_BODY: Final = 4096
BODY: Final = 1024
_HEADER: Final = 60
FOOTER: Final = 60
_TITLE: Final = 24
_SECTIONS: Final = 10
_ROWS: Final = 10


@attrs.frozen
class Button:
    """A reply button.

    Attributes:
        id: What comes back when it is tapped: 1 to 256 characters, unique in its message, no outer spaces.
        title: What it says: 1 to 20 characters, unique in its message.
    """

    id: str = attrs.field(repr=shown)
    title: str = attrs.field(repr=shown)


def size(values: tuple[object, ...]) -> str:
    """Stand in for values in a repr: tell how many there are."""
    return f"<{len(values)}>"


def _buttons(values: Iterable[Button]) -> tuple[Button, ...]:
    return many(values, "buttons")


@cut_init_traceback
@attrs.frozen
class ReplyButtons:
    """A text with one to three buttons, one of which the customer may tap.

    Attributes:
        text: 1 to 1024 characters.
        buttons: 1 to 3.
        header: Text of up to 60 characters, an image, a video or a document without a caption, or None.
        footer: Up to 60 characters, or None.
    """

    text: str = attrs.field(repr=shown)
    buttons: tuple[Button, ...] = attrs.field(converter=_buttons, repr=size)
    header: Header | None = attrs.field(default=None, repr=shown)
    footer: str | None = attrs.field(default=None, repr=shown)

    def violations(self) -> Iterator[Violation]:
        """Yield each limit that this breaks."""
        yield from limits.text("text", self.text, BODY)
        yield from limits.count("buttons", self.buttons, 3, what="buttons")
        yield from limits.instances("buttons", self.buttons, Button)
        known = [(i, button) for i, button in enumerate(self.buttons) if isinstance(button, Button)]
        for index, button in known:
            yield from _identifier(f"buttons[{index}].id", button.id, 256)
            yield from limits.text(f"buttons[{index}].title", button.title, 20)
        yield from limits.distinct("buttons", [button.id for _, button in known], what="ids")
        yield from limits.distinct("buttons", [button.title for _, button in known], what="titles")
        yield from check_header(self.header)
        yield from limits.text("footer", self.footer, FOOTER, required=False)

    def to_message(self) -> models.Message:
        """Return the message as the service takes it."""
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
        id: What comes back when it is picked: 1 to 200 characters, unique in its list.
        title: 1 to 24 characters.
        description: Up to 72 characters below the title, or None.
    """

    id: str = attrs.field(repr=shown)
    title: str = attrs.field(repr=shown)
    description: str | None = attrs.field(default=None, repr=shown)


def _rows(values: Iterable[Row]) -> tuple[Row, ...]:
    return many(values, "rows")


@cut_init_traceback
@attrs.frozen
class Section:
    """A group of rows.

    Attributes:
        title: Up to 24 characters; required where the list has several sections.
        rows: At least one; at most 10 in all sections together.
    """

    title: str | None = attrs.field(repr=shown)
    rows: tuple[Row, ...] = attrs.field(converter=_rows, repr=size)


def _list_sections(values: Iterable[Section]) -> tuple[Section, ...]:
    return many(values, "sections")


@cut_init_traceback
@attrs.frozen
class ListMessage:
    """A button that opens a list, one row of which the customer may pick.

    Attributes:
        button: What the button says: 1 to 20 characters.
        sections: 1 to 10.
        text: The body, up to 4096 characters, or None. The service's example has none, WhatsApp's always has one.
        header: Text of up to 60 characters, or None. The service documents media too, WhatsApp does not: they are sent
            with a warning.
        footer: Up to 60 characters, or None.
    """

    button: str = attrs.field(repr=shown)
    sections: tuple[Section, ...] = attrs.field(converter=_list_sections, repr=size)
    text: str | None = attrs.field(default=None, repr=shown)
    header: Header | None = attrs.field(default=None, repr=shown)
    footer: str | None = attrs.field(default=None, repr=shown)

    def violations(self) -> Iterator[Violation]:
        """Yield each limit that this breaks."""
        yield from limits.text("button", self.button, 20)
        yield from limits.text("text", self.text, _LIST_BODY, required=False)
        yield from limits.instances("sections", self.sections, Section)
        known = [(i, section) for i, section in enumerate(self.sections) if isinstance(section, Section)]
        yield from check_sections(self.sections, [(i, section.title, len(section.rows)) for i, section in known])
        rows: list[Row] = []
        for index, section in known:
            yield from limits.instances(f"sections[{index}].rows", section.rows, Row)
            given_rows: tuple[object, ...] = section.rows
            for position, row in enumerate(given_rows):
                if isinstance(row, Row):
                    rows.append(row)
                    yield from _row(f"sections[{index}].rows[{position}]", row)
        yield from limits.count("sections", rows, _ROWS, what="rows in all sections together")
        yield from limits.distinct("sections", [row.id for row in rows], what="row ids")
        yield from check_header(self.header)
        if isinstance(self.header, (Image, Video, Document)):
            yield Violation("header", "WhatsApp documents a text header only on lists", level="doubt")
        yield from limits.text("footer", self.footer, FOOTER, required=False)

    def to_message(self) -> models.Message:
        """Return the message as the service takes it."""
        return models.Message(
            text=given(self.text),
            list_message=models.ListMessage(
                header=to_header(self.header),
                footer=to_footer(self.footer),
                button=models.Button(text=self.button),
                sections=[
                    models.ListSection(
                        title=given(section.title),
                        rows=[
                            models.ListRow(id=row.id, text=row.title, description=given(row.description))
                            for row in section.rows
                        ],
                    )
                    for section in self.sections
                ],
            ),
        )


def _identifier(field: str, value: object, most: int) -> Iterator[Violation]:
    yield from limits.text(field, value, most)
    if isinstance(value, str) and value.strip() and value != value.strip():
        yield Violation(field, "begins or ends with white space", len(value))


def _row(path: str, row: Row) -> Iterator[Violation]:
    yield from limits.text(f"{path}.id", row.id, 200)
    yield from limits.text(f"{path}.title", row.title, _TITLE)
    yield from limits.text(f"{path}.description", row.description, 72, required=False)


def check_sections(sections: Sequence[object], titles: Sequence[tuple[int, object, int]]) -> Iterator[Violation]:
    """Check what sections of rows and of products have in common.

    Args:
        sections: All of them.
        titles: Position, title, and number of members of those that are of the right class.
    """
    yield from limits.count("sections", sections, _SECTIONS, what="sections")
    for index, title, members in titles:
        if title is None and len(sections) > 1:
            yield Violation(f"sections[{index}].title", "is required where there are several sections", 0)
        yield from limits.text(f"sections[{index}].title", title, _TITLE, required=False)
        if not members:
            yield Violation(f"sections[{index}]", "is empty; at least 1 is needed", 0, 1, level="error")


def check_header(header: object) -> Iterator[Violation]:
    """Check what stands on top, if anything does."""
    if isinstance(header, (Image, Video, Document)):
        for violation in header.violations():
            yield attrs.evolve(violation, field=f"header.{violation.field}")
        if header.caption is not None:
            yield Violation("header.caption", "a header has no caption; put it into the text")
    else:
        yield from limits.text("header", header, _HEADER, required=False)


def to_header(header: Header | None) -> models.Header | Unset:
    """Return what stands on top as the service takes it."""
    if header is None:
        return UNSET
    if isinstance(header, str):
        return models.Header(text=header)
    return models.Header(attachment=header.to_attachment())


def to_footer(footer: str | None) -> models.Footer | Unset:
    """Return what stands at the bottom as the service takes it."""
    return UNSET if footer is None else models.Footer(text=footer)
