"""Every error that this package raises.

    ConnectlyError
    ├─ InvalidInputError (ValueError)      refused before any I/O: names the field, the size and the limit
    │   ├─ InvalidRecipientError           neither a phone number nor a BSUID
    │   ├─ InvalidSenderError              not one of the business's phone numbers, as far as can be seen
    │   ├─ InvalidContentError             WhatsApp would refuse it: all violations at once
    │   └─ CallbackDataTooLongError        more than 1024 bytes
    ├─ UsageError (RuntimeError)           a client used after its end, or from a second event loop
    ├─ NotSentError                        never left this machine: safe to try again
    ├─ OutcomeUnknownError                 left, but no answer came: it may have been delivered
    ├─ ApiError                            the service, or something before it, answered with a status other than 2xx
    │   ├─ AuthenticationError             401: the key
    │   ├─ PermissionDeniedError           403
    │   ├─ NotFoundError                   404: the business, the registration
    │   ├─ ConflictError                   409: that topic is registered already
    │   ├─ RequestRejectedError            400, 422: the service understood, and refuses
    │   │   ├─ OutsideWindowError          more than 24 hours since the customer wrote: use a template
    │   │   ├─ OptedOutError               the customer wants no templates: stop sending them
    │   │   ├─ RecipientRejectedError      the recipient's number is not valid: correct or drop it
    │   │   ├─ TemplateRejectedError       the template is missing, deleted, or its parameters do not fit: mend it
    │   │   └─ SenderRestrictedError       the number is restricted: stop sending from it
    │   ├─ RateLimitError                  429: slow down
    │   └─ ServerError                     5xx: on a send, it may have been delivered
    ├─ UnexpectedResponseError             a 2xx that cannot be read: on a send, it was probably delivered
    └─ WebhookError                        an event that is not to be trusted, or not to be read
        ├─ WebhookSignatureError           not signed with one of the secrets
        ├─ WebhookPayloadError             authentic, but not a JSON object
        └─ WebhookStoreError               the store's file cannot be used as it is

`retry_safe` says whether the same call may simply be made again: nothing can be delivered twice by it, and it may help.
No error's text or repr holds a key, a phone number, a BSUID, a text or callback data; attributes such as
`ApiError.message` and `ApiError.body` hold what the service sent, unchanged. Every error pickles and copies.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any, ClassVar, Literal

import attrs

from connectly_api.redaction import redact, repeats

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
    """The root of the tree: catch it to catch whatever this package raises."""

    retry_safe: ClassVar[bool] = False
    """Whether the same call may be made again: nothing can be delivered twice by it, and it may help."""

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle by state: constructors take keywords, which the default protocol cannot replay."""
        return (_restore, (type(self), self.args, self.__dict__.copy()))


class InvalidInputError(ConnectlyError, ValueError):
    """The caller's value was refused before any I/O; the same call fails again.

    Attributes:
        field: The path of the offending value, `sections[0].rows[2].title`.
        size: How large the value is, in the unit that the text names, where size is the matter.
        limit: The largest size allowed, in the same unit.
    """

    def __init__(self, message: str, *, field: str, size: int | None = None, limit: int | None = None) -> None:
        """Keep the field, the size and the limit beside the text."""
        super().__init__(message)
        self.field = field
        self.size = size
        self.limit = limit


class InvalidRecipientError(InvalidInputError):
    """Neither a phone number (`+` and digits) nor a BSUID (country code, dot, alphanumerics)."""


class InvalidSenderError(InvalidInputError):
    """The sender is not a phone number (`+` and digits)."""


class CallbackDataTooLongError(InvalidInputError):
    """Callback data of more bytes than the service takes.

    Attributes:
        size: UTF-8 bytes of the JSON text that the request would carry.
        limit: 1024 bytes.
    """

    size: int
    limit: int

    def __init__(self, size: int, limit: int) -> None:
        """Say both numbers."""
        super().__init__(
            f"callback_data: {size} bytes as JSON; the limit is {limit} bytes",
            field="callback_data",
            size=size,
            limit=limit,
        )


