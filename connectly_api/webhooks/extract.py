"""Extracts the parts of an event from JSON objects: its participants and its content. Never fails. Pure.

The parts of a message occur both inside `message` and beside it, so functions for content take both, and prefer the
first.
"""

from __future__ import annotations

from typing import Any, Final

from connectly_api.json_values import is_array, is_object
from connectly_api.webhooks.event_parts import Attachment, Business, Customer, Location, Referral
from connectly_api.webhooks.event_shape import BODY_SHAPE, BUSINESS_CONTENT_SHAPE, MESSAGE_SHAPE
from connectly_api.webhooks.lenient_fields import (
    Fields,
    has_content,
    parse_bsuid,
    parse_phone,
    read_flag,
    read_number,
    read_object,
    read_text,
    read_time,
)

# Fields that only a customer has, on numbers with BSUIDs. https://docs.connectly.ai/messaging/bsuid
_CUSTOMER_ONLY: Final = frozenset({"userId", "user_id", "phoneNumber", "phone_number"})
# Customers cannot send these: only businesses send WhatsApp's interactive messages.
# https://developers.facebook.com/docs/whatsapp/guides/interactive-messages
_BUSINESS_ONLY: Final = frozenset(BUSINESS_CONTENT_SHAPE.fields)
EDIT_MARKS: Final = frozenset({
    *("isEdited", "is_edited", "edited", "editedAt", "edited_at", "edit", "isEdit", "is_edit"),
    *("editTimestamp", "edit_timestamp", "lastEditedAt", "last_edited_at"),
})  # fmt: skip
_KNOWN: Final = frozenset({*BODY_SHAPE.fields, *MESSAGE_SHAPE.fields}) - _BUSINESS_ONLY


def is_from_business(body: Fields, message: Fields) -> bool:
    """Return whether the business itself sent a message, so that no program replies to itself.

    The schema has `isEcho` for this, and nothing else is documented. But two other signs are just as clear: content
    that only businesses can send, and a recipient with fields that only customers have.
    """
    return (
        _has_any(message, _BUSINESS_ONLY)
        or read_flag(message, "isEcho", "is_echo")
        or read_flag(body, "isEcho", "is_echo")
        or (_is_customer(read_object(body, "recipient")) and not _is_customer(read_object(body, "sender")))
    )


def find_customer_side(body: Fields) -> str | None:
    """Return `sender` or `recipient`, whichever has fields that only customers have; None if both or neither have."""
    sides = [side for side in ("sender", "recipient") if _is_customer(read_object(body, side))]
    return sides[0] if len(sides) == 1 else None


def _is_customer(side: Fields) -> bool:
    return _has_any(side, _CUSTOMER_ONLY)


def _has_any(part: Fields, names: frozenset[str]) -> bool:
    return not names.isdisjoint(part) and any(has_content(part.get(name)) for name in names)


def is_edited(message: Fields, body: Fields) -> bool:
    """Return whether a message says that it is the new version of an earlier one, by a flag, a time or an object.

    How the service says so is not published.
    """
    return any(
        not EDIT_MARKS.isdisjoint(part) and any(_is_marked(part, name) for name in EDIT_MARKS)
        for part in (message, body)
    )


def _is_marked(part: Fields, name: str) -> bool:
    return read_flag(part, name) or read_time(part, name) is not None or has_content(read_object(part, name))


def has_unknown_content(message: Fields, body: Fields) -> bool:
    """Return whether a message has content under a name that this version does not know."""
    return any(name not in _KNOWN and has_content(found) for part in (message, body) for name, found in part.items())


def read_customer(side: Fields) -> Customer:
    """Return the customer that a `sender` or `recipient` describes."""
    participant = _read_participant(side)
    bsuid = None if _CUSTOMER_ONLY.isdisjoint(side) else read_text(side, "userId", "user_id")
    return Customer(**participant, bsuid=parse_bsuid(bsuid) or parse_bsuid(participant["id"]))


def read_business(side: Fields) -> Business:
    """Return the business's number that a `sender` or `recipient` describes."""
    return Business(**_read_participant(side))


def _read_participant(side: Fields) -> dict[str, Any]:
    """Return the fields that both sides have."""
    written = read_text(side, "id")
    channel_type = read_text(side, "channelType", "channel_type")
    # Only WhatsApp writes international numbers without a plus; another channel's digits may be a short code.
    bare = channel_type is None or channel_type == "whatsapp"
    number = None if _CUSTOMER_ONLY.isdisjoint(side) else read_text(side, "phoneNumber", "phone_number")
    return {
        "id": written,
        "phone": parse_phone(number, bare=bare) or parse_phone(written, bare=bare),
        "name": read_text(side, "name"),
        "channel_type": channel_type,
    }


def _find_object(parts: tuple[Fields, ...], name: str) -> Fields | None:
    for part in parts:
        found = part.get(name)
        if found and is_object(found) and has_content(found):
            return found
    return None


def read_attachments(*parts: Fields) -> tuple[Attachment, ...]:
    """Return the files of the first part that has any."""
    for part in parts:
        found = part.get("attachments")
        if found:
            items = [found] if is_object(found) else found if is_array(found) else ()
            if files := [one for item in items if is_object(item) and (one := _read_attachment(item))]:
                return tuple(files)
    return ()


def _read_attachment(item: Fields) -> Attachment | None:
    kind, url = read_text(item, "type"), read_text(item, "url")
    if url is None and not has_content(item):
        return None
    return Attachment(
        type=None if kind == "attachment_type_unspecified" else kind,
        url=url,
        caption=read_text(item, "caption"),
        filename=read_text(item, "filename"),
    )


def read_location(*parts: Fields) -> Location | None:
    """Return the location of the first part that has one; zeros count as absent, as a gateway may write them."""
    place = _find_object(parts, "location")
    if place is None:
        return None
    return Location(
        latitude=read_number(place, "latitude", within=90),
        longitude=read_number(place, "longitude", within=180),
        name=read_text(place, "name"),
        address=read_text(place, "address"),
    )


def read_referral(*parts: Fields) -> Referral | None:
    """Return the referral of the first part that has one."""
    referral = _find_object(parts, "referral")
    if referral is None:
        return None
    return Referral(
        ctwa_clid=read_text(referral, "ctwaClid", "ctwa_clid"),
        source_url=read_text(referral, "sourceUrl", "source_url"),
        source_id=read_text(referral, "sourceId", "source_id"),
        source_type=read_text(referral, "sourceType", "source_type"),
        headline=read_text(referral, "headline"),
        body=read_text(referral, "body"),
        media_type=read_text(referral, "mediaType", "media_type"),
        image_url=read_text(referral, "imageUrl", "image_url"),
        video_url=read_text(referral, "videoUrl", "video_url"),
        thumbnail_url=read_text(referral, "thumbnailUrl", "thumbnail_url"),
    )
