"""Sweeps: connections cut at each byte, odd answers, broken proxies, through the client and every adapter.

The server counts what it read. Whatever goes wrong, a send is seen once at most, and the error's two facts are right.
"""

from __future__ import annotations

import asyncio
import gzip
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trustme

from connectly_api import (
    ApiError,
    Connectly,
    ConnectlyError,
    NotSentError,
    OutcomeUnknownError,
    RateLimitError,
    RequestRejectedError,
    Retry,
    ServerError,
    Timeouts,
    UnexpectedResponseError,
)
from tests.rough_server import Behaviour, RoughServer, answer, breaking_off, reset, rough_server, sent

ADAPTERS = ["httpx", "pyreqwest"]
ID = "01ARZ3NDEKTSV4RRFFQ69G5FAV"


@asynccontextmanager
async def connected(name: str, base_url: str, **changes: Any) -> AsyncIterator[Connectly]:
    settings: dict[str, Any] = {
        "timeouts": Timeouts(total=30, connect=10, read=10),
        "retry": Retry(attempts=1),
        "transport": name,
        **changes,
    }
    async with Connectly(api_key="k", business_id="b", base_url=base_url, **settings) as client:
        yield client


async def outcome(client: Connectly) -> str | ConnectlyError:
    try:
        return (await client.send_text("+16044441111", "hello")).id
    except ConnectlyError as error:
        return error


def check_facts(how: str | ConnectlyError, server: RoughServer) -> None:
    """Whatever was sent was seen once; what was not was not; and an error says which of them it is."""
    assert len(server.requests) <= 1
    if isinstance(how, NotSentError):
        assert (how.may_have_taken_effect, server.requests) == (False, [])
    elif isinstance(how, (OutcomeUnknownError, ServerError, UnexpectedResponseError)):
        assert (how.may_have_taken_effect, how.retry_safe) == (True, False)
    elif isinstance(how, ConnectlyError):
        assert how.retry_safe == isinstance(how, RateLimitError)
        assert len(server.requests) == 1
    else:
        assert len(server.requests) == 1


ANSWERS: dict[str, bytes] = {
    "with a length": sent(ID),
    "in chunks": b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\n{"id":\r\n1d\r\n"'
    + ID.encode()
    + b'"}\r\n0\r\nX: 1\r\n\r\n',
    "500": answer(500, b'{"message":"boom","code":"ERROR_CODE_UNSPECIFIED"}'),
}


def cut_answer(whole: bytes, length: int, how: str) -> Behaviour:
    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, server: RoughServer) -> None:
        await server.read(reader)
        writer.write(whole[:length])
        await writer.drain()
        if how == "reset":
            await asyncio.sleep(0.001)  # Else what was written is lost, and each cut is the same.
            reset(writer)

    return behave


def cut_request(length: int, how: str) -> Behaviour:
    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, _server: RoughServer) -> None:
        if length:
            await reader.readexactly(length)
        if how == "reset":
            reset(writer)

    return behave


@asynccontextmanager
async def sweeping(
    name: str,
) -> AsyncIterator[Callable[[Behaviour], Awaitable[tuple[str | ConnectlyError, RoughServer]]]]:
    """Yield a function that sends one message to a server of such a behaviour; the client is the same for all."""
    behaviours: list[Behaviour] = []

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, server: RoughServer) -> None:
        await behaviours[-1](reader, writer, server)

    async with rough_server(behave) as server, connected(name, server.base_url) as client:

        async def send(behaviour: Behaviour) -> tuple[str | ConnectlyError, RoughServer]:
            behaviours.append(behaviour)
            server.requests.clear()
            server.connections = 0
            found = await outcome(client)
            check_facts(found, server)
            return found, server

        yield send


