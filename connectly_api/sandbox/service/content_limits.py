"""WhatsApp's limits on content. Pure.

A character is a Unicode code point. Sources: https://developers.facebook.com/docs/whatsapp/cloud-api/reference/messages
and https://developers.facebook.com/docs/whatsapp/guides/interactive-messages.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from connectly_api.errors import Violation
from connectly_api.json_values import get_object, get_objects, get_text
from connectly_api.number_checks import is_number
from connectly_api.sandbox.model.refusals import UNSPECIFIED, Finding

_TEXT, _CAPTION, _BUTTONS_BODY = 4096, 1024, 1024
_HEADER, _FOOTER = 60, 60
_BUTTONS, _BUTTON_TITLE, _BUTTON_ID = 3, 20, 256
_LIST_BUTTON, _SECTIONS, _ROWS, _SECTION_TITLE = 20, 10, 10, 24
_ROW_TITLE, _ROW_DESCRIPTION, _ROW_ID = 24, 72, 200
_LATITUDE, _LONGITUDE = 90, 180
_PARTS = ("listMessage", "replyButtonMessage", "multiProductMessage")


def check_limits(message: Mapping[str, Any]) -> Iterator[Finding]:
    """Check the content of a session message."""
    for violation in _check_message(message):
        yield UNSPECIFIED, violation


def _check_message(message: Mapping[str, Any]) -> Iterator[Violation]:
    body_limit = _BUTTONS_BODY if "replyButtonMessage" in message else _TEXT
    yield from check_length("message.text", get_text(message, "text"), body_limit)
    for index, attachment in enumerate(get_objects(message, "attachments")):
        caption, field = get_text(attachment, "caption"), f"message.attachments[{index}].caption"
        yield from check_length(field, caption, _CAPTION)
        if caption and get_text(attachment, "type") == "audio":
            yield Violation(field=field, problem="audio has no caption", size=len(caption), limit=0)
    location = get_object(message, "location")
    yield from _check_range("message.location.latitude", location.get("latitude"), _LATITUDE)
    yield from _check_range("message.location.longitude", location.get("longitude"), _LONGITUDE)
    for name in filter(message.__contains__, _PARTS):
        part = get_object(message, name)
        yield from check_length(f"message.{name}.header.text", get_text(get_object(part, "header"), "text"), _HEADER)
        yield from check_length(f"message.{name}.footer.text", get_text(get_object(part, "footer"), "text"), _FOOTER)
    if "replyButtonMessage" in message:
        yield from _check_buttons(get_objects(get_object(message, "replyButtonMessage"), "buttons"))
    if "listMessage" in message:
        yield from _check_list(get_object(message, "listMessage"))


def _check_buttons(buttons: Sequence[Mapping[str, Any]]) -> Iterator[Violation]:
    path = "message.replyButtonMessage.buttons"
    yield from _check_count(path, len(buttons), _BUTTONS)
    for index, button in enumerate(buttons):
        yield from _check_required(f"{path}[{index}].text", get_text(button, "text"), _BUTTON_TITLE)
        yield from _check_required(f"{path}[{index}].id", get_text(button, "id"), _BUTTON_ID)
        if get_text(button, "id") != get_text(button, "id").strip():
            yield Violation(field=f"{path}[{index}].id", problem="begins or ends with white space")
    yield from _check_distinct(path, "text", [get_text(button, "text") for button in buttons])
    yield from _check_distinct(path, "id", [get_text(button, "id") for button in buttons])


def _check_list(message: Mapping[str, Any]) -> Iterator[Violation]:
    path = "message.listMessage"
    sections = get_objects(message, "sections")
    yield from _check_required(f"{path}.button.text", get_text(get_object(message, "button"), "text"), _LIST_BUTTON)
    yield from _check_count(f"{path}.sections", len(sections), _SECTIONS)
    for index, section in enumerate(sections):
        title, place = get_text(section, "title"), f"{path}.sections[{index}]"
        if len(sections) > 1 and not title:
            yield Violation(field=f"{place}.title", problem="is empty: sections need titles where there are several")
        yield from check_length(f"{place}.title", title, _SECTION_TITLE)
        for number, row in enumerate(get_objects(section, "rows")):
            yield from _check_row(f"{place}.rows[{number}]", row)
    rows = [row for section in sections for row in get_objects(section, "rows")]
    yield from _check_count(f"{path}.sections", len(rows), _ROWS, "rows in all")
    yield from _check_distinct(f"{path}.sections", "row id", [get_text(row, "id") for row in rows])


def _check_row(path: str, row: Mapping[str, Any]) -> Iterator[Violation]:
    yield from _check_required(f"{path}.text", get_text(row, "text"), _ROW_TITLE)
    yield from _check_required(f"{path}.id", get_text(row, "id"), _ROW_ID)
    yield from check_length(f"{path}.description", get_text(row, "description"), _ROW_DESCRIPTION)


def _check_required(path: str, value: str, most: int) -> Iterator[Violation]:
    if not value.strip():
        yield Violation(field=path, problem="is empty", size=len(value), limit=most)
    yield from check_length(path, value, most)


def check_length(path: str, value: str, most: int | None) -> Iterator[Violation]:
    """Check the number of characters, if there is a limit."""
    if most is not None and len(value) > most:
        problem = f"has {len(value)} characters; the limit is {most}"
        yield Violation(field=path, problem=problem, size=len(value), limit=most)


def _check_count(path: str, size: int, most: int, what: str = "items") -> Iterator[Violation]:
    if not 1 <= size <= most:
        yield Violation(field=path, problem=f"holds {size} {what}; 1 to {most} are allowed", size=size, limit=most)


def _check_distinct(path: str, what: str, values: Sequence[str]) -> Iterator[Violation]:
    if any(times > 1 for value, times in Counter(values).items() if value):
        yield Violation(field=path, problem=f"one {what} is there more than once")


def _check_range(path: str, value: object, most: int) -> Iterator[Violation]:
    if is_number(value) and not -most <= value <= most:
        yield Violation(field=path, problem=f"must be between -{most} and {most}", limit=most)
