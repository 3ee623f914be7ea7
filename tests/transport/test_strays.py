"""Answers that nobody asked for: whatever a server writes, a send is seen once at most, and gets its own answer.

The server names each answer after the message that it answers, so that a stray one is known by its id.
"""

from __future__ import annotations

import asyncio
import json
import select
import ssl
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager

import attrs
import pytest
import trustme
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectly_api import Connectly, ConnectlyError, NotSentError, OutcomeUnknownError, Retry, Timeouts, Tls
from connectly_api.transport.adapters.httpx import HttpxTransport
from connectly_api.transport.adapters.pyreqwest import PyreqwestTransport
from connectly_api.transport.protocol import Transport
from tests.rough_server import Behaviour, RoughServer, answer, reset, rough_server

# Many wait on a real socket.
pytestmark = pytest.mark.slow


def to_httpx(tls: Tls | None) -> Transport:
    # Loading the usual certificate authorities takes longer than all else of a trial.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if tls is not None:
        context.load_verify_locations(cadata=tls.authorities.decode())
    return HttpxTransport(verify=context)


ADAPTERS: dict[str, Callable[[Tls | None], Transport]] = {
    "httpx": to_httpx,
    "pyreqwest": lambda tls: PyreqwestTransport(tls=tls),
}

STRAY = answer(200, b'{"id":"stray"}')
STRAYS: dict[str, bytes] = {
    "another 200": STRAY,
    "429": answer(429, b"{}"),
    "429 that names a time": answer(429, b"{}", [("Retry-After", "0")]),
    "idle 408": b"HTTP/1.1 408 Request Time-out\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
    "400": answer(400, b'{"code":"ERROR_CODE_UNSPECIFIED"}'),
    "503": answer(503, b"<html>"),
    "204": answer(204),
    "100": b"HTTP/1.1 100 Continue\r\n\r\n",
    "103": b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n",
    "101": b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
    "half a head": b"HTTP/1.1 200 OK\r\nContent-Len",
    "half a body": b"HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n{",
    "an HTTP/1.0 answer": b'HTTP/1.0 200 OK\r\n\r\n{"id":"stray"}',
    "chunks": b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\ne\r\n{"id":"stray"}\r\n0\r\nX: y\r\n\r\n',
    "a line end": b"\r\n",
    "one byte": b"H",
    "zeros": b"\0" * 100,
    "two more": STRAY * 2,
    "more than one reading holds": answer(200, b'{"id":"stray"}' + b" " * 300_000),
}


def chunked(body: bytes, trailers: bytes = b"") -> bytes:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    return head + b"%x\r\n%b\r\n0\r\n%b\r\n" % (len(body), body, trailers)


FORMS: dict[str, Callable[[bytes], bytes]] = {
    "with its length": lambda body: answer(200, body),
    "in chunks": chunked,
    "in chunks with a trailer": lambda body: chunked(body, b"X-Sum: 1\r\n"),
    "to be closed": lambda body: answer(200, body, [("Connection", "close")]),
    "of 64 KiB": lambda body: answer(200, body.ljust(2**16 - 60)),
    "after 103": lambda body: STRAYS["103"] + answer(200, body),
    "after a line end": lambda body: answer(200, body, [("X-Empty", "")]),
    "HTTP/1.0, kept alive": lambda body: (
        b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
    ),
}


@attrs.frozen
class Turn:
    """How the server treats one request."""

    form: str = "with its length"
    appended: Sequence[str] = ()
    """In the same segment."""
    after: Sequence[str] = ()
    """Before the client goes on."""
    ending: str = "keeps"


def text_of(body: bytes) -> str:
    text: str = json.loads(body)["message"]["text"]
    return text


def hostile(turns: Iterator[Turn]) -> Behaviour:
    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, server: RoughServer) -> None:
        while (body := await server.read(reader)) is not None:
            turn = next(turns, Turn())
            own = FORMS[turn.form](json.dumps({"id": text_of(body)}).encode())
            writer.write(own + b"".join(STRAYS[name] for name in turn.appended))
            await writer.drain()
            if turn.after:
                await asyncio.sleep(0.002)
                writer.write(b"".join(STRAYS[name] for name in turn.after))
                await writer.drain()
            if turn.ending == "closes":
                return
            if turn.ending == "resets":
                reset(writer)
                return

    return behave


@asynccontextmanager
async def connected(transport: Transport, base_url: str) -> AsyncIterator[Connectly]:
    async with Connectly(
        api_key="k",
        business_id="b",
        base_url=base_url,
        transport=transport,
        timeouts=Timeouts(total=20, connect=10, read=1),
        retry=Retry(base=0.001),
    ) as client:
        yield client


async def outcome(client: Connectly, text: str) -> str | ConnectlyError:
    try:
        return (await client.send_text("+16044441111", text)).id
    except ConnectlyError as error:
        return error


def check(server: RoughServer, outcomes: dict[str, str | ConnectlyError]) -> None:
    seen = Counter(text_of(raw.partition(b"\r\n\r\n")[2]) for raw in server.requests)
    assert set(seen.values()) <= {1}
    for text, how in outcomes.items():
        if isinstance(how, ConnectlyError):
            assert not how.may_have_taken_effect or text in seen or isinstance(how, OutcomeUnknownError)
            assert not (isinstance(how, NotSentError) and text in seen)
        else:
            assert (how, text in seen) == (text, True)