async def sweep_answers(name: str, lengths: Callable[[int], Iterable[int]]) -> None:
    async with sweeping(name) as send:
        for label, whole in ANSWERS.items():
            for length in lengths(len(whole)):
                for how in ("close", "reset"):
                    found, server = await send(cut_answer(whole, length, how))
                    assert (len(server.requests), server.connections) == (1, 1)
                    assert isinstance(found, OutcomeUnknownError) or (label == "500" and isinstance(found, ServerError))


async def sweep_requests(name: str, step: int) -> None:
    async with sweeping(name) as send:
        _, server = await send(breaking_off(sent()))
        whole = len(server.requests[0])
        for length in range(0, whole, step):
            for how in ("close", "reset"):
                found, _ = await send(cut_request(length, how))
                # The reset may come while the connection is still being opened.
                assert isinstance(found, OutcomeUnknownError) or (isinstance(found, NotSentError) and length == 0)


@pytest.mark.parametrize("name", ADAPTERS)
async def test_an_answer_that_is_cut_here_and_there_leaves_the_outcome_unknown(name: str) -> None:
    await sweep_answers(name, lambda whole: (0, 5, 13, 40, whole - 1))


@pytest.mark.parametrize("name", ADAPTERS)
async def test_a_request_that_is_cut_here_and_there_leaves_the_outcome_unknown(name: str) -> None:
    await sweep_requests(name, 97)


@pytest.mark.long
@pytest.mark.parametrize("name", ADAPTERS)
async def test_an_answer_that_is_cut_at_any_byte_leaves_the_outcome_unknown(name: str) -> None:
    await sweep_answers(name, range)


@pytest.mark.long
@pytest.mark.parametrize("name", ADAPTERS)
async def test_a_request_that_is_cut_at_any_byte_leaves_the_outcome_unknown(name: str) -> None:
    await sweep_requests(name, 1)


OK = b'{"id":"%b"}' % ID.encode()
HEAD = b"HTTP/1.1 200 OK\r\n"
Kinds = set[type[object]]
SENT: Kinds = {str}
UNKNOWN: Kinds = {OutcomeUnknownError}
UNREADABLE: Kinds = {UnexpectedResponseError}


def encoded(name: str, body: bytes = OK) -> bytes:
    return answer(200, body, [("Content-Encoding", name)])


def sized(value: bytes, body: bytes = OK) -> bytes:
    return HEAD + b"Content-Length: " + value + b"\r\n\r\n" + body


def in_chunks(body: bytes, name: bytes = b"Transfer-Encoding: chunked") -> bytes:
    return HEAD + name + b"\r\n\r\n" + body


