"""What is said of a failed exchange: the exception's class, and a reason in our own words. Pure.

An exception's own text is never shown. HTTP libraries put what a server wrote into it (`illegal status line:
bytearray(b'…')`), and a server may write what it was sent. What is looked at instead cannot be written by a server: the
number of an operating system's error, OpenSSL's verdict on a certificate, and, as keys to sentences of ours, the fixed
sentences of the libraries.
"""

from __future__ import annotations

import errno
import os
import re
import socket
import ssl
import traceback
from collections.abc import Iterator, Mapping
from typing import Final, cast

from connectly_api.json_values import is_array, is_object
from connectly_api.transport.protocol import ExplainedError

__all__ = ["causes_of", "describe_failure", "explain_failure"]

_MOST: Final = 32
"""Causes, and causes of causes, that are looked at."""

_CERTIFICATE: Final = "the server's certificate is not accepted"
_NO_NAME: Final = "the host's name cannot be resolved"
_CLOSED: Final = "the connection was closed without an answer"
_NOT_HTTP: Final = "the answer is not HTTP"
_LATE: Final = "no answer in time"

_SENTENCES: Final[Mapping[str, str]] = {
    "Server disconnected without sending a response.": _CLOSED,
    "connection closed before message completed": _CLOSED,
    "dns error": _NO_NAME,
    "invalid dns name": "the host's name is no name that TLS can ask for",
    "received corrupt message": "the server does not speak TLS",
    "invalid HTTP version parsed": _NOT_HTTP,
    "invalid HTTP header parsed": _NOT_HTTP,
    "invalid HTTP status-code parsed": _NOT_HTTP,
    "operation timed out": _LATE,
    "tunnel error: io error establishing tunnel": "the connection broke while the proxy opened the tunnel",
    "tunnel error: missing connect host": "the proxy cannot be asked for this address",
    "tunnel error: proxy authorization required": "the proxy answered 407",
    "tunnel error: proxy headers too long for tunnel": "the proxy's answer is too long",
    "tunnel error: unexpected end of file": "the proxy closed the connection",
    "tunnel error: unsuccessful": "the proxy refused to open a tunnel",
}
# With what rustls, and a SOCKS proxy's client, add behind them.
_BEGINNINGS: Final[Mapping[str, str]] = {
    "received corrupt message": _SENTENCES["received corrupt message"],
    "SOCKS error": "the SOCKS proxy opened no connection",
    "socks connect error": "the SOCKS proxy opened no connection",
}
_CLASSES: Final[Mapping[str, str]] = {
    "ClientClosedError": "the client was closed",
    "ConnectTimeout": "no connection in time",
    "PoolTimeout": "no free connection in time",
    "ReadTimeout": _LATE,
    "RemoteProtocolError": _NOT_HTTP,
    "WriteTimeout": "not written in time",
}
# https://docs.openssl.org/3.0/man3/X509_STORE_CTX_get_error/, and what rustls calls the same.
_VERDICTS: Final[Mapping[int, str]] = {
    9: "it is not valid yet",
    10: "it has expired",
    18: "it is self-signed",
    19: "its authority is not trusted",
    20: "its authority is not trusted",
    21: "its authority is not trusted",
    62: "it is for another host",
    64: "it is for another address",
}
_RUSTLS: Final[Mapping[str, str]] = {
    "NotValidYet": _VERDICTS[9],
    "Expired": _VERDICTS[10],
    "UnknownIssuer": _VERDICTS[20],
    "NotValidForName": _VERDICTS[62],
    "certificate not valid for name": _VERDICTS[62],
    "certificate expired": _VERDICTS[10],
    "certificate not valid yet": _VERDICTS[9],
}
_RUSTLS_CERTIFICATE: Final = "invalid peer certificate: "
_RUST_NUMBER: Final = re.compile(r"\(os error ([0-9]{1,4})\)\Z")


def describe_failure(error: BaseException) -> str:
    """Return the class of an exception and why it was raised, without anything that a server may have written.

    Args:
        error: What an adapter raised.
    """
    if isinstance(error, ExplainedError):
        return str(error)
    name, reason = type(error).__name__, explain_failure(error)
    return f"{name}{_place(error)}" if reason is None else f"{name}: {reason}"


def explain_failure(error: BaseException | None) -> str | None:
    """Return why an exception was raised, in words of ours, or None where that is not known."""
    if error is None or isinstance(error, ExplainedError):
        return None if error is None else str(error)
    reason = next(filter(None, map(_reason, causes_of(error))), None)
    return _LATE if reason is None and isinstance(error, TimeoutError) else reason


def causes_of(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception and what led to it, a group's members included: each once, as they may lead to each other."""
    seen: set[int] = set()
    pending: list[BaseException | None] = [error]
    while pending and len(seen) < _MOST:
        one = pending.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        pending.append(one.__context__ if one.__cause__ is None else one.__cause__)
        if isinstance(one, BaseExceptionGroup):
            pending += reversed(cast("BaseExceptionGroup[BaseException]", one).exceptions)


def _reason(error: BaseException) -> str | None:
    match error:
        case ssl.SSLCertVerificationError():
            return _of_certificate(_VERDICTS.get(getattr(error, "verify_code", 0)))
        case ssl.SSLError():
            return None if type(error) in {ssl.SSLWantReadError, ssl.SSLWantWriteError} else "TLS failed"
        case socket.gaierror():
            return _NO_NAME
        case OSError() if error.errno is not None:
            return _of_number(error.errno)
        case _:
            known = (reason for text in _texts(error) if (reason := _of_text(text)) is not None)
            return next(known, None) or _CLASSES.get(type(error).__name__)


def _of_certificate(verdict: str | None) -> str:
    return _CERTIFICATE if verdict is None else f"{_CERTIFICATE}: {verdict}"


def _of_number(number: int) -> str | None:
    name = errno.errorcode.get(number)
    return None if name is None else f"{os.strerror(number)} ({name})"


def _texts(error: BaseException) -> Iterator[str]:
    """Yield the sentences that a library gave to an exception: keys to ours, and never shown themselves."""
    yield from (argument for argument in error.args if isinstance(argument, str))
    # pyreqwest's exceptions list what led to them, the deepest last.
    details: object = getattr(error, "details", None)
    causes = details.get("causes") if is_object(details) else None
    for cause in reversed(causes) if is_array(causes) else ():
        yield from (value for value in cause.values() if isinstance(value, str)) if is_object(cause) else ()


def _of_text(text: str) -> str | None:
    if text.startswith(_RUSTLS_CERTIFICATE):
        rest = text.removeprefix(_RUSTLS_CERTIFICATE)
        return _of_certificate(next((mine for theirs, mine in _RUSTLS.items() if rest.startswith(theirs)), None))
    if (number := _RUST_NUMBER.search(text)) is not None:
        return _of_number(int(number[1]))
    beginnings = (mine for theirs, mine in _BEGINNINGS.items() if text.startswith(theirs))
    return _SENTENCES.get(text) or next(beginnings, None)


def _place(error: BaseException) -> str:
    """Return where an exception was raised: it is a bug, and its text cannot be shown."""
    places = [(frame.f_code.co_filename, line) for frame, line in traceback.walk_tb(error.__traceback__)]
    return f" at {places[-1][0]}:{places[-1][1]}" if places else ""
