"""Real sockets on 127.0.0.1; every server ends with its block."""

import asyncio
import socket
from typing import Any

import httpx
import pytest
import trio

from connectly_api.errors import ConnectlyError, UsageError
from connectly_api.sandbox import Sandbox, ServeError
from tests.sandbox.calls import KEY, MESSAGES, session


async def test_a_sandbox_is_served_on_a_free_port_and_ends_with_its_block(sandbox: Sandbox) -> None:
    async with sandbox.serve() as address, httpx.AsyncClient(headers=dict([KEY])) as client:
        assert address.startswith("http://127.0.0.1:")
        response = await client.post(f"{address}{MESSAGES}", json=session())
        assert response.json() == {"id": sandbox.messages[0].id}
    async with httpx.AsyncClient() as client:
        with pytest.raises(httpx.ConnectError):
            await client.get(address)


async def test_a_sandbox_can_be_served_again_on_the_same_port(sandbox: Sandbox) -> None:
    async with sandbox.serve() as address, httpx.AsyncClient() as client:
        await client.get(address)
    async with sandbox.serve(port=int(address.rpartition(":")[2])) as again:
        assert again == address


async def test_two_sandboxes_run_side_by_side() -> None:
    async with Sandbox(windows="open").serve() as one, Sandbox(windows="open").serve() as two:
        assert one != two


async def test_a_port_in_use_is_a_clear_error(sandbox: Sandbox) -> None:
    async with sandbox.serve() as address:
        port = int(address.rpartition(":")[2])
        with pytest.raises(ServeError, match=f"cannot listen on 127.0.0.1 port {port}: Address already in use"):
            async with Sandbox(windows="open").serve(port=port):
                raise AssertionError
    assert issubclass(ServeError, ConnectlyError)


@pytest.mark.parametrize(
    ("where", "problem"),
    [
        ({"host": "no.such.host.invalid"}, "cannot listen on 'no.such.host.invalid'"),
        ({"host": "192.0.2.1"}, "cannot listen on 192.0.2.1 port 0"),
        ({"port": 70_000}, "port 70000"),
        ({"port": -1}, "port -1"),
        ({"host": "a" * 300}, "cannot listen on"),
    ],
)
async def test_a_place_that_cannot_be_listened_on_is_a_clear_error(
    sandbox: Sandbox, where: dict[str, Any], problem: str
) -> None:
    with pytest.raises(ServeError, match=problem):
        async with sandbox.serve(**where):
            raise AssertionError


async def test_the_error_of_the_block_is_not_swallowed(sandbox: Sandbox) -> None:
    with pytest.raises(KeyError):
        async with sandbox.serve():
            raise KeyError


async def test_cancelling_the_block_ends_the_server(sandbox: Sandbox) -> None:
    listening: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def serve() -> None:
        async with sandbox.serve() as address:
            listening.set_result(address)
            await asyncio.Event().wait()

    task = asyncio.create_task(serve())
    address = await listening
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with httpx.AsyncClient() as client:
        with pytest.raises(httpx.ConnectError):
            await client.get(address)


async def test_an_idle_connection_does_not_keep_the_server_from_ending(sandbox: Sandbox) -> None:
    async with httpx.AsyncClient() as client:
        async with sandbox.serve() as address:
            await client.get(address)
        with pytest.raises(httpx.TransportError):
            await client.get(address)


@pytest.mark.skipif(not socket.has_ipv6, reason="this Python is built without IPv6")
async def test_an_ipv6_address_is_written_in_brackets(sandbox: Sandbox) -> None:
    try:
        async with sandbox.serve(host="::1") as address:
            assert address.startswith("http://[::1]:")
    except ServeError as error:
        # A machine without an IPv6 loopback says so, clearly.
        assert "::1" in str(error)  # noqa: PT017  (either outcome is right, by the machine)


def test_another_library_than_asyncio_is_a_clear_error() -> None:
    async def serve() -> None:
        async with Sandbox(windows="open").serve():
            raise AssertionError

    with pytest.raises(UsageError, match="asyncio"):
        trio.run(serve)


async def test_garbage_instead_of_http_is_answered_with_400(sandbox: Sandbox) -> None:
    async with sandbox.serve() as address:
        port = int(address.rpartition(":")[2])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"\x00\x01 garbage\r\n\r\n")
        assert b" 400 " in await reader.readline()
        writer.close()
        await writer.wait_closed()
