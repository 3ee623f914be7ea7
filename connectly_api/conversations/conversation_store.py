"""The protocol of a store of conversations, and its questions over any place that keeps sightings."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Protocol, TypeVar

from connectly_api.conversations.sightings import (
    Contact,
    Load,
    Sighting,
    find_closing_time,
    find_contact,
    find_sightings,
    get_ids,
    read_sightings,
)
from connectly_api.recipients import RecipientLike, SenderLike, to_recipient, to_sender
from connectly_api.tracebacks import cut_traceback
from connectly_api.webhooks.events import Event

T = TypeVar("T")


class Conversations(Protocol):
    """Knows windows and contacts from the events that it records; `Connectly(conversations=...)` takes one."""

    async def record(self, event: Event) -> None:
        """Remember what an event teaches: a handler, for `webhooks.on_any(conversations.record)`.

        Only what customers send teaches anything. Events may come in any order, and more than once.
        """
        ...

    async def closes_at(self, customer: RecipientLike, *, sender: SenderLike | None = None) -> datetime | None:
        """Return when a customer's window closes, in UTC: a time in the past if it is closed.

        Args:
            customer: A phone number in any of its spellings, a BSUID or a `Recipient`.
            sender: The business's number that will send; None for the latest window with any of its numbers.

        Returns:
            24 hours after the customer's latest message; None if nothing is known.
        """
        ...

    async def is_open(self, customer: RecipientLike, *, sender: SenderLike | None = None) -> bool:
        """Return whether a customer's window is known to be open: free-form content will be delivered.

        Args:
            customer: A phone number in any of its spellings, a BSUID or a `Recipient`.
            sender: The business's number that will send; None for any of its numbers.
        """
        ...

    async def find_contact(self, customer: RecipientLike) -> Contact | None:
        """Return what is known about a customer; None if nothing is.

        Args:
            customer: A phone number in any of its spellings, a BSUID or a `Recipient`.
        """
        ...


class SightingStore(ABC):
    """`Conversations` over a place that keeps sightings."""

    _clock: Callable[[], float]

    async def record(self, event: Event) -> None:
        """Remember what an event teaches: a handler, for `webhooks.on_any(conversations.record)`."""
        if sightings := read_sightings(event, self._clock()):
            await self._add(sightings)

    @cut_traceback
    async def closes_at(self, customer: RecipientLike, *, sender: SenderLike | None = None) -> datetime | None:
        """Return when a customer's window closes, in UTC; None if nothing is known.

        Raises:
            InvalidRecipientError: The customer is neither a phone number nor a BSUID.
            InvalidSenderError: The sender is not a phone number.
        """
        recipient, number = to_recipient(customer), None if sender is None else to_sender(sender)
        return await self._look_up(lambda load: find_closing_time(load, recipient, number))

    @cut_traceback
    async def is_open(self, customer: RecipientLike, *, sender: SenderLike | None = None) -> bool:
        """Return whether a customer's window is known to be open.

        Raises:
            InvalidRecipientError: The customer is neither a phone number nor a BSUID.
            InvalidSenderError: The sender is not a phone number.
        """
        end = await self.closes_at(customer, sender=sender)
        return end is not None and end.timestamp() > self._clock()

    @cut_traceback
    async def find_contact(self, customer: RecipientLike) -> Contact | None:
        """Return what is known about a customer; None if nothing is.

        Raises:
            InvalidRecipientError: The customer is neither a phone number nor a BSUID.
        """
        recipient = to_recipient(customer)
        return await self._look_up(lambda load: find_contact(load, recipient))

    @cut_traceback
    async def forget(self, customer: RecipientLike) -> None:
        """Delete all that is known about a customer, as privacy laws may demand; a later event begins anew.

        Args:
            customer: A phone number in any of its spellings, a BSUID or a `Recipient`.

        Raises:
            InvalidRecipientError: The customer is neither a phone number nor a BSUID.
        """
        await self._delete(get_ids(to_recipient(customer)))

    @abstractmethod
    async def _add(self, sightings: Sequence[Sighting]) -> None:
        """Merge sightings into those that are kept."""

    @abstractmethod
    async def _look_up(self, look_up: Callable[[Load], T | None]) -> T | None:
        """Return the result of a look-up."""

    @abstractmethod
    async def _delete(self, ids: Collection[str]) -> None:
        """Delete the sightings of ids and of their partners, and all that name one of these as its partner."""


def list_related_ids(load: Load, ids: Collection[str]) -> set[str]:
    """Return ids with the other ids of the customers whom they identify."""
    return {one.id for one in find_sightings(load, ids)}.union(ids)
