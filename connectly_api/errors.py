"""Every error that this package raises.

    ConnectlyError
    ├─ InvalidInputError (ValueError)      refused before any I/O: has the field, the size and the limit
    │   ├─ InvalidRecipientError           neither a phone number nor a BSUID
    │   ├─ InvalidSenderError              not a phone number
    │   ├─ InvalidContentError             breaks WhatsApp's limits: all violations at once
    │   └─ CallbackDataTooLongError        more than 1024 bytes
    ├─ UsageError (RuntimeError)           a client used after it was closed, or from a second event loop
    ├─ NotSentError                        never left this machine
    ├─ OutcomeUnknownError                 left, but no response came: it may have been delivered
    ├─ ApiError                            a response with a status other than 2xx
    │   ├─ AuthenticationError             401: the key
    │   ├─ PermissionDeniedError           403
    │   ├─ NotFoundError                   404: the business, the registration
    │   ├─ ConflictError                   409: that topic is registered already
    │   ├─ RequestRejectedError            400, 422: the service understood the request and refuses it
    │   │   ├─ OutsideWindowError          more than 24 hours since the customer wrote: use a template
    │   │   ├─ OptedOutError               the customer wants no templates: stop sending them
    │   │   ├─ RecipientRejectedError      the recipient's number is not valid: correct or drop it
    │   │   ├─ TemplateRejectedError       the template is missing, deleted, or its parameters do not match
    │   │   └─ SenderRestrictedError       the number is restricted: stop sending from it
    │   ├─ RateLimitError                  429: slow down
    │   └─ ServerError                     5xx: on a send, the message may have been delivered
    ├─ UnexpectedResponseError             an unreadable 2xx: on a send, the message was probably delivered
    └─ WebhookError                        an event that cannot be trusted, or cannot be read
        ├─ WebhookSignatureError           not signed with one of the secrets
        ├─ WebhookPayloadError             authentic, but not a JSON object
        └─ WebhookStoreError               the store's file cannot be used

Each error states two facts. `may_have_taken_effect`: a message may be on its way, or a change may have been made.
`retry_safe`: you can repeat the call as it is: nothing happens twice, and it may succeed.

An error's text and repr are this package's own sentences. From the server's response they show only the HTTP status, a
documented code and a well-formed trace id, because a server may repeat what it was sent. Its own words are in
`ApiError.message`, `user_title`, `details` and `body`. Every error pickles and copies.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, Literal

import attrs

from connectly_api.error_codes import MEANINGS, find_phrase, is_documented_code, is_trace_id

__all__ = [
    "ApiError",
    "AuthenticationError",
    "CallbackDataTooLongError",
    "ConflictError",
    "ConnectlyError",
    "InvalidContentError",
    "InvalidInputError",
    "InvalidRecipientError",
    "InvalidSenderError",
    "NotFoundError",
    "NotSentError",
    "OptedOutError",
    "OutcomeUnknownError",
    "OutsideWindowError",
    "PermissionDeniedError",
    "RateLimitError",
    "RecipientRejectedError",
    "RequestRejectedError",
    "SenderRestrictedError",
    "ServerError",
    "TemplateRejectedError",
    "UnexpectedResponseError",
    "UsageError",
    "Violation",
    "WebhookError",
    "WebhookPayloadError",
    "WebhookSignatureError",
    "WebhookStoreError",
]

Headers = tuple[tuple[str, str], ...]


def _restore(kind: type[ConnectlyError], args: tuple[object, ...], state: dict[str, object]) -> ConnectlyError:
    error = kind.__new__(kind)
    error.args = args
    error.__dict__.update(state)
    return error


class ConnectlyError(Exception):
    """The base class of every error that this package raises."""

    may_have_taken_effect: bool = False
    """Whether the call may have been carried out: a message may be on its way, or a change may have been made."""
    retry_safe: bool = False
    """Whether you can repeat the call as it is: nothing happens twice, and it may succeed."""

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the state: the default protocol does not support constructors with keyword arguments."""
        return (_restore, (type(self), self.args, self.__dict__.copy()))


class InvalidInputError(ConnectlyError, ValueError):
    """The caller's value was refused before any I/O; the same call fails again.

    Attributes:
        field: The path of the offending value, `sections[0].rows[2].title`.
        size: How large the value is, in the unit that the text names, if its size is the problem.
        limit: The largest size allowed, in the same unit.
    """

    def __init__(self, message: str, *, field: str, size: int | None = None, limit: int | None = None) -> None:
        super().__init__(message)
        self.field = field
        self.size = size
        self.limit = limit


