"""A loopback server with the same response for every request: `python -m benchmarks.loopback_server DELAY_MS [CPU]`.

It does as little as a server can (no framework, one write per response), so that the client is measured.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Coroutine
from functools import partial
from importlib import import_module
from typing import cast

BODY = (
    b'{"id":"01ARZ3NDEKTSV4RRFFQ69G5FAV","sid":"SM1","messages":[{"id":"wamid.1"}],'
    b'"contacts":[{"wa_id":"16044441111","input":"16044441111"}]}'
)
RESPONSE = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(BODY), BODY)


class Responder(asyncio.Protocol):
    """One connection."""

    def __init__(self, delay: float) -> None:
        """Respond after this many seconds."""
        self._delay = delay
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Respond to each request that is complete."""
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:end].lower()
            at = head.find(b"content-length:")
            length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            if len(self._buffer) < end + 4 + length:
                return
            self._buffer = self._buffer[end + 4 + length :]
            if self._delay:
                asyncio.get_running_loop().call_later(self._delay, self._respond)
            else:
                self._transport.write(RESPONSE)

    def _respond(self) -> None:
        if not self._transport.is_closing():
            self._transport.write(RESPONSE)


async def serve(delay: float) -> None:
    """Listen on 127.0.0.1, print the port, and respond until standard input ends."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(partial(Responder, delay), "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)  # noqa: T201
    await loop.run_in_executor(None, sys.stdin.read)


def main(delay_ms: str, cpu: str | None = None) -> None:
    """Serve, on one core if one is given."""
    if cpu is not None and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {int(cpu)})
    try:
        run: Callable[[Coroutine[None, None, None]], None] = import_module("uvloop").run  # Faster, if installed.
    except ModuleNotFoundError:
        run = asyncio.run
    run(serve(float(delay_ms) / 1000))


if __name__ == "__main__":
    main(*sys.argv[1:])
