"""What a sandbox keeps for inspection: frozen values whose repr shows nothing personal. Pure."""

from __future__ import annotations

import json
from typing import Any, Final, Literal, get_args

import attrs

from connectly_api.errors import InvalidInputError, Violation
from connectly_api.sandbox.model.identity import Identity
from connectly_api.setting_rules import find_name_problem

TemplateStatus = Literal["approved", "paused", "deleted"]

ATTACHMENT_TYPES: Final = ("image", "video", "audio", "document")
"""Source: the service's documentation."""


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
        channel: `whatsapp` or `sms`.
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
    channel: str = "whatsapp"

    @property
    def customer(self) -> Identity:
        """Whom it goes to."""
        return Identity(phone=self.phone, bsuid=self.bsuid)

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
        fault: What was done to it by a rule, or None. Where the connection was dropped, `status` is what the client
            did not see, and 0 where there is none.
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
    fault: str | None = None

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
class Delivery:
    """One attempt to deliver one webhook event.

    Attributes:
        number: That of the event, 1 for the first; the same for every attempt and every duplicate.
        attempt: 1 for the first.
        registration_id: The registration that it was for.
        topic: The registration's.
        address: Where it went.
        content: The body's bytes as they were sent.
        signature: What the signature's header said.
        status: What the receiver answered; None where there was no answer.
        problem: Why there was none; None where there was.
        at: The sandbox's clock, Unix seconds.
        fault: What was done to it by a rule, or None.
    """

    number: int
    attempt: int
    registration_id: str
    topic: str
    address: str = attrs.field(repr=False)
    content: bytes = attrs.field(repr=False)
    signature: str = attrs.field(repr=False)
    status: int | None
    problem: str | None
    at: float
    fault: str | None = None

    @property
    def delivered(self) -> bool:
        """Whether it was answered with 200, which alone counts. Source: https://docs.connectly.ai."""
        return self.status == _DELIVERED

    def json(self) -> Any:  # noqa: ANN401  (an event is JSON)
        """Return the decoded event."""
        return json.loads(self.content)


@attrs.frozen
class VerbCall:
    """What somebody other than the client did: a customer's verb, an advance of the clock, a rule that was set.

    Attributes:
        name: `says`, `advance`, `fault` and the like.
        at: The sandbox's clock, Unix seconds.
    """

    name: str
    _arguments: str = attrs.field(repr=False, alias="arguments")
    at: float

    @property
    def arguments(self) -> dict[str, Any]:
        """What it was done with."""
        arguments: dict[str, Any] = json.loads(self._arguments)
        return arguments


@attrs.frozen
class StatusChange:
    """A message's status changed.

    Attributes:
        message_id: What the send call got back.
        status: `sent`, `delivered`, `read` or `delivery_failed`.
        at: The sandbox's clock, Unix seconds.
        code: The error code of a failure.
    """

    message_id: str
    status: str
    at: float
    code: str | None = None


@attrs.frozen
class DeclaredTemplate:
    """A template as the business registered it.

    Attributes:
        name: What `templateName` says.
        language: What `language` says.
        parameters: The names that a message has to give, no more and no fewer.
        status: `paused` and `deleted` ones cannot be sent.
    """

    name: str
    language: str
    parameters: tuple[str, ...] = ()
    status: TemplateStatus = "approved"

    def __attrs_post_init__(self) -> None:
        """Check the values.

        Raises:
            InvalidInputError: One of them cannot be.
        """
        for field in ("name", "language"):
            if not isinstance(getattr(self, field), str) or not getattr(self, field).strip():
                raise InvalidInputError(f"{field}: must be a string that is not empty", field=field)
            if (problem := find_name_problem(getattr(self, field))) is not None:
                raise InvalidInputError(f"{field}: {problem}", field=field)
        names: tuple[object, ...] = self.parameters
        if not all(isinstance(name, str) and name for name in names) or len(set(names)) < len(names):
            raise InvalidInputError("parameters: must be strings, not empty, none twice", field="parameters")
        if problem := next(filter(None, map(find_name_problem, self.parameters)), None):
            raise InvalidInputError(f"parameters: one {problem}", field="parameters")
        if self.status not in get_args(TemplateStatus):
            raise InvalidInputError(f"status: must be one of {', '.join(get_args(TemplateStatus))}", field="status")


TimelineEntry = ReceivedRequest | Delivery | VerbCall | StatusChange
"""What a timeline consists of."""

_DELIVERED: Final = 200
