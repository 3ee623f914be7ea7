"""What a failing send costs, and how long it holds the event loop: `python -m benchmarks.failures`.

Messages of 4,000 Cyrillic characters are accepted, refused (by an answer that repeats them), or cut off by a reset.
First the CPU of one send after the other, in this process, without a network; then 500 sends at once, through each
transport, to a server in a process of its own, while a task that does nothing measures how long it waits for its turn.
The targets: a failure costs at most 1 ms more than a success, and 500 of them never hold the loop for 50 ms.
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
MOST_MS, LONGEST_HOLD_MS = 1.0, 50.0

ACCEPTED: Final = b'{"id":"01ARZ3NDEKTSV4RRFFQ69G5FAV"}'
REFUSED: Final = json.dumps({
    "code": "ERROR_CODE_MESSAGE_TEXT_EMPTY",
    "type": "ERROR_TYPE_INVALID_REQUEST",
    "message": f"cannot send {TEXT}",
    "cntTraceId": "11824978358485860716",
}).encode()  # fmt: skip


def answer(ending: str) -> Response:
    """Return, or raise, what a send ends with."""
    if ending == "reset":
        raise ConnectionResetError(104, "Connection reset by peer")
    return Response(200, (), ACCEPTED) if ending == "accepted" else Response(400, (), REFUSED)


async def send(connectly: Connectly) -> None:
    """Send, and pass over how it ends."""
    with suppress(ConnectlyError):
        await connectly.send_text("+16044441111", TEXT)


async def cost(ending: str) -> float:
    """Return the CPU of one send in milliseconds."""

    def respond(_: WireRequest) -> Response:
        return answer(ending)

    async with Connectly(api_key="key", business_id="b", transport=MockTransport(respond)) as connectly:
        await send(connectly)
        started = time.process_time()
        for _ in range(SENDS):
            await send(connectly)
        return (time.process_time() - started) / SENDS * 1000


async def hold(transport: Transport | TransportName, base_url: str) -> float:
    """Return the longest time in milliseconds for which 500 sends at once let nothing else run."""
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
        watching = asyncio.create_task(watch())
        await asyncio.sleep(0)
        await asyncio.gather(*(send(connectly) for _ in range(AT_ONCE)))
        watching.cancel()
    return longest * 1000


class Ending(asyncio.Protocol):
    """One connection to the server, which answers each request in the same way."""

    def __init__(self, ending: str) -> None:
        """Take the way."""
        self._ending = ending
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Answer once the request is whole."""
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
        response = answer(self._ending)
        head = b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n" % (response.status, len(response.body))
        self._transport.write(head + response.body)


async def serve(ending: str) -> None:
    """Listen on 127.0.0.1, print the port, and answer until standard input ends."""
    loop = asyncio.get_running_loop()
    listening = await loop.create_server(lambda: Ending(ending), "127.0.0.1", 0, backlog=1024)
    print(listening.sockets[0].getsockname()[1], flush=True)  # noqa: T201
    await loop.run_in_executor(None, sys.stdin.read)


@contextmanager
def server(ending: str) -> Generator[str, None, None]:
    """Run a server for the length of the block, and yield its address."""
    command = [sys.executable, "-m", "benchmarks.failures", ending]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 (our own words)
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
            costs[ending].append(asyncio.run(cost(ending)))
    medians = {ending: statistics.median(found) for ending, found in costs.items()}
    print(f"One send of {len(TEXT)} Cyrillic characters, Python {sys.version.split()[0]}")  # noqa: T201
    for ending, found in medians.items():
        more = found - medians["accepted"]
        ratio = found / medians["accepted"]
        print(f"  {ending:10} {found:7.3f} ms   {ratio:5.2f} x accepted   more: {_judged(more, MOST_MS)}")  # noqa: T201
    print(f"{AT_ONCE} such sends at once, the longest time for which the loop is held")  # noqa: T201
    for ending in ENDINGS:

        def respond(_: WireRequest, ending: str = ending) -> Response:
            return answer(ending)

        with server(ending) as base_url:
            mock = [asyncio.run(hold(MockTransport(respond), base_url)) for _ in range(ROUNDS)]
            print(f"  {ending:10} {'no network':10} {_judged(statistics.median(mock), LONGEST_HOLD_MS)}")  # noqa: T201
            for name in TRANSPORTS:
                held = statistics.median(asyncio.run(hold(name, base_url)) for _ in range(ROUNDS))
                print(f"  {ending:10} {name:10} {_judged(held, LONGEST_HOLD_MS)}")  # noqa: T201


def _judged(milliseconds: float, most: float) -> str:
    return f"{milliseconds:7.1f} ms ({'within' if milliseconds <= most else 'ABOVE'} {most:g})"


if __name__ == "__main__":
    if len(sys.argv) > 1:
        asyncio.run(serve(sys.argv[1]))
    else:
        main()
