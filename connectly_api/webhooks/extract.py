"""The parts of an event: who took part, and what was said. Each reader takes JSON objects, and cannot fail.

A message's parts were seen inside `message` and beside it, so readers of content take both and prefer the first.
"""

from __future__ import annotations

from typing import Final

from connectly_api.json_values import is_array, is_object
from connectly_api.webhooks.event_parts import Attachment, Business, Customer, Location, Referral
from connectly_api.webhooks.lenient_fields import Fields, bsuid, flag, has_content, inner, number, phone, text

__all__ = [
    "attachments_in",
    "business_in",
    "customer_in",
    "is_unfamiliar",
    "location_in",
    "marked_side",
    "referral_in",
    "written_by_business",
]

# What only a customer has, on numbers with BSUID support. https://docs.connectly.ai/messaging/bsuid
_CUSTOMER_ONLY: Final = frozenset({"userId", "user_id", "phoneNumber", "phone_number"})
# Customers cannot send these: WhatsApp's interactive messages come from businesses alone.
# https://developers.facebook.com/docs/whatsapp/guides/interactive-messages
_BUSINESS_ONLY: Final = frozenset({
    *("listMessage", "replyButtonMessage", "singleProductMessage", "multiProductMessage"),
    *("list_message", "reply_button_message", "single_product_message", "multi_product_message"),
})  # fmt: skip
_FAMILIAR: Final = frozenset({
    *("id", "text", "attachments", "location", "referral", "context", "isButtonResponse", "isEcho", "buttonResponse"),
    *("topic", "timestamp", "sender", "recipient", "message", "metadata", "callbackData", "statusUpdate", "report"),
    *("is_button_response", "is_echo", "button_response", "callback_data", "status_update"),
})  # fmt: skip


def written_by_business(body: Fields, message: Fields) -> bool:
    """Return whether the business itself wrote a message, so that no program answers itself.

    The schema's `isEcho` says so. Beyond it nothing is documented, but some things leave no doubt: content that only
    businesses can send, and a recipient who has what only customers have.
    """
    return (
        _has_any(message, _BUSINESS_ONLY)
        or flag(message, "isEcho", "is_echo")
        or flag(body, "isEcho", "is_echo")
        or (_is_customer(inner(body, "recipient")) and not _is_customer(inner(body, "sender")))
    )


def marked_side(body: Fields) -> str | None:
    """Return `sender` or `recipient`: the one of them that has what only customers have; None where that is unclear."""
    sides = [side for side in ("sender", "recipient") if _is_customer(inner(body, side))]
    return sides[0] if len(sides) == 1 else None


def _is_customer(side: Fields) -> bool:
    return _has_any(side, _CUSTOMER_ONLY)


def _has_any(part: Fields, names: frozenset[str]) -> bool:
    return not names.isdisjoint(part) and any(has_content(part.get(name)) for name in names)


def is_unfamiliar(message: Fields, body: Fields) -> bool:
    """Return whether a message says something under a name that this version does not know."""
    return any(name not in _FAMILIAR and has_content(found) for part in (message, body) for name, found in part.items())


def customer_in(side: Fields) -> Customer:
    """Return the customer that a `sender` or `recipient` describes."""
    written = text(side, "id")
    channel_type = text(side, "channelType", "channel_type")
    # Only WhatsApp writes international numbers without a plus; another channel's digits may be a short code.
    bare = channel_type is None or channel_type == "whatsapp"
    named_phone = named_bsuid = None
    if not _CUSTOMER_ONLY.isdisjoint(side):
        named_phone, named_bsuid = text(side, "phoneNumber", "phone_number"), text(side, "userId", "user_id")
    return Customer(
        id=written,
        phone=phone(named_phone, bare=bare) or phone(written, bare=bare),
        bsuid=bsuid(named_bsuid) or bsuid(written),
        name=text(side, "name"),
        channel_type=channel_type,
    )


def business_in(side: Fields) -> Business:
    """Return the business's number that a `sender` or `recipient` describes."""
    return Business(
        id=text(side, "id"), name=text(side, "name"), channel_type=text(side, "channelType", "channel_type")
    )


def attachments_in(*parts: Fields) -> tuple[Attachment, ...]:
    """Return the files of the first part that has any which are readable."""
    for part in parts:
        found = part.get("attachments")
        if found:
            items = [found] if is_object(found) else found if is_array(found) else ()
            if read := [one for item in items if is_object(item) and (one := _attachment(item))]:
                return tuple(read)
    return ()


def _attachment(item: Fields) -> Attachment | None:
    kind, url = text(item, "type"), text(item, "url")
    if url is None and not has_content(item):
        return None
    return Attachment(
        type=None if kind == "attachment_type_unspecified" else kind,
        url=url,
        caption=text(item, "caption"),
        filename=text(item, "filename"),
    )


def location_in(*parts: Fields) -> Location | None:
    """Return the place of the first part that has one; a gateway writes an absent place as zeros."""
    for part in parts:
        place = part.get("location")
        if place and is_object(place) and has_content(place):
            return Location(
                latitude=number(place, "latitude", within=90),
                longitude=number(place, "longitude", within=180),
                name=text(place, "name"),
                address=text(place, "address"),
            )
    return None


def referral_in(*parts: Fields) -> Referral | None:
    """Return the referral of the first part that has one."""
    for part in parts:
        referral = part.get("referral")
        if referral and is_object(referral) and has_content(referral):
            return Referral(
                ctwa_clid=text(referral, "ctwaClid", "ctwa_clid"),
                source_url=text(referral, "sourceUrl", "source_url"),
                source_id=text(referral, "sourceId", "source_id"),
                source_type=text(referral, "sourceType", "source_type"),
                headline=text(referral, "headline"),
                body=text(referral, "body"),
                media_type=text(referral, "mediaType", "media_type"),
                image_url=text(referral, "imageUrl", "image_url"),
                video_url=text(referral, "videoUrl", "video_url"),
                thumbnail_url=text(referral, "thumbnailUrl", "thumbnail_url"),
            )
    return None
