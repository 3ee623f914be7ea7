"""Records that a sandbox keeps for inspection, and declared templates. No repr shows personal data."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any, Final, Literal

import attrs

from connectly_api.errors import InvalidInputError, Violation
from connectly_api.sandbox.model.identity import Identity
from connectly_api.sandbox.model.template_texts import check_template_buttons, check_template_texts
from connectly_api.setting_rules import find_name_problem

TemplateStatus = Literal["approved", "paused", "deleted"]

ATTACHMENT_TYPES: Final = ("image", "video", "audio", "document")
"""Source: the service's documentation."""


@attrs.frozen
class AcceptedMessage:
    """A message that the sandbox accepted. Its repr shows no personal data.

    Attributes:
        id: The id in the response.
        kind: `text`, `image`, `video`, `audio`, `document`, `location`, `list`, `reply_buttons`, `product`,
            `product_list` or `template`.
        sender: The business's number.
        phone: The customer's number, if known.
        bsuid: The customer's business-scoped user id, if known.
        campaign_name: The campaign's name.
        accepted_at: The sandbox's clock, Unix seconds.
        trace_id: The trace id of the request.
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
    # Kept as text, so that every reader gets a copy and cannot change the message.
    _body: str = attrs.field(repr=False, alias="body")
    channel: str = "whatsapp"

    @property
    def customer(self) -> Identity:
        """The recipient."""
        return Identity(phone=self.phone, bsuid=self.bsuid)

    @property
    def body(self) -> dict[str, Any]:
        """The body of the request with documented names, without nulls and unknown fields."""
        body: dict[str, Any] = json.loads(self._body)
        return body

    @property
    def callback_data(self) -> object:
        """The caller's own JSON value, or None."""
        return self.body.get("callbackData")


@attrs.frozen
class InboundText:
    """A text from a customer, who may edit it.

    Attributes:
        id: Its id in the event.
        customer: Its writer.
        business: The business's number that received it.
        about: The business's message that it quotes.
    """

    id: str
    customer: Identity
    business: str = attrs.field(repr=False)
    about: AcceptedMessage | None


@attrs.frozen
class ReceivedRequest:
    """A request, accepted or refused, and its response. Its repr shows no personal data.

    Attributes:
        number: 1 for the first since the start or the last reset.
        method: In capitals.
        path: Percent-encoded.
        query: Percent-encoded; an API key in it is redacted.
        headers: Names in lower case, in order; API keys, cookies and credentials are redacted.
        body: The bytes; empty if they exceeded the limit. Without the API key, only the first 1,024 are kept, as of the
            query and the headers.
        operation: The `operationId` of the Swagger file; None if no operation has the path and method.
        status: The status of the response.
        code: The error code of the response, or None.
        violations: The violations in the response.
        unknown_fields: Paths of fields that are not in the Swagger file; the service ignores them silently.
        message: The message that it created, or None.
        trace_id: The `cntTraceId` of a refusal.
        received_at: The sandbox's clock, Unix seconds.
        fault: The fault that a rule caused, or None. If the connection was reset, `status` is the one that the client
            did not see, or 0.
        recipient: The customer's phone number or BSUID, if a message was to be sent, even one that was refused.
        answer: The body of the response.
        body_size: How many bytes the body had.
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
    recipient: str | None = attrs.field(default=None, repr=False)
    answer: bytes = attrs.field(default=b"", repr=False)
    body_size: int = 0

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
        """Echo, channel types, filters and so on, as registered."""
        configuration: dict[str, Any] = json.loads(self._configuration)
        return configuration

    def to_dict(self) -> dict[str, Any]:
        """Return the registration as the service lists it."""
        return {
            "id": self.id,
            "topic": self.topic,
            "address": self.address,
            "type": self.type,
            "configuration": self.configuration,
        }


def get_problem_kind(problem: str | None) -> str | None:
    """Return a delivery's problem without the message of an exception, which may be personal."""
    return problem and problem.partition(": ")[0]


