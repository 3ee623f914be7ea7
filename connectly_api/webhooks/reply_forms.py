"""Reads a customer's reply to a message: a tapped button, a picked row, a reaction. Never fails. Pure.

The service documents one form, `buttonResponse` beside `message`; of the others it says only that they exist. So each
plausible name is read, in `message` and beside it, and in `interactive`, where WhatsApp's Cloud API puts buttons and
rows: https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages/interactive

What leaves doubt is not read: parts that contradict each other, an interactive reply of another type, a row or a
reaction without a field that we know.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from connectly_api.json_values import is_object
from connectly_api.webhooks.event_values import REPLY_KINDS, REPLY_NAMES
from connectly_api.webhooks.lenient_fields import Fields, has_content, read_flag, read_object, read_text

Replies = Mapping[str, list[Fields]]
"""The parts that may be a reply, by kind; `other` is an interactive one of a type that we do not know."""

_Names = Mapping[str, tuple[str, ...]]

# The fields of the events, and the names that they may have in a part; the first one with a text wins.
_BUTTON: Final[_Names] = {"id": ("id",), "text": ("text", "title"), "payload": ("payload",)}
_ROW: Final[_Names] = {
    "id": ("id", "rowId", "row_id", "selectedRowId", "selected_row_id", "payload"),
    "title": ("title", "text"),
    "description": ("description",),
}
_TARGET: Final = ("messageId", "message_id", "replyToId", "reply_to_id")
# The `id` may be the reaction's own.
_REACTION: Final[_Names] = {"emoji": ("emoji",), "target": _TARGET, "id": ("id",)}
_REMOVED: Final = ("isRemoved", "is_removed", "removed")
# The value of an `action`; the other one is `react`.
_REMOVING: Final = frozenset({"unreact", "remove", "removed"})
_REMOVAL: Final = frozenset({*_TARGET, *_REMOVED, "action", "id"})

_NAMES: Final = frozenset(REPLY_NAMES)


def find_replies(message: Fields, body: Fields) -> Replies:
    """Return the parts with content, in the message and beside it."""
    replies: dict[str, list[Fields]] = {}
    for place in (message, body):
        # Most messages are no reply, and most replies are not interactive.
        if _NAMES.isdisjoint(place):
            continue
        for kind, part in _list_parts(place):
            replies.setdefault(kind, []).append(part)
        if interactive := read_object(place, "interactive"):
            for kind, part in _list_interactive_parts(interactive):
                replies.setdefault(kind, []).append(part)
    # The older form of a button. Beside a row, the flag may mean that.
    if "list" not in replies and read_flag(message, "isButtonResponse", "is_button_response"):
        replies.setdefault("button", [])
    return replies


def _list_parts(place: Fields) -> Iterator[tuple[str, Fields]]:
    for name, part in place.items():
        if name in REPLY_KINDS and is_object(part) and has_content(part):
            yield REPLY_KINDS[name], part


def _list_interactive_parts(interactive: Fields) -> Iterator[tuple[str, Fields]]:
    """Yield what is inside, and the whole if its type is another one, or if nothing in it is known."""
    inside = list(_list_parts(interactive))
    yield from inside
    stated = (read_text(interactive, "type") or "").lower()
    # An enum may be written with its name before the value, and its zero value is no type.
    if stated and not stated.endswith("unspecified"):
        kind = next((kind for name, kind in REPLY_KINDS.items() if stated.endswith(name.lower())), "other")
        has_other = kind not in dict(inside)
    else:
        kind = "other"
        has_other = not inside and any(has_content(part) for name, part in interactive.items() if name != "type")
    if has_other:
        yield kind, interactive


def read_button(replies: Replies, message: Fields) -> dict[str, Any] | None:
    """Return the fields of a `ButtonReply`, or None if the message is none, or if that is in doubt."""
    found = _read_only(replies, "button", _BUTTON)
    if found is None:
        return None
    return found | {name: found[name] or read_text(message, name) for name in ("text", "payload")}


def read_row(replies: Replies, message: Fields) -> dict[str, Any] | None:
    """Return the fields of a `ListReply`, or None if the message is none, or if that is in doubt."""
    found = _read_only(replies, "list", _ROW)
    if found is None or not (found["id"] or found["title"]):
        return None
    return found | {"title": found["title"] or read_text(message, "text")}


def read_reaction(replies: Replies, context: str | None) -> dict[str, Any] | None:
    """Return the fields of a `Reaction`, or None if the message is none, or if that is in doubt.

    A removal has no emoji. It must name its message, and nothing else: another name may have the emoji.

    Args:
        replies: What was found.
        context: The message that the event's context names.
    """
    found = _read_only(replies, "reaction", _REACTION)
    if found is None:
        return None
    parts = replies["reaction"]
    is_removal = found["target"] is not None and not any(
        has_content(value) for part in parts for name, value in part.items() if name not in _REMOVAL
    )
    actions = {action.lower() for part in parts if (action := read_text(part, "action"))}
    # An action that we do not know may be either.
    if not (found["emoji"] or is_removal) or not actions <= {"react", *_REMOVING}:
        return None
    if is_removal and "react" in actions:
        return None
    return {
        "emoji": found["emoji"],
        "is_removed": is_removal
        or not actions.isdisjoint(_REMOVING)
        or any(read_flag(part, name) for part in parts for name in _REMOVED),
        "reply_to_id": context or found["target"] or found["id"],
    }


def _read_only(replies: Replies, kind: str, names: _Names) -> dict[str, str | None] | None:
    """Return each field's text, from any part of a kind; None if there is another kind, or if two parts differ."""
    if len(replies) != 1 or kind not in replies:
        return None
    parts = replies[kind]
    if len(parts) == 1:
        return {field: _read_first(parts[0], spellings) for field, spellings in names.items()}
    found: dict[str, str | None] = {}
    for field, spellings in names.items():
        texts = {text for part in parts if (text := _read_first(part, spellings))}
        if len(texts) > 1:
            return None
        found[field] = next(iter(texts), None)
    return found


def _read_first(part: Fields, names: tuple[str, ...]) -> str | None:
    for name in names:
        if text := read_text(part, name):
            return text
    return None
