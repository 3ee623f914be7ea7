"""What is the httpx adapter's own: trio, its TLS context, its log lines, its waiting."""

from __future__ import annotations

import asyncio
import logging
import math
import socket
import ssl

import anyio
import anyio.abc
import pytest
import trustme

from connectly_api.transport.httpx import HttpxTransport, _httpcore_timeouts, _Socket
from connectly_api.transport.protocol import Progress, Response, Timeouts
from tests.rough_server import answer, answering, free_port, rough_server, sent
from tests.transport.test_adapters import exchange, post, server_tls


def sockets(transport: HttpxTransport) -> set[_Socket]:
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
    limits = _httpcore_timeouts(Timeouts(connect=math.inf, read=3))
    assert limits == {"connect": None, "read": 3, "write": 3}


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
            with pytest.raises(Exception, match="connection attempts failed"):
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
    transport = HttpxTransport(idle_seconds=-1)
    async with rough_server(answering(sent())) as server:
        for _ in range(3):
            await exchange(transport, server.base_url)
        await transport.aclose()
    assert (len(server.requests), server.connections) == (3, 3)
