"""A customer as a test plays one."""

from __future__ import annotations

from typing import Any, Literal, Protocol

import attrs

from connectly_api.sandbox.model.identity import Identity
from connectly_api.tracebacks import cut_traceback

__all__ = ["Customer", "Stage"]


class Stage(Protocol):
    """Where a customer acts."""

    async def act(self, verb: str, /, **arguments: Any) -> None:  # noqa: ANN401  (JSON)
        """Do something, and deliver the events that follow."""
        ...

    def known(self, customer: str) -> Identity:
        """Return what is known of a customer."""
        ...


@attrs.frozen
class Customer:
    """A customer of the business, to be played: each verb happens at the sandbox's clock, and its events are delivered.

    Whatever a customer writes opens the 24-hour window with the number that it goes to: the business's first, or the
    one of the message that it answers, or `sender`.

    Attributes:
        phone: The phone number (E.164), or None.
        bsuid: The business-scoped user id, or None.
    """

    phone: str | None = attrs.field(repr=False)
    bsuid: str | None = attrs.field(repr=False)
    _stage: Stage = attrs.field(repr=False, eq=False)

    @property
    def identity(self) -> Identity:
        """Phone and BSUID together."""
        return Identity(self.phone, self.bsuid)

    @cut_traceback
    async def says(
        self,
        text: str,
        *,
        reply_to: str | None = None,
        referral: dict[str, Any] | None = None,
        sender: str | None = None,
    ) -> None:
        """Write a text.

        Args:
            text: The text.
            reply_to: The id of a message of the business's that it quotes.
            referral: The advertisement that the customer came from, as JSON.
            sender: The business's number that it goes to.

        Raises:
            InvalidInputError: The text is empty, or there is no such message or number.
        """
        await self._do("says", text=text, reply_to=reply_to, referral=referral, sender=sender)

    @cut_traceback
    async def taps(self, button: str, *, message: str | None = None) -> None:
        """Tap a button of the latest message that has it.

        Args:
            button: Its id or its text; of a template, whose buttons are not known here, the text that the event has.
            message: The id of the message, where it is not the latest.

        Raises:
            InvalidInputError: No message to this customer has it.
        """
        await self._do("taps", button=button, message=message)

    @cut_traceback
    async def picks(self, row: str, *, message: str | None = None) -> None:
        """Pick a row of the latest list that has it.

        Args:
            row: Its id or its text.
            message: The id of the message, where it is not the latest.

        Raises:
            InvalidInputError: No message to this customer has it.
        """
        await self._do("picks", row=row, message=message)

    @cut_traceback
    async def reads(self, message: str | None = None) -> None:
        """Read a message: it is sent and delivered with that, unless it failed.

        Args:
            message: Its id; None for all that went to this customer.

        Raises:
            InvalidInputError: There is no such message.
        """
        await self._do("reads", message=message)

    @cut_traceback
    async def reacts(self, emoji: str, *, message: str | None = None) -> None:
        """React to a message.

        Args:
            emoji: What with.
            message: The message's id; None for the latest.

        Raises:
            InvalidInputError: There is no such message.
        """
        await self._do("reacts", emoji=emoji, message=message)

    @cut_traceback
    async def sends(
        self,
        type: Literal["image", "video", "audio", "document"],  # noqa: A002  (the event's own name)
        url: str,
        *,
        caption: str | None = None,
        filename: str | None = None,
        sender: str | None = None,
    ) -> None:
        """Send a file.

        Args:
            type: What it is.
            url: Where it can be read.
            caption: A text beside it.
            filename: What a document is called.
            sender: The business's number that it goes to.

        Raises:
            InvalidInputError: The type is another, or the address is empty.
        """
        await self._do("sends", type=type, url=url, caption=caption, filename=filename, sender=sender)

    @cut_traceback
    async def sends_image(self, url: str, *, caption: str | None = None) -> None:
        """Send an image.

        Raises:
            InvalidInputError: The address is empty.
        """
        await self.sends("image", url, caption=caption)

    @cut_traceback
    async def shares_location(
        self, latitude: float, longitude: float, *, name: str | None = None, address: str | None = None
    ) -> None:
        """Share a place, in degrees.

        Raises:
            InvalidInputError: A coordinate is no number.
        """
        await self._do("shares_location", latitude=latitude, longitude=longitude, name=name, address=address)

    async def opts_out(self) -> None:
        """Want no templates any more."""
        await self._do("opts_out")

    async def opts_in(self) -> None:
        """Want templates again."""
        await self._do("opts_in")

    @cut_traceback
    async def changes_phone(self, phone: str, *, bsuid: str | None = None) -> Customer:
        """Change the phone number, and with it the BSUID: messages to the old ones fail, and the windows are closed.

        Args:
            phone: The new number (E.164).
            bsuid: The new BSUID; one is made up where the customer had one.

        Returns:
            The customer as the business knows it from now on.

        Raises:
            InvalidInputError: The number or the BSUID is badly written.
        """
        await self._do("changes_phone", phone=phone, bsuid=bsuid)
        known = self._stage.known(phone)
        return Customer(known.phone, known.bsuid, self._stage)

    async def _do(self, verb: str, **arguments: Any) -> None:  # noqa: ANN401  (JSON)
        await self._stage.act(verb, customer=self.phone or self.bsuid, **arguments)
