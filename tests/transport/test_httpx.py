"""What is the httpx adapter's own: trio, its TLS context, its log lines, its waiting."""

from __future__ import annotations

import asyncio
import errno
import logging
import math
import select
import socket
import ssl
from pathlib import Path
from typing import Any

import anyio
import anyio.abc
import certifi
import pytest
import trustme

from connectly_api import InvalidInputError
from connectly_api.transport.adapters.httpx import HttpxTransport, _create_tls_context, _explain_proxy_error
from connectly_api.transport.adapters.httpx_connections import _get_left_over, build_request
from connectly_api.transport.adapters.httpx_stream import Opener, Socket, _create_poll
from connectly_api.transport.protocol import ClosedError, Progress, Response, Timeouts, WireRequest
from tests.rough_server import (
    RoughServer,
    answer,
    answering,
    free_port,
    hang_after_reading,
    reset,
    rough_server,
    sent,
)
from tests.transport.test_adapters import exchange, post, server_tls


def sockets(transport: HttpxTransport) -> set[Socket]:
    connections = transport._connections
    assert connections is not None
    return connections._opener.sockets


async def test_a_name_that_resolves_again_is_reached_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_arguments: object, **_options: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    transport = HttpxTransport()
    async with rough_server(answering(sent())) as server:
        address = server.base_url.replace("127.0.0.1", "localhost")
        with monkeypatch.context() as broken:
            broken.setattr(socket, "getaddrinfo", fail)
            outcome, progress = await exchange(transport, address)
        again, _ = await exchange(transport, address)
        await transport.aclose()
    assert isinstance(outcome, Exception)
    assert not progress.may_have_left
    assert isinstance(again, Response)


def test_endless_time_outs_are_endless_for_httpx_too() -> None:
    outgoing = build_request(WireRequest("GET", "https://api.example/", (), None), Timeouts(connect=math.inf, read=3))
    assert outgoing.extensions["timeout"] == {"connect": None, "read": 3, "write": 3}


def test_it_runs_on_trio() -> None:
    async def main() -> tuple[Response, bool]:
        listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
        async with listener, anyio.create_task_group() as tasks:

            async def handle(stream: anyio.abc.SocketStream) -> None:
                async with stream:
                    await stream.receive()
                    await stream.send(sent())

            tasks.start_soon(listener.serve, handle)
            port = listener.extra(anyio.abc.SocketAttribute.local_port)  # noqa: S610 (not Django's)
            transport = HttpxTransport()
            response = await transport.exchange(post(f"http://127.0.0.1:{port}"), Timeouts(), Progress())
            progress = Progress()
            with pytest.raises(Exception, match=r"Connection refused|connection attempts failed"):
                await transport.exchange(post(f"http://127.0.0.1:{free_port()}"), Timeouts(), progress)
            await transport.aclose()
            tasks.cancel_scope.cancel()
        return response, progress.may_have_left

    response, may_have_left = anyio.run(main, backend="trio")
    assert response.status == 200
    assert not may_have_left


@pytest.mark.parametrize("log_wire", [False, True])
async def test_httpcore_logs_what_servers_send_only_where_that_is_wished(
    log_wire: bool, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    transport = HttpxTransport(log_wire=log_wire)
    async with rough_server(answering(answer(200, b"{}", [("X-Echo", "secret")]))) as server:
        await exchange(transport, server.base_url)
    await transport.aclose()
    assert ("secret" in caplog.text) is log_wire
    logging.getLogger("httpcore.http11").debug("somebody else's line")
    assert "somebody else's line" in caplog.text


async def test_a_tls_context_of_ones_own_is_used() -> None:
    authority = trustme.CA()
    context = ssl.create_default_context()
    authority.configure_trust(context)
    transport = HttpxTransport(verify=context)
    async with rough_server(answering(sent()), tls=server_tls(authority, "127.0.0.1")) as server:
        outcome, _ = await exchange(transport, server.base_url)
        await transport.aclose()
    assert isinstance(outcome, Response)


async def test_connections_that_are_no_longer_needed_are_closed() -> None:
    transport = HttpxTransport(idle_seconds=0.05)
    async with rough_server(answering(sent())) as server:
        await asyncio.gather(*(exchange(transport, server.base_url) for _ in range(10)))
        await asyncio.sleep(0.1)
        await exchange(transport, server.base_url)
        assert len(sockets(transport)) == 1
        await transport.aclose()


async def test_connections_that_nobody_used_for_a_while_are_closed() -> None:
    transport = HttpxTransport(idle_seconds=1e-9)
    async with rough_server(answering(sent())) as server:
        for _ in range(3):
            await exchange(transport, server.base_url)
        await transport.aclose()
    assert (len(server.requests), server.connections) == (3, 3)


async def once_readable(host: str, port: int) -> anyio.abc.SocketStream:
    stream = await connect_tcp(host, port)
    has_bytes = _create_poll(stream.extra(anyio.abc.SocketAttribute.raw_socket).fileno())  # noqa: S610 (not Django's)
    while not has_bytes():  # noqa: ASYNC110 (a socket has no event)
        await anyio.sleep(0.001)
    return stream


connect_tcp = anyio.connect_tcp


async def test_a_server_that_writes_before_it_is_asked_has_answered_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, server: RoughServer) -> None:
        writer.write(sent("stray"))
        await server.read(reader)

    monkeypatch.setattr(anyio, "connect_tcp", once_readable)
    transport = HttpxTransport()
    async with rough_server(greet) as server:
        outcome, progress = await exchange(transport, server.base_url)
        assert sockets(transport) == set()
        await transport.aclose()
    assert isinstance(outcome, ConnectionError)
    assert (progress.may_have_left, server.requests) == (False, [])


