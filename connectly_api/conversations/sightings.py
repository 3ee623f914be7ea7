"""What events teach about customers, and what follows from it: windows and contacts. Pure.

An event with a phone number and a BSUID makes two sightings, each with the other as its partner. Facts have the times
of their events, and the newest counts; among facts of the same second the larger does, so that no order matters.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import UTC, datetime
from typing import Final

import attrs

from connectly_api.conversations.lookup_keys import fold_spelling, same_customer, to_lookup_key
from connectly_api.recipients import Bsuid, Phone, Recipient
from connectly_api.webhooks.events import DeliveryStatus, Echo, Event, ReportReady, UnknownEvent
from connectly_api.webhooks.extract import read_customer
from connectly_api.webhooks.lenient_fields import read_object

WINDOW: Final = 24 * 3600.0
"""Seconds. https://docs.connectly.ai: free-form messages reach customers who wrote within the last 24 hours."""

_MAX_NAME: Final = 256


@attrs.frozen
class Contact:
    """A customer as the latest events describe them.

    Attributes:
        phone: The phone number, as the service last wrote it; None if it is hidden, or has a new owner.
        bsuid: The BSUID that came with the phone number last; None if BSUIDs are not enabled.
        name: The display name, or None.
        last_seen: When the customer last wrote, in UTC.
        sender: The business's number that the customer last wrote to; None if no event named it.
    """

    phone: Phone | None
    bsuid: Bsuid | None
    name: str | None = attrs.field(repr=False)
    last_seen: datetime
    sender: Phone | None

    @property
    def recipient(self) -> Recipient:
        """The customer as a recipient for `send`, with phone number and BSUID if known."""
        return Recipient(phone=self.phone, bsuid=self.bsuid)


@attrs.frozen(kw_only=True)
class Sighting:
    """What is known about one id of a customer on one of the business's numbers. Times are seconds since 1970.

    Attributes:
        id: The look-up key of a phone number, or a BSUID.
        sender: The business's number; empty if the events do not name it.
        seen_at: When the customer last wrote to it.
        phone: The phone number as it was written then; empty if the id is a BSUID.
        partner: The other id that came with this one last; empty if none did.
        paired_at: When it came.
        name: The latest display name; empty if there is none.
        named_at: When it came.
    """

    id: str = attrs.field(repr=False)
    sender: str = attrs.field(repr=False)
    seen_at: float
    phone: str = attrs.field(default="", repr=False)
    partner: str = attrs.field(default="", repr=False)
    paired_at: float = 0.0
    name: str = attrs.field(default="", repr=False)
    named_at: float = 0.0


Load = Callable[[Collection[str]], Iterable[Sighting]]
"""Returns all sightings of some ids."""


def read_sightings(event: Event, now: float) -> list[Sighting]:
    """Return what an event teaches: nothing unless a customer wrote it.

    Args:
        event: The event.
        now: The time of receipt, for an event without a timestamp. A timestamp after it counts as now.
    """
    customer = event.customer
    # SMS has no window.
    if customer.channel_type == "sms" or not _is_from_customer(event):
        return []
    at = now if event.timestamp is None else min(event.timestamp.timestamp(), now)
    business = event.business.phone
    # JSON can escape half of a character, which no file can store.
    name = (customer.name or "").encode("utf-8", "replace").decode()[:_MAX_NAME]
    phone = "" if customer.phone is None else to_lookup_key(customer.phone)
    bsuid = "" if customer.bsuid is None else customer.bsuid.value
    return [
        Sighting(
            id=one,
            sender="" if business is None else business.e164,
            seen_at=at,
            phone="" if customer.phone is None or one == bsuid else customer.phone.e164,
            partner=other,
            paired_at=at if other else 0.0,
            name=name,
            named_at=at if name else 0.0,
        )
        for one, other in ((phone, bsuid), (bsuid, phone))
        if one
    ]


def _is_from_customer(event: Event) -> bool:
    match event:
        case DeliveryStatus() | Echo() | ReportReady():
            return False
        case UnknownEvent():
            # Its customer may be the recipient. Where the sender is the customer, the event counts: a window that is
            # wrongly thought to be open costs a refused call.
            is_sender = read_customer(read_object(event.raw, "sender")) == event.customer
            return is_sender and event.topic not in {"delivery_status", "report"}
        case _:
            return True


def merge_sightings(one: Sighting, other: Sighting) -> Sighting:
    """Return what two sightings of one id on one number say together."""
    seen_at, phone = max((one.seen_at, one.phone), (other.seen_at, other.phone))
    paired_at, partner = max((one.paired_at, one.partner), (other.paired_at, other.partner))
    named_at, name = max((one.named_at, one.name), (other.named_at, other.name))
    return attrs.evolve(
        one, seen_at=seen_at, phone=phone, partner=partner, paired_at=paired_at, name=name, named_at=named_at
    )


def get_ids(recipient: Recipient) -> list[str]:
    """Return the ids by which a recipient is looked up."""
    phone, bsuid = recipient.phone, recipient.bsuid
    return [*([] if phone is None else [to_lookup_key(phone)]), *([] if bsuid is None else [bsuid.value])]


def find_sightings(load: Load, ids: Collection[str]) -> list[Sighting]:
    """Return the sightings of ids, and of the other id of each customer whom they identify."""
    found = list(load(ids))
    partners = list(load({_find_partner(found, one) for one in ids}.difference(ids, {""})))
    return found + [one for one in partners if _find_partner(partners, one.id) in ids]


def _find_partner(sightings: Iterable[Sighting], wanted: str) -> str:
    return max(((one.paired_at, one.partner) for one in sightings if one.id == wanted), default=(0.0, ""))[1]


def find_closing_time(load: Load, recipient: Recipient, sender: Phone | None) -> datetime | None:
    """Return when a recipient's window closes, or None if nothing is known.

    A message to a number of the business that its event did not name may have gone to any of them.
    """
    wanted = None if sender is None else to_lookup_key(sender)
    times = [
        one.seen_at
        for one in find_sightings(load, get_ids(recipient))
        if wanted is None or not one.sender or fold_spelling(one.sender) == wanted
    ]
    return datetime.fromtimestamp(max(times) + WINDOW, UTC) if times else None


def find_contact(load: Load, recipient: Recipient) -> Contact | None:
    """Return the contact of a recipient: by BSUID if it is known, or else by phone number."""
    for one in reversed(get_ids(recipient)):
        contact = _build_contact(find_sightings(load, [one]))
        if contact is not None and same_customer(contact.recipient, recipient):
            return contact
    return None


def _build_contact(sightings: Collection[Sighting]) -> Contact | None:
    if not sightings:
        return None
    phone = max(((one.seen_at, one.phone) for one in sightings if one.phone), default=(0.0, ""))[1]
    sender = max(((one.seen_at, one.sender) for one in sightings if one.sender), default=(0.0, ""))[1]
    bsuid = next((one.id for one in sightings if not one.phone), None)
    return Contact(
        phone=Phone(phone) if phone else None,
        bsuid=None if bsuid is None else Bsuid(bsuid),
        name=max((one.named_at, one.name) for one in sightings)[1] or None,
        last_seen=datetime.fromtimestamp(max(one.seen_at for one in sightings), UTC),
        sender=Phone(sender) if sender else None,
    )
