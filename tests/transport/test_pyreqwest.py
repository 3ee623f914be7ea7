"""What the pyreqwest adapter takes for a proof that nothing left, and what it makes of odd answers."""

from __future__ import annotations

import asyncio
import ssl
from typing import Any

import pytest
import trustme
from pyreqwest.exceptions import BuilderError, ConnectError, ConnectTimeoutError

from connectly_api.transport.adapters.pyreqwest import PyreqwestTransport
from connectly_api.transport.adapters.pyreqwest_exchange import _is_out_of_descriptors, _is_unconnected
from connectly_api.transport.protocol import Progress, Response, Timeouts, WireRequest
from tests.rough_server import (
    Behaviour,
    RoughServer,
    answer,
    answering,
    close_after_reading,
    free_port,
    rough_server,
    sent,
)
from tests.transport.test_adapters import post

SENDING = "error sending request for url (https://api.connectly.ai/)"


@pytest.mark.parametrize(
    ("causes", "proven"),
    [
        ([SENDING, "client error (Connect)", "tcp connect error", "Connection refused (os error 111)"], True),
        ([SENDING, "client error (Connect)"], True),
        ([SENDING, "client error (SendRequest)", "connection closed before message completed"], False),
        ([SENDING, "client error (SendRequest)", "client error (Connect)"], False),
        ([SENDING, "operation timed out"], False),
        ([SENDING, "client error (ConnectReset)"], False),
        ([SENDING], False),
        (["client error (Connect)"], False),
        (["error decoding response body", "client error (Connect)"], False),
        ([], False),
        (None, False),
    ],
)
@pytest.mark.parametrize("kind", [ConnectError, ConnectTimeoutError])
def test_only_the_chain_of_causes_proves_that_nothing_left(
    kind: type[ConnectError | ConnectTimeoutError], causes: list[str] | None, *, proven: bool
) -> None:
    error = kind("connection error", {"causes": None if causes is None else [{"message": cause} for cause in causes]})
    assert _is_unconnected(error) is proven


@pytest.mark.parametrize(
    ("request_", "settings"),
    [
        (WireRequest("POST", "nonsense", (), b""), {}),
        (WireRequest("POST", "http://", (), b""), {}),
        (WireRequest("POST", "ftp://127.0.0.1:1/", (), b""), {}),
        (WireRequest("P T", "http://127.0.0.1:1/", (), b""), {}),
        (WireRequest("POST", "http://127.0.0.1:1/", (("X", "a\nb"),), b""), {}),
    ],
)
async def test_what_cannot_be_built_is_not_sent_and_never_will_be(
    request_: WireRequest, settings: dict[str, Any]
) -> None:
    progress = Progress()
    transport = PyreqwestTransport(**settings)
    with pytest.raises(ValueError):  # noqa: PT011 (what the library raises, of whatever text)
        await transport.exchange(request_, Timeouts(), progress)
    await transport.aclose()
    assert not progress.may_have_left
    assert not progress.is_transient


async def refuse_the_tunnel(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, server: RoughServer) -> None:
    await server.read(reader)
    writer.write(answer(407))
    await writer.drain()


async def fail_the_tunnel(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, server: RoughServer) -> None:
    await server.read(reader)
    writer.write(answer(502))
    await writer.drain()


async def refuse_the_credentials(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, _server: RoughServer
) -> None:
    await reader.read(100)
    writer.write(b"\x05\x02")
    await reader.read(100)
    writer.write(b"\x01\x01")
    await reader.read()


async def want_other_credentials(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, _server: RoughServer
) -> None:
    await reader.read(100)
    writer.write(b"\x05\xff")
    await reader.read()


@pytest.mark.parametrize(
    ("behaviour", "scheme", "is_transient"),
    [
        (refuse_the_tunnel, "http", False),
        (fail_the_tunnel, "http", False),
        (close_after_reading, "http", True),
        (refuse_the_credentials, "socks5h", False),
        (want_other_credentials, "socks5h", False),
    ],
)
async def test_a_proxy_that_refuses_is_not_asked_again_as_its_reason_is_unknown_unless_it_hangs_up(
    behaviour: Behaviour, scheme: str, *, is_transient: bool
) -> None:
    progress = Progress()
    async with rough_server(behaviour) as proxy:
        address = proxy.base_url.replace("http://", f"{scheme}://user:password@")
        transport = PyreqwestTransport(proxy=address)
        with pytest.raises(ConnectError):
            await transport.exchange(post("https://127.0.0.1:1"), Timeouts(), progress)
        await transport.aclose()
    assert not progress.may_have_left
    assert progress.is_transient is is_transient


