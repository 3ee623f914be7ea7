"""The values that pass between the layers, and the protocol that an HTTP adapter implements.

Nothing here depends on an HTTP library, and no HTTP library's type passes through here.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from typing import Any, Generic, Protocol, TypeVar

import attrs

from connectly_api.errors import Headers, InvalidInputError
from connectly_api.number_checks import LARGEST_FINITE, is_number
from connectly_api.tracebacks import cut_init_traceback

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


@attrs.frozen
class RateKeys:
    """The rates that a message counts towards, if the client keeps a pace: by endpoint, sender and recipient.

    Attributes:
        endpoint: The operation, such as `send_message`, or None for a request that sends no message.
        sender: The sender's number; empty if the request has none.
        recipient: The recipient's number or BSUID; empty if the request has none.
    """

    endpoint: str | None
    sender: str = attrs.field(default="", repr=False)
    recipient: str = attrs.field(default="", repr=False)


@attrs.frozen
class Request(Generic[T_co]):
    """One call of one operation, before the base URL and the key are added: a pure value.

    Its repr shows the operation, never the path's ids or the content.
    """

    operation: str
    """The low-level function's name, such as `send_message`, for errors and log lines."""
    method: str
    """In capitals, such as `POST`."""
    path: str = attrs.field(repr=False)
    """Percent-encoded, with the leading slash: `/v1/businesses/biz_1/send/messages`."""
    parse: Callable[[object], T_co] = attrs.field(repr=False, eq=False)
    """Reads the decoded JSON of a 2xx response (`None` for an empty body); raises `ValueError` if it cannot."""
    query: tuple[tuple[str, str], ...] = attrs.field(default=(), repr=False)
    """Names and values, not yet percent-encoded, in order."""
    headers: Headers = attrs.field(default=(), repr=False)
    """Header parameters of the operation. The pipeline always sets the key and the content type itself."""
    content: bytes | None = attrs.field(default=None, repr=False)
    """The body's exact bytes (UTF-8 JSON), or None if the operation has none."""
    rate_keys: RateKeys | None = attrs.field(default=None, repr=False, eq=False)
    """The rates that the request counts towards; if None, they are read from the content of a `send_…` operation."""


@attrs.frozen
class WireRequest:
    """What an adapter puts on the wire."""

    method: str
    url: str = attrs.field(repr=False)
    """Absolute, percent-encoded, query included."""
    headers: Headers = attrs.field(repr=False)
    content: bytes | None = attrs.field(repr=False)
    rate_keys: RateKeys | None = attrs.field(default=None, repr=False, eq=False)
    """See `Request.rate_keys`; not sent."""
    operation: str = attrs.field(default="", eq=False)
    """See `Request.operation`; not sent."""