CHUNK = b"%x\r\n%b\r\n" % (len(OK), OK)
# Each answer, after which the connection ends, and what it may come to. Where two parsers differ, either is right.
ODD: dict[str, tuple[bytes, Kinds]] = {
    **{f"status {status}": (answer(status, OK), SENT | UNREADABLE) for status in (200, 201, 202, 203, 206, 226, 299)},
    **{f"status {status}": (answer(status, b"{}"), UNREADABLE) for status in (204, 205)},
    **{
        f"status {status}": (answer(status, b""), {ApiError})
        for status in (300, 301, 302, 303, 304, 307, 308, 402, 405, 406, 408, 410, 413, 414, 418, 421, 423, 451, 499)
    },
    **{f"status {status}": (answer(status, b"{}"), {RequestRejectedError}) for status in (400, 422)},
    **{
        f"status {status}": (answer(status, b"x"), {ServerError}) for status in (500, 501, 502, 503, 504, 507, 520, 599)
    },
    **{f"status {status}": (answer(status, b"x"), {ServerError, OutcomeUnknownError}) for status in (600, 799, 999)},
    **{
        f"status {status!r}": (b"HTTP/1.1 %b X\r\nContent-Length: 0\r\n\r\n" % status, UNKNOWN)
        for status in (b"0", b"20", b"2000", b"-1", b"abc", b"", b"099", b"2OO", b"\xb2\xb0\xb0")
    },
    "status 429": (answer(429, b""), {RateLimitError}),
    "only 100": (b"HTTP/1.1 100 Continue\r\n\r\n", UNKNOWN),
    "100, then 200": (b"HTTP/1.1 100 Continue\r\n\r\n" + sent(ID), SENT),
    "many 103, then 200": (b"HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n" * 20 + sent(ID), SENT),
    "101": (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n", UNKNOWN | {ApiError}),
    "no reason": (b"HTTP/1.1 200\r\nContent-Length: %d\r\n\r\n%b" % (len(OK), OK), SENT | UNKNOWN),
    "an empty reason": (b"HTTP/1.1 200 \r\nContent-Length: %d\r\n\r\n%b" % (len(OK), OK), SENT | UNKNOWN),
    "a reason outside ASCII": (
        b"HTTP/1.1 200 \xfc\xff\r\nContent-Length: %d\r\n\r\n%b" % (len(OK), OK),
        SENT | UNKNOWN,
    ),
    "HTTP/1.0": (b"HTTP/1.0 200 OK\r\n\r\n" + OK, SENT),
    "HTTP/1.2": (b"HTTP/1.2 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(OK), OK), SENT | UNKNOWN),
    "HTTP/0.9": (OK, UNKNOWN),
    "HTTP/2.0 in words": (b"HTTP/2.0 200 OK\r\nContent-Length: 2\r\n\r\n{}", UNKNOWN | UNREADABLE),
    "HTTP/2's settings": (b"\0\0\0\4\0\0\0\0\0", UNKNOWN),
    "small letters": (b"http/1.1 200 ok\r\ncontent-length: %d\r\n\r\n%b" % (len(OK), OK), SENT | UNKNOWN),
    "ICY": (b"ICY 200 OK\r\n\r\n" + OK, UNKNOWN),
    "a line end first": (b"\r\n" + sent(ID), SENT | UNKNOWN),
    "spaces first": (b"  " + sent(ID), SENT | UNKNOWN),
    "a mark first": (b"\xef\xbb\xbf" + sent(ID), UNKNOWN),
    "line feeds alone": (sent(ID).replace(b"\r\n", b"\n"), SENT | UNKNOWN),
    "carriage returns alone": (sent(ID).replace(b"\r\n", b"\r"), UNKNOWN),
    "TLS's alert": (b"\x15\x03\x01\x00\x02\x02\x28", UNKNOWN),
    "SSH": (b"SSH-2.0-OpenSSH_9.6\r\n", UNKNOWN),
    "SMTP": (b"220 mail.example ESMTP\r\n", UNKNOWN),
    "nothing": (b"", UNKNOWN),
    "zeros": (bytes(1000), UNKNOWN),
    "every byte": (bytes(range(256)), UNKNOWN),
    "a folded header": (HEAD + b"X-A: 1\r\n  2\r\nContent-Length: %d\r\n\r\n%b" % (len(OK), OK), SENT | UNKNOWN),
    "a header without a colon": (HEAD + b"X-A\r\nContent-Length: %d\r\n\r\n%b" % (len(OK), OK), SENT | UNKNOWN),
    "a header without a name": (HEAD + b": 1\r\nContent-Length: %d\r\n\r\n%b" % (len(OK), OK), SENT | UNKNOWN),
    "a space before a colon": (HEAD + b"X-A : 1\r\nContent-Length: %d\r\n\r\n%b" % (len(OK), OK), SENT | UNKNOWN),
    "a zero in a header": (HEAD + b"X-A: \0\r\nContent-Length: %d\r\n\r\n%b" % (len(OK), OK), SENT | UNKNOWN),
    "a header outside ASCII": (HEAD + b"X-A: \xfc\r\nContent-Length: %d\r\n\r\n%b" % (len(OK), OK), SENT),
    "a name outside ASCII": (HEAD + b"X-\xfc: 1\r\nContent-Length: %d\r\n\r\n%b" % (len(OK), OK), SENT | UNKNOWN),
    "300 headers": (answer(200, OK, [(f"X-{n}", "1") for n in range(300)]), SENT | UNKNOWN),
    "a header of 200 KB": (answer(200, OK, [("X-A", "a" * 200_000)]), SENT | UNKNOWN),
    "cookies": (answer(200, OK, [("Set-Cookie", "a=b"), ("Set-Cookie", "c=d")]), SENT),
    "no length": (HEAD + b"\r\n" + OK, SENT),
    "no length, kept alive": (HEAD + b"Connection: keep-alive\r\n\r\n" + OK, SENT),
    "a length too short": (sized(b"5"), UNREADABLE | UNKNOWN),
    "a length too long": (sized(b"500"), UNKNOWN),
    "a length of zero": (sized(b"0"), UNREADABLE | UNKNOWN),
    "the same length twice": (sized(b"%d\r\nContent-Length: %d" % (len(OK), len(OK))), SENT | UNKNOWN),
    "two lengths": (sized(b"%d\r\nContent-Length: 5" % len(OK)), UNKNOWN),
    "a list of one length": (sized(b"%d, %d" % (len(OK), len(OK))), SENT | UNKNOWN),
    **{
        f"a length of {value!r}": (sized(value), UNKNOWN)
        for value in (b"-1", b"+%d" % len(OK), b"0x24", b"many", b"1e2", b"3.0", b"9" * 30)
    },
    "an empty length": (sized(b""), SENT | UNKNOWN),
    "a length of 2**63": (sized(b"%d" % 2**63), UNKNOWN),
    "a length and chunks": (sized(b"5\r\nTransfer-Encoding: chunked", CHUNK + b"0\r\n\r\n"), SENT | UNKNOWN),
    "chunks": (in_chunks(CHUNK + b"0\r\n\r\n"), SENT),
    "chunks in capitals": (in_chunks(CHUNK + b"0\r\n\r\n", b"TRANSFER-ENCODING: CHUNKED"), SENT),
    "chunks with extensions": (in_chunks(CHUNK.replace(b"\r\n", b";a=b\r\n", 1) + b"0\r\n\r\n"), SENT),
    "chunks with trailers": (in_chunks(CHUNK + b"0\r\nX-A: 1\r\n\r\n"), SENT),
    "chunks without an end": (in_chunks(CHUNK), UNKNOWN),
    "chunks without the last line end": (in_chunks(CHUNK + b"0\r\n"), UNKNOWN),
    "a chunk of a wrong size": (in_chunks(b"5\r\n" + OK + b"\r\n0\r\n\r\n"), UNKNOWN),
    "a chunk of no size": (in_chunks(b"\r\n" + OK + b"\r\n0\r\n\r\n"), UNKNOWN),
    "a chunk of a negative size": (in_chunks(b"-5\r\n" + OK + b"\r\n0\r\n\r\n"), UNKNOWN),
    "a chunk of a size of 30 digits": (in_chunks(b"f" * 30 + b"\r\n" + OK), UNKNOWN),
    "chunked twice": (in_chunks(CHUNK + b"0\r\n\r\n", b"Transfer-Encoding: chunked, chunked"), SENT | UNKNOWN),
    "an unknown transfer": (in_chunks(OK, b"Transfer-Encoding: rot13"), SENT | UNKNOWN),
    "gzip, then chunks": (
        in_chunks(
            b"%x\r\n%b\r\n0\r\n\r\n" % (len(gzip.compress(OK)), gzip.compress(OK)), b"Transfer-Encoding: gzip, chunked"
        ),
        SENT | UNKNOWN | UNREADABLE,
    ),
    "gzip": (encoded("gzip", gzip.compress(OK)), SENT),
    "gzip that is none": (encoded("gzip"), SENT),
    "gzip that breaks off": (encoded("gzip", gzip.compress(OK)[:20]), UNREADABLE | UNKNOWN),
    "gzip twice": (encoded("gzip, gzip", gzip.compress(gzip.compress(OK))), SENT),
    **{
        f"encoded as {name!r}": (encoded(name), SENT)
        for name in (
            "identity",
            "IDENTITY",
            "",
            " ",
            "utf-8",
            "aws-chunked",
            "x-unknown",
            "none",
            "br",
            "zstd",
            "deflate",
        )
    },
    "another type": (answer(200, OK, [("Content-Type", "text/html; charset=utf-16")]), SENT),
    "an empty body": (answer(200, b""), UNREADABLE),
    "null": (answer(200, b"null"), UNREADABLE),
    "a list": (answer(200, b"[1]"), UNREADABLE),
    "a string": (answer(200, b'"01A"'), UNREADABLE),
    "NaN": (answer(200, b"NaN"), UNREADABLE),
    "no id": (answer(200, b"{}"), UNREADABLE),
    "an empty id": (answer(200, b'{"id":""}'), UNREADABLE),
    "an id of a wrong type": (answer(200, b'{"id":{"x":1}}'), UNREADABLE),
    "a number for an id": (answer(200, b'{"id":5}'), SENT),
    "an id twice": (answer(200, b'{"id":"1","id":"2"}'), SENT),
    "half a surrogate": (answer(200, b'{"id":"\\ud800"}'), SENT),
    "UTF-16": (answer(200, OK.decode().encode("utf-16")), SENT | UNREADABLE),
    "a mark before the JSON": (answer(200, b"\xef\xbb\xbf" + OK), SENT | UNREADABLE),
    "no UTF-8": (answer(200, b'{"id":"\xff"}'), UNREADABLE),
    "two objects": (answer(200, OK + OK), UNREADABLE),
    "ten thousand levels": (answer(200, b"[" * 10_000 + b"]" * 10_000), UNREADABLE),
    "a number of ten thousand digits": (answer(200, b'{"id":"1","n":' + b"9" * 10_000 + b"}"), SENT | UNREADABLE),
    "HTML": (answer(200, b"<html><body>Welcome</body></html>"), UNREADABLE),
    "JSONP": (answer(200, b"f(" + OK + b")"), UNREADABLE),
}


@pytest.mark.slow
@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("name", ADAPTERS)
async def test_an_odd_answer_is_one_send_with_the_facts_right(name: str, odd: str) -> None:
    whole, kinds = ODD[odd]
    async with rough_server(breaking_off(whole)) as server, connected(name, server.base_url) as client:
        found = await outcome(client)
    check_facts(found, server)
    assert (len(server.requests), server.connections) == (1, 1)
    assert type(found) in kinds


Tunnel = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def replying(reply: bytes, ending: str = "close") -> Tunnel:
    async def tunnel(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(reply)
        await writer.drain()
        if ending == "reset":
            reset(writer)
        if ending == "silence":
            await reader.read()

    return tunnel


async def into_a_server_without_tls(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(ESTABLISHED)
    await reader.read(10)
    writer.write(answer(400, b"plain HTTP was expected"))


ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"
# What a proxy answers that was asked for a tunnel, and whether a later try may help.
PROXIES: dict[str, tuple[Tunnel, bool | None]] = {
    **{
        f"{status}": (replying(b"HTTP/1.1 %d Words\r\nContent-Length: 0\r\n\r\n" % status), None)
        for status in (
            301,
            302,
            400,
            401,
            403,
            404,
            405,
            407,
            408,
            409,
            418,
            429,
            451,
            500,
            501,
            502,
            503,
            504,
            511,
            599,
        )
    },
    "407 that names a scheme": (
        replying(b"HTTP/1.1 407 No\r\nProxy-Authenticate: Basic\r\nContent-Length: 2\r\n\r\nno"),
        False,
    ),
    "nothing": (replying(b""), True),
    "nothing, and a reset": (replying(b"", "reset"), True),
    "silence": (replying(b"", "silence"), True),
    "half a status line": (replying(b"HTTP/1.1 2"), None),
    "half a head": (replying(b"HTTP/1.1 200 OK\r\nX-A: "), None),
    "half a head, then silence": (replying(b"HTTP/1.1 200 OK\r\nX-A: ", "silence"), True),
    "garbage": (replying(bytes(range(256))), None),
    "zeros": (replying(bytes(100)), None),
    "JSON": (replying(b'{"error":"no"}'), None),
    "HTML": (replying(b"<html>no</html>\r\n\r\n"), None),
    "SOCKS": (replying(b"\x05\xff"), None),
    "SSH": (replying(b"SSH-2.0-OpenSSH_9.6\r\n\r\n"), None),
    "TLS's alert": (replying(b"\x15\x03\x01\x00\x02\x02\x28"), None),
    "HTTP/2's settings": (replying(b"\0\0\0\4\0\0\0\0\0"), None),
    "HTTP/0.9": (replying(b"200 OK\r\n\r\n"), None),
    "a large head": (replying(b"HTTP/1.1 200 OK\r\nX-A: " + b"a" * 300_000 + b"\r\n\r\n"), None),
    "only 100": (replying(b"HTTP/1.1 100 Continue\r\n\r\n"), None),
    "101": (replying(b"HTTP/1.1 101 Switching Protocols\r\n\r\n"), None),
    "a tunnel that ends": (replying(ESTABLISHED), None),
    "a tunnel that is reset": (replying(ESTABLISHED, "reset"), None),
    "a tunnel into silence": (replying(ESTABLISHED, "silence"), True),
    "a tunnel with a body": (replying(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"), None),
    "a tunnel with chunks": (replying(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), None),
    "a tunnel of HTTP/1.0": (replying(b"HTTP/1.0 200 OK\r\n\r\n"), None),
    "a tunnel with an answer in it": (replying(ESTABLISHED + sent()), None),
    "a tunnel with half a record": (replying(ESTABLISHED + b"\x16\x03\x03\x00\x7a\x02"), None),
    "a tunnel with an alert": (replying(ESTABLISHED + b"\x15\x03\x03\x00\x02\x02\x28"), None),
    "a tunnel into plain HTTP": (into_a_server_without_tls, None),
    "204": (replying(b"HTTP/1.1 204 No Content\r\n\r\n"), None),
}


async def check_proxy(name: str, tunnel: Tunnel, passing: bool | None) -> None:
    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, server: RoughServer) -> None:
        if await server.read(reader) is not None:
            await tunnel(reader, writer)

    timeouts = Timeouts(total=20, connect=0.4 if passing else 10, read=0.5 if passing else 10)
    async with rough_server(behave) as proxy:
        settings: dict[str, Any] = {"proxy": proxy.base_url, "timeouts": timeouts}
        async with connected(name, "https://api.example.invalid", **settings) as client:
            found = await outcome(client)
    assert isinstance(found, NotSentError)
    assert not found.may_have_taken_effect
    assert passing is None or found.retry_safe is passing
    assert [request.split(b" ")[0] for request in proxy.requests] == [b"CONNECT"]
    assert not any(b"hello" in request for request in proxy.requests)


@pytest.mark.slow
@pytest.mark.parametrize("case", PROXIES)
@pytest.mark.parametrize("name", ADAPTERS)
async def test_a_proxy_that_opens_no_tunnel_is_a_send_that_never_left(name: str, case: str) -> None:
    await check_proxy(name, *PROXIES[case])


@pytest.mark.parametrize("name", ADAPTERS)
async def test_a_tunnel_to_a_server_with_a_wrong_certificate_is_a_send_that_never_left(name: str) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("api.example.invalid").configure_cert(context)

    async def tunnel(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(ESTABLISHED)
        await writer.start_tls(context)
        await reader.read()

    await check_proxy(name, tunnel, passing=False)