async def test_an_answer_out_of_the_parser_is_nobodys_and_the_request_goes_out_elsewhere() -> None:
    transport = HttpxTransport()
    async with rough_server(answering(sent("01A"))) as server:
        await exchange(transport, server.base_url)
        assert transport._connections is not None
        ((_, connection, _),) = transport._connections._idle
        vars(connection)["_connection"]._h11_state.receive_data(sent("stray"))
        outcome, _ = await exchange(transport, server.base_url)
        await transport.aclose()
    assert isinstance(outcome, Response)
    assert outcome.body == b'{"id": "01A"}'
    assert (len(server.requests), server.connections) == (2, 2)


def test_a_parser_that_is_not_found_may_hold_anything() -> None:
    assert _get_left_over(object()) is None


async def test_a_connection_that_may_hide_what_it_has_read_is_used_once(monkeypatch: pytest.MonkeyPatch) -> None:
    class Opaque:
        def __init__(self, stream: anyio.abc.SocketStream) -> None:
            self.receive, self.send, self.aclose = stream.receive, stream.send, stream.aclose
            self.extra = stream.extra

    async def open_opaque(host: str, port: int) -> Opaque:
        return Opaque(await connect_tcp(host, port))

    monkeypatch.setattr(anyio, "connect_tcp", open_opaque)
    transport = HttpxTransport()
    async with rough_server(answering(sent())) as server:
        for _ in range(2):
            await exchange(transport, server.base_url)
        await transport.aclose()
    assert (len(server.requests), server.connections) == (2, 2)


async def test_a_machine_without_poll_sees_what_is_unread_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(select, "poll")
    transport = HttpxTransport()
    async with rough_server(answering(sent())) as server:
        for _ in range(2):
            await exchange(transport, server.base_url)
        await transport.aclose()
    assert (len(server.requests), server.connections) == (2, 1)


async def test_a_request_of_which_a_part_was_written_may_have_left() -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, _server: RoughServer) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await asyncio.sleep(0.01)
        reset(writer)

    transport = HttpxTransport()
    progress = Progress()
    async with rough_server(refuse) as server:
        with pytest.raises(ConnectionResetError):
            await transport.exchange(post(server.base_url, bytes(30_000_000)), Timeouts(), progress)
        assert sockets(transport) == set()
        await transport.aclose()
    assert progress.may_have_left


async def test_a_closed_adapter_opens_nothing() -> None:
    used, unused = HttpxTransport(), HttpxTransport()
    async with rough_server(answering(sent())) as server:
        await exchange(used, server.base_url)
        for transport in (used, unused):
            await transport.aclose()
            outcome, progress = await exchange(transport, server.base_url)
            assert isinstance(outcome, ClosedError)
            assert (progress.may_have_left, progress.is_transient) == (False, False)
    assert (len(server.requests), server.connections) == (1, 1)


async def test_those_who_wait_for_a_connection_when_it_is_closed_are_not_sent() -> None:
    transport = HttpxTransport(max_connections=1)
    async with rough_server(hang_after_reading) as server:
        tasks = [asyncio.create_task(exchange(transport, server.base_url)) for _ in range(5)]
        while not server.requests:  # noqa: ASYNC110 (the server is a list of what it saw)
            await asyncio.sleep(0.01)
        await transport.aclose()
        outcomes = await asyncio.gather(*tasks)
    assert [progress.may_have_left for _, progress in outcomes] == [True, False, False, False, False]
    assert (len(server.requests), server.connections) == (1, 1)


