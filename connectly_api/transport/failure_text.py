"""The text for a failed exchange: the exception's class, and a reason in our own words. Pure.

An exception's own text is never shown. HTTP libraries put what a server wrote into it (`illegal status line:
bytearray(b'…')`), and a server may repeat what it was sent. So the reason comes only from what a server cannot write:
the operating system's error number, OpenSSL's code for a certificate, and fixed sentences of the libraries, which are
looked up here and never shown themselves.
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

_MOST: Final = 32
"""How many causes, and causes of causes, are examined."""

_CERTIFICATE: Final = "the server's certificate was rejected"
_NO_NAME: Final = "the host's name cannot be resolved"
_CLOSED: Final = "the connection was closed without a response"
_NOT_HTTP: Final = "the response is not HTTP"
_LATE: Final = "no response in time"

_SENTENCES: Final[Mapping[str, str]] = {
    "Server disconnected without sending a response.": _CLOSED,
    "connection closed before message completed": _CLOSED,
    "dns error": _NO_NAME,
    "invalid dns name": "the host's name is not valid in TLS",
    "received corrupt message": "the server does not speak TLS",
    "invalid HTTP version parsed": _NOT_HTTP,
    "invalid HTTP header parsed": _NOT_HTTP,
    "invalid HTTP status-code parsed": _NOT_HTTP,
    "operation timed out": _LATE,
    "tunnel error: io error establishing tunnel": "the connection broke while the proxy opened the tunnel",
    "tunnel error: missing connect host": "the proxy cannot be asked for this host",
    "tunnel error: proxy authorization required": "the proxy returned 407",
    "tunnel error: proxy headers too long for tunnel": "the proxy's response is too long",
    "tunnel error: unexpected end of file": "the proxy closed the connection",
    "tunnel error: unsuccessful": "the proxy refused to open a tunnel",
}
# rustls and a SOCKS proxy's client append more text.
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
# https://docs.openssl.org/3.0/man3/X509_STORE_CTX_get_error/
_CERTIFICATE_PROBLEMS: Final[Mapping[int, str]] = {
    9: "it is not valid yet",
    10: "it has expired",
    18: "it is self-signed",
    19: "its authority is not trusted",
    20: "its authority is not trusted",
    21: "its authority is not trusted",
    62: "it is for another host",
    64: "it is for another IP address",
}
_RUSTLS: Final[Mapping[str, str]] = {
    "NotValidYet": _CERTIFICATE_PROBLEMS[9],
    "Expired": _CERTIFICATE_PROBLEMS[10],
    "UnknownIssuer": _CERTIFICATE_PROBLEMS[20],
    "NotValidForName": _CERTIFICATE_PROBLEMS[62],
    "certificate not valid for name": _CERTIFICATE_PROBLEMS[62],
    "certificate expired": _CERTIFICATE_PROBLEMS[10],
    "certificate not valid yet": _CERTIFICATE_PROBLEMS[9],
}
_RUSTLS_CERTIFICATE: Final = "invalid peer certificate: "
_RUST_NUMBER: Final = re.compile(r"\(os error ([0-9]{1,4})\)\Z")


def describe_failure(error: BaseException) -> str:
    """Return an exception's class and why it was raised, without anything that a server may have written."""
    if isinstance(error, ExplainedError):
        return str(error)
    name, reason = type(error).__name__, explain_failure(error)
    return f"{name}{_locate(error)}" if reason is None else f"{name}: {reason}"


def explain_failure(error: BaseException | None) -> str | None:
    """Return why an exception was raised, in our own words; None if that is unknown."""
    if error is None or isinstance(error, ExplainedError):
        return None if error is None else str(error)
    reason = next(filter(None, map(_explain, walk_causes(error))), None)
    return _LATE if reason is None and isinstance(error, TimeoutError) else reason


def walk_causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception and its causes, with the members of groups: each once, as they may form a cycle."""
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


def _explain(error: BaseException) -> str | None:
    match error:
        case ssl.SSLCertVerificationError():
            return _explain_certificate(_CERTIFICATE_PROBLEMS.get(getattr(error, "verify_code", 0)))
        case ssl.SSLError():
            return None if type(error) in {ssl.SSLWantReadError, ssl.SSLWantWriteError} else "TLS failed"
        case socket.gaierror():
            return _NO_NAME
        case OSError() if error.errno is not None:
            return _explain_errno(error.errno)
        case _:
            known = (reason for text in _read_texts(error) if (reason := _explain_text(text)) is not None)
            return next(known, None) or _CLASSES.get(type(error).__name__)


def _explain_certificate(problem: str | None) -> str:
    return _CERTIFICATE if problem is None else f"{_CERTIFICATE}: {problem}"


def _explain_errno(number: int) -> str | None:
    name = errno.errorcode.get(number)
    return None if name is None else f"{os.strerror(number)} ({name})"


def _read_texts(error: BaseException) -> Iterator[str]:
    yield from (argument for argument in error.args if isinstance(argument, str))
    # pyreqwest's exceptions list their causes, the deepest last.
    details: object = getattr(error, "details", None)
    causes = details.get("causes") if is_object(details) else None
    for cause in reversed(causes) if is_array(causes) else ():
        yield from (value for value in cause.values() if isinstance(value, str)) if is_object(cause) else ()


def _explain_text(text: str) -> str | None:
    if text.startswith(_RUSTLS_CERTIFICATE):
        rest = text.removeprefix(_RUSTLS_CERTIFICATE)
        return _explain_certificate(next((ours for theirs, ours in _RUSTLS.items() if rest.startswith(theirs)), None))
    if (number := _RUST_NUMBER.search(text)) is not None:
        return _explain_errno(int(number[1]))
    beginnings = (ours for theirs, ours in _BEGINNINGS.items() if text.startswith(theirs))
    return _SENTENCES.get(text) or next(beginnings, None)


def _locate(error: BaseException) -> str:
    """Return where an exception was raised: it is probably a bug, but its text cannot be shown."""
    places = [(frame.f_code.co_filename, line) for frame, line in traceback.walk_tb(error.__traceback__)]
    return f" at {places[-1][0]}:{places[-1][1]}" if places else ""
