"""Looking at what happened in a sandbox."""

from __future__ import annotations

from typing import Any, Final

from connectly_api.sandbox.expectation import Expectation, mismatch_report
from connectly_api.sandbox.model.documents import entry_document
from connectly_api.sandbox.model.records import AcceptedMessage, Delivery, Entry, ReceivedRequest, Registration
from connectly_api.sandbox.model.state import State

__all__ = ["Looking"]

_ANYTHING: Final = object()


class Looking:
    """The side of a sandbox that a test reads."""

    _state: State

    @property
    def now(self) -> float:
        """The sandbox's clock, Unix seconds."""
        return self._state.now

    @property
    def messages(self) -> tuple[AcceptedMessage, ...]:
        """The accepted messages that are kept, oldest first."""
        return tuple(self._state.messages.values())

    @property
    def requests(self) -> tuple[ReceivedRequest, ...]:
        """The requests that are kept, refused ones included, oldest first."""
        return tuple(self._state.requests)

    @property
    def deliveries(self) -> tuple[Delivery, ...]:
        """The attempts to deliver webhook events that are kept, oldest first."""
        return tuple(self._state.deliveries)

    @property
    def registrations(self) -> tuple[Registration, ...]:
        """The webhook registrations, in the order of their creation."""
        return tuple(self._state.registrations.values())

    @property
    def entries(self) -> tuple[Entry, ...]:
        """What the timeline consists of."""
        return tuple(self._state.timeline)

    @property
    def timeline(self) -> list[dict[str, Any]]:
        """Requests, deliveries, statuses and verbs in the order in which they happened, as JSON."""
        return [entry_document(entry) for entry in self._state.timeline]

    @property
    def accepted(self) -> int:
        """How many messages were accepted since the start or the last reset, kept or not."""
        return self._state.accepted

    @property
    def received(self) -> int:
        """How many requests were received since the start or the last reset, kept or not."""
        return self._state.received

    def status_of(self, message_id: str) -> str | None:
        """Return what a kept message has come to: `sent`, `delivered`, `read` or `delivery_failed`; None before."""
        return self._state.statuses.get(message_id)

    def assert_sent_once(
        self,
        recipient: str | None = None,
        *,
        kind: str | None = None,
        text: str | None = None,
        template: str | None = None,
        callback_data: object = _ANYTHING,
        campaign_name: str | None = None,
        sender: str | None = None,
    ) -> AcceptedMessage:
        """Check that exactly one kept message fits, and return it. What is not given, fits.

        Args:
            recipient: The customer's phone number (E.164) or BSUID.
            kind: `text`, `image`, `template` and so on.
            text: The message's whole text.
            template: The template's name.
            callback_data: The caller's JSON value; None for none.
            campaign_name: The tag.
            sender: The business's number.

        Raises:
            AssertionError: None or several fit. The text shows the messages that came closest, with what they hold, as
                whoever asks for this has put it there; and the requests that were refused.
        """
        wanted: dict[str, object] = {
            "recipient": recipient,
            "kind": kind,
            "text": text,
            "template": template,
            "campaign_name": campaign_name,
            "sender": sender,
        }
        given = {name: value for name, value in wanted.items() if value is not None}
        if callback_data is not _ANYTHING:
            given["callback_data"] = callback_data
        expectation = Expectation(given)
        found = [message for message in self.messages if not expectation.differences(message)]
        if len(found) != 1:
            raise AssertionError(mismatch_report(expectation, found, self.messages, self.requests))
        return found[0]