async def send_in_turn(
    make: Callable[[Tls | None], Transport], turns: Sequence[Turn], tls: tuple[ssl.SSLContext, Tls] | None = None
) -> tuple[RoughServer, dict[str, str | ConnectlyError]]:
    outcomes: dict[str, str | ConnectlyError] = {}
    async with rough_server(hostile(iter(turns)), tls=tls and tls[0]) as server:
        async with connected(make(tls and tls[1]), server.base_url) as client:
            for number, turn in enumerate([*turns, Turn()]):
                outcomes[f"message {number}"] = await outcome(client, f"message {number}")
                if turn.after or turn.ending != "keeps":
                    await asyncio.sleep(0.01)
        await asyncio.sleep(0.005)
    check(server, outcomes)
    return server, outcomes


@pytest.fixture(scope="module")
def tls() -> tuple[ssl.SSLContext, Tls]:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context, Tls(authority.cert_pem.bytes())


@pytest.mark.slow
@pytest.mark.parametrize("secure", [False, True], ids=["plain", "TLS"])
@pytest.mark.parametrize("when", ["appended", "after"])
@pytest.mark.parametrize("stray", STRAYS)
@pytest.mark.parametrize("name", ADAPTERS)
async def test_what_follows_an_answer_is_nobodys_answer(
    name: str, stray: str, when: str, secure: bool, tls: tuple[ssl.SSLContext, Tls]
) -> None:
    turn = Turn(appended=[stray]) if when == "appended" else Turn(after=[stray])
    _, outcomes = await send_in_turn(ADAPTERS[name], [turn, turn], tls if secure else None)
    assert outcomes == {text: text for text in outcomes}


@pytest.mark.parametrize("secure", [False, True], ids=["plain", "TLS"])
@pytest.mark.parametrize("ending", ["closes", "resets"])
@pytest.mark.parametrize("name", ADAPTERS)
async def test_an_idle_connection_that_ended_is_not_used_again(
    name: str, ending: str, secure: bool, tls: tuple[ssl.SSLContext, Tls]
) -> None:
    turn = Turn(ending=ending)
    _, outcomes = await send_in_turn(ADAPTERS[name], [turn, turn], tls if secure else None)
    assert outcomes == {text: text for text in outcomes}


TURNS = st.builds(
    Turn,
    form=st.sampled_from(sorted(FORMS)),
    appended=st.lists(st.sampled_from(sorted(STRAYS)), max_size=2),
    after=st.lists(st.sampled_from(sorted(STRAYS)), max_size=1),
    ending=st.sampled_from(["keeps", "keeps", "closes", "resets"]),
)
UNHURRIED = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]


@pytest.mark.parametrize("name", ADAPTERS)
@settings(max_examples=15, suppress_health_check=UNHURRIED)
@given(turns=st.lists(TURNS, min_size=1, max_size=4))
def test_each_send_is_seen_once_at_most_and_gets_its_own_answer_or_an_error(name: str, turns: list[Turn]) -> None:
    asyncio.run(send_in_turn(ADAPTERS[name], turns))


@pytest.mark.long
@pytest.mark.parametrize("secure", [False, True], ids=["plain", "TLS"])
@pytest.mark.parametrize("name", ADAPTERS)
@settings(max_examples=60, suppress_health_check=UNHURRIED)
@given(turns=st.lists(TURNS, min_size=1, max_size=5))
def test_each_of_many_sends_is_seen_once_at_most_and_gets_its_own_answer_or_an_error(
    name: str, secure: bool, turns: list[Turn], tls: tuple[ssl.SSLContext, Tls]
) -> None:
    asyncio.run(send_in_turn(ADAPTERS[name], turns, tls if secure else None))


def has_come(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    """Return whether the next request, or a part of it, is at the server's end of the connection."""
    poll = select.poll()
    poll.register(writer.get_extra_info("socket").fileno(), select.POLLIN)
    return bool(vars(reader)["_buffer"]) or bool(poll.poll(0))


async def stray_after(name: str, steps: int, tls: tuple[ssl.SSLContext, Tls] | None) -> str | None:
    """Return what a send came to before which a stray answer arrived so late; None where it was already written."""
    verdict: list[bool] = []

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, server: RoughServer) -> None:
        while (body := await server.read(reader)) is not None:
            writer.write(answer(200, json.dumps({"id": text_of(body)}).encode()))
            if len(server.requests) == 2:
                for _ in range(steps):
                    await asyncio.sleep(0)
                verdict.append(has_come(reader, writer))
                writer.write(STRAY)

    outcomes: dict[str, str | ConnectlyError] = {}
    async with (
        rough_server(behave, tls=tls and tls[0]) as server,
        connected(ADAPTERS[name](tls and tls[1]), server.base_url) as client,
    ):
        for text in ("first", "second", "third"):
            outcomes[text] = await outcome(client, text)
    seen = Counter(text_of(raw.partition(b"\r\n\r\n")[2]) for raw in server.requests)
    assert set(seen.values()) <= {1}
    if verdict == [True]:
        return None
    check(server, outcomes)
    return str(outcomes["third"])


@pytest.mark.parametrize("secure", [False, True], ids=["plain", "TLS"])
async def test_a_stray_answer_that_comes_before_a_request_is_written_is_not_taken_for_its_answer(
    secure: bool, tls: tuple[ssl.SSLContext, Tls]
) -> None:
    found = [await stray_after("httpx", steps, tls if secure else None) for steps in range(0, 24, 2)]
    assert "third" in found


@pytest.mark.parametrize("status", [408, 429, 500])
async def test_a_refusal_with_another_answer_behind_it_is_not_believed(status: int) -> None:
    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, server: RoughServer) -> None:
        while (body := await server.read(reader)) is not None:
            writer.write(answer(status, b"{}") + answer(200, json.dumps({"id": text_of(body)}).encode()))
            await writer.drain()

    async with rough_server(behave) as server, connected(to_httpx(None), server.base_url) as client:
        found = [await outcome(client, text) for text in ("first", "second")]
    assert [type(error) for error in found] == [OutcomeUnknownError] * 2
    assert len(server.requests) == 2
