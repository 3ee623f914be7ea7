"""What passes between the layers: plain values over bytes, and the protocol that an HTTP adapter fulfils.

Nothing here depends on an HTTP library, and no HTTP library's type passes through here.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Awaitable, Callable
from typing import Final, Generic, Protocol, TypeVar

import attrs

from connectly_api.errors import Headers, InvalidInputError
from connectly_api.tracebacks import cut_init_traceback

__all__ = [
    "Answer",
    "BrokenExchangeError",
    "ClosedError",
    "ExplainedError",
    "LateError",
    "Progress",
    "Request",
    "Response",
    "Timeouts",
    "Transport",
    "WireRequest",
    "check_seconds",
]

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

# Beyond it are integers that no float holds.
_LARGEST: Final = sys.float_info.max


@attrs.frozen
class Request(Generic[T_co]):
    """One call of one operation, before an address and a key are added: a pure value.

    Its repr shows the operation, never the path's ids or the content.
    """

    operation: str
    """The low-level function's name, `send_message`: for errors and log lines."""
    method: str
    """In capitals, `POST`."""
    path: str = attrs.field(repr=False)
    """Percent-encoded, from the first slash on: `/v1/businesses/biz_1/send/messages`."""
    parse: Callable[[object], T_co] = attrs.field(repr=False, eq=False)
    """Reads the decoded JSON of a 2xx answer (`None` where the body was empty); raises `ValueError` if it cannot."""
    query: tuple[tuple[str, str], ...] = attrs.field(default=(), repr=False)
    """Names and values, not yet percent-encoded, in order."""
    headers: Headers = attrs.field(default=(), repr=False)
    """Header parameters of the operation; the pipeline adds the key and the content type, whatever stands here."""
    content: bytes | None = attrs.field(default=None, repr=False)
    """The body's exact bytes (UTF-8 JSON), or None where the operation has none."""


@attrs.frozen
class WireRequest:
    """What an adapter puts on the wire."""

    method: str
    url: str = attrs.field(repr=False)
    """Absolute, percent-encoded, query included."""
    headers: Headers = attrs.field(repr=False)
    content: bytes | None = attrs.field(repr=False)


@attrs.frozen
class Response:
    """What came back, as it came: the raw answer behind every result."""

    status: int
    headers: Headers = attrs.field(default=(), repr=False)
    """Names and values in the order in which they came; a name may come twice."""
    body: bytes = attrs.field(default=b"", repr=False)
    complete: bool = True
    """False where the connection broke, or the size limit struck, after the head: `body` is then what came so far."""

    def header(self, name: str) -> str | None:
        """Return the first value of a header, whatever the case of its name, or None."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)


@attrs.frozen
class Answer(Generic[T]):
    """A parsed 2xx answer beside the raw one."""

    value: T = attrs.field(repr=False)
    response: Response


def _is_time(value: float) -> bool:
    return 0 < value <= _LARGEST or value == math.inf


def check_seconds(field: str, value: object) -> float:
    """Return a number of seconds above 0; `math.inf` stands for no limit.

    Raises:
        InvalidInputError: It is not.
    """
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not _is_time(value):
        raise InvalidInputError(f"{field}: must be a number of seconds above 0, or math.inf for no limit", field=field)
    return float(value)


def _seconds(_instance: object, attribute: attrs.Attribute[float], value: float) -> None:
    check_seconds(attribute.name, value)


@cut_init_traceback
@attrs.frozen
class Timeouts:
    """How long to wait, in seconds; `math.inf` waits without end.

    Attributes:
        total: The whole call: every try, and the pauses between tries.
        connect: One connection attempt, TLS included.
        read: One silence of the server while its answer is awaited or read.
    """

    total: float = attrs.field(default=30.0, validator=_seconds)
    connect: float = attrs.field(default=5.0, validator=_seconds)
    read: float = attrs.field(default=20.0, validator=_seconds)


class Progress:
    """What is known of a request that did not end with an answer: may it have left this machine?

    The pipeline makes one for each try and reads it when the try fails. It starts pessimistic; an adapter sets
    `may_have_left` to False only where it can watch the request leave, and back to True just before the first byte
    goes. An exception's name is no such proof: libraries raise "connect" errors for requests that a server has read.

    Attributes:
        may_have_left: Whether the request may have left.
        may_pass: For a request that did not leave, whether the same request may fare better later: no for a certificate
            that does not verify, yes for a refused connection. None leaves it to the pipeline, which goes by the
            exception: an `OSError` or a `TimeoutError` may pass, anything else is a bug or a setting.
    """

    __slots__ = ("may_have_left", "may_pass")

    def __init__(self) -> None:
        """Start with the request possibly gone."""
        self.may_have_left = True
        self.may_pass: bool | None = None


class ExplainedError(Exception):
    """A failure in this package's own words, so its text is shown; a library's may hold what a server wrote."""


class BrokenExchangeError(ExplainedError, ConnectionError):
    """A connection could not be made, or brought no usable answer."""


class LateError(ExplainedError, TimeoutError):
    """A time-out ended the exchange."""


class ClosedError(ExplainedError, RuntimeError):
    """What an adapter raises that is asked to send after its end, by a call that was waiting for its turn perhaps."""

    def __init__(self, progress: Progress) -> None:
        """Note of the request that it did not leave, and never will."""
        progress.may_have_left = False
        progress.may_pass = False
        super().__init__("the client was closed")


class Transport(Protocol):
    """An HTTP client over plain bytes: the one room in which an HTTP library is known by name.

    It never retries, follows a redirect, or looks at a status. Whatever it raises, the pipeline turns into a typed
    error, by what `progress` says.

    It may also have a method `check_base_url(base_url)`, which raises `InvalidInputError` where it must not send to an
    address. The pipeline calls it once, before anything is sent.
    """

    def exchange(self, request: WireRequest, timeouts: Timeouts, progress: Progress) -> Awaitable[Response]:
        """Send one request and read the whole answer; usually an `async def`.

        Args:
            request: What to put on the wire, byte for byte.
            timeouts: `connect` and `read` are the adapter's to keep; `total` is kept by the pipeline, by cancellation.
            progress: Where to note that the request is certainly still here, and when it may have left.
        """
        ...

    async def aclose(self) -> None:
        """Close every connection, and open none from now on. Calling it twice is fine."""
        ...