@attrs.frozen
class Violation:
    """One limit that a content breaks.

    Attributes:
        field: The path of the value, `sections[0].rows[2].title`.
        problem: What is wrong, with size and limit where there are any; never the value.
        size: The value's size, in the unit that `problem` names.
        limit: The limit in the same unit.
        level: `error` for what cannot be sent at all (a wrong type), `limit` for what WhatsApp's documentation rules
            out, `doubt` for what the service documents and WhatsApp does not: a warning at most.
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
        """Take the field of the first violation for `field`."""
        self.violations = tuple(violations)
        first = self.violations[0]
        super().__init__("; ".join(map(str, self.violations)), field=first.field)


class UsageError(ConnectlyError, RuntimeError):
    """The client was used after `aclose`, or from an event loop other than its own; nothing was sent."""


class NotSentError(ConnectlyError):
    """The request provably never left this machine: no connection, or none in time. Safe to try again.

    Attributes:
        timed_out: Whether a time-out, rather than a refusal, ended it.
    """

    retry_safe: ClassVar[bool] = True

    def __init__(self, message: str, *, timed_out: bool = False) -> None:
        """Keep whether time ran out."""
        super().__init__(message)
        self.timed_out = timed_out


class OutcomeUnknownError(ConnectlyError):
    """The request left, or may have, and no readable answer came back: a message may have been delivered.

    Do not send again blindly; wait for the delivery status, which carries the callback data.

    Attributes:
        timed_out: Whether a time-out, rather than a broken connection, ended it.
    """

    def __init__(self, message: str, *, timed_out: bool = False) -> None:
        """Keep whether time ran out."""
        super().__init__(message)
        self.timed_out = timed_out


class ApiError(ConnectlyError):
    """An answer with a status other than 2xx, from the service or from something in front of it.

    Attributes:
        status: The HTTP status, any integer.
        code: `ERROR_CODE_…`, open to new values; the name of the gRPC code where the body was a gRPC status.
        type: `ERROR_TYPE_…`, open to new values.
        message: For developers, as sent; it may repeat personal data, which the error's text leaves out.
        user_title: A short text for end users, as sent.
        user_message: A longer text for end users, as sent.
        trace_id: What the service's support asks for.
        shown_trace_id: The same where it may be shown: it has the service's form, and repeats nothing of the request.
        details: The body's `details`: an object, or a list in a gRPC status.
        headers: Names and values as they came.
        body: The answer's bytes.
    """

    advice: ClassVar[str | None] = None

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
        personal: Iterable[str] = (),
    ) -> None:
        """Compose a text that is safe to log.

        Args:
            status: The HTTP status.
            code: The service's error code.
            type: The service's error type.
            message: The service's text for developers.
            user_title: The service's short text for end users.
            user_message: The service's longer text for end users.
            trace_id: The service's trace id.
            details: Further facts.
            headers: The answer's headers.
            body: The answer's bytes.
            personal: Values that the error's text must not repeat.
        """
        self.status = status
        self.code = code
        self.type = type
        self.message = message
        self.user_title = user_title
        self.user_message = user_message
        self.trace_id = trace_id
        self.details = details
        self.headers = headers
        self.body = body
        self.shown_trace_id = trace_id if _is_shown(_TRACE_ID, trace_id, tuple(personal)) else None
        super().__init__(self._text(tuple(personal)))

    def _text(self, personal: tuple[str, ...]) -> str:
        label = self.code if _is_shown(_NAME, self.code, personal) else _phrase(self.status)
        text = f"{self.status} {label}".rstrip()
        if self.message is not None and (shown := redact(self.message, personal)):
            text += f": {shown}"
        if self.advice is not None:
            text += f"; {self.advice}"
        if self.shown_trace_id is not None:
            text += f" (trace id {self.shown_trace_id})"
        return text


class AuthenticationError(ApiError):
    """401: the API key is missing, wrong or revoked."""


class PermissionDeniedError(ApiError):
    """403: the key may not do this."""


class NotFoundError(ApiError):
    """404: no such business or registration."""


class ConflictError(ApiError):
    """409: it is there already."""


class RequestRejectedError(ApiError):
    """The service understood the request and refuses it; the same request will be refused again."""


class OutsideWindowError(RequestRejectedError):
    """More than 24 hours since the customer wrote, or the customer never wrote: send a template instead."""

    advice = "use a template message"


class OptedOutError(RequestRejectedError):
    """The customer opted out of templates: stop sending them."""


class RecipientRejectedError(RequestRejectedError):
    """The recipient's number is not valid: correct it, or drop it."""


class TemplateRejectedError(RequestRejectedError):
    """The template does not exist in that language, is being deleted, or its parameters do not fit."""


class SenderRestrictedError(RequestRejectedError):
    """The business's number was blocked or reported too often and is restricted: stop sending from it."""


class RateLimitError(ApiError):
    """429: too many requests; nothing was accepted, so it is safe to try again, later.

    Attributes:
        retry_after: Seconds from now that the answer asks to wait, or None where it does not say.
    """

    retry_safe: ClassVar[bool] = True
    retry_after: float | None = None


class ServerError(ApiError):
    """5xx: a failure on the service's side. On a send the message may have been delivered all the same."""


class UnexpectedResponseError(ConnectlyError):
    """A 2xx answer that cannot be read. On a send the message was probably accepted; its id is lost.

    Attributes:
        status: The HTTP status.
        headers: Names and values as they came.
        body: The answer's bytes.
    """

    def __init__(self, message: str, *, status: int, headers: Headers = (), body: bytes = b"") -> None:
        """Keep the raw answer."""
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
    """The store of handled events cannot be used as it is: the text names the file, and what is wrong with it."""


# What may stand in a text unredacted: names and ids as the service forms them, and nothing that could be anything else.
_NAME = re.compile(r"[A-Z][A-Z_]{2,79}")
_TRACE_ID = re.compile(r"[0-9]{16,24}|[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def _is_shown(form: re.Pattern[str], name: str | None, personal: tuple[str, ...]) -> bool:
    """Say whether a name or an id has the service's form, and is no echo of what the request held."""
    if name is None or not form.fullmatch(name):
        return False
    return name.startswith("ERROR_CODE_") or not repeats(name, personal)


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
