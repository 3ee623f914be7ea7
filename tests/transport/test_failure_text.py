"""What is said of a failed exchange: true, useful, and never a library's own text."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import ssl
from typing import Any

import pytest
import trustme

from connectly_api.transport import Progress, Timeouts, Tls, Transport, WireRequest
from connectly_api.transport.adapters.auto import to_transport
from connectly_api.transport.failure_text import describe_failure
from connectly_api.transport.protocol import BrokenExchangeError, ClosedError, LateError
from tests.rough_server import (
    breaking_off,
    close_after_reading,
    free_port,
    hang_after_reading,
    reset_after_reading,
    rough_server,
)

REFUSED = f"{os.strerror(errno.ECONNREFUSED)} (ECONNREFUSED)"
UNACCEPTED = "the server's certificate was rejected"
RESET = f"{os.strerror(errno.ECONNRESET)} (ECONNRESET)"


def caused(error: BaseException, cause: BaseException) -> BaseException:
    error.__cause__ = cause
    return error


def certificate(code: int) -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "kestrel")
    error.verify_code = code
    return error


class ConnectError(Exception):
    """As pyreqwest's."""

    def __init__(self, *causes: object) -> None:
        super().__init__("kestrel", {"causes": causes})
        self.details = {"causes": list(causes)}


def rust(*messages: str) -> ConnectError:
    return ConnectError(*({"message": message} for message in ("error sending request", *messages)))


class ClientClosedError(Exception):
    """As pyreqwest's."""


class RemoteProtocolError(Exception):
    """As httpcore's and h11's."""


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (OSError(errno.ECONNREFUSED, "kestrel"), f"ConnectionRefusedError: {REFUSED}"),
        (caused(RuntimeError("kestrel"), ConnectionResetError(errno.ECONNRESET, "kestrel")), f"RuntimeError: {RESET}"),
        (OSError(99_999, "kestrel"), "OSError"),
        (OSError("kestrel"), "OSError"),
        (socket.gaierror(-2, "kestrel"), "gaierror: the host's name cannot be resolved"),
        (
            certificate(20),
            "SSLCertVerificationError: the server's certificate was rejected: its authority is not trusted",
        ),
        (certificate(9999), "SSLCertVerificationError: the server's certificate was rejected"),
        (ssl.SSLError(1, "kestrel"), "SSLError: TLS failed"),
        (caused(TimeoutError("kestrel"), ssl.SSLWantReadError(2, "kestrel")), "TimeoutError: no response in time"),
        (TimeoutError("kestrel"), "TimeoutError: no response in time"),
        (LateError("no response within 2.5 s"), "no response within 2.5 s"),
        (BrokenExchangeError("two responses arrived"), "two responses arrived"),
        (ClosedError(Progress()), "the client was closed"),
        (
            RemoteProtocolError("illegal status line: bytearray(b'kestrel')"),
            "RemoteProtocolError: the response is not HTTP",
        ),
        (
            RemoteProtocolError("Server disconnected without sending a response."),
            "RemoteProtocolError: the connection was closed without a response",
        ),
        (
            rust("tcp connect error", "kestrel (os error 111)"),
            f"ConnectError: {os.strerror(111)} ({errno.errorcode[111]})",
        ),
        (rust("dns error", "kestrel"), "ConnectError: the host's name cannot be resolved"),
        (rust("kestrel (os error 9999)"), "ConnectError"),
        (rust("invalid dns name"), "ConnectError: the host's name is not valid in TLS"),
        (rust("received corrupt message of type Kestrel"), "ConnectError: the server does not speak TLS"),
        (rust("tunnel error: unsuccessful"), "ConnectError: the proxy refused to open a tunnel"),
        (rust("tunnel error: proxy authorization required"), "ConnectError: the proxy returned 407"),
        (rust("tunnel error: unexpected end of file"), "ConnectError: the proxy closed the connection"),
        (rust("SOCKS error: kestrel"), "ConnectError: the SOCKS proxy opened no connection"),
        (ClientClosedError("kestrel"), "ClientClosedError: the client was closed"),
        (
            caused(OSError("kestrel"), ExceptionGroup("kestrel", [ValueError(), OSError(errno.ECONNREFUSED, "k")])),
            f"OSError: {REFUSED}",
        ),
        (
            rust("invalid peer certificate: Expired"),
            f"ConnectError: {UNACCEPTED}: it has expired",
        ),
        (
            rust('invalid peer certificate: certificate not valid for name "a"; certificate is only valid for kestrel'),
            f"ConnectError: {UNACCEPTED}: it is for another host",
        ),
        (rust("invalid peer certificate: kestrel"), f"ConnectError: {UNACCEPTED}"),
        (ConnectError("kestrel", {"message": 5}, 5), "ConnectError"),
        (ValueError("kestrel"), "ValueError"),
    ],
    ids=str,
)
def test_it_is_the_class_and_a_reason_of_ours(error: BaseException, text: str) -> None:
    assert describe_failure(error) == text


def test_what_has_no_known_reason_is_told_with_its_place() -> None:
    with pytest.raises(ValueError, match="kestrel") as caught:
        int("kestrel")

    assert describe_failure(caught.value).startswith(f"ValueError at {__file__}:")


def test_an_endless_chain_of_causes_ends() -> None:
    error = ValueError("kestrel")
    error.__context__ = other = ValueError("kestrel")
    other.__context__ = error

    assert describe_failure(error) == "ValueError"


async def failure(transport: Transport, url: str) -> str:
    with pytest.raises(Exception) as caught:  # noqa: PT011 (whatever the library raises)
        await transport.exchange(
            WireRequest("POST", url, (("X-API-Key", "key"),), b"{}"), Timeouts(connect=5, read=0.5), Progress()
        )
    await transport.aclose()
    return describe_failure(caught.value).removeprefix(f"{type(caught.value).__name__}: ")


@pytest.mark.parametrize("name", ["httpx", "pyreqwest"])
async def test_real_failures_are_told_apart(name: Any) -> None:
    authority = trustme.CA()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("other.example").configure_cert(tls)
    told: dict[str, str] = {"refused": await failure(to_transport(name), f"http://127.0.0.1:{free_port()}/")}
    for what, behaviour in {
        "reset": reset_after_reading,
        "closed": close_after_reading,
        "garbage": breaking_off(b"kestrel\r\n\r\n"),
        "silence": hang_after_reading,
    }.items():
        async with rough_server(behaviour) as server:
            told[what] = await failure(to_transport(name), server.base_url)
    async with rough_server(hang_after_reading, tls=tls) as server:
        told["authority"] = await failure(to_transport(name), server.base_url)
        trusting = to_transport(name, tls=Tls(authority.cert_pem.bytes()))
        told["host"] = await failure(trusting, server.base_url)
        await asyncio.sleep(0.05)

    host = told.pop("host")
    assert host in {f"{UNACCEPTED}: it is for another host", f"{UNACCEPTED}: it is for another IP address"}
    assert told == {
        "refused": REFUSED,
        "reset": RESET,
        "closed": "connection closed without a response"
        if name == "httpx"
        else "the connection was closed without a response",
        "garbage": "no HTTP response" if name == "httpx" else "the response is not HTTP",
        "silence": "no response in time",
        "authority": f"{UNACCEPTED}: its authority is not trusted",
    }