class InvalidRecipientError(InvalidInputError):
    """Neither a phone number (`+` and digits) nor a BSUID (country code, dot, alphanumerics)."""


class InvalidSenderError(InvalidInputError):
    """The sender is not a phone number (`+` and digits)."""


class CallbackDataTooLongError(InvalidInputError):
    """The callback data has more bytes than the service accepts.

    Attributes:
        size: UTF-8 bytes of the JSON text in the request.
        limit: 1024 bytes.
    """

    size: int
    limit: int

    def __init__(self, size: int, limit: int) -> None:
        super().__init__(
            f"callback_data: {size} bytes as JSON; the limit is {limit} bytes",
            field="callback_data",
            size=size,
            limit=limit,
        )


@attrs.frozen
class Violation:
    """One limit that the content breaks.

    Attributes:
        field: The path of the value, `sections[0].rows[2].title`.
        problem: What is wrong, with the size and the limit if there are any; never the value.
        size: The value's size, in the unit that `problem` names.
        limit: The limit in the same unit.
        level: `error` for what cannot be sent at all (a wrong type), `limit` for what WhatsApp's documentation rules
            out, `doubt` for what the service documents and WhatsApp does not; a doubt is only ever a warning.
    """

    field: str
    problem: str
    size: int | float | None = None
    limit: int | float | None = None
    level: Literal["error", "limit", "doubt"] = "limit"

    def __str__(self) -> str:
        """Return `field: problem`."""
        return f"{self.field}: {self.problem}"


class InvalidContentError(InvalidInputError):
    """The content breaks one or more of WhatsApp's limits.

    Attributes:
        violations: All of them, at least one, in the order of the fields.
    """

    def __init__(self, violations: Iterable[Violation]) -> None:
        self.violations = tuple(violations)
        first = self.violations[0]
        super().__init__("; ".join(map(str, self.violations)), field=first.field)


class UsageError(ConnectlyError, RuntimeError):
    """The client was used after `aclose`, or from an event loop other than its own; nothing was sent."""


class NotSentError(ConnectlyError):
    """The request provably never left this machine: it got no connection, or not in time.

    `retry_safe` says whether the same call may succeed later: it may after a refused connection, and not if a
    certificate does not verify.

    Attributes:
        timed_out: Whether a timeout, rather than a refused connection, ended it.
    """

    retry_safe: bool = True

    def __init__(self, message: str, *, timed_out: bool = False, retry_safe: bool = True) -> None:
        super().__init__(message)
        self.timed_out = timed_out
        if not retry_safe:
            self.retry_safe = False


class OutcomeUnknownError(ConnectlyError):
    """The request left, or may have, and no readable response came: the message may have been delivered.

    Do not send it again; wait for the delivery status, which carries the callback data.

    Attributes:
        timed_out: Whether a timeout, rather than a broken connection, ended it.
    """

    may_have_taken_effect: bool = True

    def __init__(self, message: str, *, timed_out: bool = False) -> None:
        super().__init__(message)
        self.timed_out = timed_out


class ServiceText(str):
    """A text from the service: a string like any other, except that it is falsy.

    Sentry and others show `error.message or str(error)`. The service's words may repeat what was sent. As they
    are falsy, such tools show the error's own text, which is safe. Compare, search, format and print it as usual; to
    check whether there is one, use `error.message is not None` rather than `if error.message`.
    """

    __slots__ = ()

    def __bool__(self) -> bool:
        """Return False, so that only code that uses it explicitly shows it."""
        return False


class ApiError(ConnectlyError):
    """A response with a status other than 2xx, from the service or from a proxy or gateway in front of it.

    Attributes:
        status: The HTTP status, any integer.
        code: `ERROR_CODE_…`, open to new values; the name of the gRPC code if the body was a gRPC status.
        type: `ERROR_TYPE_…`, open to new values.
        message: For developers, as sent, or None; it may repeat personal data, so the error's text leaves it out. It is
            falsy, so that Sentry shows the error's text instead: check `error.message is not None`.
        user_title: A short text for end users, as sent.
        user_message: A longer text for end users, as sent.
        trace_id: The id to give to the service's support, as sent.
        shown_code: The code, if the service or gRPC documents it.
        shown_trace_id: The trace id, if it has the documented form and repeats no digits of the request.
        details: The body's `details`: an object, or a list in a gRPC status.
        headers: Names and values as they came.
        body: The response's bytes.
    """

    advice: ClassVar[str | None] = None
    """The text's reason if there is no documented code."""

    def __init__(
        self,
        *,
        status: int,
        code: str | None = None,
        type: str | None = None,  # noqa: A002  the wire's own word, as keyword only
        message: str | None = None,
        user_title: str | None = None,
        user_message: str | None = None,
        trace_id: str | None = None,
        details: object = None,
        headers: Headers = (),
        body: bytes = b"",
        sent: Iterable[str] = (),
    ) -> None:
        """Build a text that is safe to log; `sent` is what the request contained, which no trace id may repeat."""
        self.status = status
        self.code = code
        self.type = type
        self.message: str | None = None if message is None else ServiceText(message)
        self.user_title = user_title
        self.user_message = user_message
        self.trace_id = trace_id
        self.details = details
        self.headers = headers
        self.body = body
        self.shown_code = code if is_documented_code(code) else None
        self.shown_trace_id = trace_id if is_trace_id(trace_id, sent) else None
        super().__init__(self._build_text())

    def _build_text(self) -> str:
        more = {"code": self.code is not None and self.shown_code is None, "message": self.message is not None}
        names = " and ".join(f"error.{name}" for name, is_present in more.items() if is_present)
        return build_error_text(self, f"see {names}" if names else "")


