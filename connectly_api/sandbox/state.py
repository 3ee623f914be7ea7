"""What a sandbox remembers, and the changes that alone alter it.

A decision reads the state and returns changes; `State.apply` carries them out. Whatever happened is therefore a list of
values, and the same list brings about the same state.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable
from typing import Any

import attrs

from connectly_api.errors import Violation

__all__ = [
    "AcceptedMessage",
    "Change",
    "MessageAccepted",
    "ReceivedRequest",
    "Registration",
    "RegistrationRemoved",
    "RegistrationStored",
    "State",
    "WindowClosed",
    "WindowOpened",
]


@attrs.frozen
class AcceptedMessage:
    """A message that the sandbox accepted. Its repr shows nothing personal.

    Attributes:
        id: What the send call got back.
        kind: `text`, `image`, `video`, `audio`, `document`, `location`, `list`, `reply_buttons`, `product`,
            `product_list` or `template`.
        sender: The business's number that it goes out from.
        phone: The customer's number, where it is known.
        bsuid: The customer's business-scoped user id, where it is known.
        campaign_name: The tag for analytics.
        accepted_at: The sandbox's clock, Unix seconds.
        trace_id: That of the request.
    """

    id: str
    kind: str
    sender: str = attrs.field(repr=False)
    phone: str | None = attrs.field(repr=False)
    bsuid: str | None = attrs.field(repr=False)
    campaign_name: str | None
    accepted_at: float
    trace_id: str
    # Kept as text: whoever looks at a message gets a copy and cannot change what was received.
    _body: str = attrs.field(repr=False, alias="body")

    @property
    def body(self) -> dict[str, Any]:
        """The request's body as the sandbox read it: documented names, nulls and unknown fields left out."""
        body: dict[str, Any] = json.loads(self._body)
        return body

    @property
    def callback_data(self) -> object:
        """The caller's own JSON value; None where there is none."""
        return self.body.get("callbackData")


@attrs.frozen
class ReceivedRequest:
    """A request and what became of it, refused ones included. Its repr shows nothing personal.

    Attributes:
        number: 1 for the first since the start or the last reset.
        method: In capitals.
        path: Percent-encoded, as it came.
        query: Percent-encoded, as it came; an API key in it is replaced.
        headers: Names in lower case, in order; an API key, cookies and credentials are replaced.
        body: The bytes as they came; empty where they were more than the limit.
        operation: The Swagger's `operationId`; None where path and method lead to none.
        status: What was answered.
        code: The error code that was answered, or None.
        violations: Every reason for a refusal that concerns a field.
        unknown_fields: Paths of fields that the Swagger does not know, which the service ignores in silence.
        message: The message that it created, or None.
        trace_id: What a refusal's `cntTraceId` says.
        received_at: The sandbox's clock, Unix seconds.
    """

    number: int
    method: str
    path: str = attrs.field(repr=False)
    query: str = attrs.field(repr=False)
    headers: tuple[tuple[str, str], ...] = attrs.field(repr=False)
    body: bytes = attrs.field(repr=False)
    operation: str | None
    status: int
    code: str | None
    violations: tuple[Violation, ...] = attrs.field(repr=False)
    unknown_fields: tuple[str, ...] = attrs.field(repr=False)
    message: AcceptedMessage | None
    trace_id: str
    received_at: float

    def json(self) -> Any:  # noqa: ANN401  (whatever the caller sent)
        """Return the decoded body.

        Raises:
            ValueError: It is not JSON.
        """
        return json.loads(self.body)


@attrs.frozen
class Registration:
    """A webhook registration."""

    id: str
    topic: str
    address: str = attrs.field(repr=False)
    type: str
    _configuration: str = attrs.field(repr=False, alias="configuration")

    @property
    def configuration(self) -> dict[str, Any]:
        """Echo, channel types, filters and the like, as they were given."""
        configuration: dict[str, Any] = json.loads(self._configuration)
        return configuration

    def document(self) -> dict[str, Any]:
        """Return the registration as the service lists it."""
        return {
            "id": self.id,
            "topic": self.topic,
            "address": self.address,
            "type": self.type,
            "configuration": self.configuration,
        }


@attrs.frozen
class MessageAccepted:
    """A message exists."""

    message: AcceptedMessage


@attrs.frozen
class RegistrationStored:
    """A registration exists, or has changed."""

    registration: Registration
    new: bool = False


@attrs.frozen
class RegistrationRemoved:
    """A registration is gone."""

    id: str


@attrs.frozen
class WindowClosed:
    """The 24-hour window of a sender and a customer (phone or BSUID) is closed."""

    sender: str = attrs.field(repr=False)
    customer: str = attrs.field(repr=False)


@attrs.frozen
class WindowOpened:
    """The 24-hour window of a sender and a customer (phone or BSUID) is open."""

    sender: str = attrs.field(repr=False)
    customer: str = attrs.field(repr=False)


Change = MessageAccepted | RegistrationStored | RegistrationRemoved | WindowClosed | WindowOpened


@attrs.define
class State:
    """A sandbox's changeable side. Counters number what is created, and never go back before a reset.

    Attributes:
        now: The sandbox's clock, Unix seconds.
        keep: How many messages and how many requests are kept, the latest.
        closed_windows: Pairs of sender and customer.
        registrations: By id, in the order of their creation.
    """

    now: float
    keep: int
    received: int = 0
    accepted: int = 0
    registered: int = 0
    closed_windows: set[tuple[str, str]] = attrs.field(factory=set[tuple[str, str]])
    registrations: dict[str, Registration] = attrs.field(factory=dict[str, Registration])
    messages: deque[AcceptedMessage] = attrs.field(
        init=False, default=attrs.Factory(lambda self: deque(maxlen=self.keep), takes_self=True)
    )
    requests: deque[ReceivedRequest] = attrs.field(
        init=False, default=attrs.Factory(lambda self: deque(maxlen=self.keep), takes_self=True)
    )

    def is_open(self, sender: str, names: Iterable[str]) -> bool:
        """Say whether a free-form message may go to a customer, known by phone, BSUID or both."""
        return not any((sender, name) in self.closed_windows for name in names)

    def apply(self, change: Change) -> None:
        """Carry out one change."""
        match change:
            case MessageAccepted(message):
                self.accepted += 1
                self.messages.append(message)
            case RegistrationStored(registration, new):
                self.registered += new
                self.registrations[registration.id] = registration
            case RegistrationRemoved(id):
                self.registrations.pop(id, None)
            case WindowClosed(sender, customer):
                self.closed_windows.add((sender, customer))
            case _:
                self.closed_windows.discard((change.sender, change.customer))
