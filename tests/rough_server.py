"""A raw server on 127.0.0.1 that misbehaves as told and counts the requests that it read whole."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator

Behaviour = Callable[[asyncio.StreamReader, asyncio.StreamWriter, "RoughServer"], Awaitable[None]]


class RoughServer:
    """What the server saw.

    Attributes:
        base_url: Its address.
        requests: The raw bytes of each request that it read whole, in order.
        connections: How many connections it accepted.
    """

    def __init__(self) -> None:
        self.base_url = ""
        self.requests: list[bytes] = []
        self.connections = 0

    async def read(self, reader: asyncio.StreamReader) -> bytes | None:
        """Read one request whole, or return None where the connection ends first."""
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            length = 0
            for line in head.split(b"\r\n"):
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            body = await reader.readexactly(length)
        except (asyncio.IncompleteReadError, ConnectionError):
            return None
        self.requests.append(head + body)
        return body


def answer(status: int, body: bytes = b"", headers: Iterable[tuple[str, str]] = (), *, reason: str = "X") -> bytes:
    """Return a whole answer that keeps its connection."""
    lines = [f"HTTP/1.1 {status} {reason}", *(f"{name}: {value}" for name, value in headers)]
    if status != 204:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


def sent(identifier: str = "01ARZ3NDEKTSV4RRFFQ69G5FAV") -> bytes:
    """Return the answer to an accepted send."""
    return answer(200, json.dumps({"id": identifier}).encode(), [("Content-Type", "application/json")])


def answering(*answers: bytes) -> Behaviour:
    """Answer with each in turn, then with the last, over all connections."""

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, server: RoughServer) -> None:
        while await server.read(reader) is not None:
            writer.write(answers[min(len(server.requests), len(answers)) - 1])
            await writer.drain()

    return behave


async def hang_after_reading(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter, server: RoughServer) -> None:
    """Read a request and never answer."""
    await server.read(reader)
    await reader.read()


async def reset_after_reading(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, server: RoughServer) -> None:
    """Read a request and reset the connection."""
    await server.read(reader)
    reset(writer)


async def reset_at_once(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter, _server: RoughServer) -> None:
    """Reset the connection without reading."""
    reset(writer)


async def close_after_reading(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter, server: RoughServer) -> None:
    """Read a request and close the connection in good order, without an answer."""
    await server.read(reader)


def breaking_off(part: bytes) -> Behaviour:
    """Read a request, send a part of an answer, and close."""

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, server: RoughServer) -> None:
        await server.read(reader)
        writer.write(part)
        await writer.drain()

    return behave


def reset(writer: asyncio.StreamWriter) -> None:
    """Close a connection with RST instead of FIN."""
    connection: socket.socket = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


@contextlib.asynccontextmanager
async def rough_server(behaviour: Behaviour, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[RoughServer]:
    """Run a server for the length of the block; it listens on 127.0.0.1 only."""
    seen = RoughServer()
    open_connections: set[asyncio.Task[None]] = set()
    writers: set[asyncio.StreamWriter] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.connections += 1
        task = asyncio.current_task()
        assert task is not None
        open_connections.add(task)
        writers.add(writer)
        try:
            with contextlib.suppress(ConnectionError, asyncio.CancelledError):
                await behaviour(reader, writer, seen)
        finally:
            open_connections.discard(task)
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=tls)
    port = server.sockets[0].getsockname()[1]
    seen.base_url = f"{'https' if tls else 'http'}://127.0.0.1:{port}"
    try:
        yield seen
    finally:
        # A connection that is just being accepted, or whose handshake has just failed, is finished with first: the
        # event loop forgets the socket of one that arrives while it stops listening.
        await asyncio.sleep(0.005 if tls is None else 0.05)
        server.close()
        for task in list(open_connections):
            task.cancel()
        for writer in writers:
            writer.transport.abort()
        for _ in range(3):
            await asyncio.sleep(0)  # The event loop closes the sockets in its next turns.
        await server.wait_closed()


def free_port() -> int:
    """Return a port on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.contextmanager
def full_backlog() -> Iterator[int]:
    """Yield a port that answers no further connection attempt."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port: int = listener.getsockname()[1]
        for _ in range(8):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                filler.connect(("127.0.0.1", port))
        yield port