def build_error_text(error: ApiError, hint: str) -> str:
    """Return a text that is safe to show; the hint says where to find the service's own words."""
    text = f"{error.status} {error.shown_code or find_phrase(error.status)}".rstrip()
    if advice := MEANINGS.get(error.shown_code or "") or error.advice:
        text += f": {advice}"
    if hint:
        text += f"; {hint}"
    if error.shown_trace_id is not None:
        text += f" (trace id {error.shown_trace_id})"
    return text


class AuthenticationError(ApiError):
    """401: the API key is missing, wrong or revoked."""

    advice = "the API key is missing, wrong or revoked"


class PermissionDeniedError(ApiError):
    """403: the key may not do this."""

    advice = "the API key may not do this"


class NotFoundError(ApiError):
    """404: no such business or registration."""

    advice = "there is no such business or registration"


class ConflictError(ApiError):
    """409: it exists already."""

    advice = "that topic is registered already"


class RequestRejectedError(ApiError):
    """The service understood the request and refuses it; the same request will be refused again."""

    advice = "the service refuses the request"


class OutsideWindowError(RequestRejectedError):
    """More than 24 hours since the customer wrote, or the customer never wrote: send a template instead."""

    advice = "the customer wrote nothing within the last 24 hours; use a template message"


class OptedOutError(RequestRejectedError):
    """The customer opted out of templates: stop sending them."""

    advice = "the customer opted out of templates; stop sending them"


class RecipientRejectedError(RequestRejectedError):
    """The recipient's number is not valid: correct it, or drop it."""

    advice = "the recipient's number is not valid; correct it, or drop it"


class TemplateRejectedError(RequestRejectedError):
    """The template does not exist in that language, is being deleted, or its parameters do not match."""

    advice = "the template is missing, is being deleted, or its parameters do not match"


class SenderRestrictedError(RequestRejectedError):
    """The business's number was blocked or reported too often and is restricted: stop sending from it."""

    advice = "the sender is restricted; stop sending from it"


class RateLimitError(ApiError):
    """429: too many requests; nothing was accepted, so you can send it again later.

    Attributes:
        retry_after: How many seconds the response asks you to wait, or None if it does not say.
    """

    advice = "nothing was accepted"
    retry_safe: bool = True
    retry_after: float | None = None


class ServerError(ApiError):
    """5xx: the service failed. On a send, the message may have been delivered nevertheless."""

    advice = "the service failed"
    may_have_taken_effect: bool = True


class UnexpectedResponseError(ConnectlyError):
    """A 2xx response that cannot be read. On a send, the message was probably accepted; its id is lost.

    Attributes:
        status: The HTTP status.
        headers: Names and values as they came.
        body: The response's bytes.
    """

    may_have_taken_effect: bool = True

    def __init__(self, message: str, *, status: int, headers: Headers = (), body: bytes = b"") -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers
        self.body = body


class WebhookError(ConnectlyError):
    """An event that cannot be accepted."""


class WebhookSignatureError(WebhookError):
    """The body was not signed with one of the secrets."""


class WebhookPayloadError(WebhookError):
    """The body is not a JSON object, or exceeds a limit of size, depth or number."""


class WebhookStoreError(WebhookError):
    """A store's file or server cannot be used: the text names it, and says what is wrong with it.

    `retry_safe` says whether that may pass: a server that is away, or too busy.
    """

    def __init__(self, message: str, *, retry_safe: bool = False) -> None:
        super().__init__(message)
        if retry_safe:
            self.retry_safe = True