@attrs.frozen
class Response:
    """The raw response behind every result."""

    status: int
    headers: Headers = attrs.field(default=(), repr=False)
    """Names and values in the order received; a name may occur twice."""
    body: bytes = attrs.field(default=b"", repr=False)
    complete: bool = True
    """False if the connection broke, or the size limit was reached, after the head: `body` is then incomplete."""

    def header(self, name: str) -> str | None:
        """Return the first value of a header, whatever the case of its name, or None."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)


def is_send(operation: str) -> bool:
    """Return whether a low-level function, by its name, sends a message."""
    return operation.startswith("send_")


def is_success(status: int) -> bool:
    """Return whether a status is a 2xx."""
    return 200 <= status < 300  # noqa: PLR2004 (2xx)


@attrs.frozen
class Answer(Generic[T]):
    """A parsed 2xx response, with the raw one."""

    value: T = attrs.field(repr=False)
    response: Response


def check_seconds(field: str, value: object) -> float:
    """Return a number of seconds above 0; `math.inf` means no limit.

    Raises:
        InvalidInputError: It is something else.
    """
    if not is_number(value) or not (0 < value <= LARGEST_FINITE or value == math.inf):
        raise InvalidInputError(f"{field}: must be a number of seconds above 0, or math.inf for no limit", field=field)
    return float(value)


def _validate_seconds(_instance: object, attribute: attrs.Attribute[float], value: float) -> None:
    check_seconds(attribute.name, value)


@cut_init_traceback
@attrs.frozen
class Timeouts:
    """How long to wait, in seconds; `math.inf` waits forever.

    Attributes:
        total: The whole call: every attempt, and the pauses between them.
        connect: One connection attempt, TLS included.
        read: The longest time without a byte from the server, before and within its response.
    """

    total: float = attrs.field(default=30.0, validator=_validate_seconds)
    connect: float = attrs.field(default=5.0, validator=_validate_seconds)
    read: float = attrs.field(default=20.0, validator=_validate_seconds)


class Progress:
    """What is known about a request that got no response: whether it may have left this machine.

    The pipeline makes one for each attempt and reads it when the attempt fails. It starts pessimistic: an adapter sets
    `may_have_left` to False only if it can watch the request leave, and back to True just before the first byte goes.
    An exception's name proves nothing: libraries raise "connect" errors for requests that a server has read.

    Attributes:
        may_have_left: Whether the request may have left.
        is_transient: For a request that did not leave, whether the same request may succeed later: False for a
            certificate that does not verify, True for a refused connection. None lets the pipeline decide by the
            exception: an `OSError` or a `TimeoutError` is transient, anything else is a bug or a setting.
    """

    __slots__ = ("is_transient", "may_have_left")

    def __init__(self) -> None:
        """Assume that the request may have left."""
        self.may_have_left = True
        self.is_transient: bool | None = None


class ExplainedError(Exception):
    """A failure whose text is this package's own, and safe to show."""


class BrokenExchangeError(ExplainedError, ConnectionError):
    """A connection could not be made, or returned no usable response."""


class LateError(ExplainedError, TimeoutError):
    """A timeout ended the exchange."""


class ClosedError(ExplainedError, RuntimeError):
    """An adapter was asked to send after it was closed, perhaps by a call that was waiting its turn."""

    def __init__(self, progress: Progress) -> None:
        """Record that the request did not leave, and never will."""
        progress.may_have_left = False
        progress.is_transient = False
        super().__init__("the client was closed")


class Transport(Protocol):
    """An HTTP client that sends and receives plain bytes; only its implementations know an HTTP library.

    It never retries, never follows a redirect, and never looks at a status. The pipeline turns whatever it raises into
    a typed error, depending on `progress`.

    It may also have a method `check_base_url(base_url)`, which raises `InvalidInputError` for a URL that it must not
    send to. The pipeline calls it once, before anything is sent.
    """

    def exchange(self, request: WireRequest, timeouts: Timeouts, progress: Progress) -> Awaitable[Response]:
        """Send one request and read the whole response; usually an `async def`.

        Args:
            request: What to put on the wire, byte for byte.
            timeouts: The adapter enforces `connect` and `read`; the pipeline enforces `total`, by cancellation.
            progress: Where to record that the request has certainly not left, and then that it may have.
        """
        ...

    async def aclose(self) -> None:
        """Close every connection, and open no more. Calling it twice is fine."""
        ...


class Instrumentation(Protocol):
    """Observes calls and their attempts; `connectly_api.telemetry.Telemetry` is one."""

    def wrap_transport(self, transport: Transport) -> Transport:
        """Return an adapter that records each attempt and sends through another."""
        ...

    def trace_call(
        self, request: Request[object], base_url: str
    ) -> AbstractContextManager[Callable[[Answer[Any]], None]]:
        """Record one call with its attempts; the body passes its answer to the function that the context yields."""
        ...


class ResponseWatcher(Protocol):
    """Watches the responses that calls end with; `connectly_api.drift.DriftMonitor` is one."""

    def watch_response(self, operation: str, response: Response, parsed: object) -> None:
        """Look at a response, and at what its body was parsed into: None if the status is not 2xx. Never raises."""
        ...
