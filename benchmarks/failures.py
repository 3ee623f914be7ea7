"""What a failing send costs, and how long it blocks the event loop: `python -m benchmarks.failures`.

Messages of 4,000 Cyrillic characters are accepted, refused (by a response that repeats them), or cut off by a reset.
The first table shows the CPU of sends one after another, in this process, without a network. The second shows 500 sends
at once, with each transport, to a server in another process, while an idle task measures how long it waits for the
event loop. The targets: a failure costs at most 1 ms more than a success, and 500 of them never block the loop for 50
ms.
"""

from __future__ import annotations

import asyncio
import json
import socket
import statistics
import struct
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, cast

from connectly_api import Connectly, ConnectlyError, Retry
from connectly_api.transport import MockTransport, Response, Transport, WireRequest
from connectly_api.transport.adapters.auto import TransportName

ROOT: Final = Path(__file__).resolve().parent.parent
TEXT: Final = ("Здравствуйте, ваш заказ готов к выдаче. " * 110)[:4000]
ENDINGS: Final = ("accepted", "refused", "reset")
TRANSPORTS: Final[tuple[TransportName, ...]] = ("httpx", "pyreqwest")
SENDS, ROUNDS, AT_ONCE = 200, 5, 500
MAX_EXTRA_MS, MAX_BLOCK_MS = 1.0, 50.0

ACCEPTED: Final = b'{"id":"01ARZ3NDEKTSV4RRFFQ69G5FAV"}'
REFUSED: Final = json.dumps({
    "code": "ERROR_CODE_MESSAGE_TEXT_EMPTY",
    "type": "ERROR_TYPE_INVALID_REQUEST",
    "message": f"cannot send {TEXT}",
    "cntTraceId": "11824978358485860716",
}).encode()  # fmt: skip


def respond_with(ending: str) -> Response:
    """Return the response of an ending, or raise its error."""
    if ending == "reset":
        raise ConnectionResetError(104, "Connection reset by peer")
    return Response(200, (), ACCEPTED) if ending == "accepted" else Response(400, (), REFUSED)


async def send(connectly: Connectly) -> None:
    """Send, and ignore any error."""
    with suppress(ConnectlyError):
        await connectly.send_text("+16044441111", TEXT)


async def measure_cpu(ending: str) -> float:
    """Return the CPU time of one send in milliseconds."""

    def respond(_: WireRequest) -> Response:
        return respond_with(ending)

    async with Connectly(api_key="key", business_id="b", transport=MockTransport(respond)) as connectly:
        await send(connectly)
        started = time.process_time()
        for _ in range(SENDS):
            await send(connectly)
        return (time.process_time() - started) / SENDS * 1000


async def measure_block(transport: Transport | TransportName, base_url: str) -> float:
    """Return the longest time in milliseconds for which 500 sends at once block the event loop."""
    longest = 0.0

    async def watch() -> None:
        nonlocal longest
        while True:
            started = time.perf_counter()
            await asyncio.sleep(0)
            longest = max(longest, time.perf_counter() - started)

    async with Connectly(
        api_key="key", business_id="b", base_url=base_url, transport=transport, retry=Retry(attempts=1)
    ) as connectly:
        await send(connectly)
        watcher = asyncio.create_task(watch())
        await asyncio.sleep(0)
        await asyncio.gather(*(send(connectly) for _ in range(AT_ONCE)))
        watcher.cancel()
    return longest * 1000


class Responder(asyncio.Protocol):
    """One connection to the server, which ends each request the same way."""

    def __init__(self, ending: str) -> None:
        """End each request in this way."""
        self._ending = ending
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Respond once the request is complete."""
        self._buffer += data
        head, found, rest = self._buffer.partition(b"\r\n\r\n")
        if not found or len(rest) < int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0]):
            return
        self._buffer = b""
        if self._ending == "reset":
            connection: socket.socket = self._transport.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._transport.abort()
            return
        response = respond_with(self._ending)
        head = b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n" % (response.status, len(response.body))
        self._transport.write(head + response.body)


async def serve(ending: str) -> None:
    """Listen on 127.0.0.1, print the port, and respond until standard input ends."""
    loop = asyncio.get_running_loop()
    listener = await loop.create_server(lambda: Responder(ending), "127.0.0.1", 0, backlog=1024)
    print(listener.sockets[0].getsockname()[1], flush=True)  # noqa: T201
    await loop.run_in_executor(None, sys.stdin.read)


@contextmanager
def run_server(ending: str) -> Generator[str, None, None]:
    """Run the server until the block ends, and yield its URL."""
    command = [sys.executable, "-m", "benchmarks.failures", ending]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 (fixed arguments)
        assert process.stdout is not None  # noqa: S101 (for the type checker)
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.terminate()


def main() -> None:
    """Measure and print two tables."""
    costs: dict[str, list[float]] = {ending: [] for ending in ENDINGS}
    for _ in range(ROUNDS):
        for ending in ENDINGS:
            costs[ending].append(asyncio.run(measure_cpu(ending)))
    medians = {ending: statistics.median(times) for ending, times in costs.items()}
    print(f"One send of {len(TEXT)} Cyrillic characters, Python {sys.version.split()[0]}")  # noqa: T201
    for ending, median in medians.items():
        more = median - medians["accepted"]
        ratio = median / medians["accepted"]
        print(f"  {ending:10} {median:7.3f} ms   {ratio:5.2f} x accepted   more: {_format(more, MAX_EXTRA_MS)}")  # noqa: T201
    print(f"{AT_ONCE} such sends at once, the longest time for which the event loop is blocked")  # noqa: T201
    for ending in ENDINGS:

        def respond(_: WireRequest, ending: str = ending) -> Response:
            return respond_with(ending)

        with run_server(ending) as base_url:
            mock = [asyncio.run(measure_block(MockTransport(respond), base_url)) for _ in range(ROUNDS)]
            print(f"  {ending:10} {'no network':10} {_format(statistics.median(mock), MAX_BLOCK_MS)}")  # noqa: T201
            for name in TRANSPORTS:
                blocked = statistics.median(asyncio.run(measure_block(name, base_url)) for _ in range(ROUNDS))
                print(f"  {ending:10} {name:10} {_format(blocked, MAX_BLOCK_MS)}")  # noqa: T201


def _format(milliseconds: float, most: float) -> str:
    return f"{milliseconds:7.1f} ms ({'within' if milliseconds <= most else 'ABOVE'} {most:g})"


if __name__ == "__main__":
    if len(sys.argv) > 1:
        asyncio.run(serve(sys.argv[1]))
    else:
        main()