@attrs.frozen
class Delivery:
    """One attempt to deliver one webhook event.

    Attributes:
        number: The number of the event, from 1; the same for every attempt and every duplicate.
        attempt: 1 for the first.
        registration_id: The id of the registration.
        topic: The topic of the registration.
        address: The URL of the registration.
        content: The body.
        signature: The signature header.
        status: The status of the receiver's response; None if there was none.
        problem: Why there was no response, or what an attached application raised: the exception's type and message;
            None if neither.
        at: The sandbox's clock, Unix seconds.
        fault: The fault that a rule caused, or None.
        answer: The first 2 KiB of the body of the receiver's response.
        traceback: The traceback of what an attached application raised, or None.
    """

    number: int
    attempt: int
    registration_id: str
    topic: str
    address: str = attrs.field(repr=False)
    content: bytes = attrs.field(repr=False)
    signature: str = attrs.field(repr=False)
    status: int | None
    problem: str | None = attrs.field(repr=lambda problem: repr(get_problem_kind(problem)))
    at: float
    fault: str | None = None
    answer: bytes = attrs.field(default=b"", repr=False)
    traceback: str | None = attrs.field(default=None, repr=False)

    @property
    def delivered(self) -> bool:
        """Whether the response was a 200, the only success. Source: https://docs.connectly.ai."""
        return self.status == HTTPStatus.OK

    def json(self) -> Any:  # noqa: ANN401  (an event is JSON)
        """Return the decoded event."""
        return json.loads(self.content)


@attrs.frozen
class VerbCall:
    """A call of a customer's or a test's verb: a message, an advance of the clock, a fault rule.

    Attributes:
        name: `says`, `advance`, `fault` and so on.
        at: The sandbox's clock, Unix seconds.
        id: The id of the customer's message, if the verb wrote one.
    """

    name: str
    _arguments: str = attrs.field(repr=False, alias="arguments")
    at: float
    id: str | None = None

    @property
    def arguments(self) -> dict[str, Any]:
        """The arguments that were not None."""
        arguments: dict[str, Any] = json.loads(self._arguments)
        return arguments


@attrs.frozen
class StatusChange:
    """A message's status changed.

    Attributes:
        message_id: The id of the message.
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
    """A template of the business.

    Attributes:
        name: The value of `templateName`.
        language: The value of `language`.
        parameters: The names of exactly the parameters that a message must have.
        status: Messages need an `approved` template.
        header: The text above the text.
        text: The text.
        footer: The text below the text.
        buttons: The texts of the buttons. Without any, they are not known, and customers can tap whatever they like.
    """

    name: str
    language: str
    parameters: tuple[str, ...] = ()
    status: TemplateStatus = "approved"
    header: str | None = attrs.field(default=None, repr=False)
    text: str | None = attrs.field(default=None, repr=False)
    footer: str | None = attrs.field(default=None, repr=False)
    buttons: tuple[str, ...] = attrs.field(default=(), repr=False)

    def __attrs_post_init__(self) -> None:
        """Check the values.

        Raises:
            InvalidInputError: One of them is invalid.
        """
        for field in ("name", "language"):
            value: object = getattr(self, field)
            if not isinstance(value, str) or not value.strip():
                raise InvalidInputError(f"{field}: must be a string that is not empty", field=field)
            if (problem := find_name_problem(value)) is not None:
                raise InvalidInputError(f"{field}: {problem}", field=field)
        names: tuple[object, ...] = self.parameters
        if not all(isinstance(name, str) and name for name in names) or len(set(names)) < len(names):
            raise InvalidInputError("parameters: must be strings, not empty, none twice", field="parameters")
        if problem := next(filter(None, map(find_name_problem, self.parameters)), None):
            raise InvalidInputError(f"parameters: one {problem}", field="parameters")
        check_template_texts(self.header, self.text, self.footer)
        check_template_buttons(self.buttons)


TimelineEntry = ReceivedRequest | Delivery | VerbCall | StatusChange
"""An entry of the timeline."""


@attrs.frozen
class NumberedEntry:
    """An entry in its place in the timeline.

    Attributes:
        number: 1 for the first since the start or the last reset.
        record: The entry.
        customer: The number of the customer whom it is about, when it was recorded.
        cause: The number of the entry that caused a delivery.
        message_id: The id of the business's message that a delivery is about.
    """

    number: int
    record: TimelineEntry
    customer: int | None = None
    cause: int | None = None
    message_id: str | None = None