async def test_a_certificate_that_does_not_verify_never_will_and_a_refused_connection_may() -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    transport = PyreqwestTransport()
    async with rough_server(answering(sent()), tls=context) as server:
        for address, is_transient in ((server.base_url, False), (f"http://127.0.0.1:{free_port()}", True)):
            progress = Progress()
            with pytest.raises(ConnectError):
                await transport.exchange(post(address), Timeouts(), progress)
            assert (progress.may_have_left, progress.is_transient) == (False, is_transient)
    await transport.aclose()


BODY = b'{"id":"1"}'
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"

ODD = {
    "an encoding outside ASCII": HEAD + b"Content-Encoding: g\xe9zip\r\n\r\n" + BODY,
    "an encoding twice": HEAD + b"Content-Encoding: gzip\r\nContent-Encoding: gzip\r\n\r\n" + BODY,
    "an encoding that was not asked for": HEAD + b"Content-Encoding: br\r\n\r\n" + BODY,
    "an empty encoding": HEAD + b"Content-Encoding: \r\n\r\n" + BODY,
    "unknown encodings": HEAD + b"Content-Encoding: x-foo, bar\r\n\r\n" + BODY,
    "a header outside ASCII": HEAD + b"X-A: \xff\xfe\r\nX-B: ok\r\n\r\n" + BODY,
    "headers twice": HEAD + b"X-A: 1\r\nx-a: 2\r\nContent-Type: a\r\nContent-Type: b\r\n\r\n" + BODY,
    "a length twice": HEAD + b"Content-Length: 10\r\n\r\n" + BODY,
    "a length with zeros": b"HTTP/1.1 200 OK\r\nContent-Length: 0010\r\n\r\n" + BODY,
    "a folded header": HEAD + b"X-A: 1\r\n  2\r\n\r\n" + BODY,
    "a header without a name": HEAD + b": 1\r\n\r\n" + BODY,
    "a space in a name": HEAD + b"X A: 1\r\n\r\n" + BODY,
    "a space before the colon": HEAD + b"X-A : 1\r\n\r\n" + BODY,
    "a long header": HEAD + b"X-A: " + b"a" * 70_000 + b"\r\n\r\n" + BODY,
    "trailers": CHUNKED + b"Trailer: X\r\n\r\na\r\n" + BODY + b"\r\n0\r\nX-T: \xff1\r\n\r\n",
    "an extension of a chunk": CHUNKED + b"\r\na;x=y\r\n" + BODY + b"\r\n0\r\n\r\n",
    "100 before": b"HTTP/1.1 100 Continue\r\n\r\n" + HEAD + b"\r\n" + BODY,
    "103 before, three times": b"HTTP/1.1 103 Early\r\nLink: a\r\n\r\n" * 3 + HEAD + b"\r\n" + BODY,
    "no reason": b"HTTP/1.1 200\r\nContent-Length: 10\r\n\r\n" + BODY,
    "a reason outside ASCII": b"HTTP/1.1 200 \xc3\xa9\xff\r\nContent-Length: 10\r\n\r\n" + BODY,
    "HTTP/1.0": b"HTTP/1.0 200 OK\r\nContent-Length: 10\r\n\r\n" + BODY,
}

UNFINISHED = {
    "no body": (HEAD + b"\r\n", b""),
    "half a body": (HEAD + b'\r\n{"id"', b'{"id"'),
    "no chunk": (CHUNKED + b"\r\n", b""),
    "a chunk that is none": (CHUNKED + b"\r\nzz\r\n" + BODY, b""),
    "trailers that are none": (CHUNKED + b"\r\na\r\n" + BODY + b"\r\n0\r\nX T 1\r\n\r\n", None),
}


async def read_answer(raw: bytes) -> Response:
    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, server: RoughServer) -> None:
        await server.read(reader)
        writer.write(raw)
        await reader.read()

    transport = PyreqwestTransport()
    async with rough_server(behave) as server:
        response = await transport.exchange(post(server.base_url), Timeouts(connect=0.4, read=0.5), Progress())
        await transport.aclose()
    return response


@pytest.mark.parametrize("odd", ODD)
async def test_an_odd_answer_is_read_all_the_same(odd: str) -> None:
    response = await read_answer(ODD[odd])
    assert (response.status, response.body, response.complete) == (200, BODY, True)


@pytest.mark.parametrize("unfinished", UNFINISHED)
async def test_the_status_is_known_where_the_body_falls_silent_or_makes_no_sense(unfinished: str) -> None:
    raw, body = UNFINISHED[unfinished]
    response = await read_answer(raw)
    assert (response.status, response.complete) == (200, False)
    assert body is None or response.body == body


@pytest.mark.parametrize(
    ("cause", "lacks"), [("Too many open files (os error 24)", True), ("URL scheme is not allowed", False)]
)
def test_a_client_that_cannot_be_built_for_want_of_descriptors_may_be_later(cause: str, *, lacks: bool) -> None:
    assert _is_out_of_descriptors(BuilderError("builder error", {"causes": [{"message": cause}]})) is lacks
