"""A customer, played by a test."""

from __future__ import annotations

from typing import Any, Literal

import attrs

from connectly_api.sandbox.engine import Engine
from connectly_api.sandbox.model.identity import Identity
from connectly_api.sandbox.model.records import AcceptedMessage
from connectly_api.tracebacks import cut_traceback


@attrs.frozen
class Customer:
    """A customer of the business. Each verb happens at the sandbox's current time, and its events are delivered.

    A message of the business that a verb refers to is delivered first, if it was not yet; one whose delivery fails is
    unknown to the customer.

    Every message opens the 24-hour window with the business's number that receives it: `sender`, the number whose
    message it replies to, or the first one.

    Attributes:
        phone: The phone number (E.164), or None.
        bsuid: The business-scoped user id, or None.
    """

    phone: str | None = attrs.field(repr=False)
    bsuid: str | None = attrs.field(repr=False)
    _engine: Engine = attrs.field(repr=False, eq=False)

    @property
    def identity(self) -> Identity:
        """Phone and BSUID together."""
        return Identity(self.phone, self.bsuid)

    @property
    def messages(self) -> tuple[AcceptedMessage, ...]:
        """The kept messages to this customer, oldest first, whichever of the customer's ids they were sent to."""
        state = self._engine.state
        ids = state.list_ids(self.identity.ids)
        return tuple(one for one in state.messages.values() if not ids.isdisjoint(one.customer.ids))

    @cut_traceback
    async def says(
        self,
        text: str,
        *,
        reply_to: str | None = None,
        referral: dict[str, Any] | None = None,
        sender: str | None = None,
    ) -> str:
        """Write a text.

        Args:
            text: The text.
            reply_to: The id of the business's message that it quotes.
            referral: The advertisement that the customer came from, as JSON.
            sender: The business's number that receives it.

        Returns:
            The id of the customer's message.

        Raises:
            InvalidInputError: The text is empty, or there is no such message or number.
        """
        return await self._write("says", text=text, reply_to=reply_to, referral=referral, sender=sender)

    @cut_traceback
    async def edits(self, text: str, *, message: str | None = None) -> None:
        """Edit a text. The event has the text's id; its `isEdited` is a guess, as the service's shape is not published.

        It does not open the 24-hour window again.

        Args:
            text: The new text.
            message: The id of the customer's text, as in its event; None for the latest.

        Raises:
            InvalidInputError: The new text is empty, or there is no such text.
        """
        await self._run("edits", text=text, message=message)

    @cut_traceback
    async def taps(self, button: str, *, message: str | None = None, sender: str | None = None) -> str:
        """Tap a button of the latest message that has it.

        Args:
            button: Its id or its text; of a template without declared buttons, any text.
            message: The id of the message, if it is not the latest.
            sender: The business's number that sent the message; None for any.

        Returns:
            The id of the customer's message.

        Raises:
            InvalidInputError: No message to this customer has the button; the text lists those that there are.
        """
        return await self._write("taps", button=button, message=message, sender=sender)

    @cut_traceback
    async def picks(self, row: str, *, message: str | None = None, sender: str | None = None) -> str:
        """Pick a row of the latest list that has it.

        Args:
            row: Its id or its text.
            message: The id of the message, if it is not the latest.
            sender: The business's number that sent the message; None for any.

        Returns:
            The id of the customer's message.

        Raises:
            InvalidInputError: No message to this customer has the row; the text lists those that there are.
        """
        return await self._write("picks", row=row, message=message, sender=sender)

    @cut_traceback
    async def reads(self, message: str | None = None) -> None:
        """Read a message, which makes it sent and delivered, too, unless it failed.

        Args:
            message: Its id; None for all messages to this customer.

        Raises:
            InvalidInputError: There is no such message.
        """
        await self._run("reads", message=message)

    @cut_traceback
    async def reacts(self, emoji: str | None, *, message: str | None = None, sender: str | None = None) -> str:
        """React to a message.

        Args:
            emoji: One emoji; None takes the reaction back.
            message: The id of the message; None for the latest.
            sender: The business's number that sent the message; None for any.

        Returns:
            The id of the customer's reaction.

        Raises:
            InvalidInputError: There is no such message, or the text is not one emoji.
        """
        return await self._write("reacts", emoji=emoji, message=message, sender=sender)

    @cut_traceback
    async def sends(
        self,
        type: Literal["image", "video", "audio", "document"],  # noqa: A002  (the event's own name)
        url: str,
        *,
        caption: str | None = None,
        filename: str | None = None,
        sender: str | None = None,
    ) -> str:
        """Send a file.

        Args:
            type: The type of the file.
            url: Its URL, `https://…` or `http://…`.
            caption: Its caption; audio has none.
            filename: The name of a document; other files have none.
            sender: The business's number that receives it.

        Returns:
            The id of the customer's message.

        Raises:
            InvalidInputError: There is no such type, the URL is none, or the type has no caption or filename.
        """
        return await self._write("sends", type=type, url=url, caption=caption, filename=filename, sender=sender)

    @cut_traceback
    async def sends_image(self, url: str, *, caption: str | None = None, sender: str | None = None) -> str:
        """Send an image; see `sends`.

        Raises:
            InvalidInputError: The URL is none, or the caption is too long.
        """
        return await self.sends("image", url, caption=caption, sender=sender)

    @cut_traceback
    async def shares_location(
        self,
        latitude: float,
        longitude: float,
        *,
        name: str | None = None,
        address: str | None = None,
        sender: str | None = None,
    ) -> str:
        """Share a location.

        Args:
            latitude: In degrees, from -90 to 90.
            longitude: In degrees, from -180 to 180.
            name: The name of the place.
            address: The address of the place.
            sender: The business's number that receives it.

        Returns:
            The id of the customer's message.

        Raises:
            InvalidInputError: A coordinate is not such a number, or there is no such number.
        """
        place = {"latitude": latitude, "longitude": longitude, "name": name, "address": address}
        return await self._write("shares_location", **place, sender=sender)

    async def opts_out(self) -> None:
        """Opt out of templates."""
        await self._run("opts_out")

    async def opts_in(self) -> None:
        """Opt in to templates again."""
        await self._run("opts_in")

    @cut_traceback
    async def changes_phone(self, phone: str, *, bsuid: str | None = None, keeps_opt_out: bool = False) -> Customer:
        """Change the phone number, and with it the BSUID, and return the customer as the business knows it from now on.

        Messages to the old ones fail, also those on their way; the windows are closed. The old ones cannot be played
        any more, unless another customer is declared with them.

        Args:
            phone: The new number (E.164).
            bsuid: The new BSUID; without it, a customer who had one gets a new one.
            keeps_opt_out: Whether an opt-out from templates applies to the new ids. By default it does not: the service
                cannot know that they belong to the same customer.

        Raises:
            InvalidInputError: The number or the BSUID is malformed.
        """
        await self._run("changes_phone", phone=phone, bsuid=bsuid, keeps_opt_out=keeps_opt_out or None)
        known = self._engine.state.complete_identity(Identity(phone))
        return attrs.evolve(self, phone=known.phone, bsuid=known.bsuid)

    async def _run(self, verb: str, **arguments: Any) -> str | None:  # noqa: ANN401  (JSON)
        return await self._engine.run_verb(verb, {"customer": self.phone or self.bsuid, **arguments})

    async def _write(self, verb: str, **arguments: Any) -> str:  # noqa: ANN401  (JSON)
        return str(await self._run(verb, **arguments))