@pytest.mark.parametrize("stage", ["connecting", "connected", "TLS"])
async def test_a_connection_that_is_being_opened_when_it_is_closed_carries_nothing(
    stage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    transport = HttpxTransport()
    opened: list[anyio.abc.SocketStream] = []

    async def connect(host: str, port: int) -> anyio.abc.SocketStream:
        if stage == "connecting":
            closing.append(asyncio.create_task(transport.aclose()))
            await asyncio.sleep(20)
        opened.append(await connect_tcp(host, port))
        if stage == "connected":
            closing.append(asyncio.create_task(transport.aclose()))
        return opened[0]

    closing: list[asyncio.Task[None]] = []
    monkeypatch.setattr(anyio, "connect_tcp", connect)
    async with rough_server(hang_after_reading) as server:
        address = server.base_url if stage != "TLS" else server.base_url.replace("http:", "https:")
        task = asyncio.create_task(exchange(transport, address))
        if stage == "TLS":
            while not server.connections:  # noqa: ASYNC110 (the server counts them)
                await asyncio.sleep(0.01)
            closing.append(asyncio.create_task(transport.aclose()))
        outcome, progress = await task
        await asyncio.gather(*closing)
    assert isinstance(outcome, (ClosedError, ConnectionError))
    assert (progress.may_have_left, progress.is_transient) == (False, False)
    assert server.requests == []
    assert sockets(transport) == set()


async def test_nothing_is_opened_that_was_about_to_be_when_it_was_closed() -> None:
    opener = Opener()
    await opener.aclose()
    with pytest.raises(ClosedError):
        await opener.connect_tcp("127.0.0.1", free_port())


def test_the_environment_is_not_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "keys"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "missing"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "missing"))
    context = _create_tls_context(None)
    assert not context.keylog_filename
    assert not list(tmp_path.iterdir())
    assert context.get_ca_certs()
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)


@pytest.mark.parametrize(
    ("error", "is_transient"),
    [
        (FileNotFoundError(errno.ENOENT, "no such file"), False),
        (OSError(errno.EMFILE, "too many open files"), True),
        (ssl.SSLError(errno.EMFILE, "no certificate"), False),
    ],
)
async def test_certificates_that_cannot_be_loaded_stop_a_request_before_it_leaves(
    error: OSError, *, is_transient: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> str:
        raise error

    transport = HttpxTransport()
    with monkeypatch.context() as broken:
        broken.setattr(certifi, "where", fail)
        outcome, progress = await exchange(transport, f"http://127.0.0.1:{free_port()}")
    assert outcome is error
    assert (progress.may_have_left, progress.is_transient) == (False, is_transient)
    async with rough_server(answering(sent())) as server:
        again, _ = await exchange(transport, server.base_url)
        await transport.aclose()
    assert isinstance(again, Response)


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"verify": True}, "verify"),
        ({"tls": "ca.pem"}, "tls"),
        ({"proxy": "http://proxy.example\r\n"}, "proxy"),
        ({"proxy": "http://xn--\u00fc.example"}, "proxy"),
        ({"proxy": "socks5://proxy.example"}, "proxy"),
        ({"proxy": "socks5h://proxy.example"}, "proxy"),
    ],
)
def test_a_setting_that_can_never_work_is_refused_at_once(
    settings: dict[str, Any], field: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectly_api.transport.endpoint.find_spec", lambda _name: None)
    with pytest.raises(InvalidInputError) as caught:
        HttpxTransport(**settings)
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("407 Your password, Ann", (False, "the proxy returned 407")),
        ("403 ", (False, "the proxy returned 403")),
        ("408 ", (True, "the proxy returned 408")),
        ("429 ", (True, "the proxy returned 429")),
        ("502 Bad Gateway", (True, "the proxy returned 502")),
        ("Proxy Server could not connect: Host unreachable.", (True, "the SOCKS proxy opened no connection")),
        ("Invalid username/password", (False, "the SOCKS proxy opened no connection")),
    ],
)
def test_a_refusal_of_a_proxy_says_whether_it_may_pass_and_repeats_no_word(
    text: str, refusal: tuple[bool, str]
) -> None:
    assert _explain_proxy_error(text) == refusal


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http://[::1]:8080/a", b"[::1]:8080"),
        ("http://[::1]/a", b"[::1]"),
        ("https://[2001:db8::1]:443/a", b"[2001:db8::1]"),
        ("https://api.example:443/a", b"api.example"),
        ("https://api.example:8443/a", b"api.example:8443"),
    ],
)
def test_the_host_is_written_as_in_the_address(url: str, host: bytes) -> None:
    assert build_request(WireRequest("GET", url, (), None), Timeouts()).headers[0] == (b"Host", host)


@pytest.mark.parametrize(
    ("target", "line"),
    [
        ("https://[2001:db8::1]:8443", b"CONNECT [2001:db8::1]:8443 HTTP/1.1"),
        ("http://[::1]:8080", b"POST http://[::1]:8080/v1/x?topic=a%20b HTTP/1.1"),
    ],
)
async def test_a_proxy_is_asked_for_an_ipv6_address_in_brackets(target: str, line: bytes) -> None:
    async with rough_server(answering(answer(502))) as proxy:
        transport = HttpxTransport(proxy=proxy.base_url)
        await exchange(transport, target)
        await transport.aclose()
    head = proxy.requests[0].split(b"\r\n")
    assert head[0] == line
    assert b"Host: " + target.partition("//")[2].encode() in head
